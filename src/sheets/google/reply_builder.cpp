#include "sheets/google/reply_builder.hpp"

#include <algorithm>

namespace rowlane::sheets::google {

namespace {

Cell value_cell(SheetTable& table, const CellDraft::Side& side) {
  Cell cell;
  switch (side.kind) {
    case CellDraft::Kind::text:
      cell = table.text_cell(side.text);
      break;
    case CellDraft::Kind::error:
      cell = table.text_cell(side.text);
      cell.kind = CellKind::error;
      break;
    case CellDraft::Kind::number:
      cell.number = side.number;
      cell.kind = CellKind::number;
      break;
    case CellDraft::Kind::boolean:
      cell.number = side.number;
      cell.kind = CellKind::boolean;
      break;
    case CellDraft::Kind::none:
    case CellDraft::Kind::formula:
      break;
  }
  return cell;
}

// The bounds that the range leaves open are those of the grid.
CellRange close_range(const OpenRange& range, const SheetTable& table) {
  const auto end = [](std::int64_t given, int grid, int filled) {
    return given >= 0 ? static_cast<int>(given) : std::max(grid, filled);
  };
  return {static_cast<int>(range.row_start) + 1, static_cast<int>(range.column_start) + 1,
          end(range.row_end, table.grid_rows, table.row_count()),
          end(range.column_end, table.grid_columns, table.column_count())};
}

void copy_cell(SheetTable& into, const SheetTable& from, int row, int column) {
  Cell cell = from.at(row, column);
  if (cell.kind == CellKind::text || cell.kind == CellKind::error) cell.chars = into.intern({cell.chars, cell.length});
  if (cell.formula)
    into.add_formula_cell(cell, from.formula_at(row, column));
  else
    into.add_cell(cell);
}

// Several grids of one tab (or one that does not start at A1): laid over each other, the later one wins.
SheetTable join_blocks(const std::vector<GridBlock>& blocks) {
  SheetTable table;
  int rows = 0;
  for (const GridBlock& block : blocks) rows = std::max(rows, block.row - 1 + block.cells.row_count());
  for (int row = 1; row <= rows; ++row) {
    int columns = 0;
    for (const GridBlock& block : blocks) {
      const int own_row = row - block.row + 1;
      if (own_row < 1 || own_row > block.cells.row_count()) continue;
      columns = std::max(columns, block.column - 1 + block.cells.column_count());
    }
    for (int column = 1; column <= columns; ++column) {
      const GridBlock* source = nullptr;
      for (const GridBlock& block : blocks) {
        const int own_row = row - block.row + 1, own_column = column - block.column + 1;
        if (own_row >= 1 && own_row <= block.cells.row_count() && own_column >= 1 &&
            own_column <= block.cells.column_count())
          source = &block;
      }
      if (source != nullptr)
        copy_cell(table, source->cells, row - source->row + 1, column - source->column + 1);
      else
        table.add_cell(Cell{});
    }
    table.end_row();
  }
  return table;
}

}  // namespace

void add_cell(SheetTable& table, const CellDraft& draft) {
  using Kind = CellDraft::Kind;
  // The effective value is what people see; a cell without one (a formula not computed, a mask without it) has what
  // was entered.
  const bool is_formula = draft.entered.kind == Kind::formula;
  Cell cell = value_cell(table, draft.effective.kind != Kind::none ? draft.effective : draft.entered);
  cell.format = draft.format;
  cell.spilled = draft.entered.kind == Kind::none && draft.effective.kind != Kind::none;
  if (is_formula)
    table.add_formula_cell(cell, draft.entered.text);
  else
    table.add_cell(cell);
}

SheetTable build_table(TabDraft& draft, bool keep_cells) {
  SheetTable table;
  const bool has_data = !draft.blocks.empty();
  if (keep_cells && has_data) {
    const bool is_whole = draft.blocks.size() == 1 && draft.blocks.front().row == 1 && draft.blocks.front().column == 1;
    table = is_whole ? std::move(draft.blocks.front().cells) : join_blocks(draft.blocks);
  }
  table.has_data = keep_cells && has_data;
  table.sheet_id = draft.sheet_id;
  table.title = std::move(draft.title);
  table.index = static_cast<int>(draft.index);
  table.grid_rows = static_cast<int>(draft.grid_rows);
  table.grid_columns = static_cast<int>(draft.grid_columns);
  for (const OpenRange& merge : draft.merges) table.merges.push_back(close_range(merge, table));
  for (const OpenRange& area : draft.tables) table.tables.push_back(close_range(area, table));
  if (draft.filter) table.filter = close_range(*draft.filter, table);
  table.filter_rest = std::move(draft.filter_rest);
  // Grids that overlap name their columns twice.
  std::ranges::sort(draft.hidden_columns);
  const auto doubles = std::ranges::unique(draft.hidden_columns);
  draft.hidden_columns.erase(doubles.begin(), doubles.end());
  table.hidden_columns = std::move(draft.hidden_columns);
  for (ColumnMark& mark : draft.marks) {
    const bool is_known = std::ranges::any_of(table.column_marks, [&](const ColumnMark& other) {
      return other.metadata_id == mark.metadata_id && other.column == mark.column;
    });
    if (!is_known) table.column_marks.push_back(std::move(mark));
  }
  return table;
}

}  // namespace rowlane::sheets::google
