#include "app/store_access.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "store/sqlite/migrations.hpp"

namespace rowlane::app {

std::string store_file(const config::Config& config) { return config.server.data_dir + "/rowlane.db"; }
std::string local_sheets_file(const config::Config& config) { return config.server.data_dir + "/local-sheets.db"; }

Result<config::Config> load_config(const std::string& path, FieldCatalogue& catalogue) {
  Result<config::Config> config = config::load_config(path, catalogue, config::process_environment());
  if (config && config->store_url != "sqlite")
    return fail(Errc::invalid_input,
                "store.url: this version keeps its data in SQLite alone; set store.url = \"sqlite\"", "store.url");
  return config;
}

Status make_data_dir(const config::Config& config) {
  std::error_code ec;
  std::filesystem::create_directories(config.server.data_dir, ec);
  if (ec)
    return fail(Errc::unavailable,
                fmt::format("cannot make the data directory {}: {}", config.server.data_dir, ec.message()),
                "server.data_dir");
  return {};
}

namespace {

// Made beside and put in its place when it is whole: a kill in between leaves no database instead of half of one. Of
// two processes that make it at once one is first.
Status make_database(const std::string& path) {
  const std::string beside = fmt::format("{}.new-{}", path, ::getpid());
  const auto remove_parts = [&] {
    for (const char* part : {"", "-wal", "-shm"}) ::unlink((beside + part).c_str());
  };
  remove_parts();
  Status made;
  {
    Result<db::Sqlite> db = db::Sqlite::open(beside);
    made = db ? store::migrate(*db) : Status(std::unexpected(db.error()));
    if (made) made = db->exec("PRAGMA wal_checkpoint(TRUNCATE)");
  }
  if (made && ::link(beside.c_str(), path.c_str()) != 0 && errno != EEXIST)
    made = fail(Errc::unavailable, fmt::format("cannot make {}: {}", path, std::strerror(errno)), "server.data_dir");
  remove_parts();
  return made;
}

Status check_is_ours(const std::string& path) {
  const auto refuse = [&](std::string_view what) {
    return fail(Errc::invalid_input,
                fmt::format("{} {}. Restore a backup, or move the file away to start with a new database", path, what),
                "server.data_dir");
  };
  std::error_code ec;
  if (std::filesystem::file_size(path, ec) == 0 && !ec) return refuse("is empty");
  Result<db::Sqlite> db = db::Sqlite::open(path, {.read_only = true, .create = false});
  if (!db) return db.error().code == Errc::corrupt ? refuse("is no database") : Status(std::unexpected(db.error()));
  // What is no database is found by the first look at its tables.
  if (const Status read = db->exec("SELECT name FROM sqlite_schema LIMIT 1"); !read)
    return read.error().code == Errc::corrupt ? refuse("is no database") : read;
  const auto has_table = [&](const char* name) {
    return db->prepare("SELECT 1 FROM sqlite_schema WHERE type='table' AND name=?").bind(name).step();
  };
  const Result<bool> agencies = has_table("agency");
  if (!agencies) return std::unexpected(agencies.error());
  const Result<bool> users = has_table("app_user");
  if (!users) return std::unexpected(users.error());
  return *agencies && *users ? Status{} : refuse("is a database of something else");
}

}  // namespace

Result<db::Sqlite> open_database(const config::Config& config) {
  const std::string path = store_file(config);
  if (!std::filesystem::exists(path))
    if (const Status made = make_database(path); !made) return std::unexpected(made.error());
  if (const Status ours = check_is_ours(path); !ours) return std::unexpected(ours.error());
  return db::Sqlite::open(path, {.create = false});
}

Status migrate_database(const config::Config& config) {
  Result<db::Sqlite> db = open_database(config);
  if (!db) return std::unexpected(db.error());
  return store::migrate(*db);
}

Status migrate_without_server(const config::Config& config) {
  Result<db::Sqlite> db = open_database(config);
  if (!db) return std::unexpected(db.error());
  const Result<int> version = store::schema_version(*db);
  if (!version) return std::unexpected(version.error());
  const int newest = store::migrations().back().number;
  if (*version >= newest) return store::migrate(*db);  // nothing to do, or refused as too new
  const Result<DataDirLock> lock = DataDirLock::take(config.server.data_dir);
  if (lock) return store::migrate(*db);
  if (lock.error().code != Errc::conflict) return std::unexpected(lock.error());
  return fail(
      Errc::conflict,
      fmt::format("the database has schema {}, this program needs {}, and a server of an earlier version runs on "
                  "it: restart the server with this program first",
                  *version, newest),
      "server.data_dir");
}

Result<DataDirLock> DataDirLock::take(const std::string& dir) {
  const std::string path = dir + "/rowlane.lock";
  DataDirLock lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (lock.file_ < 0)
    return fail(Errc::unavailable, fmt::format("cannot open {}: {}", path, std::strerror(errno)), "server.data_dir");
  if (::flock(lock.file_, LOCK_EX | LOCK_NB) == 0) return lock;
  return fail(Errc::conflict, fmt::format("the data directory {} is in use by another server", dir), "server.data_dir");
}

DataDirLock::~DataDirLock() {
  if (file_ >= 0) ::close(file_);
}

Status StoreAccess::open(const std::string& config_path) {
  Result<config::Config> loaded = load_config(config_path, catalogue);
  if (!loaded) return std::unexpected(loaded.error());
  config = std::move(*loaded);
  if (const Status made = make_data_dir(config); !made) return made;
  if (const Status done = migrate_without_server(config); !done) return done;
  Result<std::unique_ptr<store::ThreadedRunner>> opened = store::ThreadedRunner::open(store_file(config), 1);
  if (!opened) return std::unexpected(opened.error());
  runner_ = std::move(*opened);
  store = std::make_unique<store::SqliteStore>(*runner_, clock_, random, catalogue);
  io_.start("rowlane-command");
  const Result<std::vector<store::Agency>> known = wait(store->agencies());
  if (!known) return std::unexpected(known.error());
  for (const store::Agency& agency : *known)
    for (AgencySettings& settings : config.agencies)
      if (settings.key == agency.key) settings.id = agency.id;
  return {};
}

Result<store::User> StoreAccess::find_user(const std::string& email) {
  Result<std::optional<store::User>> user = wait(store->find_user(email));
  if (!user) return std::unexpected(user.error());
  if (!*user) return fail(Errc::not_found, "there is no user " + email, "email");
  return std::move(**user);
}

Result<const AgencySettings*> StoreAccess::agency_of(const store::User& user) const {
  for (const AgencySettings& settings : config.agencies)
    if (settings.id == user.agency) return &settings;
  return fail(Errc::not_found, fmt::format("the agency of {} is not in the configuration", user.email), "agency");
}

}  // namespace rowlane::app
