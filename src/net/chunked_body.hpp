// Takes a chunked body apart, strictly: CR LF everywhere, hexadecimal sizes without spaces, extensions and trailers
// read over and dropped within small bounds. Pure; fed with whatever has arrived.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rowlane::net {

class ChunkedBody {
 public:
  enum class State { more, whole, malformed, too_large };

  // Takes what it can from the front of `in` (and removes it), appends data to `body`, which never gets longer
  // than `bytes_max`. After `whole` what is left in `in` belongs to the next request.
  State feed(std::string_view& in, std::string& body, std::size_t bytes_max);

 private:
  enum class Part { size, extension, size_lf, data, data_cr, data_lf, trailer, trailer_lf, end_lf };
  bool take_size_digit(char c);

  Part part_ = Part::size;
  std::uint64_t left_ = 0;       // bytes of the chunk still to come
  int digits_ = 0;               // of the size at hand
  std::size_t extra_bytes_ = 0;  // extensions and trailers so far
  bool line_empty_ = true;       // the trailer line at hand has no byte yet
};

}  // namespace rowlane::net
