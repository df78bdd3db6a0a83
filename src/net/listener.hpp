// The HTTP/1.1 server: a strict front filter, then one handler for every request that passes it.
//
// The filter refuses what two servers could read differently, before any routing (see request_head.hpp): one
// answer as application/problem+json, then the connection is closed. Slow and half-open clients are cut by the
// limits below; an idle keep-alive connection costs a few hundred bytes here, as its buffers are given back.
// Requests of one connection are answered in order; the next one is read when the answer before it is written.
// HEAD reaches the handler as "HEAD"; the body of its answer is counted and not sent. Answers of 1 KiB to 256 KiB
// in a text-like type are gzipped for clients that accept it.
// A handler that throws is answered with 500 and logged.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "net/address_set.hpp"
#include "net/http.hpp"
#include "net/io_thread.hpp"

namespace rowlane::net {

// Connections never take the last descriptors of the process: files, the store and calls to Sheets need some.
inline constexpr std::size_t kDescriptorsKept = 512;

struct ListenLimits {
  std::size_t head_bytes_max = 8 * 1024;     // request line and headers: 414, 431
  std::size_t body_bytes_max = 1024 * 1024;  // 413, from Content-Length already where there is one
  // The limit for one route, where it differs from `body_bytes_max`. `path` is as sent, without the query.
  std::function<std::size_t(std::string_view method, std::string_view path)> body_bytes_for;
  // Asked on the I/O executor, with the request as it is without its body, before more than `unproved_bytes_max` of a
  // body is read: the refusal, or nothing for a caller who has proved who they are. Unset: everybody may send.
  std::function<Task<std::optional<Response>>(Request)> refuse_large_body;
  std::size_t unproved_bytes_max = 64 * 1024;
  // Bodies under way together, from their first byte until their handler has ended: 503 to whose body has no room. Of
  // these, callers who proved nothing have a part of their own, so that they cannot use up the others'. The first 4 KiB
  // of a body are not counted.
  std::size_t bodies_bytes_max = 128 * 1024 * 1024;
  std::size_t unproved_bodies_bytes_max = 16 * 1024 * 1024;
  Millis head_time_max{10'000};  // from connecting, or from a request's first byte, to the end of its headers: 408
  // A body that is not there after `body_time_max` is cut (408) unless it came at `rate_min` bytes a second or
  // faster, in every such span of time. The same holds for an answer that is not taken; its connection is closed.
  Millis body_time_max{30'000};
  std::size_t rate_min = 16 * 1024;
  Millis idle_time_max{75'000};          // between requests
  Millis linger_time_max{2'000};         // how long a refused client may still send before the connection is closed
  std::size_t connections_max = 20'000;  // more are closed as they come; and see `kDescriptorsKept`
};

// PEM files. Without them the listener speaks plain HTTP.
struct TlsFiles {
  std::string certificate_chain;
  std::string private_key;
};

struct ListenOptions {
  std::string address = "127.0.0.1";  // IPv4 or IPv6, no names
  std::uint16_t port = 0;             // 0: any free one
  ListenLimits limits;
  std::optional<TlsFiles> tls;
  AddressSet trusted_proxies;  // whose X-Forwarded-For is believed
};

struct ListenCounts {
  std::uint64_t open_connections = 0;
  std::uint64_t accepted = 0;    // connections, since the start
  std::uint64_t requests = 0;    // that reached the handler
  std::uint64_t refused = 0;     // by the front filter or a limit
  std::uint64_t body_bytes = 0;  // of bodies under way now
};

class Listener {
 public:
  Listener();
  // On the IoThread, or when it has ended. Connections are closed, running handlers are destroyed.
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // Binds and listens; answers the bound port. `io` must outlive this object. The handler runs on `io`.
  // Errors: invalid_input (address, certificate or key; `field` says which), unavailable (port taken, ...).
  Result<std::uint16_t> start(IoThread& io, ListenOptions options, Handler handler);

  // Stops accepting, closes idle connections, lets running requests finish and closes what is left after
  // `deadline`. Returns when no connection is open. On the IoThread.
  Task<void> drain(Millis deadline);

  // From any thread.
  [[nodiscard]] ListenCounts counts() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace rowlane::net
