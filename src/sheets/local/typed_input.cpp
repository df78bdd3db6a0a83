// What people type, read by the locale's rules. See number_format.hpp.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <vector>

#include "sheets/local/number_format.hpp"

namespace rowlane::sheets::local {

namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

struct Plain {
  double value = 0;
  bool grouped = false;
  int decimals = 0;
};

// "1,25,000.50", "-5", "1.5e3"; groups only where the locale puts them.
std::optional<Plain> read_number(std::string_view text, const Locale& locale) {
  Plain out;
  std::string clean;
  std::size_t i = 0;
  if (i < text.size() && (text[i] == '-' || text[i] == '+')) {
    if (text[i] == '-') clean += '-';
    ++i;
  }
  std::vector<int> groups(1, 0);
  std::size_t digits = 0;
  for (; i < text.size() && (std::isdigit(static_cast<unsigned char>(text[i])) || text[i] == locale.group); ++i) {
    if (text[i] == locale.group) {
      if (groups.back() == 0) return std::nullopt;
      groups.push_back(0);
      continue;
    }
    clean += text[i];
    ++groups.back();
    ++digits;
  }
  if (groups.size() > 1) {
    if (groups.back() != 3 || groups.front() > 3) return std::nullopt;
    for (std::size_t g = 1; g + 1 < groups.size(); ++g)
      if (groups[g] != 3 && !(locale.lakh && groups[g] == 2)) return std::nullopt;
    out.grouped = true;
  }
  if (i < text.size() && text[i] == locale.decimal) {
    clean += '.';
    for (++i; i < text.size() && std::isdigit(static_cast<unsigned char>(text[i])); ++i) {
      clean += text[i];
      ++digits;
      ++out.decimals;
    }
  }
  if (digits == 0) return std::nullopt;
  if (i < text.size() && (text[i] | 0x20) == 'e' && !out.grouped) {
    clean += 'e';
    ++i;
    if (i < text.size() && (text[i] == '-' || text[i] == '+')) {
      if (text[i] == '-') clean += '-';
      ++i;
    }
    const std::size_t start = i;
    for (; i < text.size() && std::isdigit(static_cast<unsigned char>(text[i])); ++i) clean += text[i];
    if (i == start) return std::nullopt;
  }
  if (i != text.size()) return std::nullopt;
  if (clean.back() == '.') clean += '0';
  if (clean.starts_with('.')) clean.insert(0, "0");
  if (clean.starts_with("-.")) clean.insert(1, "0");
  const char* end = clean.data() + clean.size();
  if (std::from_chars(clean.data(), end, out.value).ptr != end || !std::isfinite(out.value)) return std::nullopt;
  return out;
}

int month_named(std::string_view text) {
  static constexpr std::array<std::string_view, 12> kNames = {"january",   "february", "march",    "april",
                                                              "may",       "june",     "july",     "august",
                                                              "september", "october",  "november", "december"};
  const std::string low = lower(text);
  for (std::size_t i = 0; i < kNames.size(); ++i)
    if (low == kNames[i] || (low.size() == 3 && kNames[i].starts_with(low))) return static_cast<int>(i) + 1;
  return 0;
}

std::optional<std::int64_t> date_serial(int year, int month, int day) {
  if (year >= 0 && year < 100) year += year < 30 ? 2000 : 1900;
  if (year < 1800 || year > 9999) return std::nullopt;
  const std::chrono::year_month_day date = std::chrono::year{year} / month / day;
  if (month < 1 || month > 12 || day < 1 || !date.ok()) return std::nullopt;
  return serial_of(year, month, day);
}

// "3/4/2026", "03-04-26", "03.04.2026", "2026-04-03", "3 Apr 2026", "Apr 3, 2026".
std::optional<std::int64_t> read_date(std::string_view text, const Locale& locale) {
  std::vector<std::string_view> parts;
  char separator = 0;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i;
    while (end < text.size() && text[end] != '/' && text[end] != '-' && text[end] != '.' && text[end] != ' ' &&
           text[end] != ',')
      ++end;
    if (end == i) return std::nullopt;
    parts.push_back(text.substr(i, end - i));
    if (end < text.size()) {
      if (separator == 0) separator = text[end];
      if (text[end] == ',') ++end;
      if (end < text.size() && !std::isalnum(static_cast<unsigned char>(text[end]))) ++end;
    }
    i = end;
  }
  if (parts.size() != 3) return std::nullopt;
  std::array<int, 3> n{};
  int month = 0;
  std::size_t month_at = 3;
  for (std::size_t i = 0; i < 3; ++i) {
    const char* end = parts[i].data() + parts[i].size();
    if (std::from_chars(parts[i].data(), end, n[i]).ptr == end) continue;
    month = month_named(parts[i]);
    if (!month || month_at != 3) return std::nullopt;
    month_at = i;
  }
  if (month_at == 1) return date_serial(n[2], month, n[0]);
  if (month_at == 0) return date_serial(n[2], month, n[1]);
  if (month_at == 2 || separator == ' ') return std::nullopt;
  if (separator == '.' && locale.decimal == '.') return std::nullopt;
  if (parts[0].size() == 4) return date_serial(n[0], n[1], n[2]);
  if (parts[2].size() != 4 && parts[2].size() != 2) return std::nullopt;
  return locale.date_order == 'd' ? date_serial(n[2], n[1], n[0]) : date_serial(n[2], n[0], n[1]);
}

// "14:30", "2:30:15 PM": a fraction of a day.
std::optional<double> read_time(std::string_view text) {
  std::string low = lower(text);
  int add = 0;
  bool half_day = false;
  if (low.ends_with("am") || low.ends_with("pm")) {
    half_day = true;
    add = low.ends_with("pm") ? 12 : 0;
    low.resize(low.size() - 2);
    while (low.ends_with(' ')) low.pop_back();
  }
  std::array<int, 3> n{};
  std::size_t count = 0;
  const char* at = low.data();
  const char* end = at + low.size();
  while (at < end && count < 3) {
    const auto [next, error] = std::from_chars(at, end, n[count]);
    if (error != std::errc{} || n[count] < 0) return std::nullopt;
    ++count;
    at = next;
    if (at < end && *at++ != ':') return std::nullopt;
  }
  if (at != end || count < 2 || low.ends_with(':') || n[1] > 59 || n[2] > 59) return std::nullopt;
  if (half_day) {
    if (n[0] < 1 || n[0] > 12) return std::nullopt;
    n[0] = n[0] % 12 + add;
  }
  if (n[0] > 23) return std::nullopt;
  return (n[0] * 3600 + n[1] * 60 + n[2]) / 86'400.0;
}

std::optional<TypedValue> read_amount(std::string_view text, const Locale& locale) {
  static constexpr std::array<std::string_view, 6> kSigns = {"$", "₹", "£", "€", "Rs.", "Rs"};
  std::string_view rest = text;
  bool minus = false;
  if (rest.starts_with('-')) {
    minus = true;
    rest.remove_prefix(1);
  }
  for (const auto sign : kSigns) {
    // "Rs" is no currency sign to Google's own parser; only the locale's sign and the common symbols are.
    if (sign.starts_with("Rs")) continue;
    std::string_view number;
    if (rest.starts_with(sign))
      number = trimmed(rest.substr(sign.size()));
    else if (rest.ends_with(sign))
      number = trimmed(rest.substr(0, rest.size() - sign.size()));
    else
      continue;
    if (sign != locale.currency && sign != "$" && sign != "€") return std::nullopt;
    const auto plain = read_number(number, locale);
    if (!plain) return std::nullopt;
    const std::string digits = plain->decimals ? "#,##0.00" : "#,##0";
    TypedValue out{.value = minus ? -plain->value : plain->value, .format_type = "CURRENCY"};
    out.format_pattern =
        locale.currency_after ? fmt::format("{}\" {}\"", digits, sign) : fmt::format("\"{}\"{}", sign, digits);
    return out;
  }
  return std::nullopt;
}

}  // namespace

TypedValue parse_typed(std::string_view raw, const Locale& locale, bool text_cell) {
  if (raw.empty()) return {};
  if (text_cell) return {.value = std::string(raw)};
  if (raw.front() == '\'') return {.value = std::string(raw.substr(1))};
  if (raw.front() == '=' && raw.size() > 1) return {.formula = std::string(raw)};
  const std::string_view text = trimmed(raw);
  if (text.size() > 60) return {.value = std::string(raw)};
  const std::string low = lower(text);
  if (low == "true" || low == "false") return {.value = low == "true"};
  if (const auto plain = read_number(text, locale)) {
    TypedValue out{.value = plain->value};
    if (plain->grouped) {
      out.format_type = "NUMBER";
      out.format_pattern = plain->decimals ? "#,##0.00" : "#,##0";
    }
    return out;
  }
  if (text.ends_with('%')) {
    if (const auto plain = read_number(trimmed(text.substr(0, text.size() - 1)), locale))
      return {
          .value = plain->value / 100, .format_type = "PERCENT", .format_pattern = plain->decimals ? "0.00%" : "0%"};
  }
  if (auto amount = read_amount(text, locale)) return std::move(*amount);
  if (const auto date = read_date(text, locale))
    return {.value = static_cast<double>(*date), .format_type = "DATE", .format_pattern = std::string(locale.date)};
  if (const auto time = read_time(text)) return {.value = *time, .format_type = "TIME", .format_pattern = "h:mm:ss"};
  if (const std::size_t space = text.find(' '); space != std::string_view::npos) {
    const auto date = read_date(text.substr(0, space), locale);
    const auto time = read_time(trimmed(text.substr(space + 1)));
    if (date && time)
      return {.value = static_cast<double>(*date) + *time,
              .format_type = "DATE_TIME",
              .format_pattern = std::string(locale.date) + " H:mm:ss"};
  }
  return {.value = std::string(raw)};
}

}  // namespace rowlane::sheets::local
