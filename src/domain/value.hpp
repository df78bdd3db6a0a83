// A field's value in its own type, and the fields of one record.
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace rowlane {

struct Money {
  std::int64_t hundredths = 0;  // 125000.50 is 12500050
  friend auto operator<=>(Money, Money) = default;
};

struct Date {
  std::int32_t days = 0;  // since 1970-01-01
  friend auto operator<=>(Date, Date) = default;
};

// monostate: blank. An empty text is kept as sent, and counts as blank wherever sides are compared.
using Value = std::variant<std::monostate, std::string, Money, Date, bool>;

inline bool is_blank(const Value& value) {
  if (value.index() == 0) return true;
  const auto* text = std::get_if<std::string>(&value);
  return text && text->empty();
}
// Equal as far as sides are compared: blank equals empty text.
inline bool same_value(const Value& a, const Value& b) { return a == b || (is_blank(a) && is_blank(b)); }

// Index into a FieldCatalogue.
using FieldId = std::uint16_t;

// Field id -> value, sorted by id; a field that is not there is blank.
class Fields {
 public:
  using Entry = std::pair<FieldId, Value>;

  [[nodiscard]] const Value& get(FieldId field) const {
    static const Value kBlank;
    const auto at = find(field);
    return at != entries_.end() && at->first == field ? at->second : kBlank;
  }
  [[nodiscard]] bool has(FieldId field) const {
    const auto at = find(field);
    return at != entries_.end() && at->first == field;
  }
  void set(FieldId field, Value value) {
    const auto at = std::lower_bound(entries_.begin(), entries_.end(), field, before);
    if (at != entries_.end() && at->first == field)
      at->second = std::move(value);
    else
      entries_.emplace(at, field, std::move(value));
  }
  void erase(FieldId field) {
    const auto at = std::lower_bound(entries_.begin(), entries_.end(), field, before);
    if (at != entries_.end() && at->first == field) entries_.erase(at);
  }
  // The text of a text field, or empty.
  [[nodiscard]] std::string_view text(FieldId field) const {
    const auto* text = std::get_if<std::string>(&get(field));
    return text ? std::string_view(*text) : std::string_view();
  }
  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
  void reserve(std::size_t count) { entries_.reserve(count); }
  friend bool operator==(const Fields&, const Fields&) = default;

 private:
  static bool before(const Entry& entry, FieldId field) { return entry.first < field; }
  [[nodiscard]] std::vector<Entry>::const_iterator find(FieldId field) const {
    return std::lower_bound(entries_.begin(), entries_.end(), field, before);
  }
  std::vector<Entry> entries_;
};

}  // namespace rowlane
