#include "sync/write_batch.hpp"

#include <fmt/format.h>

#include <cmath>

#include "base/text.hpp"
#include "domain/convert.hpp"
#include "sync/chunk.hpp"
#include "sync/row_match.hpp"

namespace rowlane::sync {

namespace {

using namespace sheets;

constexpr std::size_t kRangesMax = 50;
// Cells of a neighbour that are compared to tell that it is the same row.
constexpr std::size_t kTellingCells = 6;
// Blank rows in a row that are looked beyond for one that tells where it stands.
constexpr int kGapMax = 200;
// Rows on either side of one that is put right, which must all stand as they are known: this is the second time that
// the write meets moved rows, so a coincidence is not worth the bytes saved.
constexpr int kRestoredWindow = 2'000;
// Rows below the last known one that are searched for a removed id: people may have put rows in.
constexpr int kRowsBelow = 100;

class Appender {
 public:
  Appender(const BatchInput& in, const std::function<std::int64_t()>& metadata_id, WriteBatch& out)
      : in_(in), p_(in.plan), metadata_id_(metadata_id), out_(out), expected_from_(out.expected.size()) {}

  void run() {
    make_columns();
    for (const plan::RowUpdate& u : p_.updates) update(u);
    for (auto d = p_.deletes.rbegin(); d != p_.deletes.rend(); ++d) remove(*d);
    add_rows();
    expect_header();
    expect_neighbours();
    expect_restored();
    read_back();
    expect_gone();
  }

 private:
  [[nodiscard]] const Record& record(int index) const { return *in_.records[static_cast<std::size_t>(index)].record; }
  [[nodiscard]] int removed_before(int row) const {
    const auto end = std::lower_bound(p_.deletes.begin(), p_.deletes.end(), row,
                                      [](const plan::RowDelete& d, int at) { return d.row < at; });
    return static_cast<int>(end - p_.deletes.begin());
  }
  [[nodiscard]] int insert_row() const { return p_.insert_at - removed_before(p_.insert_at); }
  [[nodiscard]] int rows_inserted() const { return std::max(0, static_cast<int>(p_.adds.size()) - p_.free_rows); }
  [[nodiscard]] int after_write(int row) const {
    const int moved = row - removed_before(row);
    return p_.insert_at <= row ? moved + rows_inserted() : moved;
  }
  void push(Op op, int effect = kTabEffect) { out_.ops.push_back({std::move(op), effect}); }
  [[nodiscard]] int next_effect() const { return static_cast<int>(out_.effects.size()); }
  [[nodiscard]] ExpectedRow expected(int row, const std::string& id) const {
    return {.title = p_.title,
            .row = row,
            .cells = {{p_.columns.id_column, {.value = id, .format = std::nullopt}}},
            .keys = {}};
  }

  void make_columns() {
    const plan::TabColumns& c = p_.columns;
    const int adds = static_cast<int>(p_.adds.size());
    if (p_.missing) {
      grid_rows_ = std::max(1000, adds + 1);
      push(op::AddTab{p_.sheet_id, p_.title, grid_rows_, c.width});
    } else {
      grid_rows_ = p_.grid_rows;
      if (c.width > p_.grid_columns) push(op::GrowGrid{p_.sheet_id, 0, c.width - p_.grid_columns});
    }
    for (const std::int64_t mark : c.marks_to_drop) push(op::DeleteMark{mark});
    for (std::size_t i = 0; i < c.columns.size(); ++i) {
      const plan::ColumnPlan& column = c.columns[i];
      if (column.write_header)
        push(op::UpdateCells{
            p_.sheet_id, c.header_row, column.column, {{.value = c.headers[i], .format = std::nullopt}}});
      if (column.column && column.set_mark)
        push(op::MarkColumn{p_.sheet_id, column.column, metadata_id_(), std::string(kColumnMarkKey),
                            fmt::format("{}:{}", in_.layout.key, in_.catalogue.name(in_.layout.columns[i].field))});
    }
    if (c.id_write_header)
      push(op::UpdateCells{
          p_.sheet_id, c.header_row, c.id_column, {{.value = std::string(kIdHeader), .format = std::nullopt}}});
    if (c.id_is_new) {
      push(op::HideColumn{p_.sheet_id, c.id_column});
      push(op::ProtectColumn{p_.sheet_id, c.id_column, "Rowlane finds each record's row by this column"});
    }
    if (c.show_column) push(op::HideColumn{p_.sheet_id, c.show_column, false});
    if (c.id_set_mark)
      push(op::MarkColumn{p_.sheet_id, c.id_column, metadata_id_(), std::string(kColumnMarkKey),
                          std::string(kIdColumnMark)});
    if (c.id_is_new && in_.table && in_.table->filter && in_.table->filter->column_last < c.id_column) {
      CellRange wider = *in_.table->filter;
      wider.column_last = c.id_column;
      push(op::SetFilter{p_.sheet_id, wider, in_.table->filter_rest});
    }
  }

  Effect effect_of(EffectKind kind, int record_index, int job, int row) const {
    const Record& r = record(record_index);
    const plan::PlanJob& j = in_.jobs[static_cast<std::size_t>(job)];
    Effect e;
    e.kind = kind, e.tab = p_.tab, e.record = r.id, e.version = r.version, e.public_id = r.public_id, e.job = j.id,
    e.user = j.scope.user, e.row = row;
    return e;
  }
  [[nodiscard]] store::HistoryRow history(const Effect& e, std::string_view what, std::string_view field,
                                          std::string before, std::string after) const {
    return {e.record,          e.job,           e.user, "sheet", std::string(what), p_.tab, std::string(field), e.row,
            std::move(before), std::move(after)};
  }

  void update(const plan::RowUpdate& u) {
    const Record& r = record(u.record);
    Effect e = effect_of(EffectKind::update, u.record, u.job, after_write(u.row));
    e.counts = !u.cells.empty();
    e.base = u.base;
    ExpectedRow stands = expected(e.row, r.public_id);
    for (const plan::CellEdit& edit : u.cells) {
      push(op::UpdateCells{p_.sheet_id, u.row, edit.column, {write_of(edit)}}, next_effect());
      e.overwritten += edit.overwrites ? 1 : 0;
      e.history.push_back(history(e, "cell", in_.catalogue.name(edit.field),
                                  before_json(edit.before, type_of(edit.column)),
                                  in_.catalogue.to_json(edit.value).dump()));
      stands.cells.emplace_back(edit.column, write_of(edit));
    }
    if (u.write_id) {
      push(op::UpdateCells{p_.sheet_id, u.row, p_.columns.id_column, {{.value = r.public_id, .format = std::nullopt}}},
           next_effect());
      for (std::size_t i = 0; i < in_.layout.columns.size(); ++i) {
        const int column = p_.columns.columns[i].column;
        if (!column || !in_.layout.is_key_field(in_.layout.columns[i].field)) continue;
        const bool written = std::any_of(u.cells.begin(), u.cells.end(),
                                         [&](const plan::CellEdit& edit) { return edit.column == column; });
        if (!written && !in_.table->at(u.row, column).is_computed())
          stands.keys.emplace_back(column, normalise_key(cell_text(*in_.table, u.row, column)));
      }
    }
    out_.effects.push_back(std::move(e));
    out_.expected.push_back(std::move(stands));
  }

  // A day is written as the app writes days, however it is kept in the sheet.
  [[nodiscard]] std::string before_json(const plan::CellImage& image, FieldType type) const {
    const bool is_day = type == FieldType::date || image.format == FormatKind::date;
    const bool is_whole = image.kind == CellKind::number && image.number == std::floor(image.number);
    if (const auto day = day_of_serial(image.number); day && is_day && is_whole && !image.formula)
      return in_.catalogue.to_json(Value{*day}).dump();
    if (image.formula) return Json(image.text).dump();
    if (image.kind == CellKind::number) return Json(image.number).dump();
    if (image.kind == CellKind::boolean) return Json(image.number != 0).dump();
    if (image.kind == CellKind::empty) return "null";
    return Json(image.text).dump();
  }
  [[nodiscard]] FieldType type_of(int column) const {
    for (std::size_t i = 0; i < in_.layout.columns.size(); ++i)
      if (p_.columns.columns[i].column == column) return in_.layout.columns[i].type;
    return FieldType::text;
  }
  // A whole row for the history: its cells, column A first.
  [[nodiscard]] std::string row_json(const std::vector<plan::CellImage>& image) const {
    Json cells = Json::array();
    for (std::size_t i = 0; i < image.size(); ++i)
      cells.push(parse_json(before_json(image[i], type_of(static_cast<int>(i) + 1))).value_or(Json()));
    return cells.dump();
  }
  [[nodiscard]] std::string row_json(const plan::RowAdd& add, const std::string& id) const {
    Json::Array cells(static_cast<std::size_t>(p_.columns.width));
    for (const plan::CellEdit& edit : add.cells)
      cells[static_cast<std::size_t>(edit.column - 1)] = in_.catalogue.to_json(edit.value);
    cells[static_cast<std::size_t>(p_.columns.id_column - 1)] = id;
    return Json(std::move(cells)).dump();
  }

  void remove(const plan::RowDelete& d) {
    push(op::DeleteRows{p_.sheet_id, d.row, 1}, next_effect());
    Effect e = effect_of(d.moved ? EffectKind::move : EffectKind::remove, d.record, d.job, d.row);
    e.history.push_back(history(e, d.moved ? "move" : "delete", "", row_json(d.image), "null"));
    if (!d.remarks.empty())
      e.notice =
          fmt::format("row {} ('{}') went with what people had written beside it ({}); it is kept in the history",
                      d.row, record(d.record).fields.text(field::name), d.remarks);
    out_.effects.push_back(std::move(e));
  }

  void add_rows() {
    if (p_.adds.empty()) return;
    const int first = insert_row(), count = static_cast<int>(p_.adds.size()), more = rows_inserted();
    const int grid = grid_rows_ - static_cast<int>(p_.deletes.size());
    if (more > 0 && first > grid)
      push(op::GrowGrid{p_.sheet_id, more, 0});
    else if (more > 0)
      push(op::InsertRows{p_.sheet_id, first, more, first - 1 > p_.columns.header_row});
    for (int i = 0; i < count; ++i) {
      const plan::RowAdd& a = p_.adds[static_cast<std::size_t>(i)];
      const Record& r = record(a.record);
      Effect e = effect_of(EffectKind::add, a.record, a.job, first + i);
      e.base = a.base;
      e.history.push_back(history(e, "add", "", "null", row_json(a, r.public_id)));
      ExpectedRow stands = expected(first + i, r.public_id);
      for (op::UpdateCells& run : row_writes(a, p_, first + i, r.public_id)) push(std::move(run), next_effect());
      for (const plan::CellEdit& edit : a.cells) stands.cells.emplace_back(edit.column, write_of(edit));
      out_.effects.push_back(std::move(e));
      out_.expected.push_back(std::move(stands));
    }
  }

  // The columns, people's own too: every write stands under the header it was meant for, and over no other.
  void expect_header() {
    const plan::TabColumns& c = p_.columns;
    ExpectedRow header{.title = p_.title, .row = c.header_row, .cells = {}, .keys = {}};
    std::map<int, std::string_view> texts;
    for (int column = 1; in_.table && column <= c.width; ++column)
      if (const Cell& cell = in_.table->at(c.header_row, column); cell.kind == CellKind::text && !cell.is_computed())
        texts[column] = cell.text();
    for (std::size_t i = 0; i < c.columns.size(); ++i)
      if (c.columns[i].write_header) texts[c.columns[i].column] = c.headers[i];
    if (c.id_write_header) texts[c.id_column] = kIdHeader;
    for (const auto& [column, text] : texts)
      header.cells.emplace_back(column, CellWrite{.value = std::string(text), .format = std::nullopt});
    out_.expected.push_back(std::move(header));
  }

  // A removal shows only in the rows around it: blank ones tell nothing, so the nearest filled ones must stand where
  // they would. The same holds for new rows that fill unused ones: these must have been unused still.
  void expect_neighbours() {
    if (!in_.table) return;
    if (const int filled = std::min(p_.free_rows, static_cast<int>(p_.adds.size())); filled > 0) {
      expect_nearest(p_.insert_at - 1, -1);
      expect_nearest(p_.insert_at + filled, 1);
    }
    for (std::size_t i = 0; i < p_.deletes.size(); ++i) {
      const int row = p_.deletes[i].row;
      if (i == 0 || p_.deletes[i - 1].row != row - 1) expect_nearest(row - 1, -1);
      if (i + 1 == p_.deletes.size() || p_.deletes[i + 1].row != row + 1) expect_nearest(row + 1, 1);
    }
  }
  void expect_nearest(int row, int step) {
    for (int gap = 0; gap < kGapMax && row > p_.columns.header_row && row <= p_.grid_rows; ++gap, row += step) {
      if (is_removed(row)) continue;
      expect_row(row);
      if (has_content(*in_.table, row)) return;
    }
  }
  [[nodiscard]] bool is_removed(int row) const {
    const auto at = std::lower_bound(p_.deletes.begin(), p_.deletes.end(), row,
                                     [](const plan::RowDelete& d, int r) { return d.row < r; });
    return at != p_.deletes.end() && at->row == row;
  }
  void expect_row(int row) {
    if (row <= p_.columns.header_row) return;
    const auto u = std::lower_bound(p_.updates.begin(), p_.updates.end(), row,
                                    [](const plan::RowUpdate& each, int at) { return each.row < at; });
    if (u != p_.updates.end() && u->row == row) return;  // expected already
    if (row >= p_.insert_at && row < p_.insert_at + std::min(p_.free_rows, static_cast<int>(p_.adds.size())))
      return;  // filled by an add
    ExpectedRow stands{.title = p_.title, .row = after_write(row), .cells = {}, .keys = {}};
    for (int column = 1;
         column <= std::min(in_.table->column_count(), p_.columns.width) && stands.cells.size() < kTellingCells;
         ++column) {
      const plan::CellImage image = plan::image_of(*in_.table, row, column);
      const Cell& cell = in_.table->at(row, column);
      if (!cell.is_computed() && cell.kind != CellKind::empty && cell.kind != CellKind::error)
        stands.cells.emplace_back(column, write_of(image));
    }
    if (const Cell& id = in_.table->at(row, p_.columns.id_column); id.is_empty())
      stands.cells.emplace_back(p_.columns.id_column, CellWrite{});
    out_.expected.push_back(std::move(stands));
  }
  void expect_restored() {
    if (in_.restored_rows.empty() || !in_.table) return;
    const auto [least, most] = std::minmax_element(in_.restored_rows.begin(), in_.restored_rows.end());
    const int last = std::min({std::max(in_.table->row_count(), *most), *most + kRestoredWindow, p_.grid_rows});
    for (int row = std::max(p_.columns.header_row + 1, *least - kRestoredWindow); row <= last; ++row)
      if (!is_removed(row)) expect_row(row);
  }
  // Wherever rows were moved to: what was to be removed stands nowhere any more.
  void expect_gone() {
    if (p_.deletes.empty() || !in_.table) return;
    const int column = p_.columns.id_column, grid = grid_rows_ - static_cast<int>(p_.deletes.size()) + rows_inserted();
    const int last = std::min(grid, after_write(in_.table->row_count()) + kRowsBelow);
    if (last <= p_.columns.header_row) return;
    std::map<std::string_view, int> held;  // of two rows with one id the other one stays
    for (int row = p_.columns.header_row + 1; row <= in_.table->row_count(); ++row)
      ++held[in_.table->at(row, column).text()];
    out_.gone.push_back({.title = p_.title, .column = column, .ids = {}});
    for (const plan::RowDelete& d : p_.deletes)
      if (const std::string& id = record(d.record).public_id; held[id] < 2) out_.gone.back().ids.insert(id);
    out_.read_back.push_back({p_.title, {p_.columns.header_row + 1, column, last, column}});
  }

  void read_back() {
    std::vector<int> rows;
    for (std::size_t i = expected_from_; i < out_.expected.size(); ++i) rows.push_back(out_.expected[i].row);
    std::sort(rows.begin(), rows.end());
    for (ReadBack& range : ranges_over(p_.title, rows, p_.columns.width)) out_.read_back.push_back(std::move(range));
  }

  const BatchInput& in_;
  const plan::TabPlan& p_;
  const std::function<std::int64_t()>& metadata_id_;
  WriteBatch& out_;
  const std::size_t expected_from_;
  int grid_rows_ = 0;
};

struct FoundRow {
  const SheetTable* cells = nullptr;
  int row = 0;  // in `cells`
};

// The read-back row; null when it was not asked for.
FoundRow find_row(const sheets::WriteAnswer& answer, const std::string& title, int row) {
  for (const ReadBackRange& range : answer.read_back)
    if (range.title == title && range.range.column_first == 1 && row >= range.range.row_first &&
        row <= range.range.row_last)
      return {&range.cells, row - range.range.row_first + 1};
  return {};
}

bool is_gone(const GoneIds& gone, const sheets::WriteAnswer& answer) {
  for (const ReadBackRange& range : answer.read_back) {
    if (range.title != gone.title || range.range.column_first != gone.column) continue;
    for (int row = 1; row <= range.cells.row_count(); ++row)
      if (gone.ids.contains(range.cells.at(row, 1).text())) return false;
  }
  return true;
}

}  // namespace

void append_tab(const BatchInput& input, const std::function<std::int64_t()>& metadata_id, WriteBatch& batch) {
  Appender(input, metadata_id, batch).run();
}

std::vector<ReadBack> ranges_over(const std::string& title, const std::vector<int>& rows, int width) {
  std::vector<std::pair<int, int>> runs;
  for (const int row : rows) {
    if (!runs.empty() && row <= runs.back().second + 1)
      runs.back().second = std::max(runs.back().second, row);
    else
      runs.emplace_back(row, row);
  }
  if (runs.size() > kRangesMax) {  // the widest gaps stay, the others are read too
    std::vector<int> gaps;
    for (std::size_t i = 1; i < runs.size(); ++i) gaps.push_back(runs[i].first - runs[i - 1].second);
    std::vector<int> widest = gaps;
    std::nth_element(widest.begin(), widest.begin() + (kRangesMax - 2), widest.end(), std::greater<>());
    const int least = widest[kRangesMax - 2];
    std::vector<std::pair<int, int>> merged{runs.front()};
    for (std::size_t i = 1; i < runs.size(); ++i) {
      if (gaps[i - 1] > least && merged.size() < kRangesMax)
        merged.push_back(runs[i]);
      else
        merged.back().second = runs[i].second;
    }
    runs = std::move(merged);
  }
  std::vector<ReadBack> out;
  for (const auto& [from, to] : runs) out.push_back({title, {from, 1, to, width}});
  return out;
}

bool is_verified(const WriteBatch& batch, const sheets::WriteAnswer& answer) {
  for (const GoneIds& gone : batch.gone)
    if (!is_gone(gone, answer)) return false;
  for (const ExpectedRow& e : batch.expected) {
    const FoundRow found = find_row(answer, e.title, e.row);
    if (!found.cells) return false;
    for (const auto& [column, write] : e.cells) {
      if (!holds(found.cells->at(found.row, column), found.cells->formula_at(found.row, column), write)) return false;
    }
    for (const auto& [column, text] : e.keys) {
      const Cell& cell = found.cells->at(found.row, column);
      if (cell.is_computed()) continue;
      const Converted read = from_cell(cell, FieldType::text, DateOrder::dmy);
      const auto* now = std::get_if<std::string>(&read.value);
      if (normalise_key(now ? *now : std::string()) != text) return false;
    }
  }
  return true;
}

}  // namespace rowlane::sync
