// What is behind an IoThread. Only for .cpp files of this folder: it pulls Asio in.
#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <thread>

#include "net/io_thread.hpp"

namespace rowlane::net {

namespace asio = boost::asio;

struct IoThread::Impl {
  asio::io_context io{1};  // one thread runs it
  asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
  std::thread thread;
  std::atomic<bool> running{false};
};

}  // namespace rowlane::net
