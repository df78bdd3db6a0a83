// Which row is which record: first by the id column, then by natural keys (design: "Identity of a row"). Pure.
#pragma once

#include <string>
#include <vector>

#include "domain/sheet.hpp"
#include "domain/tab_layout.hpp"
#include "plan/columns.hpp"

namespace rowlane::plan {

struct AmbiguousRecord {
  int record;             // index into the records
  std::size_t key;        // index into TabLayout::keys
  std::vector<int> rows;  // 1-based sheet rows that hold the key; may be empty
  std::string reason;     // for people: why its row cannot be told
};

struct Matching {
  std::vector<int> row_of;     // by record index: its 1-based row, 0 none
  std::vector<int> record_of;  // by 1-based row (index 0 unused): record index, -1 none
  std::vector<bool> write_id;  // by 1-based row: its id cell must be written
  std::vector<bool> filled;    // by 1-based row: a mapped cell holds something (below the header)
  std::vector<AmbiguousRecord> ambiguous;
  std::vector<bool> is_ambiguous;  // by record index
  std::vector<Notice> notices;
};

Matching match_rows(const TabLayout& layout, const SheetTable& table, const TabColumns& columns,
                    const std::vector<TabRecord>& records, DateOrder order);

}  // namespace rowlane::plan
