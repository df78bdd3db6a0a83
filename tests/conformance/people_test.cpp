// Agencies, users, tokens, sessions.
#include <doctest/doctest.h>

#include "conformance/engine.hpp"

namespace rowlane::conformance {

TEST_CASE("people: e-mails and spreadsheets belong to one only") {
  for (const EngineKind& kind : engines()) {
    CAPTURE(kind.name);
    Office office(kind);
    const auto twice = office.wait(
        office.store().create_user({office.agency_b, "asha@office.example", "Asha", store::Role::agent, ""}));
    REQUIRE(!twice);
    CHECK(twice.error().code == Errc::conflict);
    const auto stolen = office.wait(office.store().upsert_agency({{}, "c", "C", "book-a", "default"},
                                                                 store::PeopleStore::SpreadsheetChange::refused));
    REQUIRE(!stolen);
    CHECK(stolen.error().code == Errc::conflict);
    const auto same = office.wait(office.store().upsert_agency({{}, "a", "Renamed", "book-a", "default"},
                                                               store::PeopleStore::SpreadsheetChange::refused));
    REQUIRE(same);
    CHECK(*same == office.agency_a);
    const auto found = office.wait(office.store().find_user(std::string("ravi@office.example")));
    REQUIRE(found);
    REQUIRE(found->has_value());
    CHECK((*found)->id == office.ravi.user);
    CHECK(!office.wait(office.store().find_user(std::string("nobody@office.example"))).value());
    CHECK(office.wait(office.store().users(office.agency_a)).value().size() == 3);
  }
}

TEST_CASE("people: disabling a user ends tokens and sessions, and signing in again needs new ones") {
  for (const EngineKind& kind : engines()) {
    CAPTURE(kind.name);
    Office office(kind);
    const UserId user = office.asha.user;
    REQUIRE(office.wait(office.store().create_token(user, "token")));
    REQUIRE(office.wait(office.store().create_session(user, "session", office.clock.now() + Millis{60'000})));
    CHECK(office.wait(office.store().user_of_token("token")).value()->id == user);
    CHECK(office.wait(office.store().user_of_session("session")).value()->id == user);
    REQUIRE(office.wait(office.store().set_disabled(user, true)));
    CHECK(!office.wait(office.store().user_of_token("token")).value());
    CHECK(!office.wait(office.store().user_of_session("session")).value());
    REQUIRE(office.wait(office.store().set_disabled(user, false)));
    CHECK(!office.wait(office.store().user_of_token("token")).value());
  }
}

TEST_CASE("people: a session ends in time, by sign-out and by a new password; a revoked token is gone") {
  for (const EngineKind& kind : engines()) {
    CAPTURE(kind.name);
    Office office(kind);
    const UserId user = office.asha.user;
    for (const char* hash : {"short", "kept", "other"})
      REQUIRE(office.wait(
          office.store().create_session(user, hash, office.clock.now() + Millis{hash[0] == 's' ? 1'000 : 60'000})));
    office.clock.advance(Millis{1'001});
    CHECK(!office.wait(office.store().user_of_session("short")).value());
    REQUIRE(office.wait(office.store().set_password(user, "new-hash", "kept")));
    CHECK(office.wait(office.store().user_of_session("kept")).value());
    CHECK(!office.wait(office.store().user_of_session("other")).value());
    REQUIRE(office.wait(office.store().end_session("kept")));
    CHECK(!office.wait(office.store().user_of_session("kept")).value());
    REQUIRE(office.wait(office.store().create_token(user, "token")));
    CHECK(office.wait(office.store().revoke_token("token")).value());
    CHECK(!office.wait(office.store().revoke_token("token")).value());
    CHECK(!office.wait(office.store().user_of_token("token")).value());
  }
}

}  // namespace rowlane::conformance
