// For commands that work beside a running server: the configuration and the store, without lanes or listener.
//
// Commands block; each call of the store is waited for. The data directory is not locked but for a migration: SQLite's
// own locks let a command and a server work on one database.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "app/wait_for.hpp"
#include "base/clock.hpp"
#include "base/random.hpp"
#include "config/config.hpp"
#include "net/io_thread.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace rowlane::app {

// The files of a data directory.
std::string store_file(const config::Config& config);
std::string local_sheets_file(const config::Config& config);

// Loads the configuration as every command does. invalid_input says where and what.
Result<config::Config> load_config(const std::string& path, FieldCatalogue& catalogue);

// Makes the data directory where it is missing.
Status make_data_dir(const config::Config& config);
// The database, which is made where there is none. invalid_input when what stands in its place is not one of Rowlane's:
// a file that was emptied or put there by mistake must not pass for a fresh start.
Result<db::Sqlite> open_database(const config::Config& config);
// Brings the database, made where it is missing, to this program's schema. For who holds the directory's lock.
Status migrate_database(const config::Config& config);
// The same for a command. conflict when a server, which is of an earlier version then, runs on what is to be migrated.
Status migrate_without_server(const config::Config& config);

// What a server holds on its data directory as long as it runs.
class DataDirLock {
 public:
  // conflict when another process holds it, unavailable when its file cannot be opened.
  static Result<DataDirLock> take(const std::string& dir);
  ~DataDirLock();
  DataDirLock(DataDirLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
  DataDirLock& operator=(DataDirLock&&) = delete;

 private:
  explicit DataDirLock(int file) : file_(file) {}
  int file_;
};

class StoreAccess {
 public:
  // Makes the data directory and migrates the database where that is needed. Agencies that the store knows have
  // their ids in `config` afterwards.
  Status open(const std::string& config_path);
  template <class T>
  T wait(Task<T> task) {
    return wait_for(io_, std::move(task));
  }
  // not_found names the e-mail.
  Result<store::User> find_user(const std::string& email);
  // The user's agency in the configuration. not_found when it is not there any more.
  Result<const AgencySettings*> agency_of(const store::User& user) const;

  FieldCatalogue catalogue;
  config::Config config;
  SystemRandom random;
  std::unique_ptr<store::SqliteStore> store;

 private:
  SystemClock clock_;
  net::IoThread io_;
  std::unique_ptr<store::ThreadedRunner> runner_;
};

}  // namespace rowlane::app
