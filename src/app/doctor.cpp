// doctor: what a sync needs, one line a check.
#include <fmt/format.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>

#include "app/commands.hpp"
#include "app/sheet_clients.hpp"
#include "app/store_access.hpp"
#include "net/curl_client.hpp"
#include "sheets/local/local_sheets.hpp"
#include "sheets/local/local_transport.hpp"
#include "store/sqlite/migrations.hpp"

namespace rowlane::app {

namespace fs = std::filesystem;

namespace {

// Prints the checks as they come, and counts those that failed.
class Report {
 public:
  void ok(std::string_view what, std::string_view text) { fmt::print("ok    {}: {}\n", what, text); }
  void bad(std::string_view what, std::string_view text) {
    fmt::print("FAIL  {}: {}\n", what, text);
    ++failures_;
  }
  [[nodiscard]] int failures() const { return failures_; }

 private:
  int failures_ = 0;
};

// A folder of its own that goes with its owner.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string name = (fs::temp_directory_path() / "rowlane-doctor-XXXXXX").string();
    if (::mkdtemp(name.data()) != nullptr) path_ = std::move(name);
  }
  ~ScratchFolder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

void check_mode(Report& report, const std::string& path, mode_t forbidden, std::string_view who,
                std::string_view remedy) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) return report.ok("file mode", path + " is not there yet");
  if ((info.st_mode & forbidden) != 0)
    return report.bad("file mode", fmt::format("{} is open to {}; run: chmod {} {}", path, who, remedy, path));
  report.ok("file mode", path);
}

void check_files(Report& report, const config::Config& config) {
  const std::string& dir = config.server.data_dir;
  if (!fs::is_directory(dir))
    return report.bad("data directory", dir + " does not exist: start the server once, or run rowlane migrate");
  report.ok("data directory", dir);
  check_mode(report, dir, S_IWGRP | S_IWOTH, "other users' changes", "go-w");
  check_mode(report, store_file(config), S_IRWXG | S_IRWXO, "other users", "600");
  if (config.sheets_provider == "local")
    check_mode(report, local_sheets_file(config), S_IRWXG | S_IRWXO, "other users", "600");
}

void check_store(Report& report, const config::Config& config) {
  const std::string path = store_file(config);
  if (!fs::exists(path))
    return report.bad("store", path + " does not exist: start the server once, or run rowlane migrate");
  Result<db::Sqlite> db = db::Sqlite::open(path, {.read_only = true, .create = false});
  if (!db) return report.bad("store", db.error().message);
  const Result<int> version = store::schema_version(*db);
  if (!version) return report.bad("store", version.error().message);
  const int newest = store::migrations().back().number;
  if (*version != newest)
    return report.bad("store",
                      fmt::format("{} has schema {}, this program {}: run rowlane migrate", path, *version, newest));
  db::Statement check = db->prepare("PRAGMA quick_check(1)");
  const Result<bool> row = check.step();
  if (!row) return report.bad("store", row.error().message);
  if (check.view(0) != "ok") return report.bad("store", fmt::format("{} is damaged: {}", path, check.view(0)));
  report.ok("store", fmt::format("schema {}", *version));
}

void check_spreadsheet(Report& report, const AgencySettings& agency, net::IoThread& io, sheets::SheetApi& api) {
  const std::string what = fmt::format("spreadsheet of {}", agency.key);
  sheets::ReadRequest request{.spreadsheet_id = agency.spreadsheet_id, .tabs = {}, .may_send = {}};
  const Result<SpreadsheetSnapshot> read = wait_for(io, api.read(std::move(request)));
  const std::string share_with = api.share_with();
  if (!read && read.error().code == Errc::not_shared)
    return report.bad(what, fmt::format("{} is not shared; share it as an editor with {}", agency.spreadsheet_id,
                                        share_with.empty() ? "nobody: it does not exist" : share_with));
  if (!read) return report.bad(what, fmt::format("{} cannot be read: {}", agency.spreadsheet_id, read.error().message));
  report.ok(what, share_with.empty()
                      ? fmt::format("{} can be read", agency.spreadsheet_id)
                      : fmt::format("{} can be read; it is shared with {}", agency.spreadsheet_id, share_with));
}

void check_google(Report& report, const config::Config& config) {
  SystemClock clock;
  net::IoThread io;
  io.start("rowlane-doctor");
  {
    net::CurlClient http(io);
    const Result<SheetClients> clients = open_google_clients(config, http, clock);
    if (!clients) {
      report.bad("credentials", clients.error().message);
    } else {
      for (const auto& [account, client] : *clients)
        report.ok("credentials", fmt::format("account {} is {}", account, client->share_with()));
      for (const AgencySettings& agency : config.agencies)
        check_spreadsheet(report, agency, io, *clients->at(agency.account));
    }
    io.stop();
    io.join();
  }
}

// The server may be at work in the file: the check reads a copy.
void check_local(Report& report, const config::Config& config) {
  const std::string file = local_sheets_file(config);
  if (!fs::exists(file)) return report.ok("local spreadsheets", "the server makes them when it starts");
  const ScratchFolder scratch;
  const std::string copy = scratch.path() + "/copy.db";
  Result<db::Sqlite> db = db::Sqlite::open(file, {.read_only = true, .create = false});
  if (!db) return report.bad("local spreadsheets", db.error().message);
  if (const Status copied = db::backup_to(*db, copy); !copied)
    return report.bad("local spreadsheets", copied.error().message);
  SystemClock clock;
  SystemRandom random;
  const Result<std::unique_ptr<sheets::local::LocalSheets>> service =
      sheets::local::LocalSheets::open({.file = copy}, clock, random);
  if (!service) return report.bad("local spreadsheets", service.error().message);
  net::IoThread io;
  io.start("rowlane-doctor");
  sheets::local::LocalTransport http(**service);
  const SheetClients clients = open_local_clients(config, http, clock);
  for (const AgencySettings& agency : config.agencies)
    check_spreadsheet(report, agency, io, *clients.at(agency.account));
  io.stop();
  io.join();
}

}  // namespace

int doctor(const std::string& config_path) {
  Report report;
  FieldCatalogue catalogue;
  const Result<config::Config> config = load_config(config_path, catalogue);
  if (!config) {
    report.bad("configuration", config.error().message);
  } else {
    report.ok("configuration", config_path);
    check_files(report, *config);
    check_store(report, *config);
    if (config->agencies.empty()) report.bad("agencies", "there is none in the configuration");
    if (config->sheets_provider == "local")
      check_local(report, *config);
    else
      check_google(report, *config);
  }
  if (report.failures() == 0) return 0;
  std::fflush(stdout);
  return failed({.code = Errc::invalid_input,
                 .message = fmt::format("{} check{} failed", report.failures(), report.failures() == 1 ? "" : "s"),
                 .field = {}});
}

}  // namespace rowlane::app
