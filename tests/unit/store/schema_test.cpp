// What the database itself refuses, and databases of earlier versions.
#include <regex>

#include "support/memory_store.hpp"

using namespace rowlane;
using rowlane::testing::must;

namespace {
// A database as a program of that version left it.
db::Sqlite database_of(int version) {
  db::Sqlite db = must(db::Sqlite::open(":memory:"));
  for (const store::Migration& migration : store::migrations()) {
    if (migration.number > version) break;
    REQUIRE(db.exec(std::string(migration.sql)));
  }
  REQUIRE(db.exec(fmt::format("PRAGMA user_version = {}", version)));
  return db;
}

std::int64_t number(db::Sqlite& db, const std::string& sql) {
  db::Statement stmt = db.prepare(sql);
  REQUIRE(must(stmt.step()));
  return stmt.i64(0);
}

constexpr std::string_view kOneOfEach =
    "INSERT INTO agency (id, key, name, spreadsheet_id, account) VALUES (1, 'a', 'A', 's', 'default');"
    "INSERT INTO app_user (id, agency_id, email, name, role, password_hash, created_at_ms) VALUES (1, 1, 'x@a', 'X', 'agent', '', 1);"
    "INSERT INTO spreadsheet (id, agency_id, account, token_base) VALUES ('s', 1, 'default', 1);"
    "INSERT INTO lane (id, agency_id, spreadsheet_id, user_id, seq_last, queued) VALUES (1, 1, 's', 1, 1, 1);"
    "INSERT INTO sync_job (id, agency_id, lane_id, lane_seq, user_id, whole_agency, direction, created_at_ms) "
    "VALUES (1, 1, 1, 1, 1, 0, 'to-sheet', 1);"
    "INSERT INTO record (id, public_id, agency_id, owner_id, version, fields, vertical, name, search_text, created_at_ms, updated_at_ms, updated_by) "
    "VALUES (1, 'p', 1, 1, 1, x'', 'motor', 'A', 'a', 1, 1, 1);"
    "INSERT INTO history (id, agency_id, record_id, owner_id, user_id, at_ms, side, what, tab, sheet_row, field, before_json, after_json) "
    "VALUES (1, 1, 1, 1, 1, 1, 'app', 'cell', '', 0, '', '', '');"
    "INSERT INTO journal (pass_id, chunk, agency_id, spreadsheet_id, token, body, at_ms) VALUES (1, 1, 1, 's', 1, '', 1);"
    "INSERT INTO hold (id, agency_id, job_id, record_id, tab, sheet_row, record_version, row_hash, shown) "
    "VALUES (1, 1, 1, 1, '', 1, 1, '', '');";
}  // namespace

TEST_CASE("the database itself refuses a state that nobody knows") {
  db::Sqlite db = must(db::Sqlite::open(":memory:"));
  REQUIRE(store::migrate(db));
  REQUIRE(db.exec(std::string(kOneOfEach)));
  const char* refused[] = {
      "UPDATE app_user SET role='boss'",
      "UPDATE app_user SET disabled=2",
      "UPDATE record SET sync_state='fine'",
      "UPDATE history SET what='thing'",
      "UPDATE history SET side='left'",
      "UPDATE spreadsheet SET reason='tired'",
      "UPDATE spreadsheet SET lease_node='n'",
      "UPDATE lane SET queued=-1",
      "UPDATE lane SET running=-1",
      "UPDATE sync_job SET direction='sideways'",
      "UPDATE sync_job SET state='lost'",
      "UPDATE sync_job SET state='running'",
      "UPDATE sync_job SET state='succeeded'",
      "UPDATE sync_job SET finished_at_ms=2",
      "UPDATE sync_job SET kind='other'",
      "UPDATE sync_job SET whole_agency=2",
      "UPDATE sync_job SET attempt=-1",
      "UPDATE sync_job SET lane_id=9",
      "UPDATE journal SET state='open'",
      "UPDATE hold SET state='done'",
      "INSERT INTO quota_call (account, kind, at_ms) VALUES ('a', 'delete', 1)",
      "INSERT INTO event_batch (first_id, count, at_ms, body) VALUES (9, 0, 1, '[]')",
  };
  for (const char* sql : refused) {
    CAPTURE(sql);
    const Status done = db.exec(sql);
    REQUIRE(!done);
    CHECK(done.error().code == Errc::conflict);
  }
  const char* taken[] = {
      "UPDATE sync_job SET state='running', started_at_ms=2",
      "UPDATE sync_job SET state='held'",
      "UPDATE sync_job SET state='failed', finished_at_ms=2",
      "UPDATE sync_job SET state='cancelled'",
      "UPDATE sync_job SET state='succeeded'",
      "UPDATE spreadsheet SET reason='sheet_missing'",
      "UPDATE record SET sync_state='ambiguous'",
      "UPDATE history SET what='restore'",
      "UPDATE hold SET state='confirmed'",
      "UPDATE journal SET state='dropped'",
      "UPDATE app_user SET role='admin'",
  };
  for (const char* sql : taken) {
    CAPTURE(sql);
    CHECK(db.exec(sql));
  }
}

TEST_CASE("no condition of the schema has a list that SQLite would build anew for each row") {
  db::Sqlite db = must(db::Sqlite::open(":memory:"));
  REQUIRE(store::migrate(db));
  // Two elements are compared one by one; three are a B-tree.
  const std::regex list(R"(\bIN \([^(),]*,[^(),]*,)");
  REQUIRE(std::regex_search("CHECK (a IN ('x', 'y', 'z'))", list));
  db::Statement stmt = db.prepare("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL");
  int seen = 0;
  for (; must(stmt.step()); ++seen) {
    CAPTURE(stmt.text(0));
    CHECK(!std::regex_search(stmt.text(1), list));
  }
  CHECK(seen > 20);
}

TEST_CASE("a database of an earlier version keeps its rows, and its events' numbers go on") {
  db::Sqlite db = database_of(7);
  REQUIRE(db.exec(std::string(kOneOfEach)));
  REQUIRE(db.exec("INSERT INTO event (id, agency_id, user_id, kind, subject, at_ms) VALUES (41, 1, 1, 'job', 1, 1)"));
  REQUIRE(db.exec("DELETE FROM event"));
  REQUIRE(store::migrate(db));
  CHECK(must(store::schema_version(db)) == store::migrations().back().number);
  for (const char* table :
       {"agency", "app_user", "spreadsheet", "lane", "sync_job", "record", "history", "journal", "hold"}) {
    CAPTURE(table);
    CHECK(number(db, fmt::format("SELECT count(*) FROM {}", table)) == 1);
  }
  CHECK(number(db, "SELECT max(first_id+count) FROM event_batch") == 43);
  CHECK(!db.exec("UPDATE sync_job SET state='lost'"));
  CHECK(number(db, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check<>'ok'") == 0);
}
