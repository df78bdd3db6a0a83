// Single cases of people at work, quota and failure, on the same world as the simulation: what a pass costs and comes
// to.
#include <doctest/doctest.h>

#include "simulation/world.hpp"

using namespace rowlane;
using namespace rowlane::simulation;
using sheets::local::CallInfo;
using sheets::local::CallKind;
using sheets::local::Fault;

namespace {

Json::Array insert_rows(int row, int count) {
  return {Json::object({{"insertDimension", Json::object({{"range", Json::object({{"sheetId", 7},
                                                                                  {"dimension", "ROWS"},
                                                                                  {"startIndex", row - 1},
                                                                                  {"endIndex", row - 1 + count}})},
                                                          {"inheritFromBefore", true}})}})};
}
Json::Array delete_rows(int row, int count) {
  return {
      Json::object({{"deleteDimension", Json::object({{"range", Json::object({{"sheetId", 7},
                                                                              {"dimension", "ROWS"},
                                                                              {"startIndex", row - 1},
                                                                              {"endIndex", row - 1 + count}})}})}})};
}
Json::Array sort_by(int column, int rows) {
  return {Json::object(
      {{"sortRange", Json::object({{"range", Json::object({{"sheetId", 7},
                                                           {"startRowIndex", 1},
                                                           {"endRowIndex", rows},
                                                           {"startColumnIndex", 0},
                                                           {"endColumnIndex", 8}})},
                                   {"sortSpecs", Json(Json::Array{Json::object({{"dimensionIndex", column - 1},
                                                                                {"sortOrder", "DESCENDING"}})})}})}})};
}
std::int64_t calls(const Json& result, const char* kind) { return result["calls"][kind].as_int().value_or(-1); }
bool tells(const Json& result, std::string_view kind) {
  const Json::Array* notices = result["notices"].if_array();
  return notices && std::any_of(notices->begin(), notices->end(),
                                [&](const Json& notice) { return notice["kind"] == Json(kind); });
}

// An office whose sheet is in step, with a person's own row in it.
struct Office {
  Fault next_write, next_read;  // what the next call of that kind meets
  World world;
  explicit Office(WorldOptions options = {}) : world(with_script(std::move(options))) {
    world.type_row();
    for (int user = 0; user < world.users(); ++user) world.press(user);
    REQUIRE(world.settle(Millis{60'000}));
    REQUIRE(world.check() == "");
  }
  WorldOptions with_script(WorldOptions options) {
    options.faults = false;
    options.script = [this](const CallInfo& call, Fault& fault) {
      if (call.kind == CallKind::write) fault = std::exchange(next_write, Fault{});
      if (call.kind == CallKind::read) fault = std::exchange(next_read, Fault{});
    };
    return options;
  }
  Json sync(int user) {
    const JobId job = world.press(user);
    REQUIRE(world.settle(Millis{300'000}));
    return world.result_of(job);
  }
};

}  // namespace

TEST_CASE("rows inserted or sorted between read and write: in the end as if one had happened after the other") {
  struct Case {
    const char* name;
    Json::Array edit;
  };
  const Case cases[] = {{"three rows above (case 20)", insert_rows(2, 3)},
                        {"sorted by policy number (case 21)", sort_by(3, 15)},
                        {"sorted by name", sort_by(1, 15)}};
  for (const Case& c : cases) {
    CAPTURE(c.name);
    Office office;
    office.world.edit_premium(0, 1, 4'711);
    office.world.edit_premium(0, 2, 4'712);
    office.world.delete_record(0, 3);
    office.world.add_record(0, "NEW/1");
    office.next_write.edit_before = c.edit;
    const Json result = office.sync(0);
    CHECK(office.world.check() == "");
    CHECK(result["added"] == Json(1));
    CHECK(result["updated"] == Json(2));
    CHECK(result["deleted"] == Json(1));
    CHECK(tells(result, "rows_moved"));
    CHECK(calls(result, "reads") == 2);
    CHECK(calls(result, "writes") == 2);
    CHECK(calls(office.sync(0), "writes") == 0);
  }
}

TEST_CASE("an answer that was lost is found by its token: nothing twice, counts right (case 47)") {
  Office office;
  office.world.add_record(1, "NEW/1");
  office.next_write.kind = Fault::Kind::reset_after;
  const Json result = office.sync(1);
  CHECK(office.world.check() == "");
  CHECK(result["added"] == Json(1));
  CHECK(calls(result, "reads") == 2);
  CHECK(calls(result, "writes") == 1);
}

TEST_CASE("an answer that was lost, and rows sorted before it is looked for: the counts are right all the same") {
  Office office;
  office.world.add_record(1, "NEW/1");
  office.world.edit_premium(1, 2, 4'711);
  office.next_write.kind = Fault::Kind::reset_after;
  office.next_write.edit_after = sort_by(3, 15);
  const Json result = office.sync(1);
  CHECK(office.world.check() == "");
  CHECK(result["added"] == Json(1));
  CHECK(result["updated"] == Json(1));
  CHECK(calls(result, "writes") == 1);
}

TEST_CASE("a write that lands long after it was given up lands once") {
  Office office;
  office.world.add_record(1, "NEW/1");
  office.next_write.delay_before = Millis{150'000};
  const Json result = office.sync(1);
  office.world.run_for(Millis{300'000});
  CHECK(result["added"] == Json(1));
  CHECK(office.world.check() == "");
  CHECK(calls(office.sync(1), "writes") == 0);
}

TEST_CASE("a write that lands late never lands behind a pass that had nothing to write") {
  Office office;
  office.world.edit_premium(0, 1, 4'711);
  office.sync(0);
  office.world.edit_premium(0, 1, 4'712);
  office.next_write.delay_before = Millis{150'000};
  const JobId job = office.world.press(0);
  office.world.run_for(Millis{5'000});
  office.world.edit_premium(0, 1, 4'711);  // as it stands in the sheet
  REQUIRE(office.world.settle(Millis{300'000}));
  CHECK(office.world.job(job).state == JobState::succeeded);
  office.world.run_for(Millis{300'000});
  CHECK(office.world.check() == "");
  CHECK(calls(office.sync(0), "writes") == 0);
}

TEST_CASE("a tab that takes no new rows: its rows are written all the same, and nothing unwritten is called synced") {
  WorldOptions options;
  bool refuses = false;
  options.refuses = [&](const std::vector<sheets::Op>& ops) -> std::optional<int> {
    for (std::size_t i = 0; refuses && i < ops.size(); ++i)
      if (std::holds_alternative<sheets::op::InsertRows>(ops[i])) return static_cast<int>(i);
    return std::nullopt;
  };
  Office office(options);
  office.world.edit_premium(0, 1, 4'711);
  office.world.add_record(0, "NEW/1");
  refuses = true;
  const Json result = office.sync(0);
  CHECK(result["updated"] == Json(1));
  CHECK(result["added"] == Json(0));
  CHECK(result["rejected"].if_array()->size() == 1);
  CHECK(office.world.check_badges() == "");
  refuses = false;
  CHECK(office.sync(0)["added"] == Json(1));
  CHECK(office.world.check() == "");
}

TEST_CASE("a refused write whose first arrival had landed is found by its number, and counted once") {
  bool repeats = true;
  WorldOptions options;
  Office* seen = nullptr;
  options.refuses = [&](const std::vector<sheets::Op>& ops) -> std::optional<int> {
    const bool writes = std::ranges::any_of(
        ops, [](const sheets::Op& op) { return std::holds_alternative<sheets::op::UpdateCells>(op); });
    return seen && writes && std::exchange(repeats, false) ? std::optional<int>(0) : std::nullopt;
  };
  Office office(options);
  seen = &office;
  office.world.edit_premium(0, 1, 4'711);
  const Json result = office.sync(0);
  CHECK(result["updated"] == Json(1));
  CHECK(office.world.check() == "");
}

TEST_CASE("a journal entry that cannot be read is judged by its number alone, told, and dropped") {
  Office office;
  office.world.edit_premium(0, 1, 4'711);
  office.next_write.kind = Fault::Kind::reset_after;
  office.next_write.delay_after = Millis{3'000};
  const std::int64_t version = office.world.sheet_version();
  const JobId job = office.world.press(0);
  while (office.world.sheet_version() == version) office.world.run_for(Millis{10});
  office.world.crash();
  office.world.spoil_journal();
  REQUIRE(office.world.settle(Millis{300'000}));
  CHECK(office.world.job(job).state == JobState::succeeded);
  CHECK(tells(office.world.result_of(job), "unproved"));
  CHECK(office.world.check_badges() == "");
  CHECK(calls(office.sync(0), "writes") == 0);
}

TEST_CASE("a full disk fails no job, however long") {
  Office office;
  office.world.edit_premium(0, 1, 4'711);
  const JobId job = office.world.press(0);
  for (int i = 0; i < 8; ++i) {
    office.world.fill_disk(Millis{20'000});
    office.world.run_for(Millis{21'000 + i * 37});
  }
  REQUIRE(office.world.settle(Millis{300'000}));
  CHECK(office.world.job(job).state == JobState::succeeded);
  CHECK(office.world.check() == "");
}

TEST_CASE("an operation that Google refuses leaves out its record, and the rest goes") {
  std::string protected_value;
  WorldOptions options;
  options.refuses = [&](const std::vector<sheets::Op>& ops) -> std::optional<int> {
    for (std::size_t i = 0; i < ops.size(); ++i)
      if (const auto* update = std::get_if<sheets::op::UpdateCells>(&ops[i]))
        for (const sheets::CellWrite& cell : update->cells)
          if (const auto* number = std::get_if<double>(&cell.value); number && *number == 47.11)
            return static_cast<int>(i);
    return std::nullopt;
  };
  Office office(options);
  office.world.edit_premium(0, 1, 4'711);
  office.world.edit_premium(0, 2, 4'712);
  const Json result = office.sync(0);
  CHECK(result["updated"] == Json(1));
  const Json::Array* rejected = result["rejected"].if_array();
  REQUIRE(rejected);
  REQUIRE(rejected->size() == 1);
  CHECK((*rejected)[0]["field"] == Json("premium"));
  CHECK((*rejected)[0]["reason"].string_or().starts_with("general_ins!D"));
  CHECK((*rejected)[0]["reason"].string_or().ends_with(" is protected in the sheet"));
  CHECK((*rejected)[0]["row"].as_int().value_or(0) > 1);
}

TEST_CASE("a protected column: its records are left out after a few refusals, the rest goes, and the job ends") {
  WorldOptions options{.users = 1, .records_each = 30};
  options.refuses = [](const std::vector<sheets::Op>& ops) -> std::optional<int> {
    for (std::size_t i = 0; i < ops.size(); ++i)
      if (const auto* update = std::get_if<sheets::op::UpdateCells>(&ops[i]))
        for (const sheets::CellWrite& cell : update->cells)
          if (const auto* number = std::get_if<double>(&cell.value); number && *number > 47 && *number < 48)
            return static_cast<int>(i);
    return std::nullopt;
  };
  Office office(options);
  for (int record = 0; record < 25; ++record) office.world.edit_premium(0, record, 4'710 + record);
  office.world.rename(0, 27, "Another name");
  const Json result = office.sync(0);
  const Json::Array* rejected = result["rejected"].if_array();
  REQUIRE(rejected);
  CHECK(rejected->size() == 25);
  CHECK((*rejected)[20]["field"] == Json("premium"));
  CHECK(result["updated"] == Json(1));
  CHECK(calls(result, "reads") == 1);
}

TEST_CASE("an operation that is no record's and is always refused ends the pass, which is tried later") {
  bool refuses = false;
  WorldOptions options;
  options.refuses = [&](const std::vector<sheets::Op>& ops) -> std::optional<int> {
    for (std::size_t i = 0; refuses && i < ops.size(); ++i)
      if (std::holds_alternative<sheets::op::DeleteMark>(ops[i])) return static_cast<int>(i);
    return std::nullopt;
  };
  Office office(options);
  office.world.run_for(Millis{20 * 60'000});  // the first write's token is old by now
  office.world.edit_premium(0, 1, 4'711);
  refuses = true;
  const JobId job = office.world.press(0);
  office.world.run_for(Millis{5'000});
  CHECK(office.world.job(job).state == JobState::waiting);
  refuses = false;
  REQUIRE(office.world.settle(Millis{300'000}));
  CHECK(office.world.result_of(job)["updated"] == Json(1));
}

TEST_CASE("a payload over the limit goes in chunks, each at the cost of one call") {
  Office office({.users = 2, .records_each = 40});
  for (int record = 0; record < 40; ++record)
    office.world.rename(0, record, std::string(45'000, static_cast<char>('a' + record % 26)));
  const Json result = office.sync(0);
  CHECK(result["updated"] == Json(40));
  CHECK(calls(result, "reads") == 1);
  CHECK(calls(result, "writes") == 2);
  CHECK(office.world.check() == "");
}

TEST_CASE("removals planned on rows seen long ago go out once the other writes have proved the rows") {
  Office office;
  office.world.edit_premium(0, 1, 4'711);
  office.world.delete_record(0, 2);
  office.next_read.delay_after = Millis{5'000};
  const Json result = office.sync(0);
  CHECK(result["updated"] == Json(1));
  CHECK(result["deleted"] == Json(1));
  CHECK(calls(result, "reads") == 1);
  CHECK(calls(result, "writes") == 2);
  CHECK(office.world.check() == "");
}

TEST_CASE("rows moved between two chunks are seen by the rows read with the first") {
  Office office({.users = 2, .records_each = 40});
  for (int record = 0; record < 40; ++record)
    office.world.rename(0, record, std::string(45'000, static_cast<char>('a' + record % 26)));
  office.next_write.edit_after = insert_rows(2, 2);
  const Json result = office.sync(0);
  CHECK(result["updated"] == Json(40));
  CHECK(office.world.check() == "");
}

TEST_CASE("a removal beside blank rows is not fooled by more blank rows put in meanwhile") {
  for (int row = 3; row <= 15; ++row)
    for (const int inserted : {1, 2, 5}) {
      CAPTURE(row);
      CAPTURE(inserted);
      Office office;
      office.next_read.edit_before = insert_rows(row + 1, 1);  // below whichever record stands there
      office.sync(0);
      office.world.delete_record(0, 1);
      office.next_write.edit_before = insert_rows(row, inserted);
      const Json result = office.sync(0);
      CHECK(result["deleted"] == Json(1));
      CHECK(office.world.check() == "");
    }
}

TEST_CASE("a tab that is gone waits and says what to do; one that a person makes in its place is filled (case 6)") {
  const auto tab = [](std::string title, int id) {
    return Json::object(
        {{"addSheet", Json::object({{"properties", Json::object({{"title", std::move(title)}, {"sheetId", id}})}})}});
  };
  Office office;
  office.world.apply({tab("Notes", 8), Json::object({{"deleteSheet", Json::object({{"sheetId", 7}})}})});
  const JobId waits = office.world.press(0);
  office.world.run_for(Millis{60'000});
  store::Job job = office.world.job(waits);
  CHECK(job.state == JobState::waiting);
  CHECK(job.reason == WaitReason::sheet_missing);
  CHECK(job.reason_text.contains("the tab 'general_ins' is gone"));
  office.world.apply({tab("general_ins", 19)});
  const Json result = office.sync(1);  // a press is a person's sign to try again
  CHECK(tells(result, "tab_replaced"));
  CHECK(result["added"] == Json(4));
  CHECK(office.world.result_of(waits)["added"] == Json(4));
  CHECK(calls(office.sync(0), "writes") == 0);
}

TEST_CASE("a tab that goes between read and write is not written to for an hour's wait") {
  Office office;
  office.world.edit_premium(0, 1, 4'711);
  office.next_write.edit_before = {
      Json::object({{"addSheet", Json::object({{"properties", Json::object({{"title", "Notes"}, {"sheetId", 8}})}})}}),
      Json::object({{"deleteSheet", Json::object({{"sheetId", 7}})}})};
  const JobId waits = office.world.press(0);
  office.world.run_for(Millis{60'000});
  CHECK(office.world.job(waits).reason_text.contains("the tab 'general_ins' is gone"));
}

TEST_CASE("removals at the end of the grid") {
  Office office;
  office.next_read.edit_before = delete_rows(office.world.last_row() + 1, 60 - office.world.last_row());
  office.sync(0);
  for (int user = 0; user < 3; ++user) office.world.delete_record(user, 3);
  for (int user = 0; user < 3; ++user) office.world.press(user);
  REQUIRE(office.world.settle(Millis{60'000}));
  CHECK(office.world.check() == "");
}

TEST_CASE(
    "a cell that is left out is named with the row that its record has by then, and a finished job is at its end") {
  Office office;
  office.world.delete_record(0, 1);  // its row goes first, the rows below move up
  office.world.add_record(0, "NEW/1");
  office.world.rename(0, 4, std::string(50'001, 'x'));
  const JobId job = office.world.press(0);
  REQUIRE(office.world.settle(Millis{60'000}));
  const auto row_of = [](const Json& result) {
    const Json::Array* rejected = result["rejected"].if_array();
    REQUIRE(rejected);
    REQUIRE(rejected->size() == 1);
    CHECK((*rejected)[0]["field"] == Json("name"));
    return (*rejected)[0]["row"].as_int().value_or(0);
  };
  const std::int64_t row = row_of(office.world.result_of(job));
  CHECK(row > 2);
  CHECK(row == row_of(office.sync(0)));
  CHECK(office.world.job(job).total == 2);
  CHECK(office.world.job(job).done == 2);
}
