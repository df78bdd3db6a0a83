#include "plan/tab_plan.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "domain/convert.hpp"
#include "plan/cell.hpp"
#include "plan/natural_key.hpp"
#include "plan/rows.hpp"

namespace rowlane::plan {

namespace {

// Most cells are equal texts: told without making a value of the cell.
bool is_same_text(const Cell& cell, const Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  return text && cell.kind == CellKind::text && !cell.is_computed() && cell.text() == *text;
}

bool is_too_long(const Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  return text && text->size() > kCellCharactersMax && utf16_length(*text) > kCellCharactersMax;
}

class TabPlanner {
 public:
  explicit TabPlanner(const TabInput& in) : in_(in) {}

  TabPlan run() {
    out_.tab = in_.layout.key;
    out_.missing = in_.table == nullptr;
    out_.title = in_.table ? in_.table->title : in_.layout.title;
    out_.sheet_id = in_.table ? in_.table->sheet_id : 0;
    out_.grid_rows = in_.table ? in_.table->grid_rows : 0;
    out_.grid_columns = in_.table ? in_.table->grid_columns : 0;
    out_.columns = find_columns({in_.layout, in_.catalogue, in_.table, in_.state, in_.records, in_.date_order});
    if (!in_.tab_refused.empty()) out_.columns.refused = in_.tab_refused;
    out_.notices = out_.columns.notices;
    tell_of_new_title();
    out_.row_of.assign(in_.records.size(), 0);
    out_.kept_cells.assign(in_.records.size(), 0);
    out_.standing.assign(in_.records.size(), Standing::unseen);
    if (!out_.columns.refused.empty()) return refused();
    if (in_.table)
      match();
    else {
      matching_.is_ambiguous.assign(in_.records.size(), false);
      out_.insert_at = 2;
    }
    for (std::size_t i = 0; i < in_.records.size(); ++i) plan_record(static_cast<int>(i));
    std::sort(out_.updates.begin(), out_.updates.end(),
              [](const RowUpdate& a, const RowUpdate& b) { return a.row < b.row; });
    std::sort(out_.deletes.begin(), out_.deletes.end(),
              [](const RowDelete& a, const RowDelete& b) { return a.row < b.row; });
    tell_of_held();
    return std::move(out_);
  }

 private:
  // Nothing is written in the tab, so what its records hold there stays as it is, written or not.
  TabPlan refused() {
    for (std::size_t i = 0; i < in_.records.size(); ++i)
      if (job_of(*in_.records[i].record) >= 0 && (in_.records[i].belongs || in_.records[i].base))
        out_.standing[i] = Standing::open;
    return std::move(out_);
  }

  [[nodiscard]] const SheetTable& table() const { return *in_.table; }

  void match() {
    matching_ = match_rows(in_.layout, table(), out_.columns, in_.records, in_.date_order);
    out_.row_of = matching_.row_of;
    out_.ambiguous = matching_.ambiguous;
    for (const AmbiguousRecord& each : out_.ambiguous) out_.reasons.try_emplace(each.record, each.reason);
    out_.notices.insert(out_.notices.end(), matching_.notices.begin(), matching_.notices.end());
    for (int row = 1; row <= table().row_count(); ++row) {
      const auto at = static_cast<std::size_t>(row);
      if (matching_.record_of[at] >= 0)
        ++out_.managed_rows;
      else if (row > out_.columns.header_row && matching_.filled[at])
        count_kept(row);
    }
    const InsertPlace place = find_insert_place(table(), out_.columns, matching_);
    out_.insert_at = place.row;
    out_.free_rows = place.free_rows;
  }

  // The tab is known by its number, so another one that takes its old name is nobody's.
  void tell_of_new_title() {
    if (!in_.table || !in_.state.connected || in_.state.title == in_.table->title) return;
    out_.notices.push_back(
        {in_.layout.key, "tab_renamed",
         fmt::format("the tab '{}' is called '{}' now and is followed; another tab of the old name would be left alone",
                     in_.state.title, in_.table->title)});
  }

  void count_kept(int row) {
    ++out_.kept_rows;
    if (is_totals_row(table(), matching_, row)) return;
    const int name = column_of(field::name), vertical = column_of(field::vertical);
    const bool lacks_name = name && table().at(row, name).is_empty();
    const bool lacks_vertical = vertical && table().at(row, vertical).is_empty();
    if (lacks_name || lacks_vertical) ++out_.drafts;
  }

  [[nodiscard]] int column_of(FieldId field) const {
    for (std::size_t i = 0; i < in_.layout.columns.size(); ++i)
      if (in_.layout.columns[i].field == field) return out_.columns.columns[i].column;
    return 0;
  }

  // The first job whose scope and direction cover the record in this tab; -1 when none does.
  [[nodiscard]] int job_of(const Record& record) const {
    for (std::size_t j = 0; j < in_.jobs.size(); ++j) {
      const PlanJob& job = in_.jobs[j];
      if (!job.covers_tab(in_.layout.key) || !job.scope.covers(record.owner)) continue;
      if (!job.confirmed || job.only.contains({in_.layout.key, record.id})) return static_cast<int>(j);
    }
    return -1;
  }

  void plan_record(int index) {
    const auto at = static_cast<std::size_t>(index);
    const TabRecord& tab_record = in_.records[at];
    const int job = job_of(*tab_record.record);
    if (job < 0) return;
    const int row = out_.row_of[at];
    Standing& standing = out_.standing[at];
    standing = Standing::open;
    if (in_.held[at]) {
      ++held_;
      return;
    }
    if (const auto refused = in_.refused.find(index); refused != in_.refused.end()) {
      Rejection shown = refused->second;
      shown.row = row;
      return reject(index, std::move(shown));
    }
    if (matching_.is_ambiguous[at]) {
      standing = Standing::ambiguous;
      return;
    }
    if (has_changed_since_held(job, *tab_record.record, row)) return;
    standing = Standing::settled;
    if (tab_record.record->deleted_at || !tab_record.belongs) {
      if (row)
        plan_delete(index, job, row, !tab_record.record->deleted_at);
      else if (tab_record.base)
        out_.base_gone.push_back(index);
    } else if (row) {
      plan_update(index, job, row);
    } else {
      plan_add(index, job);
    }
  }

  // The yes was for something else.
  [[nodiscard]] bool has_changed_since_held(int job, const Record& record, int row) const {
    const PlanJob& planned = in_.jobs[static_cast<std::size_t>(job)];
    if (!planned.confirmed) return false;
    const HeldContent& held = planned.only.at({in_.layout.key, record.id});
    return held.record_version != record.version || (row && held.row_hash != hash_of_row(table(), row));
  }

  void plan_delete(int index, int job, int row, bool moved) {
    RowDelete planned{.record = index, .job = job, .row = row, .moved = moved, .image = {}, .remarks = {}};
    for (int column = 1; column <= table().column_count(); ++column) {
      planned.image.push_back(image_of(table(), row, column));
      if (is_remark(row, column))
        planned.remarks += fmt::format("{}{}: {}", planned.remarks.empty() ? "" : "; ", name_of(column),
                                       shorten(cell_text(table(), row, column), kRemarkShown));
    }
    out_.deletes.push_back(std::move(planned));
  }

  static constexpr std::size_t kRemarkShown = 80;  // bytes of a remark in a notice; the history has it whole

  // A person typed something into a column that is nobody's but people's.
  [[nodiscard]] bool is_remark(int row, int column) const {
    const Cell& cell = table().at(row, column);
    if (cell.is_empty() || cell.is_computed() || cell.kind == CellKind::boolean) return false;
    return column != out_.columns.id_column &&
           std::none_of(out_.columns.columns.begin(), out_.columns.columns.end(),
                        [&](const ColumnPlan& mapped) { return mapped.column == column; });
  }
  [[nodiscard]] std::string name_of(int column) const {
    const std::string header = cell_text(table(), out_.columns.header_row, column);
    return header.empty() ? fmt::format("column {}", column_letters(column)) : header;
  }

  void reject(int index, int row, FieldId field, std::string_view reason) {
    reject(index, {in_.layout.key, row, std::string(in_.catalogue.name(field)), std::string(reason)});
  }
  void reject(int index, Rejection shown) {
    tell(index, shown.field, shown.reason);
    out_.rejected.push_back({index, std::move(shown)});
  }
  // The record's own state says so too.
  void tell(int index, std::string_view field, std::string_view reason) {
    out_.standing[static_cast<std::size_t>(index)] = Standing::rejected;
    out_.reasons.try_emplace(index, field.empty() ? std::string(reason) : fmt::format("{}: {}", field, reason));
  }
  // Rows that wait for a yes are no silence: whoever presses learns that they were left alone.
  void tell_of_held() {
    if (held_ == 0) return;
    out_.notices.push_back({in_.layout.key, "rows_held",
                            fmt::format("{} {} of an earlier sync still wait for approval; they were left as they are",
                                        held_, held_ == 1 ? "row" : "rows")});
  }

  // The column of a mapped field is missing, and the record's value was never written there.
  [[nodiscard]] bool is_paused(const TabRecord& tab_record, FieldId field) const {
    const Value& app = tab_record.record->fields.get(field);
    return !same_value(app, tab_record.base ? tab_record.base->get(field) : Value{});
  }

  static constexpr std::string_view kTooLong = "longer than the 50,000 characters a cell can hold";

  void plan_update(int index, int job, int row) {
    const TabRecord& tab_record = in_.records[static_cast<std::size_t>(index)];
    RowUpdate planned{.record = index,
                      .job = job,
                      .row = row,
                      .write_id = matching_.write_id[static_cast<std::size_t>(row)],
                      .cells = {},
                      .base = {}};
    if (tab_record.base) planned.base = *tab_record.base;
    bool paused = false;
    for (std::size_t i = 0; i < in_.layout.columns.size(); ++i)
      if (out_.columns.columns[i].column)
        plan_cell(index, row, i, planned);
      else
        paused = paused || is_paused(tab_record, in_.layout.columns[i].field);
    if (Standing& standing = out_.standing[static_cast<std::size_t>(index)]; paused && standing == Standing::settled)
      standing = Standing::open;
    if (!planned.cells.empty() || planned.write_id)
      out_.updates.push_back(std::move(planned));
    else if (planned.base_changed || !tab_record.base)
      out_.advances.push_back({index, std::move(planned.base)});
  }

  void plan_cell(int index, int row, std::size_t i, RowUpdate& planned) {
    const TabRecord& tab_record = in_.records[static_cast<std::size_t>(index)];
    const ColumnMap& map = in_.layout.columns[i];
    const int column = out_.columns.columns[i].column;
    const Value& app = tab_record.record->fields.get(map.field);
    const Cell& cell = table().at(row, column);
    const bool has_base = tab_record.base && tab_record.base->has(map.field);
    if (is_same_text(cell, app)) return agree(map.field, app, has_base, planned);

    CellState state{.sheet_is_computed = cell.is_computed(), .has_base = has_base};
    state.app_is_blank = is_blank(app);
    const Value& base = has_base ? tab_record.base->get(map.field) : app;
    state.app_is_base = has_base && same_value(app, base);
    Converted sheet;
    if (!state.sheet_is_computed) {
      sheet = from_cell(cell, map.type, in_.date_order);
      state.sheet_is_rejected = !sheet.rejected.empty();
      state.sheet_is_blank = sheet.rejected.empty() && is_blank(sheet.value);
      const bool is_untouched_box =
          sheet.value == Value{false} && state.app_is_blank;  // nobody ticked it: no more than a blank
      state.equal = sheet.rejected.empty() && (same_value(sheet.value, app) || is_untouched_box ||
                                               is_same_key(map.field, sheet.value, app, state));
    }
    switch (plan_cell_to_sheet(state)) {
      case CellAction::agree:
        return agree(map.field, app, has_base, planned);
      case CellAction::keep:
        return keep(index, map, cell, app);
      case CellAction::reject:
        return reject(index, row, map.field, sheet.rejected);
      case CellAction::leave:
        return;
      case CellAction::write:
        break;
    }
    if (is_too_long(app)) {
      if (state.sheet_is_blank) set_base(map.field, Value{}, planned);
      return reject(index, row, map.field, kTooLong);
    }
    CellEdit edit{.field = map.field, .column = column, .value = app, .before = image_of(table(), row, column)};
    const bool sheet_is_base = has_base && !state.sheet_is_rejected && same_value(sheet.value, base);
    edit.overwrites = !cell.is_empty() && !sheet_is_base;
    set_format(edit, cell, map.type);
    planned.cells.push_back(std::move(edit));
    set_base(map.field, app, planned);
  }

  // A person's formula. What it comes to may be another value than the app's, which then stands nowhere in the sheet.
  void keep(int index, const ColumnMap& map, const Cell& cell, const Value& app) {
    ++out_.kept_cells[static_cast<std::size_t>(index)];
    const Converted shown = from_cell(cell, map.type, in_.date_order);
    if (is_blank(app) || (shown.rejected.empty() && same_value(shown.value, app))) return;
    tell(index, in_.catalogue.name(map.field), "its cell holds a formula, which is never overwritten");
  }

  static void set_format(CellEdit& edit, const Cell& cell, FieldType type) {
    if (is_blank(edit.value) || format_fits(cell.format, type)) return;
    edit.format = type == FieldType::date ? FormatKind::date : FormatKind::number;
  }

  // Two spellings of one key are one value, unless the app's was changed since both sides agreed.
  [[nodiscard]] bool is_same_key(FieldId field, const Value& sheet, const Value& app, const CellState& state) const {
    if (!in_.layout.is_key_field(field) || (state.has_base && !state.app_is_base)) return false;
    const auto* a = std::get_if<std::string>(&sheet);
    const auto* b = std::get_if<std::string>(&app);
    return a && b && normalise_key(*a) == normalise_key(*b);
  }

  void agree(FieldId field, const Value& app, bool has_base, RowUpdate& planned) {
    if (!has_base || !same_value(planned.base.get(field), app)) set_base(field, app, planned);
  }
  static void set_base(FieldId field, const Value& value, RowUpdate& planned) {
    planned.base.set(field, is_blank(value) ? Value{} : value);
    planned.base_changed = true;
  }

  void plan_add(int index, int job) {
    if (!in_.adds_refused.empty()) return reject(index, {in_.layout.key, 0, {}, in_.adds_refused});
    const Record& record = *in_.records[static_cast<std::size_t>(index)].record;
    RowAdd planned{.record = index, .job = job, .cells = {}, .base = {}};
    const int nth = static_cast<int>(out_.adds.size());
    const int free_row = nth < out_.free_rows ? out_.insert_at + nth : 0;  // else one that is inserted
    for (std::size_t i = 0; i < in_.layout.columns.size(); ++i) {
      const int column = out_.columns.columns[i].column;
      const ColumnMap& map = in_.layout.columns[i];
      Value value = record.fields.get(map.field);
      if (!column && !is_blank(value)) out_.standing[static_cast<std::size_t>(index)] = Standing::open;
      if (!column) continue;
      if (is_too_long(value)) {
        reject(index, 0, map.field, kTooLong);
        value = {};
      }
      // What an unused row holds all the same, such as a check box, was never agreed on.
      if (is_blank(value) && free_row && !table().at(free_row, column).is_empty()) continue;
      planned.base.set(map.field, is_blank(value) ? Value{} : value);
      if (is_blank(value)) continue;
      CellEdit edit{.field = map.field, .column = column, .value = std::move(value), .before = {}};
      set_format(edit, Cell{}, map.type);
      planned.cells.push_back(std::move(edit));
    }
    out_.adds.push_back(std::move(planned));
  }

  const TabInput& in_;
  Matching matching_;
  TabPlan out_;
  std::int64_t held_ = 0;  // records left alone because an earlier sync holds them
};

}  // namespace

CellImage image_of(const SheetTable& table, int row, int column) {
  const Cell& cell = table.at(row, column);
  CellImage image{.kind = cell.kind, .text = {}, .number = 0, .formula = cell.formula, .format = cell.format};
  if (cell.spilled) return {.format = cell.format};  // the formula that fills it lives elsewhere
  if (cell.formula)
    image.text = table.formula_at(row, column);
  else if (cell.kind == CellKind::number || cell.kind == CellKind::boolean)
    image.number = cell.number;
  else
    image.text = cell.text();
  return image;
}

std::string hash_of_row(const SheetTable& table, int row) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;  // FNV-1a, 64 bits
  const auto mix = [&](std::string_view text) {
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  };
  for (int column = 1; column <= table.column_count(); ++column) {
    const std::string_view formula = table.formula_at(row, column);
    // What a formula comes to changes by itself, and where cells end does not matter.
    const std::string text = formula.empty() ? cell_text(table, row, column) : std::string(formula);
    if (text.empty() || table.at(row, column).spilled) continue;
    mix(std::to_string(column));
    mix(std::string_view("\0", 1));
    mix(text);
  }
  return fmt::format("{:016x}", hash);
}

TabPlan plan_tab(const TabInput& input) { return TabPlanner(input).run(); }

}  // namespace rowlane::plan
