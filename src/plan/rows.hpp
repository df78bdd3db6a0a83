// Where new rows go in a tab: below the last managed row, above a totals row, into rows nobody uses. Pure.
#pragma once

#include "plan/match.hpp"

namespace rowlane::plan {

struct InsertPlace {
  int row = 2;        // new rows stand from here on
  int free_rows = 0;  // rows from there on that are unused, so that they may be filled instead of inserted
};

InsertPlace find_insert_place(const SheetTable& table, const TabColumns& columns, const Matching& matching);

// A row without a record whose formula goes over rows above it.
bool is_totals_row(const SheetTable& table, const Matching& matching, int row);

// The last row of any range that ends in a row before `row` within the formula text ("=SUM(E2:E501)" gives 501); 0
// none.
int last_row_summed(std::string_view formula, int row);

}  // namespace rowlane::plan
