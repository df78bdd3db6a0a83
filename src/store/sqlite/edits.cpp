#include "store/sqlite/edits.hpp"

namespace rowlane::store {

Record patched(const Record& before, const FieldPatch& patch) {
  Record after = before;
  if (patch.replace) after.fields = {};
  for (const auto& [id, value] : patch.set.entries()) {
    if (value.index() == 0)
      after.fields.erase(id);
    else
      after.fields.set(id, value);
  }
  if (patch.owner) after.owner = *patch.owner;
  return after;
}

Status check_required(const Record& record) {
  if (is_blank(record.fields.get(field::name))) return fail(Errc::invalid_input, "name is required", "name");
  if (is_blank(record.fields.get(field::vertical)))
    return fail(Errc::invalid_input, "vertical is required", "vertical");
  return {};
}

Status check_owner(db::Sqlite& db, AgencyId agency, UserId owner) {
  db::Statement stmt = db.prepare("SELECT 1 FROM app_user WHERE id=? AND agency_id=?");
  const Result<bool> row = stmt.bind_all(owner.value, agency.value).step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return fail(Errc::invalid_input, "owner is no user of this agency", "owner");
  return {};
}

Result<Record> Editor::apply(const Record& before, const FieldPatch& patch) const {
  Record after = patched(before, patch);
  if (after.fields == before.fields && after.owner == before.owner) return before;
  if (after.owner != before.owner) ROWLANE_TRY(check_owner(db, before.agency, after.owner));
  ++after.version;
  after.updated_at = from_ms(at_ms);
  after.updated_by = user;
  ROWLANE_TRY(set_sync(before, after));
  ROWLANE_TRY(rewrite_record(db, after, catalogue));
  ROWLANE_TRY(add_edit_history(db, before, after, user, at_ms, catalogue));
  return after;
}

Status Editor::revive(Record& record) const {
  const Record before = record;
  record.deleted_at.reset();
  ++record.version;
  record.updated_at = from_ms(at_ms);
  record.updated_by = user;
  ROWLANE_TRY(set_sync(before, record));
  ROWLANE_TRY(rewrite_record(db, record, catalogue));
  return add_history(db, {record, "restore", "", "null", "null"}, user, at_ms);
}

Status Editor::set_sync(const Record& before, Record& after) const {
  if (!touches_sheet(before, after)) return {};
  after.sync = SyncState::unsynced;
  after.sync_reason.clear();
  // What was held, rejected or ambiguous is settled by the next pass alone.
  if (before.sync != SyncState::unsynced && before.sync != SyncState::synced) return {};
  const Result<bool> is_agreed = is_as_agreed(after);
  if (!is_agreed) return std::unexpected(is_agreed.error());
  if (*is_agreed) after.sync = SyncState::synced;
  return {};
}

namespace {
const TabLayout* tab_of(const std::vector<TabLayout>& tabs, const Record& record) {
  const auto found = std::find_if(tabs.begin(), tabs.end(),
                                  [&](const TabLayout& tab) { return tab.holds(record.fields.text(field::vertical)); });
  return found == tabs.end() ? nullptr : &*found;
}
}  // namespace

bool Editor::touches_sheet(const Record& before, const Record& after) const {
  if (tabs.empty() || before.deleted_at != after.deleted_at) return true;
  const TabLayout* tab = tab_of(tabs, after);
  if (tab != tab_of(tabs, before)) return true;  // its row moves to another tab
  return tab && std::any_of(tab->columns.begin(), tab->columns.end(), [&](const ColumnMap& column) {
           return before.fields.get(column.field) != after.fields.get(column.field);
         });
}

// Base is what the sheet held when both sides agreed last. While a pass runs, or its write is not settled, the sheet
// may hold something else already that base does not tell of yet.
Result<bool> Editor::is_as_agreed(const Record& record) const {
  const TabLayout* tab = tab_of(tabs, record);
  if (!tab || record.deleted_at) return false;
  {
    db::Statement at_rest = db.prepare(R"(
        SELECT 1
          FROM agency g
          JOIN spreadsheet s ON s.id = g.spreadsheet_id
         WHERE g.id = ? AND s.lease_node IS NULL
           AND NOT EXISTS (SELECT 1 FROM journal j WHERE j.spreadsheet_id = s.id AND j.state = 'pending'))");
    const Result<bool> row = at_rest.bind(record.agency.value).step();
    if (!row || !*row) return row;
  }
  bool is_agreed = false;
  db::Statement stmt = db.prepare("SELECT tab, body FROM base WHERE agency_id=? AND record_id=?");
  stmt.bind_all(record.agency.value, record.id.value);
  ROWLANE_TRY(each_row(stmt, [&](const db::Statement& row) -> Status {
    const Result<Fields> base = catalogue.decode(row.view(1));
    if (!base) return std::unexpected(base.error());
    // A row in another tab than its own has to go yet.
    is_agreed =
        row.view(0) == tab->key && std::all_of(tab->columns.begin(), tab->columns.end(), [&](const ColumnMap& column) {
          return base->get(column.field) == record.fields.get(column.field);
        });
    return {};
  }));
  return is_agreed;
}

}  // namespace rowlane::store
