#include "plan/rows.hpp"

#include <charconv>

namespace rowlane::plan {

namespace {

bool is_mapped(const TabColumns& columns, int column) {
  if (column == columns.id_column) return true;
  return std::any_of(columns.columns.begin(), columns.columns.end(),
                     [&](const ColumnPlan& c) { return c.column == column; });
}

// Nothing a person typed stands in the row: at most check boxes, and formulas of people's own columns filled down.
bool is_unused(const SheetTable& table, const TabColumns& columns, int row) {
  for (int column = 1; column <= table.column_count(); ++column) {
    const Cell& cell = table.at(row, column);
    if (cell.is_empty()) continue;
    if (cell.is_computed() ? is_mapped(columns, column) : cell.kind != CellKind::boolean) return false;
  }
  for (const CellRange& merge : table.merges)
    if (row >= merge.row_first && row <= merge.row_last) return false;
  return true;
}

// The furthest row of the data that a formula in `row` sums up; 0 when the row sums up nothing.
int summed_by(const SheetTable& table, int row) {
  int last = 0;
  for (int column = 1; column <= table.column_count(); ++column)
    last = std::max(last, last_row_summed(table.formula_at(row, column), row));
  return last;
}

// No cell below `row` holds anything, not even an unticked check box.
bool nothing_below(const SheetTable& table, int row) {
  for (int at = row + 1; at <= table.row_count(); ++at)
    for (int column = 1; column <= table.column_count(); ++column)
      if (!table.at(at, column).is_empty()) return false;
  return true;
}

int last_anchor(const SheetTable& table, const TabColumns& columns, const Matching& matching, bool managed_only) {
  for (int row = table.row_count(); row > columns.header_row; --row) {
    const auto at = static_cast<std::size_t>(row);
    if (managed_only ? matching.record_of[at] >= 0 : matching.filled[at] && !is_totals_row(table, matching, row))
      return row;
  }
  return columns.header_row;
}

}  // namespace

bool is_totals_row(const SheetTable& table, const Matching& matching, int row) {
  return matching.record_of[static_cast<std::size_t>(row)] < 0 && summed_by(table, row) > 0;
}

int last_row_summed(std::string_view formula, int row) {
  int last = 0;
  for (std::size_t colon = formula.find(':'); colon != std::string_view::npos; colon = formula.find(':', colon + 1)) {
    // Both ends must look like A1 references: digits before the colon, letters then digits behind it.
    if (colon == 0 || formula[colon - 1] < '0' || formula[colon - 1] > '9') continue;
    std::size_t at = colon + 1;
    while (at < formula.size() && (formula[at] == '$' || (formula[at] >= 'A' && formula[at] <= 'Z') ||
                                   (formula[at] >= 'a' && formula[at] <= 'z')))
      ++at;
    int end = 0;
    if (std::from_chars(formula.data() + at, formula.data() + formula.size(), end).ec != std::errc{}) continue;
    if (end < row) last = std::max(last, end);
  }
  return last;
}

InsertPlace find_insert_place(const SheetTable& table, const TabColumns& columns, const Matching& matching) {
  int anchor = last_anchor(table, columns, matching, true);
  if (anchor == columns.header_row) anchor = last_anchor(table, columns, matching, false);
  InsertPlace place;
  place.row = anchor + 1;
  const int rows_read = std::max(table.row_count(), anchor);
  const int last_possible = std::max(table.grid_rows, rows_read);
  for (int row = place.row; row <= last_possible && is_unused(table, columns, row); ++row) ++place.free_rows;
  // With nothing below, rows come in anew: one that a person types there at this moment is pushed down, not
  // overwritten.
  if (place.row + place.free_rows > last_possible && anchor > columns.header_row && nothing_below(table, anchor))
    place.free_rows = 0;
  const int below = place.row + place.free_rows;
  const bool totals_below = below <= table.row_count() && is_totals_row(table, matching, below);
  // A sum that ends exactly at the last row grows only when rows come in before that row.
  if (totals_below && place.free_rows == 0 && summed_by(table, below) == anchor && anchor > columns.header_row + 1) {
    place.row = anchor;
  } else if (totals_below && summed_by(table, below) < below - 1 && place.free_rows > 0) {
    // The sum ends before the free rows do: filling them all would leave rows outside it.
    place.free_rows = std::max(0, std::min(place.free_rows, summed_by(table, below) - anchor));
    if (place.free_rows == 0 && anchor > columns.header_row + 1) place.row = anchor;
  }
  return place;
}

}  // namespace rowlane::plan
