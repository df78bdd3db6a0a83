#include "support/raw_inserts.hpp"

#include <fmt/format.h>

#include "support/office.hpp"

namespace rowlane::bench {

double raw_inserts(const RawInserts& wanted) {
  const Office office(wanted.dir, wanted.spreadsheets, wanted.users_each);
  const std::vector<int>& plan = wanted.lanes;
  const auto together = static_cast<std::size_t>(wanted.together);
  Result<db::Sqlite> db = db::Sqlite::open(office.file());
  if (!db) give_up("cannot open the store", db.error().message);
  sqlite3* handle = db->handle();
  const auto compile = [&](const char* sql) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v3(handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr) != SQLITE_OK)
      give_up("SQL", sqlite3_errmsg(handle));
    return statement;
  };
  sqlite3_stmt* begin = compile("BEGIN IMMEDIATE");
  sqlite3_stmt* commit = compile("COMMIT");
  sqlite3_stmt* lane = compile(
      "INSERT INTO lane (agency_id, spreadsheet_id, user_id, seq_last, queued) VALUES (?,?,?,1,1) "
      "ON CONFLICT (spreadsheet_id, user_id) DO UPDATE SET seq_last=seq_last+1, queued=queued+1 RETURNING id, seq_last");
  sqlite3_stmt* job = compile(
      "INSERT INTO sync_job (agency_id, lane_id, lane_seq, user_id, whole_agency, direction, tabs, kind, not_found, created_at_ms) "
      "VALUES (?,?,?,?,0,'to-sheet','','sync','[]',?)");
  sqlite3_stmt* events = compile("INSERT INTO event_batch (first_id, count, at_ms, body) VALUES (?,?,?,?)");
  const auto run = [&](sqlite3_stmt* statement) {
    if (sqlite3_step(statement) != SQLITE_DONE) give_up("a raw insert failed", sqlite3_errmsg(handle));
    sqlite3_reset(statement);
  };
  const SystemClock clock;
  std::int64_t next_event = 2;  // the first is taken: an empty row says where numbers go on
  std::string body;             // the events of this commit
  const double start = now_seconds();
  for (std::size_t i = 0; i < plan.size(); ++i) {
    if (i % together == 0) run(begin);
    const Lane& of = office.lanes()[static_cast<std::size_t>(plan[i])];
    const std::int64_t at = to_ms(clock.now());
    sqlite3_bind_int64(lane, 1, of.scope.agency.value);
    sqlite3_bind_text(lane, 2, of.spreadsheet.data(), static_cast<int>(of.spreadsheet.size()), SQLITE_STATIC);
    sqlite3_bind_int64(lane, 3, of.scope.user.value);
    if (sqlite3_step(lane) != SQLITE_ROW) give_up("a raw insert failed", sqlite3_errmsg(handle));
    const std::int64_t lane_id = sqlite3_column_int64(lane, 0), seq = sqlite3_column_int64(lane, 1);
    run(lane);
    sqlite3_bind_int64(job, 1, of.scope.agency.value);
    sqlite3_bind_int64(job, 2, lane_id);
    sqlite3_bind_int64(job, 3, seq);
    sqlite3_bind_int64(job, 4, of.scope.user.value);
    sqlite3_bind_int64(job, 5, at);
    run(job);
    fmt::format_to(std::back_inserter(body), "{}[{},{},\"job\",{}]", body.empty() ? '[' : ',', of.scope.agency.value,
                   of.scope.user.value, sqlite3_last_insert_rowid(handle));
    if (i % together != together - 1 && i + 1 != plan.size()) continue;
    const auto count = static_cast<std::int64_t>(i % together) + 1;
    body += ']';
    sqlite3_bind_int64(events, 1, std::exchange(next_event, next_event + count));
    sqlite3_bind_int64(events, 2, count);
    sqlite3_bind_int64(events, 3, at);
    sqlite3_bind_text(events, 4, body.data(), static_cast<int>(body.size()), SQLITE_STATIC);
    run(events);
    run(commit);
    body.clear();
  }
  const double spent = now_seconds() - start;
  for (sqlite3_stmt* statement : {begin, commit, lane, job, events}) sqlite3_finalize(statement);
  return spent;
}

}  // namespace rowlane::bench
