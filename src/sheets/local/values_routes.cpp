// The routes below /v4/spreadsheets/{id}/values.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "sheets/local/impl.hpp"
#include "sheets/local/schema.hpp"

namespace rowlane::sheets::local {

namespace {

Json area_body(const Area& area) {
  Json cells = Json::array();
  for (const int part : {area.row_first, area.column_first, area.row_last, area.column_last}) cells.push(part);
  return Json::object({{"sheet", area.sheet_id}, {"cells", std::move(cells)}});
}
Area area_of(const Json& body) {
  const Json::Array& cells = *body["cells"].if_array();
  const auto part = [&](std::size_t i) { return static_cast<int>(cells[i].as_int().value_or(1)); };
  return Area{int_or(body, "sheet", 0), part(0), part(1), part(2), part(3)};
}

Api<ValueOptions> read_options(std::string_view major, std::string_view render, std::string_view dates) {
  ValueOptions out;
  const auto unknown = [](std::string_view name, std::string_view type, std::string_view value) {
    return refuse(
        fmt::format("Invalid value at '{}' (type.googleapis.com/google.apps.sheets.v4.{}), \"{}\"", name, type, value));
  };
  if (major == "COLUMNS")
    out.by_columns = true;
  else if (!major.empty() && major != "ROWS" && major != "DIMENSION_UNSPECIFIED")
    return unknown("major_dimension", "Dimension", major);
  if (render == "UNFORMATTED_VALUE")
    out.render = ValueOptions::Render::unformatted;
  else if (render == "FORMULA")
    out.render = ValueOptions::Render::formula;
  else if (!render.empty() && render != "FORMATTED_VALUE")
    return unknown("value_render_option", "ValueRenderOption", render);
  if (dates == "FORMATTED_STRING")
    out.dates_as_text = true;
  else if (!dates.empty() && dates != "SERIAL_NUMBER")
    return unknown("date_time_render_option", "DateTimeRenderOption", dates);
  return out;
}
Api<ValueOptions> query_options(const net::Request& request, const std::string& prefix = {}) {
  const auto get = [&](const std::string& name) -> std::string {
    const std::string* value = request.query_value(name);
    return value ? *value : std::string();
  };
  if (prefix.empty()) return read_options(get("majorDimension"), get("valueRenderOption"), get("dateTimeRenderOption"));
  return read_options({}, get("responseValueRenderOption"), get("responseDateTimeRenderOption"));
}

Api<bool> typed_option(std::string_view option) {
  if (option == "USER_ENTERED") return true;
  if (option == "RAW") return false;
  if (option.empty() || option == "INPUT_VALUE_OPTION_UNSPECIFIED")
    return refuse("'valueInputOption' is required but not specified");
  return refuse(
      fmt::format("Invalid value at 'value_input_option' "
                  "(type.googleapis.com/google.apps.sheets.v4.ValueInputOption), \"{}\"",
                  option));
}

// A write as `change` takes it.
Api<Json> value_change(const Book& book, std::string_view range, const Json& body, bool typed) {
  const std::string own = body["range"].string_or(range);
  const auto area = book.resolve_a1(range);
  if (!area) return std::unexpected(area.error());
  if (own != range) {
    const auto same = book.resolve_a1(own);
    if (!same || !(*same == *area))
      return refuse(fmt::format("Requested writing within range [{}], but the body names [{}]", range, own));
  }
  return Json::object({{"area", area_body(*area)},
                       {"values", body["values"]},
                       {"byColumns", body["majorDimension"].string_or() == "COLUMNS"},
                       {"typed", typed}});
}

// UpdateValuesResponse without the spreadsheet's id.
Json update_json(const Book& book, const Json& done) {
  Json out = Json::object({{"updatedRange", book.a1(area_of(done["area"]))}});
  if (int_or(done, "cells", 0) > 0) {
    out.set("updatedRows", done["rows"]);
    out.set("updatedColumns", done["columns"]);
    out.set("updatedCells", done["cells"]);
  }
  return out;
}

Json with_id(const std::string& id, const Json& rest) {
  Json out = Json::object({{"spreadsheetId", id}});
  for (const auto& [name, value] : *rest.if_object()) out.set(name, value);
  return out;
}

Json updated_data(const Book& book, Evaluator& evaluator, const Json& done, ValueOptions options) {
  std::string text;
  render_values(text, book, evaluator, area_of(done["area"]), options);
  auto parsed = parse_json(text);
  return parsed ? std::move(*parsed) : Json{};
}

std::string masked(const net::Request& request, std::string text) {
  const std::string* fields = request.query_value("fields");
  if (!fields || fields->empty() || *fields == "*") return text;
  const auto mask = FieldMask::parse(*fields);
  const auto json = parse_json(text);
  return mask && json ? mask->filter(*json).dump() : text;
}

}  // namespace

Api<std::string> LocalSheets::Impl::values(Held& held, const net::Request& request, const SheetsRoute& route) {
  const Book& book = held.stored.book;
  const std::string& id = book.id;
  if (request.method == "GET" && (route.verb == "batchGet" || (!route.item.empty() && route.verb.empty()))) {
    const auto how = query_options(request);
    if (!how) return std::unexpected(how.error());
    std::string out;
    if (route.verb != "batchGet") {
      const auto area = book.resolve_a1(route.item);
      if (!area) return std::unexpected(area.error());
      render_values(out, book, held.eval(), *area, *how);
      return masked(request, std::move(out));
    }
    out = "{\"spreadsheetId\":";
    append_json_string(out, id);
    out += ",\"valueRanges\":[";
    bool first = true;
    for (const auto& [name, value] : request.query) {
      if (name != "ranges") continue;
      const auto area = book.resolve_a1(value);
      if (!area) return std::unexpected(area.error());
      if (!first) out += ',';
      first = false;
      render_values(out, book, held.eval(), *area, *how);
    }
    return masked(request, out + "]}");
  }
  if (request.method == "PUT" && !route.item.empty() && route.verb.empty()) {
    const std::string* option = request.query_value("valueInputOption");
    const auto typed = typed_option(option ? *option : std::string());
    if (!typed) return std::unexpected(typed.error());
    const auto how = query_options(request, "response");
    if (!how) return std::unexpected(how.error());
    auto body = parse_body(request.body, "ValueRange");
    if (!body) return std::unexpected(std::move(body).error());
    auto write = value_change(book, route.item, *body, *typed);
    if (!write) return std::unexpected(std::move(write).error());
    Json list = Json::array();
    list.push(std::move(*write));
    const auto done = change(held, "values", std::move(list));
    if (!done) return std::unexpected(done.error());
    const Json& one = done->if_array()->front();
    Json out = with_id(id, update_json(held.stored.book, one));
    if (query_flag(request, "includeValuesInResponse"))
      out.set("updatedData", updated_data(held.stored.book, held.eval(), one, *how));
    return masked(request, out.dump());
  }
  return refuse(404, "NOT_FOUND", "Method not found.");
}

namespace {

// values:batchUpdate and :batchUpdateByDataFilter.
struct BatchWrite {
  Json::Array changes;
  std::vector<Json> filters;
};
Api<BatchWrite> read_batch_write(const Book& book, const Json& body, bool by_filter) {
  BatchWrite out;
  const auto typed = typed_option(body["valueInputOption"].string_or());
  if (!typed) return std::unexpected(typed.error());
  const Json::Array* data = body["data"].if_array();
  for (std::size_t i = 0; data && i < data->size(); ++i) {
    const Json& one = (*data)[i];
    if (!by_filter) {
      auto write = value_change(book, one["range"].string_or(), one, *typed);
      if (!write) return refuse(fmt::format("Invalid data[{}]: {}", i, write.error().message));
      out.changes.push_back(std::move(*write));
      continue;
    }
    const auto areas = resolve_filter(book, one["dataFilter"]);
    if (!areas) return refuse(fmt::format("Invalid data[{}]: {}", i, areas.error().message));
    for (const Area& area : *areas) {
      out.changes.push_back(Json::object({{"area", area_body(area)},
                                          {"values", one["values"]},
                                          {"byColumns", one["majorDimension"].string_or() == "COLUMNS"},
                                          {"typed", *typed}}));
      out.filters.push_back(one["dataFilter"]);
    }
  }
  return out;
}

Json batch_write_answer(const Book& book, Evaluator& evaluator, const Json& body, const Json& done,
                        const std::vector<Json>& filters, const ValueOptions& options) {
  Json::Array responses;
  std::int64_t rows = 0, columns = 0, cells = 0;
  std::set<std::int64_t> tabs;
  const bool with_values = body["includeValuesInResponse"].if_bool() && *body["includeValuesInResponse"].if_bool();
  for (std::size_t i = 0; i < done.if_array()->size(); ++i) {
    const Json& one = (*done.if_array())[i];
    Json response = filters.empty() ? with_id(book.id, update_json(book, one)) : update_json(book, one);
    if (!filters.empty()) response.set("dataFilter", filters[i]);
    if (with_values) response.set("updatedData", updated_data(book, evaluator, one, options));
    rows += int_or(one, "rows", 0);
    columns += int_or(one, "columns", 0);
    cells += int_or(one, "cells", 0);
    tabs.insert(int_or(one["area"], "sheet", 0));
    responses.push_back(std::move(response));
  }
  Json out = Json::object({{"spreadsheetId", book.id}});
  if (cells) {
    out.set("totalUpdatedRows", rows);
    out.set("totalUpdatedColumns", columns);
    out.set("totalUpdatedCells", cells);
    out.set("totalUpdatedSheets", static_cast<std::int64_t>(tabs.size()));
  }
  out.set("responses", std::move(responses));
  return out;
}

}  // namespace

Api<std::string> LocalSheets::Impl::values_post(Held& held, const net::Request& request, const SheetsRoute& route) {
  const Book& book = held.stored.book;
  const std::string id = book.id;
  if (route.verb == "append" && !route.item.empty()) {
    const std::string* option = request.query_value("valueInputOption");
    const auto typed = typed_option(option ? *option : std::string());
    if (!typed) return std::unexpected(typed.error());
    const auto how = query_options(request, "response");
    if (!how) return std::unexpected(how.error());
    auto body = parse_body(request.body, "ValueRange");
    if (!body) return std::unexpected(std::move(body).error());
    auto write = value_change(book, route.item, *body, *typed);
    if (!write) return std::unexpected(std::move(write).error());
    write->set("append", true);
    const std::string* insert = request.query_value("insertDataOption");
    write->set("insertRows", insert && *insert == "INSERT_ROWS");
    Json list = Json::array();
    list.push(std::move(*write));
    const auto done = change(held, "values", std::move(list));
    if (!done) return std::unexpected(done.error());
    const Json& one = done->if_array()->front();
    Json out = Json::object({{"spreadsheetId", id}});
    if (const Json* table = one.find("table")) out.set("tableRange", held.stored.book.a1(area_of(*table)));
    Json updates = with_id(id, update_json(held.stored.book, one));
    if (query_flag(request, "includeValuesInResponse"))
      updates.set("updatedData", updated_data(held.stored.book, held.eval(), one, *how));
    out.set("updates", std::move(updates));
    return masked(request, out.dump());
  }
  if (route.verb == "clear" || route.verb == "batchClear" || route.verb == "batchClearByDataFilter") {
    const bool by_filter = route.verb == "batchClearByDataFilter";
    auto body = parse_body(request.body, route.verb == "clear" ? "ClearValues"
                                         : by_filter           ? "BatchClearValuesByDataFilter"
                                                               : "BatchClearValues");
    if (!body) return std::unexpected(std::move(body).error());
    std::vector<Area> areas;
    if (by_filter) {
      if (const Json::Array* filters = (*body)["dataFilters"].if_array())
        for (const Json& filter : *filters) {
          const auto found = resolve_filter(book, filter);
          if (!found) return std::unexpected(found.error());
          areas.insert(areas.end(), found->begin(), found->end());
        }
    } else {
      Json::Array ranges;
      if (route.verb == "clear")
        ranges.emplace_back(route.item);
      else if (const Json::Array* given = (*body)["ranges"].if_array())
        ranges = *given;
      for (const Json& range : ranges) {
        const auto area = book.resolve_a1(range.string_or());
        if (!area) return std::unexpected(area.error());
        areas.push_back(*area);
      }
    }
    Json list = Json::array();
    for (const Area& area : areas) list.push(Json::object({{"area", area_body(area)}, {"clear", true}}));
    const auto done = change(held, "values", std::move(list));
    if (!done) return std::unexpected(done.error());
    Json out = Json::object({{"spreadsheetId", id}});
    Json cleared = Json::array();
    for (const Json& one : *done->if_array()) cleared.push(held.stored.book.a1(area_of(one)));
    if (route.verb == "clear")
      out.set("clearedRange", cleared.if_array()->front());
    else
      out.set("clearedRanges", std::move(cleared));
    return masked(request, out.dump());
  }
  if (route.verb == "batchUpdate" || route.verb == "batchUpdateByDataFilter") {
    const bool by_filter = route.verb == "batchUpdateByDataFilter";
    auto body = parse_body(request.body, by_filter ? "BatchUpdateValuesByDataFilter" : "BatchUpdateValues");
    if (!body) return std::unexpected(std::move(body).error());
    const auto how = read_options({}, (*body)["responseValueRenderOption"].string_or(),
                                  (*body)["responseDateTimeRenderOption"].string_or());
    if (!how) return std::unexpected(how.error());
    auto write = read_batch_write(book, *body, by_filter);
    if (!write) return std::unexpected(std::move(write).error());
    const auto done = change(held, "values", Json(std::move(write->changes)));
    if (!done) return std::unexpected(done.error());
    return masked(request,
                  batch_write_answer(held.stored.book, held.eval(), *body, *done, write->filters, *how).dump());
  }
  if (route.verb == "batchGetByDataFilter") {
    auto body = parse_body(request.body, "BatchGetValuesByDataFilter");
    if (!body) return std::unexpected(std::move(body).error());
    const auto how = read_options((*body)["majorDimension"].string_or(), (*body)["valueRenderOption"].string_or(),
                                  (*body)["dateTimeRenderOption"].string_or());
    if (!how) return std::unexpected(how.error());
    std::string out = "{\"spreadsheetId\":";
    append_json_string(out, id);
    out += ",\"valueRanges\":[";
    bool first = true;
    if (const Json::Array* filters = (*body)["dataFilters"].if_array())
      for (const Json& filter : *filters) {
        const auto areas = resolve_filter(book, filter);
        if (!areas) return std::unexpected(areas.error());
        for (const Area& area : *areas) {
          if (!first) out += ',';
          first = false;
          out += "{\"valueRange\":";
          render_values(out, book, held.eval(), area, *how);
          out += ",\"dataFilters\":[";
          filter.dump_to(out);
          out += "]}";
        }
      }
    return masked(request, out + "]}");
  }
  return refuse(404, "NOT_FOUND", "Method not found.");
}

}  // namespace rowlane::sheets::local
