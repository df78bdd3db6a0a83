#include "sheets/local/snapshot.hpp"

#include <algorithm>

#include "sheets/local/json_edge.hpp"

namespace rowlane::sheets::local {

namespace {

Json area_json(const Area& area) {
  Json out = Json::array();
  for (const int part : {area.row_first, area.column_first, area.row_last, area.column_last}) out.push(part);
  return out;
}
Area read_area(const Json& json, std::int64_t sheet_id) {
  Area area{.sheet_id = sheet_id};
  const Json::Array* parts = json.if_array();
  if (!parts || parts->size() != 4) return area;
  const auto part = [&](std::size_t i) { return static_cast<int>((*parts)[i].as_int().value_or(1)); };
  area.row_first = part(0);
  area.column_first = part(1);
  area.row_last = part(2);
  area.column_last = part(3);
  return area;
}
Json placed_pair(const Placed& placed) {
  return Json::object({{"area", area_json(placed.area)}, {"rest", placed.rest}});
}
Placed read_placed_pair(const Json& json, std::int64_t sheet_id) {
  Placed placed{.area = read_area(json["area"], sheet_id)};
  if (const Json::Object* rest = json["rest"].if_object()) placed.rest = *rest;
  return placed;
}
const Json::Array& items(const Json& json) {
  static const Json::Array kNone;
  return json.if_array() ? *json.if_array() : kNone;
}
Json::Object object_of(const Json& json) { return json.if_object() ? *json.if_object() : Json::Object{}; }

// A bare literal stands for itself; a cell with more is {"v", "f", "s", "n", "x"}.
Json cell_json(const Book& book, const Cell& cell) {
  Json value;
  if (const auto* text = std::get_if<std::string>(&cell.value))
    value = *text;
  else if (const auto* number = std::get_if<double>(&cell.value))
    value = *number;
  else if (const auto* truth = std::get_if<bool>(&cell.value))
    value = *truth;
  if (!cell.format && !cell.extra) return value;
  Json out = Json(Json::Object{});
  if (!value.is_null()) out.set("v", std::move(value));
  if (cell.format) out.set("s", static_cast<std::int64_t>(cell.format));
  if (!cell.extra) return out;
  if (cell.formula()) out.set("f", cell.formula()->text(book));
  if (!cell.note().empty()) out.set("n", cell.note());
  if (!cell.extra->further.empty()) out.set("x", cell.extra->further);
  return out;
}
Value literal(const Json& json) {
  if (const std::string* text = json.if_string()) return *text;
  if (const bool* truth = json.if_bool()) return *truth;
  if (const auto number = json.as_double()) return *number;
  return {};
}
Cell read_cell(const Book& book, const Json& json) {
  Cell cell;
  if (!json.if_object()) {
    cell.value = literal(json);
    return cell;
  }
  cell.value = literal(json["v"]);
  cell.format = static_cast<std::uint32_t>(int_or(json, "s", 0));
  if (const std::string* formula = json["f"].if_string()) cell.set_formula(Formula::parse(*formula, book));
  if (const std::string* note = json["n"].if_string()) cell.set_note(*note);
  if (const Json::Object* further = json["x"].if_object())
    for (const auto& [name, value] : *further) cell.set_further(name, value);
  return cell;
}

}  // namespace

Json snapshot_head(const StoredBook& stored) {
  const Book& book = stored.book;
  Json out = Json::object({{"id", book.id},
                           {"title", book.title},
                           {"locale", book.locale},
                           {"timeZone", book.time_zone},
                           {"properties", book.properties},
                           {"version", stored.version},
                           {"created", to_ms(stored.created)},
                           {"modified", to_ms(stored.modified)}});
  Json::Array shared, sheets, metadata, names, formats;
  for (const std::string& address : stored.shared_with) shared.emplace_back(address);
  for (const Sheet& sheet : book.sheets) {
    Json::Array merges, protections, columns;
    for (const Area& merge : sheet.merges) merges.push_back(area_json(merge));
    for (const Placed& placed : sheet.protections) protections.push_back(placed_pair(placed));
    for (const auto& [column, info] : sheet.columns)
      columns.push_back(Json::object({{"c", column}, {"h", info.hidden}, {"p", info.pixel_size}}));
    Json one = Json::object({{"id", sheet.id},
                             {"title", sheet.title},
                             {"rows", sheet.row_count},
                             {"columns", sheet.column_count},
                             {"properties", sheet.properties},
                             {"grid", sheet.grid_properties},
                             {"merges", std::move(merges)},
                             {"protections", std::move(protections)},
                             {"columnInfo", std::move(columns)}});
    if (sheet.filter) one.set("filter", placed_pair(*sheet.filter));
    sheets.push_back(std::move(one));
  }
  for (const Metadata& item : book.metadata) metadata.push_back(metadata_json(item));
  for (const NamedRange& named : book.names)
    names.push_back(Json::object(
        {{"id", named.id}, {"name", named.name}, {"sheet", named.area.sheet_id}, {"area", area_json(named.area)}}));
  for (std::uint32_t i = 1; i < book.formats->size(); ++i) formats.push_back(book.formats->at(i).json);
  out.set("sharedWith", std::move(shared));
  out.set("formats", std::move(formats));
  out.set("sheets", std::move(sheets));
  out.set("metadata", std::move(metadata));
  out.set("names", std::move(names));
  return out;
}

Result<StoredBook> read_snapshot_head(const Json& head) {
  StoredBook stored;
  Book& book = stored.book;
  book.id = head["id"].string_or();
  if (book.id.empty()) return fail(Errc::corrupt, "a stored spreadsheet has no id");
  book.title = head["title"].string_or();
  book.locale = head["locale"].string_or();
  book.time_zone = head["timeZone"].string_or();
  book.properties = object_of(head["properties"]);
  stored.version = int_or(head, "version", 1);
  stored.created = from_ms(int_or(head, "created", 0));
  stored.modified = from_ms(int_or(head, "modified", 0));
  for (const Json& address : items(head["sharedWith"])) stored.shared_with.insert(address.string_or());
  for (const Json& format : items(head["formats"])) book.formats->intern(format);
  for (const Json& one : items(head["sheets"])) {
    Sheet sheet;
    sheet.id = int_or(one, "id", 0);
    sheet.title = one["title"].string_or();
    sheet.row_count = static_cast<int>(int_or(one, "rows", 1));
    sheet.column_count = static_cast<int>(int_or(one, "columns", 1));
    sheet.properties = object_of(one["properties"]);
    sheet.grid_properties = object_of(one["grid"]);
    for (const Json& merge : items(one["merges"])) sheet.merges.push_back(read_area(merge, sheet.id));
    for (const Json& placed : items(one["protections"]))
      sheet.protections.push_back(read_placed_pair(placed, sheet.id));
    if (const Json* filter = one.find("filter")) sheet.filter = read_placed_pair(*filter, sheet.id);
    for (const Json& info : items(one["columnInfo"])) {
      ColumnInfo& column = sheet.columns[static_cast<int>(int_or(info, "c", 1))];
      column.hidden = info["h"].if_bool() && *info["h"].if_bool();
      if (const auto size = info["p"].as_int()) column.pixel_size = static_cast<int>(*size);
    }
    book.sheets.push_back(std::move(sheet));
  }
  for (const Json& one : items(head["metadata"])) {
    Metadata item;
    item.id = int_or(one, "metadataId", 0);
    item.key = one["metadataKey"].string_or();
    item.has_value = one.find("metadataValue") != nullptr;
    item.value = one["metadataValue"].string_or();
    item.visibility = one["visibility"].string_or();
    if (!read_metadata_location(book, one["location"], item))
      return fail(Errc::corrupt, "stored metadata has no place");
    book.metadata.push_back(std::move(item));
  }
  for (const Json& one : items(head["names"]))
    book.names.push_back(
        NamedRange{one["id"].string_or(), one["name"].string_or(), read_area(one["area"], int_or(one, "sheet", 0))});
  return stored;
}

std::string snapshot_rows(const Book& book, const Sheet& sheet, int first, int last) {
  std::string out = "[";
  sheet.rows.each(first, last, [&](int number, const Row& row) {
    if (out.size() > 1) out += ',';
    out += "{\"r\":" + std::to_string(number);
    if (row.hidden) out += ",\"h\":true";
    if (row.pixel_size) out += ",\"p\":" + std::to_string(*row.pixel_size);
    out += ",\"c\":[";
    for (std::size_t i = 0; i < row.cells.size(); ++i) {
      if (i) out += ',';
      cell_json(book, row.cells[i]).dump_to(out);
    }
    out += "]}";
  });
  if (out.size() == 1) return {};
  return out + "]";
}

Status read_snapshot_rows(Book& book, std::int64_t sheet_id, std::string_view text) {
  Sheet* sheet = book.sheet(sheet_id);
  auto rows = parse_json(text);
  if (!sheet || !rows) return fail(Errc::corrupt, "stored rows of a spreadsheet cannot be read");
  for (const Json& one : items(*rows)) {
    sheet->rows.update(static_cast<int>(int_or(one, "r", 1)), [&](Row& row) {
      row.hidden = one["h"].if_bool() && *one["h"].if_bool();
      if (const auto size = one["p"].as_int()) row.pixel_size = static_cast<int>(*size);
      for (const Json& cell : items(one["c"])) row.cells.push_back(read_cell(book, cell));
      row.recount();
    });
  }
  return {};
}

}  // namespace rowlane::sheets::local
