#include "sheets/google/parse.hpp"

#include <doctest/doctest.h>

#include <cmath>

using namespace rowlane;
using namespace rowlane::sheets;
using google::ReplyParser;

namespace {

const std::string kReply = R"({
 "spreadsheetId": "x", "properties": {"title": "Book", "locale": "en_GB", "timeZone": "Asia/Kolkata", "autoRecalc": "ON_CHANGE"},
 "developerMetadata": [{"metadataId": 1001, "metadataKey": "rowlane", "metadataValue": "pass-1", "location": {"locationType": "SPREADSHEET", "spreadsheet": true}, "visibility": "PROJECT"}],
 "sheets": [
  {"properties": {"sheetId": 7, "title": "Motor \"A\" \u00e9", "index": 1, "gridProperties": {"rowCount": 1000, "columnCount": 26, "frozenRowCount": 1}},
   "data": [{"rowData": [
      {"values": [{"userEnteredValue": {"stringValue": "NAME"}, "effectiveValue": {"stringValue": "NAME"}, "userEnteredFormat": {"numberFormat": {"type": "TEXT"}}},
                  {"userEnteredValue": {"numberValue": 12345678901234567}, "effectiveValue": {"numberValue": 12345678901234567}},
                  {}, {"userEnteredFormat": {"numberFormat": {"type": "DATE", "pattern": "d"}}},
                  {"effectiveValue": {"boolValue": true}, "userEnteredValue": {"boolValue": true}}, {}, {}]},
      {}, {"values": [{}]},
      {"values": [{"userEnteredValue": {"formulaValue": "=B1*2"}, "effectiveValue": {"numberValue": 0.1}},
                  {"userEnteredValue": {"formulaValue": "=1/0"}, "effectiveValue": {"errorValue": {"type": "DIVIDE_BY_ZERO", "message": "Function DIVIDE"}}},
                  {"effectiveValue": {"stringValue": "spilled \ud83d\ude00"}},
                  {"userEnteredValue": {"numberValue": 45000}, "userEnteredFormat": {"numberFormat": {"type": "DATE"}}, "note": "skip {[\"me\"]}"}]}],
     "rowMetadata": [{"pixelSize": 21}],
     "columnMetadata": [{"pixelSize": 100}, {"hiddenByUser": true, "developerMetadata": [{"metadataId": 5, "metadataKey": "rowlane-field", "metadataValue": "name"}]}, {"hiddenByUser": false}]}],
   "merges": [{"sheetId": 7, "startRowIndex": 0, "endRowIndex": 1, "startColumnIndex": 2, "endColumnIndex": 4}, {"startColumnIndex": 5, "endColumnIndex": 6}],
   "basicFilter": {"range": {"sheetId": 7, "startRowIndex": 0, "endRowIndex": 50, "startColumnIndex": 0, "endColumnIndex": 5}, "criteria": {"1": {"hiddenValues": ["no"]}},
                   "sortSpecs": [{"dimensionIndex": 2, "sortOrder": "ASCENDING"}], "filterSpecs": [{"columnIndex": 1, "filterCriteria": {"hiddenValues": ["a\"b", "c"], "condition": {"type": "NUMBER_GREATER", "values": [{"userEnteredValue": "5"}]}, "visibleBackgroundColor": {"red": 1e-1, "x": [true, null, []]}}}]},
   "tables": [{"tableId": "t", "range": {"startRowIndex": 10, "endRowIndex": 20, "startColumnIndex": 0, "endColumnIndex": 3}, "columnProperties": [{"range": {"startRowIndex": 1}}]}],
   "protectedRanges": [{"range": {"startRowIndex": 3}}],
   "developerMetadata": [{"metadataId": 6, "metadataKey": "on-column", "metadataValue": "v", "location": {"locationType": "COLUMN", "dimensionRange": {"sheetId": 7, "dimension": "COLUMNS", "startIndex": 3, "endIndex": 4}}},
                         {"metadataId": 8, "metadataKey": "on-row", "location": {"dimensionRange": {"dimension": "ROWS", "startIndex": 3, "endIndex": 4}}}]},
  {"properties": {"title": "Other"}, "data": [{"rowData": [{"values": [{"userEnteredValue": {"stringValue": "x"}}]}]}]}]
})";

SpreadsheetSnapshot parse(std::string_view reply, std::size_t piece, std::vector<TabRef> keep = {}) {
  ReplyParser parser(ReplyParser::Shape::spreadsheet, std::move(keep));
  for (std::size_t at = 0; at < reply.size(); at += piece) parser.feed(reply.substr(at, piece));
  const Status whole = parser.finish();
  if (!whole) FAIL(whole.error().message);
  return parser.take_snapshot();
}

std::string problem(std::string_view reply) {
  ReplyParser parser(ReplyParser::Shape::spreadsheet);
  parser.feed(reply);
  const Status whole = parser.finish();
  return whole ? "" : whole.error().message;
}

double number_of(std::string_view literal) {
  const std::string reply = fmt::format(
      R"({{"sheets":[{{"data":[{{"rowData":[{{"values":[{{"userEnteredValue":{{"numberValue":{}}}}}]}}]}}]}}]}})",
      literal);
  return parse(reply, reply.size()).tabs.front().at(1, 1).number;
}

// A reply with one tab whose cell (row, column) is "row,column", wherever its grids start.
std::string cell_json(std::string_view value) {
  return fmt::format(R"({{"userEnteredValue":{{"stringValue":"{}"}}}})", value);
}

}  // namespace

TEST_CASE("a reply gives the same tables whole and byte by byte") {
  for (const std::size_t piece : {std::size_t{1}, std::size_t{2}, std::size_t{13}, kReply.size()}) {
    CAPTURE(piece);
    const SpreadsheetSnapshot book = parse(kReply, piece);
    CHECK(book.title == "Book");
    CHECK(book.locale == "en_GB");
    CHECK(book.time_zone == "Asia/Kolkata");
    REQUIRE(book.marks.size() == 1);
    CHECK(book.marks[0].metadata_id == 1001);
    CHECK(book.marks[0].value == "pass-1");
    REQUIRE(book.tabs.size() == 2);
    const SheetTable& tab = book.tabs[0];
    CHECK(tab.sheet_id == 7);
    CHECK(tab.title == "Motor \"A\" \xc3\xa9");
    CHECK(tab.index == 1);
    CHECK(tab.grid_rows == 1000);
    CHECK(tab.grid_columns == 26);
    CHECK(tab.has_data);
    CHECK(tab.row_count() == 4);
    CHECK(tab.column_count() == 5);
    CHECK(tab.at(1, 1).text() == "NAME");
    CHECK(tab.at(1, 1).format == FormatKind::text);
    CHECK(tab.at(1, 2).number == 12345678901234567.0);
    CHECK(tab.at(1, 3).is_empty());
    CHECK(tab.at(1, 4).format == FormatKind::date);
    CHECK(tab.at(1, 5).kind == CellKind::boolean);
    CHECK(tab.at(1, 5).number == 1);
    CHECK_FALSE(tab.at(1, 5).is_computed());
    CHECK(tab.at(4, 1).formula);
    CHECK(tab.at(4, 1).number == 0.1);
    CHECK(tab.formula_at(4, 1) == "=B1*2");
    CHECK(tab.at(4, 2).kind == CellKind::error);
    CHECK(tab.at(4, 2).text() == "#DIV/0!");
    CHECK(tab.at(4, 3).spilled);
    CHECK(tab.at(4, 3).text() == "spilled \xf0\x9f\x98\x80");
    CHECK(tab.at(4, 4).number == 45000);
    CHECK(tab.at(4, 4).format == FormatKind::date);
    CHECK(tab.hidden_columns == std::vector{2});
    REQUIRE(tab.column_marks.size() == 2);
    CHECK(tab.column_marks[0].column == 2);
    CHECK(tab.column_marks[0].value == "name");
    CHECK(tab.column_marks[1].column == 4);
    CHECK(tab.column_marks[1].metadata_id == 6);
    REQUIRE(tab.merges.size() == 2);
    CHECK(a1_range("t", tab.merges[0]) == "'t'!C1:D1");
    CHECK(a1_range("t", tab.merges[1]) == "'t'!F1:F1000");
    REQUIRE(tab.filter);
    CHECK(a1_range("t", *tab.filter) == "'t'!A1:E50");
    CHECK(
        tab.filter_rest ==
        R"({"sortSpecs":[{"dimensionIndex":2,"sortOrder":"ASCENDING"}],"filterSpecs":[{"columnIndex":1,"filterCriteria":{"hiddenValues":["a\"b","c"],"condition":{"type":"NUMBER_GREATER","values":[{"userEnteredValue":"5"}]},"visibleBackgroundColor":{"red":1e-1,"x":[true,null,[]]}}}]})");
    REQUIRE(tab.tables.size() == 1);
    CHECK(a1_range("t", tab.tables[0]) == "'t'!A11:C20");
    CHECK(book.tabs[1].title == "Other");
    CHECK(book.tabs[1].sheet_id == 0);
  }
}

TEST_CASE("members may come in any order") {
  const std::string first = R"("properties":{"sheetId":3,"title":"T","gridProperties":{"columnCount":2,"rowCount":9}})";
  const std::string merges = R"("merges":[{"endRowIndex":2}])";
  const std::string data = R"("data":[{"columnMetadata":[{"hiddenByUser":true}],"rowData":[{"values":[)" +
                           cell_json("a") + R"(]}],"startColumn":1,"startRow":1}])";
  for (const auto& order :
       {first + "," + merges + "," + data, data + "," + merges + "," + first, merges + "," + data + "," + first}) {
    CAPTURE(order);
    const SpreadsheetSnapshot book = parse(R"({"sheets":[{)" + order + "}]}", 5);
    const SheetTable& tab = book.tabs.front();
    CHECK(tab.sheet_id == 3);
    CHECK(tab.at(2, 2).text() == "a");
    CHECK(tab.row_count() == 2);
    CHECK(tab.hidden_columns == std::vector{2});
    CHECK(a1_range("T", tab.merges.front()) == "'T'!A1:B2");
  }
}

TEST_CASE("tabs that were not asked for lose their cells, wherever their properties stand") {
  const std::string properties = R"("properties":{"sheetId":3,"title":"T"})";
  const std::string data = R"("data":[{"rowData":[{"values":[)" + cell_json("a") + "]}]}]";
  for (const auto& order : {properties + "," + data, data + "," + properties}) {
    const std::string reply = R"({"sheets":[{)" + order + "}]}";
    CHECK(parse(reply, 3, {{.title = "T"}}).tabs.front().at(1, 1).text() == "a");
    CHECK(parse(reply, 3, {{.sheet_id = 3}}).tabs.front().has_data);
    const SpreadsheetSnapshot other = parse(reply, 3, {{.title = "U"}});
    CHECK_FALSE(other.tabs.front().has_data);
    CHECK(other.tabs.front().row_count() == 0);
    CHECK(other.tabs.front().title == "T");
    CHECK_FALSE(parse(reply, 3, {{.sheet_id = 4, .title = "T"}}).tabs.front().has_data);
  }
}

TEST_CASE("several grids of one tab are laid together") {
  const std::string reply =
      R"({"sheets":[{"data":[{"rowData":[{"values":[)" + cell_json("a1") + "," + cell_json("b1") +
      R"(]}]},{"startRow":2,"startColumn":3,"rowData":[{"values":[{"userEnteredValue":{"formulaValue":"=A1"},"effectiveValue":{"stringValue":"d3"}}]}]}]}]})";
  const SpreadsheetSnapshot book = parse(reply, 11);
  const SheetTable& tab = book.tabs.front();
  CHECK(tab.at(1, 1).text() == "a1");
  CHECK(tab.at(1, 2).text() == "b1");
  CHECK(tab.at(2, 1).is_empty());
  CHECK(tab.at(3, 4).text() == "d3");
  CHECK(tab.formula_at(3, 4) == "=A1");
}

TEST_CASE("a batch's reply gives each grid with its place") {
  const std::string reply =
      R"({"spreadsheetId":"x","replies":[{},{"addSheet":{"properties":{"title":"no"}}}],"updatedSpreadsheet":{"sheets":[{"properties":{"sheetId":4,"title":"T"},"data":[{"rowData":[{"values":[)" +
      cell_json("a") + R"(]}]},{"startRow":9,"startColumn":2,"rowData":[{"values":[)" + cell_json("b") + "]}]}]}]}}";
  ReplyParser parser(ReplyParser::Shape::batch_update);
  for (const char c : reply) CHECK(parser.feed(std::string_view(&c, 1)));
  REQUIRE(parser.finish());
  const std::vector<google::TabBlocks> tabs = parser.take_blocks();
  REQUIRE(tabs.size() == 1);
  CHECK(tabs[0].title == "T");
  REQUIRE(tabs[0].blocks.size() == 2);
  CHECK(tabs[0].blocks[1].row == 10);
  CHECK(tabs[0].blocks[1].column == 3);
  CHECK(tabs[0].blocks[1].cells.at(1, 1).text() == "b");
}

TEST_CASE("numbers are converted exactly") {
  CHECK(number_of("0.1") == 0.1);
  CHECK(number_of("1E2") == 100);
  CHECK(number_of("-0") == 0);
  CHECK(number_of("9007199254740993") == 9007199254740992.0);
  CHECK(number_of("8.41") == 8.41);
  CHECK(number_of("2.2250738585072011e-308") == 2.2250738585072011e-308);
  CHECK(number_of("1.7976931348623157e308") == 1.7976931348623157e308);
  CHECK(number_of("0.30000000000000004") == 0.30000000000000004);
  CHECK(number_of("123456789012345678901234567890") == 123456789012345678901234567890.0);
  CHECK(number_of("1e-400") == 0);
}

TEST_CASE("hostile and broken replies end in an error") {
  struct Case {
    std::string_view name;
    std::string reply;
  };
  const auto nested = [](std::string_view open, int times) {
    std::string out;
    for (int i = 0; i < times; ++i) out += open;
    return out;
  };
  const Case cases[] = {
      {"nothing", ""},
      {"HTML", "<!DOCTYPE html><html>"},
      {"cut short", kReply.substr(0, kReply.size() / 2)},
      {"cut by one byte", kReply.substr(0, kReply.find_last_of('}'))},
      {"an array", "[]"},
      {"a number", "5"},
      {"a text", "\"x\""},
      {"null", "null"},
      {"something behind", "{} {}"},
      {"something behind, later", R"({"sheets":[]}x)"},
      {"deep arrays", nested("[", 100'000)},
      {"deep objects", nested(R"({"sheets":)", 100'000)},
      {"deep in what is skipped", R"({"other":)" + nested("[", 100'000)},
      {"deep in a filter", R"({"sheets":[{"basicFilter":{"filterSpecs":)" + nested("[", 1'000)},
      {"a number no double holds",
       R"({"sheets":[{"data":[{"rowData":[{"values":[{"userEnteredValue":{"numberValue":1e400}}]}]}]}]})"},
      {"a position beyond any grid", R"({"sheets":[{"data":[{"startRow":2000000000}]}]})"},
      {"a negative position", R"({"sheets":[{"data":[{"startRow":-1}]}]})"},
      {"a broken position", R"({"sheets":[{"data":[{"startRow":1.5}]}]})"},
      {"grids far apart", R"({"sheets":[{"data":[{"startRow":9000000,"startColumn":9000000,"rowData":[]}]}]})"},
      {"bad UTF-8", "{\"properties\":{\"title\":\"\xff\"}}"},
      {"a lone surrogate", R"({"properties":{"title":"\ud800"}})"},
      {"a huge text", R"({"properties":{"title":")" + std::string(3'000'000, 'a') + "\"}}"},
      {"a huge key", "{\"" + std::string(3'000'000, 'a') + "\":1}"},
      {"a raw control byte", "{\"a\":\"\x01\"}"},
      {"a trailing comma", R"({"a":1,})"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    CHECK_FALSE(problem(c.reply).empty());
  }
  CHECK(problem("{}").empty());
  CHECK(problem(R"({"sheets":5,"properties":[{"title":"x"}],"developerMetadata":{"a":[]}})").empty());
  CHECK(problem(R"({"sheets":[5,[{}],null,{"data":{"rowData":[]},"properties":7,"merges":[[]]}]})").empty());
}

TEST_CASE("a large reply costs little more memory than its table") {
  std::string reply = R"({"sheets":[{"properties":{"sheetId":1},"data":[{"rowData":[)";
  for (int row = 0; row < 2'000; ++row) {
    reply += row == 0 ? R"({"values":[)" : R"(,{"values":[)";
    for (int column = 0; column < 30; ++column) {
      if (column > 0) reply += ',';
      reply += fmt::format(R"({{"userEnteredValue":{{"stringValue":"r{}"}},"effectiveValue":{{"stringValue":"r{}"}}}})",
                           row, row);
    }
    reply += "]}";
  }
  reply += "]}]}]}";
  const SpreadsheetSnapshot book = parse(reply, 16'384);
  CHECK(book.tabs.front().row_count() == 2'000);
  CHECK(book.tabs.front().at(2'000, 30).text() == "r1999");
  CHECK(book.tabs.front().bytes() <
        std::size_t{2'000} * 30 * (24 + 24 + 6) + 600'000);  // a vector may be twice its size
}
