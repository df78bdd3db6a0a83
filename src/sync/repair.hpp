// What became of a write in one tab, seen in the tab as it stands now; and how to undo what it did in the wrong place.
// Pure. (docs/decisions/2026-11-24-writes-that-met-moved-rows.md)
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "sync/effects.hpp"
#include "sync/sent_op.hpp"

namespace rowlane::sync {

using TablePtr = std::shared_ptr<const SheetTable>;

// A tab that a batch wrote to, as it was planned on.
struct SentTab {
  std::string key;
  std::int64_t sheet_id = 0;
  int header_row = 1, id_column = 0;  // 1-based
  TablePtr planned;                   // null: not known any more (a restart, and the tab was too large to keep)
};

// A batch that was sent and whose outcome is not entered yet.
struct Sent {
  PassId pass;
  int chunk = 0;
  std::int64_t token = 0;
  std::vector<SentOp> ops;
  std::vector<Effect> effects;
  std::vector<SentTab> tabs;
  bool is_unreadable = false;  // its journal entry is of another version, or damaged: the token alone judges it
};

struct Repair {
  std::set<int> right;            // effects of this tab that stand as meant; the others were undone, or never were
  std::vector<SentOp> ops;        // from the tab as it stands to the tab as people left it; all `kRestoreEffect`
  std::vector<int> rows;          // rows by which it shows that `ops` met what they were meant for, as they stand then
  int cells = 0, whole_rows = 0;  // put back
  int lost = 0;                   // cells whose former content nobody ever read: left blank
};
Repair repair_tab(const Sent& sent, const SentTab& tab, const SheetTable& found);

// The content of a cell as a write that puts it back; errors that no formula made are left out.
sheets::CellWrite write_of(const plan::CellImage& image);
// Whether the cell holds what was written.
bool holds(const Cell& cell, std::string_view formula, const sheets::CellWrite& write);

}  // namespace rowlane::sync
