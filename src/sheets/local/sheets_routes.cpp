// The routes below /v4/spreadsheets but for values.
#include <fmt/format.h>

#include <algorithm>

#include "sheets/local/impl.hpp"
#include "sheets/local/schema.hpp"

namespace rowlane::sheets::local {

SheetsRoute parse_sheets_route(std::string_view path) {
  SheetsRoute route;
  constexpr std::string_view kRoot = "/v4/spreadsheets";
  path.remove_prefix(std::min(kRoot.size(), path.size()));
  if (path.ends_with('/')) path.remove_suffix(1);
  if (path.starts_with('/')) path.remove_prefix(1);
  const std::size_t slash = path.find('/');
  std::string_view head = path.substr(0, slash);
  if (slash == std::string_view::npos) {
    const std::size_t colon = head.find(':');
    route.id = head.substr(0, colon);
    if (colon != std::string_view::npos) route.verb = head.substr(colon + 1);
    return route;
  }
  route.id = head;
  std::string_view rest = path.substr(slash + 1);
  const std::size_t next = rest.find_first_of("/:");
  route.collection = rest.substr(0, next);
  if (next == std::string_view::npos) return route;
  if (rest[next] == ':') {
    route.verb = rest.substr(next + 1);
    return route;
  }
  route.item = rest.substr(next + 1);
  // A range has colons of its own: only a known verb at the end is one.
  for (const std::string_view verb : {"append", "clear", "copyTo"})
    if (route.item.size() > verb.size() && route.item.ends_with(verb) &&
        route.item[route.item.size() - verb.size() - 1] == ':') {
      route.verb = verb;
      route.item.resize(route.item.size() - verb.size() - 1);
    }
  return route;
}

bool query_flag(const net::Request& request, std::string_view name) {
  const std::string* value = request.query_value(name);
  return value && (*value == "true" || *value == "1");
}

Api<QueryMask> read_fields(const net::Request& request, std::string_view type) {
  const std::string* text = request.query_value("fields");
  if (!text) text = request.query_value("$fields");
  if (!text || text->empty()) return QueryMask{};
  auto mask = FieldMask::parse(*text);
  if (!mask) return std::unexpected(std::move(mask).error());
  if (auto fits = check_mask(*mask, type); !fits) return std::unexpected(std::move(fits).error());
  return QueryMask{true, std::move(*mask)};
}

namespace {

std::string render(const Book& book, Evaluator& evaluator, const RenderRequest& request) {
  std::string out;
  render_spreadsheet(out, book, evaluator, request);
  return out;
}

Api<std::vector<Area>> resolve_ranges(const Book& book, const Json::Array& ranges) {
  std::vector<Area> out;
  for (const Json& range : ranges) {
    auto area = book.resolve_a1(range.string_or());
    if (!area) return std::unexpected(std::move(area).error());
    out.push_back(*area);
  }
  return out;
}

}  // namespace

Api<std::string> LocalSheets::Impl::create_spreadsheet(const net::Request& request) {
  auto body = parse_body(request.body, "Spreadsheet");
  if (!body) return std::unexpected(std::move(body).error());
  auto mask = read_fields(request, "Spreadsheet");
  if (!mask) return std::unexpected(std::move(mask).error());
  StoredBook stored;
  Book& book = stored.book;
  const Json& properties = (*body)["properties"];
  book.title = properties["title"].string_or(book.title);
  book.locale = properties["locale"].string_or(book.locale);
  book.time_zone = properties["timeZone"].string_or(book.time_zone);
  Draws draws(random);
  Json::Array requests;
  if (const Json::Array* sheets = (*body)["sheets"].if_array(); sheets && !sheets->empty()) {
    // Tabs and their cells are made by the same requests as later ones; the first tab may keep id 0.
    for (std::size_t i = 0; i < sheets->size(); ++i) {
      Json given = (*sheets)[i]["properties"];
      if (given.is_null()) given = Json(Json::Object{});
      if (!given.find("sheetId"))
        given.set("sheetId", i == 0 ? std::int64_t{0} : static_cast<std::int64_t>(draws.draw() % 0x7fffffff));
      if (!given.find("title")) given.set("title", fmt::format("Sheet{}", i + 1));
      given.set("index", static_cast<std::int64_t>(i));
      const std::int64_t id = int_or(given, "sheetId", 0);
      requests.push_back(Json::object({{"addSheet", Json::object({{"properties", std::move(given)}})}}));
      if (const Json::Array* grids = (*sheets)[i]["data"].if_array())
        for (const Json& grid : *grids)
          requests.push_back(Json::object(
              {{"updateCells",
                Json::object({{"rows", grid["rowData"]},
                              {"fields", "*"},
                              {"start", Json::object({{"sheetId", id},
                                                      {"rowIndex", int_or(grid, "startRow", 0)},
                                                      {"columnIndex", int_or(grid, "startColumn", 0)}})}})}}));
    }
    if (auto made = apply_batch(Batch{book, draws}, requests); !made) return std::unexpected(std::move(made).error());
  }
  const auto id = create(std::move(stored));
  if (!id) return refuse(500, "INTERNAL", "Internal error encountered.");
  Held& held = *find(*id);
  return render(held.stored.book, held.eval(), RenderRequest{.with_mask = mask->given, .mask = std::move(mask->mask)});
}

Api<std::string> LocalSheets::Impl::get_spreadsheet(Held& held, const net::Request& request) {
  auto mask = read_fields(request, "Spreadsheet");
  if (!mask) return std::unexpected(std::move(mask).error());
  Json::Array ranges;
  for (const auto& [name, value] : request.query)
    if (name == "ranges") ranges.emplace_back(value);
  auto areas = resolve_ranges(held.stored.book, ranges);
  if (!areas) return std::unexpected(std::move(areas).error());
  return render(held.stored.book, held.eval(),
                RenderRequest{.ranges = std::move(*areas),
                              .grid_data = query_flag(request, "includeGridData"),
                              .with_mask = mask->given,
                              .mask = std::move(mask->mask)});
}

Api<std::string> LocalSheets::Impl::get_by_data_filter(Held& held, const net::Request& request) {
  auto body = parse_body(request.body, "GetByDataFilter");
  if (!body) return std::unexpected(std::move(body).error());
  auto mask = read_fields(request, "Spreadsheet");
  if (!mask) return std::unexpected(std::move(mask).error());
  std::vector<Area> areas;
  if (const Json::Array* filters = (*body)["dataFilters"].if_array()) {
    for (const Json& filter : *filters) {
      auto found = resolve_filter(held.stored.book, filter);
      if (!found) return std::unexpected(std::move(found).error());
      areas.insert(areas.end(), found->begin(), found->end());
    }
    if (areas.empty() && !filters->empty()) areas.push_back(Area{.sheet_id = -1});  // nothing matched: no tab
  }
  const bool* grid = (*body)["includeGridData"].if_bool();
  return render(held.stored.book, held.eval(),
                RenderRequest{.ranges = std::move(areas),
                              .grid_data = grid && *grid,
                              .with_mask = mask->given,
                              .mask = std::move(mask->mask)});
}

Api<std::string> LocalSheets::Impl::batch_update(Held& held, const net::Request& request) {
  auto body = parse_body(request.body, "BatchUpdate");
  if (!body) return std::unexpected(std::move(body).error());
  auto mask = read_fields(request, "BatchUpdateAnswer");
  if (!mask) return std::unexpected(std::move(mask).error());
  const Json::Array* requests = (*body)["requests"].if_array();
  static const Json::Array kNone;
  const auto flag = [&](const char* name) { return (*body)[name].if_bool() && *(*body)[name].if_bool(); };
  const Json::Array* ranges = (*body)["responseRanges"].if_array();
  const bool with_book = flag("includeSpreadsheetInResponse");
  // A range that cannot be resolved afterwards refuses the whole.
  auto replies = batch(held, requests ? *requests : kNone, [&](const Book& next) -> ApiStatus {
    if (!with_book || !ranges) return {};
    if (auto areas = resolve_ranges(next, *ranges); !areas) return std::unexpected(std::move(areas).error());
    return {};
  });
  if (!replies) return std::unexpected(std::move(replies).error());
  std::string out = "{";
  if (mask->mask.takes("spreadsheetId")) {
    out += "\"spreadsheetId\":";
    append_json_string(out, held.stored.book.id);
  }
  if (const FieldMask* inner = mask->mask.below("replies")) {
    out += out.size() > 1 ? ",\"replies\":" : "\"replies\":";
    inner->filter(*replies).dump_to(out);
  }
  if (const FieldMask* inner = mask->mask.below("updatedSpreadsheet"); inner && with_book) {
    RenderRequest show{.grid_data = flag("responseIncludeGridData"), .with_mask = mask->given, .mask = *inner};
    if (ranges) {
      auto areas = resolve_ranges(held.stored.book, *ranges);
      if (!areas) return std::unexpected(std::move(areas).error());
      show.ranges = std::move(*areas);
    }
    out += out.size() > 1 ? ",\"updatedSpreadsheet\":" : "\"updatedSpreadsheet\":";
    render_spreadsheet(out, held.stored.book, held.eval(), show);
  }
  return out + "}";
}

Api<std::string> LocalSheets::Impl::metadata(Held& held, const net::Request& request, const SheetsRoute& route) {
  const Book& book = held.stored.book;
  if (request.method == "GET" && !route.item.empty()) {
    for (const Metadata& item : book.metadata)
      if (std::to_string(item.id) == route.item) return metadata_json(item).dump();
    return refuse(404, "NOT_FOUND", "Requested entity was not found.");
  }
  auto body = parse_body(request.body, "SearchMetadata");
  if (!body) return std::unexpected(std::move(body).error());
  const Json::Array* filters = (*body)["dataFilters"].if_array();
  if (!filters || filters->empty()) return refuse("dataFilters must be specified");
  Json::Array matched;
  for (const Metadata& item : book.metadata) {
    Json::Array hits;
    for (const Json& filter : *filters) {
      const auto hit = metadata_matches(book, item, filter);
      if (!hit) return std::unexpected(hit.error());
      if (*hit) hits.push_back(filter);
    }
    if (!hits.empty())
      matched.push_back(Json::object({{"developerMetadata", metadata_json(item)}, {"dataFilters", std::move(hits)}}));
  }
  Json out = Json(Json::Object{});
  if (!matched.empty()) out.set("matchedDeveloperMetadata", std::move(matched));
  return out.dump();
}

net::Response LocalSheets::Impl::sheets(const net::Request& request, const CallInfo& info) {
  const SheetsRoute route = parse_sheets_route(info.path);
  const bool get = request.method == "GET", post = request.method == "POST";
  const auto finish = [](Api<std::string> body) {
    return body ? json_response(std::move(*body)) : error_response(body.error());
  };
  if (route.id.empty() && post) return finish(create_spreadsheet(request));
  Held* held = route.id.empty() ? nullptr : find(route.id);
  if (!held) return error_response({404, "NOT_FOUND", "Requested entity was not found.", {}});
  if (route.collection.empty()) {
    if (get && route.verb.empty()) return finish(get_spreadsheet(*held, request));
    if (post && route.verb == "getByDataFilter") return finish(get_by_data_filter(*held, request));
    if (post && route.verb == "batchUpdate") return finish(batch_update(*held, request));
  }
  if (route.collection == "values")
    return finish(post ? values_post(*held, request, route) : values(*held, request, route));
  if (route.collection == "developerMetadata" && ((get && !route.item.empty()) || (post && route.verb == "search")))
    return finish(metadata(*held, request, route));
  return error_response({404, "NOT_FOUND", "Method not found.", {}});
}

}  // namespace rowlane::sheets::local
