// From a tab's plan to the operations of one batch, what they do to each record, and how to tell that they did. Pure.
#pragma once

#include "sheets/sheet_api.hpp"
#include "sync/effects.hpp"

namespace rowlane::sync {

// A row as it must stand after the write.
struct ExpectedRow {
  std::string title;                    // tab
  int row = 0, id_column = 0;           // after the write
  std::string public_id;
  std::vector<std::pair<int, Value>> cells;   // column -> value that was written
  std::vector<std::pair<int, std::string>> unwritten_keys;  // column -> normalised text that was there and must still be
};

struct WriteBatch {
  std::vector<sheets::Op> ops;
  std::vector<sheets::ReadBack> read_back;
  std::vector<Effect> effects;
  std::vector<ExpectedRow> expected;    // parallel to the updates and adds among `effects`
};

struct BatchInput {
  const plan::TabPlan& plan;
  const TabLayout& layout;
  const FieldCatalogue& catalogue;
  const std::vector<plan::TabRecord>& records;
  const std::vector<plan::PlanJob>& jobs;
  const SheetTable* table;       // null for a tab that has to be made
  DateOrder date_order;
};

// Appends the tab's operations. `metadata_id` gives ids for column marks.
void append_tab(const BatchInput& input, const std::function<std::int64_t()>& metadata_id, WriteBatch& batch);

// True when every expected row stands where it must.
bool is_verified(const WriteBatch& batch, const sheets::WriteAnswer& answer, DateOrder order);

}  // namespace rowlane::sync
