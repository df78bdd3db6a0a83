#include "base/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <charconv>
#include <cmath>

namespace rowlane {

namespace {

constexpr std::size_t kDepthMax = 64;

// Receives Boost.JSON's events and builds the value. Numbers arrive as text pieces before their parsed form.
struct Builder {
  static constexpr std::size_t max_object_size = std::size_t(-1);
  static constexpr std::size_t max_array_size = std::size_t(-1);
  static constexpr std::size_t max_key_size = std::size_t(-1);
  static constexpr std::size_t max_string_size = std::size_t(-1);
  using error_code = boost::json::error_code;
  using string_view = boost::json::string_view;

  std::vector<Json> open;
  std::vector<std::string> keys;
  std::string text;
  Json root;
  std::string doubled_key;

  bool add(Json value, error_code&) {
    if (open.empty()) {
      root = std::move(value);
    } else if (Json::Array* array = open.back().if_array()) {
      array->push_back(std::move(value));
    } else {
      Json::Object& object = *open.back().if_object();
      object.emplace_back(std::move(keys.back()), std::move(value));
      keys.pop_back();
    }
    return true;
  }
  bool close(error_code& ec) {
    Json value = std::move(open.back());
    open.pop_back();
    return add(std::move(value), ec);
  }

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code&) { return open.emplace_back(Json::Object{}), true; }
  bool on_object_end(std::size_t, error_code& ec) {
    // Sorted, as an object of a hundred thousand members would keep a pairwise look busy for seconds.
    std::vector<std::string_view> names;
    for (const auto& [name, value] : *open.back().if_object()) names.push_back(name);
    std::sort(names.begin(), names.end());
    const auto twice = std::adjacent_find(names.begin(), names.end());
    if (twice != names.end()) {
      doubled_key = *twice;
      ec = boost::json::error::syntax;
      return false;
    }
    return close(ec);
  }
  bool on_array_begin(error_code&) { return open.emplace_back(Json::Array{}), true; }
  bool on_array_end(std::size_t, error_code& ec) { return close(ec); }
  bool on_key_part(string_view part, std::size_t, error_code&) { return text.append(part.data(), part.size()), true; }
  bool on_key(string_view part, std::size_t, error_code&) {
    text.append(part.data(), part.size());
    keys.push_back(std::exchange(text, {}));
    return true;
  }
  bool on_string_part(string_view part, std::size_t, error_code&) {
    return text.append(part.data(), part.size()), true;
  }
  bool on_string(string_view part, std::size_t, error_code& ec) {
    text.append(part.data(), part.size());
    return add(Json(std::exchange(text, {})), ec);
  }
  bool on_number_part(string_view part, error_code&) { return text.append(part.data(), part.size()), true; }
  bool number(string_view part, error_code& ec) {
    text.append(part.data(), part.size());
    return add(Json(JsonNumber{std::exchange(text, {})}), ec);
  }
  bool on_int64(std::int64_t, string_view part, error_code& ec) { return number(part, ec); }
  bool on_uint64(std::uint64_t, string_view part, error_code& ec) { return number(part, ec); }
  bool on_double(double, string_view part, error_code& ec) { return number(part, ec); }
  bool on_bool(bool value, error_code& ec) { return add(Json(value), ec); }
  bool on_null(error_code& ec) { return add(Json(nullptr), ec); }
  bool on_comment_part(string_view, error_code&) { return true; }
  bool on_comment(string_view, error_code&) { return true; }
};

}  // namespace

Json::Json(std::int64_t value) : value_(JsonNumber{fmt::format("{}", value)}) {}
Json::Json(std::uint64_t value) : value_(JsonNumber{fmt::format("{}", value)}) {}
Json::Json(double value) {
  if (std::isfinite(value)) value_ = JsonNumber{number_text(value)};
}

std::string number_text(double value) {
  char buffer[32];
  if (value == std::floor(value) && std::fabs(value) < 1e15) {
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, static_cast<std::int64_t>(value));
    return {buffer, end.ptr};
  }
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value);
  return {buffer, end.ptr};
}

std::optional<std::int64_t> Json::as_int() const {
  const JsonNumber* number = if_number();
  if (!number) return std::nullopt;
  std::int64_t value = 0;
  const char* end = number->text.data() + number->text.size();
  const auto [ptr, ec] = std::from_chars(number->text.data(), end, value);
  if (ec != std::errc{} || ptr != end) return std::nullopt;
  return value;
}

std::optional<double> Json::as_double() const {
  const JsonNumber* number = if_number();
  if (!number) return std::nullopt;
  double value = 0;
  const char* end = number->text.data() + number->text.size();
  const auto [ptr, ec] = std::from_chars(number->text.data(), end, value);
  if (ec != std::errc{} || ptr != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

const Json* Json::find(std::string_view key) const {
  const Object* object = if_object();
  if (!object) return nullptr;
  for (const Member& member : *object)
    if (member.first == key) return &member.second;
  return nullptr;
}

const Json& Json::operator[](std::string_view key) const {
  static const Json kNull;
  const Json* found = find(key);
  return found ? *found : kNull;
}

std::string Json::string_or(std::string_view fallback) const {
  const std::string* text = if_string();
  return text ? *text : std::string(fallback);
}

Json& Json::set(std::string_view key, Json value) {
  if (is_null()) value_ = Object{};
  Object& object = std::get<Object>(value_);
  for (Member& member : object) {
    if (member.first != key) continue;
    member.second = std::move(value);
    return *this;
  }
  object.emplace_back(std::string(key), std::move(value));
  return *this;
}

void Json::push(Json value) {
  if (is_null()) value_ = Array{};
  std::get<Array>(value_).push_back(std::move(value));
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  std::size_t plain = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text, plain, i - plain);
    plain = i + 1;
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        fmt::format_to(std::back_inserter(out), "\\u{:04x}", c);
    }
  }
  out.append(text, plain, text.size() - plain);
  out += '"';
}

void Json::dump_to(std::string& out) const {
  struct Writer {
    std::string& out;
    void operator()(std::nullptr_t) const { out += "null"; }
    void operator()(bool value) const { out += value ? "true" : "false"; }
    void operator()(const JsonNumber& value) const { out += value.text; }
    void operator()(const std::string& value) const { append_json_string(out, value); }
    void operator()(const Array& array) const {
      out += '[';
      for (std::size_t i = 0; i < array.size(); ++i) {
        if (i) out += ',';
        array[i].dump_to(out);
      }
      out += ']';
    }
    void operator()(const Object& object) const {
      out += '{';
      for (std::size_t i = 0; i < object.size(); ++i) {
        if (i) out += ',';
        append_json_string(out, object[i].first);
        out += ':';
        object[i].second.dump_to(out);
      }
      out += '}';
    }
  };
  std::visit(Writer{out}, value_);
}

std::string Json::dump() const {
  std::string out;
  dump_to(out);
  return out;
}

namespace {
// The parser stopped right behind the escape of a leading surrogate: nothing that completes it follows.
bool follows_lead_surrogate(std::string_view text, std::size_t read) {
  constexpr std::size_t kEscapeLength = 6;
  const std::size_t at = text.rfind("\\u", read);
  if (at == std::string_view::npos || read > at + kEscapeLength + 1 || at + 4 > text.size()) return false;
  return (text[at + 2] == 'd' || text[at + 2] == 'D') && std::string_view("89abAB").contains(text[at + 3]);
}
}  // namespace

Result<Json> parse_json(std::string_view text) {
  boost::json::parse_options options;
  options.max_depth = kDepthMax;
  boost::json::basic_parser<Builder> parser(options);
  boost::json::error_code ec;
  const std::size_t read = parser.write_some(false, text.data(), text.size(), ec);
  if (!ec && read < text.size()) ec = boost::json::error::extra_data;
  if (!ec) return std::move(parser.handler().root);
  std::size_t line = 1, column = 1;
  for (std::size_t i = 0; i < std::min(read, text.size()); ++i) {
    if (text[i] == '\n') {
      ++line;
      column = 1;
    } else {
      ++column;
    }
  }
  // Text that is no Unicode is its member's fault; anything else is the document's.
  const bool is_bad_text = ec == boost::json::error::illegal_leading_surrogate ||
                           ec == boost::json::error::illegal_trailing_surrogate || follows_lead_surrogate(text, read) ||
                           (read < text.size() && static_cast<unsigned char>(text[read]) >= 0x80);
  const std::string& doubled = parser.handler().doubled_key;
  const std::string why = !doubled.empty() ? fmt::format("the key \"{}\" stands twice in one object", doubled)
                          : ec == boost::json::error::too_deep ? fmt::format("nested deeper than {} levels", kDepthMax)
                          : ec == boost::json::error::incomplete ? std::string("ends too early")
                          : is_bad_text                          ? std::string("text that is not Unicode")
                                                                 : ec.message();
  std::string field = is_bad_text && !parser.handler().keys.empty() ? parser.handler().keys.back() : std::string();
  return fail(Errc::invalid_input, fmt::format("not valid JSON at line {}, column {}: {}", line, column, why),
              std::move(field));
}

bool is_utf8(std::string_view text) {
  const auto* p = reinterpret_cast<const unsigned char*>(text.data());
  const auto* end = p + text.size();
  while (p < end) {
    if (*p < 0x80) {
      ++p;
      continue;
    }
    int more;
    std::uint32_t point, least;
    if ((*p & 0xe0) == 0xc0)
      more = 1, point = *p & 0x1fu, least = 0x80;
    else if ((*p & 0xf0) == 0xe0)
      more = 2, point = *p & 0x0fu, least = 0x800;
    else if ((*p & 0xf8) == 0xf0)
      more = 3, point = *p & 0x07u, least = 0x10000;
    else
      return false;
    if (end - p <= more) return false;
    for (int i = 1; i <= more; ++i) {
      if ((p[i] & 0xc0) != 0x80) return false;
      point = (point << 6) | (p[i] & 0x3fu);
    }
    if (point < least || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return false;
    p += more + 1;
  }
  return true;
}

}  // namespace rowlane
