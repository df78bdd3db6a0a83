#include "net/gzip.hpp"

#include <zlib.h>

namespace rowlane::net {

namespace {
constexpr std::size_t kBytesMin = 1024;
constexpr std::size_t kBytesMax = 256 * 1024;
constexpr int kLevel = 4;  // JSON: within a tenth of level 6, at half its time

// One stream a thread: setting one up costs 256 KiB of memory each time.
struct Stream {
  z_stream z{};
  bool ready = deflateInit2(&z, kLevel, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK;
  Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() {
    if (ready) deflateEnd(&z);
  }
};
}  // namespace

bool is_worth_gzip(std::string_view content_type, std::size_t bytes) {
  if (bytes < kBytesMin || bytes > kBytesMax) return false;
  return content_type.starts_with("text/") || content_type.contains("json") || content_type.contains("javascript") ||
         content_type.starts_with("image/svg");
}

std::string gzip(std::string_view text) {
  thread_local Stream stream;
  if (!stream.ready) return {};
  deflateReset(&stream.z);
  std::string out;
  out.resize(deflateBound(&stream.z, static_cast<uLong>(text.size())) + 18);
  stream.z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));  // zlib reads only
  stream.z.avail_in = static_cast<uInt>(text.size());
  stream.z.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.z.avail_out = static_cast<uInt>(out.size());
  if (deflate(&stream.z, Z_FINISH) != Z_STREAM_END) return {};
  out.resize(out.size() - stream.z.avail_out);
  return out;
}

}  // namespace rowlane::net
