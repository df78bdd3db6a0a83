// Renews the leases of passes for as long as they run, on an executor of its own.
//
// Why its own: a plan over 100,000 rows keeps the passes' executor for seconds, and the server's gets only the
// processor time that is left over. A renewal that waited behind it would come after the lease has run out; the pass
// would lose the spreadsheet at its next call, begin anew, and lose it again.
#pragma once

#include <atomic>
#include <memory>

#include "store/passes.hpp"

namespace rowlane::lanes {

class LeaseKeeper {
 public:
  // The store outlives the keeper. The keeper goes on `executor`, or when that has ended.
  LeaseKeeper(Executor& executor, store::PassStore& store, Millis length, Millis every)
      : executor_(executor), store_(store), length_(length), every_(every), renewals_(executor) {}

  // A lease is renewed until its guard goes, at the next renewal.
  class Guard {
   public:
    explicit Guard(std::shared_ptr<std::atomic<bool>> over) : over_(std::move(over)) {}
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    ~Guard() { *over_ = true; }

   private:
    std::shared_ptr<std::atomic<bool>> over_;
  };
  // From any thread.
  [[nodiscard]] Guard keep(store::Lease lease);

 private:
  Task<void> renew(store::Lease lease, std::shared_ptr<std::atomic<bool>> over);

  Executor& executor_;
  store::PassStore& store_;
  const Millis length_, every_;
  TaskGroup renewals_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace rowlane::lanes
