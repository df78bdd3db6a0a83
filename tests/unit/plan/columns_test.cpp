// Where people move cells instead of columns: marks stay behind, headers and cells tell.
#include "plan/columns.hpp"

#include <doctest/doctest.h>

#include "base/random.hpp"
#include "unit/plan/office.hpp"

using namespace rowlane;
using namespace rowlane::plan;

namespace {

constexpr int kRows = 6;

// A connected tab of six records, with a remark of people's in column E and the ids in column F. `rows` is what the
// sheet holds by now; the marks stay where they were set.
struct Sheet : Office {
  std::vector<std::vector<std::string>> rows;
  Sheet() {
    SeededRandom random{7};
    rows.push_back({"NAME", "MOBILE NO", "POLICY NO", "AMOUNT", "REMARKS", "ROWLANE ID"});
    for (int i = 0; i < kRows; ++i) {
      Record& r = record("Customer " + std::to_string(i), "POL-" + std::to_string(1'000 + i));
      r.public_id = make_public_id(random);
      r.fields.set(field::mobile_number, "98000" + std::to_string(10'000 + i));
      r.fields.set(field::premium, Money{100'00 * (i + 1)});
      general.bases[r.public_id] = r.fields;
      rows.push_back({"Customer " + std::to_string(i), "98000" + std::to_string(10'000 + i),
                      "POL-" + std::to_string(1'000 + i), std::to_string(100 * (i + 1)), "remark " + std::to_string(i),
                      r.public_id});
    }
    general.state = {.connected = true, .sheet_id = 1, .title = "general_ins", .headers = {}};
    int column = 0;
    for (const ColumnMap& map : general.layout.columns) {
      general.mark(++column, "general:" + std::string(catalogue.name(map.field)));
      general.state.headers[std::string(catalogue.name(map.field))] = map.header;
    }
    general.mark_id_column(6);
  }
  TabPlan look() {
    for (const auto& cells : rows) general.row(cells);
    return plan();
  }
};

std::string columns_of(const TabPlan& plan) {
  std::string out;
  for (const ColumnPlan& column : plan.columns.columns) out += column.column ? column_letters(column.column) : "-";
  return out + "/" + column_letters(plan.columns.id_column);
}

// Cells of one column moved to another, which loses what it had; the first stays blank.
void cut_and_paste(Sheet& sheet, std::size_t from, std::size_t to) {
  for (auto& row : sheet.rows) {
    row.resize(std::max(row.size(), to + 1));
    row[to] = std::exchange(row[from], "");
  }
}
void insert_and_shift_right(Sheet& sheet, std::size_t at, std::size_t first_row = 0) {
  for (std::size_t i = first_row; i < sheet.rows.size(); ++i)
    sheet.rows[i].insert(sheet.rows[i].begin() + static_cast<std::ptrdiff_t>(at), "");
}
void swap_columns(Sheet& sheet, std::size_t a, std::size_t b, std::size_t first_row, std::size_t rows) {
  for (std::size_t i = first_row; i < first_row + rows; ++i) std::swap(sheet.rows[i][a], sheet.rows[i][b]);
}

}  // namespace

TEST_CASE("cells that were moved are found by their headers; nothing is written but the marks") {
  struct Case {
    const char* name;
    void (*edit)(Sheet&);
    const char* columns;
  };
  const Case cases[] = {
      {"nothing happened", [](Sheet&) {}, "ABCD/F"},
      {"cells inserted in B, the rest shifted right", [](Sheet& s) { insert_and_shift_right(s, 1); }, "ACDE/G"},
      {"cells inserted in E: the remarks stand where the ids stood", [](Sheet& s) { insert_and_shift_right(s, 4); },
       "ABCD/G"},
      {"a column cut and pasted beyond the last", [](Sheet& s) { cut_and_paste(s, 2, 7); }, "ABHD/F"},
      {"the ids cut and pasted", [](Sheet& s) { cut_and_paste(s, 5, 8); }, "ABCD/I"},
      {"two columns' cells exchanged", [](Sheet& s) { swap_columns(s, 2, 3, 0, kRows + 1); }, "ABDC/F"},
      {"a column pasted over the ids' place",
       [](Sheet& s) {
         cut_and_paste(s, 5, 6);
         cut_and_paste(s, 4, 5);
       },
       "ABCD/G"},
      {"a new export pasted over the tab, its columns in another order",
       [](Sheet& s) {
         for (auto& row : s.rows) row = {row[2], row[0], row[3], row[1], row[4], row[5]};
       },
       "BDAC/F"},
      {"one without the mobile numbers, which pause",
       [](Sheet& s) {
         for (auto& row : s.rows) row = {row[0], row[2], row[3], "", row[4], row[5]};
       },
       "A-BC/F"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    Sheet sheet;
    c.edit(sheet);
    const TabPlan plan = sheet.look();
    REQUIRE(plan.columns.refused == "");
    CHECK(columns_of(plan) == c.columns);
    CHECK(plan.adds.empty());
    CHECK(plan.updates.empty());
    // Every mark that is to be dropped stood on another column; every field that moved is marked anew.
    const bool moved = std::string(c.columns) != "ABCD/F";
    CHECK(plan.columns.settled() != moved);
    CHECK(plan.columns.marks_to_drop.empty() != moved);
  }
}

TEST_CASE("an export in another order of columns and rows, pasted beside the ids: only the ids are set anew") {
  Sheet sheet;
  std::vector<std::vector<std::string>> pasted = sheet.rows;
  std::reverse(pasted.begin() + 1, pasted.end());
  for (std::size_t i = 0; i < pasted.size(); ++i)
    sheet.rows[i] = {pasted[i][2], pasted[i][0], pasted[i][3], pasted[i][1], sheet.rows[i][4], sheet.rows[i][5]};
  const TabPlan plan = sheet.look();
  REQUIRE(plan.columns.refused == "");
  CHECK(columns_of(plan) == "BDAC/F");
  CHECK(plan.adds.empty());
  CHECK(plan.updates.size() == kRows);
  for (const RowUpdate& update : plan.updates) CHECK(update.cells.empty());
}

TEST_CASE("headers retyped over cells that stayed: the cells decide, and the columns count as renamed") {
  Sheet sheet;
  swap_columns(sheet, 2, 3, 0, 1);
  const TabPlan plan = sheet.look();
  REQUIRE(plan.columns.refused == "");
  CHECK(columns_of(plan) == "ABCD/F");
  CHECK(plan.updates.empty());
  CHECK(plan.notices.size() == 2);
  CHECK(plan.notices[0].kind == "column_renamed");
}

TEST_CASE("a header retyped to that of another field, whose own was renamed: the cells decide") {
  Sheet sheet;
  sheet.rows[0][2] = "AMOUNT", sheet.rows[0][3] = "TO PAY";
  const TabPlan plan = sheet.look();
  REQUIRE(plan.columns.refused == "");
  CHECK(columns_of(plan) == "ABCD/F");
  CHECK(plan.updates.empty());
}

TEST_CASE("what cannot be told refuses the tab with both addresses, and nothing is written") {
  struct Case {
    const char* name;
    void (*edit)(Sheet&);
    std::vector<const char*> addresses;
  };
  const Case cases[] = {
      {"two headers exchanged, no cells below",
       [](Sheet& s) {
         s.rows.resize(1);
         swap_columns(s, 2, 3, 0, 1);
       },
       {"C1", "D1"}},
      {"a header that stands twice while its mark is under another",
       [](Sheet& s) {
         for (auto& row : s.rows) row.push_back(row[2]), row.push_back(row[2]), row[2] = "x";
       },
       {"G1", "H1"}},
      {"rows shifted right, their headers left behind",
       [](Sheet& s) { insert_and_shift_right(s, 1, 1); },
       {"G2", "F1"}},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    Sheet sheet;
    c.edit(sheet);
    const TabPlan plan = sheet.look();
    for (const char* address : c.addresses) {
      CAPTURE(plan.columns.refused);
      CHECK(plan.columns.refused.contains(address));
    }
    CHECK(plan.adds.empty());
    CHECK(plan.updates.empty());
  }
}

TEST_CASE("ids never go into a column that people fill") {
  Sheet sheet;  // the id header was typed over, and remarks written among the ids
  sheet.rows[0][5] = "OUR NOTES";
  sheet.rows[2][5] = "call back";
  const TabPlan plan = sheet.look();
  CHECK(plan.columns.id_column != 6);
}

TEST_CASE("a column renamed by hand is followed; a copy of one does not confuse it") {
  Sheet renamed;
  renamed.rows[0][2] = "Policy Number";
  CHECK(columns_of(renamed.look()) == "ABCD/F");
  Sheet copied;
  for (auto& row : copied.rows) row.push_back(row[2]);
  const TabPlan plan = copied.look();
  CHECK(plan.columns.refused == "");
  CHECK(columns_of(plan) == "ABCD/F");
}
