// batchUpdate: sorting, copying and moving blocks of cells.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "sheets/local/batch.hpp"
#include "sheets/local/calculation.hpp"
#include "sheets/local/eval.hpp"

namespace rowlane::sheets::local {

namespace {

using Block = std::vector<std::vector<Cell>>;

Block read_block(const Sheet& sheet, const Area& area) {
  Block out;
  for (int r = area.row_first; r <= area.row_last; ++r) {
    std::vector<Cell> cells(static_cast<std::size_t>(area.column_last - area.column_first + 1));
    if (const Row* row = sheet.rows.find(r))
      for (int c = area.column_first; c <= area.column_last; ++c)
        if (const Cell* cell = row->find(c)) cells[static_cast<std::size_t>(c - area.column_first)] = *cell;
    out.push_back(std::move(cells));
  }
  return out;
}

void write_block(Sheet& sheet, int row_first, int column_first, Block block) {
  for (std::size_t r = 0; r < block.size(); ++r) {
    const int number = row_first + static_cast<int>(r);
    const bool bare = std::ranges::all_of(block[r], [](const Cell& c) { return c.is_bare(); });
    if (bare && !sheet.rows.find(number)) continue;
    sheet.rows.update(number, [&](Row& row) {
      for (std::size_t c = block[r].size(); c-- > 0;)
        row.set(column_first + static_cast<int>(c), std::move(block[r][c]));
    });
  }
  sheet.rows.trim();
}

// Numbers, text, truths, errors, then blanks (last either way), as a person's sort has it.
bool sorts_before(const Value& a, const Value& b, bool descending) {
  const auto rank = [](const Value& v) { return is_blank(v) ? 2 : if_error(v) ? 1 : 0; };
  if (rank(a) != rank(b)) return rank(a) < rank(b);
  if (rank(a) != 0) return false;
  const int order = compare_values(a, b);
  return descending ? order > 0 : order < 0;
}

Api<Json> sort_range(Batch& batch, const Json& request) {
  Book& book = batch.book;
  const auto area = read_bounded_range(book, request["range"]);
  if (!area) return std::unexpected(area.error());
  Sheet& sheet = *book.sheet(area->sheet_id);
  for (const Area& merge : sheet.merges)
    if (merge.overlaps(*area)) return refuse("You can't sort a range with merged cells.");
  const Json::Array* specs = request["sortSpecs"].if_array();
  if (!specs || specs->empty()) return refuse("sortSpecs must be specified");
  Area used = *area;
  used.row_last = std::min(used.row_last, sheet.rows.size());
  if (used.row_last <= used.row_first) return empty_reply();
  const auto height = static_cast<std::size_t>(used.row_last - used.row_first + 1);
  struct Key {
    std::vector<Value> values;
    bool descending;
  };
  std::vector<Key> keys;
  Evaluator evaluator(book);
  for (const Json& spec : *specs) {
    const std::int64_t column = int_or(spec, "dimensionIndex", 0) + 1;
    if (column < area->column_first || column > area->column_last)
      return refuse(fmt::format("sortSpecs: dimensionIndex {} is outside the range", column - 1));
    Key key{.descending = spec["sortOrder"].string_or() == "DESCENDING"};
    for (int r = used.row_first; r <= used.row_last; ++r)
      key.values.push_back(evaluator.value(sheet, r, static_cast<int>(column)));
    keys.push_back(std::move(key));
  }
  std::vector<std::size_t> order(height);
  std::iota(order.begin(), order.end(), 0u);
  // Rows with equal keys keep their order.
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
    for (const Key& key : keys) {
      if (sorts_before(key.values[a], key.values[b], key.descending)) return true;
      if (sorts_before(key.values[b], key.values[a], key.descending)) return false;
    }
    return a < b;
  });
  Block before = read_block(sheet, used), after(height);
  for (std::size_t i = 0; i < height; ++i) {
    after[i] = before[order[i]];
    const int by = static_cast<int>(i) - static_cast<int>(order[i]);
    if (by != 0)
      for (Cell& cell : after[i])
        if (const Formula* formula = cell.formula())
          if (auto moved = formula->copied_by(by, 0)) cell.set_formula(std::move(moved));
  }
  write_block(sheet, used.row_first, used.column_first, std::move(after));
  return empty_reply();
}

// Takes over from `from` what the paste type says.
void paste_cell(Cell& to, const Cell& from, std::string_view type, const Value& shown, int rows, int columns) {
  const auto content = [&] {
    const Formula* formula = from.formula();
    if (!formula) return to.set_value(from.value);
    auto moved = formula->copied_by(rows, columns);
    to.set_formula(moved ? std::move(moved) : from.extra->formula);
  };
  if (type == "PASTE_VALUES") {
    to.set_value(if_error(shown) ? Value{text_of(shown)} : shown);
  } else if (type == "PASTE_FORMAT") {
    to.format = from.format;
  } else if (type == "PASTE_FORMULA") {
    content();
  } else if (type == "PASTE_DATA_VALIDATION") {
    to.set_further("dataValidation", from.extra ? Json(from.extra->further)["dataValidation"] : Json{});
  } else if (type != "PASTE_CONDITIONAL_FORMATTING") {
    to = from;
    content();
  }
}

Api<Json> copy_paste(Batch& batch, const Json& request) {
  Book& book = batch.book;
  const auto source = read_bounded_range(book, request["source"]);
  if (!source) return std::unexpected(source.error());
  const auto given = read_bounded_range(book, request["destination"]);
  if (!given) return std::unexpected(given.error());
  Area to = *given;
  const bool transpose = request["pasteOrientation"].string_or() == "TRANSPOSE";
  const int source_rows = source->row_last - source->row_first + 1,
            source_columns = source->column_last - source->column_first + 1;
  const int height = transpose ? source_columns : source_rows, width = transpose ? source_rows : source_columns;
  // A destination that holds the source several times is filled with it; any other gets it once.
  const auto times = [](int have, int size) { return have % size == 0 ? have / size : 1; };
  const int down = times(to.row_last - to.row_first + 1, height),
            across = times(to.column_last - to.column_first + 1, width);
  Sheet& target = *book.sheet(to.sheet_id);
  to.row_last = to.row_first + height * down - 1;
  to.column_last = to.column_first + width * across - 1;
  if (to.row_last > target.row_count || to.column_last > target.column_count)
    return refuse(fmt::format("Range ({}) exceeds grid limits. Max rows: {}, max columns: {}", book.a1(to),
                              target.row_count, target.column_count));
  const Sheet& origin = *book.sheet(source->sheet_id);
  const std::string type = request["pasteType"].string_or("PASTE_NORMAL");
  Evaluator evaluator(book);
  Block from = read_block(origin, *source), block = read_block(target, to);
  for (int r = 0; r < height * down; ++r)
    for (int c = 0; c < width * across; ++c) {
      const int fr = transpose ? c % width : r % height, fc = transpose ? r % height : c % width;
      const Cell& cell = from[static_cast<std::size_t>(fr)][static_cast<std::size_t>(fc)];
      const int from_row = source->row_first + fr, from_column = source->column_first + fc;
      const Value shown = type == "PASTE_VALUES" ? evaluator.value(origin, from_row, from_column) : Value{};
      paste_cell(block[static_cast<std::size_t>(r)][static_cast<std::size_t>(c)], cell, type, shown,
                 to.row_first + r - from_row, to.column_first + c - from_column);
    }
  write_block(target, to.row_first, to.column_first, std::move(block));
  return empty_reply();
}

Api<Json> cut_paste(Batch& batch, const Json& request) {
  Book& book = batch.book;
  const auto source = read_bounded_range(book, request["source"]);
  if (!source) return std::unexpected(source.error());
  const Json& destination = request["destination"];
  const auto found = need_sheet(book, int_or(destination, "sheetId", 0));
  if (!found) return std::unexpected(found.error());
  Sheet& target = **found;
  const std::int64_t row = int_or(destination, "rowIndex", 0) + 1, column = int_or(destination, "columnIndex", 0) + 1;
  const int rows = source->row_last - source->row_first, columns = source->column_last - source->column_first;
  const Area to{target.id, static_cast<int>(row), static_cast<int>(column), static_cast<int>(row) + rows,
                static_cast<int>(column) + columns};
  if (row < 1 || column < 1 || to.row_last > target.row_count || to.column_last > target.column_count)
    return refuse(fmt::format("Range ({}) exceeds grid limits. Max rows: {}, max columns: {}", book.a1(to),
                              target.row_count, target.column_count));
  Sheet& origin = *book.sheet(source->sheet_id);
  Block block = read_block(origin, *source);
  write_block(origin, source->row_first, source->column_first,
              Block(block.size(), std::vector<Cell>(block.front().size())));
  write_block(target, to.row_first, to.column_first, std::move(block));
  // References to what was cut follow it; so do merges inside.
  const int down = to.row_first - source->row_first, across = to.column_first - source->column_first;
  for (std::size_t i = 0; i < origin.merges.size(); ++i) {
    Area merge = origin.merges[i];
    if (!source->contains(merge)) continue;
    merge = Area{target.id, merge.row_first + down, merge.column_first + across, merge.row_last + down,
                 merge.column_last + across};
    origin.merges.erase(origin.merges.begin() + static_cast<std::ptrdiff_t>(i--));
    target.merges.push_back(merge);
  }
  const Area cut = *source;
  rewrite_refs(book, [&](Ref& ref, std::int64_t on) {
    Area area = ref.area;
    area.sheet_id = on;
    if (!cut.contains(area)) return false;
    if (cut.sheet_id != to.sheet_id) {
      ref.qualified = ref.tab_known = true;
      ref.area.sheet_id = to.sheet_id;
    }
    ref.area.row_first += down;
    ref.area.row_last += down;
    ref.area.column_first += across;
    ref.area.column_last += across;
    return true;
  });
  return empty_reply();
}

// insertRange and deleteRange: the cells behind the block, along one axis and within its width, move.
Api<Json> shift_range(Batch& batch, const Json& request, Shift::Kind kind) {
  Book& book = batch.book;
  const auto area = read_bounded_range(book, request["range"]);
  if (!area) return std::unexpected(area.error());
  const std::string dimension = request["shiftDimension"].string_or();
  if (dimension != "ROWS" && dimension != "COLUMNS") return refuse("shiftDimension must be specified.");
  const Axis axis = dimension == "ROWS" ? Axis::rows : Axis::columns;
  Sheet& sheet = *book.sheet(area->sheet_id);
  Area band = *area;  // the block and all that lies behind it
  (axis == Axis::rows ? band.row_last : band.column_last) = axis == Axis::rows ? sheet.row_count : sheet.column_count;
  const int count =
      axis == Axis::rows ? area->row_last - area->row_first + 1 : area->column_last - area->column_first + 1;
  for (const Area& merge : sheet.merges)
    if (merge.overlaps(band) && !band.contains(merge)) return refuse("This operation would break a merged range.");
  Area stored = band;
  stored.row_last = std::max(stored.row_first, std::min(stored.row_last, sheet.rows.size()));
  const Block before = read_block(sheet, stored);
  const int height = stored.row_last - stored.row_first + 1, width = stored.column_last - stored.column_first + 1;
  const int grow = kind == Shift::Kind::insert ? count : 0;
  if (kind == Shift::Kind::insert) {  // what would fall off the edge makes the grid grow
    if (axis == Axis::rows && stored.row_last + count > sheet.row_count && sheet.rows.size() >= stored.row_first)
      sheet.row_count = stored.row_last + count;
    if (axis == Axis::columns) sheet.column_count = std::max(sheet.column_count, stored.column_last + count);
    if (auto fits = check_cell_count(book); !fits) return std::unexpected(std::move(fits).error());
  }
  const int new_height = height + (axis == Axis::rows ? grow : 0),
            new_width = width + (axis == Axis::columns ? grow : 0);
  Block after(static_cast<std::size_t>(new_height), std::vector<Cell>(static_cast<std::size_t>(new_width)));
  for (int r = 0; r < height; ++r)
    for (int c = 0; c < width; ++c) {
      const int along = axis == Axis::rows ? r : c;
      if (kind == Shift::Kind::erase && along < count) continue;
      const int by = kind == Shift::Kind::insert ? count : -count;
      const int nr = r + (axis == Axis::rows ? by : 0), nc = c + (axis == Axis::columns ? by : 0);
      after[static_cast<std::size_t>(nr)][static_cast<std::size_t>(nc)] =
          before[static_cast<std::size_t>(r)][static_cast<std::size_t>(c)];
    }
  write_block(sheet, stored.row_first, stored.column_first, std::move(after));
  const Shift shift{kind, axis == Axis::rows ? area->row_first : area->column_first, count};
  const auto within = [&](const Area& other) {
    return axis == Axis::rows ? other.column_first >= band.column_first && other.column_last <= band.column_last
                              : other.row_first >= band.row_first && other.row_last <= band.row_last;
  };
  std::vector<Area> merges;
  for (const Area& merge : sheet.merges) {
    const auto moved = within(merge) ? shifted(merge, axis, shift) : std::optional(merge);
    if (moved) merges.push_back(*moved);
  }
  sheet.merges = std::move(merges);
  rewrite_refs(book, [&](Ref& ref, std::int64_t on) {
    if (on != band.sheet_id || !within(ref.area)) return false;
    const auto moved = shifted(ref.area, axis, shift);
    if (moved && *moved == ref.area) return false;
    if (moved)
      ref.area = *moved;
    else
      ref.dead = true;
    return true;
  });
  return empty_reply();
}

Api<Json> insert_range(Batch& batch, const Json& request) { return shift_range(batch, request, Shift::Kind::insert); }
Api<Json> delete_range(Batch& batch, const Json& request) { return shift_range(batch, request, Shift::Kind::erase); }

}  // namespace

RequestHandler find_block_request(std::string_view kind) {
  if (kind == "sortRange") return sort_range;
  if (kind == "copyPaste") return copy_paste;
  if (kind == "cutPaste") return cut_paste;
  if (kind == "insertRange") return insert_range;
  if (kind == "deleteRange") return delete_range;
  return nullptr;
}

}  // namespace rowlane::sheets::local
