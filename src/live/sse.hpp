// Server-sent events as text (the WHATWG's text/event-stream). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rowlane::live {

// One event. `data` has no line break (JSON has none); `name` is one of ours.
std::string sse_event(std::int64_t id, std::string_view name, std::string_view data);
// Moves the reader's last event id on without an event, so that a reconnection skips what was none of its business.
std::string sse_position(std::int64_t id);
// Nothing but a sign of life.
std::string sse_heartbeat();
// The same as an event without a number, for readers that cannot hear comments.
std::string sse_heard_heartbeat();
// How long the reader waits before it connects again.
std::string sse_retry(int retry_ms);

// A reader's last event id: empty is none, anything but a whole number is unknown.
struct LastEventId {
  bool is_given = false;
  std::optional<std::int64_t> number;
};
LastEventId read_last_event_id(std::string_view text);

}  // namespace rowlane::live
