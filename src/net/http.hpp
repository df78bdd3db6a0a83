// HTTP as values: what the server hands to a handler and what a handler answers. No socket, no Beast.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/task.hpp"

namespace rowlane::net {

// One complete request that has passed the front filter. Header names are lower-case, values trimmed.
struct Request {
  std::string method;                                      // "GET", "POST", ... upper-case
  std::string target;                                      // as sent: path and query, percent-encoded
  std::string path;                                        // decoded path without the query; starts with '/'
  std::vector<std::pair<std::string, std::string>> query;  // decoded, in the order sent
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::string peer_address;                                // "127.0.0.1"
  std::map<std::string, std::string, std::less<>> params;  // filled by the router: {id} of the route

  // The first header of that lower-case name, or empty.
  [[nodiscard]] std::string_view header(std::string_view name) const;
  [[nodiscard]] bool has_header(std::string_view name) const;
  // The first query parameter of that name, or null.
  [[nodiscard]] const std::string* query_value(std::string_view name) const;
};

// The body of an answer that goes on until its writer or its reader ends it: server-sent events. On the I/O executor
// alone. What the reader has not taken is kept up to `kPendingMax`; who falls further behind is cut off.
class BodyStream {
 public:
  static constexpr std::size_t kPendingMax = 256 * 1024;

  // False when the stream is over: the reader is gone, or was cut off here.
  bool write(std::string_view piece);
  // No more is written; the connection closes.
  void end();
  [[nodiscard]] bool is_open() const { return is_open_; }

  // For the connection: what is to be sent next, and who is told when there is something or when it is over.
  [[nodiscard]] std::string take() { return std::exchange(pending_, {}); }
  void on_change(std::function<void()> change) { change_ = std::move(change); }

 private:
  std::string pending_;
  std::function<void()> change_;
  bool is_open_ = true;
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;  // further ones; no Content-Length, no Connection
  bool close = false;                                        // close the connection after this answer
  // Faults of the local Sheets service alone: send only so many bytes of the answer, then reset. -1: all.
  std::int64_t cut_after_bytes = -1;
  // When set, the head is followed by what is written there, and `body` is not sent. The connection closes at its end.
  std::shared_ptr<BodyStream> stream;
};

// Called on the I/O executor. The request is the handler's own.
using Handler = std::function<Task<Response>(Request)>;

// Splits "a=1&b=%20" and decodes %XX and '+'. Bad escapes stay as they are.
std::vector<std::pair<std::string, std::string>> parse_query(std::string_view query);
std::string percent_decode(std::string_view text);
// Encodes all but unreserved characters (RFC 3986).
std::string percent_encode(std::string_view text);

}  // namespace rowlane::net
