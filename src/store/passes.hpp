// What a pass needs of the store: claim, lease, load, journal, commit, finish. Times come from the store's clock.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/task.hpp"
#include "domain/job.hpp"
#include "domain/record.hpp"
#include "domain/tab_layout.hpp"
#include "domain/value.hpp"

namespace rowlane::store {

struct ClaimedJob {
  JobId id;
  UserId user;
  Scope scope;
  Direction direction = Direction::to_sheet;
  JobKind kind = JobKind::sync;
  std::vector<std::string> tabs;
  JobId settled_by;  // 0: a head
  int attempt = 0;
  int faults = 0;         // times it failed alone by a fault of ours
  std::string partial;    // result so far, JSON text: counts of chunks that are committed, or of a held job's first run
  std::string not_found;  // JSON array of deletedCustomers entries that named nothing
};

// The right to write to a spreadsheet, for as long as it is renewed.
struct Lease {
  std::string spreadsheet_id;
  std::int64_t epoch = 0;
};

struct Claim {
  Lease lease;
  AgencyId agency;
  std::string account;
  PassId pass;
  std::vector<ClaimedJob> heads;
  bool alone = false;  // after faults: one job, nothing settled with it
  int failures = 0;    // passes in a row that ended in a wait for `retry`
};

// Calls a quota allows in any window of that length; 0 is no limit.
struct QuotaLimits {
  int reads = 0, writes = 0, project_reads = 0, project_writes = 0;
  Millis window{60'000};
};
// By service account; one that is not named here has no limit.
using AccountQuotas = std::map<std::string, QuotaLimits, std::less<>>;
inline QuotaLimits quota_of(const AccountQuotas& quotas, std::string_view account) {
  const auto found = quotas.find(account);
  return found == quotas.end() ? QuotaLimits{} : found->second;
}
enum class CallKind { read, write };

struct ClaimRequest {
  std::string node;                   // who claims: unique to the process
  std::vector<std::string> accounts;  // tried in this order
  AccountQuotas quota;
  Millis lease{10'000};
};
struct ClaimAnswer {
  std::optional<Claim> claim;
  std::string account;              // of the claim
  std::optional<WallTime> wake_at;  // nothing to claim now: when something may be, if that is known
};

// A record and what was agreed on it, tab by tab.
struct PassRecord {
  Record record;
  std::map<std::string, Fields, std::less<>> base;  // by tab key
};

struct OpenHold {
  JobId job;
  RecordId record;
  std::string tab;
  std::int64_t record_version = 0;
  std::string row_hash;  // of the row as it was held
};

struct PendingJournal {
  PassId pass;
  int chunk = 0;
  std::int64_t token = 0;  // n of the spreadsheet's base + n
  std::string body, tables;
  std::string entered;  // of its effects, those that are committed: "0-199,210"
};

// A batch about to be sent. `tables` is kept only as long as the entry is pending.
struct NewJournal {
  PassId pass;
  int chunk = 0;
  std::int64_t token = 0;  // remembered as used
  std::string body, tables;
  std::int64_t done = 0, total = 0;  // rows written so far, and in all: shown with the running jobs
};

struct PassData {
  std::vector<PassRecord> records;  // all of the agency's, tombstones too, by id
  std::map<std::string, TabState> tabs;
  std::vector<OpenHold> holds;
  std::map<std::int64_t, std::string> emails;  // user id -> e-mail
  std::vector<ClaimedJob> followers;           // to be settled with their heads
  std::vector<PendingJournal> journal;         // of a pass that did not come to its commit
  std::int64_t token_base = 0;                 // the spreadsheet's random base of metadata ids
  std::int64_t token_last = 0;                 // highest n ever used, as far as the store knows
};

struct HistoryRow {
  RecordId record;
  JobId job;
  UserId user;
  std::string side, what, tab, field;
  int row = 0;
  std::string before, after;  // JSON text
};

struct SyncMark {
  RecordId record;
  std::int64_t version = 0;  // marks apply only to the version the pass loaded; a later edit stays unsynced
  SyncState state = SyncState::synced;
  std::string reason;
};

struct BaseRow {
  RecordId record;
  std::string tab;
  std::optional<Fields> base;  // nullopt: gone
};

// How far a write is entered. A large one is entered in several commits, so that nobody's waits behind it; after a
// crash the rest follows.
struct JournalStep {
  PassId pass;
  int chunk = 0;
  std::string entered;  // as PendingJournal's
  bool done = false;    // nothing of it is left to be entered or undone
};

// A part of what a pass found or wrote: all of it or nothing, and only under the lease. The caller keeps it to some
// hundred rows, so that the transaction stays short.
struct ChunkCommit {
  std::vector<BaseRow> base;
  std::vector<HistoryRow> history;
  std::vector<SyncMark> marks;
  std::map<JobId, std::string> partials;  // job -> result so far
  std::map<std::string, TabState> tabs;   // learnt layouts
  std::optional<JournalStep> journal;
};

struct NewHold {
  RecordId record;
  std::string tab;
  int row = 0;
  std::int64_t record_version = 0;
  std::string row_hash, shown;  // `shown`: JSON text of the HeldRow
};

struct JobOutcome {
  JobId id;
  JobState state = JobState::succeeded;  // succeeded, failed or held
  std::string result, error;
  JobId settled_by;
  std::vector<NewHold> holds;
  std::string activity = {};  // what it changed, for the activity; "" nothing
};

// How a pass ended.
struct PassOutcome {
  std::vector<JobOutcome> jobs;        // those that are settled; the other claimed ones go back to `queued`
  WaitReason park = WaitReason::none;  // the spreadsheet waits
  Millis park_for{0};
  std::string park_text;        // what a person can do
  bool park_account = false;    // quota: the whole account waits
  std::string fault;            // not empty: a fault of our own, counted
  std::int64_t token_last = 0;  // 0: unchanged
};

class PassStore {
 public:
  virtual ~PassStore() = default;
  virtual Task<Result<ClaimAnswer>> claim_next(ClaimRequest request) = 0;
  // lease_lost when another pass has the spreadsheet, or the lease ran out.
  virtual Task<Status> renew(Lease lease, Millis length) = 0;
  // Right before a call: the lease still holds, and the call is entered in the account's budget.
  // lease_lost, or quota_exceeded with `retry_after`.
  virtual Task<Status> may_send(Lease lease, std::string account, CallKind kind, QuotaLimits quota) = 0;
  // One consistent view. Followers stay `queued` until the pass is finished.
  virtual Task<Result<PassData>> load_pass(Claim claim) = 0;
  // Stored, durably, before the write it describes.
  virtual Task<Status> write_journal(Lease lease, NewJournal entry) = 0;
  virtual Task<Status> drop_journal(Lease lease, PassId pass, int chunk) = 0;
  virtual Task<Status> commit_chunk(Lease lease, ChunkCommit commit) = 0;
  virtual Task<Status> finish_pass(Claim claim, PassOutcome outcome) = 0;

  // At start on an engine that one process owns: ends the leases of the process before, jobs back to `queued`.
  // `after_crash`: that process left the mark of a crash, which counts as a fault of the passes it ran.
  virtual Task<Status> end_predecessors_leases(bool after_crash) = 0;
  // Finishes imports that another process left half-done. Deletes what is kept no longer: finished jobs, events,
  // history, journal, tombstones, idempotency keys.
  virtual Task<Result<std::int64_t>> expire() = 0;
};

}  // namespace rowlane::store
