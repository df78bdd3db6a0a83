// A tab as one read found it: cells in one block of memory, without JSON. Rows and columns are 1-based.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rowlane {

enum class CellKind : std::uint8_t { empty, text, number, boolean, error };
// The kind of the cell's own number format (userEnteredFormat.numberFormat.type), as far as it matters here.
enum class FormatKind : std::uint8_t { none, text, number, currency, percent, date, time, date_time, scientific };

// One cell: 24 bytes. The text lies in the table's arena and lives as long as the table.
struct Cell {
  union {
    double number = 0;  // number; boolean as 0 or 1
    const char* chars;  // text, error
  };
  std::uint32_t length = 0;  // bytes of the text
  CellKind kind = CellKind::empty;
  FormatKind format = FormatKind::none;
  bool formula = false;  // userEnteredValue is a formula
  bool spilled = false;  // an effective value without an entered one: part of an array formula's result

  [[nodiscard]] std::string_view text() const {
    return kind == CellKind::text || kind == CellKind::error ? std::string_view(chars, length) : std::string_view();
  }
  // A formula, or a value that a formula elsewhere put here.
  [[nodiscard]] bool is_computed() const { return formula || spilled; }
  [[nodiscard]] bool is_empty() const { return kind == CellKind::empty && !is_computed(); }
};

// 1-based, inclusive rectangle.
struct CellRange {
  int row_first = 1, column_first = 1, row_last = 1, column_last = 1;
};

// Metadata that Rowlane sets on a column to find it again after a rename or a move.
struct ColumnMark {
  int column = 0;  // 1-based
  std::int64_t metadata_id = 0;
  std::string key, value;
};

class SheetTable {
 public:
  SheetTable() = default;
  SheetTable(SheetTable&&) = default;
  SheetTable& operator=(SheetTable&&) = default;

  std::int64_t sheet_id = 0;
  std::string title;
  int index = 0;                        // position among the tabs, 0-based
  int grid_rows = 0, grid_columns = 0;  // size of the grid, filled or not
  std::vector<CellRange> merges;
  std::optional<CellRange> filter;  // basic filter
  std::string filter_rest;          // its other members (filterSpecs, sortSpecs) as a JSON object; may be empty
  std::vector<CellRange> tables;    // "convert to table" areas
  std::vector<ColumnMark> column_marks;
  std::vector<int> hidden_columns;  // 1-based
  bool has_data = false;            // false: only the properties were read

  // Rows and columns that were read: 1 .. row_count(), 1 .. column_count(). Cells beyond are empty.
  [[nodiscard]] int row_count() const { return static_cast<int>(row_ends_.size()); }
  [[nodiscard]] int column_count() const { return column_count_; }
  [[nodiscard]] const Cell& at(int row, int column) const {
    static const Cell kEmpty{};
    if (row < 1 || row > row_count() || column < 1) return kEmpty;
    const std::size_t start = row == 1 ? 0 : row_ends_[static_cast<std::size_t>(row - 2)];
    const std::size_t slot = start + static_cast<std::size_t>(column - 1);
    return slot < row_ends_[static_cast<std::size_t>(row - 1)] ? cells_[slot] : kEmpty;
  }

  // Building, in row order: cells of the last row, then `end_row`. `intern` copies text into the arena.
  void add_cell(Cell cell) { cells_.push_back(cell); }
  void end_row();
  // Ends empty rows until `row_count() == rows`.
  void pad_rows(int rows);
  Cell text_cell(std::string_view text);
  // A cell with `formula` set, and the formula as it was entered ("=D2*1.18"): before-images and totals rows need it.
  void add_formula_cell(Cell cell, std::string_view formula);
  // The entered formula of a cell, or empty.
  [[nodiscard]] std::string_view formula_at(int row, int column) const;
  const char* intern(std::string_view text);
  [[nodiscard]] std::size_t bytes() const;

 private:
  std::vector<Cell> cells_;
  std::vector<std::size_t> row_ends_;  // index into cells_ one past the row's last cell
  int column_count_ = 0;
  struct Formula {
    std::size_t slot;  // index into cells_, ascending
    const char* chars;
    std::uint32_t length;
  };
  std::vector<Formula> formulas_;
  std::deque<std::string> arena_;  // blocks that never move
};

// Metadata at the spreadsheet itself: Rowlane's write tokens and its random base.
struct SpreadsheetMark {
  std::int64_t metadata_id = 0;
  std::string key, value;
};

// One read of a spreadsheet.
struct SpreadsheetSnapshot {
  std::string title, locale, time_zone;
  std::vector<SheetTable> tabs;  // those read with data, and the properties of the others where the call gave them
  std::vector<SpreadsheetMark> marks;
};

// "B"; "AA".
std::string column_letters(int column);
// "B12"; "AA3".
std::string a1(int row, int column);
// "'Bob''s: life'!A1:C5": a range that hits this tab whatever its title or a named range is called.
std::string a1_range(std::string_view title, const CellRange& range);

}  // namespace rowlane
