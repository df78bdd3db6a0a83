// A listener on 127.0.0.1 with a handler for tests, on an I/O thread of its own.
#pragma once

#include <condition_variable>
#include <future>
#include <mutex>

#include "net/io_thread.hpp"
#include "net/listener.hpp"

namespace rowlane::testing {

// Runs `task` on `io` and blocks until it is done.
template <class T>
Task<void> store_result(Task<T> task, std::promise<T>& into) {
  into.set_value(co_await std::move(task));
}
template <class T>
T run_on(net::IoThread& io, Task<T> task) {
  std::promise<T> promise;
  std::future<T> future = promise.get_future();
  detach(io, store_result(std::move(task), promise));
  return future.get();
}
inline Task<int> drained(net::Listener& listener, Millis deadline) {
  co_await listener.drain(deadline);
  co_return 0;
}

class TestServer {
 public:
  explicit TestServer(net::Handler handler, net::ListenLimits limits = {}, std::optional<net::TlsFiles> tls = {}) {
    net::ListenOptions options;
    options.limits = std::move(limits);
    options.tls = std::move(tls);
    io_.start("test-io");
    port_ = listener_.start(io_, std::move(options), std::move(handler)).value();
  }
  ~TestServer() {
    io_.stop();
    io_.join();
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string url(std::string_view path) const {
    return fmt::format("http://127.0.0.1:{}{}", port_, path);
  }
  [[nodiscard]] net::IoThread& io() { return io_; }
  [[nodiscard]] net::Listener& listener() { return listener_; }

 private:
  net::IoThread io_;
  net::Listener listener_;
  std::uint16_t port_ = 0;
};

}  // namespace rowlane::testing
