// The end of a pass: its jobs are settled, and the spreadsheet gets its next turn or waits.
#include "store/sqlite/holds.hpp"
#include "store/sqlite/lease.hpp"

namespace rowlane::store {

namespace {

// A transaction settles at most so many jobs, so that users' writes never wait long behind one pass.
constexpr std::size_t kSettledAtOnceMax = 200;

using LaneCounts = std::map<std::int64_t, std::int64_t>;

// Enters the outcome of one job. One that followed a head is counted in `followers`, for `count_off`; lanes' running
// ones are counted by `release`.
Status settle_job(Writer& db, const Claim& claim, const JobOutcome& job, LaneCounts& followers, std::int64_t at) {
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
  if (db.changes() == 0)
    return job.holds.empty() ? Status{} : drop_staged_holds(db, job.id, at);  // cancelled meanwhile
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
  if (!job.activity.empty())
    ROWLANE_TRY(add_activity(db, claim.agency, user, at, "sync", job.activity, std::nullopt, job.id));
  db.events().add(claim.agency, user, EventKind::job, job.id.value, at);
  return {};
}

Status settle_jobs(Writer& db, const Claim& claim, const std::vector<JobOutcome>& jobs, std::int64_t at) {
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

// Lists the holds of a job before it is held. A pass that dies in between leaves them to be listed anew.
Task<Status> SqliteStore::list_holds(Claim claim, JobId job, std::vector<NewHold> holds) {
  for (std::size_t next = 0; next < holds.size(); next += kHoldsPerCommit) {
    const std::size_t end = std::min(holds.size(), next + kHoldsPerCommit);
    std::vector<NewHold> piece(holds.begin() + static_cast<std::ptrdiff_t>(next),
                               holds.begin() + static_cast<std::ptrdiff_t>(end));
    const Result<bool> listed = co_await write<bool>(
        [this, claim, job, is_first = next == 0, piece = std::move(piece)](Writer& db) -> Result<bool> {
          const std::int64_t at = now_ms();
          ROWLANE_TRY(check_lease(db, claim.lease, at));
          if (is_first) ROWLANE_TRY(drop_staged_holds(db, job, at));
          ROWLANE_TRY(stage_holds(db, claim.agency, job, piece, at));
          return true;
        });
    if (!listed) co_return std::unexpected(listed.error());
  }
  co_return Status{};
}

Task<Status> SqliteStore::finish_pass(Claim claim, PassOutcome outcome) {
  for (const JobOutcome& job : outcome.jobs)
    if (!job.holds.empty())
      if (const Status listed = co_await list_holds(claim, job.id, job.holds); !listed) co_return listed;
  for (std::vector<JobOutcome>& part : split_settled(claim, outcome.jobs)) {
    const Result<bool> settled = co_await write<bool>(
        [this, claim, part = std::move(part)](Writer& db) -> Result<bool> {
          const std::int64_t at = now_ms();
          ROWLANE_TRY(check_lease(db, claim.lease, at));
          ROWLANE_TRY(settle_jobs(db, claim, part, at));
          return true;
        },
        SqliteRunner::Undo::nothing_to_undo);
    if (!settled) co_return std::unexpected(settled.error());
  }
  const Result<bool> done = co_await write<bool>(
      [this, claim = std::move(claim), outcome = std::move(outcome)](Writer& db) -> Result<bool> {
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
                .bind_all(
                    rowlane::to_string(outcome.park), outcome.park_text,
                    outcome.park == WaitReason::none ? std::nullopt : std::optional(at + outcome.park_for.count()),
                    retry, !outcome.fault.empty(), id)
                .run());
        ROWLANE_TRY(make_ready(db, id));
        // Whoever presses is told that it waits, and why, in the moment that it does.
        if (outcome.park != WaitReason::none) ROWLANE_TRY(tell_of_queued(db, id, at));
        return true;
      },
      SqliteRunner::Undo::nothing_to_undo);
  wake();
  co_return status_of(done);
}

}  // namespace rowlane::store
