// One client of the listener, from accept to close. Only for .cpp files of this folder.
//
// A machine of callbacks on the I/O thread. Between requests it holds no buffer and no parser: it waits for the
// socket to become readable and then reads into one buffer that all connections share. Its handler runs as a
// coroutine that the connection owns.
#pragma once

#include <array>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <coroutine>
#include <list>

#include "net/chunked_body.hpp"
#include "net/io_thread_impl.hpp"
#include "net/listener.hpp"
#include "net/request_head.hpp"

namespace rowlane::net {

using tcp = asio::ip::tcp;
using IoExecutor = asio::io_context::executor_type;
using Socket = asio::basic_stream_socket<tcp, IoExecutor>;
using Acceptor = asio::basic_socket_acceptor<tcp, IoExecutor>;
using SteadyClock = std::chrono::steady_clock;
using Timer = asio::basic_waitable_timer<SteadyClock, asio::wait_traits<SteadyClock>, IoExecutor>;
using ErrorCode = boost::system::error_code;

class Connection;
using ConnectionList = std::list<std::shared_ptr<Connection>>;

// What the connections of one listener share.
struct ListenerShared {
  explicit ListenerShared(IoThread& thread) : io_thread(thread), io(thread.impl().io) {}

  IoThread& io_thread;
  asio::io_context& io;
  ListenLimits limits;
  AddressSet trusted_proxies;
  Handler handler;
  std::unique_ptr<asio::ssl::context> tls;
  ConnectionList connections;
  bool draining = false;
  std::function<void()> on_closed;  // after a connection has left the list
  std::array<char, 64 * 1024> read_buffer;
  std::time_t date_second = 0;
  std::string date;  // of `date_second`, as the Date header writes it

  // Of bodies under way, and the part of them whose callers proved nothing.
  std::atomic<std::size_t> body_bytes{0};
  std::size_t unproved_body_bytes = 0;

  std::atomic<std::uint64_t> open_connections{0}, accepted{0}, requests{0}, refused{0};
};

// The coroutine that awaits a handler. Its end is told to the connection when the frame is suspended for good, so
// the connection may destroy it from there.
struct HandlerRun {
  struct promise_type {
    Connection* connection;
    promise_type(Connection& owner, Request&) : connection(&owner) {}  // of a coroutine with one parameter, a request
    HandlerRun get_return_object() { return HandlerRun{std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() const noexcept { return {}; }
    struct End {
      bool await_ready() const noexcept { return false; }
      void await_suspend(std::coroutine_handle<promise_type> self) const noexcept;
      void await_resume() const noexcept {}
    };
    End final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const noexcept { std::terminate(); }
  };
  std::coroutine_handle<promise_type> handle;

  HandlerRun() = default;
  explicit HandlerRun(std::coroutine_handle<promise_type> h) : handle(h) {}
  HandlerRun(HandlerRun&& other) noexcept : handle(std::exchange(other.handle, {})) {}
  HandlerRun& operator=(HandlerRun&& other) noexcept {
    if (this != &other) {
      if (handle) handle.destroy();
      handle = std::exchange(other.handle, {});
    }
    return *this;
  }
  ~HandlerRun() {
    if (handle) handle.destroy();
  }
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<ListenerShared> shared, Socket socket, std::string peer_address);
  ~Connection();

  // Called once, when the connection stands in the list at `place`.
  void start(ConnectionList::iterator place);
  // Cuts what is over its time. Called every now and then by the listener.
  void check_time(SteadyClock::time_point now);
  // No further request: closes at once when idle, else after the answer at hand.
  void drain();
  // Closes without ado; the connection leaves the list by a post.
  void close();
  // Closes and destroys the running handler. The caller takes the connection off the list.
  void abandon();

 private:
  friend struct HandlerRun::promise_type;
  enum class Phase { handshake, head, admitting, body, running, sending, streaming, lingering, closed };
  enum class AfterSend { next_request, read_body, linger, reset, stream };

  [[nodiscard]] bool is_idle() const { return phase_ == Phase::head && had_request_ && in_.empty(); }
  void enter(Phase phase);
  void wait_for_input();
  void on_input(ErrorCode error, std::string_view bytes);
  void advance();
  bool step();
  bool step_head();
  bool step_body();
  bool begin_body();
  bool begin_admission();
  bool end_admission();
  HandlerRun admit(Request request);
  bool read_body();
  bool hold_body(std::size_t bytes);
  void release_body();
  [[nodiscard]] Request request_without_body() const;
  bool run_handler();
  HandlerRun run(Request request);
  void handler_ended();
  bool begin_answer();
  bool refuse(int status, std::string_view sentence, std::string_view allow = {});
  bool refuse(Response response);
  void write_head(std::size_t body_bytes);
  bool send(AfterSend after);
  bool send_more();
  void watch_stream();
  bool step_stream();
  void leave_stream();
  bool sent();
  void shutdown_send();
  void drop_consumed();

  std::shared_ptr<ListenerShared> shared_;
  Socket socket_;
  std::unique_ptr<asio::ssl::stream<Socket&>> tls_;
  std::string tls_buffer_;  // of the read under way, TLS alone
  std::string peer_address_;
  ConnectionList::iterator place_;

  Phase phase_ = Phase::head;
  bool advancing_ = false;
  bool reading_ = false;
  bool had_request_ = false;  // one was answered: what follows is keep-alive time
  bool keep_alive_ = true;
  bool accepts_gzip_ = false;
  bool is_head_request_ = false;
  bool handler_done_ = false;
  bool is_off_list_ = false;
  AfterSend after_send_ = AfterSend::next_request;
  SteadyClock::time_point phase_began_;
  std::size_t progress_ = 0;  // bytes moved since `phase_began_`

  std::string in_;           // received and not yet taken
  std::size_t scanned_ = 0;  // of `in_`: scan_head has seen so much
  struct Incoming;           // the request at hand; nothing between requests
  std::unique_ptr<Incoming> incoming_;
  std::size_t held_bytes_ = 0;       // of this connection's body, in the shared count
  bool is_proved_ = false;           // the caller of the request at hand
  std::optional<Response> refusal_;  // of the body, by `admit`
  Response response_;
  std::shared_ptr<BodyStream> stream_;  // of the answer under way; it outlives the handler
  std::string out_head_;
  std::size_t out_position_ = 0, out_size_ = 0;  // of head and body together
  HandlerRun run_;
};

}  // namespace rowlane::net
