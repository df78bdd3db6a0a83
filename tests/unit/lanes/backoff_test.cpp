#include "lanes/backoff.hpp"

#include <doctest/doctest.h>

using namespace rowlane;
using namespace std::chrono_literals;

TEST_CASE("pause_after grows from the minimum to the cap") {
  struct Case {
    std::string_view name;
    int failures;
    double roll;
    Millis pause;
  };
  const Case cases[] = {
      {"the luckiest first failure waits the minimum", 0, 0.0, 500ms},
      {"the middle of the first second", 0, 0.5, 750ms},
      {"the third failure reaches up to 4 s", 2, 0.5, 2'250ms},
      {"many failures are capped", 40, 0.5, 32'250ms},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    CHECK(lanes::pause_after(c.failures, c.roll) == c.pause);
  }
}
