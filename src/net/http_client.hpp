// Outgoing HTTP. The real one is libcurl's multi interface; the embedded Sheets service and the simulation answer
// in the process.
//
// Errors: `unavailable` when the request surely did not reach the server (name, connect, TLS);
//         `unknown_outcome` when it was sent, wholly or partly, and no whole answer came.
// A whole answer of any status is a value.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/task.hpp"

namespace rowlane::net {

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  Millis timeout{120'000};                    // for the whole exchange
  std::size_t answer_bytes_max = 512u << 20;  // decoded, of a streamed answer; a longer one is cut off: unknown_outcome
  // The same for an answer that is kept in memory. Of a longer refusal the status counts, and its beginning is kept.
  std::size_t kept_bytes_max = 64 * 1024;
  bool accept_gzip = true;
  // When set, called with each decoded piece of a 200 answer as it arrives (on the executor that sent the
  // request); the answer's body then stays empty. Return false to give the exchange up (unknown_outcome).
  std::move_only_function<bool(std::string_view piece)> on_body;
};

struct HttpAnswer {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // names lower-case
  std::string body;
  [[nodiscard]] std::string_view header(std::string_view name) const {
    for (const auto& [key, value] : headers)
      if (key == name) return value;
    return {};
  }
};

class HttpClient {
 public:
  virtual ~HttpClient() = default;
  virtual Task<Result<HttpAnswer>> send(HttpRequest request) = 0;
};

}  // namespace rowlane::net
