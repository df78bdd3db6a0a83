#include "support/discovery.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <sstream>
#include <stdexcept>

namespace rowlane::testing {

namespace {

std::string folder() {
  const char* named = std::getenv("ROWLANE_GOOGLE_DISCOVERY");
  return named != nullptr ? named : "../shared/google";
}

int hex(char c) { return c <= '9' ? c - '0' : (c | 32) - 'a' + 10; }
std::string decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      out += static_cast<char>(hex(text[i + 1]) * 16 + hex(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

// "v4/spreadsheets/{spreadsheetId}:getByDataFilter" against a path; a parameter is one segment without a colon.
bool matches(std::string_view pattern, std::string_view path) {
  while (!pattern.empty()) {
    if (pattern.front() == '{') {
      pattern.remove_prefix(pattern.find('}') + 1);
      const std::size_t end = std::min(path.find_first_of("/:"), path.size());
      if (end == 0) return false;
      path.remove_prefix(end);
    } else if (path.empty() || path.front() != pattern.front()) {
      return false;
    } else {
      pattern.remove_prefix(1);
      path.remove_prefix(1);
    }
  }
  return path.empty();
}

const Json* search(const Json& resources, const std::function<bool(const Json&)>& wanted) {
  const Json::Object* all = resources.if_object();
  if (all == nullptr) return nullptr;
  for (const auto& [name, resource] : *all) {
    if (const Json::Object* methods = resource["methods"].if_object())
      for (const auto& [method_name, method] : *methods)
        if (wanted(method)) return &method;
    if (const Json* found = search(resource["resources"], wanted)) return found;
  }
  return nullptr;
}

}  // namespace

Discovery::Discovery(std::string_view file) {
  const std::string path = fmt::format("{}/{}", folder(), file);
  std::ifstream in(path);
  if (!in)
    throw std::runtime_error(
        fmt::format("{} is not there: set ROWLANE_GOOGLE_DISCOVERY to the folder of Google's "
                    "discovery documents",
                    path));
  std::stringstream text;
  text << in.rdbuf();
  Result<Json> parsed = parse_json(text.str());
  if (!parsed) throw std::runtime_error(parsed.error().message);
  document_ = std::move(*parsed);
}

const Json* Discovery::find_method(std::string_view method, std::string_view path) const {
  return search(document_["resources"], [&](const Json& each) {
    return each["httpMethod"].string_or() == method && matches(each["path"].string_or(), path);
  });
}

std::vector<std::string> Discovery::check(std::string_view method, std::string_view path_and_query,
                                          std::string_view body) const {
  std::vector<std::string> problems;
  const std::size_t question = std::min(path_and_query.find('?'), path_and_query.size());
  const Json* found = find_method(method, path_and_query.substr(0, question));
  if (found == nullptr) return {fmt::format("no method {} {}", method, path_and_query.substr(0, question))};

  std::string_view query = path_and_query.substr(std::min(question + 1, path_and_query.size()));
  while (!query.empty()) {
    const std::string_view part = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(part.size() + 1, query.size()));
    const std::string name = decode(part.substr(0, part.find('=')));
    const std::string value = decode(part.substr(std::min(part.find('=') + 1, part.size())));
    const Json* parameter = (*found)["parameters"].find(name);
    if (parameter == nullptr || (*parameter)["location"].string_or() != "query")
      parameter = document_["parameters"].find(name);
    if (parameter == nullptr)
      problems.push_back("no parameter " + name);
    else if ((*parameter)["type"].string_or() == "boolean" && value != "true" && value != "false")
      problems.push_back(name + " is no boolean");
    if (name == "fields") check_mask(value, (*found)["response"]["$ref"].string_or(), problems);
  }

  const std::string schema = (*found)["request"]["$ref"].string_or();
  if (schema.empty() != body.empty())
    problems.emplace_back(body.empty() ? "the body is missing" : "a body is not taken");
  if (schema.empty() || body.empty()) return problems;
  const Result<Json> parsed = parse_json(body);
  if (!parsed)
    problems.push_back("the body is no JSON: " + parsed.error().message);
  else
    for (std::string& problem : check_value(schema, *parsed)) problems.push_back(std::move(problem));
  return problems;
}

std::vector<std::string> Discovery::check_value(std::string_view schema, const Json& value) const {
  std::vector<std::string> problems;
  const Json* found = document_["schemas"].find(schema);
  if (found == nullptr) return {fmt::format("no schema {}", schema)};
  check_node(*found, value, std::string(schema), problems);
  return problems;
}

const Json* Discovery::resolve(const Json& schema) const {
  const Json* ref = schema.find("$ref");
  return ref == nullptr ? &schema : document_["schemas"].find(ref->string_or());
}

void Discovery::check_node(const Json& schema, const Json& value, const std::string& at,
                           std::vector<std::string>& problems) const {
  const Json* node = resolve(schema);
  if (node == nullptr) return problems.push_back(at + ": no such schema");
  if (const bool* read_only = (*node)["readOnly"].if_bool(); read_only != nullptr && *read_only)
    problems.push_back(at + " is read-only");
  const std::string type = (*node)["type"].string_or();
  const auto wrong = [&] { problems.push_back(fmt::format("{}: {} is no {}", at, value.dump().substr(0, 60), type)); };
  if (type == "object") {
    if (value.if_object() == nullptr) return wrong();
    for (const auto& [name, member] : *value.if_object()) {
      const Json* known = (*node)["properties"].find(name);
      if (known == nullptr) known = node->find("additionalProperties");
      if (known == nullptr)
        problems.push_back(fmt::format("{} has no member {}", at, name));
      else
        check_node(*known, member, at + "." + name, problems);
    }
  } else if (type == "array") {
    if (value.if_array() == nullptr) return wrong();
    for (std::size_t i = 0; i < value.if_array()->size(); ++i)
      check_node((*node)["items"], (*value.if_array())[i], fmt::format("{}[{}]", at, i), problems);
  } else if (type == "string") {
    if (value.if_string() == nullptr) return wrong();
    const Json::Array* names = (*node)["enum"].if_array();
    if (names != nullptr && std::ranges::none_of(*names, [&](const Json& name) { return name == value; })) wrong();
  } else if (type == "integer") {
    const auto number = value.as_int();
    if (!number || ((*node)["format"].string_or() == "int32" && (*number < INT32_MIN || *number > INT32_MAX))) wrong();
  } else if (type == "number") {
    if (!value.as_double()) wrong();
  } else if (type == "boolean") {
    if (value.if_bool() == nullptr) wrong();
  }
}

// "a(b,c.d),e": each name must be a member of the schema it stands in.
void Discovery::check_mask(std::string_view mask, std::string_view schema, std::vector<std::string>& problems) const {
  struct Walk {
    const Discovery& discovery;
    std::string_view rest;
    std::vector<std::string>& problems;

    const Json* member(const Json* of, std::string_view name) {
      if (of == nullptr) return nullptr;
      if ((*of)["type"].string_or() == "array") of = discovery.resolve((*of)["items"]);
      const Json* found = of == nullptr ? nullptr : (*of)["properties"].find(name);
      if (found == nullptr) problems.push_back(fmt::format("the mask names {}, which is not there", name));
      return found == nullptr ? nullptr : discovery.resolve(*found);
    }
    void list(const Json* of) {
      while (true) {
        const Json* at = of;
        while (true) {
          const std::size_t end = std::min(rest.find_first_of(",.()"), rest.size());
          at = member(at, rest.substr(0, end));
          rest.remove_prefix(end);
          if (!rest.starts_with('.')) break;
          rest.remove_prefix(1);
        }
        if (rest.starts_with('(')) {
          rest.remove_prefix(1);
          list(at);
          if (!rest.starts_with(')')) return problems.push_back("the mask lacks a ')'");
          rest.remove_prefix(1);
        }
        if (!rest.starts_with(',')) return;
        rest.remove_prefix(1);
      }
    }
  };
  Walk walk{*this, mask, problems};
  walk.list(document_["schemas"].find(schema));
  if (!walk.rest.empty()) problems.push_back(fmt::format("the mask ends before '{}'", walk.rest));
}

}  // namespace rowlane::testing
