#include "net/connection.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <ctime>

#include "base/log.hpp"
#include "net/address_set.hpp"
#include "net/gzip.hpp"
#include "net/problem.hpp"

namespace rowlane::net {

namespace {
constexpr std::size_t kIdleBufferBytes = 2 * 1024;  // a buffer up to this size is kept between requests
constexpr std::size_t kTlsReadBytes = 16 * 1024;
constexpr std::size_t kUncountedBytes = 4 * 1024;  // of each body: sign-ins and presses get through, however full it is

const std::string& http_date(ListenerShared& shared) {
  const std::time_t now = std::time(nullptr);
  if (now != shared.date_second) {
    std::tm utc{};
    gmtime_r(&now, &utc);
    char text[40];
    shared.date.assign(text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &utc));
    shared.date_second = now;
  }
  return shared.date;
}

bool is_header_safe(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}
}  // namespace

struct Connection::Incoming {
  RequestHead head;
  std::string body;
  std::size_t body_bytes_max = 0;
  ChunkedBody chunks;
};

void HandlerRun::promise_type::End::await_suspend(std::coroutine_handle<promise_type> self) const noexcept {
  Connection* owner = self.promise().connection;
  owner->handler_ended();  // may destroy `self`
}

Connection::Connection(std::shared_ptr<ListenerShared> shared, Socket socket, std::string peer_address)
    : shared_(std::move(shared)), socket_(std::move(socket)), peer_address_(std::move(peer_address)) {}

Connection::~Connection() = default;

void Connection::start(ConnectionList::iterator place) {
  place_ = place;
  ErrorCode ignored;
  socket_.set_option(tcp::no_delay(true), ignored);
  socket_.non_blocking(true, ignored);
  if (!shared_->tls) {
    enter(Phase::head);
    return wait_for_input();
  }
  enter(Phase::handshake);
  tls_ = std::make_unique<asio::ssl::stream<Socket&>>(socket_, *shared_->tls);
  tls_->async_handshake(asio::ssl::stream_base::server, [self = shared_from_this()](ErrorCode error) {
    if (self->phase_ == Phase::closed) return;
    if (error) return self->close();
    self->enter(Phase::head);
    self->wait_for_input();
  });
}

void Connection::enter(Phase phase) {
  phase_ = phase;
  phase_began_ = SteadyClock::now();
  progress_ = 0;
}

// --- Time --------------------------------------------------------------------------------------------------------

void Connection::check_time(SteadyClock::time_point now) {
  const ListenLimits& limits = shared_->limits;
  const auto spent = now - phase_began_;
  const bool window_over = (phase_ == Phase::body || phase_ == Phase::sending) && spent > limits.body_time_max;
  if (window_over && progress_ >= limits.rate_min * static_cast<std::size_t>(limits.body_time_max.count()) / 1000)
    return enter(phase_);
  switch (phase_) {
    case Phase::handshake:
      if (spent > limits.head_time_max) close();
      break;
    case Phase::head:
      if (is_idle() ? spent > limits.idle_time_max : spent > limits.head_time_max) {
        if (is_idle()) return close();
        refuse(408, "The headers did not arrive in time.");
        advance();
      }
      break;
    case Phase::body:
      if (window_over) {
        refuse(408, "The body did not arrive in time.");
        advance();
      }
      break;
    case Phase::sending:
      if (window_over) close();
      break;
    case Phase::lingering:
      if (spent > limits.linger_time_max) close();
      break;
    case Phase::admitting:
    case Phase::running:
    case Phase::streaming:
    case Phase::closed:
      break;
  }
}

void Connection::drain() {
  keep_alive_ = false;
  if ((phase_ == Phase::head && in_.empty()) || stream_) close();
}

void Connection::close() {
  if (phase_ == Phase::closed) return;
  phase_ = Phase::closed;
  leave_stream();
  release_body();
  ErrorCode ignored;
  socket_.close(ignored);
  // By a post: the caller may be this connection's own handler, whose frame goes with the connection.
  asio::post(shared_->io, [self = shared_from_this()] {
    if (std::exchange(self->is_off_list_, true)) return;
    self->run_ = {};
    self->shared_->connections.erase(self->place_);
    self->shared_->open_connections.fetch_sub(1, std::memory_order_relaxed);
    if (self->shared_->on_closed) self->shared_->on_closed();
  });
}

void Connection::abandon() {
  is_off_list_ = true;
  phase_ = Phase::closed;
  leave_stream();
  release_body();
  ErrorCode ignored;
  socket_.close(ignored);
  run_ = {};
}

void Connection::shutdown_send() {
  ErrorCode ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
}

// --- Input -------------------------------------------------------------------------------------------------------

void Connection::wait_for_input() {
  if (reading_ || phase_ == Phase::closed) return;
  reading_ = true;
  if (tls_) {
    tls_buffer_.resize(kTlsReadBytes);
    tls_->async_read_some(asio::buffer(tls_buffer_), [self = shared_from_this()](ErrorCode error, std::size_t size) {
      self->reading_ = false;
      const std::string bytes = std::exchange(self->tls_buffer_, {});
      self->on_input(error, std::string_view(bytes).substr(0, size));
    });
    return;
  }
  socket_.async_wait(Socket::wait_read, [self = shared_from_this()](ErrorCode error) {
    self->reading_ = false;
    if (self->phase_ == Phase::closed) return;
    std::size_t size = 0;
    auto& buffer = self->shared_->read_buffer;
    if (!error) size = self->socket_.read_some(asio::buffer(buffer), error);
    if (error == asio::error::would_block) return self->wait_for_input();
    self->on_input(error, std::string_view(buffer.data(), size));
  });
}

// An end of the input in the middle of a request, or between two, ends the connection: half-open clients are not
// waited for. A request that arrived whole has been answered by then, as input is read only between answers.
void Connection::on_input(ErrorCode error, std::string_view bytes) {
  if (phase_ == Phase::closed) return;
  if (error || bytes.empty()) return close();
  if (phase_ == Phase::lingering || stream_) return wait_for_input();  // nothing more is taken: only the end matters
  if (is_idle()) enter(Phase::head);  // a request's first byte: its time runs from here
  progress_ += bytes.size();
  in_.append(bytes);
  advance();
}

// Runs the machine until it waits for something.
void Connection::advance() {
  if (advancing_) return;
  const auto self = shared_from_this();
  advancing_ = true;
  while (step()) {
  }
  advancing_ = false;
  if (phase_ == Phase::head || phase_ == Phase::body || phase_ == Phase::lingering || stream_) wait_for_input();
}

// True when another step may follow at once.
bool Connection::step() {
  switch (phase_) {
    case Phase::head:
      return step_head();
    case Phase::admitting:
      return handler_done_ && end_admission();
    case Phase::body:
      return step_body();
    case Phase::running:
      return handler_done_ && begin_answer();
    case Phase::streaming:
      return step_stream();
    default:
      return false;
  }
}

bool Connection::step_head() {
  if (scanned_ == 0 && in_.starts_with("\r\n")) in_.erase(0, 2);  // RFC 9112, 2.2: an empty line before a request
  if (in_.empty() || in_ == "\r") return false;
  const HeadScan scan = scan_head(in_, scanned_, shared_->limits.head_bytes_max);
  if (scan.state == HeadScan::State::more) return false;
  if (scan.state == HeadScan::State::refused) return refuse(scan.refusal.status, scan.refusal.sentence);

  auto head = parse_head(std::string_view(in_).substr(0, scan.length));
  if (!head) return refuse(head.error().status, head.error().sentence, head.error().allow);
  in_.erase(0, scan.length);
  scanned_ = 0;
  incoming_ = std::make_unique<Incoming>();
  incoming_->head = std::move(*head);
  is_proved_ = false;
  keep_alive_ = incoming_->head.keep_alive && !shared_->draining;
  accepts_gzip_ = incoming_->head.accepts_gzip;
  return begin_body();
}

bool Connection::begin_body() {
  const RequestHead& head = incoming_->head;
  const bool has_body = head.chunked || head.content_length.value_or(0) > 0;
  if (!has_body) return run_handler();

  const ListenLimits& limits = shared_->limits;
  incoming_->body_bytes_max =
      limits.body_bytes_for ? limits.body_bytes_for(head.method, path_of(head.target)) : limits.body_bytes_max;
  if (head.content_length.value_or(0) > incoming_->body_bytes_max) return refuse(413, "The body is too large.");
  const std::size_t unproved_max = limits.unproved_bytes_max;
  const bool may_be_large =
      head.chunked ? incoming_->body_bytes_max > unproved_max : *head.content_length > unproved_max;
  return limits.refuse_large_body && may_be_large ? begin_admission() : read_body();
}

// Who is asked before a large body is read. Nothing is taken from the socket meanwhile.
bool Connection::begin_admission() {
  enter(Phase::admitting);
  handler_done_ = false;
  run_ = admit(request_without_body());
  run_.handle.resume();
  return handler_done_;
}

HandlerRun Connection::admit(Request request) {
  try {
    refusal_ = co_await shared_->limits.refuse_large_body(std::move(request));
  } catch (const std::exception& error) {
    log_error("asking who may send a body failed: {}", error.what());
    refusal_ = problem(500, "The server has failed here; the log says why.");
  }
}

// A body without a length may still be a small one, so its sender is held to what everybody may send.
bool Connection::end_admission() {
  run_ = {};
  is_proved_ = !refusal_;
  std::optional<Response> refusal = std::exchange(refusal_, std::nullopt);
  if (is_proved_) return read_body();
  if (!incoming_->head.chunked) return refuse(std::move(*refusal));
  incoming_->body_bytes_max = shared_->limits.unproved_bytes_max;
  return read_body();
}

bool Connection::read_body() {
  const RequestHead& head = incoming_->head;
  enter(Phase::body);
  if (!head.expects_continue || !in_.empty()) return true;
  out_head_ = "HTTP/1.1 100 Continue\r\n\r\n";
  response_ = {};
  out_size_ = out_head_.size();
  return send(AfterSend::read_body);
}

bool Connection::step_body() {
  if (!incoming_->head.chunked) {
    const std::size_t length = *incoming_->head.content_length;
    std::string& body = incoming_->body;
    if (in_.size() > length - body.size() || !body.empty()) {
      const std::size_t size = std::min(length - body.size(), in_.size());
      if (!hold_body(size)) return false;
      if (body.empty()) body.reserve(size);
      body.append(in_, 0, size);
      in_.erase(0, size);
    } else {
      if (!hold_body(in_.size())) return false;
      body = std::exchange(in_, {});
    }
    return body.size() == length && run_handler();
  }
  std::string_view rest = in_;
  const ChunkedBody::State state = incoming_->chunks.feed(rest, incoming_->body, incoming_->body_bytes_max);
  in_.erase(0, in_.size() - rest.size());
  if (!hold_body(0)) return false;
  switch (state) {
    case ChunkedBody::State::more:
      return false;
    case ChunkedBody::State::whole:
      return run_handler();
    case ChunkedBody::State::malformed:
      return refuse(400, "The chunked body is malformed.");
    case ChunkedBody::State::too_large:
      return refuse(413, "The body is too large.");
  }
  return false;
}

// Counts further bytes of the body at hand; false when there is no room, and the request is refused.
bool Connection::hold_body(std::size_t bytes) {
  const ListenLimits& limits = shared_->limits;
  const std::size_t whole = incoming_->body.size() + bytes;
  bytes = whole > kUncountedBytes ? whole - kUncountedBytes - held_bytes_ : 0;
  const bool has_own_part = is_proved_ || !limits.refuse_large_body;
  const bool fits = shared_->body_bytes + bytes <= limits.bodies_bytes_max &&
                    (has_own_part || shared_->unproved_body_bytes + bytes <= limits.unproved_bodies_bytes_max);
  if (!fits) {
    Response busy = problem(503, "The server is taking in too much at once. Try again in a moment.");
    busy.headers.emplace_back("Retry-After", "2");
    refuse(std::move(busy));
    return false;
  }
  held_bytes_ += bytes;
  shared_->body_bytes += bytes;
  if (!has_own_part) shared_->unproved_body_bytes += bytes;
  return true;
}

void Connection::release_body() {
  const std::size_t bytes = std::exchange(held_bytes_, 0);
  shared_->body_bytes -= bytes;
  if (!is_proved_ && shared_->limits.refuse_large_body) shared_->unproved_body_bytes -= bytes;
}

// --- The handler -------------------------------------------------------------------------------------------------

Request Connection::request_without_body() const {
  Request request;
  const RequestHead& head = incoming_->head;
  request.method = head.method;
  const std::string_view path = path_of(head.target);
  request.path = percent_decode(path);
  if (path.size() < head.target.size())
    request.query = parse_query(std::string_view(head.target).substr(path.size() + 1));
  request.target = head.target;
  request.headers = head.headers;
  request.peer_address = peer_address_;
  request.client_address = client_address(request, shared_->trusted_proxies);
  return request;
}

bool Connection::run_handler() {
  Request request = request_without_body();
  request.body = std::move(incoming_->body);
  incoming_.reset();

  enter(Phase::running);
  handler_done_ = false;
  is_head_request_ = request.method == "HEAD";
  shared_->requests.fetch_add(1, std::memory_order_relaxed);
  run_ = run(std::move(request));
  run_.handle.resume();
  return handler_done_;
}

HandlerRun Connection::run(Request request) {
  try {
    response_ = co_await shared_->handler(std::move(request));
  } catch (const std::exception& error) {
    log_error("a handler threw: {}", error.what());
    response_ = problem(500, "The server has failed here; the log says why.");
  } catch (...) {
    log_error("a handler threw something that is no exception");
    response_ = problem(500, "The server has failed here; the log says why.");
  }
}

void Connection::handler_ended() {
  handler_done_ = true;
  if (phase_ != Phase::closed) advance();
}

// --- The answer --------------------------------------------------------------------------------------------------

// Always answers and closes: after a refusal nobody knows where the next request starts.
bool Connection::refuse(int status, std::string_view sentence, std::string_view allow) {
  Response response = problem(status, sentence);
  if (!allow.empty()) response.headers.emplace_back("Allow", allow);
  return refuse(std::move(response));
}

bool Connection::refuse(Response response) {
  shared_->refused.fetch_add(1, std::memory_order_relaxed);
  incoming_.reset();
  release_body();
  in_ = {};
  response_ = std::move(response);
  response_.close = true;
  accepts_gzip_ = false;
  out_head_.clear();
  write_head(response_.body.size());
  return send(AfterSend::linger);
}

bool Connection::begin_answer() {
  run_ = {};
  release_body();
  out_head_.clear();
  if (shared_->draining || response_.close || response_.stream) keep_alive_ = false;

  const auto has_header = [&](std::string_view name) {
    return std::ranges::any_of(response_.headers, [&](const auto& header) { return header.first == name; });
  };
  if (is_worth_gzip(response_.content_type, response_.body.size()) && !has_header("Content-Encoding")) {
    response_.headers.emplace_back("Vary", "Accept-Encoding");
    std::string packed = accepts_gzip_ ? gzip(response_.body) : std::string();
    if (!packed.empty()) {
      response_.body = std::move(packed);
      response_.headers.emplace_back("Content-Encoding", "gzip");
    }
  }
  write_head(response_.body.size());
  if (response_.stream && is_head_request_)
    response_.stream->end();
  else if (response_.stream)
    return send(AfterSend::stream);
  if (is_head_request_ || response_.status == 204 || response_.status == 304) response_.body.clear();
  if (response_.cut_after_bytes >= 0) {
    const std::size_t whole = out_head_.size() + response_.body.size();
    out_size_ = std::min(whole, static_cast<std::size_t>(response_.cut_after_bytes));
    return send(AfterSend::reset);
  }
  out_size_ = out_head_.size() + response_.body.size();
  return send(keep_alive_ ? AfterSend::next_request : AfterSend::linger);
}

void Connection::write_head(std::size_t body_bytes) {
  std::string& out = out_head_;
  out.reserve(256);
  const bool closes = response_.close || !keep_alive_;
  fmt::format_to(std::back_inserter(out), "HTTP/1.1 {} {}\r\nDate: {}\r\n", response_.status,
                 reason_phrase(response_.status), http_date(*shared_));
  if (response_.status != 204 && response_.status != 304 && !response_.stream)
    fmt::format_to(std::back_inserter(out), "Content-Length: {}\r\n", body_bytes);
  if ((body_bytes > 0 || response_.stream) && is_header_safe(response_.content_type))
    fmt::format_to(std::back_inserter(out), "Content-Type: {}\r\n", response_.content_type);
  for (const auto& [name, value] : response_.headers) {
    if (is_header_safe(name) && is_header_safe(value))
      fmt::format_to(std::back_inserter(out), "{}: {}\r\n", name, value);
    else
      log_error("an answer's header {} held a line break and was left out", is_header_safe(name) ? name : "name");
  }
  out += closes ? "Connection: close\r\n\r\n" : "Connection: keep-alive\r\n\r\n";
  out_size_ = out.size() + response_.body.size();
}

bool Connection::send(AfterSend after) {
  after_send_ = after;
  out_position_ = 0;
  enter(Phase::sending);
  return send_more();
}

// Writes as much as the socket takes at once; the rest when it is writable again.
bool Connection::send_more() {
  while (out_position_ < out_size_) {
    const std::size_t in_head = std::min(out_position_, out_head_.size());
    const std::size_t in_body = out_position_ - in_head;
    const std::size_t head_size = std::min(out_head_.size(), out_size_) - in_head;
    const std::size_t body_size = out_size_ - out_position_ - head_size;
    const std::array<asio::const_buffer, 2> buffers{asio::buffer(out_head_.data() + in_head, head_size),
                                                    asio::buffer(response_.body.data() + in_body, body_size)};
    if (tls_) {
      tls_->async_write_some(buffers, [self = shared_from_this()](ErrorCode error, std::size_t size) {
        if (self->phase_ != Phase::sending) return;
        if (error) return self->close();
        self->out_position_ += size;
        self->progress_ += size;
        if (self->send_more()) self->advance();
      });
      return false;
    }
    ErrorCode error;
    const std::size_t size = socket_.write_some(buffers, error);
    if (error == asio::error::would_block) {
      socket_.async_wait(Socket::wait_write, [self = shared_from_this()](ErrorCode wait_error) {
        if (self->phase_ != Phase::sending) return;
        if (wait_error) return self->close();
        if (self->send_more()) self->advance();
      });
      return false;
    }
    if (error) {
      close();
      return false;
    }
    out_position_ += size;
    progress_ += size;
  }
  return sent();
}

bool Connection::sent() {
  switch (after_send_) {
    case AfterSend::read_body:
      out_head_.clear();
      enter(Phase::body);
      return true;
    case AfterSend::next_request:
      had_request_ = true;
      drop_consumed();
      enter(Phase::head);
      return true;
    case AfterSend::stream:
      if (!stream_) watch_stream();
      enter(Phase::streaming);
      return true;
    case AfterSend::linger:
      // Closing at once would make the kernel reset the connection while the client still sends, and the client
      // might lose the answer.
      drop_consumed();
      enter(Phase::lingering);
      shutdown_send();
      return true;
    case AfterSend::reset: {
      ErrorCode ignored;
      socket_.set_option(asio::socket_base::linger(true, 0), ignored);
      close();
      return false;
    }
  }
  return false;
}

// --- Streams -----------------------------------------------------------------------------------------------------

void Connection::watch_stream() {
  stream_ = std::move(response_.stream);
  // By a post: the writer may be in the middle of its own work.
  stream_->on_change([weak = weak_from_this()] {
    if (const auto self = weak.lock())
      asio::post(self->shared_->io, [self] {
        if (self->phase_ == Phase::streaming)
          self->advance();
        else if (self->stream_ && !self->stream_->is_open())
          self->close();  // the reader does not take what was sent
      });
  });
}

bool Connection::step_stream() {
  out_head_ = stream_->take();
  response_ = {};
  out_size_ = out_head_.size();
  if (out_size_ > 0) return send(AfterSend::stream);
  if (!stream_->is_open()) close();
  return false;
}

void Connection::leave_stream() {
  if (!stream_) stream_ = std::move(response_.stream);  // its head is still being sent
  if (!stream_) return;
  stream_->on_change({});
  stream_->end();
  stream_.reset();
}

// Gives back what the request took, so that an idle connection holds next to nothing.
void Connection::drop_consumed() {
  response_ = {};
  if (out_head_.capacity() > kIdleBufferBytes) out_head_ = {};
  out_head_.clear();
  if (in_.empty() && in_.capacity() > kIdleBufferBytes) in_ = {};
}

}  // namespace rowlane::net
