#include "plan/cell.hpp"

namespace rowlane::plan {

CellAction plan_cell_to_sheet(const CellState& cell) {
  if (cell.sheet_is_computed) return CellAction::keep;
  const bool app_changed = cell.has_base && !cell.app_is_base;
  if (cell.sheet_is_rejected) return app_changed ? CellAction::write : CellAction::reject;
  if (cell.equal) return CellAction::agree;
  // Without a base nobody can say that the blank is newer than the value.
  if (!cell.has_base && cell.app_is_blank && !cell.sheet_is_blank) return CellAction::leave;
  return CellAction::write;
}

}  // namespace rowlane::plan
