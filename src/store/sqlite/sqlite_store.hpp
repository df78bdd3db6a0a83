// The embedded store: SQLite in WAL mode behind the `Store` interface. One .cpp a group of tables.
//
// Threads: none of its own; statements run where the runner runs them. Answers resume on the caller's executor.
#pragma once

#include "base/random.hpp"
#include "domain/field_catalogue.hpp"
#include "store/sqlite/runner.hpp"
#include "store/store.hpp"

namespace rowlane::store {

class SqliteStore final : public Store {
 public:
  // All outlive the store. The database is migrated.
  SqliteStore(SqliteRunner& runner, const Clock& clock, Random& random, FieldCatalogue& catalogue)
      : runner_(runner), clock_(clock), random_(random), catalogue_(catalogue) {}

  Task<Result<AgencyId>> upsert_agency(Agency agency, SpreadsheetChange change) override;
  Task<Result<std::vector<Agency>>> agencies() override;
  Task<Result<UserId>> create_user(NewUser user) override;
  Task<Result<std::optional<User>>> find_user(std::string email) override;
  Task<Result<std::optional<User>>> find_user(UserId user) override;
  Task<Result<std::vector<User>>> users(std::optional<AgencyId> agency) override;
  Task<Status> set_disabled(UserId user, bool disabled) override;
  Task<Status> set_password(UserId user, std::string password_hash, Login keep) override;
  Task<Status> create_token(UserId user, std::string hash) override;
  Task<Result<bool>> revoke_token(std::string hash) override;
  Task<Status> create_session(UserId user, std::string hash, WallTime expires) override;
  Task<Status> end_session(std::string hash) override;
  Task<Result<std::optional<User>>> user_of_token(std::string hash) override;
  Task<Result<std::optional<User>>> user_of_session(std::string hash) override;

  Task<Result<RecordPage>> list_records(RecordQuery query) override;
  Task<Result<std::vector<std::string>>> record_ids(RecordQuery query) override;
  Task<Result<RecordTotals>> record_totals(RecordQuery query) override;
  Task<Result<Record>> get_record(Scope scope, std::string public_id, Tombstones tombstones = Tombstones::no) override;
  Task<Result<Record>> create_record(Scope scope, Record record) override;
  Task<Result<Record>> update_record(RecordWrite write, FieldPatch patch) override;
  Task<Status> delete_record(RecordWrite write) override;
  Task<Result<Record>> restore_record(RecordWrite write) override;
  Task<Result<BulkReport>> update_records(Scope scope, std::vector<std::string> ids, FieldPatch patch) override;
  Task<Result<BulkReport>> delete_records(Scope scope, std::vector<std::string> ids) override;
  Task<Result<BulkReport>> undo_changes(Scope scope, std::vector<ChangeRange> changes) override;
  Task<Result<ImportReport>> import_records(Scope scope, std::vector<ImportLine> lines, ImportOptions options) override;
  Task<Status> for_each_record(Scope scope, std::function<void(const Record&)> each) override;
  Task<Result<HistoryPage>> history(Scope scope, std::string record, JobId job, int limit, std::string cursor) override;
  Task<Result<ActivityPage>> activity(Scope scope, int limit, std::string cursor) override;

  Task<Result<QueuedJob>> enqueue(NewJob job) override;
  Task<Result<Job>> job(Scope scope, JobId id) override;
  Task<Result<JobPage>> jobs(Scope scope, int limit, std::string cursor) override;
  Task<Result<LaneStatus>> lane_status(Scope scope, std::string tab) override;
  Task<Result<Job>> cancel_job(Scope scope, JobId id) override;
  Task<Result<Job>> confirm_job(Scope scope, JobId id) override;
  Task<Result<Retried>> retry_job(Scope scope, JobId id, int lane_jobs_max) override;
  Task<Result<SpreadsheetState>> spreadsheet_state(AgencyId agency) override;
  Task<Result<QueueOverview>> queue_overview(Scope scope, WallTime since) override;
  Task<Result<QueueTotals>> queue_totals() override;

  Task<Result<ClaimAnswer>> claim_next(ClaimRequest request) override;
  Task<Status> renew(Lease lease, Millis length) override;
  Task<Status> may_send(Lease lease, std::string account, CallKind kind, QuotaLimits quota) override;
  Task<Result<PassData>> load_pass(Claim claim) override;
  Task<Status> write_journal(Lease lease, NewJournal entry) override;
  Task<Status> drop_journal(Lease lease, PassId pass, int chunk) override;
  Task<Status> commit_chunk(Lease lease, ChunkCommit commit) override;
  Task<Status> finish_pass(Claim claim, PassOutcome outcome) override;
  Task<Status> end_predecessors_leases(bool after_crash) override;
  Task<Result<std::int64_t>> expire() override;

  Task<Result<EventRange>> event_range() override;
  Task<Result<EventPage>> events_after(EventQuery query) override;
  Task<Result<std::vector<std::optional<User>>>> users_of(std::vector<Login> logins) override;
  void on_commit(std::function<void()> wake) override { committed_ = std::move(wake); }

  void on_ready(std::function<void()> wake) override { wake_ = std::move(wake); }
  Task<Status> backup(std::string path) override;
  Task<Status> ping() override;

 private:
  // Runs `work(db) -> Result<T>` in a write transaction; an error undoes it. Durable when it returns a value.
  template <class T, class F>
  Task<Result<T>> write(F work, SqliteRunner::Undo undo = SqliteRunner::Undo::by_savepoint);
  template <class T, class F>
  Task<Result<T>> read(F work);
  template <class T, class F>
  Task<Result<T>> look_up(F work);
  // Returns once all that was committed before is on the disk.
  Task<Status> flushed();
  Task<Status> list_holds(Claim claim, JobId job, std::vector<NewHold> holds);
  Task<Status> put_back(JobId job, UserId user);
  Task<Status> look_at(Scope scope, std::vector<std::string> ids, FieldPatch patch);
  template <class T, class F>
  Task<Result<BulkReport>> in_pieces(Scope scope, std::vector<T> items, std::string_view what, std::string_view verb,
                                     F change);
  // Writes the lines of a decided import that are left; its counts.
  Task<Result<ImportReport>> finish_import(AgencyId agency, std::int64_t import);
  // Finishes what another process left decided, and drops what one left undecided for long.
  Task<Status> finish_imports();
  // The tabs of the agency's spreadsheet; none known: empty. For the writer alone.
  [[nodiscard]] const std::vector<TabLayout>& tabs_of(AgencyId agency) const;
  Status put_back_record(Writer& db, RecordId id, std::string_view tab, std::int64_t version, JobId job, UserId user);
  void wake() const {
    if (wake_) wake_();
  }
  [[nodiscard]] std::int64_t now_ms() const { return to_ms(clock_.now()); }

  SqliteRunner& runner_;
  const Clock& clock_;
  Random& random_;  // used by the writer alone
  FieldCatalogue& catalogue_;
  std::map<AgencyId, std::vector<TabLayout>> tabs_;  // used by the writer alone
  std::function<void()> wake_, committed_;
};

}  // namespace rowlane::store
