// Takes the next ready spreadsheet, keeps its lease, has its pass run, enters the outcome; many at once.
//
// The order, fairness and exclusivity are the store's (one claim is one transaction); the driver owns the timers.
// On one executor; `wake` may be called from any thread.
//
// How many passes run at once is a question of memory, since each holds its spreadsheet's cells. A pass that waits for
// a call which nobody answers makes room for another, so a spreadsheet that hangs holds nobody up; beyond `passes_max`
// passes start only while there is memory.
#pragma once

#include <atomic>
#include <set>

#include "base/random.hpp"
#include "lanes/lease_keeper.hpp"
#include "lanes/pass_runner.hpp"

namespace rowlane::lanes {

struct DriverOptions {
  std::string node;                   // unique to the process
  std::vector<std::string> accounts;  // service accounts, by name
  store::AccountQuotas quota;
  int passes_max = 32;                    // at once, of those that do not wait for an answer
  int passes_in_all = 256;                // with those that do
  std::function<int()> unanswered_calls;  // passes that wait for an answer now; unset: none
  std::function<bool()> has_memory;       // for a pass beyond `passes_max`; unset: yes
  Executor* lease_executor = nullptr;     // where leases are renewed; null: the driver's own
  Millis lease{10'000};
  Millis renew_every{3'000};
  Millis look_every{1'000};  // the truth is in the store; a missed wake costs no more than this
};

class Driver {
 public:
  // All outlive the driver, and the driver outlives what it spawned: `stop` and `join` first. It goes when its
  // executors have ended, or on the one that is both.
  Driver(Executor& executor, store::PassStore& store, PassRunner& runner, Random& random, DriverOptions options);

  void start();
  void wake();
  // No new pass starts; `join` returns when those that run have ended. What is claimed by then goes back to the store.
  void stop() { stopping_ = true; }
  Task<void> join();
  [[nodiscard]] int running() const { return running_; }

 private:
  Task<void> fill();
  Task<void> claim(int& claimed);
  Task<void> run_pass(store::Claim claim);
  [[nodiscard]] int free_places() const;
  void look_after(Millis delay);

  Executor& executor_;
  store::PassStore& store_;
  PassRunner& runner_;
  Random& random_;
  const DriverOptions options_;
  LeaseKeeper leases_;
  TaskGroup passes_;
  TaskGroup helpers_;  // the claiming loop
  int running_ = 0;
  int claims_at_once_ = 1;
  std::atomic<bool> wake_is_on_its_way_{false};
  bool filling_ = false, fill_again_ = false, stopping_ = false;
  std::size_t first_account_ = 0;  // accounts take turns too
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace rowlane::lanes
