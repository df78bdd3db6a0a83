// HTTP as values: what the server hands to a handler and what a handler answers. No socket, no Beast.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
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
  std::string peer_address;                                // "127.0.0.1": of the socket
  std::string client_address;                              // who asks: the peer, or whom a trusted proxy names
  std::map<std::string, std::string, std::less<>> params;  // filled by the router: {id} of the route

  // The first header of that lower-case name, or empty.
  [[nodiscard]] std::string_view header(std::string_view name) const;
  [[nodiscard]] bool has_header(std::string_view name) const;
  // The first query parameter of that name, or null.
  [[nodiscard]] const std::string* query_value(std::string_view name) const;
};

// The body of an answer that goes on until its writer or its reader ends it: server-sent events. On the I/O executor
// alone. What the reader has not taken is kept up to `kPendingMax`, or is one piece of any size: what cannot be cut
// must get through as well. Who falls further behind is cut off, unless the writer looks first (`has_room`, `drained`).
class BodyStream {
 public:
  static constexpr std::size_t kPendingMax = 256 * 1024;

  // False when the stream is over: the reader is gone, or was cut off here.
  bool write(std::string_view piece);
  [[nodiscard]] bool has_room(std::size_t bytes) const {
    return pending_.empty() || pending_.size() + bytes <= kPendingMax;
  }
  // Returns when the reader has taken everything, or the stream is over. One writer waits at a time; it keeps the
  // stream.
  Task<void> drained();
  // No more is written; the connection closes.
  void end();
  [[nodiscard]] bool is_open() const { return is_open_; }

  // For the connection: what is to be sent next, and who is told when there is something or when it is over.
  [[nodiscard]] std::string take();
  void on_change(std::function<void()> change) { change_ = std::move(change); }

 private:
  void tell_drained();

  std::string pending_;
  std::function<void()> change_;
  std::optional<Resolver<std::monostate>> drained_;
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
// A date of a header ("Sun, 06 Nov 1994 08:49:37 GMT" and the two older forms of RFC 9110, 5.6.7), in UTC.
std::optional<WallTime> parse_http_date(std::string_view text);
// Encodes all but unreserved characters (RFC 3986).
std::string percent_encode(std::string_view text);

}  // namespace rowlane::net
