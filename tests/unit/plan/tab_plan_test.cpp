// The nasty cases of structure and identity that the planner decides alone.
#include "plan/tab_plan.hpp"

#include <doctest/doctest.h>

#include "plan/rows.hpp"
#include "unit/plan/office.hpp"

using namespace rowlane;
using namespace rowlane::plan;

TEST_CASE("a doubled header refuses the tab and names both addresses") {
  Office office;
  office.general.row({"NAME", "MOBILE NO", "POLICY NO", "MOBILE NO"});
  const TabPlan plan = office.plan();
  CHECK(plan.columns.refused.find("B1") != std::string::npos);
  CHECK(plan.columns.refused.find("D1") != std::string::npos);
}

TEST_CASE("spellings of one policy number are one record, and the cell keeps its spelling") {
  Office office;
  office.general.row({"NAME", "MOBILE NO", "POLICY NO", "AMOUNT"});
  office.general.row({"Asha", "",
                      "pol\xE2\x80\x93"
                      "001 ",
                      ""});
  office.record("Asha", "POL-001");
  const TabPlan plan = office.plan();
  REQUIRE(plan.updates.size() == 1);
  CHECK(plan.updates[0].cells.empty());
  CHECK(plan.updates[0].write_id);
  CHECK(plan.adds.empty());
}

TEST_CASE("a key on two rows is ambiguous: both addresses, nothing written") {
  Office office;
  office.general.row({"NAME", "MOBILE NO", "POLICY NO", "AMOUNT"});
  office.general.row({"Asha", "", "POL-001", ""});
  office.general.row({"Asha", "", "POL-001", ""});
  office.record("Asha", "POL-001");
  const TabPlan plan = office.plan();
  REQUIRE(plan.ambiguous.size() == 1);
  CHECK(plan.ambiguous[0].rows == std::vector{2, 3});
  CHECK(plan.updates.empty());
  CHECK(plan.adds.empty());
}

TEST_CASE("two records with one policy number are both ambiguous, even without a row") {
  Office office;
  office.general.row({"NAME", "MOBILE NO", "POLICY NO", "AMOUNT"});
  office.record("Asha", "POL-001");
  office.record("Asha", "POL-001");
  const TabPlan plan = office.plan();
  CHECK(plan.ambiguous.size() == 2);
  CHECK(plan.adds.empty());
}

TEST_CASE("a formula in a mapped cell is kept and counted") {
  Office office;
  office.general.row({"NAME", "MOBILE NO", "POLICY NO", "AMOUNT"});
  office.general.row({"Asha", "", "POL-001", "=D9*2"});
  office.record("Asha", "POL-001").fields.set(field::premium, Money{500});
  const TabPlan plan = office.plan();
  CHECK(plan.kept_cells[0] == 1);
  REQUIRE(plan.updates.size() == 1);
  CHECK(plan.updates[0].cells.empty());
}

TEST_CASE("without a base a blank does not overwrite; with one it does") {
  Office office;
  office.general.row({"NAME", "MOBILE NO", "POLICY NO", "AMOUNT"});
  office.general.row({"Asha", "98765", "POL-001", ""});
  office.record("Asha", "POL-001");
  CHECK(office.plan().updates[0].cells.empty());
  office.general.bases["record-1"].set(field::mobile_number, std::string("98765"));
  REQUIRE(office.plan().updates[0].cells.size() == 1);
  CHECK(office.plan().updates[0].cells[0].column == 2);
}

TEST_CASE("a large deletion is held with its list") {
  Office office;
  office.general.row({"NAME", "MOBILE NO", "POLICY NO", "AMOUNT"});
  for (int i = 0; i < 20; ++i) {
    const std::string policy = "POL-" + std::to_string(1000 + i);
    office.general.row({"Asha", "", policy, ""});
    Record& record = office.record("Asha", policy);
    if (i < 6) record.deleted_at = from_ms(1);
  }
  const TabPlan plan = office.plan();
  CHECK(plan.deletes.empty());
  CHECK(plan.holds.size() == 6);
  for (Record& record : office.records) record.deleted_at.reset();
  for (int i = 0; i < 5; ++i) office.records[static_cast<std::size_t>(i)].deleted_at = from_ms(1);
  CHECK(office.plan().deletes.size() == 5);
}

TEST_CASE("new rows come in above a totals row, inside what it sums") {
  Office office;
  office.general.row({"NAME", "MOBILE NO", "POLICY NO", "AMOUNT"});
  office.general.row({"Asha", "", "POL-001", "x"});
  office.general.row({"Ravi", "", "POL-002", "x"});
  office.general.row({"TOTAL", "", "", "=SUM(D2:D3)"});
  office.record("Asha", "POL-001");
  office.record("Ravi", "POL-002");
  office.record("New", "POL-003");
  const TabPlan plan = office.plan();
  CHECK(plan.insert_at == 3);
  CHECK(plan.free_rows == 0);
  CHECK(last_row_summed("=SUM(E2:E501)", 600) == 501);
  CHECK(last_row_summed("=SUM($E$2:$E$501)+1", 502) == 501);
  CHECK(last_row_summed("=E2*2", 600) == 0);
}

TEST_CASE("the id column stands right of the header block, past columns people filled") {
  Office office;
  office.general.row({"NAME", "MOBILE NO", "POLICY NO", "AMOUNT", "Remark", ""});
  office.general.row({"Asha", "", "POL-001", "", "", "scribble"});
  office.record("Asha", "POL-001");
  CHECK(office.plan().columns.id_column == 7);
}

TEST_CASE("a person's own column of the id column's name stays the person's") {
  Office office;
  office.general.row({"NAME", "MOBILE NO", "POLICY NO", "AMOUNT", "ROWLANE ID"});
  office.general.row({"Asha", "", "POL-001", "", "our file 12"});
  office.record("Asha", "POL-001");
  const TabPlan plan = office.plan();
  CHECK(plan.columns.id_column == 6);
  CHECK(plan.columns.id_write_header);
  CHECK(plan.columns.id_is_new);

  Office again;  // one that holds ids is ours, though its mark is gone
  SeededRandom random{1};
  const std::string id = make_public_id(random);
  again.general.row({"NAME", "MOBILE NO", "POLICY NO", "AMOUNT", "ROWLANE ID", "ROWLANE ID"});
  again.general.row({"Asha", "", "POL-001", "", "our file 12", id});
  again.record("Asha", "POL-001").public_id = id;
  CHECK(again.plan().columns.id_column == 6);
}

TEST_CASE("a totals row lacks nothing: kept, and no draft") {
  Office office;
  office.general.row({"NAME", "MOBILE NO", "POLICY NO", "AMOUNT"});
  office.general.row({"Asha", "", "POL-001", "x"});
  office.general.row({"", "", "POL-077", "x"});
  office.general.row({"", "", "", "=SUM(D2:D3)"});
  office.record("Asha", "POL-001");
  const TabPlan plan = office.plan();
  CHECK(plan.kept_rows == 2);
  CHECK(plan.drafts == 1);
}

TEST_CASE("of two rows with one id the record is the one that agrees in more cells, wherever it stands") {
  struct Case {
    const char* name;
    std::vector<std::string> copy;
  };
  const Case cases[] = {{"another amount", {"Asha", "98", "POL-001", "700", "record-1"}},
                        {"another policy number", {"Asha", "98", "POL-002", "500", "record-1"}}};
  for (const Case& c : cases) {
    CAPTURE(c.name);
    Office office;
    office.general.row({"NAME", "MOBILE NO", "POLICY NO", "AMOUNT", "ROWLANE ID"});
    office.general.mark_id_column(5);
    office.general.row(c.copy);
    office.general.row({"Asha", "98", "POL-001", "500", "record-1"});
    Record& asha = office.record("Asha", "POL-001");
    asha.fields.set(field::mobile_number, std::string("98"));
    asha.fields.set(field::premium, Money{50'000});
    office.general.bases[asha.public_id] = asha.fields;
    const TabPlan plan = office.plan();
    CHECK(plan.row_of[0] == 3);
    CHECK(plan.updates.empty());
    CHECK(plan.adds.empty());
  }
}

TEST_CASE("a header that was sorted in among the records: no row twice; one that is gone: nothing is written") {
  const auto connect = [](Office& office) {
    office.general.connect(office.catalogue);
    for (const char* policy : {"POL-001", "POL-002"}) {
      const Record& r = office.record("Asha", policy);
      office.general.bases[r.public_id] = r.fields;
    }
  };
  const std::vector<std::string> header = {"NAME", "MOBILE NO", "POLICY NO", "AMOUNT", "ROWLANE ID"},
                                 one = {"Asha", "", "POL-001", "", "record-1"},
                                 two = {"Asha", "", "POL-002", "", "record-2"};
  {
    Office office;
    connect(office);
    for (const auto& row : {one, header, two}) office.general.row(row);
    const TabPlan plan = office.plan();
    CHECK(plan.row_of == std::vector{1, 3});
    CHECK(plan.adds.empty());
    CHECK(plan.updates.empty());
    REQUIRE(plan.notices.size() == 1);
    CHECK(plan.notices[0].kind == "header_moved");
  }
  {
    Office office;
    connect(office);
    for (const auto& row : {one, two}) office.general.row(row);
    const TabPlan plan = office.plan();
    CHECK(plan.columns.refused.contains("is gone from the first 10 rows"));
    CHECK(plan.adds.empty());
    CHECK(plan.updates.empty());
  }
  {
    Office office;
    connect(office);  // wiped: the columns are known and get their headers again
    const TabPlan plan = office.plan();
    CHECK(plan.columns.refused.empty());
    CHECK(plan.columns.columns[0].write_header);
    CHECK(plan.columns.columns[3].column == 4);
    CHECK(plan.adds.size() == 2);
    CHECK(plan.insert_at == 2);
  }
}

TEST_CASE("a box that nobody ticked is as blank as a blank") {
  Office office;
  office.general.layout.columns.push_back(
      {field::thank_you_sent, "THANKED", office.catalogue.type(field::thank_you_sent)});
  office.general.row({"NAME", "MOBILE NO", "POLICY NO", "AMOUNT", "THANKED", "ROWLANE ID"});
  office.general.mark_id_column(6);
  for (const char* cell : {"Asha", "", "POL-001", ""})
    office.general.table.add_cell(*cell ? office.general.table.text_cell(cell) : Cell{});
  Cell box;
  box.kind = CellKind::boolean;
  office.general.table.add_cell(box);
  office.general.table.add_cell(office.general.table.text_cell("record-1"));
  office.general.table.end_row();
  Record& asha = office.record("Asha", "POL-001");
  office.general.bases[asha.public_id] = asha.fields;
  office.general.bases[asha.public_id].set(field::thank_you_sent, Value{});
  CHECK(office.plan().updates.empty());
}

TEST_CASE("what people wrote beside a row that goes is named") {
  Office office;
  office.general.row({"NAME", "MOBILE NO", "POLICY NO", "AMOUNT", "Remark", "", "ROWLANE ID"});
  office.general.mark_id_column(7);
  office.general.row({"Asha", "", "POL-001", "", "call her", "x", "record-1"});
  Record& asha = office.record("Asha", "POL-001");
  office.general.bases[asha.public_id] = asha.fields;
  asha.deleted_at = WallTime{};
  const TabPlan plan = office.plan();
  REQUIRE(plan.deletes.size() == 1);
  CHECK(plan.deletes[0].remarks == "Remark: call her; column F: x");
}

TEST_CASE("a tab that was renamed is followed, and told") {
  Office office;
  office.general.row({"NAME", "MOBILE NO", "POLICY NO", "AMOUNT"});
  office.general.state = {.connected = true, .sheet_id = 1, .title = "general_ins", .headers = {}};
  CHECK(office.plan().notices.empty());
  office.general.table.title = "Policies";
  const TabPlan plan = office.plan();
  REQUIRE(plan.notices.size() == 1);
  CHECK(plan.notices[0].kind == "tab_renamed");
  CHECK(plan.notices[0].text.find("'general_ins' is called 'Policies'") != std::string::npos);
}

TEST_CASE("after a torn id column a record without a key is found by all that was agreed on, or reported and left") {
  // Six records with policy numbers and two without; the ids were sorted apart from their rows.
  Office office;
  office.general.row({"NAME", "MOBILE NO", "POLICY NO", "AMOUNT", "ROWLANE ID"});
  office.general.connect(office.catalogue);
  const auto known = [&](std::string name, std::string policy) -> Record& {
    Record& r = office.record(std::move(name), std::move(policy));
    office.general.bases[r.public_id] = r.fields;
    return r;
  };
  for (int i = 0; i < 6; ++i) known("Customer " + std::to_string(i), "POL-" + std::to_string(1'000 + i));
  known("Asha", "");
  known("Ravi", "");
  for (int i = 0; i < 6; ++i)
    office.general.row({"Customer " + std::to_string(i), "", "POL-" + std::to_string(1'000 + i), "",
                        "record-" + std::to_string((i + 3) % 8 + 1)});
  office.general.row({"Asha", "", "", "", "record-2"});
  office.general.row({"Ravi", "by hand", "", "", "record-3"});  // no cell tells that it is Ravi's alone
  const TabPlan plan = office.plan();
  CHECK(plan.adds.empty());
  CHECK(plan.row_of[6] == 8);
  CHECK(plan.row_of[7] == 0);
  REQUIRE(plan.ambiguous.size() == 1);
  CHECK(plan.ambiguous[0].record == 7);
  CHECK(plan.reasons.at(7).contains("torn"));
  for (const RowUpdate& update : plan.updates) {
    CHECK(update.write_id);
    CHECK(update.cells.empty());
  }
}
