// Which row of a tab as it stands now was which row when it was read, whatever people inserted, deleted, sorted or
// dragged in between. Pure. Rows and columns are 1-based; 0 means none.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "domain/sheet.hpp"

namespace rowlane::sync {

// By column of `found`: the column of `planned` that it was, 0 for one that is new. Told by column marks, by headers
// that stand once, by content; columns in between follow their left neighbour. `unknown`: see RowMatchInput.
std::vector<int> column_origins(const SheetTable& planned, const SheetTable& found, int header_row,
                                const std::map<int, std::set<int>>& unknown);

struct RowMatchInput {
  const SheetTable& planned;
  const SheetTable& found;
  const std::vector<int>& origins;              // of columns
  const std::map<int, std::set<int>>& unknown;  // by row of `found`: columns whose former content is not known
  const std::set<int>& ignored;                 // rows of `found` that were made since
  int id_column = 0;                            // of `planned`
};
struct RowMatch {
  std::vector<int> planned_of;    // by row of `found`, index 0 unused
  std::vector<int> found_of;      // by row of `planned`, index 0 unused
  std::vector<bool> has_content;  // by row of `found`: a cell that is known holds something
};
// First equal rows, then those with the same id or half of their cells in common, last touched rows between matched
// neighbours.
RowMatch match_moved_rows(const RowMatchInput& input);

// Whether anything stands in the row (spilled values and blank formats do not count).
bool has_content(const SheetTable& table, int row);

}  // namespace rowlane::sync
