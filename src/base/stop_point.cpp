#include "base/stop_point.hpp"

#if ROWLANE_STOP_POINTS

#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <string_view>

namespace rowlane {

void stop_point(const char* name) {
  static const char* const wanted = std::getenv("ROWLANE_STOP_AT");
  if (!wanted) return;
  const std::string_view text(wanted);
  const std::size_t colon = text.find(':');
  if (text.substr(0, colon) != name) return;
  int times = 1;
  if (colon != std::string_view::npos) std::from_chars(text.data() + colon + 1, text.data() + text.size(), times);
  static std::atomic<int> reached = 0;
  if (++reached == times) (void)std::raise(SIGKILL);
}

}  // namespace rowlane

#endif
