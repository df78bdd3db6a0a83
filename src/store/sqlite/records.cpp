#include <fmt/format.h>

#include "store/sqlite/edits.hpp"

namespace rowlane::store {

namespace {

Status check_version(const Record& record, const std::optional<std::int64_t>& wanted) {
  if (!wanted || *wanted == record.version) return {};
  return fail(Errc::precondition,
              fmt::format("the record is at version {}, not {}: somebody else changed it", record.version, *wanted),
              "If-Match");
}

Result<std::int64_t> last_history_id(db::Sqlite& db) {
  db::Statement stmt = db.prepare("SELECT seq FROM sqlite_sequence WHERE name='history'");
  const Result<bool> row = stmt.step();
  if (!row) return std::unexpected(row.error());
  return *row ? stmt.i64(0) : 0;
}

// Records of one piece of a change of many: short enough that nobody's press waits for it, at some two tenths of a
// millisecond a record.
constexpr std::size_t kPieceMax = 100;
constexpr std::size_t kLookedAtMax = 1'000;  // of one read

// A change of more is told as counts: one event an owner and piece.
constexpr std::size_t kToldSinglyMax = 100;

// What one piece has changed: of how many records, and the history entries of it.
struct Piece {
  std::int64_t changed = 0;
  ChangeRange entries;
};
void add_piece(BulkReport& report, const Piece& piece) {
  report.changed += piece.changed;
  if (piece.entries.is_empty()) return;
  if (!report.changes.empty() && report.changes.back().last + 1 == piece.entries.first)
    report.changes.back().last = piece.entries.last;
  else
    report.changes.push_back(piece.entries);
}

template <class T>
std::vector<T> part_of(const std::vector<T>& all, std::size_t from, std::size_t count) {
  return std::vector<T>(all.begin() + static_cast<std::ptrdiff_t>(from),
                        all.begin() + static_cast<std::ptrdiff_t>(std::min(all.size(), from + count)));
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
    const Editor editor{db, catalogue_, tabs_of(w.scope.agency), w.scope.user, now_ms()};
    Result<Record> after = editor.apply(*before, patch);
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
    ROWLANE_TRY(Editor(db, catalogue_, tabs_of(w.scope.agency), w.scope.user, now_ms()).revive(*record));
    ROWLANE_TRY(add_activity(db, w.scope.agency, w.scope.user, now_ms(), "record_restored", did("restored", *record),
                             w.public_id));
    db.events().add(w.scope.agency, record->owner, EventKind::customer, record->id.value, now_ms());
    return record;
  });
}

const std::vector<TabLayout>& SqliteStore::tabs_of(AgencyId agency) const {
  static const std::vector<TabLayout> kNone;
  const auto found = tabs_.find(agency);
  return found == tabs_.end() ? kNone : found->second;
}

// Looks at every record of a change of many before the first is changed, so that a wrong id changes nothing.
Task<Status> SqliteStore::look_at(Scope scope, std::vector<std::string> ids, FieldPatch patch) {
  for (std::size_t from = 0; from < ids.size(); from += kLookedAtMax) {
    const Result<bool> fits = co_await read<bool>(
        [this, scope, patch, part = part_of(ids, from, kLookedAtMax)](db::Sqlite& db) -> Result<bool> {
          for (const std::string& id : part) {
            const Result<Record> record = find_record(db, scope, id, catalogue_);
            if (!record) return fail(record.error().code, "there is no record " + id, "ids");
            ROWLANE_TRY(check_required(patched(*record, patch)));
          }
          if (patch.owner) ROWLANE_TRY(check_owner(db, scope.agency, *patch.owner));
          return true;
        });
    if (!fits) co_return std::unexpected(fits.error());
  }
  co_return Status{};
}

// Calls `change(db, editor, item, events)` for every item, in pieces; it says whether it changed a record.
template <class T, class F>
Task<Result<BulkReport>> SqliteStore::in_pieces(Scope scope, std::vector<T> items, std::string_view what,
                                                std::string_view verb, F change) {
  BulkReport report;
  const bool is_large = items.size() > kToldSinglyMax;
  for (std::size_t from = 0; from < items.size(); from += kPieceMax) {
    const Result<Piece> piece =
        co_await write<Piece>([this, scope, what, verb, change, is_large,
                               part = part_of(items, from, kPieceMax)](Writer& db) -> Result<Piece> {
          const Result<std::int64_t> before = last_history_id(db);
          if (!before) return std::unexpected(before.error());
          const Editor editor{db, catalogue_, tabs_of(scope.agency), scope.user, now_ms()};
          ChangeEvents events;
          Piece made;
          for (const T& item : part) {
            const Result<bool> changed = change(db, editor, item, events);
            if (!changed) return std::unexpected(changed.error());
            made.changed += *changed ? 1 : 0;
          }
          if (made.changed == 0) return made;
          if (is_large)
            events.tell_counts(db.events(), scope.agency, now_ms());
          else
            events.tell(db.events(), scope.agency, now_ms());
          ROWLANE_TRY(add_bulk_activity(db, scope, now_ms(), what, verb, made.changed));
          const Result<std::int64_t> last = last_history_id(db);
          if (!last) return std::unexpected(last.error());
          made.entries = {*before + 1, *last};
          return made;
        });
    if (!piece) co_return std::unexpected(piece.error());
    add_piece(report, *piece);
  }
  co_return report;
}

Task<Result<BulkReport>> SqliteStore::update_records(Scope scope, std::vector<std::string> ids, FieldPatch patch) {
  const Status fits = co_await look_at(scope, ids, patch);
  if (!fits) co_return std::unexpected(fits.error());
  co_return co_await in_pieces(
      scope, std::move(ids), "records_changed", "changed",
      [this, scope, patch = std::move(patch)](Writer& db, const Editor& editor, const std::string& id,
                                              ChangeEvents& events) -> Result<bool> {
        const Result<Record> before = find_record(db, scope, id, catalogue_);
        if (!before)
          return before.error().code == Errc::not_found ? Result<bool>(false) : std::unexpected(before.error());
        const Result<Record> after = editor.apply(*before, patch);
        if (!after) return std::unexpected(after.error());
        if (after->version == before->version) return false;
        events.add(after->id, after->owner, before->owner);
        return true;
      });
}

Task<Result<BulkReport>> SqliteStore::delete_records(Scope scope, std::vector<std::string> ids) {
  const Status fits = co_await look_at(scope, ids, {});
  if (!fits) co_return std::unexpected(fits.error());
  co_return co_await in_pieces(
      scope, std::move(ids), "records_deleted", "deleted",
      [this, scope](Writer& db, const Editor& editor, const std::string& id, ChangeEvents&) -> Result<bool> {
        const Result<Record> record = find_record(db, scope, id, catalogue_);
        if (!record)
          return record.error().code == Errc::not_found ? Result<bool>(false) : std::unexpected(record.error());
        ROWLANE_TRY(entomb(db, *record, scope.user, editor.at_ms, catalogue_));
        return true;
      });
}

Task<Result<BulkReport>> SqliteStore::undo_changes(Scope scope, std::vector<ChangeRange> changes) {
  std::vector<PastChange> all;
  for (const ChangeRange& range : changes) {
    Result<std::vector<PastChange>> past = co_await read<std::vector<PastChange>>(
        [scope, range](db::Sqlite& db) { return past_changes(db, scope, range); });
    if (!past) co_return std::unexpected(past.error());
    all.insert(all.end(), std::make_move_iterator(past->begin()), std::make_move_iterator(past->end()));
  }
  co_return co_await in_pieces(
      scope, std::move(all), "records_restored", "took a change back in",
      [this, scope](Writer& db, const Editor& editor, const PastChange& change, ChangeEvents& events) -> Result<bool> {
        Result<Record> record = find_record(db, scope, change.record, catalogue_, true);
        if (!record) return false;  // given away since, or gone for good
        const UserId owner_before = record->owner;
        if (change.is_deletion != record->deleted_at.has_value()) return false;
        if (change.is_deletion) {
          ROWLANE_TRY(editor.revive(*record));
        } else {
          Result<Record> after = editor.apply(*record, patch_back(*record, change, scope, catalogue_));
          if (!after) return std::unexpected(after.error());
          if (after->version == record->version) return false;
          record = std::move(after);
        }
        events.add(record->id, record->owner, owner_before);
        return true;
      });
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
