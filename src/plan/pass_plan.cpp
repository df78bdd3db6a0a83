#include "plan/pass_plan.hpp"

#include <set>

#include "plan/brake.hpp"

namespace rowlane::plan {

namespace {

constexpr std::size_t kNone = static_cast<std::size_t>(-1);

// Which tab holds records of a vertical, and how each tab was planned.
class Tabs {
 public:
  Tabs(const PassInput& in, const PassPlan& plan) : in_(in), planned_(in.tabs.size(), nullptr) {
    for (std::size_t i = 0; i < plan.tabs.size(); ++i) planned_[plan.tabs[i]] = &plan.plans[i];
  }
  // Where the record belongs; kNone when no tab holds its vertical.
  [[nodiscard]] std::size_t home_of(std::size_t record) const {
    for (std::size_t tab = 0; tab < in_.tabs.size(); ++tab)
      if (in_.views[tab][record].belongs) return tab;
    return kNone;
  }
  // null when no job covers the tab.
  [[nodiscard]] const TabPlan* planned(std::size_t tab) const { return planned_[tab]; }

 private:
  const PassInput& in_;
  std::vector<const TabPlan*> planned_;
};

// Of a tab that no job covers: the ids in its id column are all that is known of its rows.
std::vector<bool> ids_standing(const PassInput& in, std::size_t tab) {
  const TabTask& task = in.tabs[tab];
  const std::vector<TabRecord>& records = in.views[tab];
  std::vector<bool> out(records.size());
  if (!task.table) return out;
  const TabColumns columns = find_columns({*task.layout, in.catalogue, task.table, task.state, records, in.date_order});
  if (!columns.refused.empty()) return out;
  std::set<std::string_view> ids;
  for (int row = 1; row <= task.table->row_count(); ++row) ids.insert(task.table->at(row, columns.id_column).text());
  for (std::size_t i = 0; i < records.size(); ++i)
    out[i] = records[i].base && ids.contains(records[i].record->public_id);
  return out;
}

// By record: it has a row in the tab once the plan is written.
std::vector<bool> placed_in(const PassInput& in, const Tabs& tabs, std::size_t tab) {
  const TabPlan* plan = tabs.planned(tab);
  if (!plan) return ids_standing(in, tab);
  std::vector<bool> out(plan->row_of.size());
  if (!plan->columns.refused.empty()) return out;
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = plan->row_of[i] != 0;
  for (const RowAdd& add : plan->adds) out[static_cast<std::size_t>(add.record)] = true;
  return out;
}

TabPlan plan_one(const PassInput& in, std::size_t tab) {
  const TabTask& task = in.tabs[tab];
  return plan_tab({*task.layout, in.catalogue, task.table, task.state, in.date_order, in.views[tab], in.jobs,
                   in.held[tab], task.rejected, task.adds_refused, task.refused});
}

// It was held, a person said yes, and what was held has changed since: nothing holds it any more.
bool is_hold_over(const PassInput& in, const Tabs& tabs, std::size_t record) {
  if (in.views.front()[record].record->sync != SyncState::held) return false;
  for (std::size_t tab = 0; tab < in.tabs.size(); ++tab) {
    if (in.held[tab][record]) return false;
    const TabPlan* plan = tabs.planned(tab);
    if (plan &&
        std::ranges::any_of(plan->holds, [&](const Hold& hold) { return hold.record == static_cast<int>(record); }))
      return false;
  }
  return true;
}

// What all tabs together say of one record; nullopt when nothing is to be told.
std::optional<SyncState> state_of(const PassInput& in, const Tabs& tabs, std::size_t record) {
  const std::size_t home = tabs.home_of(record);
  if (home == kNone || !tabs.planned(home)) return std::nullopt;
  for (std::size_t tab = 0; tab < in.tabs.size(); ++tab) {
    if (tab == home || !in.views[tab][record].base) continue;
    const TabPlan* plan = tabs.planned(tab);
    if (!plan || plan->standing[record] != Standing::settled) return std::nullopt;  // a row of before stays there
  }
  switch (tabs.planned(home)->standing[record]) {
    case Standing::settled:
      return SyncState::synced;
    case Standing::rejected:
      return SyncState::rejected;
    case Standing::ambiguous:
      return SyncState::ambiguous;
    case Standing::open:
      return is_hold_over(in, tabs, record) ? std::optional(SyncState::unsynced) : std::nullopt;
    case Standing::unseen:
      break;
  }
  return std::nullopt;
}

}  // namespace

void keep_unplaced_moves(const PassInput& in, PassPlan& plan) {
  const Tabs tabs(in, plan);
  std::map<std::size_t, std::vector<bool>> placed;  // by tab, made when it is asked for
  const auto is_placed = [&](int record) {
    const std::size_t home = tabs.home_of(static_cast<std::size_t>(record));
    if (home == kNone) return false;
    const auto at = placed.find(home);
    const auto& here = at != placed.end() ? at->second : placed.emplace(home, placed_in(in, tabs, home)).first->second;
    return static_cast<bool>(here[static_cast<std::size_t>(record)]);
  };
  for (TabPlan& each : plan.plans)
    std::erase_if(each.deletes, [&](const RowDelete& gone) {
      if (!gone.moved || is_placed(gone.record)) return false;
      each.standing[static_cast<std::size_t>(gone.record)] = Standing::open;
      return true;
    });
}

std::vector<RecordMark> marks_of(const PassInput& in, const PassPlan& plan) {
  const Tabs tabs(in, plan);
  std::vector<RecordMark> marks;
  const std::size_t count = in.views.empty() ? 0 : in.views.front().size();
  for (std::size_t record = 0; record < count; ++record) {
    const std::optional<SyncState> state = state_of(in, tabs, record);
    if (!state) continue;
    const std::map<int, std::string>& reasons = tabs.planned(tabs.home_of(record))->reasons;
    const auto reason = reasons.find(static_cast<int>(record));
    const bool has_reason = *state != SyncState::synced && reason != reasons.end();
    marks.push_back({static_cast<int>(record), *state, has_reason ? reason->second : std::string()});
  }
  return marks;
}

PassPlan plan_pass(const PassInput& in) {
  PassPlan plan;
  for (std::size_t tab = 0; tab < in.tabs.size(); ++tab) {
    const bool is_covered = std::any_of(in.jobs.begin(), in.jobs.end(),
                                        [&](const PlanJob& job) { return job.covers_tab(in.tabs[tab].layout->key); });
    if (!is_covered) continue;
    plan.tabs.push_back(tab);
    plan.plans.push_back(plan_one(in, tab));
  }
  keep_unplaced_moves(in, plan);
  brake(in, plan);
  plan.marks = marks_of(in, plan);
  return plan;
}

}  // namespace rowlane::plan
