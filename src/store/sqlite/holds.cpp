#include "store/sqlite/holds.hpp"

#include <fmt/format.h>

namespace rowlane::store {

namespace {

Result<bool> has_ended(db::Sqlite& db, JobId job) {
  db::Statement stmt = db.prepare("SELECT 1 FROM sync_job WHERE id=? AND finished_at_ms IS NOT NULL");
  return stmt.bind(job.value).step();
}

Status tell_held(Writer& db, const NewHold& hold, ChangeEvents& events, std::int64_t at_ms) {
  ROWLANE_TRY(db.prepare("UPDATE record SET sync_state='held', sync_reason='', sync_at_ms=? WHERE id=? AND version=?")
                  .bind_all(at_ms, hold.record.value, hold.record_version)
                  .run());
  if (db.changes() == 0) return {};
  db::Statement stmt = db.prepare("SELECT owner_id FROM record WHERE id=?");
  const Result<bool> row = stmt.bind(hold.record.value).step();
  if (!row) return std::unexpected(row.error());
  events.add(hold.record, {stmt.i64(0)}, {});
  return {};
}

}  // namespace

Status stage_holds(Writer& db, AgencyId agency, JobId job, std::span<const NewHold> holds, std::int64_t at_ms) {
  const Result<bool> ended = has_ended(db, job);
  if (!ended || *ended) return ended ? Status{} : std::unexpected(ended.error());
  ChangeEvents events;
  for (const NewHold& hold : holds) {
    ROWLANE_TRY(db.prepare(R"(
        INSERT INTO hold (agency_id, job_id, record_id, tab, sheet_row, record_version, row_hash, shown)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?))")
                    .bind_all(agency.value, job.value, hold.record.value, hold.tab, hold.row, hold.record_version,
                              hold.row_hash, hold.shown)
                    .run());
    ROWLANE_TRY(tell_held(db, hold, events, at_ms));
  }
  events.tell(db.events(), agency, at_ms);
  return {};
}

Status drop_staged_holds(Writer& db, JobId job, std::int64_t at_ms) {
  ROWLANE_TRY(db.prepare(R"(
      UPDATE record SET sync_state='unsynced', sync_at_ms=?
      WHERE sync_state='held' AND id IN (SELECT record_id FROM hold WHERE job_id=? AND state='open'))")
                  .bind_all(at_ms, job.value)
                  .run());
  return db.prepare("DELETE FROM hold WHERE job_id=? AND state='open'").bind(job.value).run();
}

Result<std::vector<OpenHold>> open_holds(db::Sqlite& db, AgencyId agency) {
  db::Statement stmt = db.prepare(R"(
      SELECT h.job_id, h.record_id, h.tab, h.record_version, h.row_hash
      FROM hold h JOIN sync_job j ON j.id=h.job_id
      WHERE h.agency_id=? AND (
        (h.state='open' AND (j.state='held' OR j.state='cancelled')) OR
        (h.state='confirmed' AND (j.state='queued' OR j.state='running' OR j.state='cancelled'))))");
  stmt.bind(agency.value);
  std::vector<OpenHold> out;
  ROWLANE_TRY(each_row(stmt, [&](const db::Statement& row) -> Status {
    out.push_back({{row.i64(0)}, {row.i64(1)}, row.text(2), row.i64(3), row.text(4)});
    return {};
  }));
  return out;
}

Result<std::vector<HeldRecord>> holds_to_put_back(db::Sqlite& db, JobId job) {
  db::Statement stmt = db.prepare(R"(
      SELECT id, record_id, tab, record_version FROM hold
      WHERE job_id=? AND (state='open' OR state='confirmed') LIMIT ?)");
  stmt.bind_all(job.value, static_cast<std::int64_t>(kHoldsPerCommit));
  std::vector<HeldRecord> out;
  ROWLANE_TRY(each_row(stmt, [&](const db::Statement& row) -> Status {
    out.push_back({row.i64(0), {row.i64(1)}, row.text(2), row.i64(3)});
    return {};
  }));
  return out;
}

Result<std::vector<std::pair<JobId, UserId>>> jobs_to_put_back(db::Sqlite& db) {
  db::Statement stmt = db.prepare(R"(
      SELECT DISTINCT j.id, j.user_id FROM hold h JOIN sync_job j ON j.id=h.job_id
      WHERE h.state<>'cancelled' AND j.state='cancelled')");
  std::vector<std::pair<JobId, UserId>> out;
  ROWLANE_TRY(each_row(stmt, [&](const db::Statement& row) -> Status {
    out.emplace_back(JobId{row.i64(0)}, UserId{row.i64(1)});
    return {};
  }));
  return out;
}

}  // namespace rowlane::store
