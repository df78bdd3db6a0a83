// An agency of two tabs for the planner's tests: sheets as rows of texts, records, bases, jobs.
#pragma once

#include <deque>

#include "plan/pass_plan.hpp"

namespace rowlane::plan {

// One tab's sheet and what is remembered of it.
struct Tab {
  TabLayout layout;
  TabState state;
  SheetTable table;
  std::map<std::string, Fields> bases;  // by public id
  TabTask task{};                       // what Google refused; layout and table are filled in by the office

  // A text per cell; one that begins with "=" is a formula that comes to 1, "" is empty.
  void row(const std::vector<std::string>& cells) {
    for (const std::string& text : cells) {
      if (text.starts_with('=')) {
        Cell one;
        one.kind = CellKind::number, one.number = 1;
        table.add_formula_cell(one, text);
      } else {
        table.add_cell(text.empty() ? Cell{} : table.text_cell(text));
      }
    }
    table.end_row();
  }
  void mark(int column, std::string value) {
    table.column_marks.push_back({.column = column,
                                  .metadata_id = 100 + static_cast<int>(table.column_marks.size()),
                                  .key = std::string(kColumnMarkKey),
                                  .value = std::move(value)});
  }
  void mark_id_column(int column) { mark(column, std::string(kIdColumnMark)); }
  // As after a first sync: a mark on each mapped column, in the layout's order from column 1 on, and on the next one,
  // which holds the ids.
  void connect(const FieldCatalogue& catalogue) {
    state = {.connected = true, .sheet_id = table.sheet_id, .title = table.title, .headers = {}};
    int column = 0;
    for (const ColumnMap& map : layout.columns) {
      mark(++column, layout.key + ":" + std::string(catalogue.name(map.field)));
      state.headers[std::string(catalogue.name(map.field))] = map.header;
    }
    mark_id_column(column + 1);
  }
};

struct Office {
  FieldCatalogue catalogue;
  Tab general, life;
  std::deque<Record> records;
  std::vector<PlanJob> jobs;  // empty: one of a manager over all tabs
  std::vector<std::vector<bool>> held{{}, {}};

  Office() {
    set_up(general, "general", "general_ins", {"motor"}, 1);
    set_up(life, "life", "Life_ins", {"life"}, 2);
  }
  Record& record(std::string name, std::string policy, std::string vertical = "motor") {
    Record r;
    r.id = {static_cast<std::int64_t>(records.size()) + 1};
    r.public_id = "record-" + std::to_string(records.size() + 1);
    r.owner = {1};
    r.fields.set(field::name, std::move(name));
    r.fields.set(field::vertical, std::move(vertical));
    if (!policy.empty()) r.fields.set(field::current_policy_no, std::move(policy));
    return records.emplace_back(std::move(r));
  }
  static PlanJob job(std::int64_t id, std::int64_t user, std::vector<std::string> tabs = {}) {
    PlanJob out;
    out.id = {id}, out.scope.user = {user}, out.tabs = std::move(tabs);
    return out;
  }

  // The plan of both tabs.
  PassPlan plan_all() {
    views_.assign(2, {});
    tasks_.clear();
    for (Tab* tab : {&general, &life}) {
      auto& view = views_[tasks_.size()];
      for (const Record& r : records) {
        const auto base = tab->bases.find(r.public_id);
        view.push_back({&r, base != tab->bases.end() ? &base->second : nullptr,
                        tab->layout.holds(r.fields.text(field::vertical))});
      }
      held[tasks_.size()].resize(records.size());
      TabTask& task = tasks_.emplace_back(tab->task);
      task.layout = &tab->layout, task.table = &tab->table, task.state = tab->state;
    }
    jobs_ = jobs;
    if (jobs_.empty()) {
      jobs_.push_back(job(1, 99));
      jobs_[0].scope.whole_agency = true;
    }
    return plan_pass({catalogue, DateOrder::dmy, jobs_, tasks_, views_, held});
  }
  // That of the tab `general`.
  TabPlan plan() { return std::move(plan_all().plans.at(0)); }

 private:
  void set_up(Tab& tab, const char* key, const char* title, std::vector<std::string> verticals, int sheet_id) {
    tab.layout.key = key, tab.layout.title = title, tab.layout.verticals = std::move(verticals);
    tab.layout.keys = default_keys();
    for (const auto& [id, header] : {std::pair<FieldId, const char*>{field::name, "NAME"},
                                     {field::mobile_number, "MOBILE NO"},
                                     {field::current_policy_no, "POLICY NO"},
                                     {field::premium, "AMOUNT"}})
      tab.layout.columns.push_back({id, header, catalogue.type(id)});
    tab.table.title = title, tab.table.sheet_id = sheet_id;
    tab.table.grid_rows = 100, tab.table.grid_columns = 10;
  }
  std::vector<PlanJob> jobs_;
  std::vector<TabTask> tasks_;
  std::vector<std::vector<TabRecord>> views_;
};

}  // namespace rowlane::plan
