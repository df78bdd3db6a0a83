// Whose column is it? Told by the cells below the header, where headers and marks contradict each other. Pure.
#pragma once

#include <set>
#include <vector>

#include "domain/sheet.hpp"
#include "domain/tab_layout.hpp"
#include "plan/tab_record.hpp"

namespace rowlane::plan {

// Made only where there is a contradiction: it looks through the whole tab. The arguments outlive it.
class ColumnEvidence {
 public:
  ColumnEvidence(const SheetTable& table, int header_row, const std::vector<TabRecord>& records, DateOrder order);

  // Cells of `column` that hold what was last agreed on for the field: first of the very row's record, told by its id;
  // where that shows nothing in any of the columns compared, of any record.
  struct Score {
    int same_row = 0;
    int any_row = 0;
  };
  [[nodiscard]] Score score(const ColumnMap& map, int column) const;

 private:
  struct KnownRow {
    int row = 0;
    const Fields* base = nullptr;
  };
  void find_known_rows();

  const SheetTable& table_;
  const int header_row_;
  const std::vector<TabRecord>& records_;
  const DateOrder order_;
  std::vector<KnownRow> known_;  // rows with the id of a record that has a base, by the column that has most of them
};

// By how much one of two has to be ahead to be believed: twice.
enum class Ahead { first, second, neither };
Ahead compare(const ColumnEvidence::Score& first, const ColumnEvidence::Score& second);

}  // namespace rowlane::plan
