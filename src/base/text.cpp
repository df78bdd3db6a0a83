#include "base/text.hpp"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>

namespace rowlane {

namespace {

const icu::Normalizer2& nfkc_casefold() {
  static const icu::Normalizer2* const instance = [] {
    UErrorCode error = U_ZERO_ERROR;
    const icu::Normalizer2* made = icu::Normalizer2::getNFKCCasefoldInstance(error);
    if (U_FAILURE(error) != 0) std::abort();  // ICU without its data: the installation is broken
    return made;
  }();
  return *instance;
}

icu::UnicodeString folded(std::string_view utf8) {
  UErrorCode error = U_ZERO_ERROR;
  const icu::UnicodeString text = icu::UnicodeString::fromUTF8({utf8.data(), static_cast<int32_t>(utf8.size())});
  return nfkc_casefold().normalize(text, error);
}

bool is_plain_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<signed char>(c) >= 0; });
}

char ascii_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool ascii_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

bool is_zero_width(UChar32 c) { return u_charType(c) == U_FORMAT_CHAR; }

}  // namespace

std::string normalise_key(std::string_view utf8) {
  std::string out;
  if (is_plain_ascii(utf8)) {  // the common case, without ICU
    out.reserve(utf8.size());
    for (const char c : utf8)
      if (!ascii_space(c)) out += ascii_lower(c);
    return out;
  }
  const icu::UnicodeString text = folded(utf8);
  icu::UnicodeString kept;
  for (int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
    const UChar32 c = text.char32At(i);
    if (u_isUWhiteSpace(c) || is_zero_width(c)) continue;
    // U+2212 MINUS SIGN is a symbol by category, and a dash to people.
    kept.append(u_charType(c) == U_DASH_PUNCTUATION || c == 0x2212 ? UChar32('-') : c);
  }
  kept.toUTF8String(out);
  return out;
}

std::string fold_case(std::string_view utf8) {
  std::string out;
  if (is_plain_ascii(utf8)) {
    out.assign(utf8);
    std::transform(out.begin(), out.end(), out.begin(), ascii_lower);
    return out;
  }
  folded(utf8).toUTF8String(out);
  return out;
}

std::size_t utf16_length(std::string_view utf8) {
  std::size_t units = 0;
  for (const char c : utf8) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xc0) != 0x80) units += byte >= 0xf0 ? 2 : 1;
  }
  return units;
}

std::string nearest(std::string_view word, const std::vector<std::string>& known) {
  const auto distance = [](std::string_view a, std::string_view b) {
    std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
    for (std::size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i)
      for (std::size_t j = 1; j <= b.size(); ++j) {
        d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] != b[j - 1])});
        if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
          d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
      }
    return d[a.size()][b.size()];
  };
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 2);
  for (const std::string& name : known) {
    const std::size_t far = distance(word, name);
    if (far > best_distance || (far == best_distance && !best.empty())) continue;
    best = name;
    best_distance = far;
  }
  return best;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& known) {
  const std::string near = nearest(word, known);
  return near.empty() ? std::string() : fmt::format("; did you mean '{}'?", near);
}

std::string shorten(std::string_view utf8, std::size_t bytes_max) {
  std::size_t size = std::min(utf8.size(), bytes_max);
  while (size > 0 && size < utf8.size() && (static_cast<unsigned char>(utf8[size]) & 0xC0) == 0x80) --size;
  std::string out(utf8.substr(0, size));
  for (char& c : out)
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  return out;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && ascii_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && ascii_space(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace rowlane
