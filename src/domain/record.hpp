// One policy of a customer, as the store keeps it.
#pragma once

#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/id.hpp"
#include "base/random.hpp"
#include "domain/value.hpp"

namespace rowlane {

// Where a record stands towards the sheet. Spelled in JSON as here.
enum class SyncState { synced, unsynced, syncing, conflict, held, rejected, ambiguous };
std::string_view to_string(SyncState state);
std::optional<SyncState> sync_state_from(std::string_view name);

struct Record {
  RecordId id;
  std::string public_id;  // what the API and the id column show
  AgencyId agency;
  UserId owner;
  std::int64_t version = 1;
  WallTime created_at{}, updated_at{};
  UserId updated_by;
  std::optional<WallTime> deleted_at;  // set: this is a tombstone
  Fields fields;
  SyncState sync = SyncState::unsynced;
  std::optional<WallTime> sync_at;
  std::string sync_reason;
};

// A new public id: 15 random characters (75 bits), two check characters, a letter at the end so that no
// spreadsheet takes it for a number or continues it as a series.
std::string make_public_id(Random& random);
// True for a text of that shape whose check characters fit: a mistyped or torn id is told from a real one.
bool is_public_id(std::string_view text);

// Which records a caller may touch. Made by `auth` alone (and by `sync`, from the user a job was accepted for).
struct Scope {
  AgencyId agency;
  UserId user;
  bool whole_agency = false;  // manager: all of the agency's records
  [[nodiscard]] bool covers(UserId owner) const { return whole_agency || owner == user; }
};

}  // namespace rowlane
