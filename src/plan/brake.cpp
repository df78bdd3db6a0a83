#include "plan/brake.hpp"

#include "domain/convert.hpp"

namespace rowlane::plan {

namespace {

bool blanks_a_cell(const RowUpdate& update) {
  return std::any_of(update.cells.begin(), update.cells.end(), [](const CellEdit& edit) {
    return is_blank(edit.value) && (edit.before.kind != CellKind::empty || edit.before.formula);
  });
}
bool is_at_risk(const RowDelete& gone, int job) { return gone.job == job && !gone.moved; }
bool is_at_risk(const RowUpdate& update, int job) { return update.job == job && blanks_a_cell(update); }

std::size_t rows_at_risk(const TabPlan& plan, int job) {
  const auto deletes = std::count_if(plan.deletes.begin(), plan.deletes.end(),
                                     [&](const RowDelete& each) { return is_at_risk(each, job); });
  const auto blanks = std::count_if(plan.updates.begin(), plan.updates.end(),
                                    [&](const RowUpdate& each) { return is_at_risk(each, job); });
  return static_cast<std::size_t>(deletes + blanks);
}

// Turns the rows at risk of one job and tab into holds that show what they would lose.
class Holder {
 public:
  Holder(const PassInput& in, std::size_t tab, TabPlan& plan)
      : in_(in), task_(in.tabs[tab]), records_(in.views[tab]), plan_(plan) {}

  void hold(int job) {
    for (const RowDelete& each : plan_.deletes)
      if (is_at_risk(each, job)) add(job, each.record, each.row, "delete", cells_of_row(each.row));
    for (const RowUpdate& each : plan_.updates)
      if (is_at_risk(each, job)) add(job, each.record, each.row, "blank", cells_of(each));
    std::erase_if(plan_.deletes, [&](const RowDelete& each) { return is_at_risk(each, job); });
    std::erase_if(plan_.updates, [&](const RowUpdate& each) { return is_at_risk(each, job); });
  }

 private:
  [[nodiscard]] Json cells_of(const RowUpdate& update) const {
    Json cells = Json::array();
    for (const CellEdit& edit : update.cells)
      cells.push(cell(update.row, column_index(edit.field), in_.catalogue.to_json(edit.value)));
    return cells;
  }
  // Every filled mapped cell of a row that would go.
  [[nodiscard]] Json cells_of_row(int row) const {
    Json cells = Json::array();
    for (std::size_t i = 0; i < task_.layout->columns.size(); ++i)
      if (const int column = plan_.columns.columns[i].column; column && !task_.table->at(row, column).is_empty())
        cells.push(cell(row, i, Json()));
    return cells;
  }
  [[nodiscard]] std::size_t column_index(FieldId field) const {
    std::size_t i = 0;
    while (task_.layout->columns[i].field != field) ++i;
    return i;
  }
  [[nodiscard]] Json cell(int row, std::size_t i, Json to) const {
    return Json::object({{"field", in_.catalogue.name(task_.layout->columns[i].field)},
                         {"header", plan_.columns.headers[i]},
                         {"from", shown(row, i)},
                         {"to", std::move(to)}});
  }
  // As the app shows values of that field; what is none of its kind as people see it.
  [[nodiscard]] Json shown(int row, std::size_t i) const {
    const int column = plan_.columns.columns[i].column;
    const Cell& cell = task_.table->at(row, column);
    const Converted value = from_cell(cell, in_.catalogue.type(task_.layout->columns[i].field), in_.date_order);
    const bool is_plain = !cell.formula && value.rejected.empty() && !is_blank(value.value);
    return is_plain ? in_.catalogue.to_json(value.value) : Json(cell_text(*task_.table, row, column));
  }

  void add(int job, int record, int row, std::string_view what, Json cells) {
    const Record& r = *records_[static_cast<std::size_t>(record)].record;
    plan_.standing[static_cast<std::size_t>(record)] = Standing::open;  // the store marks what is held
    plan_.holds.push_back({job, record, hash_of_row(*task_.table, row),
                           HeldRow{.tab = task_.layout->key,
                                   .row = row,
                                   .record = r.public_id,
                                   .name = std::string(r.fields.text(field::name)),
                                   .side = "sheet",
                                   .what = std::string(what),
                                   .cells = std::move(cells)}});
  }

  const PassInput& in_;
  const TabTask& task_;
  const std::vector<TabRecord>& records_;
  TabPlan& plan_;
};

void brake_job(const PassInput& in, PassPlan& plan, int job) {
  std::size_t at_risk = 0, managed = 0;
  std::vector<std::size_t> left;  // tabs that are not over by themselves
  for (std::size_t i = 0; i < plan.plans.size(); ++i) {
    if (!in.jobs[static_cast<std::size_t>(job)].covers_tab(plan.plans[i].tab)) continue;
    const std::size_t rows = rows_at_risk(plan.plans[i], job);
    const auto of_tab = static_cast<std::size_t>(plan.plans[i].managed_rows);
    managed += of_tab;
    if (is_braked(rows, of_tab)) {
      Holder(in, plan.tabs[i], plan.plans[i]).hold(job);
    } else {
      at_risk += rows;
      left.push_back(i);
    }
  }
  if (!is_braked(at_risk, managed)) return;
  for (const std::size_t i : left) Holder(in, plan.tabs[i], plan.plans[i]).hold(job);
}

}  // namespace

void brake(const PassInput& in, PassPlan& plan) {
  for (std::size_t job = 0; job < in.jobs.size(); ++job)
    if (!in.jobs[job].confirmed) brake_job(in, plan, static_cast<int>(job));
}

}  // namespace rowlane::plan
