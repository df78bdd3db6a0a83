// What one person does to single records, inside a write: fields set, tombstones brought back, and where the record
// stands towards the sheet afterwards. Shared by edits, changes of many records and imports.
#pragma once

#include "store/sqlite/rows.hpp"

namespace rowlane::store {

// The record with the patch applied; same fields and owner when nothing differs.
Record patched(const Record& before, const FieldPatch& patch);
// invalid_input when a field that every record has is blank.
Status check_required(const Record& record);
// invalid_input when that is no user of the agency.
Status check_owner(db::Sqlite& db, AgencyId agency, UserId owner);

// Everything it is given outlives it.
struct Editor {
  db::Sqlite& db;
  FieldCatalogue& catalogue;
  const std::vector<TabLayout>& tabs;  // of the agency's spreadsheet; empty: not known
  UserId user;
  std::int64_t at_ms = 0;

  // Writes the patch when it changes anything: an equal value is no new version, no history.
  [[nodiscard]] Result<Record> apply(const Record& before, const FieldPatch& patch) const;
  // Brings a tombstone back.
  [[nodiscard]] Status revive(Record& record) const;

 private:
  // Where `after` stands towards the sheet, in its `sync`. An edit of what the sheet does not hold changes nothing of
  // it; one that leads back to what both sides agreed on makes it synced again.
  [[nodiscard]] Status set_sync(const Record& before, Record& after) const;
  [[nodiscard]] bool touches_sheet(const Record& before, const Record& after) const;
  [[nodiscard]] Result<bool> is_as_agreed(const Record& record) const;
};

}  // namespace rowlane::store
