#include "store/sqlite/lease.hpp"

namespace rowlane::store {

Status check_lease(db::Sqlite& db, const Lease& lease, std::int64_t now_ms) {
  db::Statement stmt = db.prepare("SELECT 1 FROM spreadsheet WHERE id=? AND epoch=? AND lease_until_ms>?");
  const Result<bool> row = stmt.bind_all(lease.spreadsheet_id, lease.epoch, now_ms).step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return fail(Errc::lease_lost, "another pass has the spreadsheet now");
  return {};
}

namespace {
Result<bool> some_job_runs(db::Sqlite& db, std::string_view spreadsheet) {
  db::Statement stmt = db.prepare(
      "SELECT 1 FROM lane l JOIN sync_job j ON j.lane_id=l.id AND j.state='running' WHERE l.spreadsheet_id=? AND l.running>0 LIMIT 1");
  return stmt.bind(spreadsheet).step();
}

Status put_back_running(db::Sqlite& db, std::string_view spreadsheet) {
  ROWLANE_TRY(
      db.prepare(
            "UPDATE lane SET queued=queued+(SELECT count(*) FROM sync_job j WHERE j.lane_id=lane.id AND j.state='running') WHERE spreadsheet_id=? AND running>0")
          .bind(spreadsheet)
          .run());
  return db
      .prepare(
          "UPDATE sync_job SET state='queued', phase='' WHERE state='running' AND lane_id IN (SELECT id FROM lane WHERE spreadsheet_id=?)")
      .bind(spreadsheet)
      .run();
}
}  // namespace

Status release(db::Sqlite& db, std::string_view spreadsheet) {
  const Result<bool> unsettled = some_job_runs(db, spreadsheet);
  if (!unsettled) return std::unexpected(unsettled.error());
  if (*unsettled) ROWLANE_TRY(put_back_running(db, spreadsheet));
  ROWLANE_TRY(
      db.prepare(
            "UPDATE lane SET running=0, head_seq=coalesce((SELECT j.lane_seq FROM sync_job j WHERE j.lane_id=lane.id AND "
            "j.lane_seq>=lane.head_seq AND j.state='queued' ORDER BY j.lane_seq LIMIT 1), seq_last+1) WHERE spreadsheet_id=? AND running>0")
          .bind(spreadsheet)
          .run());
  return db.prepare("UPDATE spreadsheet SET lease_node=NULL, lease_until_ms=NULL, epoch=epoch+1 WHERE id=?")
      .bind(spreadsheet)
      .run();
}

ClaimedJob read_claimed(const db::Statement& row) {
  ClaimedJob job;
  job.id = {row.i64(0)};
  job.user = {row.i64(1)};
  job.scope = {{row.i64(10)}, job.user, row.i32(2) != 0};
  job.direction = direction_from(row.view(3)).value_or(Direction::to_sheet);
  job.kind = row.view(4) == "confirm" ? JobKind::confirm : JobKind::sync;
  job.tabs = split_tabs(row.view(5));
  job.attempt = row.i32(6);
  job.faults = row.i32(7);
  job.partial = row.text(8);
  job.not_found = row.text(9);
  return job;
}

Status tell_of_jobs(NewEvents& events, db::Statement& jobs, std::int64_t at_ms) {
  return each_row(jobs, [&](const db::Statement& row) -> Status {
    events.add({row.i64(0)}, {row.i64(1)}, EventKind::job, row.i64(2), at_ms);
    return {};
  });
}

Status tell_of_queued(Writer& db, std::string_view spreadsheet, std::int64_t at_ms) {
  constexpr std::int64_t kToldOfLaneMax = 200;
  db::Statement queued = db.prepare(R"(
      SELECT j.agency_id, j.user_id, j.id
        FROM lane l
        JOIN sync_job j ON j.lane_id = l.id AND j.lane_seq >= l.head_seq AND j.lane_seq < l.head_seq + ?
       WHERE l.spreadsheet_id = ? AND l.queued > 0 AND j.state = 'queued'
       ORDER BY j.id)");
  queued.bind_all(kToldOfLaneMax, spreadsheet);
  return tell_of_jobs(db.events(), queued, at_ms);
}

Result<std::vector<std::string>> texts(db::Statement stmt) {
  std::vector<std::string> out;
  for (;;) {
    const Result<bool> row = stmt.step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return out;
    out.push_back(stmt.text(0));
  }
}

Status status_of(const Result<bool>& result) {
  if (!result) return std::unexpected(result.error());
  return {};
}

}  // namespace rowlane::store
