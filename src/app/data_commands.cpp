// migrate, backup, restore: the data directory as a whole.
#include <fmt/format.h>

#include <filesystem>

#include "app/commands.hpp"
#include "app/store_access.hpp"
#include "store/sqlite/migrations.hpp"

namespace rowlane::app {

namespace fs = std::filesystem;

namespace {

constexpr const char* kStoreName = "rowlane.db";
constexpr const char* kLocalSheetsName = "local-sheets.db";

// invalid_input when the database is damaged.
Status check_database(db::Sqlite& db, const std::string& path) {
  db::Statement stmt = db.prepare("PRAGMA quick_check(1)");
  const Result<bool> row = stmt.step();
  if (!row) return std::unexpected(row.error());
  if (stmt.view(0) != "ok")
    return fail(Errc::corrupt, fmt::format("the database {} is damaged: {}", path, stmt.view(0)));
  return {};
}

// A checked copy of one moment, while others go on writing to `from`.
Status copy_database(const std::string& from, const std::string& to) {
  Result<db::Sqlite> db = db::Sqlite::open(from, {.read_only = true, .create = false});
  if (!db) return std::unexpected(db.error());
  if (const Status copied = db::backup_to(*db, to); !copied) return copied;
  Result<db::Sqlite> copy = db::Sqlite::open(to, {.read_only = true, .create = false});
  if (!copy) return std::unexpected(copy.error());
  return check_database(*copy, to);
}

Status copy_into(const std::string& from_folder, const std::string& to_folder) {
  // The store before the sheet: a sheet that is ahead looks like people's edits, one that lies behind like a loss.
  if (const Status done = copy_database(from_folder + "/" + kStoreName, to_folder + "/" + kStoreName); !done)
    return done;
  const std::string sheets = from_folder + "/" + kLocalSheetsName;
  return fs::exists(sheets) ? copy_database(sheets, to_folder + "/" + kLocalSheetsName) : Status{};
}

// Makes `folder` and fills it, or leaves nothing of it behind.
Status fill_folder(const std::string& from_folder, const std::string& folder) {
  const Status done = copy_into(from_folder, folder);
  if (done) return done;
  std::error_code ignored;
  for (const char* name : {kStoreName, kLocalSheetsName})
    for (const char* part : {"", "-wal", "-shm"}) fs::remove(fmt::format("{}/{}{}", folder, name, part), ignored);
  return done;
}

}  // namespace

int migrate_store(const std::string& config_path) {
  FieldCatalogue catalogue;
  const Result<config::Config> config = load_config(config_path, catalogue);
  if (!config) return failed(config.error());
  if (const Status made = make_data_dir(*config); !made) return failed(made.error());
  const bool is_new = !fs::exists(store_file(*config));
  Result<db::Sqlite> db = open_database(*config);
  if (!db) return failed(db.error());
  const Result<int> before = is_new ? Result<int>(0) : store::schema_version(*db);
  if (!before) return failed(before.error());
  if (const Status done = migrate_without_server(*config); !done) return failed(done.error());
  const Result<int> after = store::schema_version(*db);
  if (!after) return failed(after.error());
  if (*before == *after)
    fmt::print("the schema is {} already\n", *after);
  else
    fmt::print("migrated the schema from {} to {}\n", *before, *after);
  return 0;
}

int back_up(const std::string& config_path, const std::string& folder) {
  FieldCatalogue catalogue;
  const Result<config::Config> config = load_config(config_path, catalogue);
  if (!config) return failed(config.error());
  std::error_code ec;
  if (!fs::create_directory(folder, ec)) {
    const std::string why = ec ? ec.message() : "it exists already";
    return failed({.code = Errc::invalid_input,
                   .message = fmt::format("cannot make the folder {}: {}", folder, why),
                   .field = "to"});
  }
  if (const Status done = fill_folder(config->server.data_dir, folder); !done) {
    fs::remove(folder, ec);
    return failed(done.error());
  }
  fmt::print("backed up to {}\n", folder);
  return 0;
}

int restore(const std::string& config_path, const std::string& folder) {
  FieldCatalogue catalogue;
  const Result<config::Config> config = load_config(config_path, catalogue);
  if (!config) return failed(config.error());
  const std::string& dir = config->server.data_dir;
  if (const Status made = make_data_dir(*config); !made) return failed(made.error());
  std::error_code ec;
  if (!fs::is_empty(dir, ec) || ec)
    return failed({.code = Errc::conflict,
                   .message = fmt::format(
                       "the data directory {} is not empty: a backup is restored into an empty one alone", dir),
                   .field = "server.data_dir"});
  if (!fs::exists(folder + "/" + kStoreName))
    return failed({.code = Errc::invalid_input,
                   .message = fmt::format("{} is no backup: it holds no {}", folder, kStoreName),
                   .field = "from"});
  if (const Status done = fill_folder(folder, dir); !done) return failed(done.error());
  fmt::print("restored into {}\n", dir);
  return 0;
}

}  // namespace rowlane::app
