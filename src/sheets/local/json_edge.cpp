#include "sheets/local/json_edge.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace rowlane::sheets::local {

Api<Sheet*> need_sheet(Book& book, std::int64_t sheet_id) {
  Sheet* found = book.sheet(sheet_id);
  if (!found) return refuse(fmt::format("No grid with id: {}", sheet_id));
  return found;
}

std::int64_t int_or(const Json& object, std::string_view member, std::int64_t fallback) {
  return object[member].as_int().value_or(fallback);
}

Api<Area> read_grid_range(const Book& book, const Json& range) {
  Area area;
  area.sheet_id = int_or(range, "sheetId", 0);
  const Sheet* sheet = book.sheet(area.sheet_id);
  if (!sheet) return refuse(fmt::format("No grid with id: {}", area.sheet_id));
  const auto read = [&](std::string_view start_name, std::string_view end_name, int& first, int& last) -> ApiStatus {
    const std::int64_t start = int_or(range, start_name, 0);
    const auto end = range[end_name].as_int();
    if (start < 0) return refuse(fmt::format("range.{} must be >= 0, but was {}", start_name, start));
    if (end && *end < start)
      return refuse(
          fmt::format("range.{} ({}) must not be less than range.{} ({})", end_name, *end, start_name, start));
    first = static_cast<int>(start) + 1;
    last = end ? static_cast<int>(*end) : kOpen;
    return {};
  };
  if (auto rows = read("startRowIndex", "endRowIndex", area.row_first, area.row_last); !rows)
    return std::unexpected(std::move(rows).error());
  if (auto columns = read("startColumnIndex", "endColumnIndex", area.column_first, area.column_last); !columns)
    return std::unexpected(std::move(columns).error());
  const bool rows_fit =
      area.row_first <= sheet->row_count && (area.row_last == kOpen || area.row_last <= sheet->row_count);
  const bool columns_fit = area.column_first <= sheet->column_count &&
                           (area.column_last == kOpen || area.column_last <= sheet->column_count);
  if (!rows_fit || !columns_fit)
    return refuse(fmt::format("Range ({}) exceeds grid limits. Max rows: {}, max columns: {}", book.a1(area),
                              sheet->row_count, sheet->column_count));
  return area;
}

Api<Area> read_bounded_range(const Book& book, const Json& range) {
  auto area = read_grid_range(book, range);
  if (!area) return area;
  return book.bounded(*area);
}

Api<Line> read_dimension_range(Book& book, const Json& range, bool beyond) {
  auto sheet = need_sheet(book, int_or(range, "sheetId", 0));
  if (!sheet) return std::unexpected(std::move(sheet).error());
  const std::string dimension = range["dimension"].string_or();
  if (dimension != "ROWS" && dimension != "COLUMNS") return refuse("range.dimension must be specified.");
  Line line{.sheet = *sheet, .axis = dimension == "ROWS" ? Axis::rows : Axis::columns};
  const int size = line.axis == Axis::rows ? line.sheet->row_count : line.sheet->column_count;
  const std::int64_t start = int_or(range, "startIndex", 0);
  const std::int64_t end = int_or(range, "endIndex", beyond ? start : size);
  if (start < 0) return refuse(fmt::format("range.startIndex must be >= 0, but was {}", start));
  if (end <= start)
    return refuse(fmt::format("range.endIndex[{}] must be greater than range.startIndex[{}]", end, start));
  if (beyond ? start > size : end > size)
    return refuse(fmt::format("range.{}[{}] is too large: grid has {} {}", beyond ? "startIndex" : "endIndex",
                              beyond ? start : end, size, line.axis == Axis::rows ? "rows" : "columns"));
  line.first = static_cast<int>(start) + 1;
  line.last = static_cast<int>(end);
  return line;
}

namespace {
std::string_view place_name(Metadata::Place place) {
  switch (place) {
    case Metadata::Place::spreadsheet:
      return "SPREADSHEET";
    case Metadata::Place::sheet:
      return "SHEET";
    case Metadata::Place::row:
      return "ROW";
    case Metadata::Place::column:
      return "COLUMN";
  }
  return "SPREADSHEET";
}
}  // namespace

Json metadata_json(const Metadata& item) {
  Json location = Json::object({{"locationType", place_name(item.place)}});
  switch (item.place) {
    case Metadata::Place::spreadsheet:
      location.set("spreadsheet", true);
      break;
    case Metadata::Place::sheet:
      location.set("sheetId", item.sheet_id);
      break;
    case Metadata::Place::row:
    case Metadata::Place::column:
      location.set("dimensionRange",
                   Json::object({{"sheetId", item.sheet_id},
                                 {"dimension", item.place == Metadata::Place::row ? "ROWS" : "COLUMNS"},
                                 {"startIndex", item.position - 1},
                                 {"endIndex", item.position}}));
      break;
  }
  Json out = Json::object({{"metadataId", item.id}, {"metadataKey", item.key}});
  if (item.has_value) out.set("metadataValue", item.value);
  out.set("location", std::move(location));
  out.set("visibility", item.visibility);
  return out;
}

ApiStatus read_metadata_location(Book& book, const Json& location, Metadata& into) {
  if (const Json* range = location.find("dimensionRange")) {
    const auto line = read_dimension_range(book, *range);
    if (!line) return std::unexpected(line.error());
    if (line->count() != 1) return refuse("location.dimensionRange must represent a single row or column");
    into.place = line->axis == Axis::rows ? Metadata::Place::row : Metadata::Place::column;
    into.sheet_id = line->sheet->id;
    into.position = line->first;
    return {};
  }
  if (const auto sheet_id = location["sheetId"].as_int()) {
    if (auto sheet = need_sheet(book, *sheet_id); !sheet) return std::unexpected(std::move(sheet).error());
    into.place = Metadata::Place::sheet;
    into.sheet_id = *sheet_id;
    return {};
  }
  if (const bool* whole = location["spreadsheet"].if_bool(); whole && *whole) {
    into.place = Metadata::Place::spreadsheet;
    return {};
  }
  return refuse("developerMetadata.location must be set");
}

Api<bool> metadata_matches(const Book& book, const Metadata& item, const Json& filter) {
  const auto on_area = [&](const Area& area, bool exact) {
    if (item.place == Metadata::Place::spreadsheet || item.sheet_id != area.sheet_id) return false;
    const bool all_rows = area.row_first == 1 && area.row_last == kOpen;
    const bool all_columns = area.column_first == 1 && area.column_last == kOpen;
    if (item.place == Metadata::Place::sheet) return !exact || (all_rows && all_columns);
    const bool row = item.place == Metadata::Place::row;
    const int first = row ? area.row_first : area.column_first, last = row ? area.row_last : area.column_last;
    if (exact) return first == item.position && last == item.position && (row ? all_columns : all_rows);
    return item.position >= first && item.position <= last;
  };
  if (const Json* range = filter.find("gridRange")) {
    const auto area = read_grid_range(book, *range);
    if (!area) return std::unexpected(area.error());
    return on_area(*area, false);
  }
  if (const Json* range = filter.find("a1Range")) {
    const auto area = book.resolve_a1(range->string_or());
    if (!area) return std::unexpected(area.error());
    return on_area(*area, false);
  }
  const Json& lookup = filter["developerMetadataLookup"];
  if (!lookup.if_object()) return refuse("dataFilter must be specified");
  if (const auto id = lookup["metadataId"].as_int(); id && *id != item.id) return false;
  if (const Json* key = lookup.find("metadataKey"); key && key->string_or() != item.key) return false;
  if (const Json* value = lookup.find("metadataValue"); value && value->string_or() != item.value) return false;
  if (const Json* visibility = lookup.find("visibility"); visibility && visibility->string_or() != item.visibility)
    return false;
  if (const Json* type = lookup.find("locationType"); type && type->string_or() != place_name(item.place)) return false;
  if (const Json* location = lookup.find("metadataLocation")) {
    const bool exact = lookup["locationMatchingStrategy"].string_or() == "EXACT_LOCATION";
    Metadata at;
    Book copy = book;
    if (auto read = read_metadata_location(copy, *location, at); !read) return std::unexpected(std::move(read).error());
    if (exact && at.place != item.place) return false;
    if (at.place != Metadata::Place::spreadsheet && at.sheet_id != item.sheet_id) return false;
    if ((at.place == Metadata::Place::row || at.place == Metadata::Place::column) && at.place == item.place &&
        at.position != item.position)
      return false;
  }
  return true;
}

Json named_range_json(const NamedRange& named) {
  return Json::object({{"namedRangeId", named.id}, {"name", named.name}, {"range", grid_range_json(named.area)}});
}

Json placed_json(const Placed& placed) {
  Json out = Json(Json::Object{});
  out.set("range", grid_range_json(placed.area));
  for (const auto& [name, value] : placed.rest) out.set(name, value);
  return out;
}

Api<std::vector<Area>> resolve_filter(const Book& book, const Json& filter) {
  if (const Json* range = filter.find("gridRange")) {
    const auto area = read_grid_range(book, *range);
    if (!area) return std::unexpected(area.error());
    return std::vector{*area};
  }
  if (const Json* range = filter.find("a1Range")) {
    const auto area = book.resolve_a1(range->string_or());
    if (!area) return std::unexpected(area.error());
    return std::vector{*area};
  }
  std::vector<Area> out;
  for (const Metadata& item : book.metadata) {
    const auto hit = metadata_matches(book, item, filter);
    if (!hit) return std::unexpected(hit.error());
    if (!*hit || item.place == Metadata::Place::spreadsheet) continue;
    Area area{.sheet_id = item.sheet_id};
    if (item.place == Metadata::Place::row) area.row_first = area.row_last = item.position;
    if (item.place == Metadata::Place::column) area.column_first = area.column_last = item.position;
    out.push_back(area);
  }
  return out;
}

Json sheet_properties_json(const Book& book, const Sheet& sheet) {
  Json grid = Json::object({{"rowCount", sheet.row_count}, {"columnCount", sheet.column_count}});
  for (const auto& [name, value] : sheet.grid_properties) grid.set(name, value);
  std::int64_t index = 0;
  for (const Sheet& other : book.sheets) {
    if (&other == &sheet || other.id == sheet.id) break;
    ++index;
  }
  Json out = Json::object({{"sheetId", sheet.id},
                           {"title", sheet.title},
                           {"index", index},
                           {"sheetType", "GRID"},
                           {"gridProperties", std::move(grid)}});
  for (const auto& [name, value] : sheet.properties) out.set(name, value);
  return out;
}

Json spreadsheet_properties_json(const Book& book) {
  Json out = Json::object(
      {{"title", book.title}, {"locale", book.locale}, {"autoRecalc", "ON_CHANGE"}, {"timeZone", book.time_zone}});
  for (const auto& [name, value] : book.properties) out.set(name, value);
  return out;
}

}  // namespace rowlane::sheets::local
