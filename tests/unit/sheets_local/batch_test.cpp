#include "service_fixture.hpp"

namespace rowlane::sheets::local {

TEST_CASE("a batch is all or nothing") {
  Service s;
  s.book({tab("A", 7, {{"NAME", "PREMIUM"}, {"Asha", "100"}, {"Ravi", "200"}, {"", "=SUM(B2:B3)"}})});
  const std::int64_t version = s.service->version("book");
  const auto before = s.service->get("book");
  const Json answer = s.batch(R"([
    {"insertDimension":{"range":{"sheetId":7,"dimension":"ROWS","startIndex":1,"endIndex":3}}},
    {"updateCells":{"start":{"sheetId":7,"rowIndex":1},"rows":[{"values":[{"userEnteredValue":{"stringValue":"Mira"}}]}],"fields":"userEnteredValue"}},
    {"updateCells":{"start":{"sheetId":99,"rowIndex":1},"rows":[],"fields":"*"}}])");
  CHECK(answer["error"]["code"].as_int() == 400);
  CHECK(answer["error"]["status"].string_or() == "INVALID_ARGUMENT");
  CHECK(answer["error"]["message"].string_or() == "Invalid requests[2].updateCells: No grid with id: 99");
  CHECK(s.service->version("book") == version);
  CHECK(*s.service->get("book") == *before);
}

TEST_CASE("a batch counts the version up once and leaves text that looks like a formula alone") {
  Service s;
  s.book({tab("A", 7, {{"x"}})});
  s.batch(R"([{"updateCells":{"start":{"sheetId":7},"fields":"userEnteredValue","rows":[{"values":[
    {"userEnteredValue":{"stringValue":"=1+1"}},{"userEnteredValue":{"formulaValue":"=1+1"}},
    {"userEnteredValue":{"boolValue":true}},{"userEnteredValue":{"numberValue":0.1}}]}]}}])");
  CHECK(s.service->version("book") == 2);
  CHECK(s.shown(1, 1) == "=1+1");
  CHECK(s.formula(1, 1).empty());
  CHECK(s.shown(1, 2) == "2");
  CHECK(s.shown(1, 3) == "TRUE");
  CHECK(s.shown(1, 4) == "0.1");
}

TEST_CASE("refusals say what Google says") {
  struct Case {
    std::string_view name, request, message;
  };
  const Case cases[] = {
      {"unknown member", R"([{"updateCells":{"start":{"sheetId":7},"foo":1,"fields":"*"}}])",
       "Invalid JSON payload received. Unknown name \"foo\" at 'requests[0].update_cells': Cannot find "
       "field."},
      {"unknown request", R"([{"foo":{}}])",
       "Invalid JSON payload received. Unknown name \"foo\" at 'requests[0]': Cannot find field."},
      {"wrong type", R"([{"deleteSheet":{"sheetId":"x"}}])",
       "Invalid value at 'requests[0].delete_sheet.sheet_id' (TYPE_INT32), \"x\""},
      {"no fields", R"([{"updateCells":{"start":{"sheetId":7},"rows":[]}}])",
       "Invalid requests[0].updateCells: At least one field must be listed in 'fields'. (Use '*' to indicate "
       "all fields.)"},
      {"too many columns",
       R"([{"updateCells":{"start":{"sheetId":7,"columnIndex":7},"fields":"*","rows":[{"values":[{},{}]}]}}])",
       "Invalid requests[0].updateCells: Attempting to write column: 8, beyond the last requested column of: "
       "7"},
      {"too many rows", R"([{"updateCells":{"start":{"sheetId":7,"rowIndex":19},"fields":"*","rows":[{},{}]}}])",
       "Invalid requests[0].updateCells: Attempting to write row: 20, beyond the last requested row of: 19"},
      {"outside the grid",
       R"([{"repeatCell":{"range":{"sheetId":7,"endRowIndex":21,"endColumnIndex":1},"cell":{},"fields":"*"}}])",
       "Invalid requests[0].repeatCell: Range (A!A1:A21) exceeds grid limits. Max rows: 20, max columns: 8"},
      {"10 million cells", R"([{"appendDimension":{"sheetId":7,"dimension":"ROWS","length":2000000}}])",
       "Invalid requests[0].appendDimension: This action would increase the number of cells in the workbook "
       "above the limit of 10000000 cells."},
      {"all rows", R"([{"deleteDimension":{"range":{"sheetId":7,"dimension":"ROWS"}}}])",
       "Invalid requests[0].deleteDimension: You can't delete all the rows on the sheet."},
      {"last tab", R"([{"deleteSheet":{"sheetId":7}}])",
       "Invalid requests[0].deleteSheet: You can't remove all the sheets in a document."},
      {"title taken", R"([{"addSheet":{"properties":{"title":"a"}}}])",
       "Invalid requests[0].addSheet: A sheet with the name \"a\" already exists. Please enter another "
       "name."},
      {"none", "[]", "Must specify at least one request."},
  };
  Service s;
  s.book({tab("A", 7, {{"x"}})});
  for (const Case& c : cases) {
    CAPTURE(c.name);
    const Json answer = s.batch(std::string(c.request));
    CHECK(answer["error"]["message"].string_or() == c.message);
    CHECK(s.service->version("book") == 1);
  }
  const Json answer = s.batch(R"([{"foo":{}}])");
  const Json& details = (*answer["error"]["details"].if_array())[0];
  CHECK(details["@type"].string_or() == "type.googleapis.com/google.rpc.BadRequest");
  CHECK((*details["fieldViolations"].if_array())[0]["field"].string_or() == "requests[0]");
}

TEST_CASE("a cell holds 50,000 characters and no more") {
  Service s;
  s.book({tab("A", 7, {{"x"}})});
  const auto write = [&](std::size_t length) {
    return s.batch(
        R"([{"updateCells":{"start":{"sheetId":7},"fields":"userEnteredValue","rows":[{"values":[{"userEnteredValue":{"stringValue":")" +
        std::string(length, 'a') + R"("}}]}]}}])");
  };
  CHECK(write(50'000)["error"].is_null());
  CHECK(write(50'001)["error"]["message"].string_or() ==
        "Invalid requests[0].updateCells: Your input contains more than the maximum of 50000 characters in a "
        "single cell.");
}

TEST_CASE("formulas follow rows and columns that people insert, delete and move") {
  struct Case {
    std::string_view name, request;
    int row, column;  // where D1's formula is afterwards
    std::string_view formula;
  };
  // D1 holds =SUM(A2:A4)+B3 and E1 the same of another tab.
  const Case cases[] = {
      {"a row inside grows the range",
       R"({"insertDimension":{"range":{"sheetId":7,"dimension":"ROWS","startIndex":2,"endIndex":3}}})", 1, 4,
       "=SUM(A2:A5)+B4"},
      {"a row above moves it all",
       R"({"insertDimension":{"range":{"sheetId":7,"dimension":"ROWS","startIndex":0,"endIndex":1}}})", 2, 4,
       "=SUM(A3:A5)+B4"},
      {"a row behind changes nothing",
       R"({"insertDimension":{"range":{"sheetId":7,"dimension":"ROWS","startIndex":4,"endIndex":5},"inheritFromBefore":true}})",
       1, 4, "=SUM(A2:A4)+B3"},
      {"a deleted cell is a #REF!",
       R"({"deleteDimension":{"range":{"sheetId":7,"dimension":"ROWS","startIndex":2,"endIndex":3}}})", 1, 4,
       "=SUM(A2:A3)+#REF!"},
      {"a deleted range is a #REF!",
       R"({"deleteDimension":{"range":{"sheetId":7,"dimension":"COLUMNS","startIndex":0,"endIndex":1}}})", 1, 3,
       "=SUM(#REF!)+A3"},
      {"a column in front moves it",
       R"({"insertDimension":{"range":{"sheetId":7,"dimension":"COLUMNS","startIndex":1,"endIndex":3}}})", 1, 6,
       "=SUM(A2:A4)+D3"},
      {"a moved row takes its references along",
       R"({"moveDimension":{"source":{"sheetId":7,"dimension":"ROWS","startIndex":2,"endIndex":3},"destinationIndex":10}})",
       1, 4, "=SUM(A2:A3)+B10"},
      {"a cut cell takes its references along",
       R"({"cutPaste":{"source":{"sheetId":7,"startRowIndex":2,"endRowIndex":3,"startColumnIndex":1,"endColumnIndex":2},"destination":{"sheetId":7,"rowIndex":9,"columnIndex":5},"pasteType":"PASTE_NORMAL"}})",
       1, 4, "=SUM(A2:A4)+F10"},
      {"an inserted range moves one column alone",
       R"({"insertRange":{"range":{"sheetId":7,"startRowIndex":1,"endRowIndex":2,"startColumnIndex":1,"endColumnIndex":2},"shiftDimension":"ROWS"}})",
       1, 4, "=SUM(A2:A4)+B4"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    Service s;
    s.book({tab("A", 7, {{"h", "h", "h", "=SUM(A2:A4)+B3"}, {"1", "10"}, {"2", "20"}, {"3", "30"}}),
            tab("Bob's: life", 8, {{"=SUM(A!A2:A4)+A!B3"}})});
    CHECK(s.shown(1, 4) == "26");
    CHECK(s.shown(1, 1, "Bob's: life") == "26");
    const Json answer = s.batch("[" + std::string(c.request) + "]");
    CHECK(answer["error"].is_null());
    CHECK(s.formula(c.row, c.column) == c.formula);
  }
}

TEST_CASE("references to other tabs follow, too, and a renamed tab is named anew") {
  Service s;
  s.book({tab("A", 7, {{"1"}, {"2"}}), tab("B", 8, {{"=A!A2*2", "='A'!A1"}})});
  s.batch(R"([{"insertDimension":{"range":{"sheetId":7,"dimension":"ROWS","startIndex":0,"endIndex":2}}},
              {"updateSheetProperties":{"properties":{"sheetId":7,"title":"Bob's: life"},"fields":"title"}}])");
  CHECK(s.formula(1, 1, "B") == "='Bob''s: life'!A4*2");
  CHECK(s.shown(1, 1, "B") == "4");
  s.batch(R"([{"deleteSheet":{"sheetId":7}}])");
  CHECK(s.formula(1, 1, "B") == "=#REF!*2");
  CHECK(s.shown(1, 1, "B") == "#REF!");
}

TEST_CASE("sorting moves rows with their formulas and keeps equal rows in order") {
  Service s;
  s.book({tab(
      "A", 7,
      {{"NAME", "N", "F"}, {"b", "2", "=B2*10"}, {"a", "3", "=B3*10"}, {"c", "1", "=B4*10"}, {"d", "2", "=$B$2"}})});
  s.batch(
      R"([{"sortRange":{"range":{"sheetId":7,"startRowIndex":1},"sortSpecs":[{"dimensionIndex":1,"sortOrder":"ASCENDING"}]}}])");
  CHECK(s.service->values("book", "A") ==
        std::vector<std::vector<std::string>>{
            {"NAME", "N", "F"}, {"c", "1", "10"}, {"b", "2", "20"}, {"d", "2", "1"}, {"a", "3", "30"}});
  CHECK(s.formula(2, 3) == "=B2*10");
  CHECK(s.formula(4, 3) == "=$B$2");
}

TEST_CASE("field masks of written cells: what is named is set or cleared, the rest stays") {
  Service s;
  s.book({tab("A", 7, {{"x", "y"}})});
  const auto put = [&](std::string_view cell, std::string_view fields) {
    return s.batch(R"([{"updateCells":{"start":{"sheetId":7},"fields":")" + std::string(fields) +
                   R"(","rows":[{"values":[)" + std::string(cell) + "]}]}}]");
  };
  put(R"({"note":"n","userEnteredFormat":{"numberFormat":{"type":"DATE","pattern":"dd/mm/yyyy"},"textFormat":{"bold":true}}})",
      "note,userEnteredFormat");
  put(R"({"userEnteredValue":{"numberValue":46115}})", "userEnteredValue");
  CHECK(s.shown(1, 1) == "03/04/2026");
  CHECK(s.service->cell("book", "A", 1, 1)->note == "n");
  put(R"({"userEnteredFormat":{"numberFormat":{"type":"NUMBER","pattern":"#,##0.00"}}})",
      "userEnteredFormat.numberFormat");
  CHECK(s.shown(1, 1) == "46,115.00");
  const Json got =
      s.ask("GET",
            "/v4/spreadsheets/"
            "book?ranges=A!A1&fields=sheets.data.rowData.values.userEnteredFormat(textFormat,numberFormat.type)");
  CHECK(
      got.dump() ==
      R"({"sheets":[{"data":[{"rowData":[{"values":[{"userEnteredFormat":{"numberFormat":{"type":"NUMBER"},"textFormat":{"bold":true}}}]}]}]}]})");
  put("{}", "*");
  CHECK(s.service->cell("book", "A", 1, 1)->format_type.empty());
  CHECK(s.shown(1, 1).empty());
  CHECK(s.shown(1, 2) == "y");
}

TEST_CASE("metadata: an explicit id is taken once, columns keep theirs when they move") {
  Service s;
  s.book({tab("A", 7, {{"x"}})});
  const auto create = [&](std::string_view location) {
    return s.batch(
        R"([{"createDeveloperMetadata":{"developerMetadata":{"metadataId":5,"metadataKey":"k","metadataValue":"v","visibility":"PROJECT","location":)" +
        std::string(location) + "}}}]");
  };
  CHECK(create(R"({"dimensionRange":{"sheetId":7,"dimension":"COLUMNS","startIndex":2,"endIndex":3}})")["error"]
            .is_null());
  CHECK(create(R"({"spreadsheet":true})")["error"]["code"].as_int() == 400);
  s.batch(R"([{"insertDimension":{"range":{"sheetId":7,"dimension":"COLUMNS","startIndex":0,"endIndex":1}}}])");
  const Json found = s.ask("GET", "/v4/spreadsheets/book/developerMetadata/5");
  CHECK(found["location"]["dimensionRange"]["startIndex"].as_int() == 3);
  const Json read = s.ask(
      "POST", "/v4/spreadsheets/book:getByDataFilter?fields=sheets.data.columnMetadata.developerMetadata.metadataId",
      R"({"dataFilters":[{"gridRange":{"sheetId":7,"startColumnIndex":3,"endColumnIndex":4}}]})");
  CHECK(read.dump() == R"({"sheets":[{"data":[{"columnMetadata":[{"developerMetadata":[{"metadataId":5}]}]}]}]})");
  s.batch(R"([{"deleteDeveloperMetadata":{"dataFilter":{"developerMetadataLookup":{"metadataId":5}}}}])");
  CHECK(s.ask("GET", "/v4/spreadsheets/book/developerMetadata/5")["error"]["code"].as_int() == 404);
}

TEST_CASE("a batch answers with the sheet as it stands afterwards, and an unknown tab refuses it") {
  Service s;
  s.book({tab("P1", 7, {{"x"}}), tab("Bob's: life", 8, {{"l"}})});
  const std::string requests =
      R"("requests":[{"updateCells":{"start":{"sheetId":8},"fields":"userEnteredValue","rows":[{"values":[{"userEnteredValue":{"stringValue":"new"}}]}]}}])";
  const Json refused = s.ask("POST", "/v4/spreadsheets/book:batchUpdate",
                             "{" + requests + R"(,"includeSpreadsheetInResponse":true,"responseRanges":["Gone!A1"]})");
  CHECK(refused["error"]["message"].string_or() == "Unable to parse range: Gone!A1");
  CHECK(s.shown(1, 1, "Bob's: life") == "l");
  const Json done =
      s.ask("POST",
            "/v4/spreadsheets/"
            "book:batchUpdate?fields=updatedSpreadsheet.sheets(properties.title,data.rowData.values."
            "effectiveValue)",
            "{" + requests + R"(,"includeSpreadsheetInResponse":true,"responseRanges":["'Bob''s: life'!A1:B2"]})");
  CHECK(
      done.dump() ==
      R"({"updatedSpreadsheet":{"sheets":[{"properties":{"title":"Bob's: life"},"data":[{"rowData":[{"values":[{"effectiveValue":{"stringValue":"new"}}]}]}]}]}})");
}

TEST_CASE("merges, filter, protections and named ranges follow the rows") {
  Service s;
  s.book({tab("A", 7, {{"x", "y"}, {"1", "2"}, {"3", "4"}})});
  s.batch(
      R"([{"mergeCells":{"range":{"sheetId":7,"startRowIndex":1,"endRowIndex":3,"startColumnIndex":0,"endColumnIndex":1},"mergeType":"MERGE_ALL"}},
              {"setBasicFilter":{"filter":{"range":{"sheetId":7,"startRowIndex":0,"endRowIndex":3,"startColumnIndex":0,"endColumnIndex":2},"criteria":{"0":{"hiddenValues":["z"]}}}}},
              {"addProtectedRange":{"protectedRange":{"range":{"sheetId":7,"startColumnIndex":1,"endColumnIndex":2},"warningOnly":true}}},
              {"addNamedRange":{"namedRange":{"name":"totals","range":{"sheetId":7,"startRowIndex":2,"endRowIndex":3,"startColumnIndex":0,"endColumnIndex":2}}}},
              {"insertDimension":{"range":{"sheetId":7,"dimension":"ROWS","startIndex":2,"endIndex":4}}}])");
  const Json got = s.ask("GET",
                         "/v4/spreadsheets/"
                         "book?fields=namedRanges.range,sheets(merges,basicFilter,protectedRanges(range,warningOnly))");
  CHECK(got["namedRanges"].dump() ==
        R"([{"range":{"sheetId":7,"startRowIndex":4,"endRowIndex":5,"startColumnIndex":0,"endColumnIndex":2}}])");
  const Json& sheet = (*got["sheets"].if_array())[0];
  CHECK(sheet["merges"].dump() ==
        R"([{"sheetId":7,"startRowIndex":1,"endRowIndex":5,"startColumnIndex":0,"endColumnIndex":1}])");
  CHECK(sheet["basicFilter"]["range"]["endRowIndex"].as_int() == 5);
  CHECK(sheet["basicFilter"]["criteria"]["0"]["hiddenValues"].dump() == R"(["z"])");
  CHECK(sheet["protectedRanges"].dump() ==
        R"([{"range":{"sheetId":7,"startColumnIndex":1,"endColumnIndex":2},"warningOnly":true}])");
}

}  // namespace rowlane::sheets::local
