#include "net/unanswered_calls.hpp"

#include <doctest/doctest.h>

#include "support/manual_executor.hpp"
#include "support/scripted_http.hpp"

using namespace rowlane;
using namespace rowlane::testing;

namespace {
// Answers at the test's word: a piece of the body first, then the end.
struct SlowHttp final : net::HttpClient {
  std::optional<Resolver<int>> next;
  Task<Result<net::HttpAnswer>> send(net::HttpRequest request) override {
    co_await suspend_for<int>([&](Resolver<int> done) { next.emplace(std::move(done)); });
    if (request.on_body) (void)request.on_body("piece");
    co_await suspend_for<int>([&](Resolver<int> done) { next.emplace(std::move(done)); });
    co_return net::HttpAnswer{.status = 200};
  }
};
Task<void> run(Task<Result<net::HttpAnswer>> call) { (void)co_await std::move(call); }
}  // namespace

TEST_CASE("a call counts as unanswered from its age on until its answer begins, or it is given up") {
  ManualExecutor executor;
  FixedClock clock;
  SlowHttp slow;
  net::UnansweredCalls calls(slow, clock);
  const auto step = [&] {
    (*std::exchange(slow.next, std::nullopt))(0);
    executor.run();
  };
  net::HttpRequest streamed;
  streamed.on_body = [](std::string_view) { return true; };
  auto group = std::make_unique<TaskGroup>(executor);
  group->spawn(run(calls.send(std::move(streamed))));
  executor.run();
  CHECK(calls.count(Millis{0}) == 1);
  CHECK(calls.count(Millis{1'000}) == 0);
  clock.time += Millis{1'000};
  CHECK(calls.count(Millis{1'000}) == 1);
  step();
  CHECK(calls.count(Millis{0}) == 0);  // its body is coming
  step();

  group->spawn(run(calls.send({})));
  executor.run();
  step();
  CHECK(calls.count(Millis{0}) == 1);  // nothing is streamed: the end is the answer
  step();
  CHECK(calls.count(Millis{0}) == 0);

  group->spawn(run(calls.send({})));
  executor.run();
  CHECK(calls.count(Millis{0}) == 1);
  group.reset();
  CHECK(calls.count(Millis{0}) == 0);
}
