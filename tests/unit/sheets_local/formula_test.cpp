#include "service_fixture.hpp"

namespace rowlane::sheets::local {

TEST_CASE("a text that formulas make ever longer ends at what a cell may hold") {
  for (const std::string_view joined : {"={0}{1}&{0}{1}", "=CONCAT({0}{1},{0}{1})", "=CONCATENATE({0}{1},{0}{1})"}) {
    CAPTURE(joined);
    std::vector<std::vector<std::string>> rows{{std::string(1'000, 'x')}};
    for (int row = 2; row <= 60; ++row) rows.push_back({fmt::format(fmt::runtime(joined), "A", row - 1)});
    Service s;
    s.book({tab("A", 7, rows, 60)});
    CHECK(s.shown(6, 1).size() == 32'000);
    CHECK(s.shown(7, 1) == "#VALUE!");
    CHECK(s.shown(60, 1) == "#VALUE!");
  }
}

TEST_CASE("formulas give what Sheets shows") {
  struct Case {
    std::string_view formula, shown;
  };
  // A1:C3 is 1 2 x / 3 4 (blank) / TRUE, 0.5, "y"
  const Case cases[] = {
      {"=A1+B1*2", "5"},
      {"=-A1^2", "1"},
      {"=10%", "0.1"},
      {"=A1&\"-\"&C1", "1-x"},
      {"=A1<B1", "TRUE"},
      {"=\"a\"=\"A\"", "TRUE"},
      {"=A1<>B1", "TRUE"},
      {"=SUM(A1:B2)", "10"},
      {"=SUM(A1:B2,5)", "15"},
      {"=SUM(A:A)", "4"},
      {"=COUNT(A1:C3)", "5"},
      {"=COUNTA(A1:C3)", "8"},
      {"=AVERAGE(A1:B2)", "2.5"},
      {"=MIN(A1:B3)", "0.5"},
      {"=MAX(A1:B3)", "4"},
      {"=IF(A1>1,\"big\",\"small\")", "small"},
      {"=IF(FALSE,1)", "FALSE"},
      {"=ROUND(1.005,2)", "1.01"},
      {"=ROUND(-2.5)", "-3"},
      {"=CONCATENATE(A1,\" \",C1)", "1 x"},
      {"=CONCAT(A1,B1)", "12"},
      {"=HYPERLINK(\"http://x\",\"link\")", "link"},
      {"=A1/0", "#DIV/0!"},
      {"=C1+1", "#VALUE!"},
      {"=NOSUCH(1)", "#NAME?"},
      {"=nosuch", "#NAME?"},
      {"=1+", "#ERROR!"},
      {"=Z100", "#REF!"},
      {"=E1", "#REF!"},
      {"=C2", "0"},
      {"='B'!A1", "7"},
      {"=B!A1+1", "8"},
      {"=SUM('B'!A1:A2)", "15"},
      {"=Gone!A1", "#REF!"},
      {"=IFERROR(A1/0,\"-\")", "-"},
      {"=\"say \"\"hi\"\"\"", "say \"hi\""},
      {"=AVERAGE(C1:C3)", "#DIV/0!"},
      {"=SUM(A1,\"3\")", "4"},
      {"=\"5\"+1", "6"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.formula);
    Service s;
    s.book({tab("A", 7, {{"1", "2", "x", "", std::string(c.formula)}, {"3", "4"}, {"", "0.5", "y"}}, 20, 6),
            tab("B", 8, {{"7"}, {"8"}})});
    s.batch(
        R"([{"updateCells":{"start":{"sheetId":7,"rowIndex":2},"fields":"userEnteredValue","rows":[{"values":[{"userEnteredValue":{"boolValue":true}}]}]}}])");
    CHECK(s.shown(1, 5) == c.shown);
  }
}

TEST_CASE("a cycle over several cells is an error in each, not a hang") {
  Service s;
  s.book({tab("A", 7, {{"=B1", "=C1", "=A1", "5"}})});
  for (int column = 1; column <= 3; ++column) CHECK(s.shown(1, column) == "#REF!");
  CHECK(s.shown(1, 4) == "5");
}

TEST_CASE("an array formula spills, is told apart from entered cells, and refuses to overwrite") {
  Service s;
  s.book({tab("A", 7, {{"1", "=ARRAYFORMULA(A1:A3*2)", ""}, {"2"}, {"3"}})});
  CHECK(s.shown(1, 2) == "2");
  CHECK(s.shown(3, 2) == "6");
  const Json got = s.ask("GET",
                         "/v4/spreadsheets/"
                         "book?ranges=A!B1:B3&fields=sheets.data.rowData.values(userEnteredValue,effectiveValue)");
  CHECK(
      got.dump() ==
      R"x({"sheets":[{"data":[{"rowData":[{"values":[{"userEnteredValue":{"formulaValue":"=ARRAYFORMULA(A1:A3*2)"},"effectiveValue":{"numberValue":2}}]},{"values":[{"effectiveValue":{"numberValue":4}}]},{"values":[{"effectiveValue":{"numberValue":6}}]}]}]}]})x");
  s.batch(
      R"([{"updateCells":{"start":{"sheetId":7,"rowIndex":2,"columnIndex":1},"fields":"userEnteredValue","rows":[{"values":[{"userEnteredValue":{"stringValue":"mine"}}]}]}}])");
  CHECK(s.shown(1, 2) == "#REF!");
  CHECK(s.shown(2, 2).empty());
  CHECK(s.shown(3, 2) == "mine");
}

TEST_CASE("copied formulas move their relative references, fixed ones stay") {
  Service s;
  s.book({tab("A", 7, {{"1", "=A1+$A$1+A$1+$A1"}, {"2"}, {"3"}})});
  s.batch(
      R"([{"copyPaste":{"source":{"sheetId":7,"startRowIndex":0,"endRowIndex":1,"startColumnIndex":1,"endColumnIndex":2},
               "destination":{"sheetId":7,"startRowIndex":2,"endRowIndex":3,"startColumnIndex":2,"endColumnIndex":3},"pasteType":"PASTE_NORMAL"}}])");
  CHECK(s.formula(3, 3) == "=B3+$A$1+B$1+$A3");
}

TEST_CASE("numbers are shown by their pattern and locale") {
  struct Case {
    std::string_view name, locale, type, pattern;
    double number;
    std::string_view shown;
  };
  const Case cases[] = {
      {"automatic", "en_US", "", "", 1234.5, "1234.5"},
      {"automatic, German", "de_DE", "", "", 1234.5, "1234,5"},
      {"automatic, large", "en_US", "", "", 1.23456789012346e19, "1.23457E+19"},
      {"thousands", "en_US", "NUMBER", "#,##0.00", 1234567.891, "1,234,567.89"},
      {"lakh", "en_IN", "NUMBER", "#,##,##0.00", 1234567.5, "12,34,567.50"},
      {"German groups", "de_DE", "NUMBER", "#,##0.00", 1234.5, "1.234,50"},
      {"percent", "en_US", "PERCENT", "0.0%", 0.125, "12.5%"},
      {"date, Indian", "en_IN", "DATE", "", 46115, "03/04/2026"},
      {"date, American", "en_US", "DATE", "", 46115, "4/3/2026"},
      {"date, German", "de_DE", "DATE", "", 46115, "03.04.2026"},
      {"date, pattern", "en_US", "DATE", "dd-mmm-yyyy", 46115, "03-Apr-2026"},
      {"time of day", "en_US", "DATE_TIME", "yyyy-mm-dd hh:mm:ss", 46115.75, "2026-04-03 18:00:00"},
      {"negative section", "en_US", "NUMBER", "0;(0)", -5, "(5)"},
      {"currency", "en_IN", "CURRENCY", "\"₹\"#,##,##0", 125000, "₹1,25,000"},
      {"scientific", "en_US", "SCIENTIFIC", "0.00E+00", 12345, "1.23E+04"},
      {"leading zeros", "en_US", "NUMBER", "000000", 11001, "011001"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    Service s;
    SeedTab made = tab("A", 7, {{""}});
    made.cells[0][0] =
        SeedCell{.value = c.number, .format_type = std::string(c.type), .format_pattern = std::string(c.pattern)};
    if (c.type.empty()) made.cells[0][0].format_type.clear();
    s.book({made}, std::string(c.locale));
    CHECK(s.shown(1, 1) == c.shown);
  }
}

}  // namespace rowlane::sheets::local
