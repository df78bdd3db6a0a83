#include "support/memory_store.hpp"

using namespace rowlane;
using rowlane::testing::must;

namespace {
constexpr Millis kDay{24LL * 3600 * 1000};

struct Office : rowlane::testing::MemoryStore {
  // The scope of a new agency's only user; its spreadsheet is on the account of the agency's name.
  Scope add_office(const std::string& key) {
    const AgencyId agency = add_agency(key);
    return {agency, add_user(agency, key + "@x"), false};
  }
  JobId press(const Scope& scope, const std::string& account) {
    return must(executor.finish(
                    store.enqueue({.scope = scope, .spreadsheet_id = account + "-book", .tabs = {}, .deleted = {}})))
        .id;
  }
  store::ClaimAnswer claim(const store::AccountQuotas& quota) {
    return must(executor.finish(store.claim_next({.node = "n", .accounts = {"small", "large"}, .quota = quota})));
  }
  std::int64_t count(std::string_view table) { return number(fmt::format("SELECT count(*) FROM {}", table)); }
};
}  // namespace

namespace {
int statements_of(const db::Sqlite& db) {
  int count = 0;
  for (sqlite3_stmt* stmt = nullptr; (stmt = sqlite3_next_stmt(db.handle(), stmt)) != nullptr;) ++count;
  return count;
}
}  // namespace

TEST_CASE("a connection keeps some hundred statements, and never gives up one that is being read") {
  db::Sqlite db = must(db::Sqlite::open(":memory:"));
  db::Statement read = db.prepare("SELECT value FROM json_each('[1,2,3]')");
  REQUIRE(must(read.step()));
  for (int i = 0; i < 2'000; ++i) REQUIRE(must(db.prepare(fmt::format("SELECT {}", i)).step()));
  CHECK(statements_of(db) <= 301);
  CHECK(read.i64(0) == 1);
  REQUIRE(must(read.step()));
  CHECK(read.i64(0) == 2);
}

TEST_CASE("lists of any length, from any place, are a few statements") {
  Office office;
  const Scope scope = office.add_office("small");
  const auto list = [&](int offset) {
    store::RecordQuery query{.scope = scope};
    query.limit = 1 + offset % 200;
    query.offset = offset;
    REQUIRE(office.executor.finish(office.store.list_records(query)));
    REQUIRE(office.executor.finish(office.store.history(scope, "", {}, query.limit, "")));
    REQUIRE(office.executor.finish(office.store.activity(scope, query.limit, "")));
  };
  list(0);
  const int before = statements_of(office.db);
  for (int offset = 1; offset < 500; ++offset) list(offset);
  CHECK(statements_of(office.db) == before);
}

TEST_CASE("a number that cannot be drawn is an error: no pass goes without one") {
  Office office;
  const Scope scope = office.add_office("small");
  office.press(scope, "small");
  REQUIRE(office.db.exec("DELETE FROM counter WHERE name='pass'"));
  const auto claimed =
      office.executor.finish(office.store.claim_next({.node = "n", .accounts = {"small"}, .quota = {}}));
  REQUIRE_FALSE(claimed);
  CHECK(claimed.error().message == "the database has no counter 'pass'");
}

TEST_CASE("on a full disk callers are told so, and the store says that it is not well until there is room") {
  Office office;
  const Scope scope = office.add_office("small");
  const std::int64_t pages = office.number("PRAGMA page_count");
  REQUIRE(office.db.exec(fmt::format("PRAGMA max_page_count={}", pages)));
  CHECK(office.executor.finish(office.store.ping()));
  Record record;
  record.owner = scope.user;
  record.fields.set(field::name, std::string(500'000, 'n'));
  record.fields.set(field::vertical, std::string("motor"));
  const auto refused = office.executor.finish(office.store.create_record(scope, record));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::unavailable);
  CHECK(refused.error().message == "the server's disk is full");
  CHECK(office.runner.is_disk_full());
  REQUIRE(office.db.exec("PRAGMA max_page_count=1000000"));
  CHECK(office.executor.finish(office.store.ping()));
  CHECK_FALSE(office.runner.is_disk_full());
  CHECK(office.executor.finish(office.store.create_record(scope, record)));
}

TEST_CASE("every account spends its own quota") {
  Office office;
  const Scope small = office.add_office("small"), large = office.add_office("large");
  const store::AccountQuotas quota{{"small", {.reads = 1, .writes = 1}}, {"large", {.reads = 100, .writes = 100}}};
  for (int i = 0; i < 2; ++i) office.press(small, "small"), office.press(large, "large");

  store::ClaimAnswer first = office.claim(quota);
  REQUIRE(first.claim);
  CHECK(first.account == "small");
  REQUIRE(office.executor.finish(
      office.store.may_send(first.claim->lease, "small", store::CallKind::read, store::quota_of(quota, "small"))));
  const Status spent = office.executor.finish(
      office.store.may_send(first.claim->lease, "small", store::CallKind::read, store::quota_of(quota, "small")));
  REQUIRE(!spent);
  CHECK(spent.error().code == Errc::quota_exceeded);
  REQUIRE(office.executor.finish(
      office.store.finish_pass(*first.claim, {.jobs = {{.id = first.claim->heads.front().id}}})));

  // The small account's window is spent; the large one's is not, and goes on.
  store::ClaimAnswer second = office.claim(quota);
  REQUIRE(second.claim);
  CHECK(second.account == "large");
  for (int i = 0; i < 5; ++i)
    CHECK(office.executor.finish(
        office.store.may_send(second.claim->lease, "large", store::CallKind::read, store::quota_of(quota, "large"))));
  REQUIRE(office.executor.finish(
      office.store.finish_pass(*second.claim, {.jobs = {{.id = second.claim->heads.front().id}}})));
  CHECK(office.claim(quota).account == "large");
  CHECK(!office.claim(quota).claim);
  office.clock.at += Millis{70'000};
  CHECK(office.claim(quota).account == "small");
}

namespace {
// Counts the rows that each piece of writing changes.
class CountingRunner final : public store::SqliteRunner {
 public:
  explicit CountingRunner(db::Sqlite& db) : db_(db), inner_(db) {}
  void write(Write work, Done done, Undo undo) override {
    inner_.write(
        [this, work = std::move(work)](store::Writer& db) mutable {
          const std::int64_t before = db_.total_changes();
          const bool kept = work(db);
          rows_max = std::max(rows_max, db_.total_changes() - before);
          return kept;
        },
        std::move(done), undo);
  }
  void read(Read work) override { inner_.read(std::move(work)); }
  std::int64_t rows_max = 0;

 private:
  db::Sqlite& db_;
  store::InlineRunner inner_;
};

store::ImportLine line_of(int line, const std::string& name, const std::string& policy_no) {
  store::ImportLine out{.line = line};
  out.set.set(field::name, name);
  out.set.set(field::vertical, std::string("motor"));
  if (!policy_no.empty()) out.set.set(field::current_policy_no, policy_no);
  return out;
}
}  // namespace

TEST_CASE("no transaction of an import or of a change of many records is long, however many there are") {
  Office office;
  const Scope scope = office.add_office("small");
  CountingRunner runner(office.db);
  store::SqliteStore store(runner, office.clock, office.random, office.catalogue);
  std::vector<store::ImportLine> lines;
  for (int i = 0; i < 3'000; ++i) lines.push_back(line_of(i + 2, fmt::format("Name {}", i), fmt::format("POL/{}", i)));
  const auto imported = must(office.executor.finish(store.import_records(scope, lines, {})));
  CHECK(imported.added == 3'000);
  CHECK(runner.rows_max <= 700);
  CHECK(office.count("record") == 3'000);
  CHECK(office.count("import_line") == 0);

  const auto ids = must(office.executor.finish(store.record_ids({.scope = scope})));
  store::FieldPatch patch;
  patch.set.set(field::company, std::string("Northwind"));
  runner.rows_max = 0;
  const auto changed = must(office.executor.finish(store.update_records(scope, ids, patch)));
  CHECK(changed.changed == 3'000);
  CHECK(changed.changes.size() == 1);  // nobody came between its pieces
  CHECK(must(office.executor.finish(store.undo_changes(scope, changed.changes))).changed == 3'000);
  CHECK(must(office.executor.finish(store.delete_records(scope, ids))).changed == 3'000);
  CHECK(runner.rows_max <= 450);
  const auto activity = must(office.executor.finish(store.activity(scope, 10, "")));
  REQUIRE(activity.entries.size() == 4);  // one each, whatever the number of pieces
  CHECK(activity.entries[0].text == "deleted 3000 records");
  CHECK(activity.entries[2].text == "changed 3000 records");
}

TEST_CASE("an import finds a line's record among those of the store and those of the file before it") {
  Office office;
  const Scope scope = office.add_office("small");
  const auto import = [&](std::vector<store::ImportLine> lines, store::ImportOptions options = {}) {
    return must(office.executor.finish(office.store.import_records(scope, std::move(lines), options)));
  };
  CHECK(import({line_of(2, "Anil", "POL/1"), line_of(3, "Bela", "POL/2")}).added == 2);
  CHECK(import({line_of(2, "Anil", "pol/1"), line_of(3, "Bela", "POL/2")}, {.dry_run = true}).updated == 1);
  CHECK(import({line_of(2, "Anil", "POL/1")}).unchanged == 1);
  const std::string bela =
      must(office.executor.finish(office.store.record_ids({.scope = scope, .filter = {.search = "bela"}}))).at(0);

  // Twice the same new one; a record by its key and by its id; a key that a line before gives to another record.
  store::ImportLine by_id = line_of(3, "Bela", "POL/3");
  by_id.public_id = bela;
  const std::vector<std::pair<std::vector<store::ImportLine>, std::string>> refused = {
      {{line_of(2, "Chand", "POL/9"), line_of(3, "Chand", "POL/9")}, "it is the same record as line 2"},
      {{line_of(2, "Bela", "POL/2"), by_id}, "it is the same record as line 2"},
      {{by_id, line_of(4, "Bela", "POL/3")}, "it is the same record as line 3"},
  };
  for (const auto& [lines, reason] : refused) {
    const store::ImportReport report = import(lines);
    REQUIRE(report.errors.size() == 1);
    CHECK(report.errors[0].reason == reason);
    CHECK(office.count("record") == 2);
  }
  // Its old number is free for another, then.
  CHECK(import({by_id, line_of(4, "Chand", "POL/2")}).added == 1);
  const store::ImportReport some = import({line_of(2, "", "POL/5"), line_of(3, "Deep", "POL/6")}, {.skip_bad = true});
  CHECK(some.added == 1);
  CHECK(some.errors.size() == 1);
}

TEST_CASE("an account without limits is never made to wait") {
  CHECK(store::quota_of({}, "default").reads == 0);
  CHECK(store::quota_of({{"default", {.reads = 5}}}, "default").reads == 5);
}

TEST_CASE(
    "a crash is a fault of the pass that ran, a kill is none: a job that crashes the server each time "
    "fails") {
  Office office;
  const Scope scope = office.add_office("small");
  const JobId bad = office.press(scope, "small");
  const auto die = [&](bool leaves_mark) {
    const store::ClaimAnswer answer = office.claim({});
    REQUIRE(answer.claim);
    REQUIRE(answer.claim->heads.front().id == bad);
    REQUIRE(office.executor.finish(office.store.end_predecessors_leases(leaves_mark)));
    return answer.claim->alone;
  };
  const auto state = [&] { return must(office.executor.finish(office.store.job(scope, bad))).state; };
  for (int i = 0; i < 5; ++i) CHECK(!die(false));
  CHECK(!die(true));
  CHECK(!die(true));
  for (int i = 0; i < 2; ++i) {
    CHECK(die(true));
    CHECK(state() == JobState::queued);
  }
  CHECK(die(false));
  CHECK(state() == JobState::queued);
  CHECK(die(true));
  CHECK(state() == JobState::failed);
  const JobId next = office.press(scope, "small");
  CHECK(office.claim({}).claim->heads.front().id == next);
  CHECK(office.number("SELECT queued + running FROM lane") == 1);
}

TEST_CASE("housekeeping deletes what is kept no longer, and nothing else") {
  Office office;
  const Scope scope = office.add_office("small");
  const auto expire = [&] {
    std::int64_t all = 0;
    for (std::int64_t deleted = 1; deleted > 0; all += deleted)
      deleted = must(office.executor.finish(office.store.expire()));
    return all;
  };
  Record record{.agency = scope.agency, .owner = scope.user};
  record.fields.set(field::name, std::string("A"));
  record.fields.set(field::vertical, std::string("motor"));
  const Record living = must(office.executor.finish(office.store.create_record(scope, record)));
  const Record gone = must(office.executor.finish(office.store.create_record(scope, record)));
  REQUIRE(office.executor.finish(office.store.delete_record({.scope = scope, .public_id = gone.public_id})));
  const JobId finished = office.press(scope, "small");
  REQUIRE(office.executor.finish(office.store.cancel_job(scope, finished)));
  const JobId queued = office.press(scope, "small");
  REQUIRE(office.executor.finish(office.store.create_session(scope.user, "hash", office.clock.at + kDay * 14)));
  REQUIRE(office.executor.finish(office.store.create_token(scope.user, "token")));
  (void)expire();  // the row that stands for the events before the first
  CHECK(expire() == 0);

  struct Step {
    std::string_view name;
    int day;
    std::int64_t events, sessions, jobs, records, history;
  };
  const Step steps[] = {
      {"events go after a day, but for the last, which numbers the next", 2, 1, 1, 2, 2, 3},
      {"sessions when they end", 15, 1, 0, 2, 2, 3},
      {"jobs and tombstones after 90 days", 91, 1, 0, 1, 1, 3},
      {"history after 400", 401, 1, 0, 1, 1, 0},
  };
  const WallTime start = office.clock.at;
  for (const Step& step : steps) {
    CAPTURE(step.name);
    office.clock.at = start + kDay * step.day;
    CHECK(expire() > 0);
    CHECK(expire() == 0);
    CHECK(office.count("event_batch") == step.events);
    CHECK(office.count("session") == step.sessions);
    CHECK(office.count("sync_job") == step.jobs);
    CHECK(office.count("record") == step.records);
    CHECK(office.count("history") == step.history);
  }
  CHECK(must(office.executor.finish(office.store.get_record(scope, living.public_id))).public_id == living.public_id);
  CHECK(must(office.executor.finish(office.store.job(scope, queued))).state == JobState::queued);
  CHECK(office.count("api_token") == 1);
  CHECK(office.count("activity") == 0);
}

TEST_CASE(
    "a piece that fails half-way leaves nothing, whatever was said of it; one that fails before its first "
    "change is its own matter") {
  Office office;
  using Undo = store::SqliteRunner::Undo;
  // Runs one piece that first adds a counter when told so, and fails; its commit's answer.
  const auto fails = [&](Undo undo, bool changes_first) {
    const auto run = [&]() -> Task<Status> {
      co_return co_await suspend_for<Status>([&](Resolver<Status> done) {
        office.runner.write(
            [changes_first](db::Sqlite& db) {
              if (changes_first) REQUIRE(db.prepare("INSERT INTO counter (name, value) VALUES ('half', 1)").run());
              return false;
            },
            [done = std::move(done)](Status status) mutable { done(std::move(status)); }, undo);
      });
    };
    return office.executor.finish(run());
  };
  CHECK(fails(Undo::by_savepoint, true));
  CHECK(fails(Undo::nothing_to_undo, false));
  const Status half = fails(Undo::nothing_to_undo, true);
  REQUIRE(!half);
  CHECK(half.error().code == Errc::unavailable);
  CHECK(office.number("SELECT count(*) FROM counter WHERE name='half'") == 0);
}

TEST_CASE("a query inside its own twin's loop gets a statement of its own, and no more than that") {
  Office office;
  constexpr std::string_view kSql = "SELECT name FROM counter ORDER BY name";
  for (int round = 0; round < 3; ++round) {
    db::Statement outer = office.db.prepare(kSql);
    REQUIRE(must(outer.step()));
    {
      db::Statement inner = office.db.prepare(kSql);
      REQUIRE(must(inner.step()));
      CHECK(inner.text(0) == outer.text(0));
    }
    REQUIRE(must(outer.step()));
  }
  int statements = 0;
  for (sqlite3_stmt* stmt = sqlite3_next_stmt(office.db.handle(), nullptr); stmt;
       stmt = sqlite3_next_stmt(office.db.handle(), stmt))
    statements += std::string_view(sqlite3_sql(stmt)) == kSql;
  CHECK(statements == 2);
}
