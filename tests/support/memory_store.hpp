// The real store on a database in memory, with an executor and a clock that the test turns by hand.
#pragma once

#include <doctest/doctest.h>

#include "store/sqlite/migrations.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include "support/manual_executor.hpp"

namespace rowlane::testing {

// The value, or the end of the test with the error's message.
template <class T>
T must(Result<T> result) {
  REQUIRE_MESSAGE(result.has_value(), result.error().message);
  return std::move(*result);
}

struct HandClock final : Clock {
  WallTime at = from_ms(1'700'000'000'000);
  [[nodiscard]] WallTime now() const override { return at; }
};

struct MemoryStore {
  ManualExecutor executor;
  HandClock clock;
  SeededRandom random{7};
  FieldCatalogue catalogue;
  db::Sqlite db = must(db::Sqlite::open(":memory:"));
  store::InlineRunner runner{db};
  store::SqliteStore store{runner, clock, random, catalogue};

  MemoryStore() { REQUIRE(store::migrate(db)); }

  // An agency with the spreadsheet "KEY-book" on the account of its own name.
  AgencyId add_agency(const std::string& key) {
    return must(
        executor.finish(store.upsert_agency({.key = key, .name = key, .spreadsheet_id = key + "-book", .account = key},
                                            store::PeopleStore::SpreadsheetChange::refused)));
  }
  UserId add_user(AgencyId agency, const std::string& email, store::Role role = store::Role::agent,
                  std::string password_hash = {}) {
    return must(executor.finish(store.create_user(
        {.agency = agency, .email = email, .name = email, .role = role, .password_hash = std::move(password_hash)})));
  }
  // The first column of the first row.
  std::int64_t number(const std::string& sql) {
    db::Statement stmt = db.prepare(sql);
    REQUIRE(must(stmt.step()));
    return stmt.i64(0);
  }
};

}  // namespace rowlane::testing
