// The client against the local service: what it writes it reads, and every fault becomes the right error.
#include <doctest/doctest.h>

#include "base/random.hpp"
#include "sheets/google/google_sheets.hpp"
#include "sheets/local/local_sheets.hpp"
#include "sheets/local/local_transport.hpp"
#include "support/manual_executor.hpp"
#include "support/rsa_key.hpp"
#include "support/scripted_http.hpp"

using namespace rowlane;
using namespace rowlane::sheets;
using namespace rowlane::testing;
using local::CallKind;
using local::Fault;

namespace {

constexpr std::string_view kEmail = "sync@project.iam.gserviceaccount.com";
constexpr std::int64_t kTab = 7;

struct Fixture {
  ManualExecutor executor;
  FixedClock clock;
  SeededRandom random{1};
  std::unique_ptr<local::LocalSheets> service;
  std::optional<local::LocalTransport> transport;
  std::optional<google::GoogleSheets> sheets;

  explicit Fixture(bool with_token = true, bool shared = true) {
    const std::string address(local::LocalTransport::kAddress);
    local::Options options{.require_token = with_token, .issuers = {{std::string(kEmail), test_key().public_pem}}};
    service = local::LocalSheets::open(std::move(options), clock, random).value();
    local::SeedBook book{.id = "book", .title = "Book"};
    book.tabs.push_back({.title = "Motor",
                         .sheet_id = kTab,
                         .rows = 50,
                         .columns = 10,
                         .cells = {{{.value = "NAME"}, {.value = "AMOUNT"}},
                                   {{.value = "Asha"}, {.value = 12.5}},
                                   {{.value = "Ravi"}, {.formula = "=B2*2"}}}});
    book.tabs.push_back({.title = "Bob's", .sheet_id = 8});
    if (shared) book.shared_with = {std::string(kEmail)};
    CHECK(service->create(book));
    transport.emplace(*service, !with_token);
    std::optional<google::Credentials> credentials;
    if (with_token)
      credentials = google::Credentials{
          .client_email = std::string(kEmail), .private_key = test_key().private_pem, .token_uri = address + "/token"};
    sheets.emplace(*transport, clock, google::GoogleOptions{.sheets_url = address, .drive_url = address + "/drive/v3"},
                   std::move(credentials));
  }

  Result<SpreadsheetSnapshot> read(std::vector<TabRef> tabs = {{.sheet_id = kTab, .title = "Motor"}}) {
    return executor.finish(sheets->read({.spreadsheet_id = "book", .tabs = std::move(tabs)}));
  }
  Result<WriteAnswer> write(std::vector<Op> ops, std::vector<ReadBack> read_back = {}) {
    return executor.finish(
        sheets->write({.spreadsheet_id = "book", .ops = std::move(ops), .read_back = std::move(read_back)}));
  }
  [[nodiscard]] std::string shown(int row, int column, std::string_view tab = "Motor") {
    return service->cell("book", tab, row, column).value().formatted;
  }
};

Op put(int row, int column, std::string text) {
  return op::UpdateCells{kTab, row, column, {{.value = std::move(text)}}};
}

}  // namespace

TEST_CASE("what people typed is read, by id and by title") {
  Fixture f;
  for (const std::vector<TabRef>& tabs :
       {std::vector<TabRef>{{.sheet_id = kTab}}, std::vector<TabRef>{{.title = "Motor"}}}) {
    const auto book = f.read(tabs);
    REQUIRE(book);
    const auto tab = std::ranges::find_if(book->tabs, [](const SheetTable& each) { return each.sheet_id == kTab; });
    REQUIRE(tab != book->tabs.end());
    CHECK(tab->title == "Motor");
    CHECK(tab->grid_rows == 50);
    CHECK(tab->at(2, 1).text() == "Asha");
    CHECK(tab->at(2, 2).number == 12.5);
    CHECK(tab->at(3, 2).formula);
    CHECK(tab->at(3, 2).number == 25);
    CHECK(tab->formula_at(3, 2) == "=B2*2");
  }
  CHECK(f.read({{.title = "Motor"}})->tabs.size() == 2);
  CHECK_FALSE(f.read({{.title = "Motor"}})->tabs[1].has_data);
}

TEST_CASE("every op takes effect and is read back in the same call") {
  Fixture f;
  const std::pair<FormatKind, std::string> day{FormatKind::date, "dd/mm/yyyy"};
  const auto written =
      f.write({op::AddTab{9, "Life", 20, 5}, op::InsertRows{kTab, 3, 2}, op::GrowGrid{kTab, 5, 1},
               op::UpdateCells{kTab, 3, 1, {{.value = "=1+1"}, {.value = 0.1}}},
               op::UpdateCells{kTab, 4, 1, {{.value = "0012"}, {.value = 45000.0, .format = day}, {.value = true}}},
               op::MarkColumn{kTab, 1, 501, "rowlane-field", "name"}, op::MarkSpreadsheet{502, "rowlane-pass", "p1"},
               op::HideColumn{kTab, 3}, op::ProtectColumn{kTab, 3, "Rowlane"}, op::SetFilter{kTab, {1, 1, 10, 2}, ""},
               op::UpdateCells{8, 1, 1, {{.value = "x"}}}},
              {{"Bob's", {1, 1, 1, 1}}, {"Motor", {3, 1, 4, 3}}, {"Motor", {2, 1, 2, 2}}});
  if (!written) FAIL(written.error().message);
  REQUIRE(written->read_back.size() == 3);
  CHECK(written->read_back[0].cells.at(1, 1).text() == "x");
  const SheetTable& back = written->read_back[1].cells;
  CHECK(back.at(1, 1).text() == "=1+1");
  CHECK_FALSE(back.at(1, 1).formula);
  CHECK(back.at(1, 2).number == 0.1);
  CHECK(back.at(2, 1).text() == "0012");
  CHECK(back.at(2, 2).format == FormatKind::date);
  CHECK(back.at(2, 3).kind == CellKind::boolean);
  CHECK(written->read_back[2].cells.at(1, 1).text() == "Asha");
  CHECK(f.shown(4, 2) == "15/03/2023");

  const auto book = f.read({{.sheet_id = kTab}, {.sheet_id = 9}});
  REQUIRE(book);
  const auto tab = std::ranges::find_if(book->tabs, [](const SheetTable& each) { return each.sheet_id == kTab; });
  CHECK(tab->grid_rows == 57);
  CHECK(tab->hidden_columns == std::vector{3});
  REQUIRE(tab->column_marks.size() == 1);
  CHECK(tab->column_marks[0].column == 1);
  REQUIRE(tab->filter);
  CHECK(a1_range("t", *tab->filter) == "'t'!A1:B10");
  REQUIRE(book->marks.size() == 1);
  CHECK(book->marks[0].value == "p1");

  CHECK(f.write({op::DeleteRows{kTab, 2, 1}, op::DeleteMark{502}}));
  CHECK(f.shown(2, 1) == "=1+1");
  CHECK(f.read()->marks.empty());
}

TEST_CASE("a filter is widened with its criteria kept") {
  Fixture f;
  const Json criteria =
      parse_json(
          R"([{"setBasicFilter":{"filter":{"range":{"sheetId":7,"startRowIndex":0,"endRowIndex":3,"startColumnIndex":0,"endColumnIndex":2},"filterSpecs":[{"columnIndex":0,"filterCriteria":{"hiddenValues":["Ravi"]}}]}}}])")
          .value();
  REQUIRE(f.service->apply("book", *criteria.if_array()));
  const auto before = f.read();
  REQUIRE(before->tabs.front().filter);
  CHECK(before->tabs.front().filter_rest.contains("Ravi"));
  CHECK(f.write({op::SetFilter{kTab, {1, 1, 3, 5}, before->tabs.front().filter_rest}}));
  const auto after = f.read();
  CHECK(after->tabs.front().filter_rest == before->tabs.front().filter_rest);
  CHECK(after->tabs.front().filter->column_last == 5);
}

TEST_CASE("a token is used twice, a refused op is named, nothing of its batch stays") {
  Fixture f;
  CHECK(f.write({op::MarkSpreadsheet{77, "k", "v"}}));
  const auto again = f.write({put(2, 1, "changed"), op::MarkSpreadsheet{77, "k", "w"}});
  REQUIRE_FALSE(again);
  CHECK(again.error().code == Errc::invalid_input);
  CHECK(again.error().request_index == 1);
  CHECK(f.shown(2, 1) == "Asha");
  const auto too_long = f.write({op::GrowGrid{kTab, 1, 1}, put(2, 1, std::string(50'001, 'x'))});
  REQUIRE_FALSE(too_long);
  CHECK(too_long.error().request_index == 1);
  const auto joined = f.write({put(2, 1, "a"), put(3, 1, std::string(50'001, 'x')), put(4, 1, "c")});
  REQUIRE_FALSE(joined);
  CHECK(joined.error().request_index == 1);
  CHECK(f.shown(2, 1) == "Asha");
  CHECK(f.write({op::UpdateCells{99, 1, 1, {{.value = "x"}}}}).error().code == Errc::sheet_missing);
  CHECK(f.read({{.sheet_id = 99, .title = "gone"}}).error().code == Errc::sheet_missing);
  CHECK(f.write({put(2, 1, "x")}, {{"Renamed", {1, 1, 1, 1}}}).error().code == Errc::invalid_input);
}

TEST_CASE("a spreadsheet that is not shared or not there says whom to share it with") {
  Fixture f(true, false);
  CHECK(f.read().error().code == Errc::not_shared);
  CHECK(f.read().error().message.contains(kEmail));
  CHECK(f.write({put(1, 1, "x")}).error().code == Errc::not_shared);
  const auto missing = f.executor.finish(f.sheets->read({.spreadsheet_id = "none", .tabs = {{.title = "x"}}}));
  CHECK(missing.error().code == Errc::not_shared);
}

TEST_CASE("each fault of the service becomes the error that says what may have happened") {
  struct Case {
    std::string_view name;
    Fault fault;
    std::optional<Errc> read, write;
    bool applied;  // the write took effect
  };
  const auto of = [](Fault::Kind kind, int status = 500) { return Fault{.kind = kind, .status = status}; };
  const auto cut = [](std::int64_t bytes) { return Fault{.kind = Fault::Kind::cut, .cut_after_bytes = bytes}; };
  Fault slow;
  slow.delay_after = Millis{200'000};
  Fault busy = of(Fault::Kind::status, 429);
  busy.retry_after_s = 12;
  Fault expired;
  expired.expire_tokens = true;
  const Case cases[] = {
      {"quota", busy, Errc::quota_exceeded, Errc::quota_exceeded, false},
      {"500", of(Fault::Kind::status, 500), Errc::unavailable, Errc::unknown_outcome, false},
      {"503", of(Fault::Kind::status, 503), Errc::unavailable, Errc::unknown_outcome, false},
      {"500 after the effect", of(Fault::Kind::status_after, 500), Errc::unavailable, Errc::unknown_outcome, true},
      {"HTML page", of(Fault::Kind::html, 502), Errc::unavailable, Errc::unknown_outcome, false},
      {"HTML page with 200", of(Fault::Kind::html, 200), Errc::unavailable, Errc::unknown_outcome, false},
      {"empty answer", of(Fault::Kind::empty), Errc::unavailable, Errc::unknown_outcome, false},
      {"refused", of(Fault::Kind::refused), Errc::unavailable, Errc::unavailable, false},
      {"reset before", of(Fault::Kind::reset_before), Errc::unavailable, Errc::unknown_outcome, false},
      {"reset after", of(Fault::Kind::reset_after), Errc::unavailable, Errc::unknown_outcome, true},
      {"cut in the head", cut(10), Errc::unavailable, Errc::unknown_outcome, true},
      {"cut in the body", cut(60), Errc::unavailable, Errc::unknown_outcome, true},
      {"too slow", slow, Errc::unavailable, Errc::unknown_outcome, true},
      {"expired token: one new one, and the call goes through", expired, std::nullopt, std::nullopt, true},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    Fixture f;
    REQUIRE(f.read());  // a token is there
    f.service->faults().script(CallKind::read, c.fault);
    const auto read = f.read();
    CHECK(read.has_value() == !c.read.has_value());
    if (!read) CHECK(read.error().code == *c.read);
    REQUIRE(f.read());
    f.service->faults().script(CallKind::write, c.fault);
    const auto written = f.write({put(2, 1, "written")}, {{"Motor", {2, 1, 2, 2}}});
    CHECK(written.has_value() == !c.write.has_value());
    if (!written) CHECK(written.error().code == *c.write);
    if (c.name == "quota") CHECK(written.error().retry_after == Millis{12'000});
    CHECK((f.shown(2, 1) == "written") == c.applied);
    f.executor.advance(Millis{1'000'000});  // a call that nobody waits for any more ends by itself
  }
}

TEST_CASE("faults of the token endpoint stop the call before it is sent") {
  Fixture f;
  f.service->faults().script(CallKind::token, {.kind = Fault::Kind::status, .status = 503});
  CHECK(f.write({put(2, 1, "x")}).error().code == Errc::unavailable);
  f.service->faults().script(CallKind::token, {.kind = Fault::Kind::reset_before});
  CHECK(f.write({put(2, 1, "x")}).error().code == Errc::unavailable);
  CHECK(f.shown(2, 1) == "Asha");
  CHECK(f.write({put(2, 1, "x")}));
}

TEST_CASE("an edit between read and write moves the version, and needs no token by the private way") {
  Fixture f(false);
  const auto version = [&] { return f.executor.finish(f.sheets->version("book")).value(); };
  const std::string before = version();
  CHECK(version() == before);
  CHECK(f.write({put(2, 1, "x")}));
  CHECK(version() != before);
  CHECK(f.sheets->share_with().empty());
}
