#include "sync/chunk.hpp"

#include "domain/convert.hpp"

namespace rowlane::sync {

namespace {

using namespace sheets;

// Takes from the front of `from` while it fits.
template <class Row, class Cost>
void take(std::vector<Row>& from, std::vector<Row>& to, ChunkBudget& left, bool& full, const Cost& cost) {
  std::size_t count = 0;
  for (; count < from.size() && !full; ++count) {
    const auto [bytes, requests] = cost(from[count]);
    // A record above the limit goes alone: Google says what it thinks of it.
    full = bytes >= left.bytes || requests >= left.requests;
    if (full && (left.bytes < ChunkBudget{}.bytes / 2 || count > 0)) break;
    left.bytes -= std::min(bytes, left.bytes);
    left.requests -= std::min(requests, left.requests);
  }
  to.assign(std::make_move_iterator(from.begin()),
            std::make_move_iterator(from.begin() + static_cast<std::ptrdiff_t>(count)));
  from.erase(from.begin(), from.begin() + static_cast<std::ptrdiff_t>(count));
}

}  // namespace

plan::TabPlan cut(plan::TabPlan& rest, ChunkBudget& left, bool with_deletes, const OpBytes& bytes_of) {
  plan::TabPlan out;
  out.tab = rest.tab, out.sheet_id = rest.sheet_id, out.title = rest.title, out.missing = rest.missing;
  out.grid_rows = rest.grid_rows, out.grid_columns = rest.grid_columns, out.columns = rest.columns;
  out.insert_at = rest.insert_at, out.free_rows = rest.free_rows;
  bool full = false;
  const auto cells_cost = [&](const std::vector<plan::CellEdit>& cells, bool alone, bool with_id) {
    std::size_t bytes = 0, requests = 0;
    op::UpdateCells update{rest.sheet_id, 1'000, 1, {}};
    for (const plan::CellEdit& edit : cells) {
      update.cells.push_back(write_of(edit));
      if (!alone) continue;
      bytes += bytes_of(update), ++requests;
      update.cells.clear();
    }
    if (!alone || with_id) {
      update.cells.push_back({.value = std::string(24, 'x'), .format = std::nullopt});
      // A new row is written in as many runs as it has gaps; formats split them further.
      const std::size_t runs = alone ? 1 : cells.size() + 1;
      bytes += bytes_of(update) + (alone ? 0 : runs * 130), requests += runs;
    }
    return std::pair(bytes, requests);
  };
  take(rest.updates, out.updates, left, full,
       [&](const plan::RowUpdate& u) { return cells_cost(u.cells, true, u.write_id); });
  if (with_deletes)
    take(rest.deletes, out.deletes, left, full,
         [](const plan::RowDelete&) { return std::pair(std::size_t{160}, std::size_t{1}); });
  take(rest.adds, out.adds, left, full, [&](const plan::RowAdd& a) { return cells_cost(a.cells, false, true); });
  return out;
}

void advance(plan::TabPlan& rest, const plan::TabPlan& done) {
  const auto removed_before = [&](int row) {
    const auto end = std::lower_bound(done.deletes.begin(), done.deletes.end(), row,
                                      [](const plan::RowDelete& d, int at) { return d.row < at; });
    return static_cast<int>(end - done.deletes.begin());
  };
  const int adds = static_cast<int>(done.adds.size()), inserted = std::max(0, adds - done.free_rows);
  const auto after = [&](int row) { return row - removed_before(row) + (row >= done.insert_at ? inserted : 0); };
  for (plan::RowUpdate& u : rest.updates) u.row = after(u.row);
  for (plan::RowDelete& d : rest.deletes) d.row = after(d.row);
  rest.insert_at = done.insert_at - removed_before(done.insert_at) + adds;
  rest.free_rows = std::max(0, done.free_rows - adds);
  for (plan::ColumnPlan& column : rest.columns.columns) column.set_mark = column.write_header = false;
  rest.columns.id_is_new = rest.columns.id_write_header = rest.columns.id_set_mark = rest.columns.create_tab = false;
  rest.missing = false;
  for (const plan::RowAdd& add : done.adds) rest.row_of[static_cast<std::size_t>(add.record)] = done.insert_at;
  for (const plan::RowDelete& gone : done.deletes) rest.row_of[static_cast<std::size_t>(gone.record)] = 0;
}

bool is_written(const plan::TabPlan& rest) { return !rest.columns.refused.empty() || rest.writes_nothing(); }

CellWrite write_of(const plan::CellEdit& edit) {
  CellWrite write;
  if (is_blank(edit.value)) return write;
  if (const auto* text = std::get_if<std::string>(&edit.value))
    write.value = *text;
  else if (const auto* money = std::get_if<Money>(&edit.value))
    write.value = static_cast<double>(money->hundredths) / 100;
  else if (const auto* date = std::get_if<Date>(&edit.value))
    write.value = static_cast<double>(date->days + kSerialOf1970);
  else
    write.value = std::get<bool>(edit.value);
  if (edit.format) write.format = {*edit.format, *edit.format == FormatKind::date ? "dd/mm/yyyy" : "#,##0.00"};
  return write;
}

}  // namespace rowlane::sync
