// Lease, epoch, journal, quota; durability through kill -9; backup under load.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <map>
#include <set>

#include "conformance/engine.hpp"

namespace rowlane::conformance {

namespace {

Task<void> enqueue_all(store::Store& store, std::vector<Scope> scopes, int count, std::vector<store::QueuedJob>* out,
                       std::function<void(std::size_t)> each) {
  for (int i = 0; i < count; ++i) {
    const auto job = co_await store.enqueue({.scope = scopes[static_cast<std::size_t>(i) % scopes.size()],
                                             .spreadsheet_id = "book-a",
                                             .lane_jobs_max = 1'000'000});
    if (!job) co_return;
    out->push_back(*job);
    if (each) each(out->size());
  }
}

Task<bool> enqueue_together(Executor& loop, store::Store& store, std::vector<Scope> scopes, int producers,
                            int count_each, std::vector<store::QueuedJob>* out, std::function<void(std::size_t)> each) {
  TaskGroup group(loop);
  for (int i = 0; i < producers; ++i) group.spawn(enqueue_all(store, scopes, count_each, out, each));
  co_await group.join();
  co_return true;
}

std::optional<Errc> code(const Status& status) {
  return status ? std::optional<Errc>() : std::optional(status.error().code);
}

}  // namespace

TEST_CASE("passes: one that lost its lease can neither send, journal, commit nor finish") {
  for (const EngineKind& kind : engines()) {
    CAPTURE(kind.name);
    Office office(kind);
    const Record record = office.add_record(office.asha, "Anil", "P/1");
    const JobId job = office.press(office.asha);
    const store::Claim lost = office.claim("book-a", Millis{10'000});
    REQUIRE(office.wait(office.store().renew(lost.lease, Millis{10'000})));
    REQUIRE(office.wait(office.store().may_send(lost.lease, "default", store::CallKind::read, {})));
    office.clock.advance(Millis{10'001});

    const auto refuses_everything = [&] {
      CHECK(code(office.wait(office.store().renew(lost.lease, Millis{10'000}))) == Errc::lease_lost);
      CHECK(code(office.wait(office.store().may_send(lost.lease, "default", store::CallKind::write, {}))) ==
            Errc::lease_lost);
      CHECK(code(office.wait(office.store().write_journal(
                lost.lease, {.pass = lost.pass, .chunk = 0, .token = 1, .body = "{}", .tables = "{}"}))) ==
            Errc::lease_lost);
      CHECK(code(office.wait(office.store().drop_journal(lost.lease, lost.pass, 0))) == Errc::lease_lost);
      store::ChunkCommit commit;
      commit.base.push_back({record.id, "general", record.fields});
      commit.marks.push_back({record.id, record.version, SyncState::synced, {}});
      CHECK(code(office.wait(office.store().commit_chunk(lost.lease, commit))) == Errc::lease_lost);
      CHECK(code(office.finish(lost)) == Errc::lease_lost);
    };
    refuses_everything();  // it ran out, and nobody has taken it yet
    const store::Claim taken = office.claim();
    CHECK(taken.lease.epoch > lost.lease.epoch);
    CHECK(taken.heads.at(0).id == job);
    refuses_everything();  // another pass has it
    const auto data = office.wait(office.store().load_pass(taken));
    REQUIRE(data);
    CHECK(data->journal.empty());
    REQUIRE(data->records.size() == 1);
    CHECK(data->records[0].base.empty());
    CHECK(data->records[0].record.sync == SyncState::unsynced);
    CHECK(office.wait(office.store().job(office.asha, job)).value().state == JobState::running);
    REQUIRE(office.finish(taken));
    refuses_everything();  // and when that one has ended
  }
}

TEST_CASE("passes: a journal entry stays until it is committed or dropped, also over a restart") {
  for (const EngineKind& kind : engines()) {
    CAPTURE(kind.name);
    Office office(kind);
    const Record record = office.add_record(office.asha, "Anil", "P/1");
    (void)office.press(office.asha);
    const store::Claim first = office.claim();
    REQUIRE(office.wait(office.store().write_journal(
        first.lease, {.pass = first.pass, .chunk = 0, .token = 7, .body = "kept", .tables = "tables"})));
    REQUIRE(office.wait(
        office.store().write_journal(first.lease, {.pass = first.pass, .chunk = 1, .token = 8, .body = "dropped"})));
    REQUIRE(office.wait(office.store().drop_journal(first.lease, first.pass, 1)));
    office.engine->reopen();
    CHECK(office.nothing_to_claim());  // the lease has not run out
    REQUIRE(office.wait(office.store().end_predecessors_leases(false)));
    const store::Claim second = office.claim();
    CHECK(second.lease.epoch > first.lease.epoch);
    CHECK(!second.alone);
    auto data = office.wait(office.store().load_pass(second));
    REQUIRE(data);
    REQUIRE(data->journal.size() == 1);
    CHECK(data->journal[0].pass == first.pass);
    CHECK(data->journal[0].token == 7);
    CHECK(data->journal[0].body == "kept");
    CHECK(data->journal[0].tables == "tables");
    CHECK(data->token_last == 8);

    store::ChunkCommit part;
    part.journal = {.pass = first.pass, .chunk = 0, .entered = "0-199", .done = false};
    REQUIRE(office.wait(office.store().commit_chunk(second.lease, part)));
    data = office.wait(office.store().load_pass(second));
    REQUIRE(data->journal.size() == 1);
    CHECK(data->journal[0].entered == "0-199");

    store::ChunkCommit commit;
    commit.base.push_back({record.id, "general", record.fields});
    commit.marks.push_back({record.id, record.version, SyncState::synced, {}});
    commit.journal = {.pass = first.pass, .chunk = 0, .entered = {}, .done = true};
    REQUIRE(office.wait(office.store().commit_chunk(second.lease, commit)));
    data = office.wait(office.store().load_pass(second));
    REQUIRE(data);
    CHECK(data->journal.empty());
    CHECK(data->records[0].base.at("general") == record.fields);
    CHECK(data->records[0].record.sync == SyncState::synced);
  }
}

TEST_CASE("passes: a mark for an older version leaves the record unsynced") {
  for (const EngineKind& kind : engines()) {
    CAPTURE(kind.name);
    Office office(kind);
    const Record record = office.add_record(office.asha, "Anil", "P/1");
    (void)office.press(office.asha);
    const store::Claim claim = office.claim();
    store::FieldPatch patch;
    patch.set.set(field::company, std::string("Northwind"));
    REQUIRE(office.wait(office.store().update_record({.scope = office.asha, .public_id = record.public_id}, patch)));
    store::ChunkCommit commit;
    commit.marks.push_back({record.id, record.version, SyncState::synced, {}});
    REQUIRE(office.wait(office.store().commit_chunk(claim.lease, commit)));
    CHECK(office.wait(office.store().get_record(office.asha, record.public_id)).value().sync == SyncState::unsynced);
  }
}

TEST_CASE("passes: the marks of many records are told as counts, to each owner its own") {
  for (const EngineKind& kind : engines()) {
    CAPTURE(kind.name);
    Office office(kind);
    store::ChunkCommit commit;
    for (int i = 0; i < 120; ++i) {
      const Record record =
          office.add_record(i % 3 ? office.asha : office.ravi, fmt::format("N{}", i), fmt::format("P/{}", i));
      commit.marks.push_back({record.id, record.version, SyncState::synced, {}});
    }
    (void)office.press(office.manager);
    const store::Claim claim = office.claim();
    const std::int64_t before = office.wait(office.store().event_range()).value().newest;
    REQUIRE(office.wait(office.store().commit_chunk(claim.lease, commit)));
    const auto told = [&](const Scope& scope) {
      std::int64_t count = 0;
      for (const store::Event& event :
           office.wait(office.store().events_after({.after = before, .scope = scope})).value().events)
        if (event.kind == store::EventKind::customers) count += event.subject;
      return count;
    };
    CHECK(told(office.asha) == 80);
    CHECK(told(office.ravi) == 40);
    CHECK(told(office.manager) == 120);
    CHECK(told(office.other_manager) == 0);
  }
}

TEST_CASE("passes: calls beyond the quota wait until the window has moved on, also over a restart") {
  for (const EngineKind& kind : engines()) {
    CAPTURE(kind.name);
    Office office(kind);
    (void)office.press(office.asha);
    const store::QuotaLimits quota{.reads = 2, .writes = 2, .window = Millis{60'000}};
    const store::Claim claim = office.claim("book-a", Millis{600'000});
    for (int i = 0; i < 2; ++i)
      CHECK(office.wait(office.store().may_send(claim.lease, "default", store::CallKind::read, quota)));
    office.engine->reopen();
    const Status over = office.wait(office.store().may_send(claim.lease, "default", store::CallKind::read, quota));
    REQUIRE(!over);
    CHECK(over.error().code == Errc::quota_exceeded);
    REQUIRE(over.error().retry_after);
    CHECK(*over.error().retry_after >= Millis{60'000});
    CHECK(office.wait(office.store().may_send(claim.lease, "default", store::CallKind::write, quota)));
    office.clock.advance(*over.error().retry_after);
    CHECK(office.wait(office.store().may_send(claim.lease, "default", store::CallKind::read, quota)));
  }
}

TEST_CASE("passes: faults of ours first run jobs alone, then fail them; a kill is no fault") {
  for (const EngineKind& kind : engines()) {
    CAPTURE(kind.name);
    Office office(kind);
    const JobId job = office.press(office.asha);
    (void)office.press(office.ravi);
    const auto fail_pass = [&] {
      const store::Claim claim = office.claim();
      store::PassOutcome outcome;
      outcome.fault = "it broke", outcome.park = WaitReason::retry, outcome.park_for = Millis{500};
      REQUIRE(office.wait(office.store().finish_pass(claim, outcome)));
      office.clock.advance(Millis{500});
      return claim;
    };
    for (int i = 0; i < 3; ++i) {  // kills are not counted
      (void)office.claim();
      REQUIRE(office.wait(office.store().end_predecessors_leases(false)));
    }
    CHECK(fail_pass().heads.size() == 2);
    CHECK(fail_pass().heads.size() == 2);
    for (int i = 0; i < 3; ++i) {
      const store::Claim claim = fail_pass();
      CHECK(claim.alone);
      REQUIRE(claim.heads.size() == 1);
      CHECK(claim.heads[0].id == job);
    }
    CHECK(office.wait(office.store().job(office.asha, job)).value().state == JobState::failed);
  }
}

TEST_CASE("passes: what was accepted before kill -9 is there after it, once and in order") {
  for (const EngineKind& kind : engines()) {
    CAPTURE(kind.name);
    const char* asked = std::getenv("ROWLANE_KILL_AFTER");
    const std::size_t kill_after = asked ? std::strtoull(asked, nullptr, 10) : 300;
    const TempDir dir;
    const std::string data = dir.path() + "/killed";
    int answers[2];
    REQUIRE(::pipe(answers) == 0);
    const pid_t child = ::fork();  // before this process has threads
    if (child == 0) {
      // A process of its own: it tells each accepted job at once, and never ends by itself.
      ::close(answers[0]);
      TestClock clock;
      const std::unique_ptr<Engine> engine = kind.open(data, clock);
      net::IoThread loop;
      loop.start("killed");
      std::vector<store::QueuedJob> accepted;
      std::promise<Scope> made;
      struct Setup {
        static Task<void> run(store::Store& store, std::promise<Scope>* to) {
          const auto agency = co_await store.upsert_agency({{}, "a", "a", "book-a", "default"},
                                                           store::PeopleStore::SpreadsheetChange::refused);
          const auto user =
              co_await store.create_user({agency.value(), "asha@office.example", "Asha", store::Role::agent, ""});
          to->set_value(Scope{agency.value(), user.value(), false});
        }
        static Task<void> work(Executor& on, store::Store& store, Scope scope, std::vector<store::QueuedJob>* out,
                               int fd) {
          (void)co_await enqueue_together(on, store, {scope}, 16, 1'000'000, out, [out, fd](std::size_t count) {
            const std::int64_t pair[2] = {(*out)[count - 1].id.value, (*out)[count - 1].position};
            if (::write(fd, pair, sizeof pair) != sizeof pair) ::_exit(1);
          });
        }
      };
      detach(loop, Setup::run(engine->store(), &made));
      const Scope scope = made.get_future().get();
      detach(loop, Setup::work(loop, engine->store(), scope, &accepted, answers[1]));
      for (;;) ::pause();
    }
    ::close(answers[1]);
    std::vector<std::pair<std::int64_t, std::int64_t>> accepted;  // id, position
    std::int64_t pair[2];
    const auto next = [&] { return ::read(answers[0], pair, sizeof pair) == sizeof pair; };
    while (accepted.size() < kill_after && next()) accepted.emplace_back(pair[0], pair[1]);
    ::kill(child, SIGKILL);
    while (next()) accepted.emplace_back(pair[0], pair[1]);  // told, and still in the pipe
    ::close(answers[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    REQUIRE(accepted.size() >= kill_after);

    Office office(kind);  // for its loop
    const std::unique_ptr<Engine> engine = kind.open(data, office.clock);
    const auto user = office.wait(engine->store().find_user(std::string("asha@office.example")));
    REQUIRE(user);
    REQUIRE(user->has_value());
    const Scope scope{(*user)->agency, (*user)->id, false};
    std::map<std::int64_t, std::int64_t> kept;  // id -> position
    std::string cursor;
    do {
      const auto page = office.wait(engine->store().jobs(scope, 200, cursor));
      REQUIRE(page);
      for (const store::Job& job : page->jobs) {
        CHECK(kept.emplace(job.id.value, job.position.value_or(0)).second);
        CHECK(job.state == JobState::queued);
      }
      cursor = page->next_cursor;
    } while (!cursor.empty());
    for (const auto& [id, position] : accepted) CHECK(kept[id] == position);
    CHECK(kept.size() <= accepted.size() + 16);  // at most what was under way
    std::int64_t place = 0;
    for (const auto& [id, position] : kept) CHECK(position == ++place);
  }
}

TEST_CASE("passes: a backup under load is one moment's whole store") {
  for (const EngineKind& kind : engines()) {
    CAPTURE(kind.name);
    Office office(kind);
    std::vector<store::QueuedJob> accepted;
    std::promise<void> some;
    std::promise<bool> all;
    struct Into {
      static Task<void> promise(Task<bool> from, std::promise<bool>* to) { to->set_value(co_await std::move(from)); }
    };
    detach(office.loop,
           Into::promise(enqueue_together(office.loop, office.store(), {office.asha, office.ravi}, 8, 60, &accepted,
                                          [&](std::size_t count) {
                                            if (count == 50) some.set_value();
                                          }),
                         &all));
    some.get_future().wait();
    const std::string file = office.dir.path() + "/backup.db";
    REQUIRE(office.wait(office.store().backup(file)));
    all.get_future().wait();
    CHECK(accepted.size() == 480);
    const std::unique_ptr<Engine> copy = kind.restore(file, office.dir.path() + "/restored", office.clock);
    std::set<std::int64_t> kept;
    for (const Scope& scope : {office.asha, office.ravi}) {
      const std::int64_t unfinished = office.wait(copy->store().lane_status(scope, "")).value().unfinished;
      std::int64_t listed = 0;
      std::string cursor;
      do {
        const auto page = office.wait(copy->store().jobs(scope, 200, cursor));
        REQUIRE(page);
        for (const store::Job& job : page->jobs) kept.insert(job.id.value);
        listed += static_cast<std::int64_t>(page->jobs.size());
        cursor = page->next_cursor;
      } while (!cursor.empty());
      CHECK(listed == unfinished);  // the lane's count and its rows are of one moment
    }
    CHECK(kept.size() >= 50);
    // Ids are drawn in the order of the commits: what the copy has is a beginning without gaps.
    if (!kept.empty()) CHECK(*kept.rbegin() - *kept.begin() + 1 == static_cast<std::int64_t>(kept.size()));
    CHECK(office.wait(copy->store().agencies()).value().size() == 2);
  }
}

}  // namespace rowlane::conformance
