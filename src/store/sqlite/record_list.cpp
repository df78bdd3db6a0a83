// Lists: records by filter and sort with cursors, history, activity.
#include <fmt/format.h>

#include "base/text.hpp"
#include "plan/natural_key.hpp"
#include "store/sqlite/rows.hpp"

namespace rowlane::store {

namespace {

std::string_view sort_column(SortKey key) {
  switch (key) {
    case SortKey::created:
      return "id";
    case SortKey::name:
      return "name";
    case SortKey::renewal_date:
      return "renewal_date";
    case SortKey::updated:
      return "updated_at_ms";
    case SortKey::premium:
      return "premium";
    case SortKey::status:
      return "status";
    case SortKey::company:
      return "company";
    case SortKey::policy_no:
      return "policy_no";
  }
  std::unreachable();
}

// A condition with its parameters, built in step.
class Where {
 public:
  void add(std::string_view condition) { text_ += (text_.empty() ? "" : " AND ") + std::string(condition); }
  void add(std::string_view condition, Json value) {
    add(condition);
    values_.push_back(std::move(value));
  }
  void push(Json value) { values_.push_back(std::move(value)); }
  [[nodiscard]] const std::string& text() const { return text_; }
  void bind(db::Statement& stmt) const {
    for (const Json& value : values_) {
      if (const auto number = value.as_int())
        stmt.bind(*number);
      else if (const std::string* text = value.if_string())
        stmt.bind(*text);
      else
        stmt.bind(nullptr);
    }
  }

 private:
  std::string text_;
  std::vector<Json> values_;
};

// Whose records a running pass covers: none, some owners', or all of the agency's.
struct RunningScopes {
  bool all = false;
  std::set<std::int64_t> owners;
  [[nodiscard]] bool covers(UserId owner) const { return all || owners.contains(owner.value); }
};

Result<RunningScopes> running_scopes(db::Sqlite& db, AgencyId agency) {
  RunningScopes out;
  db::Statement stmt = db.prepare(
      "SELECT j.user_id, j.whole_agency FROM lane l JOIN sync_job j ON j.lane_id=l.id AND j.state='running' "
      "WHERE l.spreadsheet_id=(SELECT spreadsheet_id FROM agency WHERE id=?) AND l.running>0");
  stmt.bind(agency.value);
  ROWLANE_TRY(each_row(stmt, [&](const db::Statement& row) -> Status {
    if (row.i32(1))
      out.all = true;
    else
      out.owners.insert(row.i64(0));
    return {};
  }));
  return out;
}

void add_sync_condition(Where& where, SyncState state, const RunningScopes& running) {
  if (state != SyncState::syncing && state != SyncState::unsynced) return where.add("sync_state=?", to_string(state));
  where.add("sync_state='unsynced'");
  const bool is_covered = state == SyncState::syncing;
  if (running.all || running.owners.empty()) return where.add(running.all == is_covered ? "1" : "0");
  const std::string_view condition =
      is_covered ? "owner_id IN (SELECT value FROM json_each(?))" : "owner_id NOT IN (SELECT value FROM json_each(?))";
  where.add(condition, fmt::format("[{}]", fmt::join(running.owners, ",")));
}

Where where_of(const RecordQuery& query, const RunningScopes& running) {
  Where where;
  where.add("agency_id=?", query.scope.agency.value);
  const RecordFilter& f = query.filter;
  where.add(f.is_deleted ? "deleted_at_ms IS NOT NULL" : "deleted_at_ms IS NULL");
  if (!query.scope.whole_agency) where.add("owner_id=?", query.scope.user.value);
  if (!f.policy_no.empty()) where.add("key_policy=?", plan::join_key({f.policy_no}));  // no record has a blank key
  if (f.owner) where.add("owner_id=?", f.owner->value);
  if (f.vertical) where.add("vertical=?", *f.vertical);
  if (f.status) where.add("status=?", *f.status);
  if (f.renewal_from) where.add("renewal_date>=?", static_cast<std::int64_t>(f.renewal_from->days));
  if (f.renewal_to) where.add("renewal_date<=?", static_cast<std::int64_t>(f.renewal_to->days));
  if (!f.search.empty()) where.add("instr(search_text, ?) > 0", fold_case(f.search));
  if (f.sync) add_sync_condition(where, *f.sync, running);
  return where;
}

std::string order_name(const RecordQuery& query) {
  return fmt::format("{}{}", query.descending ? "-" : "", sort_column(query.sort));
}

// A cursor is the JSON array [sort value, id, order] of the last row. Rows without a value come first, as SQLite sorts.
Status add_cursor(Where& where, const RecordQuery& query) {
  if (query.cursor.empty()) return {};
  const Result<Json> cursor = parse_json(query.cursor);
  const Json::Array* parts = cursor ? cursor->if_array() : nullptr;
  if (!parts || parts->size() != 3 || !(*parts)[1].as_int() || (*parts)[2] != Json(order_name(query)))
    return fail(Errc::invalid_input, "cursor is not one that a list of this order returned", "cursor");
  const Json& value = (*parts)[0];
  const std::int64_t id = *(*parts)[1].as_int();
  const std::string_view column = sort_column(query.sort);
  const char* after = query.descending ? "<" : ">";
  if (query.sort == SortKey::created) {
    where.add(fmt::format("id {} ?", after), id);
  } else if (value.is_null()) {
    where.add(fmt::format("(({0} IS NULL AND id {1} ?){2})", column, after,
                          query.descending ? "" : fmt::format(" OR {} IS NOT NULL", column)),
              id);
  } else {
    where.add(fmt::format("({0} {1} ? OR ({0} = ? AND id {1} ?){2})", column, after,
                          query.descending ? fmt::format(" OR {} IS NULL", column) : ""),
              value);
    where.push(value);
    where.push(id);
  }
  return {};
}

Result<std::int64_t> parse_id_cursor(const std::string& cursor) {
  if (cursor.empty()) return std::int64_t{0};
  const auto id = Json(JsonNumber{cursor}).as_int();
  if (!id || *id <= 0) return fail(Errc::invalid_input, "cursor is not one that a list returned", "cursor");
  return *id;
}

// A page is asked for with one row more than its limit: that row is no part of it, but says that there are more.
template <class Entry>
std::string cut_to_limit(std::vector<Entry>& entries, int limit) {
  if (static_cast<int>(entries.size()) <= limit) return {};
  entries.pop_back();
  return std::to_string(entries.back().id);
}

}  // namespace

Task<Result<RecordPage>> SqliteStore::list_records(RecordQuery query) {
  return read<RecordPage>([this, query = std::move(query)](db::Sqlite& db) -> Result<RecordPage> {
    const Result<RunningScopes> running = running_scopes(db, query.scope.agency);
    if (!running) return std::unexpected(running.error());
    RecordPage page;
    Where where = where_of(query, *running);
    {
      db::Statement stmt = db.prepare("SELECT count(*) FROM record WHERE " + where.text());
      where.bind(stmt);
      const Result<bool> row = stmt.step();
      if (!row) return std::unexpected(row.error());
      page.total = stmt.i64(0);
    }
    ROWLANE_TRY(add_cursor(where, query));
    const std::string_view column = sort_column(query.sort);
    const char* order = query.descending ? "DESC" : "ASC";
    db::Statement stmt = db.prepare(
        fmt::format("SELECT {0}, {1}, typeof({1}) FROM record WHERE {2} ORDER BY {1} {3}, id {3} LIMIT ? OFFSET ?",
                    kRecordColumns, column, where.text(), order));
    where.bind(stmt);
    stmt.bind_all(query.limit + 1, query.offset);
    std::vector<Json> sort_values;
    ROWLANE_TRY(each_row(stmt, [&](const db::Statement& row) -> Status {
      Result<Record> record = read_record(row, catalogue_);
      if (!record) return std::unexpected(record.error());
      if (record->sync == SyncState::unsynced && running->covers(record->owner)) record->sync = SyncState::syncing;
      const std::string_view type = row.view(kRecordColumnCount + 1);
      sort_values.push_back(type == "null"      ? Json()
                            : type == "integer" ? Json(row.i64(kRecordColumnCount))
                                                : Json(row.text(kRecordColumnCount)));
      page.records.push_back(std::move(*record));
      return {};
    }));
    if (static_cast<int>(page.records.size()) > query.limit) {
      page.records.pop_back();
      page.next_cursor =
          Json(Json::Array{sort_values[page.records.size() - 1], page.records.back().id.value, order_name(query)})
              .dump();
    }
    return page;
  });
}

Task<Result<std::vector<std::string>>> SqliteStore::record_ids(RecordQuery query) {
  return read<std::vector<std::string>>([query = std::move(query)](db::Sqlite& db) -> Result<std::vector<std::string>> {
    const Result<RunningScopes> running = running_scopes(db, query.scope.agency);
    if (!running) return std::unexpected(running.error());
    const Where where = where_of(query, *running);
    const char* order = query.descending ? "DESC" : "ASC";
    db::Statement stmt = db.prepare(fmt::format("SELECT public_id FROM record WHERE {0} ORDER BY {1} {2}, id {2}",
                                                where.text(), sort_column(query.sort), order));
    where.bind(stmt);
    std::vector<std::string> ids;
    ROWLANE_TRY(each_row(stmt, [&](const db::Statement& row) -> Status {
      ids.push_back(row.text(0));
      return {};
    }));
    return ids;
  });
}

Task<Result<RecordTotals>> SqliteStore::record_totals(RecordQuery query) {
  return read<RecordTotals>([query = std::move(query)](db::Sqlite& db) -> Result<RecordTotals> {
    const Result<RunningScopes> running = running_scopes(db, query.scope.agency);
    if (!running) return std::unexpected(running.error());
    const Where where = where_of(query, *running);
    db::Statement stmt = db.prepare("SELECT count(*), coalesce(sum(premium), 0) FROM record WHERE " + where.text());
    where.bind(stmt);
    const Result<bool> row = stmt.step();
    if (!row) return std::unexpected(row.error());
    return RecordTotals{stmt.i64(0), {stmt.i64(1)}};
  });
}

Task<Result<HistoryPage>> SqliteStore::history(Scope scope, std::string record, JobId job, int limit,
                                               std::string cursor) {
  return read<HistoryPage>([this, scope, record, job, limit, cursor](db::Sqlite& db) -> Result<HistoryPage> {
    const Result<std::int64_t> before = parse_id_cursor(cursor);
    if (!before) return std::unexpected(before.error());
    Where where;
    where.add("h.agency_id=?", scope.agency.value);
    if (!record.empty()) {
      const Result<Record> found = find_record(db, scope, record, catalogue_, true);
      if (!found) return std::unexpected(found.error());
      where.add("h.record_id=?", found->id.value);
    }
    if (job) where.add("h.job_id=?", job.value);
    if (!scope.whole_agency) where.add("h.owner_id=?", scope.user.value);
    if (*before) where.add("h.id<?", *before);
    db::Statement stmt = db.prepare(fmt::format(
        "SELECT h.id, r.public_id, h.job_id, h.at_ms, h.user_id, h.side, h.what, h.tab, h.field, h.sheet_row, h.before_json, h.after_json, r.name "
        "FROM history h LEFT JOIN record r ON r.id=h.record_id WHERE {} ORDER BY h.id DESC LIMIT ?",
        where.text()));
    where.bind(stmt);
    stmt.bind(limit + 1);
    HistoryPage page;
    ROWLANE_TRY(each_row(stmt, [&](const db::Statement& row) -> Status {
      HistoryEntry e;
      e.id = row.i64(0), e.record = row.text(1), e.job = {row.i64(2)}, e.at = from_ms(row.i64(3)),
      e.user = {row.i64(4)};
      e.side = row.text(5), e.what = row.text(6), e.tab = row.text(7), e.field = row.text(8), e.row = row.i32(9);
      e.before = parse_json(row.view(10)).value_or(Json());
      e.after = parse_json(row.view(11)).value_or(Json());
      e.name = row.text(12);
      page.entries.push_back(std::move(e));
      return {};
    }));
    page.next_cursor = cut_to_limit(page.entries, limit);
    return page;
  });
}

Task<Result<ActivityPage>> SqliteStore::activity(Scope scope, int limit, std::string cursor) {
  return read<ActivityPage>([scope, limit, cursor](db::Sqlite& db) -> Result<ActivityPage> {
    const Result<std::int64_t> before = parse_id_cursor(cursor);
    if (!before) return std::unexpected(before.error());
    Where where;
    where.add("agency_id=?", scope.agency.value);
    if (!scope.whole_agency) where.add("user_id=?", scope.user.value);
    if (*before) where.add("id<?", *before);
    db::Statement stmt = db.prepare(fmt::format(
        "SELECT id, at_ms, user_id, what, text, record_public_id, job_id FROM activity WHERE {} ORDER BY id DESC LIMIT ?",
        where.text()));
    where.bind(stmt);
    stmt.bind(limit + 1);
    ActivityPage page;
    ROWLANE_TRY(each_row(stmt, [&](const db::Statement& row) -> Status {
      page.entries.push_back(
          {row.i64(0), from_ms(row.i64(1)), {row.i64(2)}, row.text(3), row.text(4), row.text(5), {row.i64(6)}});
      return {};
    }));
    page.next_cursor = cut_to_limit(page.entries, limit);
    return page;
  });
}

}  // namespace rowlane::store
