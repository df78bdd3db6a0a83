#include "plan/columns.hpp"

#include <fmt/format.h>

#include <map>

#include "base/text.hpp"
#include "domain/record.hpp"

namespace rowlane::plan {

namespace {

std::string mark_value(const TabLayout& layout, const FieldCatalogue& catalogue, const ColumnMap& column) {
  return fmt::format("{}:{}", layout.key, catalogue.name(column.field));
}

// normalised header -> columns that carry it, of one row
std::map<std::string, std::vector<int>, std::less<>> headers_of(const SheetTable& table, int row) {
  std::map<std::string, std::vector<int>, std::less<>> found;
  for (int column = 1; column <= table.column_count(); ++column) {
    const Cell& cell = table.at(row, column);
    if (cell.kind != CellKind::text) continue;
    std::string key = normalise_key(cell.text());
    if (!key.empty()) found[std::move(key)].push_back(column);
  }
  return found;
}

struct Marks {
  std::vector<int> of_column;  // parallel to TabLayout::columns; 0 none
  int id = 0;
  bool any = false;
};

Marks read_marks(const TabLayout& layout, const FieldCatalogue& catalogue, const SheetTable& table) {
  Marks marks;
  marks.of_column.resize(layout.columns.size());
  for (const ColumnMark& mark : table.column_marks) {
    if (mark.key != kColumnMarkKey) continue;
    if (mark.value == kIdColumnMark) marks.id = mark.column;
    for (std::size_t i = 0; i < layout.columns.size(); ++i)
      if (mark.value == mark_value(layout, catalogue, layout.columns[i])) marks.of_column[i] = mark.column;
    marks.any = true;
  }
  return marks;
}

// The row, of the first ten, with the most mapped headers; known columns count by the header they had. 0: it is gone.
int find_header_row(const TabLayout& layout, const FieldCatalogue& catalogue, const SheetTable& table,
                    const Marks& marks, const TabState& state) {
  int best_row = 1;
  std::size_t best = 0;
  for (int row = 1; row <= std::min(kHeaderRowsMax, table.row_count()); ++row) {
    const auto headers = headers_of(table, row);
    std::size_t hits = headers.contains(normalise_key(kIdHeader)) ? 1 : 0;
    for (std::size_t i = 0; i < layout.columns.size(); ++i) {
      const auto known = state.headers.find(std::string(catalogue.name(layout.columns[i].field)));
      const bool hit = headers.contains(normalise_key(layout.columns[i].header)) ||
                       (known != state.headers.end() && headers.contains(normalise_key(known->second)));
      if (hit) ++hits;
    }
    if (hits > best) best = hits, best_row = row;
  }
  if (best > 0 || !marks.any) return best_row;
  // People rename what they see; without the hidden column's header too, what stands first is somebody's record.
  if (marks.id) return 0;
  // Every header was renamed: the first row with a text in a marked column is the header row.
  for (int row = 1; row <= std::min(kHeaderRowsMax, table.row_count()); ++row)
    for (const int column : marks.of_column)
      if (column && table.at(row, column).kind == CellKind::text) return row;
  return best_row;
}

bool is_column_empty(const SheetTable& table, int column) {
  for (int row = 1; row <= table.row_count(); ++row)
    if (!table.at(row, column).is_empty()) return false;
  return true;
}

int last_header_column(const SheetTable& table, int header_row) {
  for (int column = table.column_count(); column > 0; --column)
    if (!table.at(header_row, column).is_empty()) return column;
  return 0;
}

bool is_empty(const SheetTable& table) {
  for (int row = 1; row <= table.row_count(); ++row)
    for (int column = 1; column <= table.column_count(); ++column)
      if (!table.at(row, column).is_empty()) return false;
  return true;
}

TabColumns fresh_columns(const TabLayout& layout, bool create_tab) {
  TabColumns out;
  out.create_tab = create_tab;
  const int count = static_cast<int>(layout.columns.size());
  for (int i = 0; i < count; ++i) out.columns.push_back({.column = i + 1, .set_mark = true, .write_header = true});
  for (const ColumnMap& column : layout.columns) out.headers.push_back(column.header);
  out.id_column = count + 1;
  out.id_is_new = out.id_write_header = out.id_set_mark = true;
  out.width = count + 1;
  return out;
}

class Finder {
 public:
  Finder(const TabLayout& layout, const FieldCatalogue& catalogue, const SheetTable& table, const TabState& state)
      : layout_(layout),
        catalogue_(catalogue),
        table_(table),
        state_(state),
        marks_(read_marks(layout, catalogue, table)) {}

  TabColumns run() {
    out_.header_row = find_header_row(layout_, catalogue_, table_, marks_, state_);
    if (out_.header_row == 0 && is_empty(table_)) {
      was_wiped_ = true;
      out_.header_row = 1;
    } else if (out_.header_row == 0) {
      out_.header_row = 1;
      out_.refused = fmt::format(
          "the row with the headers ({}, ...) is gone from the first {} rows of the tab '{}': put it back above the "
          "records; nothing was written there",
          layout_.columns.front().header, kHeaderRowsMax, table_.title);
    }
    headers_ = headers_of(table_, out_.header_row);
    out_.columns.resize(layout_.columns.size());
    out_.headers.resize(layout_.columns.size());
    if (!out_.refused.empty()) return std::move(out_);
    next_free_ = last_header_column(table_, out_.header_row) + 1;
    for (std::size_t i = 0; i < layout_.columns.size() && out_.refused.empty(); ++i) find_one(i);
    if (out_.refused.empty() && found_ == 0)
      out_.refused = fmt::format(
          "the tab '{}' has rows but none of the mapped headers ({}, ...) in its first {} rows: "
          "name one column as mapped, or empty the tab",
          table_.title, layout_.columns.empty() ? "" : layout_.columns.front().header, kHeaderRowsMax);
    if (!out_.refused.empty()) return std::move(out_);
    for (std::size_t i = 0; i < layout_.columns.size(); ++i)
      if (!out_.columns[i].column) add_or_pause(i);
    find_id_column();
    return std::move(out_);
  }

 private:
  [[nodiscard]] std::string field_name(std::size_t i) const {
    return std::string(catalogue_.name(layout_.columns[i].field));
  }

  void find_one(std::size_t i) {
    ColumnPlan& plan = out_.columns[i];
    const ColumnMap& map = layout_.columns[i];
    if (marks_.of_column[i]) {
      plan.column = marks_.of_column[i];
    } else {
      const auto at = headers_.find(normalise_key(map.header));
      if (at == headers_.end()) return;
      std::vector<int> free;  // a column that carries another field's mark is that field's
      for (const int column : at->second)
        if (std::find(marks_.of_column.begin(), marks_.of_column.end(), column) == marks_.of_column.end())
          free.push_back(column);
      if (free.empty()) return;
      if (free.size() > 1) {
        out_.refused =
            fmt::format("the header '{}' of the tab '{}' stands in {} and in {}: rename or remove one of the two",
                        map.header, table_.title, a1(out_.header_row, free[0]), a1(out_.header_row, free[1]));
        return;
      }
      plan.column = free.front();
      plan.set_mark = true;
    }
    ++found_;
    out_.headers[i] = cell_header(plan.column);
    if (!out_.headers[i].empty()) return note_rename(i);
    out_.headers[i] = header_before(i);  // blanked, not renamed
    plan.write_header = was_wiped_;
  }

  [[nodiscard]] std::string cell_header(int column) const {
    const Cell& cell = table_.at(out_.header_row, column);
    return std::string(trim(cell.text()));
  }

  [[nodiscard]] std::string header_before(std::size_t i) const {
    const auto known = state_.headers.find(field_name(i));
    return known != state_.headers.end() ? known->second : layout_.columns[i].header;
  }

  void note_rename(std::size_t i) {
    const std::string before = header_before(i);
    if (normalise_key(before) == normalise_key(out_.headers[i])) return;
    out_.notices.push_back({layout_.key, "column_renamed",
                            fmt::format("the column '{}' is now called '{}' ({}); it is followed", before,
                                        out_.headers[i], a1(out_.header_row, out_.columns[i].column))});
  }

  void add_or_pause(std::size_t i) {
    const std::string& header = layout_.columns[i].header;
    if (state_.connected && state_.headers.contains(field_name(i))) {
      out_.notices.push_back(
          {layout_.key, "column_missing",
           fmt::format("the column '{}' is gone, so {} is not synced in this tab; nothing was blanked. "
                       "Give a column that header again to go on",
                       header, field_name(i))});
      return;
    }
    while (!is_column_empty(table_, next_free_)) ++next_free_;
    out_.columns[i] = {.column = next_free_++, .set_mark = true, .write_header = true};
    out_.headers[i] = header;
    out_.notices.push_back(
        {layout_.key, "column_added",
         fmt::format("the column '{}' was added at {}", header, a1(out_.header_row, out_.columns[i].column))});
  }

  // A column that only bears the id column's name: it is filled, and with no id at all.
  [[nodiscard]] bool is_peoples(int column) const {
    bool is_filled = false;
    for (int row = out_.header_row + 1; row <= table_.row_count(); ++row) {
      const Cell& cell = table_.at(row, column);
      if (cell.kind == CellKind::text && is_public_id(cell.text())) return false;
      is_filled = is_filled || !cell.is_empty();
    }
    return is_filled;
  }

  void find_id_column() {
    out_.id_column = marks_.id;
    if (!out_.id_column) {
      out_.id_set_mark = true;
      if (const auto at = headers_.find(normalise_key(kIdHeader)); at != headers_.end())
        for (const int column : at->second)
          if (!out_.id_column && !is_peoples(column)) out_.id_column = column;
    }
    if (!out_.id_column) {
      while (!is_column_empty(table_, next_free_)) ++next_free_;
      out_.id_column = next_free_++;
      out_.id_is_new = true;
    }
    out_.id_write_header = table_.at(out_.header_row, out_.id_column).is_empty();
    out_.width = std::max(table_.column_count(), out_.id_column);
    for (const ColumnPlan& plan : out_.columns) out_.width = std::max(out_.width, plan.column);
  }

  const TabLayout& layout_;
  const FieldCatalogue& catalogue_;
  const SheetTable& table_;
  const TabState& state_;
  const Marks marks_;
  std::map<std::string, std::vector<int>, std::less<>> headers_;
  TabColumns out_;
  int next_free_ = 1;
  int found_ = 0;
  bool was_wiped_ = false;  // somebody emptied the whole tab: the columns are known, and get their headers again
};

}  // namespace

bool TabColumns::settled() const {
  if (create_tab || id_is_new || id_write_header || id_set_mark) return false;
  return std::none_of(columns.begin(), columns.end(), [](const ColumnPlan& c) { return c.set_mark || c.write_header; });
}

TabColumns find_columns(const TabLayout& layout, const FieldCatalogue& catalogue, const SheetTable* table,
                        const TabState& state) {
  if (!table) return fresh_columns(layout, true);
  if (!state.connected && is_empty(*table)) return fresh_columns(layout, false);
  return Finder(layout, catalogue, *table, state).run();
}

}  // namespace rowlane::plan
