// What the parser fills: one spreadsheet, tab by tab, grid by grid, cell by cell. No JSON here.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "domain/sheet.hpp"
#include "sheets/google/parse.hpp"

namespace rowlane::sheets::google {

// A cell on its way: entered and effective value, in whichever order they came.
struct CellDraft {
  enum class Kind : std::uint8_t { none, text, number, boolean, formula, error };
  struct Side {
    Kind kind = Kind::none;
    double number = 0;
    std::string text;  // its memory is reused from cell to cell
  };
  Side entered, effective;
  FormatKind format = FormatKind::none;

  void clear() {
    entered.kind = effective.kind = Kind::none;
    format = FormatKind::none;
  }
};

// A GridRange as sent: 0-based, end exclusive, -1 where unbounded.
struct OpenRange {
  std::int64_t row_start = 0, row_end = -1, column_start = 0, column_end = -1;
};

// Metadata as sent; `column` is 0-based, -1 when its location is no single column.
struct MarkDraft {
  std::int64_t id = 0;
  std::string key, value;
  std::int64_t column = -1;
};

struct TabDraft {
  std::int64_t sheet_id = 0;
  std::string title;
  std::int64_t index = 0, grid_rows = 0, grid_columns = 0;
  std::vector<GridBlock> blocks;
  std::vector<OpenRange> merges, tables;
  std::optional<OpenRange> filter;
  std::string filter_rest;
  std::vector<ColumnMark> marks;
  std::vector<int> hidden_columns;
};

// Puts the draft's value into the last row of `table`.
void add_cell(SheetTable& table, const CellDraft& draft);

// The table of a tab, put together from its grids. Takes the draft apart.
SheetTable build_table(TabDraft& draft, bool keep_cells);

}  // namespace rowlane::sheets::google
