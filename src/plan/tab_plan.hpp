// The plan of one tab: which cells and rows to write, what is agreed, kept, held or refused. Pure.
//
// Rows and columns are 1-based and as the read found them; `layout_rows` turns them into positions after the write.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "domain/job.hpp"
#include "plan/match.hpp"

namespace rowlane::plan {

// A row as it was when the brake held it.
struct HeldContent {
  std::int64_t record_version = 0;
  std::string row_hash;
};

// One job of the pass, in the order accepted.
struct PlanJob {
  JobId id;
  Direction direction = Direction::to_sheet;
  Scope scope;
  std::vector<std::string> tabs;  // keys; empty: all of the agency's
  // A person said yes to what was held: these alone, without the brake, where nothing changed since. By tab and record.
  std::map<std::pair<std::string, RecordId>, HeldContent> only;
  bool confirmed = false;
  [[nodiscard]] bool covers_tab(std::string_view tab) const {
    return tabs.empty() || std::find(tabs.begin(), tabs.end(), tab) != tabs.end();
  }
};

// The content of a cell before we touch it, exact enough to put it back.
struct CellImage {
  CellKind kind = CellKind::empty;
  std::string text;  // text, error, or the formula
  double number = 0;
  bool formula = false;
  FormatKind format = FormatKind::none;
};
CellImage image_of(const SheetTable& table, int row, int column);
// Of all that stands in the row, for telling later whether somebody changed it.
std::string hash_of_row(const SheetTable& table, int row);

struct CellEdit {
  FieldId field = 0;
  int column = 0;
  Value value;  // what the cell shall hold; blank clears it
  CellImage before;
  bool overwrites = false;           // a filled cell whose value the app did not know
  std::optional<FormatKind> format;  // set the cell's number format too
};

struct RowUpdate {
  int record = 0;  // index into the records
  int job = 0;     // index into the jobs: the change belongs to it
  int row = 0;
  bool write_id = false;
  std::vector<CellEdit> cells;
  Fields base;  // base once the write is verified
  bool base_changed = false;
};

struct RowAdd {
  int record = 0;
  int job = 0;
  std::vector<CellEdit> cells;  // filled ones alone
  Fields base;
};

struct RowDelete {
  int record = 0;
  int job = 0;
  int row = 0;
  bool moved = false;            // the record has another tab now
  std::vector<CellImage> image;  // the whole row, column 1 first
  std::string remarks;           // what people had typed into columns of their own: "HEADER: text; ..."
};

// Both sides agree and base did not know, or not all of it.
struct BaseAdvance {
  int record = 0;
  Fields base;
};

struct Hold {
  int job = 0;
  int record = 0;
  std::string row_hash;  // of all the row's cells
  HeldRow shown;
};

struct RecordRejection {
  int record = 0;
  Rejection shown;
};

// What a job of the pass came to with a record in one tab. Only records that a job covers are looked at.
enum class Standing : std::uint8_t {
  unseen,     // no job of the pass covers it here: nothing is known, nothing is told
  settled,    // once the plan is written nothing is left to write here
  open,       // something stays unwritten, by a hold, a missing column, or a tab that cannot be written
  rejected,   // a cell of it was rejected; the rest is settled
  ambiguous,  // its row cannot be told
};

struct TabPlan {
  std::string tab;  // key
  std::int64_t sheet_id = 0;
  std::string title;
  bool missing = false;                 // the tab has to be made
  int grid_rows = 0, grid_columns = 0;  // as read
  TabColumns columns;
  std::vector<RowUpdate> updates;  // by row
  std::vector<RowAdd> adds;        // by record
  std::vector<RowDelete> deletes;  // by row
  std::vector<BaseAdvance> advances;
  std::vector<int> base_gone;  // records whose base goes: their tombstone's row is gone
  std::vector<Hold> holds;
  std::vector<RecordRejection> rejected;
  std::vector<AmbiguousRecord> ambiguous;
  std::vector<Notice> notices;
  std::vector<int> row_of;               // by record index, 0 none
  std::vector<Standing> standing;        // by record index
  std::map<int, std::string> reasons;    // by record index: why it is rejected or ambiguous
  std::vector<std::int64_t> kept_cells;  // by record index: mapped cells left for a formula or spill
  std::int64_t kept_rows = 0;
  std::int64_t drafts = 0;
  std::int64_t managed_rows = 0;
  int insert_at = 0;  // new rows stand from here on
  int free_rows = 0;  // rows from `insert_at` on that may simply be filled

  [[nodiscard]] bool writes_nothing() const {
    return updates.empty() && adds.empty() && deletes.empty() && columns.settled() && !missing;
  }
};

struct TabInput {
  const TabLayout& layout;
  const FieldCatalogue& catalogue;
  const SheetTable* table;  // null: the tab does not exist
  const TabState& state;
  DateOrder date_order;
  const std::vector<TabRecord>& records;
  const std::vector<PlanJob>& jobs;
  // By record index: left alone in this tab by an open hold.
  const std::vector<bool>& held;
  // By record index: what Google refused of it in this pass; the record is left alone in this tab.
  const std::map<int, Rejection>& refused;
  const std::string& adds_refused;  // not empty: why no row can be added to this tab
  const std::string& tab_refused;   // not empty: why nothing can be written in it
};

// Without the brake, and with every row of a record that belongs to another tab among the deletes: both depend on all
// tabs of the pass (pass_plan.hpp).
TabPlan plan_tab(const TabInput& input);

}  // namespace rowlane::plan
