// From a tab's plan to the operations of one batch, what they do to each record, and how to tell that they did. Pure.
#pragma once

#include <functional>
#include <set>
#include <span>

#include "sync/repair.hpp"

namespace rowlane::sync {

// A row as it must stand after the write, for the rows that were meant to be those that were hit.
struct ExpectedRow {
  std::string title;                                     // tab
  int row = 0;                                           // after the write
  std::vector<std::pair<int, sheets::CellWrite>> cells;  // column -> what must stand there
  std::vector<std::pair<int, std::string>> keys;         // column -> normalised text that was there and must still be
};

// Ids that must stand nowhere in their column after the write.
struct GoneIds {
  std::string title;  // tab
  int column = 0;
  std::set<std::string, std::less<>> ids;
};

struct WriteBatch {
  std::vector<SentOp> ops;
  std::vector<sheets::ReadBack> read_back;
  std::vector<Effect> effects;
  std::vector<ExpectedRow> expected;
  std::vector<GoneIds> gone;
};

struct BatchInput {
  const plan::TabPlan& plan;  // of this batch: as `cut` gave it
  const TabLayout& layout;
  const FieldCatalogue& catalogue;
  std::span<const plan::TabRecord> records;
  const std::vector<plan::PlanJob>& jobs;
  const SheetTable* table;                // null for a tab that has to be made
  const std::vector<int>& restored_rows;  // of the tab as planned on: put back by operations before these
};

// Appends the tab's operations. `metadata_id` gives ids for column marks.
void append_tab(const BatchInput& input, const std::function<std::int64_t()>& metadata_id, WriteBatch& batch);

// At most `kRangesMax` ranges of whole rows that cover `rows` (ascending), `width` columns wide.
std::vector<sheets::ReadBack> ranges_over(const std::string& title, const std::vector<int>& rows, int width);

// True when every expected row stands where it must.
bool is_verified(const WriteBatch& batch, const sheets::WriteAnswer& answer);

}  // namespace rowlane::sync
