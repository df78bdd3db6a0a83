// A write that met moved rows or columns: what it hit by mistake is put back, and nothing else is touched.
#include "sync/repair.hpp"

#include <doctest/doctest.h>

#include "domain/convert.hpp"
#include "sync/journal.hpp"
#include "sync/traces.hpp"

using namespace rowlane;
using namespace rowlane::sync;
namespace op = rowlane::sheets::op;

namespace {

using Rows = std::vector<std::vector<std::string>>;
constexpr std::int64_t kTab = 7;
constexpr int kIdColumn = 5;

// Texts; "=..." is a formula.
SheetTable table(const Rows& rows) {
  SheetTable out;
  out.sheet_id = kTab, out.title = "T", out.grid_rows = 100, out.grid_columns = 10, out.has_data = true;
  for (const std::vector<std::string>& row : rows) {
    for (const std::string& cell : row) {
      if (cell.empty())
        out.add_cell({});
      else if (cell.front() == '=')
        out.add_formula_cell({}, cell);
      else
        out.add_cell(out.text_cell(cell));
    }
    out.end_row();
  }
  return out;
}
Rows rows_of(const SheetTable& table) {
  Rows out;
  for (int row = 1; row <= table.row_count(); ++row) {
    out.emplace_back();
    for (int column = 1; column <= table.column_count(); ++column)
      out.back().push_back(table.at(row, column).formula ? std::string(table.formula_at(row, column))
                                                         : cell_text(table, row, column));
    while (!out.back().empty() && out.back().back().empty()) out.back().pop_back();
  }
  while (!out.empty() && out.back().empty()) out.pop_back();
  return out;
}
Rows trimmed(Rows rows) {
  for (auto& row : rows)
    while (!row.empty() && row.back().empty()) row.pop_back();
  while (!rows.empty() && rows.back().empty()) rows.pop_back();
  return rows;
}

SentOp set(int effect, int row, int column, std::string text) {
  return {op::UpdateCells{kTab, row, column, {{.value = std::move(text), .format = std::nullopt}}}, effect};
}
SentOp remove(int effect, int row) { return {op::DeleteRows{kTab, row, 1}, effect}; }
SentOp insert(int row, int count) { return {op::InsertRows{kTab, row, count}, kTabEffect}; }

const Rows kOffice = {{"NAME", "POLICY", "AMOUNT", "Remark", "ROWLANE ID"},
                      {"Asha", "P-1", "100", "call", "id-1"},
                      {"Ravi", "P-2", "200", "=C3", "id-2"},
                      {"Walk-in", "", "300", "pays cash"},
                      {"Mina", "P-3", "400", "", "id-3"}};

struct Case {
  std::string_view name;
  Rows moved;                // what people made of the office between our read and our write
  std::vector<SentOp> sent;  // planned on the office
  Rows left;                 // after the repair
  std::set<int> right;       // effects that stand
};

Sent sent_of(std::vector<SentOp> ops, int effects) {
  Sent sent;
  sent.ops = std::move(ops);
  sent.effects.resize(static_cast<std::size_t>(effects));
  sent.tabs.push_back({"general", kTab, 1, kIdColumn, std::make_shared<const SheetTable>(table(kOffice))});
  return sent;
}

}  // namespace

TEST_CASE("what a write hit by mistake is put back") {
  const Rows inserted = {kOffice[0], {}, kOffice[1], {"Ravi", "P-2", "200", "=C4", "id-2"}, kOffice[3], kOffice[4]};
  const Rows sorted = {kOffice[0], kOffice[4], {"Ravi", "P-2", "200", "=C3", "id-2"}, kOffice[3], kOffice[1]};
  Rows dragged;  // a column came in left of AMOUNT
  for (const auto& row : kOffice) {
    dragged.push_back(row);
    if (row.size() > 2) dragged.back().insert(dragged.back().begin() + 2, "");
  }
  dragged[2][4] = "=D3";
  Rows edited = kOffice;
  edited[1][3] = "called";

  const Case cases[] = {
      {"nothing moved: the write stands",
       kOffice,
       {set(0, 5, 3, "450")},
       {kOffice[0], kOffice[1], kOffice[2], kOffice[3], {"Mina", "P-3", "450", "", "id-3"}},
       {0}},
      {"a row came in above: the person's row gets its amount back", inserted, {set(0, 5, 3, "450")}, inserted, {}},
      {"a row came in above: a formula that was hit comes back", inserted, {set(0, 4, 4, "x")}, inserted, {}},
      {"a sort: the other record's amount comes back", sorted, {set(0, 2, 3, "150")}, sorted, {}},
      {"a row that a sort left in its place stands right",
       sorted,
       {set(0, 3, 3, "250")},
       {kOffice[0], kOffice[4], {"Ravi", "P-2", "250", "=C3", "id-2"}, kOffice[3], kOffice[1]},
       {0}},
      {"a removal took the row above: it comes back whole", inserted, {remove(0, 5)}, inserted, {}},
      {"a removal took a row that a sort had put there", sorted, {remove(0, 2)}, sorted, {}},
      {"a removal took what it meant", kOffice, {remove(0, 2)}, {kOffice[0], kOffice[2], kOffice[3], kOffice[4]}, {0}},
      {"a column came in: values under wrong headers go, what was there comes back",
       dragged,
       {set(0, 2, 4, "later")},
       dragged,
       {}},
      {"a column came in: a formula that was hit comes back for the columns as they are now",
       dragged,
       {set(0, 3, 5, "id-2")},
       dragged,
       {}},
      {"a new row under the wrong headers is taken away",
       dragged,
       {insert(6, 1), set(0, 6, 1, "New"), set(0, 6, 3, "500"), set(0, 6, 5, "id-9")},
       dragged,
       {}},
      {"a new row stands right wherever it came in",
       inserted,
       {insert(6, 1), set(0, 6, 1, "New"), set(0, 6, 5, "id-9")},
       {kOffice[0],
        {},
        kOffice[1],
        {"Ravi", "P-2", "200", "=C4", "id-2"},
        kOffice[3],
        {"New", "", "", "", "id-9"},
        kOffice[4]},
       {0}},
      {"a person's edit beside a write stays",
       edited,
       {set(0, 2, 3, "150")},
       {kOffice[0], {"Asha", "P-1", "150", "called", "id-1"}, kOffice[2], kOffice[3], kOffice[4]},
       {0}},
      {"a blank row that was hit is blank again",
       {kOffice[0], {}, kOffice[1], kOffice[2], kOffice[3], kOffice[4]},
       {set(0, 2, 3, "150"), set(0, 2, 5, "id-1")},
       {kOffice[0], {}, kOffice[1], kOffice[2], kOffice[3], kOffice[4]},
       {}},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    const Sent sent = sent_of(c.sent, 1);
    const SheetTable found = after_ops(table(c.moved), c.sent);
    const Repair repair = repair_tab(sent, sent.tabs[0], found);
    CHECK(repair.right == c.right);
    CHECK(rows_of(after_ops(found, repair.ops)) == trimmed(c.left));
    // A restart comes to the same, from the journal.
    FieldCatalogue catalogue;
    const JournalEntry entry = to_journal(sent, catalogue);
    const Result<Sent> again =
        from_journal({.pass = {}, .chunk = 0, .token = 0, .body = entry.body, .tables = entry.tables}, catalogue);
    REQUIRE(again);
    const Repair second = repair_tab(*again, again->tabs[0], found);
    CHECK(second.right == repair.right);
    CHECK(rows_of(after_ops(found, second.ops)) == trimmed(c.left));
  }
}

TEST_CASE("rows moved before the write, and a column after it: what was hit comes back in its column") {
  const Rows sorted = {kOffice[0], kOffice[4], {"Ravi", "P-2", "200", "=C3", "id-2"}, kOffice[3], kOffice[1]};
  const Sent sent = sent_of({set(0, 2, 3, "150")}, 1);
  Rows found = rows_of(after_ops(table(sorted), sent.ops)), left = sorted;
  for (Rows* rows : {&found, &left})
    for (auto& row : *rows)
      if (row.size() > 1) row.insert(row.begin() + 1, "");
  left[2][4] = found[2][4] = "=D3";
  const SheetTable now = table(found);
  const Repair repair = repair_tab(sent, sent.tabs[0], now);
  CHECK(repair.right.empty());
  CHECK(rows_of(after_ops(now, repair.ops)) == trimmed(left));
}

TEST_CASE("rows moved before the write and after it: the row that carried it off gets back what it held") {
  const Rows sorted = {kOffice[0], kOffice[4], {"Ravi", "P-2", "200", "=C3", "id-2"}, kOffice[3], kOffice[1]};
  const Sent sent = sent_of({set(0, 2, 3, "150")}, 1);  // meant for Asha, hits Mina
  Rows found = rows_of(after_ops(table(sorted), sent.ops));
  std::swap(found[1], found[4]);  // sorted again: Mina took it along
  const SheetTable now = table(found);
  const Repair repair = repair_tab(sent, sent.tabs[0], now);
  CHECK(repair.right.empty());
  Rows left = sorted;
  std::swap(left[1], left[4]);
  CHECK(rows_of(after_ops(now, repair.ops)) == trimmed(left));
}

TEST_CASE("a repair that meets moved rows itself is repaired") {
  // The write hit the walk-in's amount; the repair met another inserted row.
  Sent first = sent_of({set(0, 5, 3, "450")}, 1);
  const Rows moved = {kOffice[0], {}, kOffice[1], kOffice[2], kOffice[3], kOffice[4]};
  const SheetTable found = after_ops(table(moved), first.ops);
  const Repair repair = repair_tab(first, first.tabs[0], found);
  REQUIRE(repair.cells == 1);
  Sent second = sent_of(repair.ops, 0);
  second.tabs[0].planned = std::make_shared<const SheetTable>(after_ops(found, repair.ops));
  Rows moved_again = rows_of(found);
  moved_again.insert(moved_again.begin() + 1, std::vector<std::string>{});
  const SheetTable found_again = after_ops(table(moved_again), second.ops);
  const Repair again = repair_tab(second, second.tabs[0], found_again);
  Rows wanted = moved;
  wanted.insert(wanted.begin() + 1, std::vector<std::string>{});
  CHECK(rows_of(after_ops(found_again, again.ops)) == trimmed(wanted));
}

TEST_CASE("what nobody ever read is left blank, and told") {
  // A person typed a whole row at the place where the write went.
  const Rows moved = {kOffice[0], {"Late", "P-9", "900", "typed just now"}, kOffice[1], kOffice[2], kOffice[3],
                      kOffice[4]};
  const Sent sent = sent_of({set(0, 2, 3, "150")}, 1);
  const SheetTable found = after_ops(table(moved), sent.ops);
  const Repair repair = repair_tab(sent, sent.tabs[0], found);
  CHECK(repair.lost == 1);
  CHECK(rows_of(after_ops(found, repair.ops))[1] == std::vector<std::string>{"Late", "P-9", "", "typed just now"});
}

TEST_CASE("without the tab as planned on, the ids tell what stands") {
  Sent sent = sent_of({set(0, 5, 3, "450"), set(1, 2, 3, "150")}, 2);
  sent.effects[0].public_id = "id-3", sent.effects[1].public_id = "id-1";
  sent.tabs[0].planned = nullptr;
  const Rows moved = {kOffice[0], kOffice[1], {}, kOffice[2], kOffice[3], kOffice[4]};
  const Repair repair = repair_tab(sent, sent.tabs[0], after_ops(table(moved), sent.ops));
  CHECK(repair.right == std::set{1});
  CHECK(repair.ops.empty());
}

TEST_CASE("a table is packed and unpacked cell by cell") {
  SheetTable t = table(kOffice);
  Cell number;
  number.kind = CellKind::number, number.number = 0.1, number.format = FormatKind::currency;
  t.add_cell(number);
  t.end_row();
  t.column_marks.push_back({3, 55, "k", "v"});
  const std::optional<SheetTable> back = unpack_table(pack_table(t));
  REQUIRE(back);
  CHECK(rows_of(*back) == rows_of(t));
  CHECK(back->at(6, 1).number == 0.1);
  CHECK(back->at(6, 1).format == FormatKind::currency);
  CHECK(back->column_marks[0].metadata_id == 55);
  CHECK_FALSE(unpack_table(pack_table(t).substr(0, 40)));
}
