#include "base/task.hpp"

#include <doctest/doctest.h>

#include <thread>

#include "support/manual_executor.hpp"

using namespace rowlane;
using rowlane::testing::ManualExecutor;

namespace {
Task<int> give(int value) { co_return value; }
Task<int> twice(int value) { co_return co_await give(value) + co_await give(value); }
Task<int> after(Millis delay, int value) {
  co_await sleep_for(delay);
  co_return value;
}
Task<void> note(std::vector<int>& seen, Millis delay, int value) { seen.push_back(co_await after(delay, value)); }
Task<int> from_thread(std::thread& thread) {
  co_return co_await suspend_for<int>(
      [&thread](Resolver<int> done) { thread = std::thread([done = std::move(done)]() mutable { done(7); }); });
}
Task<int> broken() {
  throw std::runtime_error("broken");
  co_return 0;
}
struct Flag {
  bool& gone;
  ~Flag() { gone = true; }
};
Task<void> wait_for_ever(bool& gone) {
  const Flag flag{gone};
  co_await suspend_for<int>([](Resolver<int>) {});
}
}  // namespace

TEST_CASE("a task gives its value to the task that awaits it") {
  ManualExecutor executor;
  CHECK(executor.finish(twice(21)) == 42);
}

TEST_CASE("tasks that sleep resume in the order of their times") {
  ManualExecutor executor;
  std::vector<int> seen;
  TaskGroup group(executor);
  group.spawn(note(seen, Millis{20}, 2));
  group.spawn(note(seen, Millis{10}, 1));
  executor.advance(Millis{15});
  CHECK(seen == std::vector{1});
  executor.advance(Millis{10});
  CHECK(seen == std::vector{1, 2});
  CHECK(group.size() == 0);
}

TEST_CASE("a value made on another thread resumes the task on its own executor") {
  ManualExecutor executor;
  std::thread thread;
  std::optional<int> value;
  TaskGroup group(executor);
  group.spawn([](std::thread& t, std::optional<int>& v) -> Task<void> { v = co_await from_thread(t); }(thread, value));
  executor.run();
  thread.join();
  executor.run();
  CHECK(value == 7);
}

TEST_CASE("an exception reaches the awaiting task") {
  ManualExecutor executor;
  CHECK_THROWS_AS(executor.finish([]() -> Task<int> {
    try {
      co_return co_await broken();
    } catch (const std::runtime_error&) {
      co_return 1;
    }
  }()) == 1
                      ? throw std::runtime_error("caught")
                      : 0,
                  std::runtime_error);
}

TEST_CASE("destroying a group destroys suspended frames, and late answers find nobody") {
  ManualExecutor executor;
  bool gone = false;
  {
    TaskGroup group(executor);
    group.spawn(wait_for_ever(gone));
    executor.run();
    CHECK_FALSE(gone);
  }
  CHECK(gone);
  executor.run();
}
