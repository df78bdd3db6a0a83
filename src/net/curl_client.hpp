// Outgoing HTTP through libcurl: one pool of connections (keep-alive, HTTP/2 over TLS), driven by an IoThread.
//
// `send` may be called on any executor; the task resumes there, and pieces of a body are delivered there, in order,
// before the answer. A body that its reader does not take is held back at about 1 MiB. Destroying the task ends the
// exchange; `on_body` is not called after that. Redirects are not followed. `http://` is allowed on loopback alone,
// another address is invalid_input. A request with a body is never sent twice by libcurl's own retries.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "net/http_client.hpp"
#include "net/io_thread.hpp"

namespace rowlane::net {

struct CurlOptions {
  Millis connect_time_max{15'000};
  // An exchange that moves no byte for so long, or less than `rate_min` bytes a second over such a span, is given up.
  // Time in which its own reader holds it back does not count.
  Millis quiet_time_max{30'000};
  Millis slow_time_max{60'000};
  std::size_t rate_min = 1'000;
  std::string user_agent = "rowlane (gzip)";  // Google compresses only for agents that say gzip here
  std::string ca_file;                        // PEM; empty: the system's
};

class CurlClient final : public HttpClient {
 public:
  // `io` must outlive this object.
  explicit CurlClient(IoThread& io, CurlOptions options = {});
  // Exchanges still running are given up; their tasks stay suspended.
  ~CurlClient() override;
  CurlClient(const CurlClient&) = delete;
  CurlClient& operator=(const CurlClient&) = delete;

  Task<Result<HttpAnswer>> send(HttpRequest request) override;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

// True for http(s)://localhost, 127.0.0.0/8 and [::1].
bool is_loopback_url(std::string_view url);

}  // namespace rowlane::net
