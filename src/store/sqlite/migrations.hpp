// The numbered migrations, compiled in from ../migrations/sqlite.
#pragma once

#include <span>
#include <string_view>

#include "db/sqlite.hpp"

namespace rowlane::store {

struct Migration {
  int number;
  std::string_view name;
  std::string_view sql;
};
std::span<const Migration> migrations();

// Brings the database to the newest schema, one transaction a migration. invalid_input when it is from a newer
// version than this program.
Status migrate(db::Sqlite& db);
// Number of the last one applied; 0 for an empty database.
Result<int> schema_version(db::Sqlite& db);

}  // namespace rowlane::store
