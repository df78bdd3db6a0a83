#include "sheets/google/google_sheets.hpp"

#include <doctest/doctest.h>

#include "base/json.hpp"
#include "support/manual_executor.hpp"
#include "support/rsa_key.hpp"
#include "support/scripted_http.hpp"

using namespace rowlane;
using namespace rowlane::sheets;
using namespace rowlane::sheets::google;
using namespace rowlane::testing;

namespace {

constexpr std::string_view kEmail = "sync@project.iam.gserviceaccount.com";

Task<Status> count_send(int& sends) {
  ++sends;
  co_return Status{};
}
Task<Status> refuse_send() { co_return fail(Errc::lease_lost, "another pass"); }

// A client whose calls meet the answers of the test; token calls are answered by themselves.
struct Fixture {
  explicit Fixture(GoogleOptions google = {}) : options(std::move(google)) {}
  GoogleOptions options;
  ManualExecutor executor;
  FixedClock clock;
  std::function<Result<net::HttpAnswer>(const ScriptedHttp::Sent&)> answer;
  int tokens = 0;
  ScriptedHttp http{[this](const ScriptedHttp::Sent& sent) -> Result<net::HttpAnswer> {
    if (sent.url.ends_with("/token"))
      return net::HttpAnswer{.status = 200,
                             .body = fmt::format(R"({{"access_token":"t{}","expires_in":3600}})", ++tokens)};
    return answer(sent);
  }};
  GoogleSheets sheets{http, clock, options,
                      Credentials{.client_email = std::string(kEmail),
                                  .private_key = test_key().private_pem,
                                  .token_uri = "https://oauth2.example/token"}};

  void answers(int status, std::string body, std::vector<std::pair<std::string, std::string>> headers = {}) {
    answer = [=](const ScriptedHttp::Sent&) -> Result<net::HttpAnswer> {
      return net::HttpAnswer{.status = status, .headers = headers, .body = body};
    };
  }
  Result<SpreadsheetSnapshot> read(std::vector<TabRef> tabs) {
    return executor.finish(sheets.read({.spreadsheet_id = "book 1", .tabs = std::move(tabs)}));
  }
  Result<WriteAnswer> write(std::vector<Op> ops, std::vector<ReadBack> read_back = {}) {
    return executor.finish(
        sheets.write({.spreadsheet_id = "book", .ops = std::move(ops), .read_back = std::move(read_back)}));
  }
};

const std::string kOneTab =
    R"({"properties":{"title":"B"},"sheets":[{"properties":{"sheetId":7,"title":"T"},"data":[{"rowData":[{"values":[{"userEnteredValue":{"numberValue":5}}]}]}]}]})";

}  // namespace

TEST_CASE("tabs known by id are read by filter, others with the whole spreadsheet") {
  Fixture f;
  f.answers(200, kOneTab);
  const auto by_id = f.read({{.sheet_id = 7, .title = "old title"}});
  REQUIRE(by_id);
  CHECK(by_id->tabs.front().at(1, 1).number == 5);
  CHECK(f.http.sent.back().method == "POST");
  CHECK(f.http.sent.back().url.starts_with("https://sheets.googleapis.com/v4/spreadsheets/book%201:getByDataFilter?"));
  CHECK(f.http.sent.back().body == R"({"dataFilters":[{"gridRange":{"sheetId":7}}]})");

  const auto by_title = f.read({{.sheet_id = 7, .title = "T"}, {.title = "missing"}});
  REQUIRE(by_title);
  CHECK(by_title->tabs.size() == 1);
  CHECK(f.http.sent.back().method == "GET");
  CHECK(f.read({{.sheet_id = 8, .title = "gone"}}).error().code == Errc::sheet_missing);
  CHECK(f.read({{.sheet_id = 8, .title = "gone"}, {.title = "T"}}).error().code == Errc::sheet_missing);
}

TEST_CASE("ranges come back in the order asked for, whatever the reply's order") {
  Fixture f;
  f.answers(
      200,
      R"({"updatedSpreadsheet":{"sheets":[{"properties":{"sheetId":1,"title":"A"},"data":[{"rowData":[{"values":[{"userEnteredValue":{"stringValue":"a1"}}]}]},{"startRow":4,"startColumn":1,"rowData":[{"values":[{"userEnteredValue":{"stringValue":"b5"}}]}]}]},{"properties":{"sheetId":2,"title":"B"},"data":[{}]}]}})");
  const auto written = f.write({op::DeleteMark{1}}, {{"B", {1, 1, 1, 1}}, {"A", {5, 2, 6, 3}}, {"A", {1, 1, 1, 1}}});
  REQUIRE(written);
  REQUIRE(written->read_back.size() == 3);
  CHECK(written->read_back[0].cells.at(1, 1).is_empty());
  CHECK(written->read_back[1].cells.at(1, 1).text() == "b5");
  CHECK(written->read_back[2].cells.at(1, 1).text() == "a1");
  CHECK(f.write({op::DeleteMark{1}}, {{"C", {1, 1, 1, 1}}}).error().code == Errc::unknown_outcome);
}

TEST_CASE("permission is asked right before each send, and a refusal sends nothing") {
  Fixture f;
  int sends = 0, calls = 0;
  f.answer = [&](const ScriptedHttp::Sent& sent) -> Result<net::HttpAnswer> {
    ++calls;
    CHECK(sends == calls);
    if (calls == 1) return net::HttpAnswer{.status = 401, .body = "{}"};
    CHECK(sent.header("Authorization") == "Bearer t2");
    return net::HttpAnswer{.status = 200, .body = kOneTab};
  };
  ReadRequest request{.spreadsheet_id = "b", .tabs = {{.sheet_id = 7}}};
  request.may_send = [&sends] { return count_send(sends); };
  CHECK(f.executor.finish(f.sheets.read(std::move(request))));
  CHECK(sends == 2);
  CHECK(f.tokens == 2);

  WriteRequest refused{.spreadsheet_id = "b", .ops = {op::DeleteMark{1}}};
  refused.may_send = [] { return refuse_send(); };
  CHECK(f.executor.finish(f.sheets.write(std::move(refused))).error().code == Errc::lease_lost);
  CHECK(calls == 2);
}

TEST_CASE("answers other than 200 become the errors that a pass acts on") {
  struct Case {
    std::string_view name;
    int status;
    std::string body;
    Errc read, write;
    std::string_view says;
  };
  const auto rpc = [](int code, std::string_view message, std::string_view status) {
    return fmt::format(R"({{"error":{{"code":{},"message":"{}","status":"{}"}}}})", code, message, status);
  };
  const Case cases[] = {
      {"bad request", 400, rpc(400, "Invalid requests[2].updateCells: too long", "INVALID_ARGUMENT"),
       Errc::invalid_input, Errc::invalid_input, "too long"},
      {"tab gone", 400, rpc(400, "Invalid requests[0].updateCells: No grid with id: 5", "INVALID_ARGUMENT"),
       Errc::sheet_missing, Errc::sheet_missing, "No grid"},
      {"second 401", 401, rpc(401, "Request had invalid credentials", "UNAUTHENTICATED"), Errc::credentials,
       Errc::credentials, "fresh token"},
      {"not shared", 403, rpc(403, "The caller does not have permission", "PERMISSION_DENIED"), Errc::not_shared,
       Errc::not_shared, kEmail},
      {"not there", 404, rpc(404, "Requested entity was not found.", "NOT_FOUND"), Errc::not_shared, Errc::not_shared,
       kEmail},
      {"captive portal", 403, "<html>log in</html>", Errc::unavailable, Errc::unknown_outcome, "403"},
      {"somebody's 404", 404, "not here", Errc::unavailable, Errc::unknown_outcome, "404"},
      {"an Excel file opened in Sheets", 400,
       rpc(400, "This operation is not supported for this document", "FAILED_PRECONDITION"), Errc::not_shared,
       Errc::not_shared, "save it as a Google Sheet"},
      {"quota of Drive", 403,
       R"({"error":{"errors":[{"domain":"usageLimits","reason":"userRateLimitExceeded"}],"code":403,"message":"Limit"}})",
       Errc::quota_exceeded, Errc::quota_exceeded, "quota"},
      {"quota", 429, rpc(429, "Quota exceeded", "RESOURCE_EXHAUSTED"), Errc::quota_exceeded, Errc::quota_exceeded,
       "quota"},
      {"switched off", 403,
       R"({"error":{"code":403,"message":"API not used","status":"PERMISSION_DENIED","details":[{"@type":"x","reason":"SERVICE_DISABLED"}]}})",
       Errc::credentials, Errc::credentials, "switched off"},
      {"too large", 413, "<html>", Errc::too_large, Errc::too_large, "too large"},
      {"internal", 500, rpc(500, "Internal error", "INTERNAL"), Errc::unavailable, Errc::unknown_outcome, "500"},
      {"unavailable", 503, "<html>upstream</html>", Errc::unavailable, Errc::unknown_outcome, "503"},
      {"redirect", 302, "", Errc::unavailable, Errc::unknown_outcome, "302"},
      {"HTML with 200", 200, "<html>", Errc::unavailable, Errc::unknown_outcome, "cannot be read"},
      {"empty with 200", 200, "", Errc::unavailable, Errc::unknown_outcome, "cut short"},
      {"cut JSON with 200", 200, "{\"sheets\":[", Errc::unavailable, Errc::unknown_outcome, "cut short"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    Fixture f;
    f.answers(c.status, c.body, {{"retry-after", "17"}});
    const Error read = f.read({{.sheet_id = 7}}).error();
    CHECK(read.code == c.read);
    CHECK(read.message.contains(c.says));
    // GrowGrid makes two requests, so request 2 is of the second op.
    const Error write = f.write({op::GrowGrid{1, 1, 1}, op::DeleteMark{1}, op::DeleteMark{2}}).error();
    CHECK(write.code == c.write);
    if (c.status == 429) CHECK(write.retry_after == Millis{17'000});
    if (c.name == "bad request") CHECK(write.request_index == 1);
  }
}

TEST_CASE("how long to wait is what Google says, in seconds or as a date, else the quota's window") {
  struct Case {
    std::string_view retry_after;
    Millis wait;
  };
  // The clock stands at Fri, 15 Jan 2027 08:00:00 GMT.
  const Case cases[] = {{"17", Millis{17'000}},
                        {"99999", Millis{3'600'000}},
                        {"Fri, 15 Jan 2027 08:00:30 GMT", Millis{30'000}},
                        {"Friday, 15-Jan-27 08:00:30 GMT", Millis{30'000}},
                        {"Fri Jan 15 08:00:30 2027", Millis{30'000}},
                        {"", Millis{5'000}},
                        {"0", Millis{5'000}},
                        {"-3", Millis{5'000}},
                        {"soon", Millis{5'000}},
                        {"Fri, 15 Jan 2027 07:00:00 GMT", Millis{5'000}}};
  for (const Case& c : cases) {
    CAPTURE(c.retry_after);
    Fixture f({.quota_window = Millis{5'000}});
    f.answers(429, "{}", {{"retry-after", std::string(c.retry_after)}});
    CHECK(f.read({{.sheet_id = 7}}).error().retry_after == c.wait);
    f.answers(503, "{}", {{"retry-after", std::string(c.retry_after)}});
    const bool is_said = c.wait != Millis{5'000};
    CHECK(f.read({{.sheet_id = 7}}).error().retry_after == (is_said ? std::optional(c.wait) : std::nullopt));
  }
}

TEST_CASE("a transport's failure is unknown only where something may have been written") {
  Fixture f;
  for (const Errc code : {Errc::unavailable, Errc::unknown_outcome}) {
    f.answer = [code](const ScriptedHttp::Sent&) -> Result<net::HttpAnswer> { return fail(code, "broken"); };
    CHECK(f.read({{.sheet_id = 7}}).error().code == Errc::unavailable);
    CHECK(f.write({op::DeleteMark{1}}).error().code == code);
  }
}

TEST_CASE("Drive gives the version") {
  Fixture f;
  f.answers(200, R"({"version":"123"})");
  CHECK(f.executor.finish(f.sheets.version("a/b")).value() == "123");
  CHECK(f.http.sent.back().url ==
        "https://www.googleapis.com/drive/v3/files/a%2Fb?supportsAllDrives=true&fields=version");
  f.answers(200, "{}");
  CHECK(f.executor.finish(f.sheets.version("b")).error().code == Errc::unavailable);
}
