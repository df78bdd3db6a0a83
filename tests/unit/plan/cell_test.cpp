// The table of design for cells of a to-sheet, row by row.
#include "plan/cell.hpp"

#include <doctest/doctest.h>

using namespace rowlane::plan;

TEST_CASE("plan_cell_to_sheet: every row of the table of cells") {
  struct Case {
    const char* name;
    CellState cell;
    CellAction action;
  };
  const Case cases[] = {
      {"both sides are equal", {.equal = true, .has_base = true, .app_is_base = true}, CellAction::agree},
      {"both sides are equal, nothing was agreed", {.equal = true}, CellAction::agree},
      {"only the app changed", {.has_base = true}, CellAction::write},
      {"only the app changed: it was blanked", {.app_is_blank = true, .has_base = true}, CellAction::write},
      {"only the sheet changed", {.has_base = true, .app_is_base = true}, CellAction::write},
      {"only the sheet changed: it was blanked",
       {.sheet_is_blank = true, .has_base = true, .app_is_base = true},
       CellAction::write},
      {"only the sheet changed, the app is blank since both agreed",
       {.app_is_blank = true, .has_base = true, .app_is_base = true},
       CellAction::write},
      {"no base, both filled", {}, CellAction::write},
      {"no base, the sheet is blank", {.sheet_is_blank = true}, CellAction::write},
      {"no base: a blank never overwrites a value", {.app_is_blank = true}, CellAction::leave},
      {"a formula", {.sheet_is_computed = true}, CellAction::keep},
      {"a formula, and the app changed", {.sheet_is_computed = true, .has_base = true}, CellAction::keep},
      {"not of the field's type, no base", {.sheet_is_rejected = true}, CellAction::reject},
      {"not of the field's type, the app is as agreed",
       {.sheet_is_rejected = true, .has_base = true, .app_is_base = true},
       CellAction::reject},
      {"not of the field's type, and the app changed",
       {.sheet_is_rejected = true, .has_base = true},
       CellAction::write},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    CHECK(plan_cell_to_sheet(c.cell) == c.action);
  }
}
