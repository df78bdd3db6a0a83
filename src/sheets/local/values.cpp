#include "sheets/local/values.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sheets/local/cell_write.hpp"
#include "sheets/local/number_format.hpp"
#include "sheets/local/render.hpp"

namespace rowlane::sheets::local {

namespace {

bool is_dated(const Book& book, const Cell* cell) {
  if (!cell || !cell->format) return false;
  const std::string& type = book.formats->at(cell->format).type;
  return type == "DATE" || type == "TIME" || type == "DATE_TIME";
}

// One value; false: nothing there.
bool append_one(std::string& out, const Book& book, Evaluator& evaluator, const Sheet& sheet, int row, int column,
                const ValueOptions& options) {
  const Cell* cell = sheet.rows.cell(row, column);
  if (options.render == ValueOptions::Render::formula && cell && cell->formula()) {
    append_json_string(out, cell->formula()->text(book));
    return true;
  }
  const Value value = evaluator.value(sheet, row, column, cell);
  if (is_blank(value)) {
    out += "\"\"";
    return false;
  }
  const auto* number = std::get_if<double>(&value);
  const bool raw = options.render != ValueOptions::Render::formatted;
  if (raw && number && !(options.dates_as_text && is_dated(book, cell)))
    out += number_text(*number);
  else if (raw && std::holds_alternative<bool>(value))
    out += std::get<bool>(value) ? "true" : "false";
  else
    append_json_string(out, shown_text(book, evaluator, sheet, cell, value));
  return true;
}

}  // namespace

void render_values(std::string& out, const Book& book, Evaluator& evaluator, const Area& given,
                   const ValueOptions& options) {
  const Area area = book.bounded(given);
  const Sheet& sheet = *book.sheet(area.sheet_id);
  out += "{\"range\":";
  append_json_string(out, book.a1(area));
  out += options.by_columns ? ",\"majorDimension\":\"COLUMNS\"" : ",\"majorDimension\":\"ROWS\"";
  int last_row = std::min(area.row_last, sheet.rows.size()), widest = 0;
  for (const auto& [at, value] : evaluator.spilled(sheet)) {
    last_row = std::max(last_row, std::min(area.row_last, static_cast<int>(at >> 20)));
    widest = std::max(widest, static_cast<int>(at & 0xfffff));
  }
  sheet.rows.each(area.row_first, last_row,
                  [&](int, const Row& row) { widest = std::max(widest, static_cast<int>(row.cells.size())); });
  const int last_column = std::min(area.column_last, widest);
  const int outer_first = options.by_columns ? area.column_first : area.row_first,
            outer_last = options.by_columns ? last_column : last_row;
  const int inner_first = options.by_columns ? area.row_first : area.column_first,
            inner_last = options.by_columns ? last_row : last_column;
  const std::size_t before = out.size();
  out += ",\"values\":[";
  std::size_t kept = out.size();
  bool any = false;
  for (int o = outer_first; o <= outer_last; ++o) {
    if (o > outer_first) out += ',';
    out += '[';
    std::size_t filled = out.size();
    bool some = false;
    for (int i = inner_first; i <= inner_last; ++i) {
      if (i > inner_first) out += ',';
      if (append_one(out, book, evaluator, sheet, options.by_columns ? i : o, options.by_columns ? o : i, options)) {
        filled = out.size();
        some = true;
      }
    }
    out.resize(filled);
    out += ']';
    if (some) {
      kept = out.size();
      any = true;
    }
  }
  out.resize(any ? kept : before);
  out += any ? "]}" : "}";
}

namespace {

bool row_filled(const Sheet& sheet, int number, int first, int last) {
  const Row* row = sheet.rows.find(number);
  if (!row) return false;
  for (int c = first; c <= std::min(last, static_cast<int>(row->cells.size())); ++c)
    if (c >= 1 && row->find(c)->has_content()) return true;
  return false;
}
bool column_filled(const Sheet& sheet, int column, int first, int last) {
  for (int r = std::max(first, 1); r <= last; ++r)
    if (const Cell* cell = sheet.rows.cell(r, column); cell && cell->has_content()) return true;
  return false;
}

// The last table in the area: the filled block around its last filled row.
std::optional<Area> find_table(const Sheet& sheet, const Area& area) {
  int seed = 0;
  for (int r = std::min(area.row_last, sheet.rows.size()); r >= area.row_first && !seed; --r)
    if (row_filled(sheet, r, area.column_first, area.column_last)) seed = r;
  if (!seed) return std::nullopt;
  const Row& row = *sheet.rows.find(seed);
  int column = area.column_first;
  while (!row.find(column)->has_content()) ++column;
  Area table{sheet.id, seed, column, seed, column};
  while (true) {
    if (row_filled(sheet, table.row_last + 1, table.column_first - 1, table.column_last + 1))
      ++table.row_last;
    else if (table.column_last < sheet.column_count &&
             column_filled(sheet, table.column_last + 1, table.row_first, table.row_last))
      ++table.column_last;
    else if (table.column_first > 1 && column_filled(sheet, table.column_first - 1, table.row_first, table.row_last))
      --table.column_first;
    else if (table.row_first > 1 &&
             row_filled(sheet, table.row_first - 1, table.column_first - 1, table.column_last + 1))
      --table.row_first;
    else
      return table;
  }
}

ApiStatus write_one(Book& book, Cell& cell, const Json& value, bool typed, std::size_t outer, std::size_t inner) {
  if (const auto number = value.as_double()) {
    cell.set_value(*number);
    return {};
  }
  if (const bool* truth = value.if_bool()) {
    cell.set_value(*truth);
    return {};
  }
  const std::string* text = value.if_string();
  if (!text)
    return refuse(
        fmt::format("Invalid values[{}][{}]: {}", outer, inner, value.if_array() ? "list_value" : "struct_value"));
  if (auto fits = check_length(*text); !fits) return fits;
  if (!typed) {
    cell.set_value(text->empty() ? Value{} : Value{*text});
    return {};
  }
  const std::string& type = book.formats->at(cell.format).type;
  const TypedValue read = parse_typed(*text, locale_of(book.locale), type == "TEXT");
  if (!read.formula.empty())
    cell.set_formula(Formula::parse(read.formula, book));
  else
    cell.set_value(read.value);
  if (!read.format_type.empty() && type.empty()) set_number_format(book, cell, read.format_type, read.format_pattern);
  return {};
}

}  // namespace

Api<ValueChange> write_values(Book& book, const ValueWrite& write) {
  Sheet& sheet = *book.sheet(write.area.sheet_id);
  static const Json::Array kNone;
  const Json::Array* outer = write.values.if_array();
  if (!outer) {
    if (!write.values.is_null()) return refuse("Invalid values: expected a list of lists");
    outer = &kNone;
  }
  std::size_t inner_size = 0;
  for (std::size_t i = 0; i < outer->size(); ++i) {
    const Json::Array* inner = (*outer)[i].if_array();
    if (!inner) return refuse(fmt::format("Invalid values[{}]: expected a list", i));
    inner_size = std::max(inner_size, inner->size());
  }
  const int height = static_cast<int>(write.by_columns ? inner_size : outer->size());
  const int width = static_cast<int>(write.by_columns ? outer->size() : inner_size);
  ValueChange change;
  Area at = book.bounded(write.area);
  if (write.append) {
    change.table = find_table(sheet, at);
    const int row = change.table ? change.table->row_last + 1 : at.row_first,
              column = change.table ? change.table->column_first : at.column_first;
    const int new_rows = std::max(0, row + height - 1 - sheet.row_count);
    if (write.insert_rows && row <= sheet.row_count && height > 0) {
      sheet.row_count += height;
      sheet.rows.insert(row, std::vector<RowPtr>(static_cast<std::size_t>(height)));
      follow_shift(book, sheet.id, Axis::rows, Shift{Shift::Kind::insert, row, height});
    } else {
      sheet.row_count += new_rows;
    }
    sheet.column_count = std::max(sheet.column_count, column + width - 1);
    if (book.cell_count() > kCellsMax)
      return refuse(fmt::format(
          "This action would increase the number of cells in the workbook above the limit of {} cells.", kCellsMax));
    at = Area{sheet.id, row, column, sheet.row_count, sheet.column_count};
  } else {
    // A single cell is a place to start from; a larger range is a limit.
    const bool corner = at.row_first == at.row_last && at.column_first == at.column_last;
    if (corner) {
      at.row_last = sheet.row_count;
      at.column_last = sheet.column_count;
    }
    const int last_row = at.row_first + height - 1, last_column = at.column_first + width - 1;
    if (last_row > sheet.row_count || last_column > sheet.column_count)
      return refuse(fmt::format("Range ({}) exceeds grid limits. Max rows: {}, max columns: {}",
                                book.a1(Area{sheet.id, at.row_first, at.column_first, last_row, last_column}),
                                sheet.row_count, sheet.column_count));
    if (last_row > at.row_last)
      return refuse(fmt::format("Requested writing within range [{}], but tried writing to row [{}]", book.a1(at),
                                at.row_last + 1));
    if (last_column > at.column_last)
      return refuse(fmt::format("Requested writing within range [{}], but tried writing to column [{}]", book.a1(at),
                                column_letters(at.column_last + 1)));
  }
  change.rows = height;
  change.columns = width;
  change.updated = Area{sheet.id, at.row_first, at.column_first, at.row_first + std::max(height, 1) - 1,
                        at.column_first + std::max(width, 1) - 1};
  for (int r = 0; r < height; ++r) {
    ApiStatus status;
    sheet.rows.update(at.row_first + r, [&](Row& row) {
      for (int c = 0; c < width && status; ++c) {
        const auto o = static_cast<std::size_t>(write.by_columns ? c : r),
                   i = static_cast<std::size_t>(write.by_columns ? r : c);
        const Json::Array& inner = *(*outer)[o].if_array();
        if (i >= inner.size() || inner[i].is_null()) continue;
        const int column = at.column_first + c;
        Cell cell = row.find(column) ? *row.find(column) : Cell{};
        status = write_one(book, cell, inner[i], write.typed, o, i);
        if (!status) return;
        row.set(column, std::move(cell));
        ++change.cells;
      }
    });
    if (!status) return std::unexpected(std::move(status).error());
  }
  sheet.rows.trim();
  return change;
}

Area clear_values(Book& book, const Area& given) {
  const Area area = book.bounded(given);
  Sheet& sheet = *book.sheet(area.sheet_id);
  for (int r = area.row_first; r <= std::min(area.row_last, sheet.rows.size()); ++r) {
    if (!sheet.rows.find(r)) continue;
    sheet.rows.update(r, [&](Row& row) {
      for (int c = std::min(area.column_last, static_cast<int>(row.cells.size())); c >= area.column_first; --c) {
        const Cell* found = row.find(c);
        if (!found) continue;  // bare cells at the row's end went with the one right of them
        Cell cell = *found;
        cell.set_value({});
        row.set(c, std::move(cell));
      }
    });
  }
  sheet.rows.trim();
  return area;
}

}  // namespace rowlane::sheets::local
