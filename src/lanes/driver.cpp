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
      leases_(options_.lease_executor ? *options_.lease_executor : executor, store, options_.lease,
              options_.renew_every),
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

// The claiming loop first: a claim under way may still start a pass, which would be left out.
Task<void> Driver::join() {
  co_await helpers_.join();
  co_await passes_.join();
}

int Driver::free_places() const {
  const int waiting = options_.unanswered_calls ? options_.unanswered_calls() : 0;
  const int places = std::min(options_.passes_max - std::max(running_ - waiting, 0), options_.passes_in_all - running_);
  const bool is_beyond = running_ + places > options_.passes_max;
  if (!is_beyond || !options_.has_memory || options_.has_memory()) return places;
  return std::min(places, std::max(options_.passes_max - running_, 0));
}

// Claims until nothing is ready or enough passes run. A wake that comes meanwhile makes it look once more.
// Claims of one batch share a commit. The batch grows while every claim of it finds something, so a backlog is taken
// at the pace of the disk and an idle server asks once.
Task<void> Driver::fill() {
  while (fill_again_ && !stopping_) {
    fill_again_ = false;
    for (int places = free_places(); places > 0 && !stopping_; places = free_places()) {
      const int wanted = std::min(claims_at_once_, places);
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
  if (stopping_) {
    const Status given_back = co_await store_.finish_pass(std::move(*answer->claim), {});
    if (!given_back) log_warning("a claim was not given back: {}", given_back.error().message);
    co_return;
  }
  ++claimed;
  ++running_;
  passes_.spawn(run_pass(std::move(*answer->claim)));
}

Task<void> Driver::run_pass(store::Claim claim) {
  Result<store::PassOutcome> outcome = store::PassOutcome{};
  {
    const LeaseKeeper::Guard lease = leases_.keep(claim.lease);
    try {
      outcome = co_await runner_.run(claim);
    } catch (const std::exception& error) {
      outcome = fail(Errc::corrupt, error.what());
    }
  }
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
