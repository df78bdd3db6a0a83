#include "quota/call_window.hpp"

#include <algorithm>

namespace rowlane::quota {

Millis guard(Millis window) { return std::clamp<Millis>(window / 20, Millis{250}, Millis{2'000}); }

std::optional<WallTime> next_free(std::span<const WallTime> stamps, int limit, int spare, Millis window, WallTime now) {
  if (limit <= 0) return std::nullopt;
  const Millis length = window + guard(window);
  const auto first = std::upper_bound(stamps.begin(), stamps.end(), now - length);
  const auto used = static_cast<int>(stamps.end() - first);
  const int usable = std::max(1, limit - spare);
  if (used < usable) return std::nullopt;
  // Once this many of the oldest have left the window, one more fits.
  return first[used - usable] + length;
}

}  // namespace rowlane::quota
