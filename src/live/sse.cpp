#include "live/sse.hpp"

#include <fmt/format.h>

namespace rowlane::live {

std::string sse_event(std::int64_t id, std::string_view name, std::string_view data) {
  return fmt::format("id: {}\nevent: {}\ndata: {}\n\n", id, name, data);
}
std::string sse_position(std::int64_t id) { return fmt::format("id: {}\n\n", id); }
std::string sse_heartbeat() { return ": still here\n\n"; }
std::string sse_heard_heartbeat() { return "event: heartbeat\ndata: {}\n\n"; }
std::string sse_retry(int retry_ms) { return fmt::format("retry: {}\n\n", retry_ms); }

LastEventId read_last_event_id(std::string_view text) {
  if (text.empty()) return {};
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0)
    return {.is_given = true, .number = std::nullopt};
  return {.is_given = true, .number = number};
}

}  // namespace rowlane::live
