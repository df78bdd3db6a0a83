#include "lanes/lease_keeper.hpp"

namespace rowlane::lanes {

LeaseKeeper::Guard LeaseKeeper::keep(store::Lease lease) {
  auto over = std::make_shared<std::atomic<bool>>(false);
  executor_.post([this, alive = std::weak_ptr<int>(alive_), lease = std::move(lease), over]() mutable {
    if (!alive.expired()) renewals_.spawn(renew(std::move(lease), std::move(over)));
  });
  return Guard(std::move(over));
}

Task<void> LeaseKeeper::renew(store::Lease lease, std::shared_ptr<std::atomic<bool>> over) {
  for (;;) {
    co_await sleep_for(every_);
    if (*over) co_return;
    const Status renewed = co_await store_.renew(lease, length_);
    // A lease that is gone ends the pass at its next call: the store refuses it.
    if (!renewed && renewed.error().code == Errc::lease_lost) co_return;
  }
}

}  // namespace rowlane::lanes
