// The queue alone, with a runner that does nothing: enqueue, ordered drain, fairness, the cost of a claim.
//
// 1,000 lanes as 50 spreadsheets of 20 users. A pass takes one job of each lane of its spreadsheet (its heads) and
// settles those alone: jobs behind a head are left for the next pass, as if each had another direction, so that every
// job is claimed and settled by itself and the order can be seen.
#include <fmt/format.h>

#include <map>
#include <set>

#include "lanes/driver.hpp"
#include "support/office.hpp"
#include "support/raw_inserts.hpp"

namespace rowlane::bench {
namespace {

constexpr int kSpreadsheets = 50, kUsersEach = 20, kLanes = kSpreadsheets * kUsersEach;
constexpr int kJobs = 20'000, kProducers = 64, kRounds = 5;

// --- Enqueue -----------------------------------------------------------------------------------------------------

struct Producers {
  store::SqliteStore& store;
  const std::vector<Lane>& lanes;
  const std::vector<int>& plan;  // the lane of each job, in the order pressed
  std::size_t next = 0;
  std::map<std::int64_t, std::vector<std::int64_t>> accepted;  // by user: job ids in the order of their positions
};

Task<void> produce(Producers& p) {
  while (p.next < p.plan.size()) {
    const Lane& lane = p.lanes[static_cast<std::size_t>(p.plan[p.next++])];
    const Result<store::QueuedJob> job =
        co_await p.store.enqueue({.scope = lane.scope, .spreadsheet_id = lane.spreadsheet, .lane_jobs_max = 1'000'000});
    if (!job) give_up("a job was refused", job.error().message);
    std::vector<std::int64_t>& of_lane = p.accepted[lane.scope.user.value];
    if (static_cast<std::int64_t>(of_lane.size()) < job->position)
      of_lane.resize(static_cast<std::size_t>(job->position));
    of_lane[static_cast<std::size_t>(job->position - 1)] = job->id.value;
  }
}

Task<double> produce_all(Executor& loop, Producers& p) {
  const double start = now_seconds();
  TaskGroup group(loop);
  for (int i = 0; i < kProducers; ++i) group.spawn(produce(p));
  co_await group.join();
  co_return now_seconds() - start;
}

// --- Drain -------------------------------------------------------------------------------------------------------

// Settles the heads and nothing else.
class NoOpRunner final : public lanes::PassRunner {
 public:
  Task<Result<store::PassOutcome>> run(store::Claim claim) override {
    is_exclusive = is_exclusive && running.insert(claim.lease.spreadsheet_id).second;
    std::set<std::int64_t> users;
    for (const store::ClaimedJob& job : claim.heads) is_exclusive = is_exclusive && users.insert(job.user.value).second;
    store::PassOutcome outcome;
    for (const store::ClaimedJob& job : claim.heads) outcome.jobs.push_back({.id = job.id, .result = "{}"});
    co_return outcome;
  }
  std::set<std::string> running;
  bool is_exclusive = true;  // never two passes of a spreadsheet, never two jobs of a lane
};

// The store as the driver sees it; notes what is durably settled, and when.
class WatchedStore final : public store::PassStore {
 public:
  WatchedStore(store::PassStore& store, NoOpRunner& runner) : store_(store), runner_(runner) {}

  Task<Result<store::ClaimAnswer>> claim_next(store::ClaimRequest request) override {
    return store_.claim_next(std::move(request));
  }
  Task<Status> renew(store::Lease lease, Millis length) override { return store_.renew(std::move(lease), length); }
  Task<Status> may_send(store::Lease lease, std::string account, store::CallKind kind,
                        store::QuotaLimits quota) override {
    return store_.may_send(std::move(lease), std::move(account), kind, quota);
  }
  Task<Result<store::PassData>> load_pass(store::Claim claim) override { return store_.load_pass(std::move(claim)); }
  Task<Status> write_journal(store::Lease lease, store::NewJournal entry) override {
    return store_.write_journal(std::move(lease), std::move(entry));
  }
  Task<Status> drop_journal(store::Lease lease, PassId pass, int chunk) override {
    return store_.drop_journal(std::move(lease), pass, chunk);
  }
  Task<Status> commit_chunk(store::Lease lease, store::ChunkCommit commit) override {
    return store_.commit_chunk(std::move(lease), std::move(commit));
  }
  Task<Status> end_predecessors_leases(bool after_crash) override {
    return store_.end_predecessors_leases(after_crash);
  }
  Task<Result<std::int64_t>> expire() override { return store_.expire(); }

  Task<Status> finish_pass(store::Claim claim, store::PassOutcome outcome) override {
    // Taken off before the lease is: once it is durably gone the next pass may start.
    runner_.running.erase(claim.lease.spreadsheet_id);
    const Status done = co_await store_.finish_pass(claim, std::move(outcome));
    if (!done) give_up("a pass was not entered", done.error().message);
    for (const store::ClaimedJob& job : claim.heads) {
      settled[job.user.value].push_back(job.id.value);
      ended_at[job.user.value] = now_seconds();
    }
    count += claim.heads.size();
    if (count == expected && all_done) std::exchange(all_done, {})();
    co_return done;
  }

  std::size_t count = 0, expected = 0;
  std::function<void()> all_done;
  std::map<std::int64_t, std::vector<std::int64_t>> settled;  // by user, in the order settled
  std::map<std::int64_t, double> ended_at;                    // by user: the last one

 private:
  store::PassStore& store_;
  NoOpRunner& runner_;
};

struct Drained {
  double seconds = 0, started = 0;
  bool in_order = false, exclusive = false;
  std::map<std::int64_t, double> ended_at;
};

Task<bool> stop(lanes::Driver& driver) {
  driver.stop();
  co_await driver.join();
  co_return true;
}

Drained drain(Office& office, const Producers& produced) {
  NoOpRunner runner;
  WatchedStore watched(office.store(), runner);
  SystemRandom random;
  lanes::Driver driver(office.loop(), watched, runner, random, {.node = "bench", .accounts = {"default"}, .quota = {}});
  std::promise<void> done;
  watched.expected = produced.plan.size();
  watched.all_done = [&] { done.set_value(); };
  office.store().on_ready([&] { driver.wake(); });
  Drained out;
  out.started = now_seconds();
  office.loop().post([&] { driver.start(); });
  done.get_future().wait();
  out.seconds = now_seconds() - out.started;
  wait_for(office.loop(), stop(driver));
  office.store().on_ready({});
  out.in_order = watched.settled == produced.accepted;
  out.exclusive = runner.is_exclusive;
  out.ended_at = std::move(watched.ended_at);
  return out;
}

void enqueue_and_drain(Report& report) {
  std::vector<int> plan;
  for (int i = 0; i < kJobs; ++i) plan.push_back(i % kLanes);
  std::vector<double> share, drain_share, enqueue_rate, drain_rate;
  bool in_order = true, exclusive = true;
  for (int round = 0; round < kRounds; ++round) {
    const DataDir raw_dir, dir;
    // Who goes first changes from round to round.
    double raw = round % 2 ? 0 : raw_inserts({raw_dir.path(), kSpreadsheets, kUsersEach, kProducers, plan});
    Office office(dir.path(), kSpreadsheets, kUsersEach);
    Producers producers{office.store(), office.lanes(), plan};
    const double enqueue = wait_for(office.loop(), produce_all(office.loop(), producers));
    if (round % 2) raw = raw_inserts({raw_dir.path(), kSpreadsheets, kUsersEach, kProducers, plan});
    const Drained drained = drain(office, producers);
    in_order = in_order && drained.in_order;
    exclusive = exclusive && drained.exclusive;
    share.push_back(raw / enqueue);
    drain_share.push_back(enqueue / drained.seconds);
    enqueue_rate.push_back(kJobs / enqueue);
    drain_rate.push_back(kJobs / drained.seconds);
  }
  report.at_least("queue: durable enqueue, 64 producers, against raw inserts", median(share), 0.5,
                  fmt::format("{:.0f}/s, {} rounds", median(enqueue_rate), kRounds));
  report.at_least("queue: ordered drain against enqueue", median(drain_share), 1.0,
                  fmt::format("{:.0f}/s, {} rounds", median(drain_rate), kRounds));
  report.check("queue: every lane's jobs settled in the order accepted", in_order);
  report.check("queue: one pass a spreadsheet, one running job a lane", exclusive);
}

void fairness(Report& report) {
  constexpr int kBig = 10'000, kSmall = 10;
  std::vector<int> plan(kBig, 0);
  for (int lane = 1; lane < kLanes; ++lane) plan.insert(plan.end(), kSmall, lane);
  std::vector<double> small_seconds, small_share;
  bool in_order = true, exclusive = true;
  for (int round = 0; round < 3; ++round) {
    const DataDir dir;
    Office office(dir.path(), kSpreadsheets, kUsersEach);
    Producers producers{office.store(), office.lanes(), plan};
    wait_for(office.loop(), produce_all(office.loop(), producers));
    const Drained drained = drain(office, producers);
    in_order = in_order && drained.in_order;
    exclusive = exclusive && drained.exclusive;
    double last_small = 0;
    for (const auto& [user, at] : drained.ended_at)
      if (user != office.lanes()[0].scope.user.value) last_small = std::max(last_small, at - drained.started);
    small_seconds.push_back(last_small);
    small_share.push_back(last_small / drained.seconds);
  }
  const double seconds = median(small_seconds), share = median(small_share);
  report.check("queue: 999 small lanes done within 0.5 s or 5 % of the drain", seconds <= 0.5 || share <= 0.05,
               fmt::format("{:.2f} s, {:.1f} % of the drain, 3 rounds", seconds, share * 100));
  report.check("queue: in order and exclusive beside a lane of 10,000", in_order && exclusive);
}

// --- The cost of a claim -----------------------------------------------------------------------------------------

Task<double> claim_once(store::SqliteStore& store) {
  const double start = now_seconds();
  Result<store::ClaimAnswer> answer =
      co_await store.claim_next({.node = "bench", .accounts = {"default"}, .quota = {}});
  const double spent = now_seconds() - start;
  if (!answer || !answer->claim || answer->claim->heads.size() != kUsersEach)
    give_up("a claim failed", answer ? "wrong heads" : answer.error().message);
  // Nothing is settled: the jobs go back to their places and the spreadsheet to the end of the round.
  if (const Status done = co_await store.finish_pass(std::move(*answer->claim), {}); !done)
    give_up("a pass was not entered", done.error().message);
  co_return spent;
}

void fill_to_a_million(const std::string& file) {
  Result<db::Sqlite> db = db::Sqlite::open(file);
  if (!db) give_up("cannot open the store", db.error().message);
  for (int i = 0; i < 999; i += 111) {
    const Status filled = db->exec(fmt::format(
        "BEGIN IMMEDIATE;"
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<111) "
        "INSERT INTO sync_job (agency_id, lane_id, lane_seq, user_id, whole_agency, direction, created_at_ms) "
        "SELECT agency_id, id, seq_last+i, user_id, 0, 'to-sheet', 1 FROM n, lane ORDER BY i;"
        "UPDATE lane SET seq_last=seq_last+111, queued=queued+111; COMMIT;"));
    if (!filled) give_up("cannot fill the queue", filled.error().message);
  }
}

void claim_cost(Report& report) {
  std::vector<int> plan;
  for (int i = 0; i < kLanes; ++i) plan.push_back(i);
  const DataDir empty_dir, full_dir;
  Office empty(empty_dir.path(), kSpreadsheets, kUsersEach), full(full_dir.path(), kSpreadsheets, kUsersEach);
  for (Office* office : {&empty, &full}) {
    Producers producers{office->store(), office->lanes(), plan};
    wait_for(office->loop(), produce_all(office->loop(), producers));
  }
  fill_to_a_million(full.file());
  std::vector<double> ratios;
  for (int round = 0; round < kRounds + 1; ++round) {
    std::vector<double> none, million;
    for (int i = 0; i < 100; ++i) {
      none.push_back(wait_for(empty.loop(), claim_once(empty.store())));
      million.push_back(wait_for(full.loop(), claim_once(full.store())));
    }
    if (round > 0) ratios.push_back(median(million) / median(none));  // the first round warms the caches up
  }
  report.at_most("queue: taking the next pass with 1,000,000 jobs waiting, against none", median(ratios), 1.2,
                 fmt::format("{} rounds of 100 claims each", kRounds));
}

}  // namespace
}  // namespace rowlane::bench

// Without arguments all parts; else those named: drain, fairness, claim.
int main(int argc, char** argv) {
  rowlane::bench::Report report;
  const std::set<std::string> named(argv + 1, argv + argc);
  const auto wanted = [&](const char* part) { return named.empty() || named.contains(part); };
  if (wanted("drain")) rowlane::bench::enqueue_and_drain(report);
  if (wanted("fairness")) rowlane::bench::fairness(report);
  if (wanted("claim")) rowlane::bench::claim_cost(report);
  return report.exit_code();
}
