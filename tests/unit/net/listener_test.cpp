#include "net/listener.hpp"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <zlib.h>

#include "base/log.hpp"
#include "support/raw_client.hpp"
#include "test_server.hpp"

using namespace rowlane;
using namespace rowlane::testing;

namespace {

Task<net::Response> by_path(net::Request request) {
  net::Response response;
  response.content_type = "text/plain";
  if (request.path == "/throw") throw std::runtime_error("on purpose");
  if (request.path == "/slow") co_await sleep_for(Millis{50});
  if (request.path == "/for-ever") co_await suspend_for<int>([](Resolver<int>) {});
  if (request.path == "/empty") {
    response.status = 204;
    co_return response;
  }
  if (request.path == "/split") response.headers.emplace_back("X-Bad", "a\r\nSet-Cookie: b");
  if (request.path == "/cut") response.cut_after_bytes = 100;
  if (const std::string* bytes = request.query_value("bytes")) {
    response.body.assign(static_cast<std::size_t>(std::stoul(*bytes)), 'x');
  } else {
    response.body = fmt::format("{} {} {}", request.method, request.target, request.body);
  }
  co_return response;
}

std::string get(std::string_view target, std::string_view headers = {}) {
  return fmt::format("GET {} HTTP/1.1\r\nHost: a\r\n{}\r\n", target, headers);
}

std::string gunzip(std::string_view packed) {
  std::string out(1 << 20, '\0');
  z_stream z{};
  inflateInit2(&z, 15 + 16);
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  z.avail_in = static_cast<uInt>(packed.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  const int rc = inflate(&z, Z_FINISH);
  out.resize(rc == Z_STREAM_END ? z.total_out : 0);
  inflateEnd(&z);
  return out;
}

net::ListenLimits short_limits() {
  net::ListenLimits limits;
  limits.head_time_max = Millis{60};
  limits.body_time_max = Millis{60};
  limits.idle_time_max = Millis{60};
  limits.linger_time_max = Millis{60};
  return limits;
}

}  // namespace

TEST_CASE("a connection is kept, and pipelined requests are answered in order") {
  TestServer server(by_path);
  RawClient client(server.port());
  client.send(get("/1"));
  CHECK(body_of(client.read_answer()) == "GET /1 ");
  std::string many;
  for (int i = 0; i < 200; ++i) many += get(fmt::format("{}?{}", i % 7 == 0 ? "/slow" : "/n", i));
  many += "POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n" + get("/last");
  client.send(many);
  for (int i = 0; i < 200; ++i)
    CHECK(body_of(client.read_answer()) == fmt::format("GET {}?{} ", i % 7 == 0 ? "/slow" : "/n", i));
  CHECK(body_of(client.read_answer()) == "POST /p ab");
  CHECK(body_of(client.read_answer()) == "GET /last ");
  CHECK(server.listener().counts().requests == 203);
  CHECK(server.listener().counts().open_connections == 1);
}

TEST_CASE("HTTP/1.0 and Connection: close end the connection after the answer") {
  TestServer server(by_path);
  RawClient old(server.port());
  old.send("GET /x HTTP/1.0\r\n\r\n");
  CHECK(old.read_to_end().contains("Connection: close\r\n"));
  RawClient kept(server.port());
  kept.send("GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  CHECK(kept.read_answer().contains("Connection: keep-alive\r\n"));
  kept.send(get("/y", "Connection: close\r\n"));
  CHECK(body_of(kept.read_to_end()) == "GET /y ");
}

TEST_CASE("HEAD and 204 carry no body") {
  TestServer server(by_path);
  RawClient client(server.port());
  client.send("HEAD /x?bytes=50 HTTP/1.1\r\nHost: a\r\n\r\n" + get("/empty") + get("/z"));
  const std::string head = client.read_answer(false);
  CHECK(head.contains("Content-Length: 50\r\n"));
  const std::string empty = client.read_answer();
  CHECK(status_line(empty) == "HTTP/1.1 204 No Content");
  CHECK_FALSE(empty.contains("Content-Length"));
  CHECK(body_of(client.read_answer()) == "GET /z ");
}

TEST_CASE("long text is gzipped for those who accept it") {
  TestServer server(by_path);
  RawClient client(server.port());
  client.send(get("/x?bytes=5000", "Accept-Encoding: gzip\r\n"));
  const std::string packed = client.read_answer();
  CHECK(packed.contains("Content-Encoding: gzip\r\n"));
  CHECK(packed.contains("Vary: Accept-Encoding\r\n"));
  CHECK(gunzip(body_of(packed)) == std::string(5000, 'x'));
  client.send(get("/x?bytes=5000"));
  CHECK(body_of(client.read_answer()) == std::string(5000, 'x'));
  client.send(get("/x?bytes=100", "Accept-Encoding: gzip\r\n"));
  CHECK_FALSE(client.read_answer().contains("gzip"));
  client.send(get("/x?bytes=300000", "Accept-Encoding: gzip\r\n"));
  CHECK(body_of(client.read_answer()).size() == 300'000);
}

TEST_CASE("an answer larger than the socket's buffers arrives whole") {
  TestServer server(by_path);
  RawClient client(server.port());
  client.send(get("/x?bytes=20000000") + get("/y"));
  CHECK(body_of(client.read_answer()).size() == 20'000'000);
  CHECK(body_of(client.read_answer()) == "GET /y ");
}

namespace {
Task<std::optional<net::Response>> refuse_strangers(net::Request request) {
  co_await sleep_for(Millis{1});
  if (request.header("authorization") == "Bearer known") co_return std::nullopt;
  co_return net::Response{.status = 401, .body = request.path};
}
// Ends at the test's word.
struct Gate {
  std::optional<Resolver<int>> open;
  std::promise<void> reached;
};
Task<net::Response> behind_gate(Gate* gate, net::Request request) {
  if (request.path == "/wait")
    co_await suspend_for<int>([&](Resolver<int> done) {
      gate->open.emplace(std::move(done));
      gate->reached.set_value();
    });
  co_return net::Response{.content_type = "text/plain", .body = std::to_string(request.body.size())};
}
std::string post(std::string_view target, std::size_t bytes, std::string_view headers = {},
                 std::size_t sent = SIZE_MAX) {
  return fmt::format("POST {} HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n{}\r\n", target, bytes, headers) +
         std::string(std::min(bytes, sent), 'b');
}
std::string chunked(std::string_view target, std::size_t bytes, std::string_view headers = {}) {
  return fmt::format("POST {} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n{}\r\n{:x}\r\n{}\r\n0\r\n\r\n",
                     target, headers, bytes, std::string(bytes, 'b'));
}
constexpr std::string_view kKnown = "Authorization: Bearer known\r\n";
}  // namespace

TEST_CASE("a large body is read only from a caller who has proved who they are") {
  net::ListenLimits limits;
  limits.refuse_large_body = refuse_strangers;
  Gate gate;
  TestServer server([&](net::Request request) { return behind_gate(&gate, std::move(request)); }, limits);
  const auto answer = [&](const std::string& request) {
    RawClient client(server.port());
    client.send(request);
    return client.read_answer();
  };
  CHECK(body_of(answer(post("/a", 64 * 1024))) == "65536");
  CHECK(body_of(answer(post("/a", 500'000, kKnown))) == "500000");
  CHECK(body_of(answer(chunked("/a", 500'000, kKnown))) == "500000");
  CHECK(body_of(answer(chunked("/a", 60'000))) == "60000");
  // Not a byte of it is waited for.
  const std::string refused = answer(post("/a", 64 * 1024 + 1, {}, 0));
  CHECK(status_line(refused) == "HTTP/1.1 401 Unauthorized");
  CHECK(refused.contains("Connection: close"));
  CHECK(body_of(refused) == "/a");
  CHECK(status_line(answer(chunked("/a", 70'000))) == "HTTP/1.1 413 Content Too Large");
  CHECK(status_line(answer(post("/a", 2'000'000, kKnown, 0))) == "HTTP/1.1 413 Content Too Large");
  CHECK(server.listener().counts().body_bytes == 0);
}

TEST_CASE("bodies under way have one budget, callers who proved nothing a part of it, and small ones always pass") {
  net::ListenLimits limits;
  limits.refuse_large_body = refuse_strangers;
  limits.bodies_bytes_max = 300'000;
  limits.unproved_bodies_bytes_max = 50'000;
  Gate gate;
  TestServer server([&](net::Request request) { return behind_gate(&gate, std::move(request)); }, limits);
  RawClient holder(server.port()), other(server.port());
  holder.send(post("/wait", 50'000));  // held by its handler
  gate.reached.get_future().wait();
  CHECK(server.listener().counts().body_bytes == 50'000 - 4 * 1024);
  const auto answer = [&](const std::string& request) {
    RawClient client(server.port());
    client.send(request);
    return client.read_answer();
  };
  const std::string refused = answer(post("/a", 20'000));
  CHECK(status_line(refused) == "HTTP/1.1 503 Service Unavailable");
  CHECK(refused.contains("Retry-After: 2\r\n"));
  CHECK(body_of(answer(post("/a", 4'000))) == "4000");
  CHECK(body_of(answer(post("/a", 200'000, kKnown))) == "200000");
  CHECK(status_line(answer(post("/a", 400'000, kKnown))) == "HTTP/1.1 503 Service Unavailable");
  server.io().post([&] { (*std::exchange(gate.open, std::nullopt))(1); });
  CHECK(body_of(holder.read_answer()) == "50000");
  CHECK(server.listener().counts().body_bytes == 0);
  CHECK(body_of(answer(post("/a", 20'000))) == "20000");
}

TEST_CASE("connections leave descriptors for files, the store and calls to Sheets") {
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  rlimit few = before;
  few.rlim_cur = 100;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &few) == 0);
  TestServer server(by_path);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 51; ++i) {
    clients.push_back(std::make_unique<RawClient>(server.port()));
    clients.back()->send(get("/x"));
    CHECK(body_of(clients.back()->read_answer()) == (i < 50 ? "GET /x " : ""));
  }
}

TEST_CASE("a handler that throws is answered with 500 and the connection goes on") {
  set_log_level(LogLevel::off);
  TestServer server(by_path);
  RawClient client(server.port());
  client.send(get("/throw") + get("/x"));
  CHECK(status_line(client.read_answer()) == "HTTP/1.1 500 Internal Server Error");
  CHECK(body_of(client.read_answer()) == "GET /x ");
  client.send(get("/split"));
  CHECK_FALSE(client.read_answer().contains("Set-Cookie"));
  set_log_level(LogLevel::info);
}

TEST_CASE("a cut answer stops at its byte with a reset") {
  TestServer server(by_path);
  RawClient client(server.port());
  client.send(get("/cut?bytes=5000"));
  CHECK(client.read_to_end().size() <= 100);
  CHECK(client.was_reset());
}

TEST_CASE("100 Continue is sent to a client that waits for it, and not before a 413") {
  TestServer server(by_path);
  RawClient client(server.port());
  client.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  CHECK(client.read_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("hi");
  CHECK(body_of(client.read_answer()) == "POST /x hi");
  client.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\nExpect: 100-continue\r\n\r\n");
  CHECK(status_line(client.read_answer()) == "HTTP/1.1 413 Content Too Large");
}

TEST_CASE("a route may take larger bodies, and a body up to the limit passes") {
  net::ListenLimits limits;
  limits.body_bytes_max = 10;
  limits.body_bytes_for = [](std::string_view method, std::string_view path) -> std::size_t {
    return method == "POST" && path == "/import" ? 300'000 : 10;
  };
  TestServer server(by_path, limits);
  RawClient client(server.port());
  const std::string body(300'000, 'b');
  client.send(fmt::format("POST /import?x=1 HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{}", body.size(), body));
  CHECK(body_of(client.read_answer()) == "POST /import?x=1 " + body);
  std::string chunked = "POST /import HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 3; ++i) chunked += "186A0\r\n" + std::string(100'000, 'c') + "\r\n";
  client.send(chunked + "0\r\n\r\n");
  CHECK(body_of(client.read_answer()) == "POST /import " + std::string(300'000, 'c'));
  client.send("POST /other HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n");
  CHECK(status_line(client.read_answer()) == "HTTP/1.1 413 Content Too Large");
}

TEST_CASE("a refused client that goes on sending still reads its answer") {
  TestServer server(by_path);
  RawClient client(server.port());
  client.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n\r\n" + std::string(5'000'000, 'x'));
  CHECK(status_line(client.read_answer()) == "HTTP/1.1 413 Content Too Large");
}

TEST_CASE("slow and half-open clients are cut") {
  TestServer server(by_path, short_limits());
  SUBCASE("nothing at all") {
    RawClient client(server.port());
    CHECK(status_line(client.read_answer()) == "HTTP/1.1 408 Request Timeout");
    CHECK(client.is_closed());
  }
  SUBCASE("half a head") {
    RawClient client(server.port());
    client.send("GET / HTTP/1.1\r\nHost");
    CHECK(status_line(client.read_answer()) == "HTTP/1.1 408 Request Timeout");
    CHECK(client.is_closed());
  }
  SUBCASE("half a body") {
    RawClient client(server.port());
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
    CHECK(status_line(client.read_answer()) == "HTTP/1.1 408 Request Timeout");
    CHECK(client.is_closed());
  }
  SUBCASE("idle between requests: closed without a word") {
    RawClient client(server.port());
    client.send(get("/x"));
    client.read_answer();
    CHECK(client.read_to_end().empty());
  }
  SUBCASE("the sending side closed in the middle of a request") {
    RawClient client(server.port());
    client.send("GET / HTTP/1.1\r\n");
    client.end_sending();
    CHECK(client.is_closed());
  }
  SUBCASE("an answer that nobody takes") {
    RawClient client(server.port());
    client.send(get("/x?bytes=50000000"));
    while (server.listener().counts().requests == 0 || server.listener().counts().open_connections > 0)
      std::this_thread::yield();
    CHECK(client.read_to_end().size() < 50'000'000);
  }
}

TEST_CASE("a drain lets a running request finish and closes the others") {
  TestServer server(by_path);
  RawClient idle(server.port()), busy(server.port());
  idle.send(get("/x"));
  idle.read_answer();
  busy.send(get("/slow?1"));
  while (server.listener().counts().requests < 2) std::this_thread::yield();
  const auto drain =
      std::async(std::launch::async, [&] { run_on(server.io(), drained(server.listener(), Millis{20'000})); });
  CHECK(idle.read_to_end().empty());
  CHECK(busy.read_answer().contains("Connection: close\r\n"));
  CHECK(busy.is_closed());
  drain.wait();
  CHECK(server.listener().counts().open_connections == 0);
  CHECK_THROWS(RawClient(server.port()));
}

TEST_CASE("a drain closes at its deadline what does not end") {
  TestServer server(by_path);
  RawClient stuck(server.port());
  stuck.send(get("/for-ever"));
  while (server.listener().counts().requests < 1) std::this_thread::yield();
  run_on(server.io(), drained(server.listener(), Millis{10}));
  CHECK(stuck.read_to_end().empty());
}

TEST_CASE("a taken port, a bad address and missing TLS files are errors") {
  TestServer server(by_path);
  net::Listener second;
  CHECK(second.start(server.io(), {.port = server.port()}, by_path).error().code == Errc::unavailable);
  CHECK(second.start(server.io(), {.address = "localhost"}, by_path).error().field == "address");
  net::ListenOptions tls;
  tls.tls = net::TlsFiles{"/nonexistent/cert.pem", "/nonexistent/key.pem"};
  CHECK(second.start(server.io(), tls, by_path).error().field == "certificate");
}

TEST_CASE("handlers that still run when the server goes are destroyed") {
  auto server = std::make_unique<TestServer>(by_path);
  RawClient client(server->port());
  client.send(get("/for-ever"));
  while (server->listener().counts().requests < 1) std::this_thread::yield();
  server.reset();
  CHECK(client.is_closed());
}
