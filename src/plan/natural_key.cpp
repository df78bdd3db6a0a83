#include "plan/natural_key.hpp"

#include <array>

#include "base/text.hpp"

namespace rowlane::plan {

namespace {

constexpr std::size_t kKeyCharactersMin = 4;

bool is_placeholder(std::string_view normalised) {
  static constexpr std::array<std::string_view, 16> kPlaceholders = {
      "na",  "n/a", "n.a.",    "n.a",          "new",     "none",          "nil",     "null",
      "tba", "tbd", "pending", "notavailable", "applied", "notapplicable", "unknown", "awaited"};
  if (std::find(kPlaceholders.begin(), kPlaceholders.end(), normalised) != kPlaceholders.end()) return true;
  // "-", "--", "0000", "xxxx", "....": one character over and over is nobody's number.
  return !normalised.empty() && normalised.find_first_not_of(normalised.front()) == std::string_view::npos &&
         std::string_view("-0x.?*_/#").contains(normalised.front());
}

}  // namespace

std::string join_key(const std::vector<std::string_view>& parts) {
  std::string joined;
  std::size_t characters = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    std::string part = normalise_key(parts[i]);
    if (part.empty() || is_placeholder(part)) return {};
    characters += utf16_length(part);
    if (i == 0) {
      joined = std::move(part);
      continue;
    }
    joined += '\x1f';
    joined += part;
  }
  return characters < kKeyCharactersMin ? std::string() : joined;
}

std::string key_of(const Fields& fields, const std::vector<FieldId>& key) {
  std::vector<std::string_view> parts;
  parts.reserve(key.size());
  for (const FieldId field : key) parts.push_back(fields.text(field));
  return join_key(parts);
}

NaturalKeys keys_of(const Fields& fields, const TabLayout& layout) {
  NaturalKeys out;
  out.reserve(layout.keys.size());
  for (const auto& key : layout.keys) out.push_back(key_of(fields, key));
  return out;
}

std::string describe_key(const Fields& fields, const TabLayout& layout, const FieldCatalogue& catalogue,
                         std::size_t key) {
  std::string out;
  for (const FieldId field : layout.keys[key]) {
    if (!out.empty()) out += ", ";
    out += catalogue.name(field);
    out += '=';
    out += fields.text(field);
  }
  return out;
}

}  // namespace rowlane::plan
