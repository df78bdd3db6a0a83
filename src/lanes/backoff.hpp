// How long a spreadsheet waits after a failed pass: exponential with full jitter (Brooker, "Exponential Backoff And
// Jitter", 2015).
//
// Pure: the same failure count and roll give the same pause, so a simulation replays it.
//   failures  passes in a row that failed before this one, 0 for the first
//   roll      uniform in [0, 1)
#pragma once

#include "base/clock.hpp"

namespace rowlane::lanes {

inline constexpr Millis kPauseMin{500};
inline constexpr Millis kPauseMax{64'000};

// Between `kPauseMin` and min(kPauseMax, 1 s doubled once a failure).
[[nodiscard]] Millis pause_after(int failures, double roll);

}  // namespace rowlane::lanes
