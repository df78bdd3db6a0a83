// batchUpdate: tabs, properties, filters, protected and named ranges.
#include <fmt/format.h>

#include <algorithm>

#include "sheets/local/batch.hpp"
#include "sheets/local/field_mask.hpp"
#include "sheets/local/schema.hpp"

namespace rowlane::sheets::local {

namespace {

Api<FieldMask> read_mask(const Json& request, std::string_view type) {
  const std::string fields = request["fields"].string_or();
  if (fields.empty()) return refuse("At least one field must be listed in 'fields'. (Use '*' to indicate all fields.)");
  auto mask = FieldMask::parse(fields);
  if (!mask || !check_mask(*mask, type)) return refuse(fmt::format("Invalid field: {}", fields));
  return mask;
}

std::string free_title(const Book& book) {
  for (std::size_t n = book.sheets.size() + 1;; ++n) {
    std::string title = fmt::format("Sheet{}", n);
    if (!book.sheet_by_title(title)) return title;
  }
}

ApiStatus check_title(const Book& book, std::string_view title, const Sheet* own) {
  const Sheet* other = book.sheet_by_title(title);
  if (other && other != own)
    return refuse(fmt::format("A sheet with the name \"{}\" already exists. Please enter another name.", title));
  if (title.empty() || title.size() > 400)
    return refuse("The sheet name cannot be empty or greater than 100 characters.");
  return {};
}

void move_to_index(Book& book, std::size_t from, std::int64_t index) {
  Sheet sheet = std::move(book.sheets[from]);
  book.sheets.erase(book.sheets.begin() + static_cast<std::ptrdiff_t>(from));
  const auto at = std::clamp<std::int64_t>(index, 0, static_cast<std::int64_t>(book.sheets.size()));
  book.sheets.insert(book.sheets.begin() + at, std::move(sheet));
}

ApiStatus resize(Book& book, Sheet& sheet, std::int64_t rows, std::int64_t columns) {
  if (rows < 1 || columns < 1) return refuse("Invalid grid size: a sheet must have at least one row and one column.");
  if (columns > kColumnsMax)
    return refuse(fmt::format("The number of columns ({}) exceeds the limit of {}.", columns, kColumnsMax));
  if (rows > kCellsMax)
    return refuse(fmt::format(
        "This action would increase the number of cells in the workbook above the limit of {} cells.", kCellsMax));
  const auto cut = [&](Axis axis, int before, int after) {
    if (after >= before) return;
    follow_shift(book, sheet.id, axis, Shift{Shift::Kind::erase, after + 1, before - after});
    if (axis == Axis::rows)
      sheet.rows.erase(after + 1, before - after);
    else
      sheet.rows.update_all([&](int, Row& row) { row.erase_columns(after + 1, before - after); });
  };
  cut(Axis::rows, sheet.row_count, static_cast<int>(rows));
  cut(Axis::columns, sheet.column_count, static_cast<int>(columns));
  sheet.row_count = static_cast<int>(rows);
  sheet.column_count = static_cast<int>(columns);
  return check_cell_count(book);
}

// Members of SheetProperties that have fields of their own in the model.
void keep_further(Sheet& sheet, const Json& properties) {
  sheet.properties.clear();
  if (const Json::Object* object = properties.if_object())
    for (const auto& [name, value] : *object)
      if (name != "sheetId" && name != "title" && name != "index" && name != "sheetType" && name != "gridProperties")
        sheet.properties.emplace_back(name, value);
  sheet.grid_properties.clear();
  if (const Json::Object* grid = properties["gridProperties"].if_object())
    for (const auto& [name, value] : *grid)
      if (name != "rowCount" && name != "columnCount") sheet.grid_properties.emplace_back(name, value);
}

Api<Json> add_sheet(Batch& batch, const Json& request) {
  Book& book = batch.book;
  const Json& properties = request["properties"];
  Sheet sheet;
  sheet.title = properties.find("title") ? properties["title"].string_or() : free_title(book);
  if (auto free = check_title(book, sheet.title, nullptr); !free) return std::unexpected(std::move(free).error());
  if (const auto id = properties["sheetId"].as_int()) {
    if (*id < 0) return refuse(fmt::format("Invalid sheetId: {}", *id));
    if (book.sheet(*id)) return refuse(fmt::format("Sheet with ID {} already exists", *id));
    sheet.id = *id;
  } else {
    sheet.id = batch.new_id([&](std::int64_t candidate) { return book.sheet(candidate) != nullptr; });
  }
  const Json& grid = properties["gridProperties"];
  const std::int64_t index = int_or(properties, "index", static_cast<std::int64_t>(book.sheets.size()));
  keep_further(sheet, properties);
  const std::int64_t id = sheet.id;
  book.sheets.push_back(std::move(sheet));
  if (auto sized = resize(book, book.sheets.back(), int_or(grid, "rowCount", 1000), int_or(grid, "columnCount", 26));
      !sized)
    return std::unexpected(std::move(sized).error());
  move_to_index(book, book.sheets.size() - 1, index);
  return Json::object({{"addSheet", Json::object({{"properties", sheet_properties_json(book, *book.sheet(id))}})}});
}

Api<Json> delete_sheet(Batch& batch, const Json& request) {
  Book& book = batch.book;
  const auto sheet = need_sheet(book, int_or(request, "sheetId", 0));
  if (!sheet) return std::unexpected(sheet.error());
  if (book.sheets.size() == 1) return refuse("You can't remove all the sheets in a document.");
  const std::int64_t id = (*sheet)->id;
  std::erase_if(book.sheets, [id](const Sheet& s) { return s.id == id; });
  std::erase_if(book.metadata,
                [id](const Metadata& m) { return m.place != Metadata::Place::spreadsheet && m.sheet_id == id; });
  std::erase_if(book.names, [id](const NamedRange& n) { return n.area.sheet_id == id; });
  rewrite_refs(book, [id](Ref& ref, std::int64_t target) {
    if (target != id) return false;
    ref.dead = true;
    return true;
  });
  return empty_reply();
}

Api<Json> duplicate_sheet(Batch& batch, const Json& request) {
  Book& book = batch.book;
  const auto source = need_sheet(book, int_or(request, "sourceSheetId", 0));
  if (!source) return std::unexpected(source.error());
  Sheet copy = **source;
  copy.title =
      request.find("newSheetName") ? request["newSheetName"].string_or() : fmt::format("Copy of {}", copy.title);
  if (auto free = check_title(book, copy.title, nullptr); !free) return std::unexpected(std::move(free).error());
  const auto id = request["newSheetId"].as_int();
  if (id && book.sheet(*id)) return refuse(fmt::format("Sheet with ID {} already exists", *id));
  copy.id = id ? *id : batch.new_id([&](std::int64_t candidate) { return book.sheet(candidate) != nullptr; });
  for (Area& merge : copy.merges) merge.sheet_id = copy.id;
  if (copy.filter) copy.filter->area.sheet_id = copy.id;
  for (Placed& placed : copy.protections) {
    placed.area.sheet_id = copy.id;
    Json rest = Json(std::move(placed.rest));
    rest.set("protectedRangeId", batch.new_id([](std::int64_t) { return false; }));
    placed.rest = *rest.if_object();
  }
  const std::int64_t new_id = copy.id;
  book.sheets.push_back(std::move(copy));
  if (auto fits = check_cell_count(book); !fits) return std::unexpected(std::move(fits).error());
  move_to_index(book, book.sheets.size() - 1, int_or(request, "insertSheetIndex", 0));
  return Json::object(
      {{"duplicateSheet", Json::object({{"properties", sheet_properties_json(book, *book.sheet(new_id))}})}});
}

Api<Json> update_sheet_properties(Batch& batch, const Json& request) {
  Book& book = batch.book;
  const Json& given = request["properties"];
  const auto found = need_sheet(book, int_or(given, "sheetId", 0));
  if (!found) return std::unexpected(found.error());
  auto mask = read_mask(request, "SheetProperties");
  if (!mask) return std::unexpected(std::move(mask).error());
  Sheet& sheet = **found;
  Json next = sheet_properties_json(book, sheet);
  const std::int64_t index_before = int_or(next, "index", 0);
  apply_masked(next, given, *mask);
  const std::string title = next["title"].string_or();
  if (mask->takes("title")) {
    if (auto free = check_title(book, title, &sheet); !free) return std::unexpected(std::move(free).error());
    sheet.title = title;
  }
  const Json& grid = next["gridProperties"];
  const std::int64_t rows = int_or(grid, "rowCount", sheet.row_count),
                     columns = int_or(grid, "columnCount", sheet.column_count);
  if (auto sized = resize(book, sheet, rows, columns); !sized) return std::unexpected(std::move(sized).error());
  const std::int64_t frozen_rows = int_or(grid, "frozenRowCount", 0),
                     frozen_columns = int_or(grid, "frozenColumnCount", 0);
  if (frozen_rows >= sheet.row_count) return refuse("You can't freeze all visible rows on the sheet.");
  if (frozen_columns >= sheet.column_count) return refuse("You can't freeze all visible columns on the sheet.");
  keep_further(sheet, next);
  const std::int64_t index = int_or(next, "index", index_before);
  if (index != index_before) {
    // The index counts the tabs as they stand before the move.
    move_to_index(book, static_cast<std::size_t>(index_before), index > index_before ? index - 1 : index);
  }
  return empty_reply();
}

Api<Json> update_spreadsheet_properties(Batch& batch, const Json& request) {
  Book& book = batch.book;
  auto mask = read_mask(request, "SpreadsheetProperties");
  if (!mask) return std::unexpected(std::move(mask).error());
  Json next = spreadsheet_properties_json(book);
  apply_masked(next, request["properties"], *mask);
  if (mask->takes("title")) {
    if (next["title"].string_or().empty()) return refuse("properties.title must not be empty");
    book.title = next["title"].string_or();
  }
  book.locale = next["locale"].string_or(book.locale);
  book.time_zone = next["timeZone"].string_or(book.time_zone);
  book.properties.clear();
  for (const auto& [name, value] : *next.if_object())
    if (name != "title" && name != "locale" && name != "timeZone" && name != "autoRecalc")
      book.properties.emplace_back(name, value);
  return empty_reply();
}

Placed read_placed(const Area& area, const Json& given) {
  Placed placed{.area = area};
  if (const Json::Object* object = given.if_object())
    for (const auto& [name, value] : *object)
      if (name != "range") placed.rest.emplace_back(name, value);
  return placed;
}

// As Google answers it: the criteria stand in `filterSpecs` and in the deprecated map by column; the first goes before
// the second where both are given.
Json with_both_spellings(Json filter) {
  const auto* by_column = filter["criteria"].if_object();
  if (const Json::Array* specs = filter["filterSpecs"].if_array()) {
    Json criteria = Json(Json::Object{});
    for (const Json& spec : *specs)
      criteria.set(std::to_string(int_or(spec, "columnIndex", 0)), spec["filterCriteria"]);
    filter.set("criteria", std::move(criteria));
  } else if (by_column) {
    Json specs_made = Json::array();
    for (const auto& [column, criteria] : *by_column)
      specs_made.push(
          Json::object({{"columnIndex", parse_json(column).value_or(Json())}, {"filterCriteria", criteria}}));
    filter.set("filterSpecs", std::move(specs_made));
  }
  return filter;
}

Api<Json> set_basic_filter(Batch& batch, const Json& request) {
  const Json filter = with_both_spellings(request["filter"]);
  const auto area = read_bounded_range(batch.book, filter["range"]);
  if (!area) return std::unexpected(area.error());
  batch.book.sheet(area->sheet_id)->filter = read_placed(*area, filter);
  return empty_reply();
}

Api<Json> clear_basic_filter(Batch& batch, const Json& request) {
  const auto sheet = need_sheet(batch.book, int_or(request, "sheetId", 0));
  if (!sheet) return std::unexpected(sheet.error());
  (*sheet)->filter.reset();
  return empty_reply();
}

Placed* find_protection(Book& book, std::int64_t id) {
  for (Sheet& sheet : book.sheets)
    for (Placed& placed : sheet.protections)
      if (int_or(Json(placed.rest), "protectedRangeId", -1) == id) return &placed;
  return nullptr;
}

Api<Json> add_protected_range(Batch& batch, const Json& request) {
  Book& book = batch.book;
  const Json& given = request["protectedRange"];
  Area area;
  if (const Json* range = given.find("range")) {
    const auto read = read_grid_range(book, *range);
    if (!read) return std::unexpected(read.error());
    area = *read;
  } else {
    return refuse("protectedRange.range must be specified.");
  }
  Placed placed = read_placed(area, given);
  Json rest = Json(placed.rest);
  const auto id = given["protectedRangeId"].as_int();
  if (id && find_protection(book, *id)) return refuse(fmt::format("Protected range with ID {} already exists", *id));
  if (!id)
    rest.set("protectedRangeId",
             batch.new_id([&](std::int64_t candidate) { return find_protection(book, candidate) != nullptr; }));
  rest.set("requestingUserCanEdit", true);
  placed.rest = *rest.if_object();
  Json reply = placed_json(placed);
  book.sheet(area.sheet_id)->protections.push_back(std::move(placed));
  return Json::object({{"addProtectedRange", Json::object({{"protectedRange", std::move(reply)}})}});
}

Api<Json> update_protected_range(Batch& batch, const Json& request) {
  Book& book = batch.book;
  const Json& given = request["protectedRange"];
  const std::int64_t id = int_or(given, "protectedRangeId", 0);
  Placed* placed = find_protection(book, id);
  if (!placed) return refuse(fmt::format("No protected range with ID: {}", id));
  auto mask = read_mask(request, "ProtectedRange");
  if (!mask) return std::unexpected(std::move(mask).error());
  Json next = placed_json(*placed);
  apply_masked(next, given, *mask);
  const auto area = read_grid_range(book, next["range"]);
  if (!area) return std::unexpected(area.error());
  Placed made = read_placed(*area, next);
  const std::int64_t before = placed->area.sheet_id;
  if (before == area->sheet_id) {
    *placed = std::move(made);
  } else {
    std::erase_if(book.sheet(before)->protections, [placed](const Placed& p) { return &p == placed; });
    book.sheet(area->sheet_id)->protections.push_back(std::move(made));
  }
  return empty_reply();
}

Api<Json> delete_protected_range(Batch& batch, const Json& request) {
  const std::int64_t id = int_or(request, "protectedRangeId", 0);
  if (!find_protection(batch.book, id)) return refuse(fmt::format("No protected range with ID: {}", id));
  for (Sheet& sheet : batch.book.sheets)
    std::erase_if(sheet.protections,
                  [id](const Placed& p) { return int_or(Json(p.rest), "protectedRangeId", -1) == id; });
  return empty_reply();
}

ApiStatus check_range_name(const Book& book, std::string_view name, const NamedRange* own) {
  const NamedRange* other = book.named_range(name);
  if (other && other != own) return refuse(fmt::format("A named range with the name \"{}\" already exists.", name));
  const bool plain = std::ranges::all_of(name, [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || static_cast<unsigned char>(c) >= 0x80;
  });
  if (name.empty() || !plain || std::isdigit(static_cast<unsigned char>(name.front())) || parse_a1_cells(name))
    return refuse(fmt::format("Invalid name: {}", name));
  return {};
}

Api<Json> add_named_range(Batch& batch, const Json& request) {
  Book& book = batch.book;
  const Json& given = request["namedRange"];
  const auto area = read_grid_range(book, given["range"]);
  if (!area) return std::unexpected(area.error());
  NamedRange named{.id = given["namedRangeId"].string_or(), .name = given["name"].string_or(), .area = *area};
  if (auto fine = check_range_name(book, named.name, nullptr); !fine) return std::unexpected(std::move(fine).error());
  if (named.id.empty()) named.id = std::to_string(batch.new_id([](std::int64_t) { return false; }));
  if (std::ranges::any_of(book.names, [&](const NamedRange& n) { return n.id == named.id; }))
    return refuse(fmt::format("Named range with ID {} already exists", named.id));
  Json reply = named_range_json(named);
  book.names.push_back(std::move(named));
  return Json::object({{"addNamedRange", Json::object({{"namedRange", std::move(reply)}})}});
}

Api<Json> update_named_range(Batch& batch, const Json& request) {
  Book& book = batch.book;
  const Json& given = request["namedRange"];
  const auto found = std::ranges::find(book.names, given["namedRangeId"].string_or(), &NamedRange::id);
  if (found == book.names.end())
    return refuse(fmt::format("No named range with ID: {}", given["namedRangeId"].string_or()));
  auto mask = read_mask(request, "NamedRange");
  if (!mask) return std::unexpected(std::move(mask).error());
  Json next = named_range_json(*found);
  apply_masked(next, given, *mask);
  const auto area = read_grid_range(book, next["range"]);
  if (!area) return std::unexpected(area.error());
  const std::string name = next["name"].string_or();
  if (auto fine = check_range_name(book, name, &*found); !fine) return std::unexpected(std::move(fine).error());
  found->name = name;
  found->area = *area;
  return empty_reply();
}

Api<Json> delete_named_range(Batch& batch, const Json& request) {
  const std::string id = request["namedRangeId"].string_or();
  if (std::erase_if(batch.book.names, [&](const NamedRange& n) { return n.id == id; }) == 0)
    return refuse(fmt::format("No named range with ID: {}", id));
  return empty_reply();
}

}  // namespace

RequestHandler find_sheet_request(std::string_view kind) {
  static constexpr std::pair<std::string_view, RequestHandler> kHandlers[] = {
      {"addSheet", add_sheet},
      {"deleteSheet", delete_sheet},
      {"duplicateSheet", duplicate_sheet},
      {"updateSheetProperties", update_sheet_properties},
      {"updateSpreadsheetProperties", update_spreadsheet_properties},
      {"setBasicFilter", set_basic_filter},
      {"clearBasicFilter", clear_basic_filter},
      {"addProtectedRange", add_protected_range},
      {"updateProtectedRange", update_protected_range},
      {"deleteProtectedRange", delete_protected_range},
      {"addNamedRange", add_named_range},
      {"updateNamedRange", update_named_range},
      {"deleteNamedRange", delete_named_range},
  };
  for (const auto& [name, handler] : kHandlers)
    if (name == kind) return handler;
  return nullptr;
}

}  // namespace rowlane::sheets::local
