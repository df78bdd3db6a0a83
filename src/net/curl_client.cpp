#include "net/curl_client.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <cstring>
#include <future>
#include <map>

#include "net/io_thread_impl.hpp"

namespace rowlane::net {

namespace {

using IoExecutor = asio::io_context::executor_type;
using Descriptor = asio::posix::basic_stream_descriptor<IoExecutor>;
using Timer =
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, IoExecutor>;
using ErrorCode = boost::system::error_code;
using SteadyTime = std::chrono::steady_clock::time_point;

constexpr std::size_t kUndeliveredBytesMax = 1024 * 1024;
constexpr std::size_t kHeaderBytesMax = 64 * 1024;
// All to one host where it comes to that: calls that hang must not keep others from being sent.
constexpr long kConnectionsMax = 320;

struct FreeEasy {
  void operator()(CURL* easy) const noexcept { curl_easy_cleanup(easy); }
};
struct FreeMulti {
  void operator()(CURLM* multi) const noexcept { curl_multi_cleanup(multi); }
};
struct FreeList {
  void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};
struct FreeUrl {
  void operator()(CURLU* url) const noexcept { curl_url_cleanup(url); }
};

void init_curl_once() {
  static const CURLcode done = curl_global_init(CURL_GLOBAL_DEFAULT);
  (void)done;
}

struct UrlParts {
  std::string scheme, host;
};
Result<UrlParts> split_url(std::string_view text) {
  const auto part = [](CURLU* url, CURLUPart what) {
    char* raw = nullptr;
    if (curl_url_get(url, what, &raw, 0) != CURLUE_OK) return std::string();
    std::string value = raw;
    curl_free(raw);
    return value;
  };
  const std::unique_ptr<CURLU, FreeUrl> url{curl_url()};
  if (!url || curl_url_set(url.get(), CURLUPART_URL, std::string(text).c_str(), 0) != CURLUE_OK)
    return fail(Errc::invalid_input, "the URL is malformed", "url");
  return UrlParts{part(url.get(), CURLUPART_SCHEME), part(url.get(), CURLUPART_HOST)};
}

bool is_loopback_host(std::string_view host) {
  if (host == "localhost" || host == "[::1]" || host == "::1") return true;
  return host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos;
}

// What belongs to one exchange. The first block is set before the exchange starts and then only read.
struct Exchange {
  HttpRequest request;
  Executor* executor = nullptr;  // the caller's
  std::optional<Resolver<Result<HttpAnswer>>> done;

  // On the I/O thread alone.
  std::unique_ptr<CURL, FreeEasy> easy;
  std::unique_ptr<curl_slist, FreeList> header_list;
  std::size_t body_sent = 0;
  HttpAnswer answer;
  std::size_t header_bytes = 0;
  std::size_t body_bytes = 0;
  bool too_large = false;
  bool paused = false;
  // How it moves: bytes of headers and bodies, both ways, and since when there was none, or too few.
  std::uint64_t moved = 0, moved_before_quiet = 0, moved_before_span = 0;
  SteadyTime quiet_since, span_began;
  bool in_multi = false;
  char error_text[CURL_ERROR_SIZE] = {};

  // Pieces on their way to the reader, for holding the sender back.
  std::atomic<std::size_t> undelivered{0};
  // The reader gave up, or its task is gone. Set on the caller's executor.
  std::atomic<bool> given_up{false};
};
using ExchangePtr = std::shared_ptr<Exchange>;

// An answer can only be lost once the connection stood and the request was on its way.
bool was_sent(CURL* easy) {
  curl_off_t before_transfer = 0;
  long request_bytes = 0;
  curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &before_transfer);
  curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &request_bytes);
  return before_transfer > 0 || request_bytes > 0;
}

}  // namespace

class CurlClient::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(IoThread& thread, CurlOptions options)
      : io_thread_(thread), io_(thread.impl().io), options_(std::move(options)), timer_(io_), pace_timer_(io_) {
    init_curl_once();
    multi_.reset(curl_multi_init());
    curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETFUNCTION, &Impl::on_socket);
    curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi_.get(), CURLMOPT_TIMERFUNCTION, &Impl::on_timer);
    curl_multi_setopt(multi_.get(), CURLMOPT_TIMERDATA, this);
    curl_multi_setopt(multi_.get(), CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
    curl_multi_setopt(multi_.get(), CURLMOPT_MAX_TOTAL_CONNECTIONS, kConnectionsMax);
    curl_multi_setopt(multi_.get(), CURLMOPT_MAX_HOST_CONNECTIONS, kConnectionsMax);
  }
  ~Impl() { close(); }

  [[nodiscard]] IoThread& io_thread() { return io_thread_; }

  // All below on the I/O thread, or when it has ended.
  void start(ExchangePtr exchange);
  void abort(const ExchangePtr& exchange);
  void resume_reading(const ExchangePtr& exchange);
  void close();

 private:
  struct Watch {
    explicit Watch(asio::io_context& io) : descriptor(io) {}
    Descriptor descriptor;
    int wanted = CURL_POLL_NONE;
    bool reading = false, writing = false;  // a wait is under way
    bool removed = false;
  };

  static int on_socket(CURL* easy, curl_socket_t socket, int what, void* self, void* watch);
  static int on_timer(CURLM* multi, long timeout_ms, void* self);
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* exchange);
  static std::size_t on_write(char* data, std::size_t size, std::size_t count, void* exchange);
  static std::size_t on_read(char* data, std::size_t size, std::size_t count, void* exchange);

  Status prepare(Exchange& exchange, const UrlParts& url);
  void watch(const std::shared_ptr<Watch>& watch);
  void act(curl_socket_t socket, int events);
  void collect();
  void finish(const ExchangePtr& exchange, CURLcode code);
  void watch_pace();
  std::string_view lack_of_pace(Exchange& exchange, SteadyTime now) const;

  IoThread& io_thread_;
  asio::io_context& io_;
  CurlOptions options_;
  Timer timer_, pace_timer_;
  bool watches_pace_ = false;
  std::unique_ptr<CURLM, FreeMulti> multi_;
  std::map<CURL*, ExchangePtr> running_;
  std::map<curl_socket_t, std::shared_ptr<Watch>> watches_;
};

// --- libcurl's callbacks: they note and arm, and never call libcurl ------------------------------------------------

int CurlClient::Impl::on_socket(CURL*, curl_socket_t socket, int what, void* self_raw, void*) {
  Impl& self = *static_cast<Impl*>(self_raw);
  if (what == CURL_POLL_REMOVE) {
    const auto found = self.watches_.find(socket);
    if (found == self.watches_.end()) return 0;
    found->second->removed = true;
    found->second->descriptor.release();  // libcurl closes it itself
    self.watches_.erase(found);
    return 0;
  }
  std::shared_ptr<Watch>& watch = self.watches_[socket];
  if (!watch) {
    watch = std::make_shared<Watch>(self.io_);
    ErrorCode error;
    watch->descriptor.assign(socket, error);
    if (error) {
      self.watches_.erase(socket);
      return -1;
    }
  }
  watch->wanted = what;
  self.watch(watch);
  return 0;
}

int CurlClient::Impl::on_timer(CURLM*, long timeout_ms, void* self_raw) {
  Impl& self = *static_cast<Impl*>(self_raw);
  if (timeout_ms < 0) {
    self.timer_.cancel();
    return 0;
  }
  self.timer_.expires_after(Millis{timeout_ms});
  self.timer_.async_wait([weak = self.weak_from_this()](ErrorCode error) {
    const auto impl = weak.lock();
    if (!error && impl) impl->act(CURL_SOCKET_TIMEOUT, 0);
  });
  return 0;
}

std::size_t CurlClient::Impl::on_header(char* data, std::size_t size, std::size_t count, void* exchange_raw) {
  Exchange& exchange = *static_cast<Exchange*>(exchange_raw);
  std::string_view line(data, size * count);
  exchange.header_bytes += line.size();
  exchange.moved += line.size();
  if (exchange.header_bytes > kHeaderBytesMax) return 0;
  if (line.starts_with("HTTP/")) {  // also after an interim answer (100)
    exchange.answer.headers.clear();
    return size * count;
  }
  const auto trim = [](std::string_view text) {
    while (!text.empty() && std::strchr(" \t\r\n", text.front()) != nullptr) text.remove_prefix(1);
    while (!text.empty() && std::strchr(" \t\r\n", text.back()) != nullptr) text.remove_suffix(1);
    return text;
  };
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return size * count;
  std::string name(trim(line.substr(0, colon)));
  std::ranges::transform(name, name.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  exchange.answer.headers.emplace_back(std::move(name), std::string(trim(line.substr(colon + 1))));
  return size * count;
}

std::size_t CurlClient::Impl::on_write(char* data, std::size_t size, std::size_t count, void* exchange_raw) {
  Exchange& exchange = *static_cast<Exchange*>(exchange_raw);
  const std::string_view piece(data, size * count);
  if (exchange.given_up) return CURL_WRITEFUNC_ERROR;
  long status = 0;
  curl_easy_getinfo(exchange.easy.get(), CURLINFO_RESPONSE_CODE, &status);  // reads a field; safe in here
  const bool streams = status == 200 && exchange.request.on_body;
  if (streams && exchange.undelivered > kUndeliveredBytesMax) {
    exchange.paused = true;
    return CURL_WRITEFUNC_PAUSE;  // the same piece comes again
  }
  const std::size_t bytes_max = streams ? exchange.request.answer_bytes_max : exchange.request.kept_bytes_max;
  if (piece.size() > bytes_max - exchange.body_bytes) {
    exchange.too_large = true;
    if (!streams) exchange.answer.body.append(piece.substr(0, bytes_max - exchange.body_bytes));
    return CURL_WRITEFUNC_ERROR;
  }
  exchange.body_bytes += piece.size();
  exchange.moved += piece.size();
  if (!streams) {
    exchange.answer.body.append(piece);
    return piece.size();
  }
  exchange.undelivered += piece.size();
  // The easy handle's private pointer owns a share, see `start`.
  void* share = nullptr;
  curl_easy_getinfo(exchange.easy.get(), CURLINFO_PRIVATE, &share);
  ExchangePtr kept = *static_cast<ExchangePtr*>(share);
  exchange.executor->post([kept = std::move(kept), text = std::string(piece)] {
    if (!kept->given_up && !kept->request.on_body(text)) kept->given_up = true;
    kept->undelivered -= text.size();
  });
  return piece.size();
}

std::size_t CurlClient::Impl::on_read(char* data, std::size_t size, std::size_t count, void* exchange_raw) {
  Exchange& exchange = *static_cast<Exchange*>(exchange_raw);
  const std::size_t bytes = std::min(size * count, exchange.request.body.size() - exchange.body_sent);
  std::memcpy(data, exchange.request.body.data() + exchange.body_sent, bytes);
  exchange.body_sent += bytes;
  exchange.moved += bytes;
  return bytes;
}

// --- Driving libcurl ---------------------------------------------------------------------------------------------

void CurlClient::Impl::watch(const std::shared_ptr<Watch>& watch) {
  const auto fire = [this](const std::shared_ptr<Watch>& woken, int events, ErrorCode error) {
    if (woken->removed || error == asio::error::operation_aborted) return;
    act(woken->descriptor.native_handle(), error ? CURL_CSELECT_ERR : events);
    if (!woken->removed) this->watch(woken);
  };
  if ((watch->wanted & CURL_POLL_IN) != 0 && !watch->reading) {
    watch->reading = true;
    watch->descriptor.async_wait(Descriptor::wait_read, [weak = weak_from_this(), watch, fire](ErrorCode error) {
      watch->reading = false;
      const auto impl = weak.lock();
      if (impl && (watch->wanted & CURL_POLL_IN) != 0) fire(watch, CURL_CSELECT_IN, error);
    });
  }
  if ((watch->wanted & CURL_POLL_OUT) != 0 && !watch->writing) {
    watch->writing = true;
    watch->descriptor.async_wait(Descriptor::wait_write, [weak = weak_from_this(), watch, fire](ErrorCode error) {
      watch->writing = false;
      const auto impl = weak.lock();
      if (impl && (watch->wanted & CURL_POLL_OUT) != 0) fire(watch, CURL_CSELECT_OUT, error);
    });
  }
}

void CurlClient::Impl::act(curl_socket_t socket, int events) {
  if (!multi_) return;
  int still_running = 0;
  curl_multi_socket_action(multi_.get(), socket, events, &still_running);
  collect();
}

void CurlClient::Impl::collect() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;
    CURL* easy = message->easy_handle;
    const auto found = running_.find(easy);
    if (found == running_.end()) continue;
    const ExchangePtr exchange = found->second;
    running_.erase(found);
    curl_multi_remove_handle(multi_.get(), easy);
    finish(exchange, code);
  }
}

void CurlClient::Impl::finish(const ExchangePtr& exchange, CURLcode code) {
  CURL* easy = exchange->easy.get();
  Resolver<Result<HttpAnswer>> done = std::move(*exchange->done);
  exchange->done.reset();
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  if (code == CURLE_OK || (exchange->too_large && status != 200)) {
    exchange->answer.status = static_cast<int>(status);
    exchange->easy.reset();
    return done(std::move(exchange->answer));
  }
  const bool sent = was_sent(easy);
  exchange->easy.reset();
  std::string text = exchange->error_text[0] != '\0' ? exchange->error_text : curl_easy_strerror(code);
  if (exchange->too_large)
    text =
        fmt::format("the answer is longer than {} bytes",
                    exchange->request.on_body ? exchange->request.answer_bytes_max : exchange->request.kept_bytes_max);
  else if (exchange->given_up)
    text = "the answer was given up by its reader";
  done(fail(sent ? Errc::unknown_outcome : Errc::unavailable, std::move(text)));
}

Status CurlClient::Impl::prepare(Exchange& exchange, const UrlParts& url) {
  HttpRequest& request = exchange.request;
  CURL* easy = exchange.easy.get();
  curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, exchange.error_text);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, options_.user_agent.c_str());
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_time_max.count()));
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(std::max<Millis::rep>(request.timeout.count(), 1)));
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  // Over TLS the handshake says whether a connection takes several exchanges, and the next one waits for that. Without
  // TLS nothing says so before the first answer: waiting would put every exchange behind one that hangs.
  const bool is_tls = url.scheme == "https";
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
                   static_cast<long>(is_tls ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy, CURLOPT_PIPEWAIT, is_tls ? 1L : 0L);
  if (!options_.ca_file.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, options_.ca_file.c_str());
  if (is_loopback_host(url.host)) curl_easy_setopt(easy, CURLOPT_PROXY, "");
  if (request.accept_gzip) curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");

  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &Impl::on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &exchange);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &Impl::on_write);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &exchange);

  if (request.method == "HEAD") {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  } else if (!request.body.empty() || request.method == "POST" || request.method == "PUT" ||
             request.method == "PATCH") {
    // A read function without a seek function: libcurl then cannot repeat the body by itself when a kept connection
    // breaks, which could apply a write twice.
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, &Impl::on_read);
    curl_easy_setopt(easy, CURLOPT_READDATA, &exchange);
    if (request.method != "POST") curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  } else if (request.method != "GET") {
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }

  const auto add_header = [&](const std::string& line) {
    curl_slist* longer = curl_slist_append(exchange.header_list.get(), line.c_str());
    if (longer == nullptr) return;
    (void)exchange.header_list.release();
    exchange.header_list.reset(longer);
  };
  add_header("Expect:");  // waiting for 100 Continue would cost a round trip
  if (!request.body.empty() || request.method == "POST") {
    const bool has_type = std::ranges::any_of(request.headers, [](const auto& header) {
      return header.first.size() == 12 && ::strcasecmp(header.first.c_str(), "content-type") == 0;
    });
    if (!has_type) add_header("Content-Type:");  // libcurl's own would be a form's
  }
  for (const auto& [name, value] : request.headers) {
    if ((name + value).find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos)
      return fail(Errc::invalid_input, "a header holds a line break", "headers");
    add_header(value.empty() ? name + ";" : name + ": " + value);
  }
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, exchange.header_list.get());
  return {};
}

void CurlClient::Impl::start(ExchangePtr exchange) {
  const auto refuse = [&](std::unexpected<Error> error) {
    Resolver<Result<HttpAnswer>> done = std::move(*exchange->done);
    exchange->done.reset();
    done(std::move(error));
  };
  if (exchange->given_up) return;
  if (!multi_) return refuse(fail(Errc::unavailable, "the HTTP client is closed"));
  const Result<UrlParts> url = split_url(exchange->request.url);
  if (!url) return refuse(std::unexpected(url.error()));
  if (url->scheme != "https" && (url->scheme != "http" || !is_loopback_host(url->host)))
    return refuse(fail(Errc::invalid_input, "only https is allowed beyond loopback", "url"));

  exchange->easy.reset(curl_easy_init());
  if (!exchange->easy) return refuse(fail(Errc::unavailable, "libcurl has no memory"));
  if (const Status prepared = prepare(*exchange, *url); !prepared) return refuse(std::unexpected(prepared.error()));
  CURL* easy = exchange->easy.get();
  exchange->quiet_since = exchange->span_began = std::chrono::steady_clock::now();
  const auto place = running_.emplace(easy, exchange).first;
  curl_easy_setopt(easy, CURLOPT_PRIVATE, static_cast<void*>(&place->second));
  if (curl_multi_add_handle(multi_.get(), easy) != CURLM_OK) {
    running_.erase(place);
    return refuse(fail(Errc::unavailable, "libcurl takes no more exchanges"));
  }
  watch_pace();
}

// Why an exchange is too slow to go on; empty when it is not.
std::string_view CurlClient::Impl::lack_of_pace(Exchange& exchange, SteadyTime now) const {
  if (exchange.paused) exchange.quiet_since = exchange.span_began = now;
  if (exchange.moved != exchange.moved_before_quiet) exchange.quiet_since = now;
  exchange.moved_before_quiet = exchange.moved;
  if (now - exchange.quiet_since >= options_.quiet_time_max) return "no answer came";
  if (now - exchange.span_began < options_.slow_time_max) return {};
  const auto span_ms = std::chrono::duration_cast<Millis>(now - exchange.span_began).count();
  const auto wanted = options_.rate_min * static_cast<std::uint64_t>(span_ms) / 1000;
  const bool is_slow = exchange.moved - exchange.moved_before_span < wanted;
  exchange.span_began = now;
  exchange.moved_before_span = exchange.moved;
  return is_slow ? "the answer came too slowly" : std::string_view();
}

// One timer for all exchanges: their limits are seconds.
void CurlClient::Impl::watch_pace() {
  if (watches_pace_ || running_.empty()) return;
  watches_pace_ = true;
  const Millis shortest = std::min(options_.quiet_time_max, options_.slow_time_max);
  pace_timer_.expires_after(std::clamp(shortest / 8, Millis{5}, Millis{1'000}));
  pace_timer_.async_wait([weak = weak_from_this()](ErrorCode error) {
    const auto impl = weak.lock();
    if (error || !impl || !impl->multi_) return;
    impl->watches_pace_ = false;
    const SteadyTime now = std::chrono::steady_clock::now();
    std::vector<std::pair<ExchangePtr, std::string_view>> slow;
    for (const auto& [easy, exchange] : impl->running_)
      if (const std::string_view why = impl->lack_of_pace(*exchange, now); !why.empty())
        slow.emplace_back(exchange, why);
    for (const auto& [exchange, why] : slow) {
      impl->running_.erase(exchange->easy.get());
      curl_multi_remove_handle(impl->multi_.get(), exchange->easy.get());
      const std::size_t size = why.copy(exchange->error_text, sizeof exchange->error_text - 1);
      exchange->error_text[size] = '\0';
      impl->finish(exchange, CURLE_OPERATION_TIMEDOUT);
    }
    impl->watch_pace();
  });
}

void CurlClient::Impl::abort(const ExchangePtr& exchange) {
  if (!multi_ || !exchange->easy || running_.erase(exchange->easy.get()) == 0) return;
  curl_multi_remove_handle(multi_.get(), exchange->easy.get());
  exchange->easy.reset();
}

void CurlClient::Impl::resume_reading(const ExchangePtr& exchange) {
  if (!exchange->easy || !exchange->paused) return;
  exchange->paused = false;
  curl_easy_pause(exchange->easy.get(), CURLPAUSE_CONT);
  collect();
}

void CurlClient::Impl::close() {
  if (!multi_) return;
  timer_.cancel();
  pace_timer_.cancel();
  for (const auto& [easy, exchange] : std::exchange(running_, {})) {
    curl_multi_remove_handle(multi_.get(), easy);
    exchange->easy.reset();
  }
  multi_.reset();
  for (const auto& [socket, watch] : std::exchange(watches_, {})) {
    watch->removed = true;
    watch->descriptor.release();
  }
}

// --- The client --------------------------------------------------------------------------------------------------

CurlClient::CurlClient(IoThread& io, CurlOptions options) : impl_(std::make_shared<Impl>(io, std::move(options))) {}

CurlClient::~CurlClient() {
  IoThread& io = impl_->io_thread();
  if (Executor::current() == &io || !io.is_running()) {
    impl_->close();
    return;
  }
  // libcurl is used on the I/O thread alone, so its end happens there. A loop that stops meanwhile destroys the
  // post, which breaks the promise and ends the wait as well.
  auto closed = std::make_shared<std::promise<void>>();
  std::future<void> waiting = closed->get_future();
  io.post([impl = impl_, closed] {
    impl->close();
    closed->set_value();
  });
  closed.reset();
  while (waiting.wait_for(Millis{50}) == std::future_status::timeout && io.is_running()) {
  }
}

namespace {
// Ends the exchange when the task that awaits it is destroyed.
template <class Client>
struct GiveUp {
  std::shared_ptr<Client> client;
  ExchangePtr exchange;
  bool armed = true;
  GiveUp(std::shared_ptr<Client> c, ExchangePtr e) : client(std::move(c)), exchange(std::move(e)) {}
  GiveUp(const GiveUp&) = delete;
  GiveUp& operator=(const GiveUp&) = delete;
  ~GiveUp() {
    exchange->given_up = true;
    if (!armed) return;
    IoThread& io = client->io_thread();
    io.post([kept = std::move(client), ended = std::move(exchange)] { kept->abort(ended); });
  }
};
}  // namespace

Task<Result<HttpAnswer>> CurlClient::send(HttpRequest request) {
  const auto impl = impl_;
  auto exchange = std::make_shared<Exchange>();
  exchange->request = std::move(request);
  exchange->executor = Executor::current();
  if (exchange->request.on_body) {
    // Counted where the piece is delivered; when the reader has caught up, the sender goes on.
    exchange->request.on_body = [reader = std::move(exchange->request.on_body), impl,
                                 weak = std::weak_ptr(exchange)](std::string_view piece) mutable {
      const bool goes_on = reader(piece);
      const ExchangePtr kept = weak.lock();
      // Said before the sender is woken: held back, it would wait for the end of its time.
      if (kept && !goes_on) kept->given_up = true;
      if (kept && (!goes_on || kept->undelivered <= kUndeliveredBytesMax / 2 + piece.size()))
        impl->io_thread().post([impl, kept] { impl->resume_reading(kept); });
      return goes_on;
    };
  }
  GiveUp<Impl> guard(impl, exchange);
  Result<HttpAnswer> answer = co_await suspend_for<Result<HttpAnswer>>([&](Resolver<Result<HttpAnswer>> done) {
    exchange->done.emplace(std::move(done));
    impl->io_thread().post([impl, exchange] { impl->start(exchange); });
  });
  guard.armed = false;
  // Every piece was delivered before the answer, so this knows of a reader that gave up at the last one.
  if (answer && exchange->given_up) co_return fail(Errc::unknown_outcome, "the answer was given up by its reader");
  co_return answer;
}

bool is_loopback_url(std::string_view url) {
  init_curl_once();
  const Result<UrlParts> parts = split_url(url);
  return parts && (parts->scheme == "http" || parts->scheme == "https") && is_loopback_host(parts->host);
}

}  // namespace rowlane::net
