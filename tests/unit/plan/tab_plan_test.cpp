// The nasty cases of structure and identity that the planner decides alone.
#include "plan/tab_plan.hpp"

#include <doctest/doctest.h>

#include "plan/rows.hpp"

using namespace rowlane;
using namespace rowlane::plan;

namespace {

struct Office {
  FieldCatalogue catalogue;
  TabLayout layout;
  TabState state;
  SheetTable table;
  std::vector<Record> records;
  std::map<std::string, Fields> bases;  // by public id

  Office() {
    layout.key = "general", layout.title = "general_ins", layout.verticals = {"motor"};
    layout.keys = default_keys();
    for (const auto& [id, header] : {std::pair<FieldId, const char*>{field::name, "NAME"},
                                     {field::mobile_number, "MOBILE NO"},
                                     {field::current_policy_no, "POLICY NO"},
                                     {field::premium, "AMOUNT"}})
      layout.columns.push_back({id, header, catalogue.type(id)});
    table.title = "general_ins", table.sheet_id = 1, table.grid_rows = 100, table.grid_columns = 10;
  }
  void row(std::initializer_list<const char*> cells) {
    for (const char* cell : cells) {
      const std::string_view text(cell);
      if (text.starts_with('='))
        table.add_formula_cell(number(1), text);
      else if (text.empty())
        table.add_cell({});
      else
        table.add_cell(table.text_cell(text));
    }
    table.end_row();
  }
  void mark_id_column(int column) {
    table.column_marks.push_back(
        {.column = column, .metadata_id = 1, .key = std::string(kColumnMarkKey), .value = std::string(kIdColumnMark)});
  }
  static Cell number(double value) {
    Cell cell;
    cell.kind = CellKind::number, cell.number = value;
    return cell;
  }
  Record& record(std::string name, std::string policy) {
    Record r;
    r.id = {static_cast<std::int64_t>(records.size()) + 1};
    r.public_id = "record-" + std::to_string(records.size() + 1);
    r.owner = {1};
    r.fields.set(field::name, std::move(name));
    r.fields.set(field::vertical, std::string("motor"));
    if (!policy.empty()) r.fields.set(field::current_policy_no, std::move(policy));
    return records.emplace_back(std::move(r));
  }
  TabPlan plan() {
    std::vector<TabRecord> seen;
    for (const Record& r : records) {
      const auto base = bases.find(r.public_id);
      seen.push_back({&r, base != bases.end() ? &base->second : nullptr, layout.holds(r.fields.text(field::vertical))});
    }
    std::vector<PlanJob> jobs(1);
    jobs[0].id = {1};
    jobs[0].scope.whole_agency = true;
    const std::vector<bool> no(records.size()), yes(records.size(), true);
    return plan_tab({layout, catalogue, &table, state, DateOrder::dmy, seen, jobs, no, yes});
  }
};

}  // namespace

TEST_CASE("a doubled header refuses the tab and names both addresses") {
  Office office;
  office.row({"NAME", "MOBILE NO", "POLICY NO", "MOBILE NO"});
  const TabPlan plan = office.plan();
  CHECK(plan.columns.refused.find("B1") != std::string::npos);
  CHECK(plan.columns.refused.find("D1") != std::string::npos);
}

TEST_CASE("spellings of one policy number are one record, and the cell keeps its spelling") {
  Office office;
  office.row({"NAME", "MOBILE NO", "POLICY NO", "AMOUNT"});
  office.row({"Asha", "",
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
  office.row({"NAME", "MOBILE NO", "POLICY NO", "AMOUNT"});
  office.row({"Asha", "", "POL-001", ""});
  office.row({"Asha", "", "POL-001", ""});
  office.record("Asha", "POL-001");
  const TabPlan plan = office.plan();
  REQUIRE(plan.ambiguous.size() == 1);
  CHECK(plan.ambiguous[0].rows == std::vector{2, 3});
  CHECK(plan.updates.empty());
  CHECK(plan.adds.empty());
}

TEST_CASE("two records with one policy number are both ambiguous, even without a row") {
  Office office;
  office.row({"NAME", "MOBILE NO", "POLICY NO", "AMOUNT"});
  office.record("Asha", "POL-001");
  office.record("Asha", "POL-001");
  const TabPlan plan = office.plan();
  CHECK(plan.ambiguous.size() == 2);
  CHECK(plan.adds.empty());
}

TEST_CASE("a formula in a mapped cell is kept and counted") {
  Office office;
  office.row({"NAME", "MOBILE NO", "POLICY NO", "AMOUNT"});
  office.row({"Asha", "", "POL-001", "=D9*2"});
  office.record("Asha", "POL-001").fields.set(field::premium, Money{500});
  const TabPlan plan = office.plan();
  CHECK(plan.kept_cells[0] == 1);
  REQUIRE(plan.updates.size() == 1);
  CHECK(plan.updates[0].cells.empty());
}

TEST_CASE("without a base a blank does not overwrite; with one it does") {
  Office office;
  office.row({"NAME", "MOBILE NO", "POLICY NO", "AMOUNT"});
  office.row({"Asha", "98765", "POL-001", ""});
  office.record("Asha", "POL-001");
  CHECK(office.plan().updates[0].cells.empty());
  office.bases["record-1"].set(field::mobile_number, std::string("98765"));
  REQUIRE(office.plan().updates[0].cells.size() == 1);
  CHECK(office.plan().updates[0].cells[0].column == 2);
}

TEST_CASE("a large deletion is held with its list") {
  Office office;
  office.row({"NAME", "MOBILE NO", "POLICY NO", "AMOUNT"});
  for (int i = 0; i < 20; ++i) {
    const std::string policy = "POL-" + std::to_string(1000 + i);
    office.row({"Asha", "", policy.c_str(), ""});
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
  office.row({"NAME", "MOBILE NO", "POLICY NO", "AMOUNT"});
  office.row({"Asha", "", "POL-001", "x"});
  office.row({"Ravi", "", "POL-002", "x"});
  office.row({"TOTAL", "", "", "=SUM(D2:D3)"});
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
  office.row({"NAME", "MOBILE NO", "POLICY NO", "AMOUNT", "Remark", ""});
  office.row({"Asha", "", "POL-001", "", "", "scribble"});
  office.record("Asha", "POL-001");
  CHECK(office.plan().columns.id_column == 7);
}

TEST_CASE("a person's own column of the id column's name stays the person's") {
  Office office;
  office.row({"NAME", "MOBILE NO", "POLICY NO", "AMOUNT", "ROWLANE ID"});
  office.row({"Asha", "", "POL-001", "", "our file 12"});
  office.record("Asha", "POL-001");
  const TabPlan plan = office.plan();
  CHECK(plan.columns.id_column == 6);
  CHECK(plan.columns.id_write_header);
  CHECK(plan.columns.id_is_new);

  Office again;  // one that holds ids is ours, though its mark is gone
  SeededRandom random{1};
  const std::string id = make_public_id(random);
  again.row({"NAME", "MOBILE NO", "POLICY NO", "AMOUNT", "ROWLANE ID", "ROWLANE ID"});
  again.row({"Asha", "", "POL-001", "", "our file 12", id.c_str()});
  again.record("Asha", "POL-001").public_id = id;
  CHECK(again.plan().columns.id_column == 6);
}

TEST_CASE("a totals row lacks nothing: kept, and no draft") {
  Office office;
  office.row({"NAME", "MOBILE NO", "POLICY NO", "AMOUNT"});
  office.row({"Asha", "", "POL-001", "x"});
  office.row({"", "", "POL-077", "x"});
  office.row({"", "", "", "=SUM(D2:D3)"});
  office.record("Asha", "POL-001");
  const TabPlan plan = office.plan();
  CHECK(plan.kept_rows == 2);
  CHECK(plan.drafts == 1);
}

TEST_CASE("of two rows with one id the record is the one that agrees in more cells, wherever it stands") {
  struct Case {
    const char* name;
    std::initializer_list<const char*> copy;
  };
  const Case cases[] = {{"another amount", {"Asha", "98", "POL-001", "700", "record-1"}},
                        {"another policy number", {"Asha", "98", "POL-002", "500", "record-1"}}};
  for (const Case& c : cases) {
    CAPTURE(c.name);
    Office office;
    office.row({"NAME", "MOBILE NO", "POLICY NO", "AMOUNT", "ROWLANE ID"});
    office.mark_id_column(5);
    office.row(c.copy);
    office.row({"Asha", "98", "POL-001", "500", "record-1"});
    Record& asha = office.record("Asha", "POL-001");
    asha.fields.set(field::mobile_number, std::string("98"));
    asha.fields.set(field::premium, Money{50'000});
    office.bases[asha.public_id] = asha.fields;
    const TabPlan plan = office.plan();
    CHECK(plan.row_of[0] == 3);
    CHECK(plan.updates.empty());
    CHECK(plan.adds.empty());
  }
}

TEST_CASE("a header that was sorted in among the records: no row twice; one that is gone: nothing is written") {
  const auto connect = [](Office& office) {
    for (int column = 1; column <= 4; ++column)
      office.table.column_marks.push_back(
          {.column = column,
           .metadata_id = column,
           .key = std::string(kColumnMarkKey),
           .value = "general:" + std::string(office.catalogue.name(
                                     office.layout.columns[static_cast<std::size_t>(column - 1)].field))});
    office.table.column_marks.push_back(
        {.column = 5, .metadata_id = 5, .key = std::string(kColumnMarkKey), .value = std::string(kIdColumnMark)});
    office.state.connected = true, office.state.sheet_id = 1, office.state.title = "general_ins";
    for (const ColumnMap& column : office.layout.columns)
      office.state.headers[std::string(office.catalogue.name(column.field))] = column.header;
    for (const char* policy : {"POL-001", "POL-002"}) {
      const Record& r = office.record("Asha", policy);
      office.bases[r.public_id] = r.fields;
    }
  };
  const std::initializer_list<const char*> header = {"NAME", "MOBILE NO", "POLICY NO", "AMOUNT", "ROWLANE ID"},
                                           one = {"Asha", "", "POL-001", "", "record-1"},
                                           two = {"Asha", "", "POL-002", "", "record-2"};
  {
    Office office;
    connect(office);
    for (const auto& row : {one, header, two}) office.row(row);
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
    for (const auto& row : {one, two}) office.row(row);
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
  office.layout.columns.push_back({field::thank_you_sent, "THANKED", office.catalogue.type(field::thank_you_sent)});
  office.row({"NAME", "MOBILE NO", "POLICY NO", "AMOUNT", "THANKED", "ROWLANE ID"});
  office.mark_id_column(6);
  for (const char* cell : {"Asha", "", "POL-001", ""})
    office.table.add_cell(*cell ? office.table.text_cell(cell) : Cell{});
  Cell box;
  box.kind = CellKind::boolean;
  office.table.add_cell(box);
  office.table.add_cell(office.table.text_cell("record-1"));
  office.table.end_row();
  Record& asha = office.record("Asha", "POL-001");
  office.bases[asha.public_id] = asha.fields;
  office.bases[asha.public_id].set(field::thank_you_sent, Value{});
  CHECK(office.plan().updates.empty());
}

TEST_CASE("what people wrote beside a row that goes is named") {
  Office office;
  office.row({"NAME", "MOBILE NO", "POLICY NO", "AMOUNT", "Remark", "", "ROWLANE ID"});
  office.mark_id_column(7);
  office.row({"Asha", "", "POL-001", "", "call her", "x", "record-1"});
  Record& asha = office.record("Asha", "POL-001");
  office.bases[asha.public_id] = asha.fields;
  asha.deleted_at = WallTime{};
  const TabPlan plan = office.plan();
  REQUIRE(plan.deletes.size() == 1);
  CHECK(plan.deletes[0].remarks == "Remark: call her; column F: x");
}

TEST_CASE("a tab that was renamed is followed, and told") {
  Office office;
  office.row({"NAME", "MOBILE NO", "POLICY NO", "AMOUNT"});
  office.state = {.connected = true, .sheet_id = 1, .title = "general_ins", .headers = {}};
  CHECK(office.plan().notices.empty());
  office.table.title = "Policies";
  const TabPlan plan = office.plan();
  REQUIRE(plan.notices.size() == 1);
  CHECK(plan.notices[0].kind == "tab_renamed");
  CHECK(plan.notices[0].text.find("'general_ins' is called 'Policies'") != std::string::npos);
}
