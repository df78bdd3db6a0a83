// The functions: those that take single values, and those that fold over ranges.
#include <algorithm>
#include <charconv>
#include <cmath>

#include "sheets/local/calculation.hpp"

namespace rowlane::sheets::local {

std::variant<double, ErrorKind> number_of(const Value& value) {
  if (is_blank(value)) return 0.0;
  if (const auto* number = std::get_if<double>(&value)) return *number;
  if (const auto* truth = std::get_if<bool>(&value)) return *truth ? 1.0 : 0.0;
  if (const auto* error = if_error(value)) return *error;
  const std::string& text = std::get<std::string>(value);
  double number = 0;
  const char* end = text.data() + text.size();
  if (text.empty() || std::from_chars(text.data(), end, number).ptr != end || !std::isfinite(number))
    return ErrorKind::value;
  return number;
}

std::variant<bool, ErrorKind> truth_of(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    if (text->empty()) return false;
    if (*text == "TRUE" || *text == "true") return true;
    if (*text == "FALSE" || *text == "false") return false;
    return ErrorKind::value;
  }
  const auto number = number_of(value);
  if (const auto* error = std::get_if<ErrorKind>(&number)) return *error;
  return std::get<double>(number) != 0;
}

int compare_values(const Value& a, const Value& b) {
  const auto fill = [](const Value& blank, const Value& other) -> Value {
    if (!is_blank(blank)) return blank;
    if (std::holds_alternative<std::string>(other)) return std::string();
    if (std::holds_alternative<bool>(other)) return false;
    return 0.0;
  };
  const Value left = fill(a, b), right = fill(b, a);
  const auto rank = [](const Value& v) {
    return std::holds_alternative<double>(v) ? 0 : std::holds_alternative<std::string>(v) ? 1 : 2;
  };
  if (rank(left) != rank(right)) return rank(left) < rank(right) ? -1 : 1;
  if (const auto* number = std::get_if<double>(&left)) {
    const double other = std::get<double>(right);
    return *number < other ? -1 : *number > other ? 1 : 0;
  }
  if (const auto* text = std::get_if<std::string>(&left)) {
    const auto low = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    const std::string& other = std::get<std::string>(right);
    const auto [x, y] = std::ranges::mismatch(*text, other, {}, low, low);
    if (x == text->end() || y == other.end()) return x == text->end() ? (y == other.end() ? 0 : -1) : 1;
    return static_cast<unsigned char>(low(*x)) < static_cast<unsigned char>(low(*y)) ? -1 : 1;
  }
  if (const auto* truth = std::get_if<bool>(&left))
    return static_cast<int>(*truth) - static_cast<int>(std::get<bool>(right));
  return 0;
}

namespace {

using Arguments = std::vector<Value>;

const ErrorKind* first_error(const Arguments& v) {
  for (const Value& value : v)
    if (const auto* error = if_error(value)) return error;
  return nullptr;
}

// A function of numbers; blank is 0.
template <double (*F)(double, double)>
Value numeric(const Arguments& v) {
  const auto first = number_of(v[0]);
  if (const auto* error = std::get_if<ErrorKind>(&first)) return *error;
  double second = 0;
  if (v.size() > 1) {
    const auto number = number_of(v[1]);
    if (const auto* error = std::get_if<ErrorKind>(&number)) return *error;
    second = std::get<double>(number);
  }
  const double result = F(std::get<double>(first), second);
  return std::isfinite(result) ? Value{result} : Value{ErrorKind::num};
}

double round_to(double x, double places) {
  const double scale = std::pow(10.0, std::trunc(places));
  // Half away from zero, on the decimal digits people see: 1.005 to two places is 1.01.
  const double scaled = x * scale;
  return std::round(scaled + std::copysign(std::abs(scaled) * 1e-15, scaled)) / scale;
}
double absolute(double x, double) { return std::abs(x); }
double floor_of(double x, double) { return std::floor(x); }
double remainder_of(double x, double y) { return x - y * std::floor(x / y); }

template <class F>
Value textual(const Arguments& v, F work) {
  if (const auto* error = first_error(v)) return *error;
  return work(text_of(v[0]));
}

Value concatenate(const Arguments& v) {
  if (const auto* error = first_error(v)) return *error;
  std::string out;
  for (const Value& value : v) out += text_of(value);
  return joined_text(std::move(out));
}
Value hyperlink(const Arguments& v) {
  if (const auto* error = first_error(v)) return *error;
  return v.size() > 1 && !is_blank(v[1]) ? v[1] : Value{text_of(v[0])};
}
Value if_error_function(const Arguments& v) {
  if (!if_error(v[0])) return v[0];
  return v.size() > 1 ? v[1] : Value{std::string()};
}
Value not_function(const Arguments& v) {
  const auto truth = truth_of(v[0]);
  if (const auto* error = std::get_if<ErrorKind>(&truth)) return *error;
  return !std::get<bool>(truth);
}
Value upper(const Arguments& v) {
  return textual(v, [](std::string text) -> Value {
    for (char& c : text)
      if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    return text;
  });
}
Value lower(const Arguments& v) {
  return textual(v, [](std::string text) -> Value {
    for (char& c : text)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return text;
  });
}
Value trim(const Arguments& v) {
  return textual(v, [](const std::string& text) -> Value {
    std::string out;
    for (const char c : text)
      if (c != ' ' || (!out.empty() && out.back() != ' ')) out += c;
    if (!out.empty() && out.back() == ' ') out.pop_back();
    return out;
  });
}
Value length(const Arguments& v) {
  return textual(v, [](const std::string& text) -> Value {
    const auto starts =
        std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; });
    return static_cast<double>(starts);
  });
}
Value value_function(const Arguments& v) {
  const auto number = number_of(v[0]);
  if (const auto* error = std::get_if<ErrorKind>(&number)) return *error;
  return std::get<double>(number);
}
Value is_blank_function(const Arguments& v) { return is_blank(v[0]); }
Value na(const Arguments&) { return ErrorKind::not_available; }

struct Named {
  std::string_view name;
  ScalarEntry entry;
};
constexpr Named kScalars[] = {
    {"ABS", {1, 1, numeric<absolute>}},
    {"CONCAT", {2, 2, concatenate}},
    {"HYPERLINK", {1, 2, hyperlink}},
    {"IFERROR", {1, 2, if_error_function}},
    {"INT", {1, 1, numeric<floor_of>}},
    {"ISBLANK", {1, 1, is_blank_function}},
    {"LEN", {1, 1, length}},
    {"LOWER", {1, 1, lower}},
    {"MOD", {2, 2, numeric<remainder_of>}},
    {"NA", {0, 0, na}},
    {"NOT", {1, 1, not_function}},
    {"ROUND", {1, 2, numeric<round_to>}},
    {"TRIM", {1, 1, trim}},
    {"UPPER", {1, 1, upper}},
    {"VALUE", {1, 1, value_function}},
};

constexpr std::size_t kTextBytesMax = 4 * kCellCharactersMax;  // more bytes are more characters

struct Fold {
  double sum = 0, least = 0, most = 0;
  std::int64_t numbers = 0, filled = 0;
  bool all = true, any = false;
  std::string text;
  std::optional<ErrorKind> error;
};

}  // namespace

const ScalarEntry* find_scalar_function(std::string_view name) {
  const auto* found = std::ranges::find(kScalars, name, &Named::name);
  return found == std::end(kScalars) ? nullptr : &found->entry;
}

std::optional<Value> run_aggregate(std::string_view name, Calculation& calculation, const Node& call) {
  static constexpr std::string_view kNames[] = {"SUM", "COUNT", "COUNTA", "AVERAGE",    "MIN",
                                                "MAX", "AND",   "OR",     "CONCATENATE"};
  if (std::ranges::find(kNames, name) == std::end(kNames)) return std::nullopt;
  if (call.children.empty()) return ErrorKind::not_available;
  const bool logical = name == "AND" || name == "OR";
  const bool counts = name == "COUNT" || name == "COUNTA";
  Fold fold;
  for (const Node& argument : call.children) {
    calculation.each(argument, [&](const Value& value, bool from_range) {
      if (const auto* error = if_error(value)) {
        if (!counts && !fold.error) fold.error = *error;
        ++fold.filled;
        return;
      }
      if (name == "CONCATENATE") {
        if (fold.text.size() <= kTextBytesMax) fold.text += text_of(value);  // beyond, it is an error however it ends
        return;
      }
      if (is_blank(value)) return;
      ++fold.filled;
      if (logical) {
        if (from_range && std::holds_alternative<std::string>(value)) return;
        const auto truth = truth_of(value);
        if (const auto* error = std::get_if<ErrorKind>(&truth)) {
          fold.error = *error;
          return;
        }
        ++fold.numbers;
        fold.all = fold.all && std::get<bool>(truth);
        fold.any = fold.any || std::get<bool>(truth);
        return;
      }
      // Text and truths count only when they stand in the formula itself.
      if (from_range && !std::holds_alternative<double>(value)) return;
      const auto number = number_of(value);
      if (const auto* error = std::get_if<ErrorKind>(&number)) {
        if (!counts && !fold.error) fold.error = *error;
        return;
      }
      const double x = std::get<double>(number);
      fold.least = fold.numbers ? std::min(fold.least, x) : x;
      fold.most = fold.numbers ? std::max(fold.most, x) : x;
      fold.sum += x;
      ++fold.numbers;
    });
  }
  if (fold.error) return *fold.error;
  if (name == "CONCATENATE") return joined_text(std::move(fold.text));
  if (name == "SUM") return fold.sum;
  if (name == "COUNT") return static_cast<double>(fold.numbers);
  if (name == "COUNTA") return static_cast<double>(fold.filled);
  if (name == "MIN") return fold.least;
  if (name == "MAX") return fold.most;
  if (logical) return fold.numbers == 0 ? Value{ErrorKind::value} : Value{name == "AND" ? fold.all : fold.any};
  return fold.numbers == 0 ? Value{ErrorKind::divide_by_zero} : Value{fold.sum / static_cast<double>(fold.numbers)};
}

}  // namespace rowlane::sheets::local
