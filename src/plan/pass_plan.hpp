// The plan of a pass: each tab's, and what depends on several tabs at once: moves, the brake, what each record is told.
// Pure.
#pragma once

#include <string>
#include <vector>

#include "plan/tab_plan.hpp"

namespace rowlane::plan {

// One tab of the agency as the pass found it. All pointers are borrowed and outlive the plan.
struct TabTask {
  const TabLayout* layout = nullptr;
  const SheetTable* table = nullptr;  // null: the tab does not exist
  TabState state;
  std::string refused;                // not empty: why Google lets nothing be done in this tab
  std::string adds_refused;           // not empty: why it takes no new rows
  std::map<int, Rejection> rejected;  // by record index: what Google refused
};

struct PassInput {
  const FieldCatalogue& catalogue;
  DateOrder date_order;
  const std::vector<PlanJob>& jobs;                  // in the order accepted
  const std::vector<TabTask>& tabs;                  // all of the agency's
  const std::vector<std::vector<TabRecord>>& views;  // by tab: all records of the agency, the same order in each
  const std::vector<std::vector<bool>>& held;        // by tab and record: left alone by an open hold
};

// What a record is told once its last write of the pass stands.
struct RecordMark {
  int record = 0;  // index
  SyncState state = SyncState::synced;
  std::string reason;
};

struct PassPlan {
  std::vector<std::size_t> tabs;  // indexes of the tabs that a job covers, ascending
  std::vector<TabPlan> plans;     // parallel to `tabs`
  std::vector<RecordMark> marks;  // only of records that a job covers; others keep what they were told before
};

PassPlan plan_pass(const PassInput& input);

// A record that belongs to another tab keeps its old row until it has one there: in the sheet already, or by this plan.
void keep_unplaced_moves(const PassInput& input, PassPlan& plan);

// `synced` is told of a record alone whose row holds its values and that has no row left in a tab of before.
std::vector<RecordMark> marks_of(const PassInput& input, const PassPlan& plan);

}  // namespace rowlane::plan
