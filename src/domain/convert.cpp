#include "domain/convert.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>

#include "base/json.hpp"
#include "base/text.hpp"

namespace rowlane {

namespace {

constexpr double kExactMax = 9007199254740992.0;  // 2^53: beyond, a double has lost digits
constexpr double kMoneyMax = 9e13;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "Rs 1,25,000.50", "₹ 500", "INR 1,000", "1,250/-", "(500.00)": currency marks and grouping come off; what is left
// must be a plain number.
std::optional<Money> money_from_text(std::string_view text) {
  std::string body = normalise_key(text);  // no spaces, lower case, full-width digits made plain
  const bool parenthesised = body.size() > 2 && body.front() == '(' && body.back() == ')';
  if (parenthesised) body = body.substr(1, body.size() - 2);
  bool negative = parenthesised;
  std::string_view left = body;
  const auto take_sign = [&] {
    if (left.empty() || (left.front() != '-' && left.front() != '+')) return;
    negative = negative != (left.front() == '-');
    left.remove_prefix(1);
  };
  take_sign();
  for (const std::string_view mark : {"rs.", "rs", "inr", "₹", "$", "usd", "eur", "€", "£"})
    if (left.starts_with(mark)) {
      left.remove_prefix(mark.size());
      take_sign();
      break;
    }
  for (const std::string_view mark : {"/-", "inr", "rs", "₹", "€"})
    if (left.ends_with(mark)) {
      left.remove_suffix(mark.size());
      break;
    }
  std::string plain;
  std::size_t since_comma = 0;
  bool commas = false, dot = false;
  for (const char c : left) {
    if (c == ',') {
      if (dot || plain.empty() || (commas && since_comma != 2 && since_comma != 3)) return std::nullopt;
      commas = true;
      since_comma = 0;
      continue;
    }
    if (c == '.') {
      if (dot || (commas && since_comma != 3)) return std::nullopt;
      dot = true;
    } else if (!is_digit(c)) {
      return std::nullopt;
    } else if (!dot) {
      ++since_comma;
    }
    plain += c;
  }
  if (plain.empty() || plain == "." || (commas && !dot && since_comma != 3)) return std::nullopt;
  auto money = parse_plain_money(plain);
  if (money && negative) money->hundredths = -money->hundredths;
  return money;
}

std::optional<int> month_from_name(std::string_view name) {
  static constexpr std::array<std::string_view, 12> kMonths = {"january",   "february", "march",    "april",
                                                               "may",       "june",     "july",     "august",
                                                               "september", "october",  "november", "december"};
  if (name.size() < 3) return std::nullopt;
  for (std::size_t i = 0; i < kMonths.size(); ++i)
    if (kMonths[i].starts_with(name) || (name == "sept" && i == 8)) return static_cast<int>(i) + 1;
  return std::nullopt;
}

// "03/04/2026", "3-4-26", "2026.04.03", "3 Apr 2026", "Apr 3, 2026". A time of day behind it is not taken.
std::optional<Date> date_from_text(std::string_view raw, DateOrder order) {
  const std::string folded = fold_case(trim(raw));
  std::array<std::string_view, 3> parts;
  std::size_t count = 0;
  std::string_view text = folded;
  while (!text.empty()) {
    const auto is_word = [](char c) { return is_digit(c) || (c >= 'a' && c <= 'z'); };
    if (!is_word(text.front())) {
      if (std::string_view("/-., ").find(text.front()) == std::string_view::npos) return std::nullopt;
      text.remove_prefix(1);
      continue;
    }
    std::size_t end = 1;
    while (end < text.size() && is_word(text[end]) && is_digit(text[end]) == is_digit(text[0])) ++end;
    if (count == 3) return std::nullopt;
    parts[count++] = text.substr(0, end);
    text.remove_prefix(end);
  }
  if (count != 3) return std::nullopt;
  const auto number = [](std::string_view t) {
    int value = -1;
    const auto [end, ec] = std::from_chars(t.data(), t.data() + t.size(), value);
    return ec == std::errc{} && end == t.data() + t.size() && t.size() <= 4 ? value : -1;
  };
  int year, month, day;
  std::string_view year_text;
  if (!is_digit(parts[1][0])) {  // 3 Apr 2026
    day = number(parts[0]), month = month_from_name(parts[1]).value_or(-1), year_text = parts[2];
  } else if (!is_digit(parts[0][0])) {  // Apr 3, 2026
    month = month_from_name(parts[0]).value_or(-1), day = number(parts[1]), year_text = parts[2];
  } else if (parts[0].size() == 4 || order == DateOrder::ymd) {
    year_text = parts[0], month = number(parts[1]), day = number(parts[2]);
  } else if (order == DateOrder::mdy) {
    month = number(parts[0]), day = number(parts[1]), year_text = parts[2];
  } else {
    day = number(parts[0]), month = number(parts[1]), year_text = parts[2];
  }
  year = number(year_text);
  if (year_text.size() == 2 && year >= 0)
    year += year < 70 ? 2000 : 1900;
  else if (year_text.size() != 4)
    return std::nullopt;
  if (month < 1 || day < 1 || year < 0) return std::nullopt;
  return make_date(year, month, day);
}

Converted date_from_number(const Cell& cell) {
  const double serial = std::floor(cell.number);
  const bool shown_as_date = cell.format == FormatKind::date || cell.format == FormatKind::date_time;
  // Without a date format only a serial of 1927 to 2119 is taken for a day: 12 or 20260403 is no date.
  const bool plausible = shown_as_date ? serial >= 1 && serial <= 2'958'465 : serial >= 10'000 && serial <= 80'000;
  if (!plausible) return {{}, "not a date"};
  return {Date{static_cast<std::int32_t>(serial) - kSerialOf1970}, {}};
}

// A whole number in full: 1234500000000000, where the shortest form would be 1.2345e+15.
std::string digits_of(double number) {
  return number == std::floor(number) && std::fabs(number) < kExactMax ? fmt::format("{:.0f}", number)
                                                                       : number_text(number);
}

Converted text_from_number(const Cell& cell) {
  if (std::fabs(cell.number) >= kExactMax)
    return {{}, "a number with more than 15 digits in a text field has lost digits"};
  if (const auto day = day_of_serial(cell.number); day && cell.format == FormatKind::date) return {date_text(*day), {}};
  return {digits_of(cell.number), {}};
}

std::string_view not_a(FieldType type) {
  switch (type) {
    case FieldType::money:
      return "not an amount";
    case FieldType::date:
      return "not a date";
    case FieldType::boolean:
      return "not yes or no";
    case FieldType::choice:
      return "not a known vertical";
    case FieldType::text:
      return "not a text";
  }
  std::unreachable();
}

Converted boolean_from_text(std::string_view text) {
  const std::string word = normalise_key(text);
  for (const std::string_view yes : {"true", "yes", "y", "1"})
    if (word == yes) return {true, {}};
  for (const std::string_view no : {"false", "no", "n", "0"})
    if (word == no) return {false, {}};
  return {{}, not_a(FieldType::boolean)};
}

Converted choice_from_text(std::string_view text) {
  const std::string word = normalise_key(text);
  for (const std::string& vertical : verticals())
    if (word == vertical) return {vertical, {}};
  std::string dashless;
  for (const char c : word)
    if (c != '-') dashless += c;
  for (const std::string& vertical : verticals()) {
    std::string plain;
    for (const char c : vertical)
      if (c != '-') plain += c;
    if (dashless == plain) return {vertical, {}};
  }
  return {{}, not_a(FieldType::choice)};
}

Converted from_text(std::string_view text, FieldType type, DateOrder order) {
  if (type == FieldType::text) return {std::string(text), {}};
  if (trim(text).empty()) return {};
  switch (type) {
    case FieldType::money:
      if (const auto money = money_from_text(text)) return {*money, {}};
      return {{}, not_a(type)};
    case FieldType::date:
      if (const auto date = date_from_text(text, order)) return {*date, {}};
      return {{}, not_a(type)};
    case FieldType::boolean:
      return boolean_from_text(text);
    case FieldType::choice:
      return choice_from_text(text);
    case FieldType::text:
      break;
  }
  std::unreachable();
}

Converted from_number(const Cell& cell, FieldType type) {
  switch (type) {
    case FieldType::text:
      return text_from_number(cell);
    case FieldType::money:
      if (std::fabs(cell.number) > kMoneyMax) return {{}, not_a(type)};
      return {Money{std::llround(cell.number * 100)}, {}};
    case FieldType::date:
      return date_from_number(cell);
    case FieldType::boolean:
      if (cell.number == 0 || cell.number == 1) return {cell.number == 1, {}};
      return {{}, not_a(type)};
    case FieldType::choice:
      return {{}, not_a(type)};
  }
  std::unreachable();
}

}  // namespace

Converted from_cell(const Cell& cell, FieldType type, DateOrder order) {
  switch (cell.kind) {
    case CellKind::empty:
      return {};
    case CellKind::text:
      return from_text(cell.text(), type, order);
    case CellKind::number:
      return from_number(cell, type);
    case CellKind::boolean:
      if (type == FieldType::boolean) return {cell.number != 0, {}};
      if (type == FieldType::text) return {std::string(cell.number != 0 ? "TRUE" : "FALSE"), {}};
      return {{}, not_a(type)};
    case CellKind::error:
      return {{}, "an error of the spreadsheet"};
  }
  std::unreachable();
}

std::optional<Date> day_of_serial(double serial) {
  constexpr double kFirst = -693'593, kLast = 2'958'465;  // 0001-01-01 and 9999-12-31
  const double day = std::floor(serial);
  if (!(day >= kFirst && day <= kLast)) return std::nullopt;
  return Date{static_cast<std::int32_t>(day) - kSerialOf1970};
}

bool format_fits(FormatKind format, FieldType type) {
  if (type == FieldType::date) return format == FormatKind::date || format == FormatKind::date_time;
  if (type == FieldType::money) return format == FormatKind::number || format == FormatKind::currency;
  return true;
}

std::string cell_text(const SheetTable& table, int row, int column) {
  const Cell& cell = table.at(row, column);
  if (cell.formula) return std::string(table.formula_at(row, column));
  switch (cell.kind) {
    case CellKind::empty:
      return {};
    case CellKind::text:
    case CellKind::error:
      return std::string(cell.text());
    case CellKind::boolean:
      return cell.number != 0 ? "TRUE" : "FALSE";
    case CellKind::number: {
      const Converted date = cell.format == FormatKind::date ? date_from_number(cell) : Converted{};
      if (const auto* day = std::get_if<Date>(&date.value)) return date_text(*day);
      return digits_of(cell.number);
    }
  }
  std::unreachable();
}

}  // namespace rowlane
