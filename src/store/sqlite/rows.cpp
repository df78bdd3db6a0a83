#include "store/sqlite/rows.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "plan/natural_key.hpp"

namespace rowlane::store {

namespace {

template <class T>
std::optional<std::string> text_or_null(const T& text) {
  return text.empty() ? std::nullopt : std::optional<std::string>(text);
}

// What filters, sorting and look-ups by key need beside the fields themselves.
struct Copies {
  std::string vertical, name, search;
  std::optional<std::string> status, company, policy_no, key_policy, key_registration, key_person;
  std::optional<std::int64_t> premium, renewal_date;
};

Copies copies_of(const Fields& fields) {
  Copies out;
  out.vertical = fields.text(field::vertical);
  out.name = fields.text(field::name);
  out.status = text_or_null(fields.text(field::status));
  out.company = text_or_null(fields.text(field::company));
  out.policy_no = text_or_null(fields.text(field::current_policy_no));
  if (const auto* money = std::get_if<Money>(&fields.get(field::premium))) out.premium = money->hundredths;
  if (const auto* date = std::get_if<Date>(&fields.get(field::renewal_date))) out.renewal_date = date->days;
  for (const FieldId id :
       {field::name, field::mobile_number, field::current_policy_no, field::registration_no, field::email}) {
    out.search += fold_case(fields.text(id));
    out.search += '\n';
  }
  out.key_policy = text_or_null(plan::join_key({fields.text(field::current_policy_no)}));
  out.key_registration = text_or_null(plan::join_key({fields.text(field::registration_no)}));
  out.key_person = text_or_null(plan::join_key({fields.text(field::name), fields.text(field::mobile_number)}));
  return out;
}

void bind_state(db::Statement& stmt, const Record& r, const Copies& c, const FieldCatalogue& catalogue) {
  stmt.bind(r.owner.value).bind(r.version).bind_blob(catalogue.encode(r.fields));
  stmt.bind_all(c.vertical, c.name, c.status, c.company, c.policy_no, c.premium, c.renewal_date, c.search, c.key_policy,
                c.key_registration, c.key_person, to_ms(r.updated_at), r.updated_by.value);
  stmt.bind(r.deleted_at ? std::optional(to_ms(*r.deleted_at)) : std::nullopt);
  stmt.bind_all(to_string(r.sync), r.sync_reason);
}

}  // namespace

Result<Record> read_record(const db::Statement& row, FieldCatalogue& catalogue) {
  Record r;
  r.id = {row.i64(0)};
  r.public_id = row.text(1);
  r.agency = {row.i64(2)};
  r.owner = {row.i64(3)};
  r.version = row.i64(4);
  Result<Fields> fields = catalogue.decode(row.view(5));
  if (!fields) return fail(Errc::corrupt, fmt::format("record {}: {}", r.public_id, fields.error().message));
  r.fields = std::move(*fields);
  r.created_at = from_ms(row.i64(6));
  r.updated_at = from_ms(row.i64(7));
  r.updated_by = {row.i64(8)};
  if (!row.is_null(9)) r.deleted_at = from_ms(row.i64(9));
  r.sync = sync_state_from(row.view(10)).value_or(SyncState::unsynced);
  if (!row.is_null(11)) r.sync_at = from_ms(row.i64(11));
  r.sync_reason = row.text(12);
  return r;
}

Result<RecordId> insert_record(db::Sqlite& db, const Record& r, const FieldCatalogue& catalogue) {
  db::Statement stmt = db.prepare(
      "INSERT INTO record (public_id, agency_id, created_at_ms, owner_id, version, fields, vertical, name, status, company, "
      "policy_no, premium, renewal_date, search_text, key_policy, key_registration, key_person, updated_at_ms, updated_by, "
      "deleted_at_ms, sync_state, sync_reason) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
  stmt.bind_all(r.public_id, r.agency.value, to_ms(r.created_at));
  bind_state(stmt, r, copies_of(r.fields), catalogue);
  ROWLANE_TRY(stmt.run());
  return RecordId{db.last_insert_id()};
}

Status rewrite_record(db::Sqlite& db, const Record& r, const FieldCatalogue& catalogue) {
  db::Statement stmt = db.prepare(
      "UPDATE record SET owner_id=?, version=?, fields=?, vertical=?, name=?, status=?, company=?, policy_no=?, premium=?, "
      "renewal_date=?, search_text=?, key_policy=?, key_registration=?, key_person=?, updated_at_ms=?, updated_by=?, "
      "deleted_at_ms=?, sync_state=?, sync_reason=? WHERE id=? AND agency_id=?");
  bind_state(stmt, r, copies_of(r.fields), catalogue);
  return stmt.bind_all(r.id.value, r.agency.value).run();
}

Result<Record> find_record(db::Sqlite& db, const Scope& scope, std::string_view public_id, FieldCatalogue& catalogue,
                           bool tombstones) {
  static const std::string sql = fmt::format("SELECT {} FROM record WHERE public_id=? AND agency_id=?", kRecordColumns);
  db::Statement stmt = db.prepare(sql);
  stmt.bind_all(public_id, scope.agency.value);
  const Result<bool> row = stmt.step();
  if (!row) return std::unexpected(row.error());
  if (*row) {
    Result<Record> record = read_record(stmt, catalogue);
    if (!record) return record;
    if (scope.covers(record->owner) && (tombstones || !record->deleted_at)) return record;
  }
  return fail(Errc::not_found, "there is no such record");
}

Status add_history(db::Sqlite& db, const HistoryCell& cell, UserId user, std::int64_t at_ms, std::optional<JobId> job) {
  db::Statement stmt = db.prepare(
      "INSERT INTO history (agency_id, record_id, owner_id, job_id, user_id, at_ms, side, what, tab, sheet_row, field, before_json, "
      "after_json) VALUES (?,?,?,?,?,?,'app',?,'',0,?,?,?)");
  stmt.bind_all(cell.record.agency.value, cell.record.id.value, cell.record.owner.value);
  stmt.bind(job ? std::optional(job->value) : std::nullopt);
  return stmt.bind_all(user.value, at_ms, cell.what, cell.field, cell.before, cell.after).run();
}

Status add_edit_history(db::Sqlite& db, const Record& before, const Record& after, UserId user, std::int64_t at_ms,
                        const FieldCatalogue& catalogue) {
  std::set<FieldId> named;
  for (const auto& [id, value] : before.fields.entries()) named.insert(id);
  for (const auto& [id, value] : after.fields.entries()) named.insert(id);
  for (const FieldId id : named) {
    const Value& was = before.fields.get(id);
    const Value& is = after.fields.get(id);
    if (was == is) continue;
    const std::string was_json = catalogue.to_json(was).dump(), is_json = catalogue.to_json(is).dump();
    ROWLANE_TRY(add_history(db, {after, "cell", catalogue.name(id), was_json, is_json}, user, at_ms));
  }
  if (before.owner != after.owner)
    ROWLANE_TRY(
        add_history(db, {after, "cell", "owner", std::to_string(before.owner.value), std::to_string(after.owner.value)},
                    user, at_ms));
  return {};
}

Status add_activity(db::Sqlite& db, AgencyId agency, UserId user, std::int64_t at_ms, std::string_view what,
                    std::string_view text, std::optional<std::string> record, std::optional<JobId> job) {
  db::Statement stmt = db.prepare(
      "INSERT INTO activity (agency_id, user_id, at_ms, what, text, record_public_id, job_id) VALUES (?,?,?,?,?,?,?)");
  stmt.bind_all(agency.value, user.value, at_ms, what, text, record);
  return stmt.bind(job ? std::optional(job->value) : std::nullopt).run();
}

Status add_bulk_activity(db::Sqlite& db, const Scope& scope, std::int64_t at_ms, std::string_view what,
                         std::string_view verb, std::int64_t count) {
  constexpr std::int64_t kJoinedMs = 10'000;
  const auto text = [&](std::int64_t n) { return fmt::format("{} {} record{}", verb, n, n == 1 ? "" : "s"); };
  std::int64_t entry = 0, before = 0;
  {
    db::Statement last = db.prepare(
        "SELECT id, what, at_ms, record_count FROM activity WHERE agency_id=? AND user_id=? ORDER BY id DESC LIMIT 1");
    const Result<bool> row = last.bind_all(scope.agency.value, scope.user.value).step();
    if (!row) return std::unexpected(row.error());
    if (*row && last.view(1) == what && at_ms - last.i64(2) < kJoinedMs && last.i64(3) > 0)
      entry = last.i64(0), before = last.i64(3);
  }
  if (entry == 0) {
    ROWLANE_TRY(add_activity(db, scope.agency, scope.user, at_ms, what, text(count)));
    entry = db.last_insert_id();
  }
  return db.prepare("UPDATE activity SET record_count=?, text=?, at_ms=? WHERE id=?")
      .bind_all(before + count, text(before + count), at_ms, entry)
      .run();
}

void ChangeEvents::add(RecordId record, UserId owner, UserId owner_before) {
  changed_.emplace_back(owner, record);
  if (owner_before && owner_before != owner) changed_.emplace_back(owner_before, record);
}

void ChangeEvents::tell(NewEvents& events, AgencyId agency, std::int64_t at_ms) const {
  if (changed_.size() > kSingleMax) return tell_counts(events, agency, at_ms);
  for (const auto& [owner, record] : changed_) events.add(agency, owner, EventKind::customer, record.value, at_ms);
}

void ChangeEvents::tell_counts(NewEvents& events, AgencyId agency, std::int64_t at_ms) const {
  std::map<UserId, std::int64_t> counts;
  for (const auto& [owner, record] : changed_) ++counts[owner];
  for (const auto& [owner, count] : counts) events.add(agency, owner, EventKind::customers, count, at_ms);
}

Status entomb(Writer& db, Record record, UserId user, std::int64_t at_ms, const FieldCatalogue& catalogue) {
  record.deleted_at = from_ms(at_ms);
  record.updated_at = from_ms(at_ms);
  record.updated_by = user;
  ++record.version;
  record.sync = SyncState::unsynced;
  record.sync_reason.clear();
  ROWLANE_TRY(rewrite_record(db, record, catalogue));
  ROWLANE_TRY(add_history(db, {record, "delete", "", "null", "null"}, user, at_ms));
  db.events().add(record.agency, record.owner, EventKind::customer, record.id.value, at_ms);
  return {};
}

Result<std::map<std::string, TabState>> read_tab_states(db::Sqlite& db, AgencyId agency) {
  std::map<std::string, TabState> out;
  db::Statement stmt = db.prepare("SELECT tab, sheet_id, title, headers FROM tab_state WHERE agency_id=?");
  stmt.bind(agency.value);
  ROWLANE_TRY(each_row(stmt, [&](const db::Statement& row) -> Status {
    TabState state{.connected = true, .sheet_id = row.i64(1), .title = row.text(2), .headers = {}};
    const Json headers = parse_json(row.view(3)).value_or(Json());
    if (const Json::Object* object = headers.if_object())
      for (const auto& [name, header] : *object) state.headers.emplace(name, header.string_or());
    out.emplace(row.text(0), std::move(state));
    return {};
  }));
  return out;
}

std::vector<std::string> split_tabs(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(','), text.size());
    out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string join_tabs(const std::vector<std::string>& tabs) { return fmt::format("{}", fmt::join(tabs, ",")); }

Result<std::int64_t> draw(db::Sqlite& db, std::string_view counter) {
  // Written, then read: `RETURNING` goes through a table of its own, which costs more than the second look.
  ROWLANE_TRY(db.prepare("UPDATE counter SET value=value+1 WHERE name=?").bind(counter).run());
  db::Statement stmt = db.prepare("SELECT value FROM counter WHERE name=?");
  const Result<bool> row = stmt.bind(counter).step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return fail(Errc::corrupt, fmt::format("the database has no counter '{}'", counter));
  return stmt.i64(0);
}

Result<bool> make_ready(db::Sqlite& db, std::string_view spreadsheet_id) {
  {
    db::Statement stmt = db.prepare(
        "SELECT 1 FROM spreadsheet s WHERE s.id=? AND s.turn IS NULL AND s.lease_node IS NULL AND s.ready_at_ms IS NULL AND "
        "EXISTS (SELECT 1 FROM lane WHERE lane.spreadsheet_id=s.id AND lane.queued>0)");
    const Result<bool> row = stmt.bind(spreadsheet_id).step();
    if (!row || !*row) return row;
  }
  const Result<std::int64_t> turn = draw(db, "turn");
  if (!turn) return std::unexpected(turn.error());
  ROWLANE_TRY(db.prepare("UPDATE spreadsheet SET turn=? WHERE id=?").bind_all(*turn, spreadsheet_id).run());
  return true;
}

}  // namespace rowlane::store
