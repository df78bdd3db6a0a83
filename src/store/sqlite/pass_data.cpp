// What a pass loads, its journal, and the commit of a chunk.
#include <fmt/format.h>

#include "store/sqlite/holds.hpp"
#include "store/sqlite/lease.hpp"

namespace rowlane::store {

Task<Result<PassData>> SqliteStore::load_pass(Claim claim) {
  return read<PassData>([this, claim = std::move(claim)](db::Sqlite& db) -> Result<PassData> {
    PassData data;
    {
      static const std::string sql = fmt::format("SELECT {} FROM record WHERE agency_id=? ORDER BY id", kRecordColumns);
      db::Statement stmt = db.prepare(sql);
      stmt.bind(claim.agency.value);
      for (;;) {
        const Result<bool> row = stmt.step();
        if (!row) return std::unexpected(row.error());
        if (!*row) break;
        Result<Record> record = read_record(stmt, catalogue_);
        if (!record) return std::unexpected(record.error());
        data.records.push_back({std::move(*record), {}});
      }
    }
    {
      db::Statement stmt = db.prepare("SELECT record_id, tab, body FROM base WHERE agency_id=? ORDER BY record_id");
      stmt.bind(claim.agency.value);
      std::size_t at = 0;  // both lists are in the order of record ids
      for (;;) {
        const Result<bool> row = stmt.step();
        if (!row) return std::unexpected(row.error());
        if (!*row) break;
        while (at < data.records.size() && data.records[at].record.id.value < stmt.i64(0)) ++at;
        if (at == data.records.size()) break;
        Result<Fields> base = catalogue_.decode(stmt.view(2));
        if (!base) return std::unexpected(base.error());
        data.records[at].base.emplace(stmt.text(1), std::move(*base));
      }
    }
    Result<std::map<std::string, TabState>> tabs = read_tab_states(db, claim.agency);
    if (!tabs) return std::unexpected(tabs.error());
    data.tabs = std::move(*tabs);
    Result<std::vector<OpenHold>> holds = open_holds(db, claim.agency);
    if (!holds) return std::unexpected(holds.error());
    data.holds = std::move(*holds);
    {
      db::Statement stmt = db.prepare("SELECT id, email FROM app_user WHERE agency_id=?");
      stmt.bind(claim.agency.value);
      for (;;) {
        const Result<bool> row = stmt.step();
        if (!row) return std::unexpected(row.error());
        if (!*row) break;
        data.emails.emplace(stmt.i64(0), stmt.text(1));
      }
    }
    if (!claim.alone) {
      static const std::string sql = fmt::format(
          "SELECT {} FROM sync_job j WHERE j.lane_id=(SELECT lane_id FROM sync_job WHERE id=?1) AND j.lane_seq>(SELECT lane_seq FROM sync_job WHERE id=?1) AND j.state='queued' ORDER BY j.lane_seq",
          kClaimColumns);
      for (const ClaimedJob& head : claim.heads) {
        if (head.kind != JobKind::sync) continue;
        db::Statement stmt = db.prepare(sql);
        stmt.bind(head.id.value);
        for (;;) {
          const Result<bool> row = stmt.step();
          if (!row) return std::unexpected(row.error());
          if (!*row) break;
          ClaimedJob follower = read_claimed(stmt);
          if (follower.kind != head.kind || follower.direction != head.direction || follower.tabs != head.tabs) break;
          follower.settled_by = head.id;
          data.followers.push_back(std::move(follower));
        }
      }
    }
    {
      db::Statement stmt = db.prepare(
          "SELECT pass_id, chunk, token, body, tables, entered FROM journal WHERE spreadsheet_id=? AND state='pending' ORDER BY pass_id, chunk");
      stmt.bind(claim.lease.spreadsheet_id);
      for (;;) {
        const Result<bool> row = stmt.step();
        if (!row) return std::unexpected(row.error());
        if (!*row) break;
        data.journal.push_back({{stmt.i64(0)}, stmt.i32(1), stmt.i64(2), stmt.text(3), stmt.text(4), stmt.text(5)});
      }
    }
    db::Statement stmt = db.prepare("SELECT token_base, token_last FROM spreadsheet WHERE id=?");
    const Result<bool> row = stmt.bind(claim.lease.spreadsheet_id).step();
    if (!row) return std::unexpected(row.error());
    data.token_base = stmt.i64(0);
    data.token_last = stmt.i64(1);
    return data;
  });
}

Task<Status> SqliteStore::write_journal(Lease lease, NewJournal entry) {
  co_return status_of(co_await write<bool>([this, lease, entry = std::move(entry)](Writer& db) -> Result<bool> {
    const std::int64_t at = now_ms();
    ROWLANE_TRY(check_lease(db, lease, at));
    {
      db::Statement stmt = db.prepare(
          "INSERT INTO journal (pass_id, chunk, agency_id, spreadsheet_id, token, body, at_ms, tables) SELECT ?, ?, agency_id, id, ?, ?, ?, ? FROM spreadsheet WHERE id=?");
      ROWLANE_TRY(stmt.bind_all(entry.pass.value, entry.chunk, entry.token, entry.body, at)
                      .bind_blob(entry.tables)
                      .bind(lease.spreadsheet_id)
                      .run());
    }
    ROWLANE_TRY(db.prepare("UPDATE spreadsheet SET token_last=max(token_last, ?) WHERE id=?")
                    .bind_all(entry.token, lease.spreadsheet_id)
                    .run());
    constexpr std::string_view kRunning =
        "state='running' AND lane_id IN (SELECT id FROM lane WHERE spreadsheet_id=? AND running>0)";
    static const std::string progress =
        fmt::format("UPDATE sync_job SET phase='writing', done=?, total=? WHERE {}", kRunning);
    ROWLANE_TRY(db.prepare(progress).bind_all(entry.done, entry.total, lease.spreadsheet_id).run());
    static const std::string running = fmt::format("SELECT agency_id, user_id, id FROM sync_job WHERE {}", kRunning);
    db::Statement stmt = db.prepare(running);
    stmt.bind(lease.spreadsheet_id);
    ROWLANE_TRY(tell_of_jobs(db.events(), stmt, at));
    return true;
  }));
}

Task<Status> SqliteStore::drop_journal(Lease lease, PassId pass, int chunk) {
  co_return status_of(co_await write<bool>([this, lease, pass, chunk](Writer& db) -> Result<bool> {
    ROWLANE_TRY(check_lease(db, lease, now_ms()));
    ROWLANE_TRY(
        db.prepare("UPDATE journal SET state='dropped', tables=x'' WHERE pass_id=? AND chunk=? AND state='pending'")
            .bind_all(pass.value, chunk)
            .run());
    return true;
  }));
}

Task<Status> SqliteStore::commit_chunk(Lease lease, ChunkCommit commit) {
  co_return status_of(co_await write<bool>([this, lease, commit = std::move(commit)](Writer& db) -> Result<bool> {
    const std::int64_t at = now_ms();
    ROWLANE_TRY(check_lease(db, lease, at));
    std::int64_t agency = 0;
    {
      db::Statement stmt = db.prepare("SELECT agency_id FROM spreadsheet WHERE id=?");
      const Result<bool> row = stmt.bind(lease.spreadsheet_id).step();
      if (!row) return std::unexpected(row.error());
      agency = stmt.i64(0);
    }
    for (const BaseRow& row : commit.base) {
      if (row.base) {
        db::Statement stmt = db.prepare(
            "INSERT INTO base (agency_id, record_id, tab, body) VALUES (?,?,?,?) ON CONFLICT DO UPDATE SET body=excluded.body");
        ROWLANE_TRY(
            stmt.bind_all(agency, row.record.value, row.tab).bind_blob(catalogue_.encode(*row.base, true)).run());
      } else {
        ROWLANE_TRY(db.prepare("DELETE FROM base WHERE agency_id=? AND record_id=? AND tab=?")
                        .bind_all(agency, row.record.value, row.tab)
                        .run());
      }
    }
    for (const HistoryRow& h : commit.history)
      ROWLANE_TRY(
          db.prepare(
                "INSERT INTO history (agency_id, record_id, owner_id, job_id, user_id, at_ms, side, what, tab, sheet_row, field, before_json, after_json) "
                "VALUES (?1, ?2, coalesce((SELECT owner_id FROM record WHERE id=?2), ?4), ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)")
              .bind_all(agency, h.record.value, h.job.value, h.user.value, at, h.side, h.what, h.tab, h.row, h.field,
                        h.before, h.after)
              .run());
    ChangeEvents events;
    for (const SyncMark& mark : commit.marks) {
      ROWLANE_TRY(
          db.prepare(
                "UPDATE record SET sync_state=?1, sync_reason=?2, sync_at_ms=?3 WHERE id=?4 AND version=?5 AND (sync_state<>?1 OR sync_reason<>?2)")
              .bind_all(rowlane::to_string(mark.state), mark.reason, at, mark.record.value, mark.version)
              .run());
      if (db.changes() == 0) continue;
      db::Statement stmt = db.prepare("SELECT owner_id FROM record WHERE id=?");
      const Result<bool> row = stmt.bind(mark.record.value).step();
      if (!row) return std::unexpected(row.error());
      events.add(mark.record, {stmt.i64(0)}, {});
    }
    events.tell(db.events(), {agency}, at);
    for (const auto& [job, partial] : commit.partials)
      ROWLANE_TRY(db.prepare("UPDATE sync_job SET partial=? WHERE id=?").bind_all(partial, job.value).run());
    for (const auto& [tab, state] : commit.tabs) {
      Json headers = Json(Json::Object{});
      for (const auto& [name, header] : state.headers) headers.set(name, header);
      ROWLANE_TRY(
          db.prepare(
                "INSERT INTO tab_state (agency_id, tab, sheet_id, title, headers) VALUES (?,?,?,?,?) ON CONFLICT DO UPDATE SET sheet_id=excluded.sheet_id, title=excluded.title, headers=excluded.headers")
              .bind_all(agency, tab, state.sheet_id, state.title, headers.dump())
              .run());
    }
    if (commit.journal) {
      const JournalStep& step = *commit.journal;
      ROWLANE_TRY(db.prepare("UPDATE journal SET entered=? WHERE pass_id=? AND chunk=?")
                      .bind_all(step.entered, step.pass.value, step.chunk)
                      .run());
      if (step.done)
        ROWLANE_TRY(db.prepare("UPDATE journal SET state='done', tables=x'' WHERE pass_id=? AND chunk=?")
                        .bind_all(step.pass.value, step.chunk)
                        .run());
    }
    return true;
  }));
}

}  // namespace rowlane::store
