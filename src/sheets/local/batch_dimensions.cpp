// batchUpdate: whole rows and columns.
#include <fmt/format.h>

#include <algorithm>

#include "sheets/local/batch.hpp"
#include "sheets/local/field_mask.hpp"
#include "sheets/local/schema.hpp"

namespace rowlane::sheets::local {

namespace {

// What a new row takes over from its neighbour: formats and validation, no content.
Cell format_only(const Cell& from) {
  Cell out;
  out.format = from.format;
  if (from.extra)
    for (const auto& [name, value] : from.extra->further)
      if (name == "dataValidation") out.set_further(name, value);
  return out;
}

RowPtr row_like(const Row* neighbour) {
  if (!neighbour) return nullptr;
  auto made = std::make_shared<Row>();
  for (std::size_t i = 0; i < neighbour->cells.size(); ++i)
    made->set(static_cast<int>(i) + 1, format_only(neighbour->cells[i]));
  made->pixel_size = neighbour->pixel_size;
  return made->is_bare() ? nullptr : made;
}

Api<Json> insert_dimension(Batch& batch, const Json& request) {
  Book& book = batch.book;
  const auto line = read_dimension_range(book, request["range"], true);
  if (!line) return std::unexpected(line.error());
  const bool* before = request["inheritFromBefore"].if_bool();
  const bool from_before = before && *before;
  if (from_before && line->first == 1) return refuse("inheritFromBefore cannot be true when inserting at index 0");
  Sheet& sheet = *line->sheet;
  const int size = line->axis == Axis::rows ? sheet.row_count : sheet.column_count;
  if (!from_before && line->first > size)
    return refuse("inheritFromBefore must be true when inserting behind the last row or column");
  const int neighbour = from_before ? line->first - 1 : line->first;
  const int count = line->count();
  if (line->axis == Axis::rows) {
    sheet.row_count += count;
    if (auto fits = check_cell_count(book); !fits) return std::unexpected(std::move(fits).error());
    const RowPtr like = row_like(sheet.rows.find(neighbour));
    sheet.rows.insert(line->first, std::vector<RowPtr>(static_cast<std::size_t>(count), like));
  } else {
    sheet.column_count += count;
    if (sheet.column_count > kColumnsMax)
      return refuse(
          fmt::format("The number of columns ({}) exceeds the limit of {}.", sheet.column_count, kColumnsMax));
    if (auto fits = check_cell_count(book); !fits) return std::unexpected(std::move(fits).error());
    sheet.rows.update_all([&](int, Row& row) {
      const Cell* from = row.find(neighbour);
      const Cell like = from ? format_only(*from) : Cell{};
      row.insert_columns(line->first, count);
      if (!like.is_bare())
        for (int c = 0; c < count; ++c) row.set(line->first + c, like);
    });
  }
  const ColumnInfo info = sheet.columns.contains(neighbour) ? sheet.columns.at(neighbour) : ColumnInfo{};
  follow_shift(book, sheet.id, line->axis, Shift{Shift::Kind::insert, line->first, count});
  if (line->axis == Axis::columns && info.pixel_size)
    for (int c = 0; c < count; ++c) sheet.columns[line->first + c].pixel_size = info.pixel_size;
  return empty_reply();
}

Api<Json> delete_dimension(Batch& batch, const Json& request) {
  Book& book = batch.book;
  const auto line = read_dimension_range(book, request["range"]);
  if (!line) return std::unexpected(line.error());
  Sheet& sheet = *line->sheet;
  const int count = line->count();
  if (line->axis == Axis::rows) {
    if (count >= sheet.row_count) return refuse("You can't delete all the rows on the sheet.");
    sheet.rows.erase(line->first, count);
    sheet.row_count -= count;
  } else {
    if (count >= sheet.column_count) return refuse("You can't delete all the columns on the sheet.");
    sheet.rows.update_all([&](int, Row& row) { row.erase_columns(line->first, count); });
    sheet.column_count -= count;
  }
  follow_shift(book, sheet.id, line->axis, Shift{Shift::Kind::erase, line->first, count});
  return empty_reply();
}

Api<Json> append_dimension(Batch& batch, const Json& request) {
  Book& book = batch.book;
  const auto sheet = need_sheet(book, int_or(request, "sheetId", 0));
  if (!sheet) return std::unexpected(sheet.error());
  const std::string dimension = request["dimension"].string_or();
  const std::int64_t length = int_or(request, "length", 0);
  if (length < 1) return refuse(fmt::format("length must be positive, but was {}", length));
  if (length > kCellsMax)
    return refuse(fmt::format(
        "This action would increase the number of cells in the workbook above the limit of {} cells.", kCellsMax));
  if (dimension == "ROWS")
    (*sheet)->row_count += static_cast<int>(length);
  else if (dimension == "COLUMNS")
    (*sheet)->column_count += static_cast<int>(length);
  else
    return refuse("dimension must be specified.");
  if ((*sheet)->column_count > kColumnsMax)
    return refuse(
        fmt::format("The number of columns ({}) exceeds the limit of {}.", (*sheet)->column_count, kColumnsMax));
  if (auto fits = check_cell_count(book); !fits) return std::unexpected(std::move(fits).error());
  return empty_reply();
}

Api<Json> move_dimension(Batch& batch, const Json& request) {
  Book& book = batch.book;
  const auto line = read_dimension_range(book, request["source"]);
  if (!line) return std::unexpected(line.error());
  Sheet& sheet = *line->sheet;
  const int size = line->axis == Axis::rows ? sheet.row_count : sheet.column_count;
  const std::int64_t destination = int_or(request, "destinationIndex", 0) + 1;
  if (destination < 1 || destination > size + 1)
    return refuse(fmt::format("destinationIndex[{}] is outside the grid", destination - 1));
  if (destination > line->first && destination <= line->last)
    return refuse("destinationIndex must not be inside the source range");
  const int to = static_cast<int>(destination), count = line->count();
  const int target = to > line->first ? to - count : to;
  if (line->axis == Axis::rows) {
    std::vector<RowPtr> rows = sheet.rows.erase(line->first, count);
    sheet.rows.insert(target, std::move(rows));
  } else {
    sheet.rows.update_all([&](int, Row& row) {
      row.cells.resize(
          static_cast<std::size_t>(std::max({static_cast<int>(row.cells.size()), line->last, target + count - 1})));
      std::vector<Cell> block(row.cells.begin() + line->first - 1, row.cells.begin() + line->last);
      row.cells.erase(row.cells.begin() + line->first - 1, row.cells.begin() + line->last);
      row.cells.insert(row.cells.begin() + target - 1, block.begin(), block.end());
      row.recount();
    });
  }
  follow_shift(book, sheet.id, line->axis, Shift{Shift::Kind::move, line->first, count, to});
  return empty_reply();
}

Api<Json> update_dimension_properties(Batch& batch, const Json& request) {
  const auto line = read_dimension_range(batch.book, request["range"]);
  if (!line) return std::unexpected(line.error());
  const std::string fields = request["fields"].string_or();
  auto mask = FieldMask::parse(fields);
  if (fields.empty() || !mask || !check_mask(*mask, "DimensionProperties"))
    return refuse(fmt::format("Invalid field: {}", fields));
  const Json& properties = request["properties"];
  const bool* hidden = properties["hiddenByUser"].if_bool();
  const bool hide = hidden && *hidden;
  const auto pixel_size = properties["pixelSize"].as_int();
  const bool sets_hidden = mask->takes("hiddenByUser"), sets_size = mask->takes("pixelSize");
  if (sets_size && pixel_size && (*pixel_size < 2 || *pixel_size > 2000))
    return refuse(fmt::format("Invalid pixelSize: {}", *pixel_size));
  const auto change = [&](bool& is_hidden, std::optional<int>& size) {
    if (sets_hidden) is_hidden = hide;
    if (sets_size) size = pixel_size ? std::optional(static_cast<int>(*pixel_size)) : std::nullopt;
  };
  if (line->axis == Axis::rows) {
    for (int r = line->first; r <= line->last; ++r)
      line->sheet->rows.update(r, [&](Row& row) { change(row.hidden, row.pixel_size); });
    line->sheet->rows.trim();
  } else {
    for (int c = line->first; c <= line->last; ++c) {
      ColumnInfo& info = line->sheet->columns[c];
      change(info.hidden, info.pixel_size);
      if (info == ColumnInfo{}) line->sheet->columns.erase(c);
    }
  }
  return empty_reply();
}

Api<Json> auto_resize(Batch& batch, const Json& request) {
  // Widths by text are a matter of fonts; the request is taken and the sizes go back to the default.
  const auto line = read_dimension_range(batch.book, request["dimensions"]);
  if (!line) return std::unexpected(line.error());
  if (line->axis == Axis::columns)
    for (int c = line->first; c <= line->last; ++c)
      if (const auto found = line->sheet->columns.find(c); found != line->sheet->columns.end())
        found->second.pixel_size.reset();
  return empty_reply();
}

}  // namespace

RequestHandler find_dimension_request(std::string_view kind) {
  static constexpr std::pair<std::string_view, RequestHandler> kHandlers[] = {
      {"insertDimension", insert_dimension},
      {"deleteDimension", delete_dimension},
      {"appendDimension", append_dimension},
      {"moveDimension", move_dimension},
      {"updateDimensionProperties", update_dimension_properties},
      {"autoResizeDimensions", auto_resize},
  };
  for (const auto& [name, handler] : kHandlers)
    if (name == kind) return handler;
  return nullptr;
}

}  // namespace rowlane::sheets::local
