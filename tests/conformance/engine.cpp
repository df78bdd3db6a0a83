#include "conformance/engine.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <stdlib.h>

#include <filesystem>

#include "base/random.hpp"
#include "store/sqlite/migrations.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace rowlane::conformance {

namespace {

class SqliteEngine final : public Engine {
 public:
  SqliteEngine(std::string file, const Clock& clock) : file_(std::move(file)), clock_(clock) { open(); }
  store::Store& store() override { return *store_; }
  void reopen() override {
    store_.reset();
    runner_.reset();
    open();
  }

 private:
  void open() {
    {
      Result<db::Sqlite> db = db::Sqlite::open(file_);
      REQUIRE(db);
      REQUIRE(store::migrate(*db));
    }
    Result<std::unique_ptr<store::ThreadedRunner>> runner = store::ThreadedRunner::open(file_, 2);
    REQUIRE(runner);
    runner_ = std::move(*runner);
    store_ = std::make_unique<store::SqliteStore>(*runner_, clock_, random_, catalogue_);
  }

  std::string file_;
  const Clock& clock_;
  SystemRandom random_;
  FieldCatalogue catalogue_;
  std::unique_ptr<store::ThreadedRunner> runner_;
  std::unique_ptr<store::SqliteStore> store_;
};

std::unique_ptr<Engine> open_sqlite(const std::string& dir, const Clock& clock) {
  std::filesystem::create_directories(dir);
  return std::make_unique<SqliteEngine>(dir + "/rowlane.db", clock);
}

std::unique_ptr<Engine> restore_sqlite(const std::string& file, const std::string& dir, const Clock& clock) {
  std::filesystem::create_directories(dir);
  std::filesystem::copy_file(file, dir + "/rowlane.db");
  return open_sqlite(dir, clock);
}

}  // namespace

const std::vector<EngineKind>& engines() {
  static const std::vector<EngineKind> kAll = {{"sqlite", open_sqlite, restore_sqlite}};
  return kAll;
}

TempDir::TempDir() {
  std::string pattern = (std::filesystem::temp_directory_path() / "rowlane-conformance-XXXXXX").string();
  REQUIRE(mkdtemp(pattern.data()));
  path_ = pattern;
}
TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

Office::Office(const EngineKind& k) : kind(k), engine(k.open(dir.path() + "/data", clock)) {
  loop.start("conformance");
  const auto agency = [&](const std::string& key, const std::string& book) {
    const Result<AgencyId> id =
        wait(store().upsert_agency({{}, key, key, book, "default"}, store::PeopleStore::SpreadsheetChange::refused));
    REQUIRE(id);
    return *id;
  };
  agency_a = agency("a", "book-a");
  agency_b = agency("b", "book-b");
  const auto user = [&](AgencyId of, const std::string& name, store::Role role) {
    const Result<UserId> id = wait(store().create_user({of, name + "@office.example", name, role, "hash"}));
    REQUIRE(id);
    return Scope{of, *id, role == store::Role::manager};
  };
  asha = user(agency_a, "asha", store::Role::agent);
  ravi = user(agency_a, "ravi", store::Role::agent);
  manager = user(agency_a, "meera", store::Role::manager);
  other = user(agency_b, "other", store::Role::agent);
  other_manager = user(agency_b, "other-manager", store::Role::manager);
}

Office::~Office() {
  loop.stop();
  loop.join();
  engine.reset();  // its threads may still be handing over an answer: they end before the loop goes
}

JobId Office::press(const Scope& scope, const std::string& book) {
  const Result<store::QueuedJob> job = wait(store().enqueue({.scope = scope, .spreadsheet_id = book}));
  REQUIRE(job);
  return job->id;
}

store::Claim Office::claim(const std::string& book, Millis lease) {
  Result<store::ClaimAnswer> answer =
      wait(store().claim_next({.node = "node-1", .accounts = {"default"}, .quota = {}, .lease = lease}));
  REQUIRE(answer);
  REQUIRE(answer->claim);
  REQUIRE(answer->claim->lease.spreadsheet_id == book);
  return std::move(*answer->claim);
}

bool Office::nothing_to_claim() {
  const Result<store::ClaimAnswer> answer =
      wait(store().claim_next({.node = "node-2", .accounts = {"default"}, .quota = {}}));
  REQUIRE(answer);
  return !answer->claim;
}

Status Office::finish(const store::Claim& claim, JobState state) {
  store::PassOutcome outcome;
  for (const store::ClaimedJob& job : claim.heads)
    outcome.jobs.push_back({.id = job.id, .state = state, .result = "{}"});
  return wait(store().finish_pass(claim, std::move(outcome)));
}

Record Office::add_record(const Scope& scope, const std::string& name, const std::string& policy_no) {
  Record record;
  record.owner = scope.user;
  record.fields.set(field::name, name);
  record.fields.set(field::vertical, std::string("motor"));
  record.fields.set(field::current_policy_no, policy_no);
  const Result<Record> made = wait(store().create_record(scope, std::move(record)));
  REQUIRE(made);
  return *made;
}

}  // namespace rowlane::conformance
