#include "lanes/driver.hpp"

#include <doctest/doctest.h>

#include "support/manual_executor.hpp"

using namespace rowlane;
using rowlane::testing::ManualExecutor;

namespace {

// A store with so many ready spreadsheets; it notes what the driver does with them.
struct FakeStore final : store::PassStore {
  int ready = 0, claimed = 0, renewals = 0;
  std::vector<std::string> finished;
  Millis claim_time{0};

  Task<Result<store::ClaimAnswer>> claim_next(store::ClaimRequest) override {
    if (claim_time > Millis{0}) co_await sleep_for(claim_time);
    store::ClaimAnswer answer;
    if (ready == 0) co_return answer;
    --ready;
    answer.claim.emplace();
    answer.claim->lease.spreadsheet_id = std::to_string(++claimed);
    co_return answer;
  }
  Task<Status> renew(store::Lease, Millis) override {
    ++renewals;
    co_return Status{};
  }
  Task<Status> finish_pass(store::Claim claim, store::PassOutcome) override {
    finished.push_back(claim.lease.spreadsheet_id);
    co_return Status{};
  }
  Task<Status> may_send(store::Lease, std::string, store::CallKind, store::QuotaLimits) override { std::abort(); }
  Task<Result<store::PassData>> load_pass(store::Claim) override { std::abort(); }
  Task<Status> write_journal(store::Lease, store::NewJournal) override { std::abort(); }
  Task<Status> drop_journal(store::Lease, PassId, int) override { std::abort(); }
  Task<Status> commit_chunk(store::Lease, store::ChunkCommit) override { std::abort(); }
  Task<Status> end_predecessors_leases(bool) override { std::abort(); }
  Task<Result<std::int64_t>> expire() override { std::abort(); }
};

// Passes that end at the test's word, by the number of their spreadsheet.
struct FakeRunner final : lanes::PassRunner {
  std::map<std::string, Resolver<int>> running;
  Task<Result<store::PassOutcome>> run(store::Claim claim) override {
    co_await suspend_for<int>(
        [&](Resolver<int> done) { running.emplace(claim.lease.spreadsheet_id, std::move(done)); });
    co_return store::PassOutcome{};
  }
  void end(const std::string& spreadsheet) {
    running.at(spreadsheet)(0);
    running.erase(spreadsheet);
  }
};

struct Fixture {
  ManualExecutor executor, lease_executor;
  FakeStore store;
  FakeRunner runner;
  SeededRandom random{1};
  int unanswered = 0;
  bool has_memory = true;
  lanes::Driver driver{executor,
                       store,
                       runner,
                       random,
                       {.node = "n",
                        .accounts = {"a"},
                        .passes_max = 4,
                        .passes_in_all = 10,
                        .unanswered_calls = [this] { return unanswered; },
                        .has_memory = [this] { return has_memory; },
                        .lease_executor = &lease_executor}};
};

}  // namespace

TEST_CASE("passes whose calls hang make room for others, as long as there is memory") {
  Fixture f;
  f.store.ready = 100;
  f.driver.start();
  f.executor.run();
  CHECK(f.driver.running() == 4);
  f.unanswered = 4;
  f.executor.advance(Millis{1'000});
  CHECK(f.driver.running() == 8);
  f.unanswered = 8;
  f.executor.advance(Millis{1'000});
  CHECK(f.driver.running() == 10);  // enough in all
  f.unanswered = 0;
  for (const char* id : {"1", "2", "3", "4", "5", "6"}) f.runner.end(id);
  f.executor.advance(Millis{1'000});
  CHECK(f.driver.running() == 4);
  f.unanswered = 2;
  f.has_memory = false;
  f.executor.advance(Millis{1'000});
  CHECK(f.driver.running() == 4);
  f.has_memory = true;
  f.executor.advance(Millis{1'000});
  CHECK(f.driver.running() == 6);
}

TEST_CASE("a lease is renewed while the passes' executor is busy, and no longer once its pass has ended") {
  Fixture f;
  f.store.ready = 1;
  f.driver.start();
  f.executor.run();
  REQUIRE(f.driver.running() == 1);
  f.lease_executor.advance(Millis{10'000});  // the other executor stands still meanwhile
  CHECK(f.store.renewals == 3);
  f.runner.end("1");
  f.executor.run();
  f.lease_executor.advance(Millis{10'000});
  CHECK(f.store.renewals == 3);
}

TEST_CASE("what is claimed while the server stops goes back, and passes that run are waited for") {
  Fixture f;
  f.store.ready = 1;
  f.driver.start();
  f.executor.run();
  f.store.ready = 1;
  f.store.claim_time = Millis{50};
  f.driver.wake();
  f.executor.run();
  f.driver.stop();
  bool joined = false;
  TaskGroup group(f.executor);
  struct Join {
    static Task<void> run(lanes::Driver& driver, bool& done) {
      co_await driver.join();
      done = true;
    }
  };
  group.spawn(Join::run(f.driver, joined));
  f.executor.advance(Millis{1'000});
  CHECK(f.store.finished == std::vector<std::string>{"2"});
  CHECK(f.runner.running.size() == 1);
  CHECK_FALSE(joined);
  f.runner.end("1");
  f.executor.run();
  CHECK(joined);
}
