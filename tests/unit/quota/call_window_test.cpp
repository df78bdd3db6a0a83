#include "quota/call_window.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace rowlane;
using namespace std::chrono_literals;

TEST_CASE("next_free never lets more calls into any window than the limit") {
  std::vector<WallTime> stamps;
  WallTime now = from_ms(0);
  for (int i = 0; i < 200; ++i) {
    if (const auto wait = quota::next_free(stamps, 6, 0, 6'000ms, now)) {
      CHECK(*wait > now);
      now = *wait;
    }
    stamps.push_back(now);
    now += Millis{i % 3 * 100};
  }
  for (std::size_t i = 6; i < stamps.size(); ++i) CHECK(stamps[i] - stamps[i - 6] >= 6'000ms);
}

TEST_CASE("next_free keeps spare calls, and a limit of 0 is none") {
  const std::vector<WallTime> stamps(9, from_ms(1'000));
  CHECK(quota::next_free(stamps, 10, 1, 60'000ms, from_ms(1'000)).has_value());
  CHECK_FALSE(quota::next_free(stamps, 10, 0, 60'000ms, from_ms(1'000)).has_value());
  CHECK_FALSE(quota::next_free(stamps, 0, 0, 60'000ms, from_ms(1'000)).has_value());
}
