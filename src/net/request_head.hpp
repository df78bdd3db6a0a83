// The front filter: reads one request's head from raw bytes, and refuses whatever two servers could read in two ways.
//
// Pure. Refused: control bytes, bare LF, folded lines, a space before a colon, methods and versions nobody here
// knows, targets that do not start with '/', a missing or doubled Host, a doubled, listed or signed Content-Length,
// Content-Length beside Transfer-Encoding, any coding but a single `chunked`, chunked under HTTP/1.0.
// The head is read here and not by Beast's parser, since that parser has already thrown away (folds, spaces,
// doubled fields) what must be seen to refuse it.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rowlane::net {

struct RequestHead {
  std::string method;
  std::string target;
  int minor_version = 1;                                     // HTTP/1.x
  std::vector<std::pair<std::string, std::string>> headers;  // names lower-case, values trimmed
  std::optional<std::uint64_t> content_length;
  bool chunked = false;
  bool expects_continue = false;
  bool keep_alive = true;
  bool accepts_gzip = false;
};

struct Refusal {
  int status = 400;
  std::string sentence;
  std::string allow;  // 405: the value of Allow
};

// Where the head ends. `scanned` is kept by the caller between calls, 0 for a new request.
struct HeadScan {
  enum class State { more, whole, refused } state = State::more;
  std::size_t length = 0;  // whole: bytes of the head, its empty line included
  Refusal refusal;
};
HeadScan scan_head(std::string_view bytes, std::size_t& scanned, std::size_t bytes_max);

// `head`: from the request line to the empty line, both included, as scan_head measured it.
std::expected<RequestHead, Refusal> parse_head(std::string_view head);

// The path of a target, without the query.
std::string_view path_of(std::string_view target);

}  // namespace rowlane::net
