#include "lanes/backoff.hpp"

#include <algorithm>

namespace rowlane::lanes {

Millis pause_after(int failures, double roll) {
  const int doublings = std::clamp(failures, 0, 6);
  const Millis cap = std::min(kPauseMax, Millis{1'000} * (1 << doublings));
  return kPauseMin + Millis{static_cast<std::int64_t>(static_cast<double>((cap - kPauseMin).count()) * roll)};
}

}  // namespace rowlane::lanes
