#include "net/chunked_body.hpp"

#include <algorithm>

namespace rowlane::net {

namespace {
constexpr std::size_t kExtraBytesMax = 8 * 1024;

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}
bool is_control(char c) { return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == 0x7f; }
}  // namespace

bool ChunkedBody::take_size_digit(char c) {
  const int value = hex_value(c);
  if (value < 0 || ++digits_ > 15) return false;
  left_ = left_ * 16 + static_cast<std::uint64_t>(value);
  return true;
}

ChunkedBody::State ChunkedBody::feed(std::string_view& in, std::string& body, std::size_t bytes_max) {
  while (!in.empty()) {
    if (part_ == Part::data) {
      const std::size_t size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, in.size()));
      body.append(in.substr(0, size));
      in.remove_prefix(size);
      left_ -= size;
      if (left_ == 0) part_ = Part::data_cr;
      continue;
    }
    const char c = in.front();
    in.remove_prefix(1);
    switch (part_) {
      case Part::size:
        if (digits_ > 0 && c == '\r')
          part_ = Part::size_lf;
        else if (digits_ > 0 && c == ';')
          part_ = Part::extension;
        else if (!take_size_digit(c))
          return State::malformed;
        break;
      case Part::extension:
        if (c == '\r')
          part_ = Part::size_lf;
        else if (is_control(c) || ++extra_bytes_ > kExtraBytesMax)
          return State::malformed;
        break;
      case Part::size_lf:
        if (c != '\n') return State::malformed;
        if (left_ > bytes_max - std::min(bytes_max, body.size())) return State::too_large;
        part_ = left_ == 0 ? Part::trailer : Part::data;
        digits_ = 0;
        line_empty_ = true;
        break;
      case Part::data_cr:
        if (c != '\r') return State::malformed;
        part_ = Part::data_lf;
        break;
      case Part::data_lf:
        if (c != '\n') return State::malformed;
        part_ = Part::size;
        break;
      case Part::trailer:
        if (c == '\r')
          part_ = line_empty_ ? Part::end_lf : Part::trailer_lf;
        else if (is_control(c) || ++extra_bytes_ > kExtraBytesMax)
          return State::malformed;
        else
          line_empty_ = false;
        break;
      case Part::trailer_lf:
        if (c != '\n') return State::malformed;
        part_ = Part::trailer;
        line_empty_ = true;
        break;
      case Part::end_lf:
        return c == '\n' ? State::whole : State::malformed;
      case Part::data:
        break;  // taken above
    }
  }
  return State::more;
}

}  // namespace rowlane::net
