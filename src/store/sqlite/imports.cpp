// Imports: a file's lines become records, all of the good ones or none, without keeping anybody waiting.
//
// Four steps. Every line is looked at on a reader's connection and told as added, updated, unchanged or wrong; there a
// trial run, or a file with errors, ends. Then the lines that change something are staged, some hundred a transaction.
// Then one update of one row decides (`applying`): from here on the import is done, whatever happens to this process.
// Last, the lines are written, a few a transaction, each gone from the stage in the transaction that writes it; a later
// `expire` goes on where a crash ended it.
//
// What this gives up: others see the import grow while its last step runs. Records of a half-done import could be kept
// out of sight by a mark that every query asks for, but what it changes in standing records could not, short of keeping
// two versions of each; and one transaction for all of it would stop every press of everybody for its whole length.
#include <fmt/format.h>

#include <array>
#include <unordered_map>

#include "base/stop_point.hpp"
#include "plan/natural_key.hpp"
#include "store/sqlite/edits.hpp"
#include "store/sqlite/lease.hpp"

namespace rowlane::store {

namespace {

constexpr std::size_t kLookedAtMax = 500;    // lines of one read
constexpr std::size_t kStagedMax = 500;      // lines of one transaction that stages
constexpr std::int64_t kWrittenMax = 200;    // lines of one that writes: a tenth of a millisecond each
constexpr std::int64_t kDroppedMax = 2'000;  // staged lines that one transaction drops
constexpr std::int64_t kUndecidedKeptMs = 3'600'000;
constexpr std::int64_t kDoneKeptMs = 3'600'000;

struct KeyColumn {
  std::string_view column, field;
};
// Strongest first.
constexpr std::array<KeyColumn, 3> kKeyColumns = {
    {{"key_policy", "current_policy_no"}, {"key_registration", "registration_no"}, {"key_person", "name"}}};
using Keys = std::array<std::string, kKeyColumns.size()>;

Keys keys_of(const Fields& fields) {
  return {plan::join_key({fields.text(field::current_policy_no)}),
          plan::join_key({fields.text(field::registration_no)}),
          plan::join_key({fields.text(field::name), fields.text(field::mobile_number)})};
}

// A stronger key that both have differs, or it would have been found by it: another record.
bool differs_before(const Keys& one, const Keys& other, std::size_t strength) {
  for (std::size_t k = 0; k < strength; ++k)
    if (!one[k].empty() && !other[k].empty()) return true;
  return false;
}

Error several_have(std::size_t strength) {
  return {.code = Errc::invalid_input,
          .message = "several records have this key; give the id",
          .field = std::string(kKeyColumns[strength].field)};
}

// The living records of the scope that have a key and no stronger one that differs.
Result<std::vector<Record>> with_key(db::Sqlite& db, const Scope& scope, FieldCatalogue& catalogue, const Keys& keys,
                                     std::size_t strength) {
  constexpr int kLookedThrough = 20;
  db::Statement stmt =
      db.prepare(fmt::format("SELECT {} FROM record WHERE agency_id=? AND {}=? AND deleted_at_ms IS NULL LIMIT {}",
                             kRecordColumns, kKeyColumns[strength].column, kLookedThrough));
  stmt.bind_all(scope.agency.value, keys[strength]);
  std::vector<Record> out;
  ROWLANE_TRY(each_row(stmt, [&](const db::Statement& row) -> Status {
    Result<Record> record = read_record(row, catalogue);
    if (!record) return std::unexpected(record.error());
    if (scope.covers(record->owner) && !differs_before(keys, keys_of(record->fields), strength))
      out.push_back(std::move(*record));
    return {};
  }));
  return out;
}

// What the lines of the file so far stand for, with the keys that their records then have: a later line of the same
// record would undo what an earlier one does, unseen.
class Claimed {
 public:
  void add(int line, RecordId record, Keys keys) {
    if (record) by_record_.emplace(record, line);
    for (std::size_t k = 0; k < keys.size(); ++k)
      if (!keys[k].empty()) by_key_[k].emplace(keys[k], lines_.size());
    lines_.push_back({line, std::move(keys)});
  }
  [[nodiscard]] std::optional<int> line_of(RecordId record) const {
    const auto found = by_record_.find(record);
    return found == by_record_.end() ? std::nullopt : std::optional(found->second);
  }
  // The lines whose record has that key, and no stronger one that differs.
  [[nodiscard]] std::vector<int> with_key(const Keys& keys, std::size_t strength) const {
    std::vector<int> out;
    const auto [first, last] = by_key_[strength].equal_range(keys[strength]);
    for (auto at = first; at != last; ++at)
      if (!differs_before(keys, lines_[at->second].keys, strength)) out.push_back(lines_[at->second].line);
    return out;
  }

 private:
  struct Line {
    int line = 0;
    Keys keys;
  };
  std::vector<Line> lines_;
  std::map<RecordId, int> by_record_;
  std::array<std::unordered_multimap<std::string, std::size_t>, kKeyColumns.size()> by_key_;
};

Error same_as(int line) {
  return {.code = Errc::invalid_input, .message = fmt::format("it is the same record as line {}", line), .field = {}};
}

// The first step: what each line comes to. Told a piece at a time, each piece in one view of the store.
class ImportCheck {
 public:
  ImportCheck(const Scope& scope, std::vector<ImportLine> lines, FieldCatalogue& catalogue)
      : scope_(scope), lines_(std::move(lines)), catalogue_(catalogue) {}

  [[nodiscard]] bool is_done() const { return next_ == lines_.size(); }
  Status look_on(db::Sqlite& db) {
    for (const std::size_t end = std::min(lines_.size(), next_ + kLookedAtMax); next_ < end; ++next_) {
      const Status fits = look_at(db, lines_[next_]);
      if (fits) continue;
      if (fits.error().code != Errc::invalid_input) return fits;
      report.errors.push_back({lines_[next_].line, fits.error().field, fits.error().message});
    }
    return {};
  }

  ImportReport report;
  struct Staged {
    std::string record;  // public id; "": a new one
    std::optional<UserId> owner;
    Fields set;
  };
  std::vector<Staged> staged;  // lines that change something

 private:
  Status look_at(db::Sqlite& db, ImportLine& line) {
    const Result<std::optional<Record>> target = find(db, line);
    if (!target) return std::unexpected(target.error());
    if (*target)
      if (const std::optional<int> before = claimed_.line_of((*target)->id)) return std::unexpected(same_as(*before));
    Record fresh;
    fresh.agency = scope_.agency;
    fresh.owner = scope_.user;
    const Record& before = *target ? **target : fresh;
    const Record after = patched(before, {.set = line.set, .replace = false, .owner = line.owner});
    ROWLANE_TRY(check_required(after));
    if (after.owner != scope_.user) ROWLANE_TRY(check_owner(db, scope_.agency, after.owner));
    claimed_.add(line.line, before.id, keys_of(after.fields));
    const bool is_same = *target && after.fields == before.fields && after.owner == before.owner;
    ++(is_same ? report.unchanged : *target ? report.updated : report.added);
    if (!is_same) staged.push_back({before.public_id, line.owner, std::move(line.set)});
    return {};
  }

  // The record that a line means: by id, else by the strongest natural key that it has; nullopt: a new one.
  // invalid_input: an unknown id, a key that several have, or one that a line before stands for.
  Result<std::optional<Record>> find(db::Sqlite& db, const ImportLine& line) {
    if (!line.public_id.empty()) {
      Result<Record> record = find_record(db, scope_, line.public_id, catalogue_);
      if (record) return std::optional(std::move(*record));
      if (record.error().code != Errc::not_found) return std::unexpected(record.error());
      return fail(Errc::invalid_input, "there is no such record", "id");
    }
    const Keys keys = keys_of(line.set);
    for (std::size_t k = 0; k < keys.size(); ++k) {
      if (keys[k].empty()) continue;
      const std::vector<int> lines = claimed_.with_key(keys, k);
      Result<std::vector<Record>> records = with_key(db, scope_, catalogue_, keys, k);
      if (!records) return std::unexpected(records.error());
      // A record that a line before stands for counts by the keys that it then has.
      std::erase_if(*records, [&](const Record& record) { return claimed_.line_of(record.id).has_value(); });
      if (lines.size() + records->size() > 1) return std::unexpected(several_have(k));
      if (!lines.empty()) return std::unexpected(same_as(lines.front()));
      if (!records->empty()) return std::optional(std::move(records->front()));
    }
    return std::nullopt;
  }

  Scope scope_;
  std::vector<ImportLine> lines_;
  FieldCatalogue& catalogue_;
  std::size_t next_ = 0;
  Claimed claimed_;
};

Status stage(db::Sqlite& db, AgencyId agency, std::int64_t import, std::size_t seq, const ImportCheck::Staged& line,
             const FieldCatalogue& catalogue) {
  db::Statement stmt =
      db.prepare("INSERT INTO import_line (agency_id, import_id, seq, record, owner_id, body) VALUES (?,?,?,?,?,?)");
  stmt.bind_all(agency.value, import, static_cast<std::int64_t>(seq), line.record,
                line.owner ? std::optional(line.owner->value) : std::nullopt);
  return stmt.bind_blob(catalogue.encode(line.set, true)).run();
}

// A decided import, as it is stored.
struct Decided {
  Scope scope;
  bool is_applying = false;
  ImportReport counts;
};
Result<Decided> find_import(db::Sqlite& db, AgencyId agency, std::int64_t import) {
  db::Statement stmt = db.prepare(
      "SELECT user_id, whole_agency, state='applying', added, updated, unchanged FROM import WHERE id=? AND agency_id=?");
  const Result<bool> row = stmt.bind_all(import, agency.value).step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return fail(Errc::not_found, "there is no such import");
  return Decided{.scope = {agency, {stmt.i64(0)}, stmt.i32(1) != 0},
                 .is_applying = stmt.i32(2) != 0,
                 .counts = {.added = stmt.i64(3), .updated = stmt.i64(4), .unchanged = stmt.i64(5)}};
}

struct StagedLine {
  std::int64_t seq = 0;
  std::string record;
  std::optional<UserId> owner;
  Fields set;
};
Result<std::vector<StagedLine>> next_lines(db::Sqlite& db, AgencyId agency, std::int64_t import,
                                           FieldCatalogue& catalogue) {
  db::Statement stmt = db.prepare(
      "SELECT seq, record, owner_id, body FROM import_line WHERE agency_id=? AND import_id=? ORDER BY seq LIMIT ?");
  stmt.bind_all(agency.value, import, kWrittenMax);
  std::vector<StagedLine> out;
  ROWLANE_TRY(each_row(stmt, [&](const db::Statement& row) -> Status {
    Result<Fields> set = catalogue.decode(row.view(3));
    if (!set) return std::unexpected(set.error());
    StagedLine line{.seq = row.i64(0), .record = row.text(1), .owner = std::nullopt, .set = std::move(*set)};
    if (!row.is_null(2)) line.owner = UserId{row.i64(2)};
    out.push_back(std::move(line));
    return {};
  }));
  return out;
}

// Writes staged lines, and counts what that came to.
class LineWriter {
 public:
  LineWriter(Writer& db, const Editor& editor, const Scope& scope, Random& random)
      : db_(db), editor_(editor), scope_(scope), random_(random) {}

  Status write(const StagedLine& line) {
    Result<std::optional<Record>> target = find(line);
    if (!target) return std::unexpected(target.error());
    const FieldPatch patch{.set = line.set, .replace = false, .owner = line.owner};
    if (*target) return update(**target, patch);
    if (!line.record.empty()) return {};  // deleted since the import was decided: as if it had been right after it
    return add(patch);
  }

  ImportReport counts;
  ChangeEvents events;

 private:
  // A line that was to add a record updates one that somebody else added meanwhile under the same key.
  Result<std::optional<Record>> find(const StagedLine& line) {
    if (!line.record.empty()) {
      Result<Record> record = find_record(db_, scope_, line.record, editor_.catalogue);
      if (record) return std::optional(std::move(*record));
      if (record.error().code == Errc::not_found) return std::nullopt;
      return std::unexpected(record.error());
    }
    const Keys keys = keys_of(line.set);
    for (std::size_t k = 0; k < keys.size(); ++k) {
      if (keys[k].empty()) continue;
      Result<std::vector<Record>> records = with_key(db_, scope_, editor_.catalogue, keys, k);
      if (!records) return std::unexpected(records.error());
      if (records->size() == 1) return std::optional(std::move(records->front()));
    }
    return std::nullopt;
  }
  Status update(const Record& before, const FieldPatch& patch) {
    const Result<Record> after = editor_.apply(before, patch);
    if (!after) return std::unexpected(after.error());
    if (after->version == before.version) return {};
    ++counts.updated;
    events.add(after->id, after->owner, before.owner);
    return {};
  }
  Status add(const FieldPatch& patch) {
    Record fresh;
    fresh.agency = scope_.agency;
    fresh.owner = scope_.user;
    Record added = patched(fresh, patch);
    added.public_id = make_public_id(random_);
    added.created_at = added.updated_at = from_ms(editor_.at_ms);
    added.updated_by = scope_.user;
    const Result<RecordId> id = insert_record(db_, added, editor_.catalogue);
    if (!id) return std::unexpected(id.error());
    added.id = *id;
    ++counts.added;
    events.add(added.id, added.owner, {});
    return add_history(db_, {added, "add", "", "null", "null"}, scope_.user, editor_.at_ms);
  }

  Writer& db_;
  const Editor& editor_;
  const Scope& scope_;
  Random& random_;
};

Status end_import(db::Sqlite& db, const Decided& import, std::int64_t id, std::int64_t at_ms) {
  ROWLANE_TRY(db.prepare("UPDATE import SET state='done', at_ms=? WHERE id=?").bind_all(at_ms, id).run());
  const auto& [added, updated, unchanged, errors] = import.counts;
  return add_activity(db, import.scope.agency, import.scope.user, at_ms, "import",
                      fmt::format("imported: {} added, {} changed", added, updated));
}

}  // namespace

Task<Result<ImportReport>> SqliteStore::import_records(Scope scope, std::vector<ImportLine> lines,
                                                       ImportOptions options) {
  const auto check = std::make_shared<ImportCheck>(scope, std::move(lines), catalogue_);
  while (!check->is_done()) {
    const Result<bool> looked = co_await read<bool>([check](db::Sqlite& db) -> Result<bool> {
      ROWLANE_TRY(check->look_on(db));
      return true;
    });
    if (!looked) co_return std::unexpected(looked.error());
  }
  const bool is_refused = !check->report.errors.empty() && !options.skip_bad;
  if (options.dry_run || is_refused || check->staged.empty()) co_return std::move(check->report);

  const Result<std::int64_t> import =
      co_await write<std::int64_t>([this, scope, check](Writer& db) -> Result<std::int64_t> {
        ROWLANE_TRY(
            db.prepare("INSERT INTO import (agency_id, user_id, whole_agency, unchanged, at_ms) VALUES (?,?,?,?,?)")
                .bind_all(scope.agency.value, scope.user.value, scope.whole_agency, check->report.unchanged, now_ms())
                .run());
        return db.last_insert_id();
      });
  if (!import) co_return std::unexpected(import.error());
  for (std::size_t from = 0; from < check->staged.size(); from += kStagedMax) {
    const Result<bool> staged =
        co_await write<bool>([this, scope, check, from, import = *import](Writer& db) -> Result<bool> {
          const std::size_t end = std::min(check->staged.size(), from + kStagedMax);
          for (std::size_t i = from; i < end; ++i)
            ROWLANE_TRY(stage(db, scope.agency, import, i, check->staged[i], catalogue_));
          return true;
        });
    if (!staged) co_return std::unexpected(staged.error());
  }
  stop_point("staged");
  const Result<bool> decided = co_await write<bool>([this, import = *import](Writer& db) -> Result<bool> {
    ROWLANE_TRY(db.prepare("UPDATE import SET state='applying', at_ms=? WHERE id=?").bind_all(now_ms(), import).run());
    return true;
  });
  if (!decided) co_return std::unexpected(decided.error());
  Result<ImportReport> report = co_await finish_import(scope.agency, *import);
  if (!report) co_return std::unexpected(report.error());
  report->errors = std::move(check->report.errors);
  co_return std::move(*report);
}

// Any number of callers at once may finish one import: each piece takes the lines that are next.
Task<Result<ImportReport>> SqliteStore::finish_import(AgencyId agency, std::int64_t id) {
  for (;;) {
    stop_point("import");
    const Result<Decided> import = co_await write<Decided>([this, agency, id](Writer& db) -> Result<Decided> {
      Result<Decided> now = find_import(db, agency, id);
      if (!now || !now->is_applying) return now;
      const Result<std::vector<StagedLine>> lines = next_lines(db, agency, id, catalogue_);
      if (!lines) return std::unexpected(lines.error());
      const std::int64_t at = now_ms();
      const Editor editor{db, catalogue_, tabs_of(agency), now->scope.user, at};
      LineWriter writer(db, editor, now->scope, random_);
      for (const StagedLine& line : *lines) ROWLANE_TRY(writer.write(line));
      writer.events.tell_counts(db.events(), agency, at);
      now->counts.added += writer.counts.added;
      now->counts.updated += writer.counts.updated;
      ROWLANE_TRY(db.prepare("UPDATE import SET added=?, updated=? WHERE id=?")
                      .bind_all(now->counts.added, now->counts.updated, id)
                      .run());
      if (!lines->empty())
        ROWLANE_TRY(db.prepare("DELETE FROM import_line WHERE agency_id=? AND import_id=? AND seq<=?")
                        .bind_all(agency.value, id, lines->back().seq)
                        .run());
      if (static_cast<std::int64_t>(lines->size()) == kWrittenMax) return now;
      ROWLANE_TRY(end_import(db, *now, id, at));
      now->is_applying = false;
      return now;
    });
    if (!import) co_return std::unexpected(import.error());
    if (!import->is_applying) co_return import->counts;
  }
}

Task<Status> SqliteStore::finish_imports() {
  using Left = std::vector<std::pair<AgencyId, std::int64_t>>;
  const Result<Left> left = co_await read<Left>([](db::Sqlite& db) -> Result<Left> {
    Left out;
    db::Statement stmt = db.prepare("SELECT agency_id, id FROM import WHERE state='applying' ORDER BY id");
    ROWLANE_TRY(each_row(stmt, [&](const db::Statement& row) -> Status {
      out.push_back({{row.i64(0)}, row.i64(1)});
      return {};
    }));
    return out;
  });
  if (!left) co_return std::unexpected(left.error());
  for (const auto& [agency, import] : *left) {
    const Result<ImportReport> finished = co_await finish_import(agency, import);
    if (!finished) co_return std::unexpected(finished.error());
  }
  for (bool is_more = true; is_more;) {
    const Result<bool> dropped = co_await write<bool>([this](Writer& db) -> Result<bool> {
      const std::int64_t now = now_ms();
      ROWLANE_TRY(db.prepare(R"(
          DELETE FROM import_line
           WHERE (agency_id, import_id, seq) IN (
                 SELECT l.agency_id, l.import_id, l.seq
                   FROM import i
                   JOIN import_line l ON l.agency_id = i.agency_id AND l.import_id = i.id
                  WHERE i.state = 'staging' AND i.at_ms < ?
                  LIMIT ?))")
                      .bind_all(now - kUndecidedKeptMs, kDroppedMax)
                      .run());
      if (db.changes() > 0) return true;
      ROWLANE_TRY(db.prepare("DELETE FROM import WHERE (state='staging' AND at_ms<?) OR (state='done' AND at_ms<?)")
                      .bind_all(now - kUndecidedKeptMs, now - kDoneKeptMs)
                      .run());
      return false;
    });
    if (!dropped) co_return std::unexpected(dropped.error());
    is_more = *dropped;
  }
  co_return Status{};
}

}  // namespace rowlane::store
