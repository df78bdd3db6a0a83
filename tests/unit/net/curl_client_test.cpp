#include "net/curl_client.hpp"

#include <doctest/doctest.h>

#include <deque>

#include "support/raw_client.hpp"
#include "support/test_certificate.hpp"
#include "test_server.hpp"

using namespace rowlane;
using namespace rowlane::testing;

namespace {

// Some bytes every few milliseconds, for as long as somebody reads them.
void trickle(Executor& executor, std::shared_ptr<net::BodyStream> stream) {
  executor.post_after(Millis{5}, [&executor, stream] {
    if (stream->write("some")) trickle(executor, stream);
  });
}

// Keeps what is posted until the test runs it, one piece of work at a time.
class HeldExecutor final : public Executor {
 public:
  void post(Work work) override {
    const std::lock_guard lock(mutex_);
    work_.push_back(std::move(work));
    changed_.notify_all();
  }
  void post_after(Millis, Work work) override { post(std::move(work)); }
  void wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return work_.size() >= count; });
  }
  void run_one() {
    wait_for(1);
    std::unique_lock lock(mutex_);
    Work work = std::move(work_.front());
    work_.pop_front();
    lock.unlock();
    const Running running(this);
    work();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Work> work_;
};

Task<net::Response> serve(net::Request request) {
  net::Response response;
  response.content_type = "text/plain";
  response.headers.emplace_back("X-Mixed-Case", request.header("x-sent"));
  if (request.path == "/status") response.status = 418;
  if (request.path == "/redirect") {
    response.status = 302;
    response.headers.emplace_back("Location", "/");
  }
  if (request.path == "/cut") response.cut_after_bytes = 3'000;
  if (request.path == "/trickle") {
    response.stream = std::make_shared<net::BodyStream>();
    trickle(*Executor::current(), response.stream);
    co_return response;
  }
  if (request.path == "/slow") co_await suspend_for<int>([](Resolver<int>) {});
  if (const std::string* bytes = request.query_value("bytes")) {
    response.body.assign(static_cast<std::size_t>(std::stoul(*bytes)), 'x');
  } else {
    response.body =
        fmt::format("{} {} {} {}", request.method, request.target, request.header("content-type"), request.body);
  }
  co_return response;
}

struct Fixture {
  TestServer server{serve};
  net::IoThread io;
  std::optional<net::CurlClient> client;
  Fixture() {
    io.start("test-curl");
    client.emplace(io);
  }
  Result<net::HttpAnswer> send(net::HttpRequest request) { return run_on(io, client->send(std::move(request))); }
};

}  // namespace

TEST_CASE("every method reaches the server and its answer comes back") {
  Fixture f;
  for (const char* method : {"GET", "POST", "PUT", "PATCH", "DELETE"}) {
    CAPTURE(method);
    net::HttpRequest request{.method = method, .url = f.server.url("/a?b=c"), .headers = {{"X-Sent", "me"}}};
    if (std::string_view(method) != "GET") {
      request.body = "payload";
      request.headers.emplace_back("Content-Type", "application/json");
    }
    const Result<net::HttpAnswer> answer = f.send(std::move(request));
    REQUIRE(answer);
    CHECK(answer->status == 200);
    CHECK(answer->header("x-mixed-case") == "me");
    const bool has_body = std::string_view(method) != "GET";
    CHECK(answer->body ==
          fmt::format("{} /a?b=c {} {}", method, has_body ? "application/json" : "", has_body ? "payload" : ""));
  }
  const Result<net::HttpAnswer> head = f.send({.method = "HEAD", .url = f.server.url("/")});
  REQUIRE(head);
  CHECK(head->body.empty());
  CHECK(f.server.listener().counts().accepted == 1);  // one connection was kept for all of them
}

TEST_CASE("a status is a value, redirects are not followed, a large body is sent whole") {
  Fixture f;
  CHECK(f.send({.url = f.server.url("/status")})->status == 418);
  CHECK(f.send({.url = f.server.url("/redirect")})->status == 302);
  const std::string body(1'000'000, 'b');
  const auto posted =
      f.send({.method = "POST", .url = f.server.url("/"), .body = body, .kept_bytes_max = 2 * body.size()});
  CHECK(posted->body == "POST /  " + body);
}

TEST_CASE("gzip is decoded, and a streamed body arrives in pieces before the answer") {
  Fixture f;
  CHECK(f.send({.url = f.server.url("/?bytes=60000")})->body == std::string(60'000, 'x'));
  std::string streamed;
  net::HttpRequest request{.url = f.server.url("/?bytes=20000000")};
  request.on_body = [&](std::string_view piece) {
    CHECK(Executor::current() == &f.io);
    streamed += piece;
    return true;
  };
  const Result<net::HttpAnswer> answer = f.send(std::move(request));
  REQUIRE(answer);
  CHECK(answer->body.empty());
  CHECK(streamed.size() == 20'000'000);

  net::HttpRequest failing{.url = f.server.url("/status")};
  failing.on_body = [](std::string_view) { return false; };
  CHECK(f.send(std::move(failing))->body.starts_with("GET /status"));  // only a 200 is streamed
}

TEST_CASE("pieces come on the caller's executor, whichever it is") {
  Fixture f;
  net::IoThread other;
  other.start("test-other");
  std::string streamed;
  net::HttpRequest request{.url = f.server.url("/?bytes=5000000")};
  request.on_body = [&](std::string_view piece) {
    CHECK(Executor::current() == &other);
    streamed += piece;
    return true;
  };
  CHECK(run_on(other, f.client->send(std::move(request))));
  CHECK(streamed.size() == 5'000'000);
}

TEST_CASE("failures say whether the request may have been taken") {
  Fixture f;
  SUBCASE("refused connection") {
    std::uint16_t free_port = 0;
    {
      net::IoThread io;
      net::Listener listener;
      free_port = listener.start(io, {}, serve).value();
    }
    const auto answer = f.send({.url = fmt::format("http://127.0.0.1:{}/", free_port)});
    CHECK(answer.error().code == Errc::unavailable);
  }
  SUBCASE("unknown name") { CHECK(f.send({.url = "https://name.invalid/"}).error().code == Errc::unavailable); }
  SUBCASE("cut answer") {
    CHECK(f.send({.url = f.server.url("/cut?bytes=500000")}).error().code == Errc::unknown_outcome);
  }
  SUBCASE("no answer in time") {
    const auto answer = f.send({.url = f.server.url("/slow"), .timeout = Millis{50}});
    CHECK(answer.error().code == Errc::unknown_outcome);
  }
  SUBCASE("an answer over its limit, also when it was small on the wire") {
    for (const char* bytes : {"300000", "200000"}) {
      net::HttpRequest request{.url = f.server.url(fmt::format("/?bytes={}", bytes)), .answer_bytes_max = 100'000};
      CHECK(f.send({.url = request.url}).error().code == Errc::unknown_outcome);
      request.on_body = [](std::string_view) { return true; };
      CHECK(f.send(std::move(request)).error().code == Errc::unknown_outcome);
    }
  }
  SUBCASE("a reader that gives up") {
    net::HttpRequest request{.url = f.server.url("/?bytes=300000")};
    request.on_body = [](std::string_view) { return false; };
    CHECK(f.send(std::move(request)).error().code == Errc::unknown_outcome);
  }
  SUBCASE("TLS spoken to a plain server") {
    const std::string url = fmt::format("https://127.0.0.1:{}/", f.server.port());
    CHECK(f.send({.url = url}).error().code == Errc::unavailable);
  }
  SUBCASE("plain http beyond loopback, and other schemes") {
    CHECK(f.send({.url = "http://example.com/"}).error().code == Errc::invalid_input);
    CHECK(f.send({.url = "file:///etc/passwd"}).error().code == Errc::invalid_input);
    CHECK(f.send({.url = "nonsense"}).error().code == Errc::invalid_input);
  }
  SUBCASE("a header with a line break") {
    CHECK(f.send({.url = f.server.url("/"), .headers = {{"X", "a\r\nY: b"}}}).error().code == Errc::invalid_input);
  }
}

TEST_CASE("of a long refusal the status counts, and little of it is kept in memory") {
  Fixture f;
  net::HttpRequest request{.url = f.server.url("/status?bytes=300000000")};
  request.on_body = [](std::string_view) { return true; };
  const auto refused = f.send(std::move(request));
  REQUIRE(refused);
  CHECK(refused->status == 418);
  CHECK(refused->body == std::string(64 * 1024, 'x'));
}

TEST_CASE("what moves no byte, or too few, is given up; a reader that holds it back takes its time") {
  TestServer server(serve);
  net::IoThread io;
  io.start("test-curl");
  net::CurlClient client(io, {.quiet_time_max = Millis{100}, .slow_time_max = Millis{200}, .rate_min = 100'000'000});
  const auto quiet = run_on(io, client.send({.url = server.url("/slow")}));
  CHECK(quiet.error().code == Errc::unknown_outcome);
  CHECK(quiet.error().message == "no answer came");

  // Some thousand bytes every few milliseconds: never quiet, never fast.
  const auto trickle = run_on(io, client.send({.url = server.url("/trickle")}));
  CHECK(trickle.error().message == "the answer came too slowly");
}

TEST_CASE("a body that its reader gave up while it was held back ends at once") {
  Fixture f;
  HeldExecutor held;
  net::HttpRequest request{.url = f.server.url("/?bytes=30000000"), .timeout = Millis{10'000}};
  request.on_body = [](std::string_view) { return false; };
  std::promise<Result<net::HttpAnswer>> ended;
  std::future<Result<net::HttpAnswer>> answer = ended.get_future();
  detach(held, store_result(f.client->send(std::move(request)), ended));
  held.run_one();     // the task starts
  held.wait_for(65);  // a mebibyte of pieces of 16 KiB: the next is held back
  for (int i = 0; i < 10; ++i) {
    std::promise<void> passed;
    f.io.post([&] { passed.set_value(); });
    passed.get_future().wait();
  }
  while (answer.wait_for(Millis{0}) == std::future_status::timeout) held.run_one();
  CHECK(answer.get().error().message == "the answer was given up by its reader");
}

namespace {
Task<void> drop_answer(Task<Result<net::HttpAnswer>> task) { (void)co_await std::move(task); }
Task<Result<net::HttpAnswer>> send_beside_hanging(net::CurlClient& client, const TestServer& server) {
  TaskGroup hanging(*Executor::current());
  for (int i = 0; i < 3; ++i) hanging.spawn(drop_answer(client.send({.url = server.url("/slow")})));
  co_return co_await client.send({.url = server.url("/x"), .timeout = Millis{5'000}});
}
}  // namespace

TEST_CASE("an exchange does not wait for one that hangs") {
  Fixture f;
  const auto answer = run_on(f.io, send_beside_hanging(*f.client, f.server));
  REQUIRE(answer);
  CHECK(answer->body == "GET /x  ");
}

TEST_CASE("many exchanges run at once") {
  Fixture f;
  std::vector<std::future<Result<net::HttpAnswer>>> waiting;
  std::vector<std::promise<Result<net::HttpAnswer>>> promises(200);
  for (std::size_t i = 0; i < promises.size(); ++i) {
    waiting.push_back(promises[i].get_future());
    detach(f.io, store_result(f.client->send({.url = f.server.url(fmt::format("/{}", i))}), promises[i]));
  }
  for (std::size_t i = 0; i < waiting.size(); ++i) CHECK(waiting[i].get()->body == fmt::format("GET /{}  ", i));
}

namespace {
Task<int> drop_after_first_piece(net::CurlClient& client, std::string url, int& pieces) {
  net::HttpRequest request{.url = std::move(url)};
  std::optional<Resolver<int>> first;
  request.on_body = [&](std::string_view) {
    ++pieces;
    if (first) std::exchange(first, std::nullopt).value()(1);
    return true;
  };
  auto exchange = std::make_unique<TaskGroup>(*Executor::current());
  struct Run {
    static Task<void> run(Task<Result<net::HttpAnswer>> task) { (void)co_await std::move(task); }
  };
  exchange->spawn(Run::run(client.send(std::move(request))));
  co_await suspend_for<int>([&](Resolver<int> done) { first.emplace(std::move(done)); });
  exchange.reset();  // destroys the suspended exchange
  const int before = pieces;
  (void)co_await client.send({.url = url});
  co_return pieces - before;
}
}  // namespace

TEST_CASE("a destroyed exchange delivers nothing more") {
  Fixture f;
  int pieces = 0;
  CHECK(run_on(f.io, drop_after_first_piece(*f.client, f.server.url("/?bytes=30000000"), pieces)) == 0);
  CHECK(pieces > 0);
}

TEST_CASE("over TLS bodies pass both ways, and a certificate nobody vouches for sends nothing") {
  const TestCertificate certificate;
  TestServer server(serve, {}, net::TlsFiles{certificate.certificate_file, certificate.key_file});
  const std::string url = fmt::format("https://127.0.0.1:{}/a", server.port());
  net::IoThread io;
  io.start("test-curl");
  net::CurlClient trusting(io, {.ca_file = certificate.certificate_file}), wary(io);
  const std::string body(500'000, 'b');
  for (int i = 0; i < 3; ++i) {
    const auto posted =
        run_on(io, trusting.send({.method = "POST", .url = url, .body = body, .kept_bytes_max = 2 * body.size()}));
    REQUIRE(posted);
    CHECK(posted->body == "POST /a  " + body);
  }
  CHECK(run_on(io, trusting.send({.url = url + "?bytes=3000000", .kept_bytes_max = 3'000'000}))->body.size() ==
        3'000'000);
  CHECK(server.listener().counts().accepted == 1);
  const auto refused = run_on(io, wary.send({.method = "POST", .url = url, .body = "x"}));
  CHECK(refused.error().code == Errc::unavailable);
  CHECK(server.listener().counts().requests == 4);
}

TEST_CASE("loopback addresses are told from others") {
  CHECK(net::is_loopback_url("http://127.0.0.1:80/x"));
  CHECK(net::is_loopback_url("http://localhost/"));
  CHECK(net::is_loopback_url("http://[::1]:8/"));
  CHECK_FALSE(net::is_loopback_url("http://127.0.0.1.example.com/"));
  CHECK_FALSE(net::is_loopback_url("http://localhost@example.com/"));
  CHECK_FALSE(net::is_loopback_url("ftp://localhost/"));
}
