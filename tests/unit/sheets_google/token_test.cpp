#include "sheets/google/token.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "base/json.hpp"
#include "net/http.hpp"
#include "sheets/google/jwt.hpp"
#include "support/manual_executor.hpp"
#include "support/rsa_key.hpp"
#include "support/scripted_http.hpp"

using namespace rowlane;
using namespace rowlane::sheets::google;
using namespace rowlane::testing;

namespace {

Credentials credentials() {
  return {.client_email = "sync@project.iam.gserviceaccount.com",
          .private_key = test_key().private_pem,
          .private_key_id = "key-1",
          .token_uri = "https://oauth2.example/token"};
}

Json file_json() {
  return Json::object({{"type", "service_account"},
                       {"client_email", credentials().client_email},
                       {"private_key", credentials().private_key},
                       {"private_key_id", "key-1"},
                       {"token_uri", "https://oauth2.example/token"}});
}

net::HttpAnswer token_answer(std::string_view token, int seconds = 3600) {
  return {.status = 200,
          .body = fmt::format(R"({{"access_token":"{}","expires_in":{},"token_type":"Bearer"}})", token, seconds)};
}

Task<void> take(TokenSource& source, std::vector<std::string>& got) {
  const Result<std::string> token = co_await source.token();
  got.push_back(token ? *token : "error: " + token.error().message);
}

struct TempFile {
  std::string path = "/tmp/rowlane-credentials-XXXXXX";
  explicit TempFile(const std::string& text, mode_t mode) {
    ::close(::mkstemp(path.data()));
    std::ofstream(path) << text;
    ::chmod(path.c_str(), mode);
  }
  ~TempFile() { ::unlink(path.c_str()); }
};

}  // namespace

TEST_CASE("the assertion is a JWT that the public key verifies") {
  const std::string jwt = make_assertion(credentials(), kScope, from_ms(1'800'000'000'999)).value();
  const std::size_t last = jwt.rfind('.');
  CHECK(verify_rs256(test_key().public_pem, jwt.substr(0, last), from_base64url(jwt.substr(last + 1))));
  const Json header = parse_json(from_base64url(jwt.substr(0, jwt.find('.')))).value();
  CHECK(header["alg"].string_or() == "RS256");
  CHECK(header["kid"].string_or() == "key-1");
  const std::size_t first = jwt.find('.') + 1;
  const Json claims = parse_json(from_base64url(jwt.substr(first, last - first))).value();
  CHECK(claims["iss"].string_or() == credentials().client_email);
  CHECK(claims["aud"].string_or() == "https://oauth2.example/token");
  CHECK(claims["iat"].as_int() == 1'800'000'000);
  CHECK(claims["exp"].as_int() == 1'800'003'600);
  CHECK(claims["scope"].string_or() == kScope);
}

TEST_CASE("ten who wait share one fetch, and a token is kept until 80 % of its life") {
  ManualExecutor executor;
  FixedClock clock;
  int fetches = 0;
  ScriptedHttp http([&](const ScriptedHttp::Sent& sent) -> Result<net::HttpAnswer> {
    CHECK(sent.method == "POST");
    CHECK(sent.url == "https://oauth2.example/token");
    CHECK(sent.header("Content-Type") == "application/x-www-form-urlencoded");
    CHECK(net::parse_query(sent.body)[0].second == "urn:ietf:params:oauth:grant-type:jwt-bearer");
    return token_answer(fmt::format("t{}", ++fetches));
  });
  TokenSource source(http, clock, credentials());
  std::vector<std::string> got;
  TaskGroup group(executor);
  for (int i = 0; i < 10; ++i) group.spawn(take(source, got));
  executor.advance(Millis{10});
  CHECK(got == std::vector<std::string>(10, "t1"));
  CHECK(fetches == 1);
  clock.time += std::chrono::seconds(2879);
  CHECK(executor.finish(source.token()).value() == "t1");
  clock.time += std::chrono::seconds(2);
  CHECK(executor.finish(source.token()).value() == "t2");
  source.reject("t1");  // an old one: changes nothing
  CHECK(executor.finish(source.token()).value() == "t2");
  source.reject("t2");
  CHECK(executor.finish(source.token()).value() == "t3");
}

TEST_CASE("a failed renewal keeps a token that still lives") {
  ManualExecutor executor;
  FixedClock clock;
  bool is_down = false;
  ScriptedHttp http([&](const ScriptedHttp::Sent&) -> Result<net::HttpAnswer> {
    if (is_down) return fail(Errc::unknown_outcome, "reset");
    return token_answer("t");
  });
  TokenSource source(http, clock, credentials());
  CHECK(executor.finish(source.token()).value() == "t");
  is_down = true;
  clock.time += std::chrono::seconds(3000);
  CHECK(executor.finish(source.token()).value() == "t");
  clock.time += std::chrono::seconds(700);
  CHECK(executor.finish(source.token()).error().code == Errc::unavailable);
}

TEST_CASE("a waiter takes over when the task that fetches is destroyed") {
  ManualExecutor executor;
  FixedClock clock;
  ScriptedHttp http([](const ScriptedHttp::Sent&) -> Result<net::HttpAnswer> { return token_answer("t"); });
  TokenSource source(http, clock, credentials());
  std::vector<std::string> first, second;
  auto dying = std::make_unique<TaskGroup>(executor);
  TaskGroup group(executor);
  dying->spawn(take(source, first));
  group.spawn(take(source, second));
  executor.run();
  dying.reset();
  executor.advance(Millis{10});
  CHECK(first.empty());
  CHECK(second == std::vector<std::string>{"t"});
}

TEST_CASE("what the token service says decides who must act") {
  struct Case {
    std::string_view name;
    int status;
    std::string_view body;
    Errc code;
    std::string_view says;
  };
  const Case cases[] = {
      {"bad grant", 400, R"({"error":"invalid_grant","error_description":"Invalid JWT"})", Errc::credentials, "clock"},
      {"bad client", 401, R"({"error":"invalid_client"})", Errc::credentials, "invalid_client"},
      {"captive portal", 302, "", Errc::unavailable, "302"},
      {"captive portal's page", 403, "<html>log in</html>", Errc::unavailable, "403"},
      {"down", 503, "<html>", Errc::unavailable, "503"},
      {"busy", 429, "", Errc::unavailable, "429"},
      {"no token", 200, "{}", Errc::unavailable, "without a token"},
      {"HTML", 200, "<html>", Errc::unavailable, "without a token"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    ManualExecutor executor;
    FixedClock clock;
    ScriptedHttp http([&](const ScriptedHttp::Sent&) -> Result<net::HttpAnswer> {
      return net::HttpAnswer{.status = c.status, .body = std::string(c.body)};
    });
    TokenSource source(http, clock, credentials());
    const Result<std::string> token = executor.finish(source.token());
    REQUIRE_FALSE(token);
    CHECK(token.error().code == c.code);
    CHECK(token.error().message.contains(c.says));
  }
}

TEST_CASE("credentials name the member that is wrong") {
  CHECK(parse_credentials(file_json().dump())->client_email == credentials().client_email);
  for (const char* member : {"type", "client_email", "private_key", "token_uri"}) {
    CAPTURE(member);
    Json json = file_json();
    json.set(member, "");
    CHECK(parse_credentials(json.dump()).error().field == member);
    json.set(member, "nonsense");
    CHECK(parse_credentials(json.dump()).error().field == member);
  }
  Json json = file_json();
  json.set("token_uri", "http://example.com/token");
  CHECK(parse_credentials(json.dump()).error().field == "token_uri");
  json.set("token_uri", "http://127.0.0.1:5001/token");
  CHECK(parse_credentials(json.dump()));
  CHECK(parse_credentials("[]").error().code == Errc::credentials);
  CHECK(parse_credentials("{").error().code == Errc::credentials);
}

TEST_CASE("a credentials file that others can read is refused by name") {
  const TempFile good(file_json().dump(), 0600), open(file_json().dump(), 0640), broken("{", 0600);
  CHECK(load_credentials(good.path)->private_key_id == "key-1");
  const Error error = load_credentials(open.path).error();
  CHECK(error.code == Errc::credentials);
  CHECK(error.message.contains("chmod 600 " + open.path));
  CHECK(load_credentials(broken.path).error().message.contains(broken.path));
  CHECK(load_credentials("/nonexistent/key.json").error().message.contains("/nonexistent/key.json"));
  CHECK(load_credentials("/tmp").error().code == Errc::credentials);
}
