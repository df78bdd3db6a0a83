// What a pass tells of its records, and how they move between tabs.
#include "plan/pass_plan.hpp"

#include <doctest/doctest.h>

#include "unit/plan/office.hpp"

using namespace rowlane;
using namespace rowlane::plan;

namespace {

const std::vector<std::string> kHeaders = {"NAME", "MOBILE NO", "POLICY NO", "AMOUNT", "ROWLANE ID"};

// Both tabs connected; each record added by `in_step` has its row there, and base.
struct Connected : Office {
  Connected() {
    for (Tab* tab : {&general, &life}) tab->row(kHeaders), tab->connect(catalogue);
  }
  Record& in_step(Tab& tab, std::string policy, std::string vertical, std::int64_t owner = 1) {
    Record& r = record("Asha", policy, std::move(vertical));
    r.owner = {owner};
    tab.row({"Asha", "", std::move(policy), "", r.public_id});
    tab.bases[r.public_id] = r.fields;
    return r;
  }
};

std::optional<RecordMark> mark_of(const PassPlan& plan, int record) {
  for (const RecordMark& mark : plan.marks)
    if (mark.record == record) return mark;
  return std::nullopt;
}
std::optional<SyncState> told(const PassPlan& plan, int record) {
  const auto mark = mark_of(plan, record);
  return mark ? std::optional(mark->state) : std::nullopt;
}

}  // namespace

TEST_CASE("only records that a job covers are told anything") {
  Connected office;
  office.in_step(office.general, "POL-001", "motor", 1);
  Record& other = office.in_step(office.general, "POL-002", "motor", 2);
  other.fields.set(field::premium, Money{55'555'00});
  office.in_step(office.life, "POL-003", "life", 1);
  office.jobs = {Office::job(1, 1, {"general"})};
  PassPlan plan = office.plan_all();
  CHECK(told(plan, 0) == SyncState::synced);
  CHECK(told(plan, 1) == std::nullopt);  // a colleague's, edited and not pressed
  CHECK(told(plan, 2) == std::nullopt);  // of the tab that was not asked for
  office.jobs.push_back(Office::job(2, 2));
  plan = office.plan_all();
  CHECK(told(plan, 1) == SyncState::synced);  // written by this plan
  CHECK(told(plan, 2) == std::nullopt);
}

TEST_CASE("what an earlier sync holds is left alone, stays as it was told, and the press learns of it") {
  Connected office;
  office.in_step(office.general, "POL-001", "motor").fields.set(field::mobile_number, std::string("98"));
  office.held[0] = {true};
  const PassPlan plan = office.plan_all();
  CHECK(plan.plans[0].updates.empty());
  CHECK(told(plan, 0) == std::nullopt);
  REQUIRE(plan.plans[0].notices.size() == 1);
  CHECK(plan.plans[0].notices[0].kind == "rows_held");
}

TEST_CASE("a record that a yes left alone, as its row had changed since, is not called held for ever") {
  Connected office;
  Record& r = office.in_step(office.general, "POL-001", "motor");
  r.deleted_at = from_ms(1), r.sync = SyncState::held;
  PlanJob job = Office::job(1, 1);
  job.confirmed = true, job.only[{"general", r.id}] = {r.version, "as it was held"};
  office.jobs = {job};
  const PassPlan plan = office.plan_all();
  CHECK(plan.plans[0].deletes.empty());
  CHECK(told(plan, 0) == SyncState::unsynced);
  office.held[0] = {true};  // another sync holds it
  CHECK(told(office.plan_all(), 0) == std::nullopt);
}

TEST_CASE("a record whose column is missing is not told synced before its value stands in the sheet") {
  Connected office;
  Record& r = office.in_step(office.general, "POL-001", "motor");
  r.fields.set(field::premium, Money{70'000});
  SheetTable table;
  std::swap(table, office.general.table);
  office.general.table.title = "general_ins", office.general.table.sheet_id = 1;
  office.general.row({"NAME", "MOBILE NO", "POLICY NO", "", "ROWLANE ID"});
  office.general.row({"Asha", "", "POL-001", "", r.public_id});
  office.general.mark_id_column(5);
  CHECK(told(office.plan_all(), 0) == std::nullopt);
  r.fields.set(field::premium, Value{});
  CHECK(told(office.plan_all(), 0) == SyncState::synced);
}

TEST_CASE("an app value that a person's formula hides is told, not called synced") {
  Connected office;
  Record& r = office.record("Asha", "POL-001");
  office.general.row({"Asha", "", "POL-001", "=A1*2", r.public_id});
  r.fields.set(field::premium, Money{70'000});
  PassPlan plan = office.plan_all();
  CHECK(told(plan, 0) == SyncState::rejected);
  CHECK(mark_of(plan, 0)->reason == "premium: its cell holds a formula, which is never overwritten");
  CHECK(plan.plans[0].kept_cells[0] == 1);
  r.fields.set(field::premium, Money{100});  // what it comes to
  CHECK(told(office.plan_all(), 0) == SyncState::synced);
}

TEST_CASE("a record moves once it has a row where it belongs, by the same plan or before") {
  Connected office;
  Record& r = office.in_step(office.general, "POL-001", "motor");
  r.fields.set(field::vertical, std::string("life"));
  const PassPlan plan = office.plan_all();
  CHECK(plan.plans[0].deletes.size() == 1);
  CHECK(plan.plans[1].adds.size() == 1);
  CHECK(told(plan, 0) == SyncState::synced);
}

TEST_CASE("its old row stays, and it is not told synced, where the other tab cannot take it") {
  struct Case {
    const char* name;
    void (*spoil)(Connected&);
    std::optional<SyncState> state;
  };
  const Case cases[] = {
      {"its number stands twice there",
       [](Connected& office) {
         office.life.row({"Asha", "", "POL-001", "", ""});
         office.life.row({"Asha", "", "POL-001", "", ""});
       },
       std::nullopt},
      {"the tab is refused", [](Connected& office) { office.life.task.refused = "protected"; }, std::nullopt},
      {"Google refused the row",
       [](Connected& office) { office.life.task.rejected.emplace(0, Rejection{"life", 0, "", "protected"}); },
       std::nullopt},
      {"the tab takes no new rows", [](Connected& office) { office.life.task.adds_refused = "full"; }, std::nullopt},
      {"no tab holds its vertical", [](Connected& office) { office.life.layout.verticals.clear(); }, std::nullopt},
      {"only the old tab was pressed", [](Connected& office) { office.jobs = {Office::job(1, 1, {"general"})}; },
       std::nullopt},
      {"only the new tab was pressed", [](Connected& office) { office.jobs = {Office::job(1, 1, {"life"})}; },
       std::nullopt},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    Connected office;
    office.in_step(office.general, "POL-001", "motor").fields.set(field::vertical, std::string("life"));
    c.spoil(office);
    const PassPlan plan = office.plan_all();
    for (const TabPlan& tab : plan.plans) CHECK(tab.deletes.empty());
    CHECK(told(plan, 0) == c.state);
  }
}

TEST_CASE("a press of the old tab alone finishes a move that the new tab's press began") {
  Connected office;
  Record& r = office.in_step(office.general, "POL-001", "motor");
  r.fields.set(field::vertical, std::string("life"));
  office.jobs = {Office::job(1, 1, {"general"})};
  office.life.bases[r.public_id] = r.fields;
  CHECK(office.plan_all().plans[0].deletes.empty());  // it had a row there, which is gone again
  office.life.row({"Asha", "", "POL-001", "", r.public_id});
  CHECK(office.plan_all().plans[0].deletes.size() == 1);
}

TEST_CASE("a tab that takes no new rows still takes the edits of its rows") {
  Connected office;
  office.in_step(office.general, "POL-001", "motor").fields.set(field::premium, Money{70'000});
  office.record("New", "POL-002");
  office.general.task.adds_refused = "the tab is protected";
  const PassPlan plan = office.plan_all();
  CHECK(plan.plans[0].updates.size() == 1);
  CHECK(plan.plans[0].adds.empty());
  REQUIRE(plan.plans[0].rejected.size() == 1);
  CHECK(plan.plans[0].rejected[0].shown.reason == "the tab is protected");
  CHECK(told(plan, 0) == SyncState::synced);
  CHECK(told(plan, 1) == SyncState::rejected);
}
