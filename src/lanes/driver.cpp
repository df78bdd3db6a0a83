#include "lanes/driver.hpp"

#include "base/log.hpp"
#include "base/stop_point.hpp"
#include "lanes/backoff.hpp"

namespace rowlane::lanes {

Driver::Driver(Executor& executor, store::PassStore& store, PassRunner& runner, Random& random, DriverOptions options)
    : executor_(executor),
      store_(store),
      runner_(runner),
      random_(random),
      options_(std::move(options)),
      passes_(executor),
      helpers_(executor) {}

void Driver::start() {
  wake();
  look_after(options_.look_every);
}

void Driver::wake() {
  if (wake_is_on_its_way_.exchange(true)) return;
  executor_.post([this, alive = std::weak_ptr<int>(alive_)] {
    if (alive.expired()) return;
    wake_is_on_its_way_ = false;
    if (stopping_) return;
    fill_again_ = true;
    if (filling_) return;
    filling_ = true;
    helpers_.spawn(fill());
  });
}

void Driver::look_after(Millis delay) {
  executor_.post_after(delay, [this, alive = std::weak_ptr<int>(alive_)] {
    if (alive.expired() || stopping_) return;
    wake();
    look_after(options_.look_every);
  });
}

Task<void> Driver::join() {
  co_await passes_.join();
  co_await helpers_.join();
}

// Claims until nothing is ready or enough passes run. A wake that comes meanwhile makes it look once more.
// Claims of one batch share a commit. The batch grows while every claim of it finds something, so a backlog is taken
// at the pace of the disk and an idle server asks once.
Task<void> Driver::fill() {
  while (fill_again_ && !stopping_) {
    fill_again_ = false;
    while (running_ < options_.passes_max && !stopping_) {
      const int wanted = std::min(claims_at_once_, options_.passes_max - running_);
      int claimed = 0;
      TaskGroup batch(executor_);
      for (int i = 0; i < wanted; ++i) batch.spawn(claim(claimed));
      co_await batch.join();
      claims_at_once_ = claimed == wanted ? std::min(claims_at_once_ * 2, options_.passes_max) : std::max(claimed, 1);
      if (claimed < wanted) break;
    }
  }
  filling_ = false;
}

// `claimed` outlives the task: `fill` waits for its batch.
Task<void> Driver::claim(int& claimed) {
  store::ClaimRequest request{
      .node = options_.node, .accounts = options_.accounts, .quota = options_.quota, .lease = options_.lease};
  if (!request.accounts.empty()) {
    const auto first =
        request.accounts.begin() + static_cast<std::ptrdiff_t>(first_account_++ % request.accounts.size());
    std::rotate(request.accounts.begin(), first, request.accounts.end());
  }
  Result<store::ClaimAnswer> answer = co_await store_.claim_next(std::move(request));
  if (!answer) log_error("claiming the next spreadsheet failed: {}", answer.error().message);
  if (!answer || !answer->claim) co_return;
  ++claimed;
  ++running_;
  passes_.spawn(run_pass(std::move(*answer->claim)));
}

Task<void> Driver::keep_lease(store::Lease lease, std::shared_ptr<bool> over) {
  for (;;) {
    co_await sleep_for(options_.renew_every);
    if (*over) co_return;
    const Status renewed = co_await store_.renew(lease, options_.lease);
    // A lease that is gone ends the pass at its next call: the store refuses it.
    if (!renewed && renewed.error().code == Errc::lease_lost) co_return;
  }
}

Task<void> Driver::run_pass(store::Claim claim) {
  const auto over = std::make_shared<bool>(false);
  helpers_.spawn(keep_lease(claim.lease, over));
  Result<store::PassOutcome> outcome = store::PassOutcome{};
  try {
    outcome = co_await runner_.run(claim);
  } catch (const std::exception& error) {
    outcome = fail(Errc::corrupt, error.what());
  }
  *over = true;
  if (!outcome && outcome.error().code != Errc::lease_lost) {
    log_error("a pass over spreadsheet {} failed: {}", claim.lease.spreadsheet_id, outcome.error().message);
    store::PassOutcome failed;
    // What passes by itself, such as a full disk, is nobody's fault and ends no job.
    if (!outcome.error().is_retryable()) failed.fault = outcome.error().message;
    failed.park = WaitReason::retry, failed.park_text = outcome.error().message;
    outcome = std::move(failed);
  }
  if (outcome) {
    if (outcome->park == WaitReason::retry && outcome->park_for <= Millis{0})
      outcome->park_for = pause_after(claim.failures, random_.uniform());
    const Status finished = co_await store_.finish_pass(claim, std::move(*outcome));
    stop_point("finish");
    if (!finished)
      log_warning("the outcome of a pass over {} was not entered: {}", claim.lease.spreadsheet_id,
                  finished.error().message);
  }
  --running_;
  wake();
}

}  // namespace rowlane::lanes
