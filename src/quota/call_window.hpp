// When the next call fits a quota of so many calls in any window of a length. Pure.
//
// A sliding log, not a bucket that refills: Google's limit is "so many a minute", and the service may count any
// minute. Calls are stamped before they are sent and counted there when they arrive, so the window is taken a
// little longer than it is (`guard`).
#pragma once

#include <optional>
#include <span>

#include "base/clock.hpp"

namespace rowlane::quota {

// How much longer than the window a stamp is remembered: 1/20 of it, at least 250 ms, at most 2 s.
Millis guard(Millis window);

// `stamps`: earlier calls, ascending. `limit`: calls allowed in any window; 0 is no limit.
// `spare`: calls that must stay free after this one.
// Returns nullopt when a call fits now, else the first moment one does if no other call is made.
std::optional<WallTime> next_free(std::span<const WallTime> stamps, int limit, int spare, Millis window, WallTime now);

}  // namespace rowlane::quota
