#include "sheets/local/number_format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>

#include "base/json.hpp"
#include "sheets/local/eval.hpp"

namespace rowlane::sheets::local {

namespace {

constexpr std::array<std::string_view, 12> kMonths = {"January",   "February", "March",    "April",
                                                      "May",       "June",     "July",     "August",
                                                      "September", "October",  "November", "December"};
constexpr std::array<std::string_view, 7> kDays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                   "Thursday", "Friday", "Saturday"};
constexpr std::chrono::sys_days kEpoch = std::chrono::year{1899} / 12 / 30;

std::string grouped(std::string digits, const Locale& locale, bool lakh) {
  std::string out;
  int until_comma = 3;
  for (std::size_t i = digits.size(); i-- > 0;) {
    if (until_comma == 0) {
      out.insert(out.begin(), locale.group);
      until_comma = lakh ? 2 : 3;
    }
    out.insert(out.begin(), digits[i]);
    --until_comma;
  }
  return out;
}

std::string general(double x, const Locale& locale) {
  if (x == 0) return "0";
  std::string text;
  if (const double size = std::abs(x); size >= 1e15 || size < 1e-5) {
    text = fmt::format("{:.5E}", x);
    const std::size_t e = text.find('E');  // "1.23457E+20": trailing zeros of the mantissa go
    std::size_t end = e;
    while (end > 1 && text[end - 1] == '0') --end;
    if (text[end - 1] == '.') --end;
    text.erase(end, e - end);
  } else {
    text = fmt::format("{:.10g}", x);
    if (text.find('e') != std::string::npos || size >= 1e10) text = fmt::format("{:.15g}", x);
  }
  if (locale.decimal != '.')
    if (const std::size_t dot = text.find('.'); dot != std::string::npos) text[dot] = locale.decimal;
  return text;
}

bool is_date_pattern(std::string_view pattern) {
  bool quoted = false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '"') quoted = !quoted;
    if (quoted || c == '[') continue;
    if (c == '\\') {
      ++i;
      continue;
    }
    const char low = static_cast<char>(c | 0x20);
    if (low == 'y' || low == 'd' || low == 'm' || low == 'h' || low == 's') return true;
  }
  return false;
}

struct Moment {
  int year, month, day, weekday, hour, minute, second, millis;
};
Moment moment_of(double serial) {
  const double whole = std::floor(serial);
  auto millis = static_cast<std::int64_t>(std::llround((serial - whole) * 86'400'000));
  auto days = static_cast<std::int64_t>(whole);
  if (millis >= 86'400'000) {
    millis -= 86'400'000;
    ++days;
  }
  const std::chrono::sys_days at = kEpoch + std::chrono::days{days};
  const std::chrono::year_month_day date{at};
  return {static_cast<int>(date.year()),
          static_cast<int>(static_cast<unsigned>(date.month())),
          static_cast<int>(static_cast<unsigned>(date.day())),
          static_cast<int>(std::chrono::weekday{at}.c_encoding()),
          static_cast<int>(millis / 3'600'000),
          static_cast<int>(millis / 60'000 % 60),
          static_cast<int>(millis / 1000 % 60),
          static_cast<int>(millis % 1000)};
}

std::string format_date(double serial, std::string_view pattern) {
  if (!(std::abs(serial) < 3e6)) return fmt::format("{:g}", serial);
  const Moment t = moment_of(serial);
  const bool half_day = pattern.find("am/pm") != std::string_view::npos ||
                        pattern.find("AM/PM") != std::string_view::npos ||
                        pattern.find("a/p") != std::string_view::npos;
  std::string out;
  char before = 0;  // the last part put out: 'm' after hours means minutes
  for (std::size_t i = 0; i < pattern.size();) {
    const char c = pattern[i];
    if (c == '"') {
      for (++i; i < pattern.size() && pattern[i] != '"'; ++i) out += pattern[i];
      ++i;
      continue;
    }
    if (c == '\\' && i + 1 < pattern.size()) {
      out += pattern[i + 1];
      i += 2;
      continue;
    }
    if (pattern.substr(i, 5) == "am/pm" || pattern.substr(i, 5) == "AM/PM") {
      out += t.hour < 12 ? "AM" : "PM";
      i += 5;
      continue;
    }
    const char low = static_cast<char>(c | 0x20);
    std::size_t run = 1;
    while (i + run < pattern.size() && (pattern[i + run] | 0x20) == low) ++run;
    const auto number = [&](int value) { out += run >= 2 ? fmt::format("{:02}", value) : fmt::format("{}", value); };
    switch (low) {
      case 'y':
        out += run <= 2 ? fmt::format("{:02}", t.year % 100) : fmt::format("{:04}", t.year);
        break;
      case 'd':
        if (run <= 2)
          number(t.day);
        else
          out += run == 3 ? kDays[static_cast<std::size_t>(t.weekday)].substr(0, 3)
                          : kDays[static_cast<std::size_t>(t.weekday)];
        break;
      case 'm': {
        std::size_t next = i + run;
        while (next < pattern.size() && (pattern[next] == ':' || pattern[next] == ' ' || pattern[next] == '.')) ++next;
        const bool minutes =
            before == 'h' || (next < pattern.size() && (pattern[next] | 0x20) == 's' && next > i + run);
        const auto name = kMonths[static_cast<std::size_t>(t.month - 1)];
        if (minutes)
          number(t.minute);
        else if (run <= 2)
          number(t.month);
        else
          out += run == 3 ? name.substr(0, 3) : run == 5 ? name.substr(0, 1) : name;
        break;
      }
      case 'h':
        number(half_day ? (t.hour % 12 == 0 ? 12 : t.hour % 12) : t.hour);
        break;
      case 's':
        number(t.second);
        break;
      default:
        out.append(pattern.substr(i, run));
        break;
    }
    if (low == 'y' || low == 'd' || low == 'm' || low == 'h' || low == 's') before = low;
    i += run;
  }
  return out;
}

// "#,##0.00", "0%", "[$₹]#,##,##0.00", "0.00E+00": one section of a number pattern.
std::string format_section(double x, std::string_view section, const Locale& locale, bool minus_sign) {
  std::string before, after, digits_part;
  bool in_digits = false, percent = false, exponent = false;
  for (std::size_t i = 0; i < section.size(); ++i) {
    const char c = section[i];
    std::string literal;
    if (c == '"') {
      for (++i; i < section.size() && section[i] != '"'; ++i) literal += section[i];
    } else if (c == '\\' && i + 1 < section.size()) {
      literal = section[++i];
    } else if (c == '[') {
      const std::size_t close = section.find(']', i);
      std::string_view inside = section.substr(i + 1, close == std::string_view::npos ? close : close - i - 1);
      if (inside.starts_with('$'))
        literal = inside.substr(1, inside.find('-') == std::string_view::npos ? inside.size() : inside.find('-') - 1);
      if (close == std::string_view::npos) break;
      i = close;
    } else if (c == '_' || c == '*') {
      ++i;
      if (c == '_') literal = " ";
    } else if (c == '0' || c == '#' || c == '?' || c == '.' || (c == ',' && in_digits)) {
      digits_part += c;
      in_digits = true;
      continue;
    } else if ((c == 'E' || c == 'e') && in_digits) {
      exponent = true;
      while (i + 1 < section.size() && (section[i + 1] == '+' || section[i + 1] == '-' || section[i + 1] == '0')) ++i;
      continue;
    } else {
      if (c == '%') percent = true;
      literal = c;
    }
    (in_digits ? after : before) += literal;
  }
  if (percent) x *= 100;
  const std::size_t dot = digits_part.find('.');
  const std::string whole_part = digits_part.substr(0, dot);
  std::string fraction = dot == std::string::npos ? "" : digits_part.substr(dot + 1);
  std::erase(fraction, ',');
  const std::size_t fixed = std::min<std::size_t>(std::ranges::count(fraction, '0'), 20);
  const std::size_t most = std::min<std::size_t>(fraction.size(), 20);
  const double size = std::abs(x);
  std::string text = exponent ? fmt::format("{:.{}E}", size, most) : fmt::format("{:.{}f}", size, most);
  std::string tail;
  if (exponent) {
    tail = text.substr(text.find('E'));
    text.resize(text.find('E'));
  }
  std::size_t point = text.find('.');
  std::string whole = text.substr(0, point);
  std::string decimals = point == std::string::npos ? "" : text.substr(point + 1);
  while (decimals.size() > fixed && decimals.back() == '0') decimals.pop_back();
  const auto zeros = static_cast<std::size_t>(std::ranges::count(whole_part, '0'));
  if (whole == "0" && zeros == 0) whole.clear();
  while (whole.size() < zeros) whole.insert(whole.begin(), '0');
  const std::size_t comma = whole_part.find(',');
  if (comma != std::string::npos) {
    const std::size_t last = whole_part.rfind(',');
    const bool lakh = (comma != last && last - whole_part.rfind(',', last - 1) == 3) || locale.lakh;
    whole = grouped(whole, locale, lakh);
  }
  std::string out = minus_sign && x < 0 &&
                            (whole.find_first_not_of("0,.") != std::string::npos ||
                             decimals.find_first_not_of('0') != std::string::npos)
                        ? "-"
                        : "";
  out += before + whole;
  if (!decimals.empty()) out += locale.decimal + decimals;
  return out + tail + after;
}

std::string format_number(double x, std::string_view pattern, const Locale& locale) {
  std::array<std::string_view, 4> sections;
  std::size_t count = 0;
  bool quoted = false;
  std::size_t start = 0;
  for (std::size_t i = 0; i <= pattern.size(); ++i) {
    if (i < pattern.size() && pattern[i] == '"') quoted = !quoted;
    if (i == pattern.size() || (pattern[i] == ';' && !quoted)) {
      if (count < sections.size()) sections[count++] = pattern.substr(start, i - start);
      start = i + 1;
    }
  }
  std::string_view section = sections[0];
  bool minus = true;
  if (x < 0 && count > 1) {
    section = sections[1];
    minus = false;
  } else if (x == 0 && count > 2) {
    section = sections[2];
  }
  if (section == "General" || section == "@" || section.empty()) return general(x, locale);
  return format_section(x, section, locale, minus);
}

}  // namespace

const Locale& locale_of(std::string_view name) {
  static const Locale kUs{};
  static const Locale kIndia{.lakh = true, .date_order = 'd', .date = "dd/MM/yyyy", .currency = "₹"};
  static const Locale kBritain{.date_order = 'd', .date = "dd/MM/yyyy", .currency = "£"};
  static const Locale kGermany{
      .decimal = ',', .group = '.', .date_order = 'd', .date = "dd.MM.yyyy", .currency = "€", .currency_after = true};
  if (name == "en_IN" || name == "hi_IN") return kIndia;
  if (name == "en_GB") return kBritain;
  if (name.starts_with("de")) return kGermany;
  return kUs;
}

std::int64_t serial_of(int year, int month, int day) {
  const std::chrono::sys_days at = std::chrono::year{year} / month / day;
  return (at - kEpoch).count();
}

std::string format_value(const Value& value, const NumberStyle& style, const Locale& locale) {
  const auto* number = std::get_if<double>(&value);
  if (!number) return text_of(value);
  const double x = *number;
  if (style.type.empty() || style.type == "TEXT" || style.type == "NUMBER_FORMAT_TYPE_UNSPECIFIED") {
    if (style.pattern.empty()) return general(x, locale);
  }
  std::string pattern(style.pattern);
  if (pattern.empty()) {
    if (style.type == "NUMBER")
      pattern = "#,##0.00";
    else if (style.type == "PERCENT")
      pattern = "0.00%";
    else if (style.type == "CURRENCY")
      pattern = locale.currency_after ? fmt::format("#,##0.00\" {}\"", locale.currency)
                                      : fmt::format("\"{}\"#,##0.00", locale.currency);
    else if (style.type == "DATE")
      pattern = locale.date;
    else if (style.type == "TIME")
      pattern = "h:mm:ss AM/PM";
    else if (style.type == "DATE_TIME")
      pattern = std::string(locale.date) + " H:mm:ss";
    else if (style.type == "SCIENTIFIC")
      pattern = "0.00E+00";
  }
  const bool dated = style.type == "DATE" || style.type == "TIME" || style.type == "DATE_TIME" ||
                     (style.type.empty() && is_date_pattern(pattern));
  return dated ? format_date(x, pattern) : format_number(x, pattern, locale);
}

}  // namespace rowlane::sheets::local
