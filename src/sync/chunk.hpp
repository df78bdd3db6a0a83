// Cutting a plan into batches that Google takes: whole records, updates and new rows first, then removals. Pure.
#pragma once

#include <functional>

#include "plan/tab_plan.hpp"
#include "sheets/sheet_api.hpp"

namespace rowlane::sync {

// What is left of one call. Google's limits are softer; these keep a call quick.
struct ChunkBudget {
  std::size_t bytes = 1'500'000;
  std::size_t requests = 20'000;
};
// As `SheetApi::estimate_bytes`.
using OpBytes = std::function<std::size_t(const sheets::Op&, bool as_further_row)>;

// Moves as many updates and new rows of `rest` as fit into the returned plan, at least one record when nothing was cut
// yet.
plan::TabPlan cut(plan::TabPlan& rest, ChunkBudget& left, const OpBytes& bytes_of);
// The same for rows to be deleted, into a plan that `cut` made. Only once all updates and new rows of all tabs are cut:
// a record that moves between tabs is never in none of them, and these writes show that rows stand as they were seen.
void cut_deletes(plan::TabPlan& rest, plan::TabPlan& chunk, ChunkBudget& left);
// A new row's filled cells and its id, neighbours together; nothing between them is touched.
std::vector<sheets::op::UpdateCells> row_writes(const plan::RowAdd& add, const plan::TabPlan& tab, int row,
                                                const std::string& id);
// The rows of `rest` after `done` was written.
void advance(plan::TabPlan& rest, const plan::TabPlan& done);
// Nothing is left to write.
bool is_written(const plan::TabPlan& rest);
// The sheet's content of a cell edit.
sheets::CellWrite write_of(const plan::CellEdit& edit);

}  // namespace rowlane::sync
