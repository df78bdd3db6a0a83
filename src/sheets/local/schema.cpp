#include "sheets/local/schema.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "sheets/local/field_mask.hpp"
#include "sheets/local/schema_table.hpp"

namespace rowlane::sheets::local {

namespace {

struct Member {
  std::string_view name;
  std::string snake;
  char container = 0;  // '[', '{' or 0
  std::string_view type;
};
using Message = std::vector<Member>;

std::string snake_case(std::string_view camel) {
  std::string out;
  for (const char c : camel) {
    if (c >= 'A' && c <= 'Z') {
      out += '_';
      out += static_cast<char>(c - 'A' + 'a');
    } else {
      out += c;
    }
  }
  return out;
}

std::map<std::string_view, Message> read_messages() {
  std::map<std::string_view, Message> out;
  for (const SchemaText& text : kMessages) {
    Message& message = out[text.name];
    std::string_view rest = text.members;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find(' '), rest.size());
      const std::string_view word = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      const std::size_t colon = word.find(':');
      if (colon == std::string_view::npos) continue;
      Member member{
          .name = word.substr(0, colon), .snake = snake_case(word.substr(0, colon)), .type = word.substr(colon + 1)};
      if (member.type.starts_with('[') || member.type.starts_with('{')) {
        member.container = member.type.front();
        member.type.remove_prefix(1);
      }
      message.push_back(std::move(member));
    }
  }
  return out;
}
const std::map<std::string_view, Message>& messages() {
  static const std::map<std::string_view, Message> kAll = read_messages();
  return kAll;
}

const Member* find_member(const Message& message, std::string_view name) {
  for (const Member& member : message)
    if (member.name == name || member.snake == name) return &member;
  return nullptr;
}

std::string_view enum_values(std::string_view type) {
  for (const SchemaText& text : kEnums)
    if (text.name == type) return text.members;
  return {};
}

struct Violation {
  std::string field, description;
};

class Checker {
 public:
  void message(Json& value, std::string_view type, const std::string& path) {
    if (violations.size() > 20) return;
    if (type == "any") return;
    Json::Object* object = value.if_object();
    if (!object) return wrong(value, type, path);
    const Message& known = messages().at(type);
    const bool oneof = type == "Request" || type == "ExtendedValue" || type == "DataFilter";
    std::string_view set;
    Json::Object kept;
    kept.reserve(object->size());
    for (auto& [name, member] : *object) {
      const Member* found = find_member(known, name);
      if (!found) {
        violations.push_back(
            {path, fmt::format("Invalid JSON payload received. Unknown name \"{}\"{}: Cannot find field.", name,
                               path.empty() ? "" : fmt::format(" at '{}'", path))});
        continue;
      }
      if (member.is_null()) continue;
      if (oneof && !set.empty())
        violations.push_back(
            {path, fmt::format("Invalid value at '{}' (oneof), oneof field '{}' is already set. Cannot set '{}'", path,
                               set, found->name)});
      set = found->name;
      // The path is only spelt out on the way to a violation's message, or where cheap.
      const std::string inner = path.empty() ? found->snake : path + "." + found->snake;
      if (found->container == '[') {
        list(member, *found, inner);
      } else if (found->container == '{') {
        if (!member.if_object()) wrong(member, found->type, inner);
      } else {
        single(member, found->type, inner);
      }
      kept.emplace_back(std::string(found->name), std::move(member));
    }
    *object = std::move(kept);
  }

  std::vector<Violation> violations;

 private:
  void list(Json& value, const Member& member, const std::string& path) {
    Json::Array* items = value.if_array();
    if (!items) {  // one item in place of a list is taken for the list
      Json::Array one;
      one.push_back(std::move(value));
      value = Json(std::move(one));
      items = value.if_array();
    }
    for (std::size_t i = 0; i < items->size(); ++i) {
      if ((*items)[i].is_null()) (*items)[i] = Json(Json::Object{});
      single((*items)[i], member.type, fmt::format("{}[{}]", path, i));
    }
  }

  void single(Json& value, std::string_view type, const std::string& path) {
    if (type == "any") return;
    if (type == "s") {
      if (!value.if_string()) wrong(value, type, path);
    } else if (type == "b") {
      if (value.if_bool()) return;
      const std::string text = value.string_or();
      if (text != "true" && text != "false") return wrong(value, type, path);
      value = Json(text == "true");
    } else if (type == "i" || type == "l") {
      whole(value, type, path);
    } else if (type == "d") {
      if (value.as_double()) return;
      const std::string* text = value.if_string();
      double number = 0;
      if (!text || text->empty() ||
          std::from_chars(text->data(), text->data() + text->size(), number).ptr != text->data() + text->size() ||
          !std::isfinite(number))
        return wrong(value, type, path);
      value = Json(number);
    } else if (const std::string_view values = enum_values(type); !values.empty()) {
      const std::string* text = value.if_string();
      if (!text || text->empty() || fmt::format("|{}|", values).find("|" + *text + "|") == std::string::npos)
        wrong(value, type, path);
    } else {
      message(value, type, path);
    }
  }

  void whole(Json& value, std::string_view type, const std::string& path) {
    std::optional<std::int64_t> number = value.as_int();
    if (!number) {
      if (const auto real = value.as_double(); real && std::trunc(*real) == *real && std::abs(*real) < 9e15)
        number = static_cast<std::int64_t>(*real);
      if (const std::string* text = value.if_string()) {
        std::int64_t read = 0;
        const char* end = text->data() + text->size();
        if (!text->empty() && std::from_chars(text->data(), end, read).ptr == end) number = read;
      }
    }
    const bool small =
        type == "i" && number &&
        (*number > std::numeric_limits<std::int32_t>::max() || *number < std::numeric_limits<std::int32_t>::min());
    if (!number || small) return wrong(value, type, path);
    value = Json(*number);
  }

  void wrong(const Json& value, std::string_view type, const std::string& path) {
    std::string shown = value.dump();
    if (shown.size() > 200) shown.resize(200);
    std::string name;
    if (type == "i")
      name = "TYPE_INT32";
    else if (type == "l")
      name = "TYPE_INT64";
    else if (type == "d")
      name = "TYPE_DOUBLE";
    else if (type == "b")
      name = "TYPE_BOOL";
    else if (type == "s")
      name = "TYPE_STRING";
    else
      name = fmt::format("type.googleapis.com/google.apps.sheets.v4.{}", type);
    violations.push_back({path, fmt::format("Invalid value at '{}' ({}), {}", path, name, shown)});
  }
};

}  // namespace

ApiStatus check_body(Json& body, std::string_view type) {
  Checker checker;
  checker.message(body, type, {});
  if (checker.violations.empty()) return {};
  std::string message;
  Json list = Json::array();
  for (const Violation& violation : checker.violations) {
    if (!message.empty()) message += '\n';
    message += violation.description;
    Json item = Json(Json::Object{});
    if (!violation.field.empty()) item.set("field", violation.field);
    item.set("description", violation.description);
    list.push(std::move(item));
  }
  Json details = Json::array();
  details.push(
      Json::object({{"@type", "type.googleapis.com/google.rpc.BadRequest"}, {"fieldViolations", std::move(list)}}));
  return std::unexpected(ApiError{.message = std::move(message), .details = std::move(details)});
}

Api<Json> parse_body(std::string_view text, std::string_view type) {
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) return Json(Json::Object{});
  Result<Json> body = parse_json(text);
  if (!body) return refuse(fmt::format("Invalid JSON payload received. {}", body.error().message));
  if (auto checked = check_body(*body, type); !checked) return std::unexpected(std::move(checked).error());
  return std::move(*body);
}

namespace {
bool mask_fits(const FieldMask& mask, std::string_view type, std::string& path) {
  const auto found = messages().find(type);
  if (found == messages().end()) return mask.takes_all();
  for (const auto& [name, inner] : mask.members()) {
    if (name == "*") continue;
    const std::size_t length = path.size();
    path += (path.empty() ? "" : ".") + name;
    const Member* member = find_member(found->second, name);
    if (!member) return false;
    const bool opaque = member->type == "any";
    if (!opaque && !inner.members().empty() && !mask_fits(inner, member->type, path)) return false;
    path.resize(length);
  }
  return true;
}
}  // namespace

ApiStatus check_mask(const FieldMask& mask, std::string_view type) {
  std::string path;
  if (mask_fits(mask, type, path)) return {};
  const std::string text =
      fmt::format("Error expanding 'fields' parameter. Cannot find matching fields for path '{}'.", path);
  Json list = Json::array();
  list.push(Json::object({{"field", path}, {"description", text}}));
  Json details = Json::array();
  details.push(
      Json::object({{"@type", "type.googleapis.com/google.rpc.BadRequest"}, {"fieldViolations", std::move(list)}}));
  return std::unexpected(ApiError{.message = "Request contains an invalid argument.", .details = std::move(details)});
}

}  // namespace rowlane::sheets::local
