#include "sync/traces.hpp"

namespace rowlane::sync {

namespace {

using namespace sheets;

// The rows of a tab in their order, as numbers of entries; rows beyond the end are as yet untouched.
class Rows {
 public:
  struct Entry {
    TracedRow row;
    int source = 0;  // the row of the tab that the operations were given; 0 for an inserted one
    bool touched = false;
  };

  // The entry that stands in row `row` now.
  Entry& at(int row) {
    grow(row);
    return entries_[static_cast<std::size_t>(order_[static_cast<std::size_t>(row - 1)])];
  }
  void insert(int row, int count, bool restored) {
    grow(row - 1);
    std::vector<int> fresh;
    for (int i = 0; i < count; ++i) {
      fresh.push_back(static_cast<int>(entries_.size()));
      entries_.push_back({{.row = 0, .planned_row = 0, .restored = restored, .cells = {}}, 0, true});
    }
    order_.insert(order_.begin() + (row - 1), fresh.begin(), fresh.end());
  }
  void remove(int row, int count, int effect, std::vector<RemovedRow>& removed) {
    grow(row + count);
    const int below = order_[static_cast<std::size_t>(row + count - 1)];
    for (int i = row; i < row + count; ++i) {
      removed.push_back({effect == kRestoreEffect ? 0 : at(i).row.planned_row, at(i).row.planned_row, 0, effect});
      below_.push_back(below);
    }
    order_.erase(order_.begin() + (row - 1), order_.begin() + (row - 1 + count));
  }
  // The touched rows, and where the removed ones stood.
  std::vector<TracedRow> finish(std::vector<RemovedRow>& removed) && {
    std::vector<TracedRow> out;
    std::vector<int> place(entries_.size(), 0);
    for (std::size_t i = 0; i < order_.size(); ++i)
      place[static_cast<std::size_t>(order_[i])] = static_cast<int>(i) + 1;
    for (std::size_t i = 0; i < removed.size(); ++i) removed[i].at = place[static_cast<std::size_t>(below_[i])];
    for (std::size_t i = 0; i < order_.size(); ++i) {
      Entry& entry = entries_[static_cast<std::size_t>(order_[i])];
      if (!entry.touched) continue;
      entry.row.row = static_cast<int>(i) + 1;
      out.push_back(std::move(entry.row));
    }
    return out;
  }
  // What came before only put things back: the tab as planned on is the one that stands now.
  void plan_from_here() {
    for (std::size_t i = 0; i < order_.size(); ++i)
      entries_[static_cast<std::size_t>(order_[i])].row.planned_row = static_cast<int>(i) + 1;
    next_planned_ = static_cast<int>(order_.size()) + 1;
  }
  [[nodiscard]] std::size_t size() const { return order_.size(); }
  [[nodiscard]] int next_source() const { return next_source_; }

 private:
  void grow(int row) {
    while (static_cast<int>(order_.size()) < row) {
      order_.push_back(static_cast<int>(entries_.size()));
      entries_.push_back(
          {{.row = 0, .planned_row = next_planned_++, .restored = false, .cells = {}}, next_source_++, false});
    }
  }
  std::vector<Entry> entries_;
  std::vector<int> order_;
  std::vector<int> below_;  // by removal: the entry that came to stand in its place
  int next_planned_ = 1, next_source_ = 1;
};

void write_cells(Rows& rows, const op::UpdateCells& update, const SentOp& sent) {
  Rows::Entry& entry = rows.at(update.row);
  entry.touched = true;
  for (std::size_t i = 0; i < update.cells.size(); ++i)
    entry.row.cells[update.column + static_cast<int>(i)] = {&update.cells[i], sent.effect,
                                                            sent.replaces ? &*sent.replaces : nullptr};
}

void play(const std::vector<SentOp>& sent, std::int64_t sheet_id, Rows& rows, std::vector<RemovedRow>& removed) {
  bool restoring = false;
  for (const SentOp& each : sent) {
    if (restoring && each.effect != kRestoreEffect) rows.plan_from_here();
    restoring = each.effect == kRestoreEffect;
    if (const auto* update = std::get_if<op::UpdateCells>(&each.op)) {
      if (update->sheet_id == sheet_id) write_cells(rows, *update, each);
    } else if (const auto* insert = std::get_if<op::InsertRows>(&each.op)) {
      if (insert->sheet_id == sheet_id) rows.insert(insert->row, insert->count, each.effect == kRestoreEffect);
    } else if (const auto* remove = std::get_if<op::DeleteRows>(&each.op)) {
      if (remove->sheet_id == sheet_id) rows.remove(remove->row, remove->count, each.effect, removed);
    }
  }
  if (restoring) rows.plan_from_here();
}

void copy_cell(const SheetTable& from, int row, int column, SheetTable& to) {
  Cell cell = from.at(row, column);
  if (cell.formula)
    return to.add_formula_cell(cell.kind == CellKind::text || cell.kind == CellKind::error ? [&] {
    Cell shown = to.text_cell(cell.text());
    shown.kind = cell.kind, shown.format = cell.format;
    return shown;
  }() : cell, from.formula_at(row, column));
  if (cell.kind == CellKind::text || cell.kind == CellKind::error) {
    Cell copy = to.text_cell(cell.text());
    copy.kind = cell.kind, copy.format = cell.format, copy.spilled = cell.spilled;
    return to.add_cell(copy);
  }
  to.add_cell(cell);
}

void add_written(const CellWrite& write, FormatKind before, SheetTable& to) {
  Cell cell;
  if (const auto* text = std::get_if<std::string>(&write.value); text && !text->empty())
    cell = to.text_cell(*text);
  else if (const auto* number = std::get_if<double>(&write.value))
    cell.kind = CellKind::number, cell.number = *number;
  else if (const auto* boolean = std::get_if<bool>(&write.value))
    cell.kind = CellKind::boolean, cell.number = *boolean ? 1 : 0;
  cell.format = write.format ? write.format->first : before;
  if (const auto* formula = std::get_if<FormulaText>(&write.value))
    to.add_formula_cell(cell, formula->text);
  else
    to.add_cell(cell);
}

void copy_properties(const SheetTable& from, SheetTable& to) {
  to.sheet_id = from.sheet_id, to.title = from.title, to.index = from.index;
  to.merges = from.merges, to.filter = from.filter, to.filter_rest = from.filter_rest, to.tables = from.tables;
  to.column_marks = from.column_marks, to.hidden_columns = from.hidden_columns, to.has_data = from.has_data;
}

}  // namespace

Traces trace(const std::vector<SentOp>& sent, std::int64_t sheet_id) {
  Traces out;
  Rows rows;
  play(sent, sheet_id, rows, out.removed);
  out.rows = std::move(rows).finish(out.removed);
  return out;
}

SheetTable after_ops(const SheetTable& table, const std::vector<SentOp>& sent) {
  Rows rows;
  std::vector<RemovedRow> removed;
  play(sent, table.sheet_id, rows, removed);
  while (rows.next_source() <= table.row_count()) rows.at(static_cast<int>(rows.size()) + 1);
  int inserted = 0, grown = 0, columns = 0;
  SheetTable out;
  copy_properties(table, out);
  for (const SentOp& each : sent) {
    if (const auto* insert = std::get_if<op::InsertRows>(&each.op); insert && insert->sheet_id == table.sheet_id)
      inserted += insert->count;
    if (const auto* grow = std::get_if<op::GrowGrid>(&each.op); grow && grow->sheet_id == table.sheet_id)
      grown += grow->rows, columns += grow->columns;
    if (const auto* mark = std::get_if<op::MarkColumn>(&each.op); mark && mark->sheet_id == table.sheet_id)
      out.column_marks.push_back({mark->column, mark->metadata_id, mark->key, mark->value});
    if (const auto* hide = std::get_if<op::HideColumn>(&each.op); hide && hide->sheet_id == table.sheet_id) {
      std::erase(out.hidden_columns, hide->column);
      if (hide->hidden) out.hidden_columns.push_back(hide->column);
    }
    if (const auto* unmark = std::get_if<op::DeleteMark>(&each.op))
      std::erase_if(out.column_marks, [&](const ColumnMark& mark) { return mark.metadata_id == unmark->metadata_id; });
    if (const auto* filter = std::get_if<op::SetFilter>(&each.op); filter && filter->sheet_id == table.sheet_id)
      out.filter = filter->range;
  }
  out.grid_rows = table.grid_rows + inserted + grown - static_cast<int>(removed.size());
  out.grid_columns = table.grid_columns + columns;
  const int rows_after = static_cast<int>(rows.size());
  for (int row = 1; row <= rows_after; ++row) {
    const TracedRow& traced = rows.at(row).row;
    const int source = rows.at(row).source;
    const int width = std::max(table.column_count(), traced.cells.empty() ? 0 : traced.cells.rbegin()->first);
    for (int column = 1; column <= width; ++column) {
      const auto written = traced.cells.find(column);
      if (written != traced.cells.end())
        add_written(*written->second.write, table.at(source, column).format, out);
      else if (source)
        copy_cell(table, source, column, out);
      else
        out.add_cell({});
    }
    out.end_row();
  }
  return out;
}

}  // namespace rowlane::sync
