// Where a batch of operations leaves its traces in one tab. It follows from the operations alone, whatever the tab
// holds: all of them address rows by position. Pure. Rows and columns are 1-based.
#pragma once

#include <map>
#include <vector>

#include "sync/sent_op.hpp"

namespace rowlane::sync {

struct Trace {
  const sheets::CellWrite* write = nullptr;  // borrowed from the operations
  int effect = 0;
  const sheets::CellWrite* replaces = nullptr;  // see SentOp
};
struct TracedRow {
  int row = 0;                 // after the batch
  int planned_row = 0;         // before it; 0: the batch inserted the row
  bool restored = false;       // inserted to put a row back
  std::map<int, Trace> cells;  // by column: what was written last
};
struct RemovedRow {
  int planned_row = 0;  // 0: a row that a batch had inserted, this one or the one that is undone
  int near = 0;         // about where it stood before the batch
  int at = 0;           // it stood right above this row, as rows are after the batch
  int effect = 0;
};
struct Traces {
  std::vector<TracedRow> rows;  // ascending; rows that were written or inserted
  std::vector<RemovedRow> removed;
};
Traces trace(const std::vector<SentOp>& sent, std::int64_t sheet_id);

// The tab as the operations leave it, if nobody else touches it. Formulas that they write have no value yet.
SheetTable after_ops(const SheetTable& table, const std::vector<SentOp>& sent);

}  // namespace rowlane::sync
