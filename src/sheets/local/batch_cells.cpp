// batchUpdate: writing cells.
#include <fmt/format.h>

#include <algorithm>

#include "sheets/local/batch.hpp"
#include "sheets/local/cell_write.hpp"
#include "sheets/local/eval.hpp"

namespace rowlane::sheets::local {

namespace {

const Json::Array& array_of(const Json& value) {
  static const Json::Array kNone;
  return value.if_array() ? *value.if_array() : kNone;
}

// Rows of CellData at `area`: within it, cells without data are cleared when `fill` (a range was given).
ApiStatus write_rows(Book& book, Sheet& sheet, const Area& area, const Json::Array& rows, const CellMask& mask,
                     bool fill) {
  const std::size_t height = static_cast<std::size_t>(area.row_last - area.row_first) + 1;
  const std::size_t width = static_cast<std::size_t>(area.column_last - area.column_first) + 1;
  if (rows.size() > height)
    return refuse(fmt::format("Attempting to write row: {}, beyond the last requested row of: {}",
                              area.row_first - 1 + static_cast<int>(height), area.row_last - 1));
  const std::size_t count = fill ? height : rows.size();
  for (std::size_t r = 0; r < count; ++r) {
    static const Json::Array kNone;
    const Json::Array& cells = r < rows.size() ? array_of(rows[r]["values"]) : kNone;
    if (cells.size() > width)
      return refuse(fmt::format("Attempting to write column: {}, beyond the last requested column of: {}",
                                area.column_first - 1 + static_cast<int>(width), area.column_last - 1));
    const int number = area.row_first + static_cast<int>(r);
    if (cells.empty() && (!fill || !sheet.rows.find(number))) continue;
    ApiStatus status;
    sheet.rows.update(number, [&](Row& row) {
      for (std::size_t c = 0; c < (fill ? width : cells.size()) && status; ++c) {
        const int column = area.column_first + static_cast<int>(c);
        const Cell* before = row.find(column);
        if (c >= cells.size() && !before) continue;
        Cell cell = before ? *before : Cell{};
        status = mask.write(book, cell, c < cells.size() ? &cells[c] : nullptr);
        if (status) row.set(column, std::move(cell));
      }
    });
    if (!status) return status;
  }
  return {};
}

Api<Json> update_cells(Batch& batch, const Json& request) {
  Book& book = batch.book;
  const auto mask = CellMask::parse(request["fields"].string_or());
  if (!mask) return std::unexpected(mask.error());
  Area area;
  bool fill = false;
  if (const Json* range = request.find("range")) {
    if (request.find("start")) return refuse("Only one of 'start' and 'range' may be set.");
    const auto read = read_bounded_range(book, *range);
    if (!read) return std::unexpected(read.error());
    area = *read;
    fill = true;
  } else if (const Json* start = request.find("start")) {
    const auto sheet = need_sheet(book, int_or(*start, "sheetId", 0));
    if (!sheet) return std::unexpected(sheet.error());
    const std::int64_t row = int_or(*start, "rowIndex", 0), column = int_or(*start, "columnIndex", 0);
    if (row < 0 || column < 0 || row >= (*sheet)->row_count || column >= (*sheet)->column_count)
      return refuse(fmt::format("start: GridCoordinate.{} is out of bounds: the grid has {} rows and {} columns",
                                row < 0 || row >= (*sheet)->row_count ? "rowIndex" : "columnIndex", (*sheet)->row_count,
                                (*sheet)->column_count));
    area = Area{(*sheet)->id, static_cast<int>(row) + 1, static_cast<int>(column) + 1, (*sheet)->row_count,
                (*sheet)->column_count};
  } else {
    return refuse("One of 'start' and 'range' must be set.");
  }
  if (auto written = write_rows(book, *book.sheet(area.sheet_id), area, array_of(request["rows"]), *mask, fill);
      !written)
    return std::unexpected(std::move(written).error());
  return empty_reply();
}

Api<Json> repeat_cell(Batch& batch, const Json& request) {
  Book& book = batch.book;
  const auto mask = CellMask::parse(request["fields"].string_or());
  if (!mask) return std::unexpected(mask.error());
  const auto area = read_bounded_range(book, request["range"]);
  if (!area) return std::unexpected(area.error());
  Sheet& sheet = *book.sheet(area->sheet_id);
  const Json* data = request.find("cell");
  const bool clears = !data || data->if_object()->empty();
  ApiStatus status;
  for (int r = area->row_first; r <= area->row_last && status; ++r) {
    if (clears && !sheet.rows.find(r)) continue;
    sheet.rows.update(r, [&](Row& row) {
      for (int c = area->column_first; c <= area->column_last && status; ++c) {
        const Cell* before = row.find(c);
        if (clears && !before) continue;
        Cell cell = before ? *before : Cell{};
        status = mask->write(book, cell, data);
        // A repeated formula moves its references along, as when it is filled down.
        if (const Formula* formula = cell.formula(); formula && (r != area->row_first || c != area->column_first))
          if (auto moved = formula->copied_by(r - area->row_first, c - area->column_first))
            cell.set_formula(std::move(moved));
        if (status) row.set(c, std::move(cell));
      }
    });
  }
  if (!status) return std::unexpected(std::move(status).error());
  sheet.rows.trim();
  return empty_reply();
}

int last_content_row(const Sheet& sheet) {
  int last = 0;
  sheet.rows.each(1, sheet.rows.size(), [&](int number, const Row& row) {
    if (row.has_content()) last = number;
  });
  return last;
}

Api<Json> append_cells(Batch& batch, const Json& request) {
  Book& book = batch.book;
  const auto found = need_sheet(book, int_or(request, "sheetId", 0));
  if (!found) return std::unexpected(found.error());
  if (request.find("tableId")) return refuse("Tables are not supported by the local Sheets service.");
  const auto mask = CellMask::parse(request["fields"].string_or());
  if (!mask) return std::unexpected(mask.error());
  Sheet& sheet = **found;
  const Json::Array& rows = array_of(request["rows"]);
  const int start = last_content_row(sheet) + 1;
  int width = sheet.column_count;
  for (const Json& row : rows) width = std::max(width, static_cast<int>(array_of(row["values"]).size()));
  sheet.row_count = std::max(sheet.row_count, start - 1 + static_cast<int>(rows.size()));
  sheet.column_count = width;
  if (auto fits = check_cell_count(book); !fits) return std::unexpected(std::move(fits).error());
  const Area area{sheet.id, start, 1, std::max(start, sheet.row_count), width};
  if (auto written = write_rows(book, sheet, area, rows, *mask, false); !written)
    return std::unexpected(std::move(written).error());
  return empty_reply();
}

Api<Json> merge_cells(Batch& batch, const Json& request) {
  Book& book = batch.book;
  const auto area = read_bounded_range(book, request["range"]);
  if (!area) return std::unexpected(area.error());
  Sheet& sheet = *book.sheet(area->sheet_id);
  for (const Area& merge : sheet.merges)
    if (merge.overlaps(*area) && !area->contains(merge))
      return refuse("You must select all cells in a merged range to merge or unmerge them.");
  std::erase_if(sheet.merges, [&](const Area& merge) { return area->contains(merge); });
  const std::string type = request["mergeType"].string_or("MERGE_ALL");
  std::vector<Area> made;
  if (type == "MERGE_COLUMNS")
    for (int c = area->column_first; c <= area->column_last; ++c)
      made.push_back({sheet.id, area->row_first, c, area->row_last, c});
  else if (type == "MERGE_ROWS")
    for (int r = area->row_first; r <= area->row_last; ++r)
      made.push_back({sheet.id, r, area->column_first, r, area->column_last});
  else
    made.push_back(*area);
  for (const Area& merge : made) {
    if (merge.row_first == merge.row_last && merge.column_first == merge.column_last) continue;
    // Only the first filled cell's content is kept, in the corner.
    std::optional<Cell> content;
    for (int r = merge.row_first; r <= merge.row_last; ++r)
      for (int c = merge.column_first; c <= merge.column_last; ++c)
        if (const Cell* cell = sheet.rows.cell(r, c); cell && cell->has_content() && !content) content = *cell;
    for (int r = merge.row_first; r <= merge.row_last; ++r) {
      if (!sheet.rows.find(r)) continue;
      sheet.rows.update(r, [&](Row& row) {
        for (int c = merge.column_first; c <= merge.column_last; ++c) {
          const Cell* before = row.find(c);
          if (!before) continue;
          Cell cell = *before;
          cell.set_value({});
          row.set(c, std::move(cell));
        }
      });
    }
    if (content) sheet.rows.update(merge.row_first, [&](Row& row) { row.set(merge.column_first, *content); });
    sheet.merges.push_back(merge);
  }
  return empty_reply();
}

Api<Json> unmerge_cells(Batch& batch, const Json& request) {
  const auto area = read_bounded_range(batch.book, request["range"]);
  if (!area) return std::unexpected(area.error());
  Sheet& sheet = *batch.book.sheet(area->sheet_id);
  for (const Area& merge : sheet.merges)
    if (merge.overlaps(*area) && !area->contains(merge))
      return refuse("You must select all cells in a merged range to merge or unmerge them.");
  std::erase_if(sheet.merges, [&](const Area& merge) { return area->contains(merge); });
  return empty_reply();
}

Api<Json> set_data_validation(Batch& batch, const Json& request) {
  const auto area = read_bounded_range(batch.book, request["range"]);
  if (!area) return std::unexpected(area.error());
  Sheet& sheet = *batch.book.sheet(area->sheet_id);
  const Json& rule = request["rule"];
  for (int r = area->row_first; r <= area->row_last; ++r) {
    if (rule.is_null() && !sheet.rows.find(r)) continue;
    sheet.rows.update(r, [&](Row& row) {
      for (int c = area->column_first; c <= area->column_last; ++c) {
        const Cell* before = row.find(c);
        Cell cell = before ? *before : Cell{};
        cell.set_further("dataValidation", rule);
        row.set(c, std::move(cell));
      }
    });
  }
  return empty_reply();
}

// Replaces every occurrence; the number of them.
int replace_in(std::string& text, std::string_view find, std::string_view replacement, bool match_case, bool entire) {
  const auto low = [match_case](char c) {
    return !match_case && c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  const auto equal_at = [&](std::size_t at) {
    return at + find.size() <= text.size() &&
           std::ranges::equal(std::string_view(text).substr(at, find.size()), find, {}, low, low);
  };
  if (entire) {
    if (text.size() != find.size() || !equal_at(0)) return 0;
    text = replacement;
    return 1;
  }
  std::string out;
  int count = 0;
  for (std::size_t i = 0; i < text.size();) {
    if (equal_at(i)) {
      out += replacement;
      i += find.size();
      ++count;
    } else {
      out += text[i++];
    }
  }
  if (count) text = std::move(out);
  return count;
}

Api<Json> find_replace(Batch& batch, const Json& request) {
  Book& book = batch.book;
  const std::string find = request["find"].string_or(), replacement = request["replacement"].string_or();
  if (find.empty()) return refuse("find must not be empty");
  const auto flag = [&](const char* name) { return request[name].if_bool() && *request[name].if_bool(); };
  if (flag("searchByRegex")) return refuse("searchByRegex is not supported by the local Sheets service.");
  std::vector<Area> areas;
  if (const Json* range = request.find("range")) {
    const auto area = read_bounded_range(book, *range);
    if (!area) return std::unexpected(area.error());
    areas.push_back(*area);
  } else if (const auto id = request["sheetId"].as_int()) {
    if (auto sheet = need_sheet(book, *id); !sheet) return std::unexpected(std::move(sheet).error());
    areas.push_back(book.bounded(Area{.sheet_id = *id}));
  } else if (flag("allSheets")) {
    for (const Sheet& sheet : book.sheets) areas.push_back(book.bounded(Area{.sheet_id = sheet.id}));
  } else {
    return refuse("One of 'range', 'sheetId' and 'allSheets' must be set.");
  }
  int values = 0, formulas = 0, rows = 0, tabs = 0, occurrences = 0;
  for (const Area& area : areas) {
    Sheet& sheet = *book.sheet(area.sheet_id);
    bool tab_changed = false;
    for (int r = area.row_first; r <= std::min(area.row_last, sheet.rows.size()); ++r) {
      if (!sheet.rows.find(r)) continue;
      bool row_changed = false;
      sheet.rows.update(r, [&](Row& row) {
        for (int c = area.column_first; c <= std::min(area.column_last, static_cast<int>(row.cells.size())); ++c) {
          Cell cell = *row.find(c);
          const Formula* formula = cell.formula();
          if (!cell.has_content() || (formula && !flag("includeFormulas"))) continue;
          std::string text = formula ? formula->text(book) : text_of(cell.value);
          const int count = replace_in(text, find, replacement, flag("matchCase"), flag("matchEntireCell"));
          if (!count) continue;
          occurrences += count;
          ++(formula ? formulas : values);
          row_changed = true;
          if (formula)
            cell.set_formula(Formula::parse(text, book));
          else
            cell.set_value(text.empty() ? Value{} : Value{text});
          row.set(c, std::move(cell));
        }
      });
      rows += row_changed ? 1 : 0;
      tab_changed = tab_changed || row_changed;
    }
    tabs += tab_changed ? 1 : 0;
  }
  Json reply = Json(Json::Object{});
  const auto put = [&](const char* name, int count) {
    if (count) reply.set(name, count);
  };
  put("valuesChanged", values);
  put("formulasChanged", formulas);
  put("rowsChanged", rows);
  put("sheetsChanged", tabs);
  put("occurrencesChanged", occurrences);
  return Json::object({{"findReplace", std::move(reply)}});
}

}  // namespace

RequestHandler find_cell_request(std::string_view kind) {
  static constexpr std::pair<std::string_view, RequestHandler> kHandlers[] = {
      {"updateCells", update_cells}, {"repeatCell", repeat_cell},     {"appendCells", append_cells},
      {"mergeCells", merge_cells},   {"unmergeCells", unmerge_cells}, {"setDataValidation", set_data_validation},
      {"findReplace", find_replace},
  };
  for (const auto& [name, handler] : kHandlers)
    if (name == kind) return handler;
  return nullptr;
}

}  // namespace rowlane::sheets::local
