#include "sync/chunk.hpp"

#include "domain/convert.hpp"

namespace rowlane::sync {

namespace {

using namespace sheets;

// Takes from the front of `from` while it fits.
template <class Row, class Cost>
void take(std::vector<Row>& from, std::vector<Row>& to, ChunkBudget& left, bool& full, Cost cost) {
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

// Whether the two become neighbours in one request when one stands below the other.
bool is_alike(const op::UpdateCells& above, const op::UpdateCells& below) {
  return above.column == below.column &&
         std::ranges::equal(above.cells, below.cells, [](const CellWrite& a, const CellWrite& b) {
           return a.format.has_value() == b.format.has_value();
         });
}

// What writing a row adds to a batch, in bytes and requests. Rows come in ascending order.
class RowCosts {
 public:
  explicit RowCosts(const OpBytes& bytes_of) : bytes_of_(bytes_of) {}
  std::pair<std::size_t, std::size_t> of(int row, std::vector<op::UpdateCells> runs) {
    if (row != row_ + 1) above_.clear();
    std::size_t bytes = 0, requests = 0;
    for (const op::UpdateCells& run : runs) {
      const bool joins =
          std::ranges::any_of(above_, [&](const op::UpdateCells& above) { return is_alike(above, run); });
      bytes += bytes_of_(run, joins);
      if (joins) continue;
      ++requests;  // one for each run of cells that do, or do not, set formats
      for (std::size_t i = 1; i < run.cells.size(); ++i)
        requests += run.cells[i].format.has_value() != run.cells[i - 1].format.has_value();
    }
    row_ = row, above_ = std::move(runs);
    return {bytes, requests};
  }

 private:
  const OpBytes& bytes_of_;
  int row_ = 0;
  std::vector<op::UpdateCells> above_;
};

}  // namespace

plan::TabPlan cut(plan::TabPlan& rest, ChunkBudget& left, const OpBytes& bytes_of) {
  plan::TabPlan out;
  out.tab = rest.tab, out.sheet_id = rest.sheet_id, out.title = rest.title, out.missing = rest.missing;
  out.grid_rows = rest.grid_rows, out.grid_columns = rest.grid_columns, out.columns = rest.columns;
  out.insert_at = rest.insert_at, out.free_rows = rest.free_rows;
  bool full = false;
  RowCosts costs(bytes_of);
  const std::string id(24, 'x');
  const auto update_cost = [&](const plan::RowUpdate& u) {
    std::vector<op::UpdateCells> cells;
    for (const plan::CellEdit& edit : u.cells) cells.push_back({rest.sheet_id, u.row, edit.column, {write_of(edit)}});
    if (u.write_id)
      cells.push_back({rest.sheet_id, u.row, rest.columns.id_column, {{.value = id, .format = std::nullopt}}});
    return costs.of(u.row, std::move(cells));
  };
  take(rest.updates, out.updates, left, full, update_cost);
  take(rest.adds, out.adds, left, full, [&, row = rest.insert_at](const plan::RowAdd& a) mutable {
    const int at = row++;
    return costs.of(at, row_writes(a, rest, at, id));
  });
  return out;
}

void cut_deletes(plan::TabPlan& rest, plan::TabPlan& chunk, ChunkBudget& left) {
  bool full = false;
  take(rest.deletes, chunk.deletes, left, full,
       [](const plan::RowDelete&) { return std::pair(std::size_t{160}, std::size_t{1}); });
}

std::vector<op::UpdateCells> row_writes(const plan::RowAdd& add, const plan::TabPlan& tab, int row,
                                        const std::string& id) {
  std::vector<std::pair<int, CellWrite>> cells;
  for (const plan::CellEdit& edit : add.cells) cells.emplace_back(edit.column, write_of(edit));
  cells.emplace_back(tab.columns.id_column, CellWrite{.value = id, .format = std::nullopt});
  std::sort(cells.begin(), cells.end(), [](const auto& x, const auto& y) { return x.first < y.first; });
  std::vector<op::UpdateCells> runs;
  for (auto& [column, write] : cells) {
    if (runs.empty() || runs.back().column + static_cast<int>(runs.back().cells.size()) != column)
      runs.push_back({tab.sheet_id, row, column, {}});
    runs.back().cells.push_back(std::move(write));
  }
  return runs;
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
  for (int& row : rest.row_of) row = row ? after(row) : 0;
  const int first_added = done.insert_at - removed_before(done.insert_at);
  for (int i = 0; i < adds; ++i)
    rest.row_of[static_cast<std::size_t>(done.adds[static_cast<std::size_t>(i)].record)] = first_added + i;
  for (const plan::RowDelete& gone : done.deletes) rest.row_of[static_cast<std::size_t>(gone.record)] = 0;
  for (plan::RecordRejection& r : rest.rejected) r.shown.row = rest.row_of[static_cast<std::size_t>(r.record)];
  for (plan::AmbiguousRecord& a : rest.ambiguous)
    for (int& row : a.rows) row = after(row);
  for (plan::Hold& hold : rest.holds) hold.shown.row = after(hold.shown.row);
  rest.insert_at = done.insert_at - removed_before(done.insert_at) + adds;
  rest.free_rows = std::max(0, done.free_rows - adds);
  for (plan::ColumnPlan& column : rest.columns.columns) column.set_mark = column.write_header = false;
  rest.columns.id_is_new = rest.columns.id_write_header = rest.columns.id_set_mark = rest.columns.create_tab = false;
  rest.columns.marks_to_drop.clear();
  rest.columns.show_column = 0;
  rest.missing = false;
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
  // Without a pattern a day is shown as the spreadsheet's locale writes days.
  if (edit.format) write.format = {*edit.format, *edit.format == FormatKind::date ? "" : "#,##0.00"};
  return write;
}

}  // namespace rowlane::sync
