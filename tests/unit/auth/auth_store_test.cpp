// Signing in against the real store: what is kept, what ends what.
#include <doctest/doctest.h>

#include "auth/auth.hpp"
#include "support/memory_store.hpp"

using namespace rowlane;
using rowlane::testing::HandClock;
using rowlane::testing::must;

namespace {
constexpr const char* kPassword = "correct horse";

// One user who signs in.
struct Office : rowlane::testing::MemoryStore {
  auth::PasswordPool passwords;
  auth::Auth auth{store, passwords, clock, random};
  UserId user = add_user(add_agency("demo"), "u@x", store::Role::agent, must(auth::hash_password(kPassword)));

  // Passwords are checked on threads of their own: the executor turns until they have answered.
  template <class T>
  T finish(Task<T> task) {
    std::optional<T> value;
    TaskGroup group(executor);
    group.spawn(keep(std::move(task), value));
    while (!value) executor.advance(Millis{1});
    return std::move(*value);
  }
  template <class T>
  static Task<void> keep(Task<T> task, std::optional<T>& into) {
    into.emplace(co_await std::move(task));
  }

  Result<auth::SignedIn> sign_in(std::string password, std::string address = "10.0.0.1", bool with_token = false) {
    return finish(auth.sign_in(
        {.email = "u@x", .password = std::move(password), .address = std::move(address), .with_token = with_token}));
  }
  bool knows_session(const auth::SignedIn& signed_in) {
    return knows({"cookie", signed_in.cookie.substr(0, signed_in.cookie.find(';'))});
  }
  bool knows_token(const std::string& token) { return knows({"authorization", "Bearer " + token}); }
  bool knows(std::pair<std::string, std::string> header) {
    const net::Request request{.method = "GET", .headers = {std::move(header)}};
    return finish(auth.authenticate(request)).has_value();
  }
};
}  // namespace

TEST_CASE("tokens, sessions and passwords are hashed at rest") {
  Office office;
  const auth::SignedIn signed_in = must(office.sign_in(kPassword, "10.0.0.1", true));
  const std::string session(auth::cookie_value(
      {.headers = {{"cookie", signed_in.cookie.substr(0, signed_in.cookie.find(';'))}}}, auth::kSessionCookie));
  REQUIRE(session.size() > 40);
  REQUIRE(signed_in.token.has_value());
  CHECK(office.knows_session(signed_in));
  CHECK(office.knows_token(*signed_in.token));
  // What is kept of them is not what a client shows.
  for (const char* secret : {session.c_str(), signed_in.token->c_str(), kPassword}) {
    CAPTURE(secret);
    for (const char* column : {"api_token.hash", "session.hash", "app_user.password_hash"}) {
      const std::string name(column);
      const std::size_t dot = name.find('.');
      CHECK(office.number(fmt::format("SELECT count(*) FROM {} WHERE instr({}, '{}') > 0", name.substr(0, dot),
                                      name.substr(dot + 1), secret)) == 0);
    }
  }
  CHECK(office.number(fmt::format("SELECT count(*) FROM api_token WHERE hash = CAST('{}' AS BLOB)",
                                  auth::token_hash(*signed_in.token))) == 1);
  CHECK(office.number(fmt::format("SELECT count(*) FROM session WHERE hash = CAST('{}' AS BLOB)",
                                  auth::token_hash(session))) == 1);
  CHECK(office.number("SELECT count(*) FROM app_user WHERE password_hash LIKE '$argon2id$%'") == 1);
}

TEST_CASE("a session ends by itself after two weeks, by signing out, and with its user") {
  Office office;
  const auth::SignedIn first = must(office.sign_in(kPassword)), second = must(office.sign_in(kPassword));
  const net::Request request{.method = "GET", .headers = {{"cookie", first.cookie.substr(0, first.cookie.find(';'))}}};
  const auth::Caller caller = must(office.finish(office.auth.authenticate(request)));
  CHECK(must(office.finish(office.auth.sign_out(caller))).starts_with("rowlane_session=;"));
  CHECK(!office.knows_session(first));
  CHECK(office.knows_session(second));
  office.clock.at += Millis{14LL * 24 * 3600 * 1000 - 1};
  CHECK(office.knows_session(second));
  office.clock.at += Millis{1};
  CHECK(!office.knows_session(second));

  const auth::SignedIn third = must(office.sign_in(kPassword, "10.0.0.1", true));
  REQUIRE(office.finish(office.store.set_disabled(office.user, true)));
  CHECK(!office.knows_session(third));
  CHECK(!office.knows_token(*third.token));
  CHECK(office.sign_in(kPassword).error().code == Errc::unauthenticated);
  REQUIRE(office.finish(office.store.set_disabled(office.user, false)));
  CHECK(!office.knows_token(*third.token));  // what had ended stays ended
  CHECK(office.sign_in(kPassword).has_value());
}

TEST_CASE("a new password needs the present one, and ends the other sessions") {
  Office office;
  const auth::SignedIn mine = must(office.sign_in(kPassword)), other = must(office.sign_in(kPassword, "10.0.0.2"));
  const net::Request request{.method = "GET", .headers = {{"cookie", mine.cookie.substr(0, mine.cookie.find(';'))}}};
  const auth::Caller caller = must(office.finish(office.auth.authenticate(request)));
  CHECK(office.finish(office.auth.change_password(caller, "wrong", "battery staple", "10.0.0.1")).error().code ==
        Errc::forbidden);
  // Who types a wrong present password is told that first, whatever the new one is.
  CHECK(office.finish(office.auth.change_password(caller, "wrong", "short", "10.0.0.1")).error().field == "password");
  CHECK(office.finish(office.auth.change_password(caller, kPassword, "short", "10.0.0.1")).error().field ==
        "newPassword");
  CHECK(office.knows_session(other));
  REQUIRE(office.finish(office.auth.change_password(caller, kPassword, "battery staple", "10.0.0.1")));
  CHECK(office.knows_session(mine));
  CHECK(!office.knows_session(other));
  CHECK(!office.sign_in(kPassword).has_value());
  CHECK(office.sign_in("battery staple").has_value());
}

TEST_CASE("a guesser waits, and the owner elsewhere signs in meanwhile") {
  Office office;
  for (int i = 0; i < 5; ++i) CHECK(office.sign_in("guess", "10.6.6.6").error().code == Errc::unauthenticated);
  const Result<auth::SignedIn> sixth = office.sign_in(kPassword, "10.6.6.6");
  REQUIRE(!sixth);
  CHECK(sixth.error().code == Errc::too_many);
  CHECK(sixth.error().retry_after == Millis{1000});
  CHECK(office.sign_in(kPassword, "10.0.0.1").has_value());
  office.clock.at += Millis{1000};
  CHECK(office.sign_in(kPassword, "10.6.6.6").has_value());
}

TEST_CASE("one address with many accounts is slowed down as well") {
  HandClock clock;
  auth::LoginThrottle throttle(clock);
  for (int i = 0; i < 100; ++i) throttle.failed(fmt::format("user{}@x", i), "10.6.6.6");
  CHECK(throttle.wait("anybody@x", "10.6.6.6") == Millis{1000});
  CHECK(throttle.wait("anybody@x", "10.0.0.1") == Millis{0});
}
