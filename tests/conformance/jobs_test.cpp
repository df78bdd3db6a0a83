// The durable queue: order, keys, limits, scopes, holds, waits, expiry.
#include <doctest/doctest.h>

#include "conformance/engine.hpp"

namespace rowlane::conformance {

namespace {
constexpr Millis kDay{24LL * 3600 * 1000};

std::vector<std::int64_t> ids(const std::vector<store::ClaimedJob>& jobs) {
  std::vector<std::int64_t> out;
  for (const store::ClaimedJob& job : jobs) out.push_back(job.id.value);
  return out;
}
}  // namespace

TEST_CASE("jobs: a lane gives its jobs one by one, in the order accepted; lanes of a spreadsheet go together") {
  for (const EngineKind& kind : engines()) {
    CAPTURE(kind.name);
    Office office(kind);
    const JobId first = office.press(office.asha), second = office.press(office.asha),
                ravis = office.press(office.ravi);
    CHECK(office.wait(office.store().job(office.asha, second)).value().position == 2);
    store::Claim claim = office.claim();
    CHECK(ids(claim.heads) == std::vector{first.value, ravis.value});
    CHECK(office.nothing_to_claim());  // one pass a spreadsheet
    CHECK(office.wait(office.store().job(office.asha, first)).value().state == JobState::running);
    CHECK(office.wait(office.store().job(office.asha, second)).value().state == JobState::queued);
    REQUIRE(office.finish(claim));
    claim = office.claim();
    CHECK(ids(claim.heads) == std::vector{second.value});
    REQUIRE(office.finish(claim));
    CHECK(office.nothing_to_claim());
    CHECK(office.wait(office.store().job(office.asha, second)).value().state == JobState::succeeded);
  }
}

TEST_CASE("jobs: the last one is the last of the lane, whatever the clock says; one that never ran is not it") {
  for (const EngineKind& kind : engines()) {
    CAPTURE(kind.name);
    Office office(kind);
    const JobId first = office.press(office.asha);
    REQUIRE(office.finish(office.claim()));
    office.clock.advance(Millis{-3'600'000});
    const JobId second = office.press(office.asha);
    REQUIRE(office.finish(office.claim()));
    const auto last = [&] { return office.wait(office.store().lane_status(office.asha, "")).value().last->id; };
    CHECK(last() == second);
    const JobId cancelled = office.press(office.asha);
    REQUIRE(office.wait(office.store().cancel_job(office.asha, cancelled)));
    CHECK(last() == second);
    CHECK(first != second);
  }
}

TEST_CASE("jobs: those that follow a head and were accepted before the load are its followers") {
  for (const EngineKind& kind : engines()) {
    CAPTURE(kind.name);
    Office office(kind);
    const JobId head = office.press(office.asha), follower = office.press(office.asha);
    const store::Claim claim = office.claim();
    const JobId late = office.press(office.asha);
    const auto data = office.wait(office.store().load_pass(claim));
    REQUIRE(data);
    CHECK(ids(data->followers) == std::vector{follower.value, late.value});
    const JobId later = office.press(office.asha);
    store::PassOutcome outcome;
    outcome.jobs.push_back({.id = head, .result = "{}"});
    for (const store::ClaimedJob& job : data->followers)
      outcome.jobs.push_back({.id = job.id, .result = "{}", .settled_by = head});
    REQUIRE(office.wait(office.store().finish_pass(claim, outcome)));
    CHECK(office.wait(office.store().job(office.asha, late)).value().settled_by == head);
    CHECK(ids(office.claim().heads) == std::vector{later.value});
  }
}

TEST_CASE("jobs: spreadsheets of an account take turns") {
  for (const EngineKind& kind : engines()) {
    CAPTURE(kind.name);
    Office office(kind);
    for (int i = 0; i < 3; ++i) (void)office.press(office.asha, "book-a");
    (void)office.press(office.other, "book-b");
    REQUIRE(office.finish(office.claim("book-a")));
    REQUIRE(office.finish(office.claim("book-b")));
    REQUIRE(office.finish(office.claim("book-a")));
    REQUIRE(office.finish(office.claim("book-a")));
    CHECK(office.nothing_to_claim());
  }
}

TEST_CASE("jobs: a pass that settles nothing gives its jobs back to their places") {
  for (const EngineKind& kind : engines()) {
    CAPTURE(kind.name);
    Office office(kind);
    const JobId first = office.press(office.asha);
    (void)office.press(office.asha);
    REQUIRE(office.wait(office.store().finish_pass(office.claim(), {})));
    const store::Claim again = office.claim();
    REQUIRE(again.heads.size() == 1);
    CHECK(again.heads[0].id == first);
    CHECK(again.heads[0].attempt == 2);
  }
}

TEST_CASE("jobs: an idempotency key gives the first answer again for a day, to its user alone") {
  for (const EngineKind& kind : engines()) {
    CAPTURE(kind.name);
    Office office(kind);
    store::NewJob job{.scope = office.asha,
                      .spreadsheet_id = "book-a",
                      .idempotency_key = "k",
                      .idempotency_route = "to-sheet",
                      .body_hash = "one"};
    const auto first = office.wait(office.store().enqueue(job)), again = office.wait(office.store().enqueue(job));
    REQUIRE(first);
    REQUIRE(again);
    CHECK(again->id == first->id);
    CHECK(again->position == first->position);
    store::NewJob changed = job;
    changed.body_hash = "two";
    const auto refused = office.wait(office.store().enqueue(changed));
    REQUIRE(!refused);
    CHECK(refused.error().code == Errc::invalid_input);
    store::NewJob ravis = job;
    ravis.scope = office.ravi;
    CHECK(office.wait(office.store().enqueue(ravis)).value().id != first->id);
    office.clock.advance(kDay + Millis{1});
    CHECK(office.wait(office.store().enqueue(job)).value().id != first->id);
    CHECK(office.wait(office.store().jobs(office.asha, 50, "")).value().jobs.size() == 2);
  }
}

TEST_CASE("jobs: a full lane refuses, and takes again once a job has ended") {
  for (const EngineKind& kind : engines()) {
    CAPTURE(kind.name);
    Office office(kind);
    const store::NewJob job{.scope = office.asha, .spreadsheet_id = "book-a", .lane_jobs_max = 2};
    REQUIRE(office.wait(office.store().enqueue(job)));
    REQUIRE(office.wait(office.store().enqueue(job)));
    const auto full = office.wait(office.store().enqueue(job));
    REQUIRE(!full);
    CHECK(full.error().code == Errc::too_many);
    CHECK(office.wait(office.store().lane_status(office.asha, "")).value().unfinished == 2);
    REQUIRE(
        office.wait(office.store().enqueue({.scope = office.ravi, .spreadsheet_id = "book-a", .lane_jobs_max = 2})));
    REQUIRE(office.finish(office.claim()));
    CHECK(office.wait(office.store().enqueue(job)));
  }
}

TEST_CASE("jobs: a stranger sees no job and changes none") {
  for (const EngineKind& kind : engines()) {
    CAPTURE(kind.name);
    Office office(kind);
    const JobId job = office.press(office.asha);
    for (const Scope& scope : {office.ravi, office.other, office.other_manager}) {
      for (const auto& result :
           {office.wait(office.store().job(scope, job)), office.wait(office.store().cancel_job(scope, job)),
            office.wait(office.store().confirm_job(scope, job))}) {
        REQUIRE(!result);
        CHECK(result.error().code == Errc::not_found);
      }
      const auto retried = office.wait(office.store().retry_job(scope, job, 10));
      REQUIRE(!retried);
      CHECK(retried.error().code == Errc::not_found);
      CHECK(office.wait(office.store().jobs(scope, 50, "")).value().jobs.empty());
    }
    CHECK(office.wait(office.store().job(office.manager, job)));
    CHECK(office.wait(office.store().job(office.asha, job)).value().state == JobState::queued);
  }
}

TEST_CASE("jobs: pages hold each job that the caller may see once, newest first") {
  for (const EngineKind& kind : engines()) {
    CAPTURE(kind.name);
    Office office(kind);
    std::vector<std::int64_t> ashas, all;
    for (int i = 0; i < 5; ++i) {
      ashas.insert(ashas.begin(), office.press(office.asha).value);
      all.insert(all.begin(), ashas.front());
      all.insert(all.begin(), office.press(office.ravi).value);
    }
    const auto listed = [&](const Scope& scope) {
      std::vector<std::int64_t> ids;
      std::string cursor;
      do {
        const store::JobPage page = office.wait(office.store().jobs(scope, 2, cursor)).value();
        for (const store::Job& job : page.jobs) ids.push_back(job.id.value);
        cursor = page.next_cursor;
      } while (!cursor.empty());
      return ids;
    };
    CHECK(listed(office.asha) == ashas);
    CHECK(listed(office.manager) == all);
    CHECK(listed(office.other_manager).empty());
  }
}

TEST_CASE("jobs: cancelled before it runs it never runs; while it runs it is too late; retry makes a new one") {
  for (const EngineKind& kind : engines()) {
    CAPTURE(kind.name);
    Office office(kind);
    const JobId first = office.press(office.asha), second = office.press(office.asha);
    CHECK(office.wait(office.store().cancel_job(office.asha, first)).value().state == JobState::cancelled);
    const store::Claim claim = office.claim();
    CHECK(ids(claim.heads) == std::vector{second.value});
    const auto late = office.wait(office.store().cancel_job(office.asha, second));
    REQUIRE(!late);
    CHECK(late.error().code == Errc::conflict);
    REQUIRE(office.finish(claim, JobState::failed));
    const auto fresh = office.wait(office.store().retry_job(office.asha, second, 10));
    REQUIRE(fresh);
    CHECK(fresh->is_new);
    CHECK(fresh->job.retry_of == second);
    CHECK(ids(office.claim().heads) == std::vector{fresh->job.id.value});
  }
}

TEST_CASE("jobs: a held job leaves its lane; yes brings it back as its own kind, no puts its records back") {
  for (const EngineKind& kind : engines()) {
    CAPTURE(kind.name);
    Office office(kind);
    const Record record = office.add_record(office.asha, "Anil", "P/1");
    REQUIRE(office.wait(office.store().delete_record({.scope = office.asha, .public_id = record.public_id})));
    const auto hold = [&](JobId job) {
      const store::Claim claim = office.claim();
      REQUIRE(claim.heads.at(0).id == job);
      store::PassOutcome outcome;
      outcome.jobs.push_back({.id = job,
                              .state = JobState::held,
                              .result = "{}",
                              .holds = {{.record = record.id,
                                         .tab = "general",
                                         .row = 5,
                                         .record_version = record.version + 1,
                                         .row_hash = "h",
                                         .shown = "{}"}}});
      REQUIRE(office.wait(office.store().finish_pass(claim, outcome)));
    };
    const JobId held = office.press(office.asha), next = office.press(office.asha);
    hold(held);
    CHECK(office.wait(office.store().job(office.asha, held)).value().state == JobState::held);
    store::Claim claim = office.claim();
    CHECK(ids(claim.heads) == std::vector{next.value});
    CHECK(office.wait(office.store().load_pass(claim)).value().holds.size() == 1);
    REQUIRE(office.finish(claim));

    REQUIRE(office.wait(office.store().confirm_job(office.asha, held)));
    claim = office.claim();
    REQUIRE(claim.heads.size() == 1);
    CHECK(claim.heads[0].id == held);
    CHECK(claim.heads[0].kind == JobKind::confirm);
    REQUIRE(office.finish(claim));
    CHECK(office.wait(office.store().job(office.asha, held)).value().state == JobState::succeeded);

    const JobId again = office.press(office.asha);
    hold(again);
    CHECK(office.wait(office.store().cancel_job(office.asha, again)).value().state == JobState::cancelled);
    const auto back = office.wait(office.store().get_record(office.asha, record.public_id));
    REQUIRE(back);
    CHECK(back->fields == record.fields);
  }
}

namespace {

// Deletes `count` records of Asha's and lists them as the holds of her next job, which is held by them.
struct HeldOffice : Office {
  std::vector<Record> records;
  JobId held;
  explicit HeldOffice(const EngineKind& kind, int count = 3) : Office(kind) {
    for (int i = 0; i < count; ++i) {
      records.push_back(add_record(asha, "Anil", "P/" + std::to_string(i)));
      REQUIRE(wait(store().delete_record({.scope = asha, .public_id = records.back().public_id})));
    }
    held = press(asha);
    REQUIRE(wait(store().finish_pass(claim(), outcome(held))));
  }
  [[nodiscard]] store::PassOutcome outcome(JobId job) const {
    store::PassOutcome out;
    out.jobs.push_back({.id = job, .state = JobState::held, .result = "{}"});
    for (const Record& r : records)
      out.jobs[0].holds.push_back({.record = r.id,
                                   .tab = "general",
                                   .row = 5,
                                   .record_version = r.version + 1,
                                   .row_hash = "h",
                                   .shown = "{}"});
    return out;
  }
  std::size_t living() {
    std::size_t count = 0;
    for (const Record& r : records) count += wait(store().get_record(asha, r.public_id)).has_value();
    return count;
  }
  std::size_t holds_seen() {
    (void)press(ravi);
    const store::Claim other = claim();
    const std::size_t count = wait(store().load_pass(other)).value().holds.size();
    REQUIRE(finish(other));
    return count;
  }
};

}  // namespace

TEST_CASE("jobs: a yes that is taken back before it ran puts the records back, as a no does") {
  for (const EngineKind& kind : engines()) {
    CAPTURE(kind.name);
    HeldOffice office(kind);
    REQUIRE(office.wait(office.store().confirm_job(office.asha, office.held)));
    REQUIRE(office.wait(office.store().cancel_job(office.asha, office.held)));
    CHECK(office.living() == 3);
    CHECK(office.holds_seen() == 0);
  }
}

TEST_CASE("jobs: rows that wait for their turn after a yes are still left alone by others") {
  for (const EngineKind& kind : engines()) {
    CAPTURE(kind.name);
    HeldOffice office(kind);
    (void)office.press(office.ravi);
    const store::Claim running = office.claim();
    REQUIRE(office.wait(office.store().confirm_job(office.asha, office.held)));
    CHECK(office.wait(office.store().load_pass(running)).value().holds.size() == 3);
  }
}

TEST_CASE("jobs: a large hold is listed, told and put back whole") {
  for (const EngineKind& kind : engines()) {
    CAPTURE(kind.name);
    HeldOffice office(kind, 450);
    CHECK(office.holds_seen() == 450);
    REQUIRE(office.wait(office.store().cancel_job(office.asha, office.held)));
    CHECK(office.living() == 450);
    CHECK(office.holds_seen() == 0);
  }
}

TEST_CASE("jobs: a job that was cancelled while its holds were listed holds nothing") {
  for (const EngineKind& kind : engines()) {
    CAPTURE(kind.name);
    HeldOffice office(kind);
    const JobId first = office.press(office.ravi), follower = office.press(office.ravi);
    const store::Claim claim = office.claim();
    REQUIRE(office.wait(office.store().cancel_job(office.asha, office.held)));
    REQUIRE(office.wait(office.store().cancel_job(office.ravi, follower)));
    for (const Record& r : office.records)
      REQUIRE(office.wait(office.store().delete_record({.scope = office.asha, .public_id = r.public_id})));
    store::PassOutcome outcome = office.outcome(follower);
    outcome.jobs.push_back({.id = first, .state = JobState::succeeded, .result = "{}"});
    REQUIRE(office.wait(office.store().finish_pass(claim, outcome)));
    CHECK(office.holds_seen() == 0);
    CHECK(office.living() == 0);
  }
}

TEST_CASE("jobs: a spreadsheet whose jobs were all cancelled gets no pass") {
  for (const EngineKind& kind : engines()) {
    CAPTURE(kind.name);
    Office office(kind);
    REQUIRE(office.wait(office.store().cancel_job(office.asha, office.press(office.asha))));
    CHECK(office.nothing_to_claim());
    const JobId job = office.press(office.asha);
    CHECK(ids(office.claim().heads) == std::vector{job.value});
  }
}

TEST_CASE("jobs: a wait ends by its time or by a retry, and its jobs say why") {
  for (const EngineKind& kind : engines()) {
    CAPTURE(kind.name);
    Office office(kind);
    const JobId job = office.press(office.asha);
    const auto park = [&](WaitReason reason) {
      store::PassOutcome outcome;
      outcome.park = reason, outcome.park_for = Millis{60'000}, outcome.park_text = "share it";
      REQUIRE(office.wait(office.store().finish_pass(office.claim(), outcome)));
    };
    park(WaitReason::retry);
    CHECK(office.nothing_to_claim());
    const store::Job waiting = office.wait(office.store().job(office.asha, job)).value();
    CHECK(waiting.state == JobState::waiting);
    CHECK(waiting.reason == WaitReason::retry);
    office.clock.advance(Millis{60'000});
    park(WaitReason::not_shared);
    CHECK(office.wait(office.store().spreadsheet_state(office.agency_a)).value().reason == WaitReason::not_shared);
    CHECK(office.wait(office.store().job(office.asha, job)).value().reason_text == "share it");
    CHECK(office.nothing_to_claim());
    const auto woken = office.wait(office.store().retry_job(office.asha, job, 10));
    REQUIRE(woken);
    CHECK(!woken->is_new);
    CHECK(office.claim().heads.at(0).id == job);
  }
}

TEST_CASE("jobs: a wait is told in the moment that it begins and when a person ends it, to all who are queued") {
  for (const EngineKind& kind : engines()) {
    CAPTURE(kind.name);
    Office office(kind);
    const std::vector<JobId> pressed{office.press(office.asha), office.press(office.asha), office.press(office.ravi)};
    const auto told_after = [&](std::int64_t event) {
      const auto page = office.wait(office.store().events_after({.after = event, .scope = office.manager}));
      REQUIRE(page);
      std::vector<std::int64_t> jobs;
      for (const store::Event& one : page->events)
        if (one.kind == store::EventKind::job) jobs.push_back(one.subject);
      std::sort(jobs.begin(), jobs.end());
      return jobs;
    };
    const auto newest = [&] { return office.wait(office.store().event_range()).value().newest; };
    const std::vector<std::int64_t> all{pressed[0].value, pressed[1].value, pressed[2].value};

    const store::Claim claim = office.claim();
    std::int64_t before = newest();
    store::PassOutcome outcome;
    outcome.park = WaitReason::not_shared, outcome.park_for = Millis{3'600'000}, outcome.park_text = "share it";
    REQUIRE(office.wait(office.store().finish_pass(claim, outcome)));
    CHECK(told_after(before) == all);

    before = newest();
    REQUIRE(office.wait(office.store().retry_job(office.asha, pressed[0], 10)));
    CHECK(told_after(before) == all);

    REQUIRE(office.wait(office.store().finish_pass(office.claim(), outcome)));
    before = newest();
    const JobId another = office.press(office.ravi);  // a press is a sign to try again, too
    std::vector<std::int64_t> with_new = all;
    with_new.push_back(another.value);
    CHECK(told_after(before) == with_new);

    const store::Claim last = office.claim();
    before = newest();
    REQUIRE(office.wait(office.store().finish_pass(last, {})));
    CHECK(told_after(before).empty());
  }
}

TEST_CASE("jobs: the overview counts all lanes for a manager, and the own one for an agent") {
  for (const EngineKind& kind : engines()) {
    CAPTURE(kind.name);
    Office office(kind);
    (void)office.press(office.asha);
    office.clock.advance(Millis{1'000});
    (void)office.press(office.ravi), (void)office.press(office.ravi);
    const auto overview = [&](const Scope& scope) {
      return office.wait(office.store().queue_overview(scope, office.clock.now() - Millis{86'400'000})).value();
    };
    CHECK(overview(office.manager).queued == 3);
    REQUIRE(overview(office.manager).lanes.size() == 2);
    CHECK(overview(office.manager).lanes[0].oldest == office.clock.now() - Millis{1'000});
    CHECK(overview(office.ravi).queued == 2);
    CHECK(overview(office.ravi).lanes.size() == 1);
    CHECK(overview(office.other_manager).queued == 0);

    const store::Claim claim = office.claim();
    CHECK(overview(office.manager).running == 2);
    REQUIRE(office.finish(claim));
    const auto after = overview(office.manager);
    CHECK(after.queued + after.running == 1);
    REQUIRE(after.ended.size() == 1);
    CHECK(after.ended[0].succeeded == 2);
    CHECK(overview(office.asha).ended.at(0).succeeded == 1);
    CHECK(overview(office.asha).lanes.empty());
  }
}

TEST_CASE("jobs: what is kept no longer goes, what is unfinished stays") {
  for (const EngineKind& kind : engines()) {
    CAPTURE(kind.name);
    Office office(kind);
    const JobId done = office.press(office.asha);
    REQUIRE(office.finish(office.claim()));
    const JobId queued = office.press(office.asha);
    const Record record = office.add_record(office.asha, "Anil", "P/1");
    REQUIRE(office.wait(office.store().delete_record({.scope = office.asha, .public_id = record.public_id})));
    office.clock.advance(kDay * 89);
    REQUIRE(office.wait(office.store().expire()));
    CHECK(office.wait(office.store().job(office.asha, done)));
    office.clock.advance(kDay * 2);
    CHECK(office.wait(office.store().expire()).value() > 0);
    const auto gone = office.wait(office.store().job(office.asha, done));
    REQUIRE(!gone);
    CHECK(gone.error().code == Errc::not_found);
    CHECK(office.wait(office.store().job(office.asha, queued)));
    const auto tombstone =
        office.wait(office.store().restore_record({.scope = office.asha, .public_id = record.public_id}));
    REQUIRE(!tombstone);
    CHECK(tombstone.error().code == Errc::not_found);
  }
}

}  // namespace rowlane::conformance
