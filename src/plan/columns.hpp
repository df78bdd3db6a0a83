// Finds the mapped columns of a tab, or says what must be made first, or why the tab is refused. Pure.
#pragma once

#include <string>
#include <vector>

#include "domain/job.hpp"
#include "domain/sheet.hpp"
#include "domain/tab_layout.hpp"
#include "plan/tab_record.hpp"

namespace rowlane::plan {

struct ColumnPlan {
  int column = 0;         // 1-based; 0: the column is missing and its field pauses
  bool set_mark = false;  // the column carries no metadata of ours yet
  bool write_header = false;
};

struct TabColumns {
  std::string refused;      // not empty: why nothing is done in this tab
  bool create_tab = false;  // first connect, the tab does not exist
  int header_row = 1;
  std::vector<ColumnPlan> columns;  // parallel to TabLayout::columns
  int id_column = 0;
  bool id_is_new = false;  // the column must be hidden and protected
  bool id_write_header = false;
  bool id_set_mark = false;
  int show_column = 0;                      // a column that held the ids and is people's now; 0 none
  std::vector<std::int64_t> marks_to_drop;  // metadata ids of marks that stand on other columns by now
  int width = 0;                            // columns the grid must have
  std::vector<std::string> headers;         // parallel to `columns`: header texts as read ("" where missing)
  std::vector<Notice> notices;

  // Nothing has to be written for the columns themselves.
  [[nodiscard]] bool settled() const;
};

struct ColumnInput {
  const TabLayout& layout;
  const FieldCatalogue& catalogue;
  const SheetTable* table;  // null: the tab does not exist
  const TabState& state;
  const std::vector<TabRecord>& records;  // their bases tell whose column is whose in a doubt
  DateOrder date_order;
};

// A mark follows its column when people rename or drag it, and stays behind when they move its cells. So where a marked
// column bears the header of another field, or its own header stands elsewhere, the headers win, as long as each stands
// once and the cells below do not say otherwise; what cannot be told refuses the tab.
TabColumns find_columns(const ColumnInput& input);

// Rows that are searched for the header block.
inline constexpr int kHeaderRowsMax = 10;

}  // namespace rowlane::plan
