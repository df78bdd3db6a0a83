#include <fmt/format.h>

#include <array>
#include <map>

#include "plan/natural_key.hpp"
#include "store/sqlite/rows.hpp"

namespace rowlane::store {

namespace {

Status check_version(const Record& record, const std::optional<std::int64_t>& wanted) {
  if (!wanted || *wanted == record.version) return {};
  return fail(Errc::precondition,
              fmt::format("the record is at version {}, not {}: somebody else changed it", record.version, *wanted),
              "If-Match");
}

Status check_owner(db::Sqlite& db, AgencyId agency, UserId owner) {
  db::Statement stmt = db.prepare("SELECT 1 FROM app_user WHERE id=? AND agency_id=?");
  const Result<bool> row = stmt.bind_all(owner.value, agency.value).step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return fail(Errc::invalid_input, "owner is no user of this agency", "owner");
  return {};
}

// The record with the patch applied; same fields and owner when nothing differs.
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

// Writes the patch when it changes anything: an equal value is no new version, no history, no event.
Result<Record> apply_patch(db::Sqlite& db, const Record& before, const FieldPatch& patch, UserId user,
                           std::int64_t at_ms, const FieldCatalogue& catalogue) {
  Record after = patched(before, patch);
  if (after.fields == before.fields && after.owner == before.owner) return before;
  if (after.owner != before.owner) ROWLANE_TRY(check_owner(db, before.agency, after.owner));
  ++after.version;
  after.updated_at = from_ms(at_ms);
  after.updated_by = user;
  after.sync = SyncState::unsynced;
  after.sync_reason.clear();
  ROWLANE_TRY(rewrite_record(db, after, catalogue));
  ROWLANE_TRY(add_edit_history(db, before, after, user, at_ms, catalogue));
  return after;
}

// Brings a tombstone back.
Status revive(db::Sqlite& db, Record& record, UserId user, std::int64_t at_ms, const FieldCatalogue& catalogue) {
  record.deleted_at.reset();
  ++record.version;
  record.updated_at = from_ms(at_ms);
  record.updated_by = user;
  record.sync = SyncState::unsynced;
  ROWLANE_TRY(rewrite_record(db, record, catalogue));
  return add_history(db, {record, "restore", "", "null", "null"}, user, at_ms);
}

Result<std::int64_t> last_history_id(db::Sqlite& db) {
  db::Statement stmt = db.prepare("SELECT seq FROM sqlite_sequence WHERE name='history'");
  const Result<bool> row = stmt.step();
  if (!row) return std::unexpected(row.error());
  return *row ? stmt.i64(0) : 0;
}

// The report of what was written up to now.
Result<BulkReport> with_end(db::Sqlite& db, BulkReport report) {
  const Result<std::int64_t> last = last_history_id(db);
  if (!last) return std::unexpected(last.error());
  report.changes.last = *last;
  return report;
}

// What a person did to one record by hand, as the history has it.
struct PastChange {
  std::string record;  // public id
  bool is_deletion = false;
  struct Cell {
    std::string field;
    Json before, after;
  };
  std::vector<Cell> cells;
};

Result<std::vector<PastChange>> past_changes(db::Sqlite& db, const Scope& scope, const ChangeRange& changes) {
  db::Statement stmt = db.prepare(
      "SELECT r.public_id, h.what, h.field, h.before_json, h.after_json FROM history h JOIN record r ON r.id=h.record_id "
      "WHERE h.id BETWEEN ? AND ? AND h.agency_id=? AND h.user_id=? AND h.side='app' AND h.job_id IS NULL AND h.what IN ('cell', 'delete') ORDER BY h.id");
  stmt.bind_all(changes.first, changes.last, scope.agency.value, scope.user.value);
  std::vector<PastChange> out;
  ROWLANE_TRY(each_row(stmt, [&](const db::Statement& row) -> Status {
    if (out.empty() || out.back().record != row.view(0)) out.push_back({.record = row.text(0), .cells = {}});
    if (row.view(1) == "delete")
      out.back().is_deletion = true;
    else
      out.back().cells.push_back(
          {row.text(2), parse_json(row.view(3)).value_or(Json()), parse_json(row.view(4)).value_or(Json())});
    return {};
  }));
  return out;
}

// The patch that sets those cells back which still hold what was set. Owners go back by a manager's hand alone.
FieldPatch patch_back(const Record& record, const PastChange& change, const Scope& scope,
                      const FieldCatalogue& catalogue) {
  FieldPatch patch;
  for (const auto& [name, before, after] : change.cells) {
    if (name == "owner") {
      const auto owner = before.as_int();
      if (scope.whole_agency && owner && after.as_int() == record.owner.value) patch.owner = UserId{*owner};
      continue;
    }
    const auto id = catalogue.find(name);
    if (!id || catalogue.to_json(record.fields.get(*id)).dump() != after.dump()) continue;
    const Result<Value> value = catalogue.from_json(*id, before);
    if (value) patch.set.set(*id, *value);
  }
  return patch;
}

Status check_required(const Record& record) {
  if (is_blank(record.fields.get(field::name))) return fail(Errc::invalid_input, "name is required", "name");
  if (is_blank(record.fields.get(field::vertical)))
    return fail(Errc::invalid_input, "vertical is required", "vertical");
  return {};
}

// For the activity: "added Asha Patel".
std::string did(std::string_view verb, const Record& record) {
  return fmt::format("{} {}", verb, record.fields.text(field::name));
}

}  // namespace

Task<Result<Record>> SqliteStore::get_record(Scope scope, std::string public_id, Tombstones tombstones) {
  return read<Record>([this, scope, public_id = std::move(public_id), tombstones](db::Sqlite& db) {
    return find_record(db, scope, public_id, catalogue_, tombstones == Tombstones::yes);
  });
}

Task<Result<Record>> SqliteStore::create_record(Scope scope, Record record) {
  return write<Record>([this, scope, record = std::move(record)](Writer& db) mutable -> Result<Record> {
    ROWLANE_TRY(check_required(record));
    if (record.owner != scope.user) ROWLANE_TRY(check_owner(db, scope.agency, record.owner));
    record.agency = scope.agency;
    record.public_id = make_public_id(random_);
    record.created_at = record.updated_at = clock_.now();
    record.updated_by = scope.user;
    const Result<RecordId> id = insert_record(db, record, catalogue_);
    if (!id) return std::unexpected(id.error());
    record.id = *id;
    ROWLANE_TRY(add_history(db, {record, "add", "", "null", "null"}, scope.user, now_ms()));
    ROWLANE_TRY(
        add_activity(db, scope.agency, scope.user, now_ms(), "record_added", did("added", record), record.public_id));
    db.events().add(scope.agency, record.owner, EventKind::customer, record.id.value, now_ms());
    return record;
  });
}

Task<Result<Record>> SqliteStore::update_record(RecordWrite w, FieldPatch patch) {
  return write<Record>([this, w = std::move(w), patch = std::move(patch)](Writer& db) -> Result<Record> {
    const Result<Record> before = find_record(db, w.scope, w.public_id, catalogue_);
    if (!before) return before;
    ROWLANE_TRY(check_version(*before, w.if_version));
    ROWLANE_TRY(check_required(patched(*before, patch)));
    Result<Record> after = apply_patch(db, *before, patch, w.scope.user, now_ms(), catalogue_);
    if (!after || after->version == before->version) return after;
    ROWLANE_TRY(add_activity(db, w.scope.agency, w.scope.user, now_ms(), "record_changed", did("changed", *after),
                             w.public_id));
    ChangeEvents events;
    events.add(after->id, after->owner, before->owner);
    events.tell(db.events(), w.scope.agency, now_ms());
    return after;
  });
}

Task<Status> SqliteStore::delete_record(RecordWrite w) {
  const Result<bool> done = co_await write<bool>([this, w](Writer& db) -> Result<bool> {
    const Result<Record> record = find_record(db, w.scope, w.public_id, catalogue_);
    if (!record) return std::unexpected(record.error());
    ROWLANE_TRY(check_version(*record, w.if_version));
    ROWLANE_TRY(entomb(db, *record, w.scope.user, now_ms(), catalogue_));
    ROWLANE_TRY(add_activity(db, w.scope.agency, w.scope.user, now_ms(), "record_deleted", did("deleted", *record),
                             w.public_id));
    return true;
  });
  if (!done) co_return std::unexpected(done.error());
  co_return Status{};
}

Task<Result<Record>> SqliteStore::restore_record(RecordWrite w) {
  return write<Record>([this, w = std::move(w)](Writer& db) -> Result<Record> {
    Result<Record> record = find_record(db, w.scope, w.public_id, catalogue_, true);
    if (!record) return record;
    ROWLANE_TRY(check_version(*record, w.if_version));
    if (!record->deleted_at) return fail(Errc::conflict, "the record is not deleted");
    ROWLANE_TRY(revive(db, *record, w.scope.user, now_ms(), catalogue_));
    ROWLANE_TRY(add_activity(db, w.scope.agency, w.scope.user, now_ms(), "record_restored", did("restored", *record),
                             w.public_id));
    db.events().add(w.scope.agency, record->owner, EventKind::customer, record->id.value, now_ms());
    return record;
  });
}

Task<Result<BulkReport>> SqliteStore::update_records(Scope scope, std::vector<std::string> ids, FieldPatch patch) {
  return write<BulkReport>(
      [this, scope, ids = std::move(ids), patch = std::move(patch)](Writer& db) -> Result<BulkReport> {
        const Result<std::int64_t> last = last_history_id(db);
        if (!last) return std::unexpected(last.error());
        BulkReport report{.changed = 0, .changes = {.first = *last + 1}};
        ChangeEvents events;
        for (const std::string& id : ids) {
          const Result<Record> before = find_record(db, scope, id, catalogue_);
          if (!before) return fail(before.error().code, "there is no record " + id, "ids");
          ROWLANE_TRY(check_required(patched(*before, patch)));
          const Result<Record> after = apply_patch(db, *before, patch, scope.user, now_ms(), catalogue_);
          if (!after) return std::unexpected(after.error());
          if (after->version == before->version) continue;
          ++report.changed;
          events.add(after->id, after->owner, before->owner);
        }
        if (report.changed == 0) return report;
        events.tell(db.events(), scope.agency, now_ms());
        ROWLANE_TRY(add_activity(db, scope.agency, scope.user, now_ms(), "records_changed",
                                 fmt::format("changed {} record{}", report.changed, report.changed == 1 ? "" : "s")));
        return with_end(db, report);
      });
}

Task<Result<BulkReport>> SqliteStore::delete_records(Scope scope, std::vector<std::string> ids) {
  return write<BulkReport>([this, scope, ids = std::move(ids)](Writer& db) -> Result<BulkReport> {
    const Result<std::int64_t> last = last_history_id(db);
    if (!last) return std::unexpected(last.error());
    BulkReport report{.changed = 0, .changes = {.first = *last + 1}};
    for (const std::string& id : ids) {
      const Result<Record> record = find_record(db, scope, id, catalogue_);
      if (!record) return fail(record.error().code, "there is no record " + id, "ids");
      ROWLANE_TRY(entomb(db, *record, scope.user, now_ms(), catalogue_));
      ++report.changed;
    }
    ROWLANE_TRY(add_activity(db, scope.agency, scope.user, now_ms(), "records_deleted",
                             fmt::format("deleted {} record{}", report.changed, report.changed == 1 ? "" : "s")));
    return with_end(db, report);
  });
}

Task<Result<BulkReport>> SqliteStore::undo_changes(Scope scope, ChangeRange changes) {
  return write<BulkReport>([this, scope, changes](Writer& db) -> Result<BulkReport> {
    const Result<std::vector<PastChange>> past = past_changes(db, scope, changes);
    if (!past) return std::unexpected(past.error());
    const Result<std::int64_t> last = last_history_id(db);
    if (!last) return std::unexpected(last.error());
    BulkReport report{.changed = 0, .changes = {.first = *last + 1}};
    ChangeEvents events;
    for (const PastChange& change : *past) {
      Result<Record> record = find_record(db, scope, change.record, catalogue_, true);
      if (!record) continue;  // given away since, or gone for good
      const UserId owner_before = record->owner;
      if (change.is_deletion != record->deleted_at.has_value()) continue;
      if (change.is_deletion) {
        ROWLANE_TRY(revive(db, *record, scope.user, now_ms(), catalogue_));
      } else {
        Result<Record> after =
            apply_patch(db, *record, patch_back(*record, change, scope, catalogue_), scope.user, now_ms(), catalogue_);
        if (!after) return std::unexpected(after.error());
        if (after->version == record->version) continue;
        record = std::move(after);
      }
      ++report.changed;
      events.add(record->id, record->owner, owner_before);
    }
    if (report.changed == 0) return report;
    events.tell(db.events(), scope.agency, now_ms());
    ROWLANE_TRY(add_activity(db, scope.agency, scope.user, now_ms(), "records_changed",
                             fmt::format("took a change of {} records back", report.changed)));
    return with_end(db, report);
  });
}

namespace {

// Finds the record an import line means: by id, else by the strongest natural key it has.
class ImportTarget {
 public:
  ImportTarget(db::Sqlite& db, const Scope& scope, FieldCatalogue& catalogue)
      : db_(db), scope_(scope), catalogue_(catalogue) {}

  // nullopt: a new record. invalid_input: an unknown id, or a key that several records hold.
  Result<std::optional<Record>> find(const ImportLine& line) {
    if (!line.public_id.empty()) {
      Result<Record> record = find_record(db_, scope_, line.public_id, catalogue_);
      if (!record) return fail(Errc::invalid_input, "there is no such record", "id");
      return std::optional(std::move(*record));
    }
    Record probe;
    probe.fields = line.set;
    const std::array<std::pair<std::string_view, std::string>, 3> keys = {{
        {"key_policy", plan::join_key({line.set.text(field::current_policy_no)})},
        {"key_registration", plan::join_key({line.set.text(field::registration_no)})},
        {"key_person", plan::join_key({line.set.text(field::name), line.set.text(field::mobile_number)})},
    }};
    for (std::size_t k = 0; k < keys.size(); ++k) {
      if (keys[k].second.empty()) continue;
      Result<std::optional<Record>> found = by_key(keys[k].first, keys[k].second, keys, k);
      if (!found || *found) return found;
    }
    return std::nullopt;
  }

 private:
  using Keys = std::array<std::pair<std::string_view, std::string>, 3>;

  Result<std::optional<Record>> by_key(std::string_view column, const std::string& key, const Keys& keys,
                                       std::size_t strength) {
    const std::string sql = fmt::format(
        "SELECT {}, record.key_policy, record.key_registration FROM record WHERE agency_id=? AND {}=? "
        "AND deleted_at_ms IS NULL LIMIT 20",
        kRecordColumns, column);
    db::Statement stmt = db_.prepare(sql);
    stmt.bind_all(scope_.agency.value, key);
    std::optional<Record> found;
    for (;;) {
      const Result<bool> row = stmt.step();
      if (!row) return std::unexpected(row.error());
      if (!*row) return found;
      // A stronger key that both have, and that differs, is another record.
      bool other = false;
      for (std::size_t k = 0; k < strength; ++k)
        other |= !keys[k].second.empty() && !stmt.is_null(kRecordColumnCount + static_cast<int>(k));
      if (other) continue;
      Result<Record> record = read_record(stmt, catalogue_);
      if (!record) return std::unexpected(record.error());
      if (!scope_.covers(record->owner)) continue;
      if (found)
        return fail(Errc::invalid_input, "several records have this key; give the id",
                    std::string(column == "key_policy"         ? "current_policy_no"
                                : column == "key_registration" ? "registration_no"
                                                               : "name"));
      found = std::move(*record);
    }
  }

  db::Sqlite& db_;
  const Scope& scope_;
  FieldCatalogue& catalogue_;
};

}  // namespace

Task<Result<ImportReport>> SqliteStore::import_records(Scope scope, std::vector<ImportLine> lines,
                                                       ImportOptions options) {
  // What the piece found out must outlive its being undone (dry run, errors).
  auto report = std::make_shared<ImportReport>();
  const Result<bool> kept =
      co_await write<bool>([this, scope, lines = std::move(lines), options, report](Writer& db) -> Result<bool> {
        const std::int64_t at = now_ms();
        ChangeEvents events;
        std::map<RecordId, int> line_of;  // what a line of this file has set already: another would undo it unseen
        for (const ImportLine& line : lines) {
          const Result<std::optional<Record>> target = ImportTarget(db, scope, catalogue_).find(line);
          if (!target) {
            if (target.error().code != Errc::invalid_input) return std::unexpected(target.error());
            report->errors.push_back({line.line, target.error().field, target.error().message});
            continue;
          }
          if (const auto before = *target ? line_of.find((*target)->id) : line_of.end(); before != line_of.end()) {
            report->errors.push_back({line.line, "", fmt::format("it is the same record as line {}", before->second)});
            continue;
          }
          FieldPatch patch{.set = line.set, .replace = false, .owner = line.owner};
          Record fresh;
          fresh.agency = scope.agency;
          fresh.owner = line.owner.value_or(scope.user);
          const Record after = patched(*target ? **target : fresh, patch);
          if (const Status ok = check_required(after); !ok) {
            report->errors.push_back({line.line, ok.error().field, ok.error().message});
            continue;
          }
          if (*target) {
            line_of.emplace((*target)->id, line.line);
            const Result<Record> written = apply_patch(db, **target, patch, scope.user, at, catalogue_);
            if (!written) return std::unexpected(written.error());
            const bool is_same = written->version == (*target)->version;
            ++(is_same ? report->unchanged : report->updated);
            if (!is_same) events.add(written->id, written->owner, (*target)->owner);
            continue;
          }
          Record added = after;
          added.public_id = make_public_id(random_);
          added.created_at = added.updated_at = from_ms(at);
          added.updated_by = scope.user;
          const Result<RecordId> id = insert_record(db, added, catalogue_);
          if (!id) return std::unexpected(id.error());
          added.id = *id;
          line_of.emplace(added.id, line.line);
          events.add(added.id, added.owner, {});
          ROWLANE_TRY(add_history(db, {added, "add", "", "null", "null"}, scope.user, at));
          ++report->added;
        }
        if (options.dry_run || (!report->errors.empty() && !options.skip_bad))
          return fail(Errc::conflict, "undone on purpose");
        if (report->added + report->updated > 0) {
          ROWLANE_TRY(add_activity(db, scope.agency, scope.user, at, "import",
                                   fmt::format("imported: {} added, {} changed", report->added, report->updated)));
          events.tell(db.events(), scope.agency, at);
        }
        return true;
      });
  if (!kept && kept.error().message != "undone on purpose") co_return std::unexpected(kept.error());
  co_return std::move(*report);
}

Task<Status> SqliteStore::for_each_record(Scope scope, std::function<void(const Record&)> each) {
  const Result<bool> done = co_await read<bool>([this, scope, each = std::move(each)](db::Sqlite& db) -> Result<bool> {
    static const std::string sql = fmt::format(
        "SELECT {} FROM record WHERE agency_id=?1 AND deleted_at_ms IS NULL AND (?2 IS NULL OR owner_id=?2) ORDER BY id",
        kRecordColumns);
    db::Statement stmt = db.prepare(sql);
    stmt.bind(scope.agency.value).bind(scope.whole_agency ? std::nullopt : std::optional(scope.user.value));
    for (;;) {
      const Result<bool> row = stmt.step();
      if (!row) return std::unexpected(row.error());
      if (!*row) return true;
      const Result<Record> record = read_record(stmt, catalogue_);
      if (!record) return std::unexpected(record.error());
      each(*record);
    }
  });
  if (!done) co_return std::unexpected(done.error());
  co_return Status{};
}

}  // namespace rowlane::store
