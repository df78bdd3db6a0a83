// Numbers as people see them, and what people type as values. Dates are Google's serials: days since
// 1899-12-30, the time of day as the fraction. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sheets/local/grid.hpp"

namespace rowlane::sheets::local {

struct NumberStyle {
  std::string_view type;     // "NUMBER", "DATE", ...; empty: automatic
  std::string_view pattern;  // empty: the type's default in the locale
};

// What differs between locales here. An unknown locale counts as en_US.
struct Locale {
  char decimal = '.', group = ',';
  bool lakh = false;      // groups of two above the thousands
  char date_order = 'm';  // 'm': month first, 'd': day first
  std::string_view date = "M/d/yyyy";
  std::string_view currency = "$";
  bool currency_after = false;
};
const Locale& locale_of(std::string_view name);

// The formatted value of a cell: text as it is, TRUE and FALSE, "#REF!", numbers in their style.
std::string format_value(const Value& value, const NumberStyle& style, const Locale& locale);

struct TypedValue {
  Value value;
  std::string formula;      // "=..." when a formula was typed
  std::string format_type;  // the number format that goes with what was typed; empty: none
  std::string format_pattern;
};
// What a person means by typing `text`: a formula, number, percentage, amount, date, time, truth, or text.
// A leading apostrophe makes it text. A cell of type TEXT takes everything as text.
TypedValue parse_typed(std::string_view text, const Locale& locale, bool text_cell = false);

std::int64_t serial_of(int year, int month, int day);

}  // namespace rowlane::sheets::local
