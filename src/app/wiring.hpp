// The parts of a running server, for the files of this folder.
#pragma once

#include <future>

#include "api/api.hpp"
#include "app/server.hpp"
#include "lanes/driver.hpp"
#include "net/curl_client.hpp"
#include "net/listener.hpp"
#include "sheets/google/google_sheets.hpp"
#include "sheets/local/local_sheets.hpp"
#include "sheets/local/local_transport.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include "sync/pass.hpp"

namespace rowlane::app {

// Runs `task` on `executor` and waits for its value. Not from the executor's own thread.
template <class T>
T wait_for(Executor& executor, Task<T> task) {
  struct Into {
    static Task<void> promise(Task<T> from, std::promise<T>* to) { to->set_value(co_await std::move(from)); }
  };
  std::promise<T> promise;
  std::future<T> future = promise.get_future();
  detach(executor, Into::promise(std::move(task), &promise));
  return future.get();
}

struct Server::Impl {
  config::Config config;
  FieldCatalogue& catalogue;
  SystemClock clock;
  SystemRandom random;
  int lock_file = -1;
  net::IoThread web, engine;
  std::unique_ptr<store::ThreadedRunner> runner;
  std::unique_ptr<store::SqliteStore> store;
  std::unique_ptr<sheets::local::LocalSheets> local;       // provider "local": used on `engine` alone
  std::unique_ptr<net::HttpClient> http;
  std::map<std::string, std::unique_ptr<sheets::google::GoogleSheets>> clients;  // by account
  std::unique_ptr<sync::SyncPassRunner> passes;
  std::unique_ptr<lanes::Driver> driver;
  std::unique_ptr<auth::PasswordPool> passwords;
  std::unique_ptr<auth::Auth> auth;
  std::unique_ptr<api::Api> api;
  net::Router router;
  std::unique_ptr<net::Listener> listener;

  Impl(config::Config c, FieldCatalogue& f) : config(std::move(c)), catalogue(f) {}
  ~Impl();
  Status open();
  Status open_sheets();
  Task<net::Response> handle(net::Request request);
  Task<net::Response> handle_local_sheets(net::Request request);
};

}  // namespace rowlane::app
