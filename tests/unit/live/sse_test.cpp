#include "live/sse.hpp"

#include <doctest/doctest.h>

using namespace rowlane::live;

TEST_CASE("an event has its id, name and data, and ends with an empty line") {
  CHECK(sse_event(7, "job", R"({"id":"1"})") == "id: 7\nevent: job\ndata: {\"id\":\"1\"}\n\n");
  CHECK(sse_position(7) == "id: 7\n\n");
  CHECK(sse_heartbeat().starts_with(":"));
  CHECK(sse_retry(2000) == "retry: 2000\n\n");
}

TEST_CASE("a last event id is none, a whole number, or unknown") {
  struct Case {
    const char* text;
    bool is_given;
    std::optional<std::int64_t> number;
  };
  const Case cases[] = {{"", false, std::nullopt},
                        {"0", true, 0},
                        {"42", true, 42},
                        {"-1", true, std::nullopt},
                        {"4x", true, std::nullopt},
                        {" 4", true, std::nullopt},
                        {"99999999999999999999", true, std::nullopt}};
  for (const Case& c : cases) {
    CAPTURE(c.text);
    const LastEventId last = read_last_event_id(c.text);
    CHECK(last.is_given == c.is_given);
    CHECK(last.number == c.number);
  }
}
