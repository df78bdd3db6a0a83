// Claim, lease, load, journal, commit, finish.
#include <fmt/format.h>

#include "quota/call_window.hpp"
#include "store/sqlite/rows.hpp"

namespace rowlane::store {

namespace {

// Passes that failed by a fault of ours before jobs run one by one; times a job may fail alone.
constexpr int kFaultsTogetherMax = 2;
constexpr int kFaultsAloneMax = 3;

std::string_view to_string(CallKind kind) { return kind == CallKind::read ? "read" : "write"; }

// Stamps of calls within the window, ascending. `account` empty: the project's, over all accounts.
Result<std::vector<WallTime>> stamps(db::Sqlite& db, std::string_view account, CallKind kind, WallTime since) {
  std::vector<WallTime> out;
  db::Statement stmt =
      db.prepare("SELECT at_ms FROM quota_call WHERE kind=?1 AND at_ms>?2 AND (?3='' OR account=?3) ORDER BY at_ms");
  stmt.bind_all(to_string(kind), to_ms(since), account);
  for (;;) {
    const Result<bool> row = stmt.step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return out;
    out.push_back(from_ms(stmt.i64(0)));
  }
}

// When the account may make a call of that kind; nullopt: now.
Result<std::optional<WallTime>> budget_wait(db::Sqlite& db, std::string_view account, CallKind kind,
                                            const QuotaLimits& quota, int spare, WallTime now) {
  const int own = kind == CallKind::read ? quota.reads : quota.writes;
  const int project = kind == CallKind::read ? quota.project_reads : quota.project_writes;
  const WallTime since = now - quota.window - quota::guard(quota.window);
  std::optional<WallTime> wait;
  for (const auto& [limit, who] : {std::pair(own, account), std::pair(project, std::string_view())}) {
    if (limit <= 0) continue;
    const Result<std::vector<WallTime>> used = stamps(db, who, kind, since);
    if (!used) return std::unexpected(used.error());
    if (const auto free = quota::next_free(*used, limit, spare, quota.window, now))
      wait = std::max(wait.value_or(*free), *free);
  }
  return wait;
}

Result<std::optional<WallTime>> account_wait(db::Sqlite& db, std::string_view account, WallTime now) {
  db::Statement stmt = db.prepare("SELECT until_ms FROM account_wait WHERE account=? AND until_ms>?");
  const Result<bool> row = stmt.bind_all(account, to_ms(now)).step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return std::nullopt;
  return from_ms(stmt.i64(0));
}

Status check_lease(db::Sqlite& db, const Lease& lease, std::int64_t now_ms) {
  db::Statement stmt = db.prepare("SELECT 1 FROM spreadsheet WHERE id=? AND epoch=? AND lease_until_ms>?");
  const Result<bool> row = stmt.bind_all(lease.spreadsheet_id, lease.epoch, now_ms).step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return fail(Errc::lease_lost, "another pass has the spreadsheet now");
  return {};
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

// Takes the lease away: jobs that still run go back to `queued`, at the place they had.
Status release(db::Sqlite& db, std::string_view spreadsheet) {
  ROWLANE_TRY(
      db.prepare(
            "UPDATE lane SET queued=queued+(SELECT count(*) FROM sync_job j WHERE j.lane_id=lane.id AND j.state='running'), running=0, "
            "head_seq=coalesce((SELECT j.lane_seq FROM sync_job j WHERE j.lane_id=lane.id AND j.lane_seq>=lane.head_seq AND j.state IN ('queued', 'running') ORDER BY j.lane_seq LIMIT 1), seq_last+1) "
            "WHERE spreadsheet_id=? AND running>0")
          .bind(spreadsheet)
          .run());
  ROWLANE_TRY(
      db.prepare(
            "UPDATE sync_job SET state='queued', phase='' WHERE state='running' AND lane_id IN (SELECT id FROM lane WHERE spreadsheet_id=?)")
          .bind(spreadsheet)
          .run());
  return db.prepare("UPDATE spreadsheet SET lease_node=NULL, lease_until_ms=NULL, epoch=epoch+1 WHERE id=?")
      .bind(spreadsheet)
      .run();
}

// Spreadsheets whose wait is over, and those whose lease ran out, get a turn.
Status wake_due(db::Sqlite& db, std::int64_t now_ms) {
  db::Statement due = db.prepare("SELECT id FROM spreadsheet WHERE ready_at_ms<=? LIMIT 200");
  due.bind(now_ms);
  const Result<std::vector<std::string>> ready = texts(std::move(due));
  if (!ready) return std::unexpected(ready.error());
  for (const std::string& id : *ready) {
    ROWLANE_TRY(db.prepare("UPDATE spreadsheet SET ready_at_ms=NULL WHERE id=?").bind(id).run());
    ROWLANE_TRY(make_ready(db, id));
  }
  db::Statement late = db.prepare("SELECT id FROM spreadsheet WHERE lease_until_ms<=? LIMIT 200");
  late.bind(now_ms);
  const Result<std::vector<std::string>> lost = texts(std::move(late));
  if (!lost) return std::unexpected(lost.error());
  for (const std::string& id : *lost) {
    ROWLANE_TRY(release(db, id));
    ROWLANE_TRY(make_ready(db, id));
  }
  return {};
}

constexpr std::string_view kClaimColumns =
    "j.id, j.user_id, j.whole_agency, j.direction, j.kind, j.tabs, j.attempt, j.faults, j.partial, j.not_found, j.agency_id, j.lane_id";

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

// The first queued job of every lane of the spreadsheet, in the order accepted.
Result<std::vector<std::pair<ClaimedJob, std::int64_t>>> heads_of(db::Sqlite& db, std::string_view spreadsheet) {
  static const std::string sql = fmt::format(
      "SELECT {} FROM lane l JOIN sync_job j ON j.lane_id=l.id AND j.state='queued' AND j.lane_seq=(SELECT q.lane_seq FROM sync_job q WHERE q.lane_id=l.id AND q.lane_seq>=l.head_seq AND q.state='queued' ORDER BY q.lane_seq LIMIT 1) "
      "WHERE l.spreadsheet_id=? AND l.queued>0",
      kClaimColumns);
  std::vector<std::pair<ClaimedJob, std::int64_t>> out;
  db::Statement stmt = db.prepare(sql);
  stmt.bind(spreadsheet);
  for (;;) {
    const Result<bool> row = stmt.step();
    if (!row) return std::unexpected(row.error());
    if (!*row) break;
    out.emplace_back(read_claimed(stmt), stmt.i64(11));
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.first.id < b.first.id; });
  return out;
}

Result<Claim> claim_spreadsheet(db::Sqlite& db, const std::string& id, const ClaimRequest& request, std::int64_t now) {
  Claim claim;
  claim.lease.spreadsheet_id = id;
  claim.pass = {draw(db, "pass")};
  {
    db::Statement stmt = db.prepare("SELECT epoch, agency_id, account, faults, failures FROM spreadsheet WHERE id=?");
    const Result<bool> row = stmt.bind(id).step();
    if (!row) return std::unexpected(row.error());
    claim.lease.epoch = stmt.i64(0) + 1;
    claim.agency = {stmt.i64(1)};
    claim.account = stmt.text(2);
    claim.alone = stmt.i32(3) >= kFaultsTogetherMax;
    claim.failures = stmt.i32(4);
  }
  ROWLANE_TRY(
      db.prepare(
            "UPDATE spreadsheet SET turn=NULL, epoch=?, lease_node=?, lease_until_ms=?, pass_id=?, reason='', reason_text='' WHERE id=?")
          .bind_all(claim.lease.epoch, request.node, now + request.lease.count(), claim.pass.value, id)
          .run());
  Result<std::vector<std::pair<ClaimedJob, std::int64_t>>> heads = heads_of(db, id);
  if (!heads) return std::unexpected(heads.error());
  if (claim.alone && heads->size() > 1) heads->resize(1);
  for (auto& [job, lane] : *heads) {
    ROWLANE_TRY(
        db.prepare(
              "UPDATE sync_job SET state='running', attempt=attempt+1, started_at_ms=?, phase='reading', done=0, total=0 WHERE id=?")
            .bind_all(now, job.id.value)
            .run());
    if (claim.alone)
      ROWLANE_TRY(db.prepare("UPDATE lane SET queued=queued-1, running=running+1 WHERE id=?").bind(lane).run());
    ++job.attempt;
    claim.heads.push_back(std::move(job));
  }
  // Every lane that has something queued gave its head: one statement for all of them, and one for their events.
  if (!claim.alone)
    ROWLANE_TRY(db.prepare("UPDATE lane SET queued=queued-1, running=running+1 WHERE spreadsheet_id=? AND queued>0")
                    .bind(id)
                    .run());
  ROWLANE_TRY(
      db.prepare(
            "INSERT INTO event (agency_id, user_id, kind, subject, at_ms) SELECT j.agency_id, j.user_id, 'job', j.id, ? FROM lane l "
            "JOIN sync_job j ON j.lane_id=l.id AND j.state='running' WHERE l.spreadsheet_id=? ORDER BY j.id")
          .bind_all(now, id)
          .run());
  return claim;
}

void keep_earliest(std::optional<WallTime>& earliest, std::optional<WallTime> candidate) {
  if (candidate) earliest = std::min(earliest.value_or(*candidate), *candidate);
}

}  // namespace

Task<Result<ClaimAnswer>> SqliteStore::claim_next(ClaimRequest request) {
  return write<ClaimAnswer>([this, request = std::move(request)](db::Sqlite& db) -> Result<ClaimAnswer> {
    const WallTime now = clock_.now();
    ROWLANE_TRY(wake_due(db, to_ms(now)));
    ClaimAnswer answer;
    for (const std::string& account : request.accounts) {
      std::string id;
      {
        db::Statement stmt =
            db.prepare("SELECT id FROM spreadsheet WHERE account=? AND turn IS NOT NULL ORDER BY turn LIMIT 1");
        const Result<bool> row = stmt.bind(account).step();
        if (!row) return std::unexpected(row.error());
        if (!*row) continue;
        id = stmt.text(0);
      }
      // A pass starts only with a read and a write to spend; one write in ten is kept for repairs.
      const QuotaLimits quota = quota_of(request.quota, account);
      Result<std::optional<WallTime>> wait = account_wait(db, account, now);
      if (wait && !*wait) wait = budget_wait(db, account, CallKind::read, quota, 0, now);
      if (wait && !*wait) wait = budget_wait(db, account, CallKind::write, quota, quota.writes / 10, now);
      if (!wait) return std::unexpected(wait.error());
      if (*wait) {
        keep_earliest(answer.wake_at, *wait);
        continue;
      }
      Result<Claim> claim = claim_spreadsheet(db, id, request, to_ms(now));
      if (!claim) return std::unexpected(claim.error());
      answer.account = account;
      answer.claim = std::move(*claim);
      return answer;
    }
    for (const std::string_view sql :
         {std::string_view("SELECT min(ready_at_ms) FROM spreadsheet WHERE ready_at_ms IS NOT NULL"),
          std::string_view("SELECT min(lease_until_ms) FROM spreadsheet WHERE lease_until_ms IS NOT NULL")}) {
      db::Statement stmt = db.prepare(sql);
      const Result<bool> row = stmt.step();
      if (!row) return std::unexpected(row.error());
      if (!stmt.is_null(0)) keep_earliest(answer.wake_at, from_ms(stmt.i64(0)));
    }
    return answer;
  });
}

namespace {
Status status_of(const Result<bool>& result) {
  if (!result) return std::unexpected(result.error());
  return {};
}
}  // namespace

Task<Status> SqliteStore::renew(Lease lease, Millis length) {
  co_return status_of(co_await write<bool>([this, lease, length](db::Sqlite& db) -> Result<bool> {
    ROWLANE_TRY(check_lease(db, lease, now_ms()));
    ROWLANE_TRY(db.prepare("UPDATE spreadsheet SET lease_until_ms=? WHERE id=?")
                    .bind_all(now_ms() + length.count(), lease.spreadsheet_id)
                    .run());
    return true;
  }));
}

Task<Status> SqliteStore::may_send(Lease lease, std::string account, CallKind kind, QuotaLimits quota) {
  co_return status_of(co_await write<bool>([this, lease, account, kind, quota](db::Sqlite& db) -> Result<bool> {
    const WallTime now = clock_.now();
    ROWLANE_TRY(check_lease(db, lease, to_ms(now)));
    if (quota.reads <= 0 && quota.writes <= 0 && quota.project_reads <= 0 && quota.project_writes <= 0) return true;
    const Result<std::optional<WallTime>> wait = budget_wait(db, account, kind, quota, 0, now);
    if (!wait) return std::unexpected(wait.error());
    if (*wait) {
      Error error{.code = Errc::quota_exceeded, .message = "the account's calls of this window are spent", .field = {}};
      error.retry_after = std::chrono::duration_cast<Millis>(**wait - now);
      return std::unexpected(std::move(error));
    }
    ROWLANE_TRY(db.prepare("INSERT INTO quota_call (account, kind, at_ms) VALUES (?,?,?)")
                    .bind_all(account, to_string(kind), to_ms(now))
                    .run());
    ROWLANE_TRY(db.prepare("DELETE FROM quota_call WHERE kind=? AND at_ms<?")
                    .bind_all(to_string(kind), to_ms(now - quota.window * 2))
                    .run());
    return true;
  }));
}

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
    {
      // Open holds, and the confirmed ones of the jobs that run now.
      db::Statement stmt = db.prepare(
          "SELECT h.job_id, h.record_id, h.tab, h.record_version, h.row_hash FROM hold h WHERE h.agency_id=? AND "
          "(h.state='open' OR (h.state='confirmed' AND (SELECT state FROM sync_job WHERE id=h.job_id)='running'))");
      stmt.bind(claim.agency.value);
      for (;;) {
        const Result<bool> row = stmt.step();
        if (!row) return std::unexpected(row.error());
        if (!*row) break;
        data.holds.push_back({{stmt.i64(0)}, {stmt.i64(1)}, stmt.text(2), stmt.i64(3), stmt.text(4)});
      }
    }
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
          "SELECT pass_id, chunk, token, body, tables FROM journal WHERE spreadsheet_id=? AND state='pending' ORDER BY pass_id, chunk");
      stmt.bind(claim.lease.spreadsheet_id);
      for (;;) {
        const Result<bool> row = stmt.step();
        if (!row) return std::unexpected(row.error());
        if (!*row) break;
        data.journal.push_back({{stmt.i64(0)}, stmt.i32(1), stmt.i64(2), stmt.text(3), stmt.text(4)});
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
  co_return status_of(co_await write<bool>([this, lease, entry = std::move(entry)](db::Sqlite& db) -> Result<bool> {
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
    static const std::string told = fmt::format(
        "INSERT INTO event (agency_id, user_id, kind, subject, at_ms) SELECT agency_id, user_id, 'job', id, ? FROM sync_job WHERE {}",
        kRunning);
    ROWLANE_TRY(db.prepare(told).bind_all(at, lease.spreadsheet_id).run());
    return true;
  }));
}

Task<Status> SqliteStore::drop_journal(Lease lease, PassId pass, int chunk) {
  co_return status_of(co_await write<bool>([this, lease, pass, chunk](db::Sqlite& db) -> Result<bool> {
    ROWLANE_TRY(check_lease(db, lease, now_ms()));
    ROWLANE_TRY(
        db.prepare("UPDATE journal SET state='dropped', tables=x'' WHERE pass_id=? AND chunk=? AND state='pending'")
            .bind_all(pass.value, chunk)
            .run());
    return true;
  }));
}

Task<Status> SqliteStore::commit_chunk(Lease lease, ChunkCommit commit) {
  co_return status_of(co_await write<bool>([this, lease, commit = std::move(commit)](db::Sqlite& db) -> Result<bool> {
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
    ROWLANE_TRY(events.write(db, {agency}, at));
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
    if (commit.journal && commit.journal_body)
      ROWLANE_TRY(db.prepare("UPDATE journal SET body=? WHERE pass_id=? AND chunk=?")
                      .bind_all(*commit.journal_body, commit.journal->first.value, commit.journal->second)
                      .run());
    else if (commit.journal)
      ROWLANE_TRY(db.prepare("UPDATE journal SET state='done', tables=x'' WHERE pass_id=? AND chunk=?")
                      .bind_all(commit.journal->first.value, commit.journal->second)
                      .run());
    return true;
  }));
}

namespace {

// A transaction settles at most so many jobs, so that users' writes never wait long behind one pass.
constexpr std::size_t kSettledAtOnceMax = 200;

using LaneCounts = std::map<std::int64_t, std::int64_t>;

// Enters the outcome of one job. One that followed a head is counted in `followers`, for `count_off`; lanes' running
// ones are counted by `release`.
Status settle_job(db::Sqlite& db, const Claim& claim, const JobOutcome& job, LaneCounts& followers, std::int64_t at) {
  const auto head =
      std::find_if(claim.heads.begin(), claim.heads.end(), [&](const ClaimedJob& each) { return each.id == job.id; });
  const bool is_head = head != claim.heads.end(), done = job.state != JobState::held;
  ROWLANE_TRY(
      db.prepare(
            "UPDATE sync_job SET state=?1, result=?2, error=?3, settled_by=?4, finished_at_ms=?5, started_at_ms=coalesce(started_at_ms, ?6), phase='', "
            "partial=?7, done=CASE WHEN ?1 IN ('succeeded', 'held') THEN total ELSE done END WHERE id=?8 AND state=?9")
          .bind_all(rowlane::to_string(job.state), job.result, job.error,
                    job.settled_by ? std::optional(job.settled_by.value) : std::nullopt,
                    done ? std::optional(at) : std::nullopt, at,
                    done ? std::string_view() : std::string_view(job.result), job.id.value,
                    is_head ? "running" : "queued")
          .run());
  if (db.changes() == 0) return {};  // cancelled meanwhile
  UserId user;
  if (is_head) {
    user = head->user;
  } else {
    db::Statement stmt = db.prepare("SELECT lane_id, user_id FROM sync_job WHERE id=?");
    const Result<bool> row = stmt.bind(job.id.value).step();
    if (!row) return std::unexpected(row.error());
    ++followers[stmt.i64(0)];
    user = {stmt.i64(1)};
  }
  for (const NewHold& hold : job.holds) {
    ROWLANE_TRY(
        db.prepare(
              "INSERT INTO hold (agency_id, job_id, record_id, tab, sheet_row, record_version, row_hash, shown) VALUES (?,?,?,?,?,?,?,?)")
            .bind_all(claim.agency.value, job.id.value, hold.record.value, hold.tab, hold.row, hold.record_version,
                      hold.row_hash, hold.shown)
            .run());
    ROWLANE_TRY(db.prepare("UPDATE record SET sync_state='held', sync_at_ms=? WHERE id=? AND version=?")
                    .bind_all(at, hold.record.value, hold.record_version)
                    .run());
  }
  return add_event(db, claim.agency, user, "job", job.id.value, at);
}

Status settle_jobs(db::Sqlite& db, const Claim& claim, const std::vector<JobOutcome>& jobs, std::int64_t at) {
  LaneCounts followers;
  for (const JobOutcome& job : jobs) ROWLANE_TRY(settle_job(db, claim, job, followers, at));
  for (const auto& [lane, count] : followers)
    ROWLANE_TRY(db.prepare("UPDATE lane SET queued=queued-? WHERE id=?").bind_all(count, lane).run());
  return {};
}

// What is settled before the last transaction of a pass with very many jobs: its heads first, then those that follow,
// as each lane has them. A crash in between leaves the rest to the next pass.
std::vector<std::vector<JobOutcome>> split_settled(const Claim& claim, std::vector<JobOutcome>& jobs) {
  std::vector<std::vector<JobOutcome>> parts;
  if (jobs.size() <= kSettledAtOnceMax) return parts;
  const auto is_head = [&](const JobOutcome& job) {
    return std::any_of(claim.heads.begin(), claim.heads.end(),
                       [&](const ClaimedJob& head) { return head.id == job.id; });
  };
  std::sort(jobs.begin(), jobs.end(), [&](const JobOutcome& a, const JobOutcome& b) {
    return std::pair(!is_head(a), a.id) < std::pair(!is_head(b), b.id);
  });
  auto first = jobs.begin();
  while (static_cast<std::size_t>(jobs.end() - first) > kSettledAtOnceMax) {
    const auto end = first + static_cast<std::ptrdiff_t>(kSettledAtOnceMax);
    parts.emplace_back(std::make_move_iterator(first), std::make_move_iterator(end));
    first = end;
  }
  jobs.erase(jobs.begin(), first);
  return parts;
}

}  // namespace

Task<Status> SqliteStore::finish_pass(Claim claim, PassOutcome outcome) {
  for (std::vector<JobOutcome>& part : split_settled(claim, outcome.jobs)) {
    const Result<bool> settled =
        co_await write<bool>([this, claim, part = std::move(part)](db::Sqlite& db) -> Result<bool> {
          const std::int64_t at = now_ms();
          ROWLANE_TRY(check_lease(db, claim.lease, at));
          ROWLANE_TRY(settle_jobs(db, claim, part, at));
          return true;
        });
    if (!settled) co_return std::unexpected(settled.error());
  }
  const Result<bool> done = co_await write<bool>([this, claim = std::move(claim),
                                                  outcome = std::move(outcome)](db::Sqlite& db) -> Result<bool> {
    const std::int64_t at = now_ms();
    const std::string& id = claim.lease.spreadsheet_id;
    ROWLANE_TRY(check_lease(db, claim.lease, at));
    ROWLANE_TRY(settle_jobs(db, claim, outcome.jobs, at));
    if (!outcome.fault.empty() && claim.alone && !claim.heads.empty()) {
      const ClaimedJob& job = claim.heads.front();
      ROWLANE_TRY(db.prepare("UPDATE sync_job SET faults=faults+1 WHERE id=?").bind(job.id.value).run());
      if (job.faults + 1 >= kFaultsAloneMax)
        ROWLANE_TRY(settle_jobs(db, claim,
                                {{.id = job.id,
                                  .state = JobState::failed,
                                  .result = {},
                                  .error = outcome.fault,
                                  .settled_by = {},
                                  .holds = {}}},
                                at));
    }
    if (outcome.park == WaitReason::quota)  // waiting for the window is no attempt
      ROWLANE_TRY(
          db.prepare(
                "UPDATE sync_job SET attempt=attempt-1 WHERE state='running' AND lane_id IN (SELECT id FROM lane WHERE spreadsheet_id=? AND running>0)")
              .bind(id)
              .run());
    ROWLANE_TRY(release(db, id));
    const bool retry = outcome.park == WaitReason::retry;
    if (outcome.park != WaitReason::none && outcome.park_account)
      ROWLANE_TRY(
          db.prepare(
                "INSERT INTO account_wait (account, until_ms) VALUES (?,?) ON CONFLICT DO UPDATE SET until_ms=max(until_ms, excluded.until_ms)")
              .bind_all(claim.account, at + outcome.park_for.count())
              .run());
    ROWLANE_TRY(
        db.prepare(
              "UPDATE spreadsheet SET reason=?, reason_text=?, ready_at_ms=?, failures=CASE WHEN ? THEN failures+1 ELSE 0 END, faults=CASE WHEN ? THEN faults+1 ELSE 0 END WHERE id=?")
            .bind_all(rowlane::to_string(outcome.park), outcome.park_text,
                      outcome.park == WaitReason::none ? std::nullopt : std::optional(at + outcome.park_for.count()),
                      retry, !outcome.fault.empty(), id)
            .run());
    ROWLANE_TRY(make_ready(db, id));
    return true;
  });
  wake();
  co_return status_of(done);
}

namespace {

// A crash is a fault of the pass that ran on the spreadsheet, counted before its lease is taken away. Where jobs ran
// alone already it is the job's own, and with the last that is borne the job has failed.
Status count_crash(db::Sqlite& db, const std::string& spreadsheet, std::int64_t at) {
  constexpr std::string_view kRanAlone =
      "state='running' AND lane_id IN (SELECT l.id FROM lane l JOIN spreadsheet s ON s.id=l.spreadsheet_id WHERE s.id=? AND s.faults>=? AND l.running>0)";
  const auto on_lone_jobs = [&](std::string_view sql) { return db.prepare(fmt::format(fmt::runtime(sql), kRanAlone)); };
  ROWLANE_TRY(
      on_lone_jobs("UPDATE sync_job SET faults=faults+1 WHERE {}").bind_all(spreadsheet, kFaultsTogetherMax).run());
  ROWLANE_TRY(
      on_lone_jobs(
          "INSERT INTO event (agency_id, user_id, kind, subject, at_ms) SELECT agency_id, user_id, 'job', id, ? FROM sync_job WHERE {} AND faults>=?")
          .bind_all(at, spreadsheet, kFaultsTogetherMax, kFaultsAloneMax)
          .run());
  ROWLANE_TRY(on_lone_jobs(
                  "UPDATE lane SET running=running-1 WHERE id IN (SELECT lane_id FROM sync_job WHERE {} AND faults>=?)")
                  .bind_all(spreadsheet, kFaultsTogetherMax, kFaultsAloneMax)
                  .run());
  // The lane counts it no more, so its rows are found by the state alone.
  ROWLANE_TRY(
      db.prepare(
            "UPDATE sync_job SET state='failed', error='the server crashed each time that this job ran', finished_at_ms=?, phase='' "
            "WHERE state='running' AND faults>=? AND lane_id IN (SELECT id FROM lane WHERE spreadsheet_id=?)")
          .bind_all(at, kFaultsAloneMax, spreadsheet)
          .run());
  return db.prepare("UPDATE spreadsheet SET faults=faults+1 WHERE id=?").bind(spreadsheet).run();
}

}  // namespace

Task<Status> SqliteStore::end_predecessors_leases(bool after_crash) {
  co_return status_of(co_await write<bool>([this, after_crash](db::Sqlite& db) -> Result<bool> {
    const Result<std::vector<std::string>> held =
        texts(db.prepare("SELECT id FROM spreadsheet WHERE lease_node IS NOT NULL"));
    if (!held) return std::unexpected(held.error());
    for (const std::string& id : *held) {
      if (after_crash) ROWLANE_TRY(count_crash(db, id, now_ms()));
      ROWLANE_TRY(release(db, id));
      ROWLANE_TRY(make_ready(db, id));
    }
    return true;
  }));
}

Task<Result<std::int64_t>> SqliteStore::expire() {
  return write<std::int64_t>([this](db::Sqlite& db) -> Result<std::int64_t> {
    constexpr std::int64_t kDay = 24LL * 3600 * 1000;
    const std::int64_t now = now_ms();
    struct Rule {
      std::string_view sql;
      std::int64_t keep_ms;
    };
    // Small bites: no transaction of housekeeping keeps users waiting.
    const Rule rules[] = {
        {"DELETE FROM sync_job WHERE id IN (SELECT id FROM sync_job WHERE finished_at_ms<? LIMIT 500)", 90 * kDay},
        {"DELETE FROM event WHERE id IN (SELECT id FROM event ORDER BY id LIMIT 2000) AND at_ms<?", kDay},
        {"DELETE FROM history WHERE id IN (SELECT id FROM history WHERE at_ms<? LIMIT 1000)", 400 * kDay},
        {"DELETE FROM activity WHERE id IN (SELECT id FROM activity WHERE at_ms<? LIMIT 1000)", 400 * kDay},
        {"DELETE FROM journal WHERE state<>'pending' AND at_ms<?", 30 * kDay},
        {"DELETE FROM record WHERE id IN (SELECT id FROM record WHERE deleted_at_ms<? LIMIT 500)", 90 * kDay},
        {"DELETE FROM idempotency WHERE at_ms<?", kDay},
        {"DELETE FROM session WHERE expires_at_ms<?", 0},
    };
    std::int64_t deleted = 0;
    for (const Rule& rule : rules) {
      ROWLANE_TRY(db.prepare(rule.sql).bind(now - rule.keep_ms).run());
      deleted += db.changes();
    }
    return deleted;
  });
}

Task<Status> SqliteStore::backup(std::string path) {
  co_return status_of(co_await read<bool>([path = std::move(path)](db::Sqlite& db) -> Result<bool> {
    ROWLANE_TRY(db::backup_to(db, path));
    return true;
  }));
}

Task<Status> SqliteStore::ping() {
  co_return status_of(co_await read<bool>([](db::Sqlite& db) -> Result<bool> {
    const Result<bool> row = db.prepare("SELECT 1").step();
    if (!row) return std::unexpected(row.error());
    return true;
  }));
}

}  // namespace rowlane::store
