#include "base/clock.hpp"

#include <fmt/format.h>
#include <unicode/timezone.h>

#include <memory>

namespace rowlane {

WallTime SystemClock::now() const { return std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now()); }

std::string to_iso8601(WallTime t) {
  const auto day = std::chrono::floor<std::chrono::days>(t);
  const std::chrono::year_month_day ymd{day};
  const std::chrono::hh_mm_ss<Millis> time{t - day};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(ymd.year()),
                     static_cast<unsigned>(ymd.month()), static_cast<unsigned>(ymd.day()), time.hours().count(),
                     time.minutes().count(), time.seconds().count(), time.subseconds().count());
}

bool is_time_zone(std::string_view name) {
  const icu::UnicodeString wanted = icu::UnicodeString::fromUTF8({name.data(), static_cast<int32_t>(name.size())});
  UErrorCode error = U_ZERO_ERROR;
  icu::UnicodeString canonical;
  icu::TimeZone::getCanonicalID(wanted, canonical, error);
  return U_SUCCESS(error) != 0;
}

}  // namespace rowlane
