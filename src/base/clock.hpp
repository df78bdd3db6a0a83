// Wall time comes in through the constructor, so that a simulation can replay a day in a second.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace rowlane {

using Millis = std::chrono::milliseconds;
// UTC, milliseconds since 1970.
using WallTime = std::chrono::sys_time<Millis>;

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual WallTime now() const = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] WallTime now() const override;
};

inline std::int64_t to_ms(WallTime t) { return t.time_since_epoch().count(); }
inline WallTime from_ms(std::int64_t ms) { return WallTime{Millis{ms}}; }

// "2026-11-24T03:59:10.123Z".
std::string to_iso8601(WallTime t);

// A name of the time zone database, such as "Asia/Kolkata".
bool is_time_zone(std::string_view name);

}  // namespace rowlane
