#include "net/listener.hpp"

#include <sys/resource.h>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>

#include "base/log.hpp"
#include "net/connection.hpp"

namespace rowlane::net {

namespace {
constexpr Millis kAcceptPause{100};  // after running out of descriptors
constexpr Millis kAcceptWarningEvery{10'000};

Result<std::unique_ptr<asio::ssl::context>> load_tls(const TlsFiles& files) {
  auto context = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_server);
  ErrorCode error;
  context->set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv2 |
                           asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 |
                           asio::ssl::context::no_tlsv1_1 | asio::ssl::context::single_dh_use,
                       error);
  context->use_certificate_chain_file(files.certificate_chain, error);
  if (error)
    return fail(Errc::invalid_input,
                fmt::format("cannot read the certificate {}: {}", files.certificate_chain, error.message()),
                "certificate");
  context->use_private_key_file(files.private_key, asio::ssl::context::pem, error);
  if (error)
    return fail(Errc::invalid_input,
                fmt::format("cannot use the private key {}: {}", files.private_key, error.message()), "private_key");
  // Idle connections give their 32 KiB of record buffers back.
  SSL_CTX_set_mode(context->native_handle(), SSL_MODE_RELEASE_BUFFERS);
  return context;
}
// What the process may open, less what others need; with few of them a half.
std::size_t descriptors_for_connections() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return SIZE_MAX;
  const std::size_t all = limit.rlim_cur;
  return all > 2 * kDescriptorsKept ? all - kDescriptorsKept : all / 2;
}
}  // namespace

struct Listener::Impl : std::enable_shared_from_this<Impl> {
  Impl(IoThread& thread) : shared(std::make_shared<ListenerShared>(thread)), acceptor(shared->io), timer(shared->io) {}

  Result<std::uint16_t> open(const ListenOptions& options);
  void accept();
  void accepted(ErrorCode error, Socket socket);
  void sweep();
  void begin_drain(Millis deadline, Resolver<std::monostate> done);
  void close_all();

  std::shared_ptr<ListenerShared> shared;
  Acceptor acceptor;
  Timer timer;
  Millis sweep_every{1'000};
  bool closed = false;
  SteadyClock::time_point accept_warned_at{};
  std::vector<Resolver<std::monostate>> waiting_for_drain;
};

Listener::Listener() = default;

Listener::~Listener() {
  if (impl_) impl_->close_all();
}

Result<std::uint16_t> Listener::start(IoThread& io, ListenOptions options, Handler handler) {
  impl_ = std::make_shared<Impl>(io);
  impl_->shared->handler = std::move(handler);
  Result<std::uint16_t> port = impl_->open(options);
  if (!port) {
    impl_.reset();
    return port;
  }
  asio::post(impl_->shared->io, [impl = impl_] {
    impl->accept();
    impl->sweep();
  });
  return port;
}

Task<void> Listener::drain(Millis deadline) {
  if (!impl_) co_return;
  const std::shared_ptr<Impl> impl = impl_;
  co_await suspend_for<std::monostate>(
      [&impl, deadline](Resolver<std::monostate> done) { impl->begin_drain(deadline, std::move(done)); });
}

ListenCounts Listener::counts() const {
  if (!impl_) return {};
  const ListenerShared& shared = *impl_->shared;
  return {shared.open_connections.load(std::memory_order_relaxed), shared.accepted.load(std::memory_order_relaxed),
          shared.requests.load(std::memory_order_relaxed), shared.refused.load(std::memory_order_relaxed),
          shared.body_bytes.load(std::memory_order_relaxed)};
}

Result<std::uint16_t> Listener::Impl::open(const ListenOptions& options) {
  ErrorCode error;
  const asio::ip::address address = asio::ip::make_address(options.address, error);
  if (error) return fail(Errc::invalid_input, fmt::format("'{}' is no IP address", options.address), "address");
  if (options.tls) {
    Result<std::unique_ptr<asio::ssl::context>> tls = load_tls(*options.tls);
    if (!tls) return std::unexpected(std::move(tls.error()));
    shared->tls = std::move(*tls);
  }
  const tcp::endpoint endpoint(address, options.port);
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(4096, error);
  if (error)
    return fail(Errc::unavailable,
                fmt::format("cannot listen on {} port {}: {}", options.address, options.port, error.message()));

  shared->limits = options.limits;
  shared->trusted_proxies = options.trusted_proxies;
  shared->limits.connections_max = std::min(options.limits.connections_max, descriptors_for_connections());
  const ListenLimits& limits = shared->limits;
  const Millis shortest =
      std::min({limits.head_time_max, limits.body_time_max, limits.idle_time_max, limits.linger_time_max});
  sweep_every = std::clamp(shortest / 8, Millis{5}, Millis{1'000});
  shared->on_closed = [weak = weak_from_this()] {
    const auto impl = weak.lock();
    if (!impl || !impl->shared->connections.empty()) return;
    for (auto& done : std::exchange(impl->waiting_for_drain, {})) done(std::monostate{});
  };
  return acceptor.local_endpoint(error).port();
}

void Listener::Impl::accept() {
  if (closed || shared->draining) return;
  acceptor.async_accept(shared->io, [impl = shared_from_this()](ErrorCode error, Socket socket) {
    impl->accepted(error, std::move(socket));
  });
}

void Listener::Impl::accepted(ErrorCode error, Socket socket) {
  if (closed || shared->draining) return;
  if (error) {
    // Out of descriptors or memory, mostly: the client waits in the backlog until some are free again.
    const auto now = SteadyClock::now();
    if (now - accept_warned_at > kAcceptWarningEvery) {
      accept_warned_at = now;
      log_warning("accept: {}", error.message());
    }
    shared->io_thread.post_after(kAcceptPause, [weak = weak_from_this()] {
      if (const auto impl = weak.lock()) impl->accept();
    });
    return;
  }
  if (shared->connections.size() < shared->limits.connections_max) {
    shared->accepted.fetch_add(1, std::memory_order_relaxed);
    shared->open_connections.fetch_add(1, std::memory_order_relaxed);
    const tcp::endpoint peer = socket.remote_endpoint(error);
    auto connection =
        std::make_shared<Connection>(shared, std::move(socket), error ? std::string() : peer.address().to_string());
    connection->start(shared->connections.insert(shared->connections.end(), connection));
  }
  accept();
}

// One timer for all connections: their limits are seconds, and a timer each would cost more than the walk.
void Listener::Impl::sweep() {
  if (closed) return;
  const auto now = SteadyClock::now();
  for (const auto& connection : shared->connections) connection->check_time(now);
  timer.expires_after(sweep_every);
  timer.async_wait([weak = weak_from_this()](ErrorCode error) {
    if (const auto impl = weak.lock(); impl && !error) impl->sweep();
  });
}

void Listener::Impl::begin_drain(Millis deadline, Resolver<std::monostate> done) {
  shared->draining = true;
  ErrorCode ignored;
  acceptor.close(ignored);
  if (shared->connections.empty()) return done(std::monostate{});
  waiting_for_drain.push_back(std::move(done));
  for (const auto& connection : shared->connections) connection->drain();
  shared->io_thread.post_after(deadline, [weak = weak_from_this()] {
    const auto impl = weak.lock();
    if (!impl) return;
    for (const auto& connection : impl->shared->connections) connection->close();
  });
}

void Listener::Impl::close_all() {
  closed = true;
  ErrorCode ignored;
  acceptor.close(ignored);
  timer.cancel();
  for (const auto& connection : shared->connections) connection->abandon();
  shared->connections.clear();
  shared->open_connections = 0;
}

}  // namespace rowlane::net
