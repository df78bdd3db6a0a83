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

TEST_CASE("agencies: on another spreadsheet nothing is agreed, and what was queued goes on there in its order") {
  using Change = store::PeopleStore::SpreadsheetChange;
  for (const EngineKind& kind : engines()) {
    CAPTURE(kind.name);
    Office office(kind);
    const Record record = office.add_record(office.asha, "Anil", "P/1");
    const JobId first = office.press(office.asha);
    const store::Claim claim = office.claim();
    CHECK(claim.heads.at(0).id == first);
    store::ChunkCommit agreed;
    agreed.base.push_back({record.id, "general", record.fields});
    agreed.marks.push_back({record.id, record.version, SyncState::synced, {}});
    agreed.tabs["general"] = {.connected = true, .sheet_id = 7, .title = "general_ins", .headers = {}};
    REQUIRE(office.wait(office.store().commit_chunk(claim.lease, agreed)));
    REQUIRE(office.finish(claim));
    const std::vector<JobId> queued = {office.press(office.asha), office.press(office.asha), office.press(office.ravi)};

    const store::Agency moved{{}, "a", "A", "book-c", "default"};
    const auto refused = office.wait(office.store().upsert_agency(moved, Change::refused));
    REQUIRE(!refused);
    CHECK(refused.error().code == Errc::conflict);
    CHECK(office.wait(office.store().spreadsheet_state(office.agency_a)).value().tabs.size() == 1);
    REQUIRE(office.wait(office.store().upsert_agency(moved, Change::taken)));

    const store::Claim next = office.claim("book-c");
    REQUIRE(next.heads.size() == 2);
    CHECK(next.heads[0].id == queued[0]);
    CHECK(next.heads[1].id == queued[2]);
    const auto data = office.wait(office.store().load_pass(next));
    REQUIRE(data);
    CHECK(data->tabs.empty());
    REQUIRE(data->records.size() == 1);
    CHECK(data->records[0].base.empty());
    CHECK(data->records[0].record.sync == SyncState::unsynced);
    CHECK(data->records[0].record.version == record.version);
    REQUIRE(data->followers.size() == 1);
    CHECK(data->followers[0].id == queued[1]);
    // And back again: the old lanes take what is queued by then.
    REQUIRE(office.finish(next));
    REQUIRE(office.wait(office.store().upsert_agency({{}, "a", "A", "book-a", "default"}, Change::taken)));
    CHECK(office.claim("book-a").heads.size() == 1);
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

TEST_CASE("people: a session ends in time, by sign-out and by a new password, a token by the latter and when revoked") {
  for (const EngineKind& kind : engines()) {
    CAPTURE(kind.name);
    Office office(kind);
    const UserId user = office.asha.user;
    for (const char* hash : {"short", "kept", "other"})
      REQUIRE(office.wait(
          office.store().create_session(user, hash, office.clock.now() + Millis{hash[0] == 's' ? 1'000 : 60'000})));
    for (const char* hash : {"kept-token", "other-token"})
      REQUIRE(office.wait(office.store().create_token(user, hash)));
    office.clock.advance(Millis{1'001});
    CHECK(!office.wait(office.store().user_of_session("short")).value());
    REQUIRE(office.wait(office.store().set_password(user, "new-hash", {"kept", "kept-token"})));
    CHECK(office.wait(office.store().user_of_token("kept-token")).value());
    CHECK(!office.wait(office.store().user_of_token("other-token")).value());
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
