// What to do with one mapped cell: the table in design.md, section 3 ("Cells"). Pure.
#pragma once

namespace rowlane::plan {

enum class CellAction {
  agree,   // both sides are equal: base moves to it
  write,   // the app's value goes into the sheet
  keep,    // a formula or spill: never written, counted
  reject,  // the sheet's value is not of the field's type: left, reported
  leave,   // nothing to do in this direction, base stays
};

struct CellState {
  bool sheet_is_computed = false;  // formula or spill
  bool sheet_is_rejected = false;  // not of the field's type
  bool equal = false;              // same value, or two spellings of one key that the app did not change
  bool app_is_blank = false;
  bool sheet_is_blank = false;
  bool has_base = false;
  bool app_is_base = false;  // meaningful with `has_base` alone
};

CellAction plan_cell_to_sheet(const CellState& cell);

}  // namespace rowlane::plan
