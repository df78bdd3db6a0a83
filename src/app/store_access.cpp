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

Status migrate_database(const config::Config& config) {
  Result<db::Sqlite> db = db::Sqlite::open(store_file(config));
  if (!db) return std::unexpected(db.error());
  return store::migrate(*db);
}

Status migrate_without_server(const config::Config& config) {
  Result<db::Sqlite> db = db::Sqlite::open(store_file(config));
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
