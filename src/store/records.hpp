// Records as users see them. Every call takes a `Scope`: what lies outside it is not found.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/task.hpp"
#include "domain/field_catalogue.hpp"
#include "domain/record.hpp"

namespace rowlane::store {

// Whether a deleted record counts as found.
enum class Tombstones { no, yes };

enum class SortKey { created, name, renewal_date, updated, premium, status, company, policy_no };

struct RecordFilter {
  std::string search;  // "" none; found inside name, mobile, policy, registration number or e-mail, case folded
  std::optional<std::string> vertical, status;
  std::optional<SyncState> sync;
  std::optional<UserId> owner;
  std::optional<Date> renewal_from, renewal_to;  // inclusive
  std::string policy_no;                         // "" none; a policy number, however it is spelt: compared as keys are
  bool is_deleted = false;                       // tombstones alone, instead of what lives
};

struct RecordQuery {
  Scope scope;
  RecordFilter filter;
  SortKey sort = SortKey::created;
  bool descending = false;
  int limit = 50;
  std::string cursor;       // "" the first page; else `next_cursor` of the page before, of the same filter and sort
  std::int64_t offset = 0;  // rows passed over, for a reader that jumps; costs a walk along the index
};

struct RecordPage {
  std::vector<Record> records;
  std::string next_cursor;  // "" on the last page
  std::int64_t total = 0;
};

// What a filter finds, in one figure.
struct RecordTotals {
  std::int64_t count = 0;
  Money premium;
};

struct RecordWrite {
  Scope scope;
  std::string public_id;
  std::optional<std::int64_t> if_version;  // precondition when the record has another
};

// The fields to set (blank ones clear), and whether those not named are cleared.
struct FieldPatch {
  Fields set;
  bool replace = false;         // PUT: what is not in `set` becomes blank
  std::optional<UserId> owner;  // managers may give a record to another user
};

struct ImportLine {
  int line = 0;           // 1-based, the header is line 1
  std::string public_id;  // "" none
  std::optional<UserId> owner;
  Fields set;  // named columns alone; blank ones clear
};
struct ImportError {
  int line = 0;
  std::string field, reason;
};
struct ImportReport {
  std::int64_t added = 0, updated = 0, unchanged = 0;
  std::vector<ImportError> errors;
};
struct ImportOptions {
  bool dry_run = false, skip_bad = false;
};

// The history entries that one call wrote, `first` to `last`; none: it changed nothing.
struct ChangeRange {
  std::int64_t first = 0, last = -1;
  [[nodiscard]] bool is_empty() const { return last < first; }
};

struct BulkReport {
  std::int64_t changed = 0;
  std::vector<ChangeRange> changes;  // one for each piece that it was written in, joined where nobody came between
};

struct HistoryEntry {
  std::int64_t id = 0;
  std::string record;  // public id
  std::string name;    // the record's, as it is now; "" when it is gone for good
  JobId job;           // 0: by a user's edit
  WallTime at{};
  UserId user;
  std::string side, what, tab, field;  // what: cell, add, delete, move, restore
  int row = 0;
  Json before, after;
};
struct HistoryPage {
  std::vector<HistoryEntry> entries;
  std::string next_cursor;
};

struct Activity {
  std::int64_t id = 0;
  WallTime at{};
  UserId user;
  std::string what, text;
  std::string record;  // public id, or ""
  JobId job;
};
struct ActivityPage {
  std::vector<Activity> entries;
  std::string next_cursor;
};

class RecordStore {
 public:
  virtual ~RecordStore() = default;
  virtual Task<Result<RecordPage>> list_records(RecordQuery query) = 0;
  // All ids that the query's filter finds, in its order; its limit, cursor and offset do not count.
  virtual Task<Result<std::vector<std::string>>> record_ids(RecordQuery query) = 0;
  virtual Task<Result<RecordTotals>> record_totals(RecordQuery query) = 0;
  virtual Task<Result<Record>> get_record(Scope scope, std::string public_id,
                                          Tombstones tombstones = Tombstones::no) = 0;
  virtual Task<Result<Record>> create_record(Scope scope, Record record) = 0;
  virtual Task<Result<Record>> update_record(RecordWrite write, FieldPatch patch) = 0;
  virtual Task<Status> delete_record(RecordWrite write) = 0;
  virtual Task<Result<Record>> restore_record(RecordWrite write) = 0;
  // Of any number of records, in pieces: no transaction of it keeps others waiting. Looked at first: not_found names
  // the first id outside the scope, and nothing changes. A record that somebody deletes in between is passed over.
  virtual Task<Result<BulkReport>> update_records(Scope scope, std::vector<std::string> ids, FieldPatch patch) = 0;
  virtual Task<Result<BulkReport>> delete_records(Scope scope, std::vector<std::string> ids) = 0;
  // Takes back what the caller itself changed by hand in `changes`: cells that still hold what was set get their value
  // from before, records that are still deleted come back. What has moved on since stays; it is not counted.
  virtual Task<Result<BulkReport>> undo_changes(Scope scope, std::vector<ChangeRange> changes) = 0;
  // Lines with an `id` or a natural key of a record in the scope update it; the others are added, owned by their
  // `owner` or else the caller. With errors and without `skip_bad` nothing changes. All good lines or none, also over a
  // crash: what was decided is finished by the next `expire`. They become visible a piece at a time, though: no
  // transaction holds all of them.
  virtual Task<Result<ImportReport>> import_records(Scope scope, std::vector<ImportLine> lines,
                                                    ImportOptions options) = 0;
  // Calls `each` for every living record of the scope, oldest first, in one consistent view. `each` runs on a
  // database thread and must not block.
  virtual Task<Status> for_each_record(Scope scope, std::function<void(const Record&)> each) = 0;

  virtual Task<Result<HistoryPage>> history(Scope scope, std::string record, JobId job, int limit,
                                            std::string cursor) = 0;
  virtual Task<Result<ActivityPage>> activity(Scope scope, int limit, std::string cursor) = 0;
};

}  // namespace rowlane::store
