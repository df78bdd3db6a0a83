#include "live/hub.hpp"

#include "live/sse.hpp"
#include "support/memory_store.hpp"

using namespace rowlane;
using rowlane::testing::must;

namespace {

// The hub on the real store, with a manager and two agents who have a token each.
struct Office : rowlane::testing::MemoryStore {
  AgencyId agency = add_agency("demo");
  UserId one = add_user(agency, "one@x"), two = add_user(agency, "two@x");
  UserId boss = add_user(agency, "boss@x", store::Role::manager);
  live::Hub hub{
      store,
      store,
      {.job = [](const store::Job& job, AgencyId) { return Json::object({{"job", std::to_string(job.id.value)}}); },
       .record = &Office::shown}};

  Office() {
    for (const UserId user : {one, two, boss})
      REQUIRE(executor.finish(store.create_token(user, fmt::format("token {}", user.value))));
    store.on_commit([this] { hub.wake(); });
    executor.post([this] { hub.start(); });
    executor.run();
  }

  static Task<Result<Json>> shown(Record record) {
    co_return Json::object({{"id", record.public_id}, {"name", record.fields.text(field::name)}});
  }

  std::shared_ptr<net::BodyStream> open(UserId user, std::string last_event_id = {}) {
    auto opened = executor.finish(hub.open(listener(user, std::move(last_event_id))));
    REQUIRE(opened);
    executor.run();
    return *opened;
  }
  live::Listener listener(UserId user, std::string last_event_id = {}) const {
    const bool is_boss = user == boss;
    return {.scope = {agency, user, is_boss},
            .role = is_boss ? store::Role::manager : store::Role::agent,
            .login = {"", fmt::format("token {}", user.value)},
            .last_event_id = std::move(last_event_id)};
  }
  Record add(UserId owner, const char* name) {
    Record record;
    record.owner = owner;
    record.fields.set(field::name, std::string(name));
    record.fields.set(field::vertical, std::string("motor"));
    Record made = must(executor.finish(store.create_record({agency, owner, false}, std::move(record))));
    executor.advance(Millis{100});
    return made;
  }
};

}  // namespace

TEST_CASE("a commit is told to its owner and to the manager, and to nobody else") {
  Office office;
  const auto one = office.open(office.one), two = office.open(office.two), boss = office.open(office.boss);
  for (const auto& stream : {one, two, boss}) CHECK(stream->take().contains("retry: 2000"));
  office.add(office.one, "Asha");
  CHECK(one->take().contains("\"name\":\"Asha\""));
  CHECK(two->take().empty());
  CHECK(boss->take().contains("event: customer"));
}

TEST_CASE("who gives a record away sees it go") {
  Office office;
  const Record record = office.add(office.one, "Asha");
  const auto one = office.open(office.one), two = office.open(office.two);
  (void)one->take(), (void)two->take();
  REQUIRE(office.executor.finish(office.store.update_record(
      {.scope = {office.agency, office.boss, true}, .public_id = record.public_id, .if_version = std::nullopt},
      {.set = {}, .owner = office.two})));
  office.executor.advance(Millis{100});
  CHECK(one->take().contains(fmt::format(R"(data: {{"id":"{}","deleted":true}})", record.public_id)));
  CHECK(two->take().contains("\"name\":\"Asha\""));
}

TEST_CASE("a stream goes on after its last event id, and starts anew after an unknown one") {
  Office office;
  office.add(office.one, "Asha");
  const std::int64_t seen = office.number("SELECT max(first_id+count-1) FROM event_batch");
  office.add(office.one, "Bela");
  const std::string missed = office.open(office.one, std::to_string(seen))->take();
  CHECK(missed.contains("Bela"));
  CHECK_FALSE(missed.contains("Asha"));
  for (const char* unknown : {"x", "99999"}) {
    CAPTURE(unknown);
    CHECK(office.open(office.one, unknown)->take().contains("event: reset"));
  }
  REQUIRE(office.db.exec("DELETE FROM event_batch WHERE first_id<(SELECT max(first_id) FROM event_batch)"));
  CHECK(office.open(office.one, "0")->take().contains("event: reset"));
  CHECK_FALSE(office.open(office.one, std::to_string(seen + 1))->take().contains("event: reset"));
}

namespace {
// What the `customers` events of a stream's text count together.
int counted(std::string_view text) {
  constexpr std::string_view kEvent = "event: customers\ndata: {\"count\":";
  int sum = 0;
  for (std::size_t at = text.find(kEvent); at != std::string_view::npos; at = text.find(kEvent, at + 1))
    sum += std::atoi(text.data() + at + kEvent.size());
  return sum;
}
}  // namespace

TEST_CASE("the records of an import are told as their count, to each owner its own") {
  Office office;
  const auto boss = office.open(office.boss), two = office.open(office.two);
  (void)boss->take(), (void)two->take();
  std::vector<store::ImportLine> lines;
  for (int i = 0; i < 101; ++i) {
    store::ImportLine line{.line = i + 2, .public_id = {}, .owner = i % 2 ? office.one : office.two, .set = {}};
    line.set.set(field::name, fmt::format("N{}", i));
    line.set.set(field::vertical, std::string("motor"));
    lines.push_back(std::move(line));
  }
  REQUIRE(
      office.executor.finish(office.store.import_records({office.agency, office.boss, true}, std::move(lines), {})));
  office.executor.advance(Millis{100});
  const std::string all = boss->take(), own = two->take();
  CHECK(counted(all) == 101);
  CHECK(counted(own) == 51);
  CHECK_FALSE(all.contains("event: customer\n"));
}

TEST_CASE("a quiet stream gives signs of life: comments, or events for who asked to hear them") {
  Office office;
  const auto plain = office.open(office.one);
  live::Listener listener = office.listener(office.two);
  listener.hears_heartbeats = true;
  auto opened = office.executor.finish(office.hub.open(std::move(listener)));
  REQUIRE(opened);
  office.executor.run();
  (void)plain->take(), (void)(*opened)->take();
  office.executor.advance(live::kHeartbeatEvery + live::kLookEvery);
  CHECK(plain->take() == live::sse_heartbeat());
  CHECK((*opened)->take() == "event: heartbeat\ndata: {}\n\n");
}

TEST_CASE("a stream ends within a second of its login") {
  Office office;
  const auto one = office.open(office.one), boss = office.open(office.boss);
  REQUIRE(must(office.executor.finish(office.store.revoke_token(fmt::format("token {}", office.one.value)))));
  office.executor.advance(Millis{999});
  CHECK_FALSE(one->is_open());
  CHECK(boss->is_open());
  REQUIRE(office.executor.finish(office.store.set_disabled(office.boss, true)));
  office.executor.advance(Millis{999});
  CHECK_FALSE(boss->is_open());
  CHECK(office.hub.stream_count() == 0);
}

TEST_CASE("a user has five streams at most; one that is gone makes room") {
  Office office;
  std::vector<std::shared_ptr<net::BodyStream>> streams;
  for (int i = 0; i < 5; ++i) streams.push_back(office.open(office.one));
  const auto sixth = office.executor.finish(office.hub.open(office.listener(office.one)));
  REQUIRE_FALSE(sixth);
  CHECK(sixth.error().code == Errc::too_many);
  office.open(office.two);
  streams.front()->end();
  CHECK(office.open(office.one)->is_open());
  streams.clear();  // nobody reads them: their answers never reached a connection
  office.executor.advance(Millis{1'000});
  CHECK(office.hub.stream_count() == 0);
}

TEST_CASE("all users together have so many streams at most") {
  Office office;
  live::Hub small(office.store, office.store, {.job = {}, .record = &Office::shown}, 2);
  office.executor.post([&] { small.start(); });
  office.executor.run();
  const auto open = [&](UserId user) { return office.executor.finish(small.open(office.listener(user))); };
  const auto one = open(office.one), two = open(office.two);
  REQUIRE(one);
  REQUIRE(two);
  CHECK(open(office.boss).error().code == Errc::too_many);
  (*one)->end();
  CHECK(open(office.boss));
}

TEST_CASE("one event of any size, and any number of large ones, reach a reader that takes them late") {
  Office office;
  const auto slow = office.open(office.one), quick = office.open(office.boss);
  (void)slow->take(), (void)quick->take();
  const std::size_t large = 2 * net::BodyStream::kPendingMax;
  office.add(office.one, std::string(large, 'a').c_str());
  CHECK(slow->is_open());
  CHECK(quick->take().contains(std::string(large, 'a')));
  for (const char letter : {'b', 'c', 'd', 'e'}) {
    office.add(office.one, std::string(100'000, letter).c_str());
    CHECK(quick->take().contains(std::string(100'000, letter)));
  }
  std::string got;
  for (std::string piece = slow->take(); !piece.empty(); piece = slow->take()) {
    CHECK(piece.size() <= large + 500);  // not all of it at once
    got += piece;
    office.executor.advance(Millis{100});
  }
  CHECK(slow->is_open());
  CHECK(got.contains(std::string(large, 'a')));
  for (const char letter : {'b', 'c', 'd', 'e'}) CHECK(got.contains(std::string(100'000, letter)));
  office.add(office.one, "Asha");
  CHECK(slow->take().contains("Asha"));
}

TEST_CASE("the last stream may close while events are being told") {
  Office office;
  auto one = office.open(office.one);
  Record record;
  record.owner = office.one;
  record.fields.set(field::name, std::string("Asha"));
  record.fields.set(field::vertical, std::string("motor"));
  REQUIRE(office.executor.finish(office.store.create_record({office.agency, office.one, false}, record)));
  office.hub.wake();
  office.executor.run();
  office.hub.wake();  // a second read, after a pause
  one->end();
  office.executor.advance(Millis{2'000});
  CHECK(office.hub.stream_count() == 0);
}

TEST_CASE("a reader that takes nothing is cut off, a silent stream shows signs of life") {
  Office office;
  const auto one = office.open(office.one);
  (void)one->take();
  office.executor.advance(Millis{15'500});
  CHECK(one->take().contains(":"));
  CHECK(one->write(std::string(net::BodyStream::kPendingMax, 'x')));
  CHECK_FALSE(one->write("x"));
  CHECK_FALSE(one->is_open());
}
