// JSON values for requests, answers and settings. Big Sheets replies do not go through here: they are streamed.
//
// A number keeps its text: Boost.JSON 1.81 rounds 17-digit doubles wrongly and takes 1e400 for infinity.
// Objects keep their order; a doubled key is refused, as are depth over 64 and bad UTF-8.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.hpp"

namespace rowlane {

struct JsonNumber {
  std::string text;  // as in RFC 8259
  friend bool operator==(const JsonNumber&, const JsonNumber&) = default;
};

class Json {
 public:
  using Array = std::vector<Json>;
  using Member = std::pair<std::string, Json>;
  using Object = std::vector<Member>;

  Json() = default;  // null
  Json(std::nullptr_t) {}
  Json(bool value) : value_(value) {}
  Json(int value) : Json(static_cast<std::int64_t>(value)) {}
  Json(std::int64_t value);
  Json(std::uint64_t value);
  Json(double value);  // shortest text that reads back the same; not finite: null
  Json(JsonNumber value) : value_(std::move(value)) {}
  Json(const char* value) : value_(std::string(value)) {}
  Json(std::string_view value) : value_(std::string(value)) {}
  Json(std::string value) : value_(std::move(value)) {}
  Json(Array value) : value_(std::move(value)) {}
  Json(Object value) : value_(std::move(value)) {}
  template <class T>
  Json(const std::optional<T>& value) {
    if (value) *this = Json(*value);
  }
  static Json object(std::initializer_list<Member> members) { return Json(Object(members)); }
  static Json array() { return Json(Array{}); }

  [[nodiscard]] bool is_null() const { return value_.index() == 0; }
  [[nodiscard]] const bool* if_bool() const { return std::get_if<bool>(&value_); }
  [[nodiscard]] const JsonNumber* if_number() const { return std::get_if<JsonNumber>(&value_); }
  [[nodiscard]] const std::string* if_string() const { return std::get_if<std::string>(&value_); }
  [[nodiscard]] const Array* if_array() const { return std::get_if<Array>(&value_); }
  [[nodiscard]] const Object* if_object() const { return std::get_if<Object>(&value_); }
  [[nodiscard]] Array* if_array() { return std::get_if<Array>(&value_); }
  [[nodiscard]] Object* if_object() { return std::get_if<Object>(&value_); }
  // Whole numbers within 64 bits ("5", not "5.0"); nullopt otherwise.
  [[nodiscard]] std::optional<std::int64_t> as_int() const;
  // Any finite number; nullopt otherwise.
  [[nodiscard]] std::optional<double> as_double() const;

  // Member of an object, or null when there is none (or this is no object).
  [[nodiscard]] const Json* find(std::string_view key) const;
  // Chain of members: at("sheets"), then...; a shared null where missing.
  [[nodiscard]] const Json& operator[](std::string_view key) const;
  [[nodiscard]] const Json& operator[](const char* key) const { return (*this)[std::string_view(key)]; }
  [[nodiscard]] std::string string_or(std::string_view fallback = {}) const;

  // Appends a member (this becomes an object when null) or replaces it.
  Json& set(std::string_view key, Json value);
  void push(Json value);  // this becomes an array when null

  [[nodiscard]] std::string dump() const;
  void dump_to(std::string& out) const;

  friend bool operator==(const Json&, const Json&) = default;

 private:
  std::variant<std::nullptr_t, bool, JsonNumber, std::string, Array, Object> value_;
};

// invalid_input with the position; `field` is the member whose text is no Unicode (a lone surrogate, bad UTF-8).
Result<Json> parse_json(std::string_view text);
// Appends `text` quoted and escaped.
void append_json_string(std::string& out, std::string_view text);
// The shortest text that reads back as the same double ("0.1", "1e+22", "100").
std::string number_text(double value);
// True when `text` is UTF-8 without surrogates and overlong forms.
bool is_utf8(std::string_view text);

}  // namespace rowlane
