// The queue at a glance: of a spreadsheet, of an agency, of the server.
#include <fmt/format.h>

#include "store/sqlite/rows.hpp"

namespace rowlane::store {

Task<Result<SpreadsheetState>> SqliteStore::spreadsheet_state(AgencyId agency) {
  return read<SpreadsheetState>([this, agency](db::Sqlite& db) -> Result<SpreadsheetState> {
    db::Statement stmt = db.prepare(
        "SELECT s.id, s.reason, s.reason_text, s.ready_at_ms, a.until_ms, "
        "(SELECT coalesce(sum(queued),0) FROM lane WHERE spreadsheet_id=s.id), (SELECT coalesce(sum(running),0) FROM lane WHERE spreadsheet_id=s.id) "
        "FROM agency g JOIN spreadsheet s ON s.id=g.spreadsheet_id LEFT JOIN account_wait a ON a.account=s.account WHERE g.id=?");
    const Result<bool> row = stmt.bind(agency.value).step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return fail(Errc::not_found, "there is no such agency");
    SpreadsheetState state;
    state.id = stmt.text(0);
    if (!stmt.is_null(3))
      state.reason = wait_reason_from(stmt.view(1)), state.reason_text = stmt.text(2),
      state.ready_at = from_ms(stmt.i64(3));
    else if (!stmt.is_null(4) && stmt.i64(4) > now_ms())
      state.reason = WaitReason::quota, state.ready_at = from_ms(stmt.i64(4));
    state.queued = stmt.i64(5), state.running = stmt.i64(6);
    Result<std::map<std::string, TabState>> tabs = read_tab_states(db, agency);
    if (!tabs) return std::unexpected(tabs.error());
    state.tabs = std::move(*tabs);
    return state;
  });
}

namespace {

// Why and until when what the spreadsheet has queued waits.
Status read_wait(db::Sqlite& db, AgencyId agency, std::int64_t now_ms, QueueOverview& out) {
  db::Statement stmt = db.prepare(
      "SELECT s.reason, s.reason_text, s.ready_at_ms, a.until_ms FROM agency g JOIN spreadsheet s ON s.id=g.spreadsheet_id "
      "LEFT JOIN account_wait a ON a.account=s.account WHERE g.id=?");
  const Result<bool> row = stmt.bind(agency.value).step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return fail(Errc::not_found, "there is no such agency");
  if (!stmt.is_null(2))
    out.reason = wait_reason_from(stmt.view(0)), out.reason_text = stmt.text(1), out.ready_at = from_ms(stmt.i64(2));
  else if (!stmt.is_null(3) && stmt.i64(3) > now_ms)
    out.reason = WaitReason::quota, out.ready_at = from_ms(stmt.i64(3));
  return {};
}

Status read_lanes(db::Sqlite& db, const Scope& scope, QueueOverview& out) {
  db::Statement stmt = db.prepare(
      "SELECT u.email, l.queued, l.running, "
      "coalesce((SELECT j.created_at_ms FROM sync_job j WHERE j.lane_id=l.id AND j.state='running'), "
      "(SELECT j.created_at_ms FROM sync_job j WHERE j.lane_id=l.id AND j.lane_seq>=l.head_seq AND j.state='queued' ORDER BY j.lane_seq LIMIT 1)) AS oldest "
      "FROM lane l JOIN app_user u ON u.id=l.user_id WHERE l.agency_id=? AND (? OR l.user_id=?) AND l.spreadsheet_id=(SELECT spreadsheet_id FROM agency WHERE id=l.agency_id) "
      "AND l.queued+l.running>0 ORDER BY oldest, l.id");
  stmt.bind_all(scope.agency.value, scope.whole_agency, scope.user.value);
  return each_row(stmt, [&](const db::Statement& row) -> Status {
    QueueOverview::Lane lane{.user = row.text(0), .queued = row.i64(1), .running = row.i64(2)};
    if (!row.is_null(3)) lane.oldest = from_ms(row.i64(3));
    out.queued += lane.queued, out.running += lane.running;
    if (static_cast<int>(out.lanes.size()) < kOverviewLanes) out.lanes.push_back(std::move(lane));
    return {};
  });
}

Status read_ended(db::Sqlite& db, const Scope& scope, WallTime since, QueueOverview& out) {
  constexpr std::int64_t kHourMs = 3'600'000;
  db::Statement stmt = db.prepare(
      "SELECT finished_at_ms/?1 AS hour, sum(state='succeeded'), sum(state='failed'), sum(state='cancelled') FROM sync_job "
      "WHERE finished_at_ms>=?2 AND agency_id=?3 AND (?4 OR user_id=?5) GROUP BY hour ORDER BY hour");
  stmt.bind_all(kHourMs, to_ms(since), scope.agency.value, scope.whole_agency, scope.user.value);
  return each_row(stmt, [&](const db::Statement& row) -> Status {
    out.ended.push_back({from_ms(row.i64(0) * kHourMs), row.i64(1), row.i64(2), row.i64(3)});
    return {};
  });
}

}  // namespace

Task<Result<QueueOverview>> SqliteStore::queue_overview(Scope scope, WallTime since) {
  return read<QueueOverview>([this, scope, since](db::Sqlite& db) -> Result<QueueOverview> {
    QueueOverview out;
    ROWLANE_TRY(read_wait(db, scope.agency, now_ms(), out));
    ROWLANE_TRY(read_lanes(db, scope, out));
    ROWLANE_TRY(read_ended(db, scope, since, out));
    db::Statement stmt =
        db.prepare("SELECT count(*) FROM sync_job WHERE agency_id=? AND state='held' AND (? OR user_id=?)");
    const Result<bool> row = stmt.bind_all(scope.agency.value, scope.whole_agency, scope.user.value).step();
    if (!row) return std::unexpected(row.error());
    out.held = stmt.i64(0);
    return out;
  });
}

Task<Result<QueueTotals>> SqliteStore::queue_totals() {
  return read<QueueTotals>([](db::Sqlite& db) -> Result<QueueTotals> {
    db::Statement stmt = db.prepare(
        "SELECT (SELECT coalesce(sum(queued),0) FROM lane), (SELECT coalesce(sum(running),0) FROM lane), "
        "(SELECT count(*) FROM sync_job WHERE state='held'), (SELECT count(*) FROM spreadsheet WHERE ready_at_ms IS NOT NULL), "
        "(SELECT min((SELECT j.created_at_ms FROM sync_job j WHERE j.lane_id=l.id AND j.lane_seq>=l.head_seq AND j.state='queued' ORDER BY j.lane_seq LIMIT 1)) FROM lane l WHERE l.queued>0)");
    const Result<bool> row = stmt.step();
    if (!row) return std::unexpected(row.error());
    QueueTotals totals{stmt.i64(0), stmt.i64(1), stmt.i64(2), stmt.i64(3), std::nullopt};
    if (!stmt.is_null(4)) totals.oldest_queued = from_ms(stmt.i64(4));
    return totals;
  });
}

}  // namespace rowlane::store
