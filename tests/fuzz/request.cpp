// A request's head and chunked body of any bytes: the front filter reads it the same way whole and byte by byte.
#include <cstdlib>

#include "net/chunked_body.hpp"
#include "net/http.hpp"
#include "net/request_head.hpp"

using namespace rowlane::net;

namespace {
constexpr std::size_t kHeadMax = 8 * 1024, kBodyMax = 4 * 1024;

HeadScan scan(std::string_view bytes, std::size_t step) {
  std::size_t scanned = 0;
  for (std::size_t seen = std::min(step, bytes.size());; seen = std::min(seen + step, bytes.size())) {
    const HeadScan found = scan_head(bytes.substr(0, seen), scanned, kHeadMax);
    if (found.state != HeadScan::State::more || seen == bytes.size()) return found;
  }
}
std::pair<ChunkedBody::State, std::string> body(std::string_view bytes, std::size_t step) {
  ChunkedBody chunks;
  std::string out;
  ChunkedBody::State state = ChunkedBody::State::more;
  for (std::size_t at = 0; at < bytes.size() && state == ChunkedBody::State::more; at += step) {
    std::string_view piece = bytes.substr(at, step);
    state = chunks.feed(piece, out, kBodyMax);
  }
  if (out.size() > kBodyMax) std::abort();
  return {state, state == ChunkedBody::State::whole ? out : std::string()};
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const HeadScan whole = scan(bytes, bytes.size()), pieces = scan(bytes, 1);
  if (whole.state == HeadScan::State::whole && (pieces.state != whole.state || pieces.length != whole.length))
    std::abort();
  if (body(bytes, bytes.size()) != body(bytes, 1)) std::abort();
  if (whole.state != HeadScan::State::whole) return 0;
  const auto head = parse_head(bytes.substr(0, whole.length));
  if (!head) return 0;
  if (!head->target.starts_with('/')) std::abort();
  if (head->chunked && head->content_length) std::abort();  // two servers could read such a request in two ways
  (void)percent_decode(path_of(head->target));
  (void)body(bytes.substr(whole.length), 7);
  return 0;
}
