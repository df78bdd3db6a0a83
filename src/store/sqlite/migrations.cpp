#include "store/sqlite/migrations.hpp"

#include <fmt/format.h>

namespace rowlane::store {

Result<int> schema_version(db::Sqlite& db) {
  db::Statement stmt = db.prepare("PRAGMA user_version");
  const Result<bool> row = stmt.step();
  if (!row) return std::unexpected(row.error());
  return stmt.i32(0);
}

Status migrate(db::Sqlite& db) {
  const int newest = migrations().back().number;
  for (const Migration& migration : migrations()) {
    Result<db::Transaction> transaction = db::Transaction::begin(db);
    if (!transaction) return std::unexpected(transaction.error());
    const Result<int> version = schema_version(db);  // under the lock: another process may have been first
    if (!version) return std::unexpected(version.error());
    if (*version > newest)
      return fail(Errc::invalid_input,
                  fmt::format("the database has schema {}, this program knows {}: run the newer version of rowlane",
                              *version, newest));
    if (*version >= migration.number) continue;
    if (const Status done = db.exec(std::string(migration.sql)); !done)
      return fail(done.error().code, fmt::format("migration {}: {}", migration.name, done.error().message));
    if (const Status done = db.exec(fmt::format("PRAGMA user_version = {}", migration.number)); !done) return done;
    if (const Status done = transaction->commit(); !done) return done;
  }
  return {};
}

}  // namespace rowlane::store
