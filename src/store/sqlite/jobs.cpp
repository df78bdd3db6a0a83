// The durable queue as users see it.
#include <fmt/format.h>

#include <array>
#include <limits>

#include "plan/natural_key.hpp"
#include "store/sqlite/holds.hpp"
#include "store/sqlite/lease.hpp"

namespace rowlane::store {

namespace {

constexpr std::int64_t kIdempotencyMs = 24LL * 3600 * 1000;

constexpr std::string_view kJobColumns =
    "j.id, j.direction, j.kind, j.tabs, j.user_id, j.state, j.attempt, j.phase, j.done, j.total, j.result, j.error, j.settled_by, "
    "j.retry_of, j.created_at_ms, j.started_at_ms, j.finished_at_ms, s.reason, s.reason_text, s.ready_at_ms, a.until_ms, "
    "CASE WHEN j.state='queued' THEN (SELECT count(*) FROM sync_job q WHERE q.lane_id=j.lane_id AND q.lane_seq BETWEEN l.head_seq AND j.lane_seq AND q.state='queued') + l.running END, u.email";
// Those that ended last are near the lane's head: a poll does not read all that ever ended in it.
constexpr std::string_view kEndedLately = "j.finished_at_ms IS NOT NULL AND j.lane_seq>=l.head_seq-200";
constexpr std::string_view kJobTables =
    "sync_job j JOIN app_user u ON u.id=j.user_id JOIN lane l ON l.id=j.lane_id JOIN spreadsheet s ON s.id=l.spreadsheet_id LEFT JOIN account_wait a ON a.account=s.account";

JobState stored_state(std::string_view name) {
  for (const JobState state :
       {JobState::queued, JobState::running, JobState::held, JobState::succeeded, JobState::failed})
    if (to_string(state) == name) return state;
  return JobState::cancelled;
}

Job read_job(const db::Statement& row, std::int64_t now_ms) {
  Job job;
  job.id = {row.i64(0)};
  job.direction = direction_from(row.view(1)).value_or(Direction::to_sheet);
  job.kind = row.view(2) == "confirm" ? JobKind::confirm : JobKind::sync;
  job.tabs = split_tabs(row.view(3));
  job.user = {row.i64(4)}, job.user_email = row.text(22);
  job.state = stored_state(row.view(5));
  job.attempt = row.i32(6);
  job.phase = row.text(7);
  job.done = row.i64(8), job.total = row.i64(9);
  job.result = row.text(10), job.error = row.text(11);
  job.settled_by = {row.i64(12)}, job.retry_of = {row.i64(13)};
  job.created_at = from_ms(row.i64(14));
  if (!row.is_null(15)) job.started_at = from_ms(row.i64(15));
  if (!row.is_null(16)) job.finished_at = from_ms(row.i64(16));
  if (job.state == JobState::queued) {
    job.position = row.i64(21);
    const bool account_waits = !row.is_null(20) && row.i64(20) > now_ms;
    if (!row.is_null(19))
      job.reason = wait_reason_from(row.view(17)), job.reason_text = row.text(18), job.ready_at = from_ms(row.i64(19));
    else if (account_waits)
      job.reason = WaitReason::quota, job.ready_at = from_ms(row.i64(20));
    if (job.reason != WaitReason::none) job.state = JobState::waiting;
  }
  return job;
}

// Jobs the caller may see: the own ones, and for a manager the agency's.
Result<Job> find_job(db::Sqlite& db, const Scope& scope, JobId id, std::int64_t now_ms) {
  static const std::string sql =
      fmt::format("SELECT {} FROM {} WHERE j.id=? AND j.agency_id=? AND (? OR j.user_id=?)", kJobColumns, kJobTables);
  db::Statement stmt = db.prepare(sql);
  const Result<bool> row = stmt.bind_all(id.value, scope.agency.value, scope.whole_agency, scope.user.value).step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return fail(Errc::not_found, "there is no such job");
  return read_job(stmt, now_ms);
}

// The user's scope by its role of today.
Result<Scope> scope_of_user(db::Sqlite& db, AgencyId agency, UserId user) {
  db::Statement stmt = db.prepare("SELECT role='manager' FROM app_user WHERE id=? AND agency_id=?");
  const Result<bool> row = stmt.bind_all(user.value, agency.value).step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return fail(Errc::not_found, "there is no such user");
  return Scope{agency, user, stmt.i32(0) != 0};
}

struct LanePlace {
  std::int64_t lane = 0, seq = 0, position = 0;
};

struct LaneNow {
  std::int64_t id = 0, seq_last = 0, unfinished = 0;
};

Result<std::optional<LaneNow>> find_lane(db::Sqlite& db, const Scope& scope, std::string_view spreadsheet) {
  db::Statement stmt = db.prepare("SELECT id, seq_last, queued+running FROM lane WHERE spreadsheet_id=? AND user_id=?");
  const Result<bool> row = stmt.bind_all(spreadsheet, scope.user.value).step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return std::nullopt;
  return LaneNow{stmt.i64(0), stmt.i64(1), stmt.i64(2)};
}

// The next place in the caller's lane, drawn under the writer's lock. Read, then written: what `RETURNING` gives goes
// through a table of its own, which costs more than the second look.
Result<LanePlace> take_place(db::Sqlite& db, const Scope& scope, std::string_view spreadsheet, int lane_jobs_max) {
  const Result<std::optional<LaneNow>> found = find_lane(db, scope, spreadsheet);
  if (!found) return std::unexpected(found.error());
  if (!*found) {
    ROWLANE_TRY(db.prepare("INSERT INTO lane (agency_id, spreadsheet_id, user_id, seq_last, queued) VALUES (?,?,?,1,1)")
                    .bind_all(scope.agency.value, spreadsheet, scope.user.value)
                    .run());
    return LanePlace{db.last_insert_id(), 1, 1};
  }
  const LaneNow& lane = **found;
  if (lane.unfinished >= lane_jobs_max)
    return fail(Errc::too_many,
                fmt::format("queue_full: {} of your jobs on this spreadsheet are unfinished already", lane_jobs_max));
  ROWLANE_TRY(
      db.prepare("UPDATE lane SET seq_last=?, queued=queued+1 WHERE id=?").bind_all(lane.seq_last + 1, lane.id).run());
  return LanePlace{lane.id, lane.seq_last + 1, lane.unfinished + 1};
}

// Resolves one entry of deletedCustomers to a record or tombstone of the scope; not_found when it names none, or
// several.
Result<Record> resolve_deleted(db::Sqlite& db, const Scope& scope, const DeletedCustomer& entry,
                               FieldCatalogue& catalogue) {
  const auto fits = [&](const Record& record) {
    const auto same = [&](const std::string& given, FieldId id) {
      return given.empty() || plan::join_key({given}) == plan::join_key({record.fields.text(id)}) ||
             given == record.fields.text(id);
    };
    return same(entry.policy_no, field::current_policy_no) && same(entry.registration_no, field::registration_no) &&
           same(entry.name, field::name) && same(entry.mobile_number, field::mobile_number);
  };
  if (!entry.id.empty()) {
    Result<Record> record = find_record(db, scope, entry.id, catalogue, true);
    if (record && !fits(*record)) return fail(Errc::not_found, "the members name different records");
    return record;
  }
  const std::array<std::pair<std::string_view, std::string>, 3> keys = {{
      {"key_policy", plan::join_key({entry.policy_no})},
      {"key_registration", plan::join_key({entry.registration_no})},
      {"key_person", plan::join_key({entry.name, entry.mobile_number})},
  }};
  for (const auto& [column, key] : keys) {
    if (key.empty()) continue;
    db::Statement stmt = db.prepare(
        fmt::format("SELECT {} FROM record WHERE agency_id=? AND {}=? ORDER BY deleted_at_ms IS NOT NULL, id LIMIT 50",
                    kRecordColumns, column));
    stmt.bind_all(scope.agency.value, key);
    std::vector<Record> found;
    for (;;) {
      const Result<bool> row = stmt.step();
      if (!row) return std::unexpected(row.error());
      if (!*row) break;
      Result<Record> record = read_record(stmt, catalogue);
      if (!record) return record;
      if (scope.covers(record->owner) && fits(*record)) found.push_back(std::move(*record));
    }
    // A living record goes before tombstones of the same key; two living ones are nobody's to choose.
    if (found.empty()) return fail(Errc::not_found, "no record has that key");
    if (found.size() > 1 && !found[1].deleted_at) return fail(Errc::not_found, "several records have that key");
    return std::move(found.front());
  }
  return fail(Errc::not_found, "the entry has no key");
}

// The entries that named nothing come back as a JSON array.
Result<Json> apply_deleted(Writer& db, const NewJob& job, FieldCatalogue& catalogue, std::int64_t at_ms) {
  Json not_found = Json::array();
  for (const DeletedCustomer& entry : job.deleted) {
    const Result<Record> record = resolve_deleted(db, job.scope, entry, catalogue);
    if (!record && record.error().code != Errc::not_found) return std::unexpected(record.error());
    if (!record)
      not_found.push(entry.sent);
    else if (!record->deleted_at)
      ROWLANE_TRY(entomb(db, *record, job.scope.user, at_ms, catalogue));
  }
  return not_found;
}

struct JobRow {
  const Scope& scope;
  const LanePlace& place;
  std::string_view direction, tabs, kind, not_found;
  std::optional<std::int64_t> retry_of;
};
Result<JobId> insert_job(Writer& db, const JobRow& row, std::int64_t at_ms) {
  ROWLANE_TRY(
      db.prepare(
            "INSERT INTO sync_job (agency_id, lane_id, lane_seq, user_id, whole_agency, direction, tabs, kind, not_found, retry_of, created_at_ms) "
            "VALUES (?,?,?,?,?,?,?,?,?,?,?)")
          .bind_all(row.scope.agency.value, row.place.lane, row.place.seq, row.scope.user.value, row.scope.whole_agency,
                    row.direction, row.tabs, row.kind, row.not_found, row.retry_of, at_ms)
          .run());
  const JobId id{db.last_insert_id()};
  db.events().add(row.scope.agency, row.scope.user, EventKind::job, id.value, at_ms);
  return id;
}

Result<std::string> spreadsheet_of(db::Sqlite& db, AgencyId agency) {
  db::Statement stmt = db.prepare("SELECT spreadsheet_id FROM agency WHERE id=?");
  const Result<bool> row = stmt.bind(agency.value).step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return fail(Errc::not_found, "there is no such agency");
  return stmt.text(0);
}

// A wait that only a person can end: a press is a person's sign to try again. True when the spreadsheet got a turn.
Result<bool> wake_if_waiting_for_person(Writer& db, std::string_view spreadsheet, std::int64_t at_ms) {
  {
    db::Statement stmt = db.prepare(
        "SELECT 1 FROM spreadsheet WHERE id=? AND turn IS NULL AND lease_node IS NULL AND (ready_at_ms IS NULL OR reason='not_shared' OR reason='sheet_missing' OR reason='paused')");
    const Result<bool> can_go = stmt.bind(spreadsheet).step();
    if (!can_go || !*can_go) return can_go;  // as for nearly every press: one look, nothing written
  }
  ROWLANE_TRY(
      db.prepare(
            "UPDATE spreadsheet SET ready_at_ms=NULL WHERE id=? AND ready_at_ms IS NOT NULL AND (reason='not_shared' OR reason='sheet_missing' OR reason='paused')")
          .bind(spreadsheet)
          .run());
  if (db.changes() > 0) ROWLANE_TRY(tell_of_queued(db, spreadsheet, at_ms));
  return make_ready(db, spreadsheet);
}

}  // namespace

Task<Result<QueuedJob>> SqliteStore::enqueue(NewJob job) {
  // A spreadsheet that has its turn, runs or waits needs no look at: the scheduler comes to it.
  const auto got_turn = std::make_shared<bool>(false);
  // Full lanes and misused keys are found out before anything is changed; only deletions change records first.
  const auto undo = job.deleted.empty() ? SqliteRunner::Undo::nothing_to_undo : SqliteRunner::Undo::by_savepoint;
  Result<QueuedJob> queued = co_await write<QueuedJob>(
      [this, got_turn, job = std::move(job)](Writer& db) -> Result<QueuedJob> {
        const std::int64_t at = now_ms();
        if (!job.idempotency_key.empty()) {
          db::Statement stmt = db.prepare(
              "SELECT body_hash, job_id, position FROM idempotency WHERE user_id=? AND route=? AND key=? AND at_ms>?");
          const Result<bool> row =
              stmt.bind_all(job.scope.user.value, job.idempotency_route, job.idempotency_key, at - kIdempotencyMs)
                  .step();
          if (!row) return std::unexpected(row.error());
          if (*row && stmt.view(0) != job.body_hash)
            return fail(Errc::invalid_input, "this Idempotency-Key was used with another body", "Idempotency-Key");
          if (*row) return QueuedJob{{stmt.i64(1)}, stmt.i64(2)};
        }
        const Result<LanePlace> place = take_place(db, job.scope, job.spreadsheet_id, job.lane_jobs_max);
        if (!place) return std::unexpected(place.error());
        const Result<Json> not_found = apply_deleted(db, job, catalogue_, at);
        if (!not_found) return std::unexpected(not_found.error());
        const std::string not_found_text = job.deleted.empty() ? "[]" : not_found->dump(), tabs = join_tabs(job.tabs);
        const Result<JobId> id = insert_job(
            db, {job.scope, *place, to_string(job.direction), tabs, "sync", not_found_text, std::nullopt}, at);
        if (!id) return std::unexpected(id.error());
        const Result<bool> ready = wake_if_waiting_for_person(db, job.spreadsheet_id, at);
        if (!ready) return std::unexpected(ready.error());
        *got_turn = *ready;
        if (!job.idempotency_key.empty())
          ROWLANE_TRY(
              db.prepare(
                    "INSERT OR REPLACE INTO idempotency (user_id, route, key, agency_id, body_hash, job_id, position, at_ms) VALUES (?,?,?,?,?,?,?,?)")
                  .bind_all(job.scope.user.value, job.idempotency_route, job.idempotency_key, job.scope.agency.value,
                            job.body_hash, id->value, place->position, at)
                  .run());
        return QueuedJob{*id, place->position};
      },
      undo);
  if (queued && *got_turn) wake();
  co_return queued;
}

Task<Result<Job>> SqliteStore::job(Scope scope, JobId id) {
  return read<Job>([this, scope, id](db::Sqlite& db) { return find_job(db, scope, id, now_ms()); });
}

Task<Result<JobPage>> SqliteStore::jobs(Scope scope, int limit, std::string cursor) {
  return read<JobPage>([this, scope, limit, cursor = std::move(cursor)](db::Sqlite& db) -> Result<JobPage> {
    std::int64_t before = std::numeric_limits<std::int64_t>::max();
    if (!cursor.empty()) {
      const auto id = Json(JsonNumber{cursor}).as_int();
      if (!id || *id <= 0) return fail(Errc::invalid_input, "cursor is not one that a list returned", "cursor");
      before = *id;
    }
    // A user's jobs stand in the user's lanes, the agency's in the order of their ids.
    static const auto listed = [](std::string_view whose) {
      return fmt::format("SELECT {} FROM {} WHERE j.id<?1 AND {} ORDER BY j.id DESC LIMIT ?3", kJobColumns, kJobTables,
                         whose);
    };
    static const std::string
        of_agency = listed("j.agency_id=?2"),
        of_user = listed("+j.agency_id=?2 AND j.user_id=?4 AND j.lane_id IN (SELECT id FROM lane WHERE user_id=?4)");
    db::Statement stmt = db.prepare(scope.whole_agency ? of_agency : of_user);
    stmt.bind_all(before, scope.agency.value, limit + 1);
    if (!scope.whole_agency) stmt.bind(scope.user.value);
    JobPage page;
    for (;;) {
      const Result<bool> row = stmt.step();
      if (!row) return std::unexpected(row.error());
      if (!*row) return page;
      if (static_cast<int>(page.jobs.size()) == limit) {
        page.next_cursor = std::to_string(page.jobs.back().id.value);
        return page;
      }
      page.jobs.push_back(read_job(stmt, now_ms()));
    }
  });
}

Task<Result<LaneStatus>> SqliteStore::lane_status(Scope scope, std::string tab) {
  return read<LaneStatus>([this, scope, tab = std::move(tab)](db::Sqlite& db) -> Result<LaneStatus> {
    const Result<std::string> spreadsheet = spreadsheet_of(db, scope.agency);
    if (!spreadsheet) return std::unexpected(spreadsheet.error());
    LaneStatus status;
    const Result<std::optional<LaneNow>> found = find_lane(db, scope, *spreadsheet);
    if (!found) return std::unexpected(found.error());
    if (!*found) return status;
    const std::int64_t lane = (*found)->id;
    status.unfinished = (*found)->unfinished;
    const auto one = [&](std::string_view condition, std::string_view order) -> Result<std::optional<Job>> {
      // '' means all tabs, so such a job is of every tab.
      db::Statement stmt = db.prepare(fmt::format(
          "SELECT {} FROM {} WHERE j.lane_id=?1 AND {} AND (?2='' OR j.tabs='' OR instr(','||j.tabs||',', ','||?2||',')>0) ORDER BY {} LIMIT 1",
          kJobColumns, kJobTables, condition, order));
      const Result<bool> row = stmt.bind_all(lane, tab).step();
      if (!row) return std::unexpected(row.error());
      if (!*row) return std::nullopt;
      return read_job(stmt, now_ms());
    };
    Result<std::optional<Job>> current = one("j.state='running'", "j.lane_seq");
    if (current && !*current) current = one("j.lane_seq>=l.head_seq AND j.state='queued'", "j.lane_seq");
    // By the lane's order, not by a clock that may have been set back; one that never ran is not what ran last.
    const Result<std::optional<Job>> last = one(kEndedLately, "j.started_at_ms IS NULL, j.lane_seq DESC");
    if (!current) return std::unexpected(current.error());
    if (!last) return std::unexpected(last.error());
    status.current = std::move(*current);
    status.last = std::move(*last);
    if (status.current) status.reason = status.current->reason;
    const bool needs_person =
        status.reason != WaitReason::none && status.reason != WaitReason::retry && status.reason != WaitReason::quota;
    // The last run's length is the best guess at the next one's.
    if (status.unfinished > 0 && !needs_person && status.last && status.last->started_at && status.last->finished_at)
      status.eta_ms = std::max<std::int64_t>(0, (*status.last->finished_at - *status.last->started_at).count());
    if (status.current && status.current->ready_at && !needs_person)
      status.eta_ms =
          status.eta_ms.value_or(0) + std::max<std::int64_t>(0, to_ms(*status.current->ready_at) - now_ms());
    return status;
  });
}

Task<Result<Job>> SqliteStore::cancel_job(Scope scope, JobId id) {
  const auto holds_rows = std::make_shared<bool>(false);
  Result<Job> cancelled = co_await write<Job>([this, scope, id, holds_rows](Writer& db) -> Result<Job> {
    const std::int64_t at = now_ms();
    const Result<Job> job = find_job(db, scope, id, at);
    if (!job) return job;
    if (job->state == JobState::running) return fail(Errc::conflict, "already writing");
    if (is_finished(job->state)) return fail(Errc::conflict, fmt::format("already {}", to_string(job->state)));
    // Rows that somebody said yes to, and that have not gone yet, are put back like those that nobody has.
    *holds_rows = job->state == JobState::held || job->kind == JobKind::confirm;
    if (!*holds_rows) ROWLANE_TRY(drop_staged_holds(db, id, at));
    if (job->state != JobState::held)
      ROWLANE_TRY(db.prepare("UPDATE lane SET queued=queued-1 WHERE id=(SELECT lane_id FROM sync_job WHERE id=?)")
                      .bind(id.value)
                      .run());
    ROWLANE_TRY(
        db.prepare("UPDATE sync_job SET state='cancelled', finished_at_ms=? WHERE id=?").bind_all(at, id.value).run());
    db.events().add(scope.agency, job->user, EventKind::job, id.value, at);
    ROWLANE_TRY(add_activity(db, scope.agency, scope.user, at, "job_cancelled", "cancelled a sync", std::nullopt, id));
    return find_job(db, scope, id, at);
  });
  if (cancelled && *holds_rows)
    if (const Status back = co_await put_back(id, scope.user); !back) co_return std::unexpected(back.error());
  co_return cancelled;
}

// The records of a cancelled job as they were before: tombstones live again, blanked fields get back what was agreed.
// In pieces; what a process that ends in between leaves is put back at the next start.
Task<Status> SqliteStore::put_back(JobId job, UserId user) {
  for (;;) {
    const Result<bool> more = co_await write<bool>([this, job, user](Writer& db) -> Result<bool> {
      const Result<std::vector<HeldRecord>> held = holds_to_put_back(db, job);
      if (!held) return std::unexpected(held.error());
      for (const HeldRecord& h : *held) {
        ROWLANE_TRY(put_back_record(db, h.record, h.tab, h.version, job, user));
        ROWLANE_TRY(db.prepare("UPDATE hold SET state='cancelled' WHERE id=?").bind(h.hold).run());
      }
      return held->size() == kHoldsPerCommit;
    });
    if (!more) co_return std::unexpected(more.error());
    if (!*more) co_return Status{};
  }
}

Status SqliteStore::put_back_record(Writer& db, RecordId id, std::string_view tab, std::int64_t version, JobId job,
                                    UserId user) {
  static const std::string sql = fmt::format(
      "SELECT {}, base.body FROM record LEFT JOIN base ON base.record_id=record.id AND base.agency_id=record.agency_id AND base.tab=? WHERE record.id=?",
      kRecordColumns);
  Record record;
  Fields base;
  {
    db::Statement stmt = db.prepare(sql);
    const Result<bool> row = stmt.bind_all(tab, id.value).step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return {};
    Result<Record> read = read_record(stmt, catalogue_);
    if (!read) return std::unexpected(read.error());
    record = std::move(*read);
    Result<Fields> agreed = catalogue_.decode(stmt.view(kRecordColumnCount));
    if (!agreed) return std::unexpected(agreed.error());
    base = std::move(*agreed);
  }
  if (record.version != version) return {};  // changed since it was held: that change stands
  const Record before = record;
  const std::int64_t at = now_ms();
  if (record.deleted_at) {
    record.deleted_at.reset();
    ROWLANE_TRY(add_history(db, {record, "restore", "", "null", "null"}, user, at, job));
  } else {
    for (const auto& [field, value] : base.entries()) {
      if (!is_blank(record.fields.get(field)) || is_blank(value)) continue;
      const std::string back = catalogue_.to_json(value).dump();
      ROWLANE_TRY(add_history(db, {record, "cell", catalogue_.name(field), "null", back}, user, at, job));
      record.fields.set(field, value);
    }
  }
  ++record.version;
  record.updated_at = from_ms(at);
  record.updated_by = user;
  record.sync = SyncState::unsynced;
  record.sync_reason.clear();
  ROWLANE_TRY(rewrite_record(db, record, catalogue_));
  db.events().add(record.agency, record.owner, EventKind::customer, record.id.value, at);
  return {};
}

Task<Result<Job>> SqliteStore::confirm_job(Scope scope, JobId id) {
  Result<Job> confirmed = co_await write<Job>([this, scope, id](Writer& db) -> Result<Job> {
    const std::int64_t at = now_ms();
    const Result<Job> job = find_job(db, scope, id, at);
    if (!job) return job;
    if (job->state != JobState::held)
      return fail(Errc::conflict, fmt::format("not held but {}", to_string(job->state)));
    if (!scope.whole_agency) {
      db::Statement stmt = db.prepare(
          "SELECT 1 FROM hold h JOIN record r ON r.id=h.record_id WHERE h.job_id=? AND h.state='open' AND r.owner_id<>?");
      const Result<bool> foreign = stmt.bind_all(id.value, scope.user.value).step();
      if (!foreign) return std::unexpected(foreign.error());
      if (*foreign) return fail(Errc::forbidden, "some of the held rows are other users' records");
    }
    // It goes to the end of its lane as a job of its own kind, under its own id and with its first result.
    ROWLANE_TRY(db.prepare("UPDATE hold SET state='confirmed' WHERE job_id=? AND state='open'").bind(id.value).run());
    ROWLANE_TRY(
        db.prepare(
              "UPDATE lane SET seq_last=seq_last+1, queued=queued+1 WHERE id=(SELECT lane_id FROM sync_job WHERE id=?)")
            .bind(id.value)
            .run());
    ROWLANE_TRY(
        db.prepare(
              "UPDATE sync_job SET state='queued', kind='confirm', lane_seq=(SELECT seq_last FROM lane WHERE id=sync_job.lane_id) WHERE id=?")
            .bind(id.value)
            .run());
    db.events().add(scope.agency, job->user, EventKind::job, id.value, at);
    ROWLANE_TRY(add_activity(db, scope.agency, scope.user, at, "job_confirmed", "confirmed the held rows of a sync",
                             std::nullopt, id));
    const Result<std::string> spreadsheet = spreadsheet_of(db, scope.agency);
    if (!spreadsheet) return std::unexpected(spreadsheet.error());
    ROWLANE_TRY(make_ready(db, *spreadsheet));
    return find_job(db, scope, id, at);
  });
  if (confirmed) wake();
  co_return confirmed;
}

Task<Result<JobStore::Retried>> SqliteStore::retry_job(Scope scope, JobId id, int lane_jobs_max) {
  Result<Retried> retried = co_await write<Retried>([this, scope, id, lane_jobs_max](Writer& db) -> Result<Retried> {
    const std::int64_t at = now_ms();
    Result<Job> job = find_job(db, scope, id, at);
    if (!job) return std::unexpected(job.error());
    const Result<std::string> spreadsheet = spreadsheet_of(db, scope.agency);
    if (!spreadsheet) return std::unexpected(spreadsheet.error());
    if (job->state == JobState::waiting) {
      if (job->reason == WaitReason::quota) return Retried{std::move(*job), false};  // the window refills by itself
      ROWLANE_TRY(db.prepare("UPDATE spreadsheet SET ready_at_ms=NULL WHERE id=?").bind(*spreadsheet).run());
      ROWLANE_TRY(make_ready(db, *spreadsheet));
      ROWLANE_TRY(tell_of_queued(db, *spreadsheet, at));
      return Retried{std::move(*job), false};
    }
    if (job->state != JobState::failed && job->state != JobState::cancelled)
      return fail(Errc::conflict, fmt::format("the job is {}", to_string(job->state)));
    // It stays its user's job, in that user's lane and scope, whoever asks for it.
    const Result<Scope> own = scope_of_user(db, scope.agency, job->user);
    if (!own) return std::unexpected(own.error());
    const Result<LanePlace> place = take_place(db, *own, *spreadsheet, lane_jobs_max);
    if (!place) return std::unexpected(place.error());
    const std::string tabs = join_tabs(job->tabs);
    const Result<JobId> fresh =
        insert_job(db, {*own, *place, to_string(job->direction), tabs, "sync", "[]", id.value}, at);
    if (!fresh) return std::unexpected(fresh.error());
    ROWLANE_TRY(wake_if_waiting_for_person(db, *spreadsheet, at));
    Result<Job> made = find_job(db, scope, *fresh, at);
    if (!made) return std::unexpected(made.error());
    return Retried{std::move(*made), true};
  });
  if (retried) wake();
  co_return retried;
}

}  // namespace rowlane::store
