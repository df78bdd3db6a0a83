// The durable queue as users see it: accept, look, cancel, retry, confirm.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/task.hpp"
#include "domain/job.hpp"
#include "domain/record.hpp"
#include "domain/tab_layout.hpp"

namespace rowlane::store {

// One entry of `deletedCustomers`: what it was sent as, and what it names. All given members must fit one record.
struct DeletedCustomer {
  Json sent;
  std::string id, policy_no, registration_no, name, mobile_number;
};

struct NewJob {
  Scope scope;
  std::string spreadsheet_id;
  Direction direction = Direction::to_sheet;
  std::vector<std::string> tabs;  // keys; empty: all
  std::vector<DeletedCustomer> deleted;
  int lane_jobs_max = 1000;
  // "" none. The same key, route and user within 24 h: the first answer again, or invalid_input for another body.
  std::string idempotency_key, idempotency_route, body_hash;
};

struct QueuedJob {
  JobId id;
  std::int64_t position = 0;  // 1: the lane's next
};

struct Job {
  JobId id;
  Direction direction = Direction::to_sheet;
  JobKind kind = JobKind::sync;
  std::vector<std::string> tabs;
  UserId user;
  std::string user_email;
  JobState state = JobState::queued;
  WaitReason reason = WaitReason::none;
  std::string reason_text;               // what a person can do; "" none
  std::optional<WallTime> ready_at;      // while waiting: when it is tried again
  std::optional<std::int64_t> position;  // while queued
  int attempt = 0;
  std::string phase;  // "" before the first pass: reading, planning, writing, verifying
  std::int64_t done = 0, total = 0;
  std::string result;  // JSON text; "" none
  std::string error;
  JobId settled_by, retry_of;
  WallTime created_at{};
  std::optional<WallTime> started_at, finished_at;
};

struct JobPage {
  std::vector<Job> jobs;
  std::string next_cursor;
};

struct LaneStatus {
  std::int64_t unfinished = 0;
  std::optional<Job> current;  // the running one, else the head
  std::optional<Job> last;     // the one that ended last
  WaitReason reason = WaitReason::none;
  // From the lane's last run, and the end of its wait; null when nothing is known, nothing waits, or a person must act.
  std::optional<std::int64_t> eta_ms;
};

struct SpreadsheetState {
  std::string id;
  WaitReason reason = WaitReason::none;
  std::string reason_text;
  std::optional<WallTime> ready_at;
  std::int64_t queued = 0, running = 0;
  std::map<std::string, TabState> tabs;  // by key; those that were connected
};

// All lanes of the scope at a glance.
struct QueueOverview {
  struct Lane {
    std::string user;  // e-mail
    std::int64_t queued = 0, running = 0;
    std::optional<WallTime> oldest;  // when its oldest unfinished job was accepted
  };
  struct Ended {
    WallTime hour{};  // its start
    std::int64_t succeeded = 0, failed = 0, cancelled = 0;
  };
  std::int64_t queued = 0, running = 0, held = 0;
  WaitReason reason = WaitReason::none;  // why what is queued waits
  std::string reason_text;
  std::optional<WallTime> ready_at;  // when it is tried again
  std::vector<Lane> lanes;           // with unfinished jobs, the longest waiting first; kOverviewLanes at most
  std::vector<Ended> ended;          // hours in which jobs ended, in order; the others are left out
};
inline constexpr int kOverviewLanes = 100;

// For /metrics.
struct QueueTotals {
  std::int64_t queued = 0, running = 0, held = 0, waiting_spreadsheets = 0;
  std::optional<WallTime> oldest_queued;
};

class JobStore {
 public:
  virtual ~JobStore() = default;
  // Durable when it returns. too_many when the lane is full.
  virtual Task<Result<QueuedJob>> enqueue(NewJob job) = 0;
  virtual Task<Result<Job>> job(Scope scope, JobId id) = 0;
  // The caller's own jobs, newest first; with `scope.whole_agency` all of the agency's.
  virtual Task<Result<JobPage>> jobs(Scope scope, int limit, std::string cursor) = 0;
  virtual Task<Result<LaneStatus>> lane_status(Scope scope, std::string tab) = 0;
  // conflict with the reason when it is too late. A held job: its records are put back as they were.
  virtual Task<Result<Job>> cancel_job(Scope scope, JobId id) = 0;
  // Of a held job: its rows are planned anew in a pass of their own.
  virtual Task<Result<Job>> confirm_job(Scope scope, JobId id) = 0;
  struct Retried {
    Job job;
    bool is_new = false;
  };
  virtual Task<Result<Retried>> retry_job(Scope scope, JobId id, int lane_jobs_max) = 0;
  virtual Task<Result<SpreadsheetState>> spreadsheet_state(AgencyId agency) = 0;
  // Of the caller's lane; with `scope.whole_agency` of all the agency's. `since` bounds `ended`.
  virtual Task<Result<QueueOverview>> queue_overview(Scope scope, WallTime since) = 0;
  virtual Task<Result<QueueTotals>> queue_totals() = 0;
};

}  // namespace rowlane::store
