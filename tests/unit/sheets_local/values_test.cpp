#include "service_fixture.hpp"

namespace rowlane::sheets::local {

TEST_CASE("what people type is read by the locale's rules; RAW is not read at all") {
  struct Case {
    std::string_view locale, typed;
    double number;
    std::string_view type;
  };
  const Case numbers[] = {
      {"en_US", "1250.50", 1250.5, ""},
      {"en_US", "1,250.50", 1250.5, "NUMBER"},
      {"en_IN", "1,25,000.50", 125000.5, "NUMBER"},
      {"de_DE", "1.250,50", 1250.5, "NUMBER"},
      {"en_US", "4/3/2026", 46115, "DATE"},
      {"en_GB", "03/04/2026", 46115, "DATE"},
      {"en_IN", "3-4-2026", 46115, "DATE"},
      {"de_DE", "03.04.2026", 46115, "DATE"},
      {"en_US", "2026-04-03", 46115, "DATE"},
      {"en_US", "3 Apr 2026", 46115, "DATE"},
      {"en_US", "Apr 3, 2026", 46115, "DATE"},
      {"en_US", "12.5%", 0.125, "PERCENT"},
      {"en_US", "$1,250", 1250, "CURRENCY"},
      {"en_IN", "₹1,25,000", 125000, "CURRENCY"},
      {"en_GB", "£5.50", 5.5, "CURRENCY"},
      {"de_DE", "5,50 €", 5.5, "CURRENCY"},
      {"en_US", "12:00", 0.5, "TIME"},
      {"en_US", "6:00 PM", 0.75, "TIME"},
      {"en_US", "00123", 123, ""},
      {"en_US", "-5", -5, ""},
      {"en_US", "1e3", 1000, ""},
  };
  for (const Case& c : numbers) {
    CAPTURE(c.typed);
    Service s;
    s.book({tab("A", 7, {{"x"}})}, std::string(c.locale));
    s.ask("PUT", "/v4/spreadsheets/book/values/A!A1?valueInputOption=USER_ENTERED",
          Json::object({{"values", list_of("[[" + Json(c.typed).dump() + "]]")}}).dump());
    const auto cell = s.service->cell("book", "A", 1, 1);
    REQUIRE(std::holds_alternative<double>(cell->entered));
    CHECK(std::get<double>(cell->entered) == doctest::Approx(c.number).epsilon(1e-12));
    CHECK(cell->format_type == c.type);
    s.ask("PUT", "/v4/spreadsheets/book/values/A!B1?valueInputOption=RAW",
          Json::object({{"values", list_of("[[" + Json(c.typed).dump() + "]]")}}).dump());
    CHECK(std::get<std::string>(s.service->cell("book", "A", 1, 2)->entered) == c.typed);
  }
  for (const std::string_view text :
       {"31/02/2026", "pending", "1,25", "Rs 1,25,000.50", "N/A", "+91 98", "12:99", "1.2.3"}) {
    CAPTURE(text);
    Service s;
    s.book({tab("A", 7, {{"x"}})}, "en_GB");
    s.ask("PUT", "/v4/spreadsheets/book/values/A!A1?valueInputOption=USER_ENTERED",
          Json::object({{"values", list_of("[[" + Json(text).dump() + "]]")}}).dump());
    CHECK(std::get<std::string>(s.service->cell("book", "A", 1, 1)->entered) == text);
  }
}

TEST_CASE("clear goes over gaps in a row") {
  Service s;
  s.book({tab("A", 7, {{"x", "", "", "y"}, {"", "", "z"}})});
  CHECK(s.ask("POST", "/v4/spreadsheets/book/values/A!B1:D2:clear")["clearedRange"].string_or() == "A!B1:D2");
  CHECK(s.ask("GET", "/v4/spreadsheets/book/values/A!A1:D2")["values"].dump() == R"([["x"]])");
}

TEST_CASE("an apostrophe makes text, an equals sign a formula, TRUE a truth") {
  Service s;
  s.book({tab("A", 7, {{"x"}})});
  s.ask("PUT", "/v4/spreadsheets/book/values/A!A1:D1?valueInputOption=USER_ENTERED",
        R"({"values":[["'=1+1","=1+1","true",null]]})");
  CHECK(s.shown(1, 1) == "=1+1");
  CHECK(s.formula(1, 1).empty());
  CHECK(s.shown(1, 2) == "2");
  CHECK(s.shown(1, 3) == "TRUE");
}

TEST_CASE("values are read shown, raw or as formulas, by rows or columns, without trailing blanks") {
  Service s;
  SeedTab made = tab("A", 7, {{"a", "1.5", "=B1*2"}, {}, {"b", "", ""}});
  made.cells[2].push_back(SeedCell{.value = 46115.0, .format_type = "DATE", .format_pattern = "yyyy-mm-dd"});
  s.book({made});
  CHECK(s.ask("GET", "/v4/spreadsheets/book/values/A!A1:H4").dump() ==
        R"({"range":"A!A1:H4","majorDimension":"ROWS","values":[["a","1.5","3"],[],["b","","","2026-04-03"]]})");
  CHECK(s.ask("GET", "/v4/spreadsheets/book/values/A?valueRenderOption=UNFORMATTED_VALUE")["values"].dump() ==
        R"([["a",1.5,3],[],["b","","",46115]])");
  CHECK(s.ask("GET",
              "/v4/spreadsheets/book/values/"
              "A?valueRenderOption=UNFORMATTED_VALUE&dateTimeRenderOption=FORMATTED_STRING")["values"]
            .dump() == R"([["a",1.5,3],[],["b","","","2026-04-03"]])");
  CHECK(s.ask("GET", "/v4/spreadsheets/book/values/A?valueRenderOption=FORMULA")["values"].dump() ==
        R"([["a",1.5,"=B1*2"],[],["b","","",46115]])");
  CHECK(s.ask("GET", "/v4/spreadsheets/book/values/A!A1:B3?majorDimension=COLUMNS")["values"].dump() ==
        R"([["a","","b"],["1.5"]])");
  CHECK(s.ask("GET", "/v4/spreadsheets/book/values:batchGet?ranges=A!A1&ranges=A!F1")["valueRanges"].dump() ==
        R"([{"range":"A!A1","majorDimension":"ROWS","values":[["a"]]},{"range":"A!F1","majorDimension":"ROWS"}])");
  CHECK(s.ask("GET", "/v4/spreadsheets/book/values/Gone!A1")["error"]["message"].string_or() ==
        "Unable to parse range: Gone!A1");
}

TEST_CASE("append goes below the table, update stays within its range, clear keeps formats") {
  Service s;
  s.book({tab("A", 7, {{}, {"", "NAME", "N"}, {"", "a", "1"}, {}, {}}, 6, 4)});
  const Json appended =
      s.ask("POST", "/v4/spreadsheets/book/values/A!B2:append?valueInputOption=RAW&insertDataOption=OVERWRITE",
            R"({"values":[["b",2],["c",3]]})");
  CHECK(
      appended.dump() ==
      R"({"spreadsheetId":"book","tableRange":"A!B2:C3","updates":{"spreadsheetId":"book","updatedRange":"A!B4:C5","updatedRows":2,"updatedColumns":2,"updatedCells":4}})");
  CHECK(s.ask("PUT", "/v4/spreadsheets/book/values/A!A1:B1?valueInputOption=RAW",
              R"({"values":[[1,2,3]]})")["error"]["message"]
            .string_or() == "Requested writing within range [A!A1:B1], but tried writing to column [C]");
  CHECK(s.ask("PUT", "/v4/spreadsheets/book/values/A!A1?valueInputOption=RAW",
              R"({"values":[[1,2,3,4,5]]})")["error"]["code"]
            .as_int() == 400);
  CHECK(s.ask("PUT", "/v4/spreadsheets/book/values/A!A1", R"({"values":[[1]]})")["error"]["message"].string_or() ==
        "'valueInputOption' is required but not specified");
  CHECK(s.ask("POST", "/v4/spreadsheets/book/values/A!B4:C9:clear")["clearedRange"].string_or() == "A!B4:C6");
  CHECK(s.ask("GET", "/v4/spreadsheets/book/values/A")["values"].dump() == R"([[],["","NAME","N"],["","a","1"]])");
  const Json batch = s.ask(
      "POST", "/v4/spreadsheets/book/values:batchUpdate",
      R"({"valueInputOption":"RAW","data":[{"range":"A!A1","values":[["x"]]},{"range":"A!B5:B6","majorDimension":"COLUMNS","values":[["y","z"]]}]})");
  CHECK(batch["totalUpdatedCells"].as_int() == 3);
  CHECK(s.shown(6, 2) == "z");
}

}  // namespace rowlane::sheets::local
