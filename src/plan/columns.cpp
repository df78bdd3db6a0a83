#include "plan/columns.hpp"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <set>

#include "base/text.hpp"
#include "plan/column_evidence.hpp"

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
constexpr int kIdField = -1;  // in place of an index into TabLayout::columns

// Which field a mark names; nullopt when it names none of this tab.
std::optional<int> field_of(const ColumnMark& mark, const TabLayout& layout, const FieldCatalogue& catalogue) {
  if (mark.key != kColumnMarkKey) return std::nullopt;
  if (mark.value == kIdColumnMark) return kIdField;
  for (std::size_t i = 0; i < layout.columns.size(); ++i)
    if (mark.value == mark_value(layout, catalogue, layout.columns[i])) return static_cast<int>(i);
  return std::nullopt;
}

Marks read_marks(const TabLayout& layout, const FieldCatalogue& catalogue, const SheetTable& table) {
  Marks marks;
  marks.of_column.resize(layout.columns.size());
  for (const ColumnMark& mark : table.column_marks) {
    if (mark.key == kColumnMarkKey) marks.any = true;
    const std::optional<int> field = field_of(mark, layout, catalogue);
    if (field) (*field == kIdField ? marks.id : marks.of_column[static_cast<std::size_t>(*field)]) = mark.column;
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
  explicit Finder(const ColumnInput& in)
      : in_(in),
        layout_(in.layout),
        catalogue_(in.catalogue),
        table_(*in.table),
        state_(in.state),
        marks_(read_marks(in.layout, in.catalogue, *in.table)) {}

  TabColumns run() {
    out_.columns.resize(layout_.columns.size());
    out_.headers.resize(layout_.columns.size());
    find_headers();
    if (is_refused()) return std::move(out_);
    next_free_ = last_header_column(table_, out_.header_row) + 1;
    find_fields();
    if (is_refused()) return std::move(out_);
    for (std::size_t i = 0; i < layout_.columns.size(); ++i)
      if (!out_.columns[i].column) add_or_pause(i);
    find_id_column();
    if (is_refused()) return std::move(out_);
    drop_old_marks();
    out_.width = std::max(table_.column_count(), out_.id_column);
    for (const ColumnPlan& plan : out_.columns) out_.width = std::max(out_.width, plan.column);
    return std::move(out_);
  }

 private:
  [[nodiscard]] bool is_refused() const { return !out_.refused.empty(); }
  [[nodiscard]] std::string field_name(std::size_t i) const {
    return std::string(catalogue_.name(layout_.columns[i].field));
  }
  [[nodiscard]] std::string cell_header(int column) const {
    return std::string(trim(table_.at(out_.header_row, column).text()));
  }
  [[nodiscard]] std::string address(int column) const { return a1(out_.header_row, column); }
  [[nodiscard]] std::string header_before(std::size_t i) const {
    const auto known = state_.headers.find(field_name(i));
    return known != state_.headers.end() ? known->second : layout_.columns[i].header;
  }

  void find_headers() {
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
    for (std::size_t i = 0; i < layout_.columns.size(); ++i) own_.push_back(own_headers(i));
  }

  // What the field's column is called: as last read, or as mapped, unless that is by now what another one is called.
  [[nodiscard]] std::vector<std::string> own_headers(std::size_t i) const {
    std::vector<std::string> own{normalise_key(header_before(i))};
    std::string mapped = normalise_key(layout_.columns[i].header);
    const bool is_anothers = std::ranges::any_of(state_.headers, [&](const auto& known) {
      return known.first != field_name(i) && normalise_key(known.second) == mapped;
    });
    if (mapped != own.front() && !is_anothers) own.push_back(std::move(mapped));
    return own;
  }
  // Columns that bear a header of the field and are nobody's yet, ascending.
  [[nodiscard]] std::vector<int> headed(std::size_t i) const {
    std::set<int> found;
    for (const std::string& header : own_[i])
      if (const auto at = headers_.find(header); at != headers_.end())
        for (const int column : at->second)
          if (!taken_.contains(column)) found.insert(column);
    return {found.begin(), found.end()};
  }
  [[nodiscard]] bool bears_own_header(std::size_t i, int column) const {
    return std::ranges::find(own_[i], normalise_key(cell_header(column))) != own_[i].end();
  }
  // The field whose header the column bears; nullopt for a header of people's own, or none.
  [[nodiscard]] std::optional<int> field_headed(int column) const {
    if (normalise_key(cell_header(column)) == normalise_key(kIdHeader)) return kIdField;
    for (std::size_t i = 0; i < layout_.columns.size(); ++i)
      if (bears_own_header(i, column)) return static_cast<int>(i);
    return std::nullopt;
  }

  void find_fields() {
    std::vector<std::size_t> disputed, followed, unmarked;
    for (std::size_t i = 0; i < layout_.columns.size(); ++i) {
      const int mark = marks_.of_column[i];
      if (!mark)
        unmarked.push_back(i);
      else if (bears_own_header(i, mark) && !taken_.contains(mark))
        take(i, mark);
      else if (field_headed(mark) || !headed(i).empty())
        disputed.push_back(i);
      else
        followed.push_back(i);  // renamed, or its header was blanked
    }
    settle_disputes(disputed);
    // Where cells were moved, a column with an unknown header is the field's only if its cells say so.
    for (const std::size_t i : followed)
      if (disputed.empty() || holds_field(i, marks_.of_column[i])) take(i, marks_.of_column[i]);
    for (const std::size_t i : unmarked)
      if (!is_refused()) take_headed(i);
    if (!is_refused() && taken_.empty())
      out_.refused = fmt::format(
          "the tab '{}' has rows but none of the mapped headers ({}, ...) in its first {} rows: "
          "name one column as mapped, or empty the tab",
          table_.title, layout_.columns.empty() ? "" : layout_.columns.front().header, kHeaderRowsMax);
  }

  // --- Headers against marks

  const ColumnEvidence& evidence() {
    if (!evidence_) evidence_.emplace(table_, out_.header_row, in_.records, in_.date_order);
    return *evidence_;
  }
  [[nodiscard]] bool holds_field(std::size_t i, int column) {
    if (taken_.contains(column)) return false;
    const ColumnEvidence::Score score = evidence().score(layout_.columns[i], column);
    return score.same_row + score.any_row > 0;
  }

  struct Dispute {
    std::size_t field;
    int mark;    // the column that carries the field's mark,
    int header;  // the one that bears its header; 0 none does
    ColumnEvidence::Score by_header, by_mark;
  };

  // Fields whose mark and header are apart: people moved cells (the mark stayed behind) or retyped headers (the cells
  // stayed). Each is told by its own cells, else by those of all that are in dispute.
  void settle_disputes(const std::vector<std::size_t>& fields) {
    std::vector<Dispute> disputes;
    ColumnEvidence::Score all_headers, all_marks;
    for (const std::size_t i : fields) {
      const std::vector<int> columns = headed(i);
      if (columns.size() > 1) return refuse_doubled(i, columns);
      Dispute d{.field = i, .mark = marks_.of_column[i], .header = columns.empty() ? 0 : columns.front()};
      d.by_mark = evidence().score(layout_.columns[i], d.mark);
      if (d.header) {
        d.by_header = evidence().score(layout_.columns[i], d.header);
        all_headers.same_row += d.by_header.same_row, all_headers.any_row += d.by_header.any_row;
        all_marks.same_row += d.by_mark.same_row, all_marks.any_row += d.by_mark.any_row;
      }
      disputes.push_back(d);
    }
    for (const Dispute& d : disputes) {
      if (is_refused()) return;
      settle(d, compare(all_headers, all_marks), disputes);
    }
  }

  void settle(const Dispute& d, Ahead together, const std::vector<Dispute>& disputes) {
    if (d.header == 0) return settle_headless(d);
    Ahead ahead = compare(d.by_header, d.by_mark);
    if (ahead == Ahead::neither) ahead = together;
    if (ahead == Ahead::neither) {
      const auto swapped = std::ranges::find(disputes, d.header, &Dispute::mark);
      if (swapped != disputes.end()) return refuse_swapped(d, *swapped);
    }
    const int column = ahead == Ahead::second ? d.mark : d.header;
    if (taken_.contains(column)) return refuse_contested(d, column);
    take(d.field, column);
  }

  // Its column bears the header of another field, and its own header stands nowhere.
  void settle_headless(const Dispute& d) {
    if (d.by_mark.same_row + d.by_mark.any_row == 0 || taken_.contains(d.mark)) return;  // missing
    const std::optional<int> named = field_headed(d.mark);
    if (named && *named != kIdField) {
      const auto other = evidence().score(layout_.columns[static_cast<std::size_t>(*named)], d.mark);
      if (compare(d.by_mark, other) != Ahead::first) return refuse_contested(d, d.mark);
    }
    take(d.field, d.mark);
  }

  void refuse_doubled(std::size_t i, const std::vector<int>& columns) {
    out_.refused =
        fmt::format("the header '{}' of the tab '{}' stands in {} and in {}: rename or remove one of the two",
                    header_before(i), table_.title, address(columns[0]), address(columns[1]));
  }
  void refuse_swapped(const Dispute& a, const Dispute& b) {
    out_.refused = fmt::format(
        "the headers in {} and {} of the tab '{}' changed places, and the cells below do not tell whether they moved "
        "with them: put the headers back over their columns; nothing was written there",
        address(std::min(a.mark, a.header)), address(std::max(b.mark, b.header)), table_.title);
  }
  void refuse_contested(const Dispute& d, int column) {
    out_.refused = fmt::format(
        "the column in {} of the tab '{}' is called '{}', but its cells are those of '{}' (before in {}): put each "
        "header over its own column; nothing was written there",
        address(column), table_.title, cell_header(column), header_before(d.field), address(d.mark));
  }

  void take_headed(std::size_t i) {
    const std::vector<int> columns = headed(i);
    if (columns.size() > 1) return refuse_doubled(i, columns);
    if (!columns.empty()) take(i, columns.front());
  }

  void take(std::size_t i, int column) {
    ColumnPlan& plan = out_.columns[i];
    plan.column = column;
    plan.set_mark = marks_.of_column[i] != column;
    taken_.insert(column);
    out_.headers[i] = cell_header(column);
    if (out_.headers[i].empty()) {
      out_.headers[i] = header_before(i);  // blanked, not renamed
      plan.write_header = was_wiped_;
      return;
    }
    note_rename(i);
    if (plan.set_mark && marks_.of_column[i])
      out_.notices.push_back({layout_.key, "column_moved",
                              fmt::format("the column '{}' stands in {} now, before in {}; it is followed",
                                          out_.headers[i], address(column), address(marks_.of_column[i]))});
  }

  void note_rename(std::size_t i) {
    const std::string before = header_before(i);
    if (normalise_key(before) == normalise_key(out_.headers[i])) return;
    out_.notices.push_back({layout_.key, "column_renamed",
                            fmt::format("the column '{}' is now called '{}' ({}); it is followed", before,
                                        out_.headers[i], address(out_.columns[i].column))});
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
    out_.columns[i] = {.column = take_free_column(), .set_mark = true, .write_header = true};
    out_.headers[i] = header;
    out_.notices.push_back({layout_.key, "column_added",
                            fmt::format("the column '{}' was added at {}", header, address(out_.columns[i].column))});
  }
  int take_free_column() {
    while (!is_column_empty(table_, next_free_)) ++next_free_;
    return next_free_++;
  }

  // --- The ids

  struct IdCells {
    int ids = 0, others = 0;  // filled cells below the headers
  };
  [[nodiscard]] IdCells id_cells(int column) const {
    IdCells cells;
    for (int row = out_.header_row + 1; row <= table_.row_count(); ++row) {
      const Cell& cell = table_.at(row, column);
      if (cell.is_empty()) continue;
      ++(cell.kind == CellKind::text && is_public_id(cell.text()) ? cells.ids : cells.others);
    }
    return cells;
  }

  // Ids go only into a column that is headed so, or that holds nothing but ids. One that only bears the id column's
  // name, filled and with no id at all, is a person's.
  void find_id_column() {
    std::vector<int> headed;
    if (const auto at = headers_.find(normalise_key(kIdHeader)); at != headers_.end())
      for (const int column : at->second)
        if (!taken_.contains(column)) headed.push_back(column);
    if (marks_.id && std::ranges::find(headed, marks_.id) != headed.end()) {
      out_.id_column = marks_.id;
    } else {
      std::erase_if(headed, [&](int column) {
        const IdCells cells = id_cells(column);
        return cells.ids == 0 && cells.others > 0;
      });
      if (!headed.empty())
        out_.id_column = *std::ranges::max_element(headed, {}, [&](int column) { return id_cells(column).ids; });
      else if (marks_.id && !taken_.contains(marks_.id) && holds_ids_alone(marks_.id))
        out_.id_column = marks_.id;
    }
    refuse_scattered_ids();
    if (is_refused()) return;
    if (!out_.id_column) out_.id_column = take_free_column();
    out_.id_set_mark = out_.id_column != marks_.id;
    out_.id_is_new = out_.id_set_mark && id_cells(out_.id_column).ids == 0;
    out_.id_write_header = table_.at(out_.header_row, out_.id_column).is_empty();
    if (out_.id_set_mark && marks_.id) {  // it was moved: hidden is what holds the ids, not what people moved there
      out_.id_is_new = true;
      if (std::ranges::find(table_.hidden_columns, marks_.id) != table_.hidden_columns.end())
        out_.show_column = marks_.id;
    }
  }
  [[nodiscard]] bool holds_ids_alone(int column) const {
    const IdCells cells = id_cells(column);
    return cells.others == 0 && (cells.ids > 0 || cell_header(column).empty());
  }

  // Cells were moved without their headers: the ids stand in a column that is not theirs, and with them everything else
  // under a header that it does not belong to.
  void refuse_scattered_ids() {
    constexpr int kIdsMin = 3;  // fewer are a person's copies
    const int here = out_.id_column ? id_cells(out_.id_column).ids : 0;
    if (2 * here >= table_.row_count() - out_.header_row) return;  // as nearly always: no look at the other columns
    for (int column = 1; column <= table_.column_count(); ++column) {
      if (column == out_.id_column) continue;
      if (const int there = id_cells(column).ids; there < kIdsMin || there <= 2 * here) continue;
      if (!out_.id_column && !taken_.contains(column) && holds_ids_alone(column)) {
        out_.id_column = column;
        return;
      }
      out_.refused = fmt::format(
          "the ids of the tab '{}' stand in {} and below, away from their header '{}'{}: cells were moved without "
          "their headers. Move them back, or move the headers along; nothing was written there",
          table_.title, a1(out_.header_row + 1, column), kIdHeader,
          out_.id_column ? fmt::format(" in {}", address(out_.id_column)) : std::string());
      return;
    }
  }

  void drop_old_marks() {
    std::set<int> in_use(taken_);
    in_use.insert(out_.id_column);
    for (const ColumnMark& mark : table_.column_marks) {
      const std::optional<int> field = field_of(mark, layout_, catalogue_);
      if (!field) continue;
      const int column = *field == kIdField ? out_.id_column : out_.columns[static_cast<std::size_t>(*field)].column;
      if (column ? mark.column != column : in_use.contains(mark.column)) out_.marks_to_drop.push_back(mark.metadata_id);
    }
  }

  const ColumnInput& in_;
  const TabLayout& layout_;
  const FieldCatalogue& catalogue_;
  const SheetTable& table_;
  const TabState& state_;
  const Marks marks_;
  std::map<std::string, std::vector<int>, std::less<>> headers_;
  std::vector<std::vector<std::string>> own_;  // by field: normalised headers that are its own
  std::set<int> taken_;                        // columns that are a field's
  std::optional<ColumnEvidence> evidence_;
  TabColumns out_;
  int next_free_ = 1;
  bool was_wiped_ = false;  // somebody emptied the whole tab: the columns are known, and get their headers again
};

}  // namespace

bool TabColumns::settled() const {
  if (create_tab || id_is_new || id_write_header || id_set_mark || show_column || !marks_to_drop.empty()) return false;
  return std::none_of(columns.begin(), columns.end(), [](const ColumnPlan& c) { return c.set_mark || c.write_header; });
}

TabColumns find_columns(const ColumnInput& in) {
  if (!in.table) return fresh_columns(in.layout, true);
  if (!in.state.connected && is_empty(*in.table)) return fresh_columns(in.layout, false);
  return Finder(in).run();
}

}  // namespace rowlane::plan
