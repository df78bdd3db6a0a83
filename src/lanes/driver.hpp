// Takes the next ready spreadsheet, keeps its lease, has its pass run, enters the outcome; many at once.
//
// The order, fairness and exclusivity are the store's (one claim is one transaction); the driver owns the timers.
// On one executor; `wake` may be called from any thread.
#pragma once

#include <atomic>
#include <set>

#include "base/random.hpp"
#include "lanes/pass_runner.hpp"

namespace rowlane::lanes {

struct DriverOptions {
  std::string node;                   // unique to the process
  std::vector<std::string> accounts;  // service accounts, by name
  store::AccountQuotas quota;
  int passes_max = 32;  // at once
  Millis lease{10'000};
  Millis renew_every{3'000};
  Millis look_every{1'000};  // the truth is in the store; a missed wake costs no more than this
};

class Driver {
 public:
  // All outlive the driver, and the driver outlives what it spawned: `stop` and `join` first.
  Driver(Executor& executor, store::PassStore& store, PassRunner& runner, Random& random, DriverOptions options);

  void start();
  void wake();
  // No new pass starts; `join` returns when those that run have ended.
  void stop() { stopping_ = true; }
  Task<void> join();
  [[nodiscard]] int running() const { return running_; }

 private:
  Task<void> fill();
  Task<void> claim(int& claimed);
  Task<void> run_pass(store::Claim claim);
  Task<void> keep_lease(store::Lease lease, std::shared_ptr<bool> over);
  void look_after(Millis delay);

  Executor& executor_;
  store::PassStore& store_;
  PassRunner& runner_;
  Random& random_;
  const DriverOptions options_;
  TaskGroup passes_;
  TaskGroup helpers_;  // the claiming loop and the lease timers
  int running_ = 0;
  int claims_at_once_ = 1;
  std::atomic<bool> wake_is_on_its_way_{false};
  bool filling_ = false, fill_again_ = false, stopping_ = false;
  std::size_t first_account_ = 0;  // accounts take turns too
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace rowlane::lanes
