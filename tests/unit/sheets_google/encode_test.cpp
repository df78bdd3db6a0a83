#include "sheets/google/encode.hpp"

#include <doctest/doctest.h>

#include <limits>

#include "base/json.hpp"

using namespace rowlane;
using namespace rowlane::sheets;

namespace {
const std::pair<FormatKind, std::string> kDate{FormatKind::date, "dd/mm/yyyy"};
const CellWrite kBlank{};
CellWrite text(std::string value) { return {.value = std::move(value)}; }
CellWrite number(double value) { return {.value = value}; }
CellWrite day(double value) { return {.value = value, .format = kDate}; }

std::string requests_of(const Op& op) {
  const std::string body = google::encode_batch({op}, {}).value().body;
  return body.substr(13, body.size() - 15);  // within {"requests":[ ]}
}
}  // namespace

TEST_CASE("each op becomes its request") {
  struct Case {
    std::string_view name;
    Op op;
    std::string_view json;
  };
  const Case cases[] = {
      {"new tab", op::AddTab{7, "a \"b\"", 100, 5},
       R"({"addSheet":{"properties":{"sheetId":7,"title":"a \"b\"","gridProperties":{"rowCount":100,"columnCount":5}}}})"},
      {"rows in", op::InsertRows{7, 5, 2},
       R"({"insertDimension":{"range":{"sheetId":7,"dimension":"ROWS","startIndex":4,"endIndex":6},"inheritFromBefore":true}})"},
      {"rows in at the top inherit nothing", op::InsertRows{7, 1, 1},
       R"({"insertDimension":{"range":{"sheetId":7,"dimension":"ROWS","startIndex":0,"endIndex":1},"inheritFromBefore":false}})"},
      {"rows out", op::DeleteRows{7, 3, 1},
       R"({"deleteDimension":{"range":{"sheetId":7,"dimension":"ROWS","startIndex":2,"endIndex":3}}})"},
      {"rows at the end", op::GrowGrid{7, 10, 0},
       R"({"appendDimension":{"sheetId":7,"dimension":"ROWS","length":10}})"},
      {"rows in below a header take after what is below", op::InsertRows{7, 2, 1, false},
       R"({"insertDimension":{"range":{"sheetId":7,"dimension":"ROWS","startIndex":1,"endIndex":2},"inheritFromBefore":false}})"},
      {"a formula is put back", op::UpdateCells{7, 2, 1, {{.value = FormulaText{"=D2*2"}}}},
       R"({"updateCells":{"start":{"sheetId":7,"rowIndex":1,"columnIndex":0},"fields":"userEnteredValue","rows":[{"values":[{"userEnteredValue":{"formulaValue":"=D2*2"}}]}]}})"},
      {"a format is cleared",
       op::UpdateCells{7, 2, 1, {{.value = {}, .format = std::pair(FormatKind::none, std::string())}}},
       R"({"updateCells":{"start":{"sheetId":7,"rowIndex":1,"columnIndex":0},"fields":"userEnteredValue,userEnteredFormat.numberFormat","rows":[{"values":[{}]}]}})"},
      {"text stays text", op::UpdateCells{7, 2, 1, {text("=1+1")}},
       R"({"updateCells":{"start":{"sheetId":7,"rowIndex":1,"columnIndex":0},"fields":"userEnteredValue","rows":[{"values":[{"userEnteredValue":{"stringValue":"=1+1"}}]}]}})"},
      {"number, truth, blank, empty text", op::UpdateCells{7, 1, 2, {number(0.1), {.value = true}, kBlank, text("")}},
       R"({"updateCells":{"start":{"sheetId":7,"rowIndex":0,"columnIndex":1},"fields":"userEnteredValue","rows":[{"values":[{"userEnteredValue":{"numberValue":0.1}},{"userEnteredValue":{"boolValue":true}},{},{}]}]}})"},
      {"a formatted cell has a mask of its own", op::UpdateCells{7, 1, 1, {text("a"), day(45000)}},
       R"({"updateCells":{"start":{"sheetId":7,"rowIndex":0,"columnIndex":0},"fields":"userEnteredValue","rows":[{"values":[{"userEnteredValue":{"stringValue":"a"}}]}]}},)"
       R"({"updateCells":{"start":{"sheetId":7,"rowIndex":0,"columnIndex":1},"fields":"userEnteredValue,userEnteredFormat.numberFormat","rows":[{"values":[{"userEnteredValue":{"numberValue":45000},"userEnteredFormat":{"numberFormat":{"type":"DATE","pattern":"dd/mm/yyyy"}}}]}]}})"},
      {"column mark", op::MarkColumn{7, 2, 55, "k", "v"},
       R"({"createDeveloperMetadata":{"developerMetadata":{"metadataId":55,"metadataKey":"k","metadataValue":"v","visibility":"PROJECT","location":{"dimensionRange":{"sheetId":7,"dimension":"COLUMNS","startIndex":1,"endIndex":2}}}}})"},
      {"token", op::MarkSpreadsheet{55, "k", "v"},
       R"({"createDeveloperMetadata":{"developerMetadata":{"metadataId":55,"metadataKey":"k","metadataValue":"v","visibility":"PROJECT","location":{"spreadsheet":true}}}})"},
      {"token away", op::DeleteMark{55},
       R"({"deleteDeveloperMetadata":{"dataFilter":{"developerMetadataLookup":{"metadataId":55}}}})"},
      {"hide", op::HideColumn{7, 4},
       R"({"updateDimensionProperties":{"range":{"sheetId":7,"dimension":"COLUMNS","startIndex":3,"endIndex":4},"properties":{"hiddenByUser":true},"fields":"hiddenByUser"}})"},
      {"protect", op::ProtectColumn{7, 4, "Rowlane"},
       R"({"addProtectedRange":{"protectedRange":{"range":{"sheetId":7,"startColumnIndex":3,"endColumnIndex":4},"warningOnly":true,"description":"Rowlane"}}})"},
      {"filter with what was read", op::SetFilter{7, {1, 1, 10, 5}, R"({"filterSpecs":[{"columnIndex":1}]})"},
       R"({"setBasicFilter":{"filter":{"range":{"sheetId":7,"startRowIndex":0,"endRowIndex":10,"startColumnIndex":0,"endColumnIndex":5},"filterSpecs":[{"columnIndex":1}]}}})"},
      {"filter without criteria", op::SetFilter{7, {1, 1, 10, 5}, ""},
       R"({"setBasicFilter":{"filter":{"range":{"sheetId":7,"startRowIndex":0,"endRowIndex":10,"startColumnIndex":0,"endColumnIndex":5}}}})"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    CHECK(requests_of(c.op) == c.json);
    const double estimate = static_cast<double>(google::estimate_op_bytes(c.op));
    CHECK(estimate >= static_cast<double>(c.json.size()) * 0.9);
    CHECK(estimate <= static_cast<double>(c.json.size()) * 1.5 + 60);
  }
}

TEST_CASE("requests are traced to their op") {
  const std::vector<Op> ops = {op::GrowGrid{1, 5, 5}, op::UpdateCells{1, 1, 1, {text("a"), day(1), text("b")}},
                               op::GrowGrid{1, 0, 0}, op::DeleteMark{9}};
  const auto batch = google::encode_batch(ops, {}).value();
  CHECK(batch.op_of_request == std::vector{0, 0, 1, 1, 1, 3});
}

TEST_CASE("rows that follow each other are joined, and keep their order with all else") {
  const auto cell = [](int row, int column, std::string value) {
    return op::UpdateCells{7, row, column, {text(std::move(value))}};
  };
  const std::vector<Op> ops = {
      op::UpdateCells{7, 2, 1, {text("a2"), day(2)}},
      cell(2, 5, "e2"),
      op::UpdateCells{7, 3, 1, {text("a3"), day(3)}},
      cell(3, 5, "e3"),
      cell(5, 5, "e5"),  // row 4 is between
      cell(6, 6, "f6"),  // another column
      cell(3, 5, "e3 again"),
      op::DeleteRows{7, 9, 1},
      cell(4, 5, "e4"),
  };
  const auto joined = google::encode_batch(ops, {}).value();
  constexpr int kSeveral = google::kSeveralOps;
  CHECK(joined.op_of_request == std::vector{kSeveral, kSeveral, kSeveral, 4, 5, 6, 7, 8});
  const Json body = parse_json(joined.body).value();
  const Json::Array& requests = *body["requests"].if_array();
  CHECK(
      requests[2]["updateCells"].dump() ==
      R"({"start":{"sheetId":7,"rowIndex":1,"columnIndex":4},"fields":"userEnteredValue","rows":[{"values":[{"userEnteredValue":{"stringValue":"e2"}}]},{"values":[{"userEnteredValue":{"stringValue":"e3"}}]}]})");
  CHECK(google::encode_batch(ops, {}, google::Rows::apart).value().op_of_request ==
        std::vector{0, 0, 1, 2, 2, 3, 4, 5, 6, 7, 8});
}

TEST_CASE("a further row costs its cells") {
  std::vector<Op> ops;
  std::size_t estimate = 0;
  for (int row = 2; row < 500; ++row) {
    ops.push_back(op::UpdateCells{7, row, 1, {text("Asha Patel"), number(1250.5), day(46115)}});
    estimate += google::estimate_op_bytes(ops.back(), row > 2);
  }
  const double made = static_cast<double>(google::encode_batch(ops, {}).value().body.size());
  CHECK(static_cast<double>(estimate) >= made * 0.9);
  CHECK(static_cast<double>(estimate) <= made * 1.3);
}

TEST_CASE("ranges to read back are quoted and asked for") {
  const auto batch = google::encode_batch({}, {{"Bob's", {1, 1, 5, 3}}, {"x", {2, 27, 2, 28}}}).value();
  CHECK(
      batch.body ==
      R"({"requests":[],"includeSpreadsheetInResponse":true,"responseIncludeGridData":true,"responseRanges":["'Bob''s'!A1:C5","'x'!AA2:AB2"]})");
}

TEST_CASE("what JSON cannot carry is refused with the op") {
  const double infinity = std::numeric_limits<double>::infinity();
  const auto bad_number = google::encode_batch({op::DeleteMark{1}, op::UpdateCells{1, 1, 1, {number(infinity)}}}, {});
  CHECK(bad_number.error().request_index == 1);
}
