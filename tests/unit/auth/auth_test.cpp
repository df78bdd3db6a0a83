#include "auth/auth.hpp"

#include <doctest/doctest.h>

using namespace rowlane;

namespace {
struct HandClock final : Clock {
  WallTime at = from_ms(1'000'000'000);
  [[nodiscard]] WallTime now() const override { return at; }
};
}  // namespace

TEST_CASE("a password fits its own hash alone") {
  const auto hash = auth::hash_password("correct horse");
  REQUIRE(hash);
  CHECK(hash->starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
  CHECK(auth::verify_password(*hash, "correct horse"));
  CHECK(!auth::verify_password(*hash, "correct horsE"));
  CHECK(!auth::verify_password("", ""));
}

TEST_CASE("a token's hash is its SHA-256") {
  CHECK(auth::token_hash("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("the throttle slows one address down and leaves the owner elsewhere alone") {
  HandClock clock;
  auth::LoginThrottle throttle(clock);
  for (int i = 0; i < 7; ++i) throttle.failed("Owner@demo.example", "10.0.0.1");
  CHECK(throttle.wait("owner@demo.example", "10.0.0.1") == Millis{4000});
  CHECK(throttle.wait("owner@demo.example", "10.0.0.2") == Millis{0});
  CHECK(throttle.wait("other@demo.example", "10.0.0.1") == Millis{0});
  clock.at += Millis{4000};
  CHECK(throttle.wait("owner@demo.example", "10.0.0.1") == Millis{0});
  throttle.succeeded("owner@demo.example", "10.0.0.1");
  throttle.failed("owner@demo.example", "10.0.0.1");
  CHECK(throttle.wait("owner@demo.example", "10.0.0.1") == Millis{0});
}

TEST_CASE("changes by cookie need a content type and a same-origin proof") {
  struct Case {
    std::string_view name;
    net::Request request;
    bool allowed;
  };
  const Case cases[] = {
      {"reading needs none", {.method = "GET"}, true},
      {"a form",
       {.method = "POST", .headers = {{"content-type", "text/plain"}, {"sec-fetch-site", "same-origin"}}},
       false},
      {"same origin",
       {.method = "POST", .headers = {{"content-type", "application/json"}, {"sec-fetch-site", "same-origin"}}},
       true},
      {"CSV",
       {.method = "POST", .headers = {{"content-type", "text/csv; charset=utf-8"}, {"sec-fetch-site", "same-origin"}}},
       true},
      {"Origin equals Host",
       {.method = "POST",
        .headers = {{"content-type", "application/json"}, {"origin", "http://a:5000"}, {"host", "a:5000"}}},
       true},
      {"another Origin",
       {.method = "POST",
        .headers = {{"content-type", "application/json"}, {"origin", "http://b:5000"}, {"host", "a:5000"}}},
       false},
      {"cross-site",
       {.method = "POST",
        .headers = {{"content-type", "application/json"},
                    {"sec-fetch-site", "cross-site"},
                    {"origin", "http://a"},
                    {"host", "a"}}},
       false},
      {"Origin is the public one, Host the proxy's own",
       {.method = "POST",
        .headers = {{"content-type", "application/json"},
                    {"origin", "https://Sync.example"},
                    {"host", "127.0.0.1:5000"}}},
       true},
      {"the public host by another scheme",
       {.method = "POST",
        .headers = {{"content-type", "application/json"},
                    {"origin", "http://sync.example"},
                    {"host", "127.0.0.1:5000"}}},
       false},
      {"no proof", {.method = "POST", .headers = {{"content-type", "application/json"}}}, false},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    CHECK(auth::check_same_origin(c.request, "https://sync.example").has_value() == c.allowed);
  }
  const net::Request without_origin{.method = "POST", .headers = {{"content-type", "application/json"}}};
  CHECK_FALSE(auth::check_same_origin(without_origin, ""));
}

TEST_CASE("a cookie is found among others") {
  const net::Request request{.headers = {{"cookie", "a=1; rowlane_session=xyz; b=2"}}};
  CHECK(auth::cookie_value(request, "rowlane_session") == "xyz");
  CHECK(auth::cookie_value(request, "session").empty());
}
