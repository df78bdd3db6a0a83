#include "sync/write_batch.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "domain/convert.hpp"

namespace rowlane::sync {

namespace {

using namespace sheets;

CellWrite cell_write(const Value& value) {
  if (is_blank(value)) return {};
  if (const auto* text = std::get_if<std::string>(&value)) return {.value = *text, .format = std::nullopt};
  if (const auto* money = std::get_if<Money>(&value)) return {.value = static_cast<double>(money->hundredths) / 100, .format = std::nullopt};
  if (const auto* date = std::get_if<Date>(&value)) return {.value = static_cast<double>(date->days + kSerialOf1970), .format = std::nullopt};
  return {.value = std::get<bool>(value), .format = std::nullopt};
}

CellWrite cell_write(const plan::CellEdit& edit) {
  CellWrite write = cell_write(edit.value);
  if (edit.format) write.format = {*edit.format, *edit.format == FormatKind::date ? "dd/mm/yyyy" : "#,##0.00"};
  return write;
}

std::string before_json(const plan::CellImage& image) {
  if (image.formula) return Json(image.text).dump();
  if (image.kind == CellKind::number) return Json(image.number).dump();
  if (image.kind == CellKind::boolean) return Json(image.number != 0).dump();
  if (image.kind == CellKind::empty) return "null";
  return Json(image.text).dump();
}

std::string image_json(const std::vector<plan::CellImage>& image) {
  Json cells = Json::array();
  for (const plan::CellImage& cell : image) cells.push(parse_json(before_json(cell)).value_or(Json()));
  return cells.dump();
}

class Appender {
 public:
  Appender(const BatchInput& in, const std::function<std::int64_t()>& metadata_id, WriteBatch& out) : in_(in), p_(in.plan), metadata_id_(metadata_id), out_(out) {}

  void run() {
    make_columns();
    for (const plan::RowUpdate& u : p_.updates) update(u);
    for (auto d = p_.deletes.rbegin(); d != p_.deletes.rend(); ++d) remove(*d);
    add_rows();
    read_back();
  }

 private:
  [[nodiscard]] const Record& record(int index) const { return *in_.records[static_cast<std::size_t>(index)].record; }
  [[nodiscard]] int removed_before(int row) const {
    return static_cast<int>(std::count_if(p_.deletes.begin(), p_.deletes.end(), [&](const plan::RowDelete& d) { return d.row < row; }));
  }
  [[nodiscard]] int insert_row() const { return p_.insert_at - removed_before(p_.insert_at); }
  [[nodiscard]] int rows_inserted() const { return std::max(0, static_cast<int>(p_.adds.size()) - p_.free_rows); }
  [[nodiscard]] int after_write(int row) const {
    const int moved = row - removed_before(row);
    return p_.insert_at <= row ? moved + rows_inserted() : moved;
  }

  void make_columns() {
    const plan::TabColumns& c = p_.columns;
    const int adds = static_cast<int>(p_.adds.size());
    if (p_.missing) {
      out_.ops.push_back(op::AddTab{p_.sheet_id, p_.title, std::max(1000, adds + 1), c.width});
      grid_rows_ = std::max(1000, adds + 1);
    } else {
      grid_rows_ = p_.grid_rows;
      if (c.width > p_.grid_columns) out_.ops.push_back(op::GrowGrid{p_.sheet_id, 0, c.width - p_.grid_columns});
    }
    for (std::size_t i = 0; i < c.columns.size(); ++i) {
      const plan::ColumnPlan& column = c.columns[i];
      if (column.write_header) out_.ops.push_back(op::UpdateCells{p_.sheet_id, c.header_row, column.column, {{.value = c.headers[i], .format = std::nullopt}}});
      if (column.column && column.set_mark)
        out_.ops.push_back(op::MarkColumn{p_.sheet_id, column.column, metadata_id_(), std::string(kColumnMarkKey), fmt::format("{}:{}", in_.layout.key, in_.catalogue.name(in_.layout.columns[i].field))});
    }
    if (c.id_is_new) {
      out_.ops.push_back(op::UpdateCells{p_.sheet_id, c.header_row, c.id_column, {{.value = std::string(kIdHeader), .format = std::nullopt}}});
      out_.ops.push_back(op::HideColumn{p_.sheet_id, c.id_column});
      out_.ops.push_back(op::ProtectColumn{p_.sheet_id, c.id_column, "Rowlane finds each record's row by this column"});
    }
    if (c.id_set_mark) out_.ops.push_back(op::MarkColumn{p_.sheet_id, c.id_column, metadata_id_(), std::string(kColumnMarkKey), std::string(kIdColumnMark)});
    if (c.id_is_new && in_.table && in_.table->filter && in_.table->filter->column_last < c.id_column) {
      CellRange wider = *in_.table->filter;
      wider.column_last = c.id_column;
      out_.ops.push_back(op::SetFilter{p_.sheet_id, wider, in_.table->filter_rest});
    }
  }

  Effect effect_of(EffectKind kind, int record_index, int job, int row) const {
    const Record& r = record(record_index);
    const plan::PlanJob& j = in_.jobs[static_cast<std::size_t>(job)];
    Effect e;
    e.kind = kind, e.tab = p_.tab, e.record = r.id, e.version = r.version, e.public_id = r.public_id, e.job = j.id, e.user = j.scope.user, e.row = row;
    return e;
  }
  [[nodiscard]] store::HistoryRow history(const Effect& e, std::string_view what, std::string_view field, std::string before, std::string after) const {
    return {e.record, e.job, e.user, "sheet", std::string(what), p_.tab, std::string(field), e.row, std::move(before), std::move(after)};
  }

  void update(const plan::RowUpdate& u) {
    const Record& r = record(u.record);
    Effect e = effect_of(EffectKind::update, u.record, u.job, after_write(u.row));
    e.counts = !u.cells.empty();
    e.base = u.base;
    ExpectedRow expected{.title = p_.title, .row = e.row, .id_column = p_.columns.id_column, .public_id = r.public_id, .cells = {}, .unwritten_keys = {}};
    for (const plan::CellEdit& edit : u.cells) {
      out_.ops.push_back(op::UpdateCells{p_.sheet_id, u.row, edit.column, {cell_write(edit)}});
      e.overwritten += edit.overwrites ? 1 : 0;
      e.history.push_back(history(e, "cell", in_.catalogue.name(edit.field), before_json(edit.before), in_.catalogue.to_json(edit.value).dump()));
      expected.cells.emplace_back(edit.column, edit.value);
    }
    if (u.write_id) {
      out_.ops.push_back(op::UpdateCells{p_.sheet_id, u.row, p_.columns.id_column, {{.value = r.public_id, .format = std::nullopt}}});
      for (std::size_t i = 0; i < in_.layout.columns.size(); ++i) {
        const int column = p_.columns.columns[i].column;
        if (!column || !in_.layout.is_key_field(in_.layout.columns[i].field)) continue;
        const bool written = std::any_of(u.cells.begin(), u.cells.end(), [&](const plan::CellEdit& edit) { return edit.column == column; });
        if (!written) expected.unwritten_keys.emplace_back(column, normalise_key(cell_text(*in_.table, u.row, column)));
      }
    }
    out_.effects.push_back(std::move(e));
    out_.expected.push_back(std::move(expected));
  }

  void remove(const plan::RowDelete& d) {
    out_.ops.push_back(op::DeleteRows{p_.sheet_id, d.row, 1});
    Effect e = effect_of(d.moved ? EffectKind::move : EffectKind::remove, d.record, d.job, d.row);
    e.history.push_back(history(e, d.moved ? "move" : "delete", "", image_json(d.image), "null"));
    out_.effects.push_back(std::move(e));
  }

  void add_rows() {
    if (p_.adds.empty()) return;
    const int first = insert_row(), count = static_cast<int>(p_.adds.size()), more = rows_inserted();
    const int grid = grid_rows_ - static_cast<int>(p_.deletes.size());
    if (more > 0 && first > grid) out_.ops.push_back(op::GrowGrid{p_.sheet_id, more, 0});
    else if (more > 0) out_.ops.push_back(op::InsertRows{p_.sheet_id, first, more});
    for (int i = 0; i < count; ++i) {
      const plan::RowAdd& a = p_.adds[static_cast<std::size_t>(i)];
      const Record& r = record(a.record);
      Effect e = effect_of(EffectKind::add, a.record, a.job, first + i);
      e.base = a.base;
      e.history.push_back(history(e, "add", "", "null", "null"));
      ExpectedRow expected{.title = p_.title, .row = first + i, .id_column = p_.columns.id_column, .public_id = r.public_id, .cells = {}, .unwritten_keys = {}};
      write_row(a, first + i, r.public_id);
      for (const plan::CellEdit& edit : a.cells) expected.cells.emplace_back(edit.column, edit.value);
      out_.effects.push_back(std::move(e));
      out_.expected.push_back(std::move(expected));
    }
  }

  // The row's filled cells, neighbours together; nothing between them is touched.
  void write_row(const plan::RowAdd& a, int row, const std::string& public_id) {
    std::vector<std::pair<int, CellWrite>> cells;
    for (const plan::CellEdit& edit : a.cells) cells.emplace_back(edit.column, cell_write(edit));
    cells.emplace_back(p_.columns.id_column, CellWrite{.value = public_id, .format = std::nullopt});
    std::sort(cells.begin(), cells.end(), [](const auto& x, const auto& y) { return x.first < y.first; });
    for (std::size_t i = 0; i < cells.size();) {
      op::UpdateCells run{p_.sheet_id, row, cells[i].first, {}};
      for (int next = cells[i].first; i < cells.size() && cells[i].first == next; ++i, ++next) run.cells.push_back(std::move(cells[i].second));
      out_.ops.push_back(std::move(run));
    }
  }

  void read_back() {
    std::vector<int> rows;
    for (const ExpectedRow& e : out_.expected)
      if (e.title == p_.title) rows.push_back(e.row);
    if (rows.empty()) return;
    std::sort(rows.begin(), rows.end());
    constexpr std::size_t kRangesMax = 50;
    std::vector<std::pair<int, int>> runs;
    for (const int row : rows) {
      if (!runs.empty() && row <= runs.back().second + 1) runs.back().second = row;
      else runs.emplace_back(row, row);
    }
    if (runs.size() > kRangesMax) runs = {{rows.front(), rows.back()}};
    for (const auto& [from, to] : runs) out_.read_back.push_back({p_.title, {from, 1, to, p_.columns.width}});
  }

  const BatchInput& in_;
  const plan::TabPlan& p_;
  const std::function<std::int64_t()>& metadata_id_;
  WriteBatch& out_;
  int grid_rows_ = 0;
};

const Cell* find_cell(const sheets::WriteAnswer& answer, const std::string& title, int row, int column) {
  for (const ReadBackRange& range : answer.read_back) {
    if (range.title != title || row < range.range.row_first || row > range.range.row_last) continue;
    return &range.cells.at(row - range.range.row_first + 1, column - range.range.column_first + 1);
  }
  return nullptr;
}

}  // namespace

void append_tab(const BatchInput& input, const std::function<std::int64_t()>& metadata_id, WriteBatch& batch) { Appender(input, metadata_id, batch).run(); }

bool is_verified(const WriteBatch& batch, const sheets::WriteAnswer& answer, DateOrder order) {
  for (const ExpectedRow& e : batch.expected) {
    const Cell* id = find_cell(answer, e.title, e.row, e.id_column);
    if (!id || id->text() != e.public_id) return false;
    for (const auto& [column, value] : e.cells) {
      const Cell* cell = find_cell(answer, e.title, e.row, column);
      if (!cell) return false;
      const FieldType type = std::holds_alternative<Money>(value) ? FieldType::money : std::holds_alternative<Date>(value) ? FieldType::date : std::holds_alternative<bool>(value) ? FieldType::boolean : FieldType::text;
      const Converted read = from_cell(*cell, type, order);
      if (!same_value(read.value, value)) return false;
    }
    for (const auto& [column, text] : e.unwritten_keys) {
      const Cell* cell = find_cell(answer, e.title, e.row, column);
      if (!cell || cell->is_computed()) continue;
      const Converted read = from_cell(*cell, FieldType::text, order);
      const auto* now = std::get_if<std::string>(&read.value);
      if (normalise_key(now ? *now : std::string()) != text) return false;
    }
  }
  return true;
}

}  // namespace rowlane::sync
