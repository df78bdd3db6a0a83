// Finds the mapped columns of a tab, or says what must be made first, or why the tab is refused. Pure.
#pragma once

#include <string>
#include <vector>

#include "domain/job.hpp"
#include "domain/sheet.hpp"
#include "domain/tab_layout.hpp"

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
  int width = 0;                     // columns the grid must have
  std::vector<std::string> headers;  // parallel to `columns`: header texts as read ("" where missing)
  std::vector<Notice> notices;

  // Nothing has to be written for the columns themselves.
  [[nodiscard]] bool settled() const;
};

// `table`: null when the tab does not exist. Whether a missing tab is an error (`sheet_missing`) or is made is the
// caller's question: with `state.connected` and no table this asserts.
TabColumns find_columns(const TabLayout& layout, const FieldCatalogue& catalogue, const SheetTable* table,
                        const TabState& state);

// Rows that are searched for the header block.
inline constexpr int kHeaderRowsMax = 10;

}  // namespace rowlane::plan
