#include "api/job_result.hpp"

namespace rowlane::api {

namespace {

constexpr const char* kRowLists[] = {"rejected", "ambiguous", "held", "notFound", "notices"};

// A member's place in an object; null where there is none.
Json* member(Json& object, std::string_view name) {
  Json::Object* members = object.if_object();
  if (!members) return nullptr;
  for (auto& [key, value] : *members)
    if (key == name) return &value;
  return nullptr;
}

void shorten_lists(Json& object) {
  for (const char* name : kRowLists) {
    Json* list = member(object, name);
    Json::Array* rows = list ? list->if_array() : nullptr;
    if (rows && rows->size() > kRowsShown) rows->resize(kRowsShown);
  }
}

Json lengths_of(const Json& result) {
  Json lengths = Json(Json::Object{});
  for (const char* name : kRowLists) {
    const Json::Array* rows = result[name].if_array();
    lengths.set(name, static_cast<std::int64_t>(rows ? rows->size() : 0));
  }
  return lengths;
}

}  // namespace

Json shown_result(std::string_view stored, RowLists lists) {
  if (stored.empty()) return {};
  Json result = parse_json(stored).value_or(Json());
  if (!result.if_object()) return {};
  result.set("lengths", lengths_of(result));
  if (lists == RowLists::whole) return result;
  shorten_lists(result);
  if (Json* tabs = member(result, "tabs"); tabs && tabs->if_object())
    for (auto& [key, tab] : *tabs->if_object()) shorten_lists(tab);
  return result;
}

}  // namespace rowlane::api
