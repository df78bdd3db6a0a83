// Claims, leases, and the budget of calls.
#include <fmt/format.h>

#include "quota/call_window.hpp"
#include "store/sqlite/holds.hpp"
#include "store/sqlite/lease.hpp"

namespace rowlane::store {

namespace {

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

Result<Claim> claim_spreadsheet(Writer& db, const std::string& id, const ClaimRequest& request, std::int64_t now) {
  Claim claim;
  claim.lease.spreadsheet_id = id;
  const Result<std::int64_t> number = draw(db, "pass");
  if (!number) return std::unexpected(number.error());
  claim.pass = {*number};
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
    db.events().add(job.scope.agency, job.user, EventKind::job, job.id.value, now);
    claim.heads.push_back(std::move(job));
  }
  // Every lane that has something queued gave its head: one statement for all of them.
  if (!claim.alone)
    ROWLANE_TRY(db.prepare("UPDATE lane SET queued=queued-1, running=running+1 WHERE spreadsheet_id=? AND queued>0")
                    .bind(id)
                    .run());
  return claim;
}

// The spreadsheet of the account whose turn it is; "" for none. One whose jobs were all cancelled loses its turn: a
// pass without a job would cost a read.
Result<std::string> next_with_jobs(db::Sqlite& db, std::string_view account) {
  for (;;) {
    std::string id;
    {
      db::Statement stmt = db.prepare(R"(
          SELECT id, EXISTS (SELECT 1 FROM lane WHERE lane.spreadsheet_id=spreadsheet.id AND lane.queued>0)
          FROM spreadsheet WHERE account=? AND turn IS NOT NULL ORDER BY turn LIMIT 1)");
      const Result<bool> row = stmt.bind(account).step();
      if (!row) return std::unexpected(row.error());
      if (!*row) return std::string();
      id = stmt.text(0);
      if (stmt.i32(1)) return id;
    }
    ROWLANE_TRY(db.prepare("UPDATE spreadsheet SET turn=NULL WHERE id=?").bind(id).run());
  }
}

void keep_earliest(std::optional<WallTime>& earliest, std::optional<WallTime> candidate) {
  if (candidate) earliest = std::min(earliest.value_or(*candidate), *candidate);
}

}  // namespace

Task<Result<ClaimAnswer>> SqliteStore::claim_next(ClaimRequest request) {
  return write<ClaimAnswer>(
      [this, request = std::move(request)](Writer& db) -> Result<ClaimAnswer> {
        const WallTime now = clock_.now();
        ROWLANE_TRY(wake_due(db, to_ms(now)));
        ClaimAnswer answer;
        for (const std::string& account : request.accounts) {
          const Result<std::string> id = next_with_jobs(db, account);
          if (!id) return std::unexpected(id.error());
          if (id->empty()) continue;
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
          Result<Claim> claim = claim_spreadsheet(db, *id, request, to_ms(now));
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
      },
      SqliteRunner::Undo::nothing_to_undo);
}

Task<Status> SqliteStore::renew(Lease lease, Millis length) {
  co_return status_of(co_await write<bool>([this, lease, length](Writer& db) -> Result<bool> {
    ROWLANE_TRY(check_lease(db, lease, now_ms()));
    ROWLANE_TRY(db.prepare("UPDATE spreadsheet SET lease_until_ms=? WHERE id=?")
                    .bind_all(now_ms() + length.count(), lease.spreadsheet_id)
                    .run());
    return true;
  }));
}

Task<Status> SqliteStore::may_send(Lease lease, std::string account, CallKind kind, QuotaLimits quota) {
  co_return status_of(co_await write<bool>([this, lease, account, kind, quota](Writer& db) -> Result<bool> {
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

namespace {

// A crash is a fault of the pass that ran on the spreadsheet, counted before its lease is taken away. Where jobs ran
// alone already it is the job's own, and with the last that is borne the job has failed.
Status count_crash(Writer& db, const std::string& spreadsheet, std::int64_t at) {
  constexpr std::string_view kRanAlone =
      "state='running' AND lane_id IN (SELECT l.id FROM lane l JOIN spreadsheet s ON s.id=l.spreadsheet_id WHERE s.id=? AND s.faults>=? AND l.running>0)";
  const auto on_lone_jobs = [&](std::string_view sql) { return db.prepare(fmt::format(fmt::runtime(sql), kRanAlone)); };
  ROWLANE_TRY(
      on_lone_jobs("UPDATE sync_job SET faults=faults+1 WHERE {}").bind_all(spreadsheet, kFaultsTogetherMax).run());
  {
    db::Statement failed = on_lone_jobs("SELECT agency_id, user_id, id FROM sync_job WHERE {} AND faults>=?");
    failed.bind_all(spreadsheet, kFaultsTogetherMax, kFaultsAloneMax);
    ROWLANE_TRY(tell_of_jobs(db.events(), failed, at));
  }
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
  const auto unfinished = std::make_shared<std::vector<std::pair<JobId, UserId>>>();
  const Result<bool> ended = co_await write<bool>([this, after_crash, unfinished](Writer& db) -> Result<bool> {
    Result<std::vector<std::pair<JobId, UserId>>> cancelled = jobs_to_put_back(db);
    if (!cancelled) return std::unexpected(cancelled.error());
    *unfinished = std::move(*cancelled);
    const Result<std::vector<std::string>> held =
        texts(db.prepare("SELECT id FROM spreadsheet WHERE lease_node IS NOT NULL"));
    if (!held) return std::unexpected(held.error());
    for (const std::string& id : *held) {
      if (after_crash) ROWLANE_TRY(count_crash(db, id, now_ms()));
      ROWLANE_TRY(release(db, id));
      ROWLANE_TRY(make_ready(db, id));
    }
    return true;
  });
  if (!ended) co_return std::unexpected(ended.error());
  for (const auto& [job, user] : *unfinished)
    if (const Status back = co_await put_back(job, user); !back) co_return back;
  co_return Status{};
}

}  // namespace rowlane::store
