// When the brake holds rows: the limits, and how they add up over tabs.
#include "plan/brake.hpp"

#include <doctest/doctest.h>

#include "unit/plan/office.hpp"

using namespace rowlane;
using namespace rowlane::plan;

TEST_CASE("is_braked: more than 50 rows, or more than 5 that are over a tenth") {
  struct Case {
    std::size_t at_risk, managed;
    bool braked;
  };
  const Case cases[] = {{0, 0, false},       {5, 5, false},      {6, 6, true},       {6, 59, true},
                        {6, 60, false},      {6, 61, false},     {50, 499, true},    {50, 500, false},
                        {50, 10'000, false}, {51, 10'000, true}, {51, 100'000, true}};
  for (const Case& c : cases) {
    CAPTURE(c.at_risk);
    CAPTURE(c.managed);
    CHECK(is_braked(c.at_risk, c.managed) == c.braked);
  }
}

namespace {

// `rows` records in the tab, of which the first `deleted` are tombstones.
void fill(Office& office, Tab& tab, const std::string& vertical, int rows, int deleted) {
  tab.row({"NAME", "MOBILE NO", "POLICY NO", "AMOUNT", "ROWLANE ID"});
  tab.connect(office.catalogue);
  for (int i = 0; i < rows; ++i) {
    const std::string policy = vertical + "-" + std::to_string(1'000 + i);
    Record& r = office.record("Asha", policy, vertical);
    tab.row({"Asha", "", policy, "", r.public_id});
    tab.bases[r.public_id] = r.fields;
    if (i < deleted) r.deleted_at = from_ms(1);
  }
}

}  // namespace

TEST_CASE("the brake counts the rows of a job over all its tabs") {
  struct Case {
    const char* name;
    int general_rows, general_deleted, life_rows, life_deleted;
    std::size_t general_held, life_held;
  };
  const Case cases[] = {
      {"neither tab is over, both together are over 50", 1'000, 40, 1'000, 20, 40, 20},
      {"neither tab is over, both together are over a tenth", 6, 5, 6, 1, 5, 1},
      {"one tab alone is over: the other's go", 1'000, 60, 1'000, 1, 60, 0},
      {"both together are below", 1'000, 30, 1'000, 20, 0, 0},
      {"few rows are never asked about", 2, 2, 3, 3, 0, 0},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    Office office;
    fill(office, office.general, "motor", c.general_rows, c.general_deleted);
    fill(office, office.life, "life", c.life_rows, c.life_deleted);
    const PassPlan plan = office.plan_all();
    CHECK(plan.plans[0].holds.size() == c.general_held);
    CHECK(plan.plans[1].holds.size() == c.life_held);
    CHECK(plan.plans[0].deletes.size() + c.general_held == static_cast<std::size_t>(c.general_deleted));
    CHECK(plan.plans[1].deletes.size() + c.life_held == static_cast<std::size_t>(c.life_deleted));
  }
}

TEST_CASE("the rows of two jobs are not added up") {
  Office office;
  fill(office, office.general, "motor", 20, 10);
  for (std::size_t i = 0; i < office.records.size(); ++i) office.records[i].owner = {i % 2 ? 1 : 2};
  office.jobs = {Office::job(1, 1), Office::job(2, 2)};
  const PassPlan plan = office.plan_all();
  CHECK(plan.plans[0].holds.empty());
  CHECK(plan.plans[0].deletes.size() == 10);
}

TEST_CASE("a held deletion shows the values that would go; the record is told nothing by the plan") {
  Office office;
  fill(office, office.general, "motor", 20, 6);
  const PassPlan plan = office.plan_all();
  REQUIRE(plan.plans[0].holds.size() == 6);
  const Json& cells = plan.plans[0].holds[0].shown.cells;
  REQUIRE(cells.if_array()->size() == 2);
  CHECK((*cells.if_array())[0] ==
        Json::object({{"field", "name"}, {"header", "NAME"}, {"from", "Asha"}, {"to", Json()}}));
  CHECK((*cells.if_array())[1]["from"] == Json("motor-1000"));
  for (const RecordMark& mark : plan.marks) CHECK(mark.record >= 6);
}
