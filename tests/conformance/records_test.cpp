// Records: scopes, versions, tombstones.
#include <doctest/doctest.h>

#include "conformance/engine.hpp"

namespace rowlane::conformance {

namespace {
store::FieldPatch set_company(const char* company) {
  store::FieldPatch patch;
  patch.set.set(field::company, std::string(company));
  return patch;
}
}  // namespace

TEST_CASE("records: whoever is outside the scope finds nothing and changes nothing") {
  for (const EngineKind& kind : engines()) {
    CAPTURE(kind.name);
    Office office(kind);
    const Record record = office.add_record(office.asha, "Anil", "P/1");
    const struct {
      const char* who;
      Scope scope;
    } strangers[] = {{"another agent", office.ravi},
                     {"an agent of another agency", office.other},
                     {"a manager of another agency", office.other_manager}};
    for (const auto& stranger : strangers) {
      CAPTURE(stranger.who);
      const store::RecordWrite write{.scope = stranger.scope, .public_id = record.public_id};
      const auto code = [](const auto& result) {
        return result ? std::optional<Errc>() : std::optional(result.error().code);
      };
      CHECK(code(office.wait(office.store().get_record(stranger.scope, record.public_id))) == Errc::not_found);
      CHECK(code(office.wait(office.store().update_record(write, set_company("Taken")))) == Errc::not_found);
      CHECK(code(office.wait(office.store().delete_record(write))) == Errc::not_found);
      CHECK(code(office.wait(office.store().update_records(stranger.scope, {record.public_id},
                                                           set_company("Taken")))) == Errc::not_found);
      CHECK(code(office.wait(office.store().delete_records(stranger.scope, {record.public_id}))) == Errc::not_found);
      CHECK(office.wait(office.store().list_records({.scope = stranger.scope})).value().records.empty());
      CHECK(office.wait(office.store().list_records({.scope = stranger.scope})).value().total == 0);
      int seen = 0;
      CHECK(office.wait(office.store().for_each_record(stranger.scope, [&](const Record&) { ++seen; })));
      CHECK(seen == 0);
      const auto history = office.wait(office.store().history(stranger.scope, record.public_id, {}, 50, ""));
      CHECK((!history || history->entries.empty()));
    }
    for (const Scope& scope : {office.asha, office.manager}) {
      const auto seen = office.wait(office.store().get_record(scope, record.public_id));
      REQUIRE(seen);
      CHECK(seen->fields == record.fields);
      CHECK(seen->version == record.version);
    }
  }
}

TEST_CASE("records: a stale version is refused, and one that fits counts up") {
  for (const EngineKind& kind : engines()) {
    CAPTURE(kind.name);
    Office office(kind);
    const Record record = office.add_record(office.asha, "Anil", "P/1");
    store::RecordWrite write{.scope = office.asha, .public_id = record.public_id, .if_version = record.version};
    const auto changed = office.wait(office.store().update_record(write, set_company("Northwind")));
    REQUIRE(changed);
    CHECK(changed->version == record.version + 1);
    const auto stale = office.wait(office.store().update_record(write, set_company("Late")));
    REQUIRE(!stale);
    CHECK(stale.error().code == Errc::precondition);
    CHECK(office.wait(office.store().get_record(office.asha, record.public_id)).value().fields.text(field::company) ==
          "Northwind");
    const auto gone = office.wait(office.store().delete_record(write));
    REQUIRE(!gone);
    CHECK(gone.error().code == Errc::precondition);
  }
}

TEST_CASE("records: a deleted one is a tombstone that comes back with its fields, under a new version") {
  for (const EngineKind& kind : engines()) {
    CAPTURE(kind.name);
    Office office(kind);
    const Record record = office.add_record(office.asha, "Anil", "P/1");
    const store::RecordWrite write{.scope = office.asha, .public_id = record.public_id};
    REQUIRE(office.wait(office.store().delete_record(write)));
    CHECK(!office.wait(office.store().get_record(office.asha, record.public_id)));
    CHECK(office.wait(office.store().list_records({.scope = office.asha})).value().total == 0);
    const auto bin = [&](const Scope& scope) {
      return office.wait(office.store().list_records({.scope = scope, .filter = {.is_deleted = true}})).value();
    };
    REQUIRE(bin(office.asha).records.size() == 1);
    CHECK(bin(office.asha).records[0].deleted_at.has_value());
    CHECK(bin(office.manager).total == 1);
    CHECK(bin(office.ravi).total == 0);
    CHECK(bin(office.other_manager).total == 0);
    const auto back = office.wait(office.store().restore_record(write));
    REQUIRE(back);
    CHECK(bin(office.asha).total == 0);
    CHECK(back->fields == record.fields);
    CHECK(back->version > record.version);
    const auto twice = office.wait(office.store().restore_record(write));
    REQUIRE(!twice);
    CHECK(twice.error().code == Errc::conflict);
  }
}

TEST_CASE("records: a bulk change with one foreign id changes nothing") {
  for (const EngineKind& kind : engines()) {
    CAPTURE(kind.name);
    Office office(kind);
    const Record own = office.add_record(office.asha, "Anil", "P/1"),
                 foreign = office.add_record(office.ravi, "Binu", "P/2");
    CHECK(!office.wait(
        office.store().update_records(office.asha, {own.public_id, foreign.public_id}, set_company("Both"))));
    CHECK(!office.wait(office.store().delete_records(office.asha, {own.public_id, foreign.public_id})));
    CHECK(office.wait(office.store().get_record(office.asha, own.public_id)).value().version == own.version);
    const auto both = office.wait(
        office.store().update_records(office.manager, {own.public_id, foreign.public_id}, set_company("Both")));
    REQUIRE(both);
    CHECK(both->changed == 2);
  }
}

TEST_CASE("records: a bulk change is taken back where nothing moved on since, by its own user alone") {
  for (const EngineKind& kind : engines()) {
    CAPTURE(kind.name);
    Office office(kind);
    const Record one = office.add_record(office.asha, "Anil", "P/1"),
                 two = office.add_record(office.asha, "Bela", "P/2");
    const auto company = [&](const Record& record) {
      return std::string(
          office.wait(office.store().get_record(office.asha, record.public_id)).value().fields.text(field::company));
    };
    REQUIRE(office.wait(
        office.store().update_record({.scope = office.asha, .public_id = one.public_id}, set_company("Before"))));
    const auto bulk =
        office.wait(office.store().update_records(office.asha, {one.public_id, two.public_id}, set_company("Bulk")));
    REQUIRE(bulk);
    REQUIRE(office.wait(
        office.store().update_record({.scope = office.asha, .public_id = two.public_id}, set_company("Later"))));
    for (const Scope& stranger : {office.manager, office.ravi, office.other})
      CHECK(office.wait(office.store().undo_changes(stranger, bulk->changes)).value().changed == 0);
    const auto undone = office.wait(office.store().undo_changes(office.asha, bulk->changes));
    REQUIRE(undone);
    CHECK(undone->changed == 1);
    CHECK(company(one) == "Before");
    CHECK(company(two) == "Later");
    CHECK(office.wait(office.store().undo_changes(office.asha, bulk->changes)).value().changed == 0);

    const auto deleted = office.wait(office.store().delete_records(office.asha, {one.public_id, two.public_id}));
    REQUIRE(deleted);
    CHECK(office.wait(office.store().undo_changes(office.asha, deleted->changes)).value().changed == 2);
    CHECK(company(one) == "Before");
  }
}

TEST_CASE("records: ids and totals are those of the filter, inside the scope") {
  for (const EngineKind& kind : engines()) {
    CAPTURE(kind.name);
    Office office(kind);
    for (int i = 0; i < 5; ++i) {
      const Record record =
          office.add_record(i < 3 ? office.asha : office.ravi, fmt::format("N{}", i), fmt::format("P/{}", i));
      store::FieldPatch patch;
      patch.set.set(field::premium, Money{100'050});
      REQUIRE(
          office.wait(office.store().update_record({.scope = office.manager, .public_id = record.public_id}, patch)));
    }
    CHECK(office.wait(office.store().record_ids({.scope = office.asha})).value().size() == 3);
    CHECK(office.wait(office.store().record_ids({.scope = office.manager, .filter = {.search = "n4"}, .limit = 1}))
              .value()
              .size() == 1);
    const auto totals = office.wait(office.store().record_totals({.scope = office.manager}));
    CHECK(totals.value().count == 5);
    CHECK(totals.value().premium == Money{500'250});
    CHECK(office.wait(office.store().record_totals({.scope = office.other})).value().count == 0);
  }
}

TEST_CASE(
    "records: an edit of what the sheet does not hold leaves the state alone, and one that goes back is synced again") {
  for (const EngineKind& kind : engines()) {
    CAPTURE(kind.name);
    Office office(kind);
    TabLayout general{.key = "general", .title = "general_ins", .verticals = {"motor", "health"}};
    for (const FieldId id : {field::name, field::current_policy_no, field::premium})
      general.columns.push_back({.field = id, .header = "H"});
    const TabLayout life{.key = "life", .title = "Life_ins", .verticals = {"life"}, .columns = general.columns};
    REQUIRE(office.wait(office.store().upsert_agency({{}, "a", "a", "book-a", "default", {general, life}},
                                                     store::PeopleStore::SpreadsheetChange::refused)));
    const Record made = office.add_record(office.asha, "Anil", "P/1");
    const auto now = [&] { return office.wait(office.store().get_record(office.asha, made.public_id)).value(); };
    const auto edit = [&](FieldId id, Value value) {
      store::FieldPatch patch;
      patch.set.set(id, std::move(value));
      REQUIRE(office.wait(office.store().update_record({.scope = office.asha, .public_id = made.public_id}, patch)));
      return now().sync;
    };
    const auto sync = [&](std::string tab, SyncState state) {
      (void)office.press(office.asha);
      const store::Claim claim = office.claim();
      store::ChunkCommit commit;
      commit.base.push_back({made.id, std::move(tab), now().fields});
      commit.marks.push_back({made.id, now().version, state, "a reason"});
      REQUIRE(office.wait(office.store().commit_chunk(claim.lease, commit)));
      REQUIRE(office.finish(claim));
    };
    CHECK(edit(field::status, std::string("never synced")) == SyncState::unsynced);
    sync("general", SyncState::synced);
    CHECK(edit(field::status, std::string("called")) == SyncState::synced);
    CHECK(edit(field::premium, Money{500}) == SyncState::unsynced);
    CHECK(edit(field::status, std::string("called twice")) == SyncState::unsynced);
    CHECK(edit(field::premium, std::monostate{}) == SyncState::synced);  // as the sheet has it
    // The vertical says which tab; the owner stands in none.
    CHECK(edit(field::vertical, std::string("health")) == SyncState::synced);
    CHECK(edit(field::vertical, std::string("life")) == SyncState::unsynced);
    CHECK(edit(field::vertical, std::string("motor")) == SyncState::synced);
    REQUIRE(office.wait(office.store().update_record({.scope = office.manager, .public_id = made.public_id},
                                                     {.set = {}, .replace = false, .owner = office.ravi.user})));
    REQUIRE(office.wait(office.store().update_record({.scope = office.manager, .public_id = made.public_id},
                                                     {.set = {}, .replace = false, .owner = office.asha.user})));
    CHECK(now().sync == SyncState::synced);

    // Deleted and brought back before any sync: nothing has to be written.
    REQUIRE(office.wait(office.store().delete_record({.scope = office.asha, .public_id = made.public_id})));
    REQUIRE(office.wait(office.store().restore_record({.scope = office.asha, .public_id = made.public_id})));
    CHECK(now().sync == SyncState::synced);

    // While a pass runs, the sheet may hold something else already.
    (void)office.press(office.asha);
    const store::Claim running = office.claim();
    (void)edit(field::premium, Money{700});
    (void)edit(field::premium, std::monostate{});
    REQUIRE(office.finish(running));
    CHECK(now().sync == SyncState::unsynced);
    sync("general", SyncState::rejected);
    CHECK(edit(field::status, std::string("again")) == SyncState::rejected);
    CHECK(now().sync_reason == "a reason");
    CHECK(edit(field::premium, Money{900}) == SyncState::unsynced);
  }
}

TEST_CASE("records: a policy number is found however it is spelt, inside the scope") {
  for (const EngineKind& kind : engines()) {
    CAPTURE(kind.name);
    Office office(kind);
    const Record record = office.add_record(office.asha, "Anil", "AB-12 345");
    office.add_record(office.asha, "Bela", "AB-12 3456");
    const auto named = [&](const Scope& scope, const char* policy_no) {
      return office.wait(office.store().list_records({.scope = scope, .filter = {.policy_no = policy_no}})).value();
    };
    for (const char* spelling : {"AB-12 345", "ab-12345", " AB\u201312 345 "}) {
      CAPTURE(spelling);
      REQUIRE(named(office.asha, spelling).records.size() == 1);
      CHECK(named(office.asha, spelling).records[0].public_id == record.public_id);
    }
    CHECK(named(office.ravi, "AB-12 345").total == 0);
    CHECK(named(office.asha, "NA").total == 0);  // no key at all
  }
}

TEST_CASE("records: pages hold every record once, in order") {
  for (const EngineKind& kind : engines()) {
    CAPTURE(kind.name);
    Office office(kind);
    for (int i = 0; i < 25; ++i)
      office.add_record(office.asha, "Customer " + std::to_string(100 + (i * 7) % 25), "P/" + std::to_string(i));
    std::vector<std::string> names;
    std::string cursor;
    int pages = 0;
    do {
      const auto page = office.wait(office.store().list_records(
          {.scope = office.asha, .sort = store::SortKey::name, .limit = 10, .cursor = cursor}));
      REQUIRE(page);
      CHECK(page->total == 25);
      for (const Record& record : page->records) names.emplace_back(record.fields.text(field::name));
      cursor = page->next_cursor;
      ++pages;
    } while (!cursor.empty());
    CHECK(pages == 3);
    REQUIRE(names.size() == 25);
    CHECK(std::is_sorted(names.begin(), names.end()));
    CHECK(std::adjacent_find(names.begin(), names.end()) == names.end());
  }
}

}  // namespace rowlane::conformance
