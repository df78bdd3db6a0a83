// What the files about passes share: leases, and jobs as a pass gets them.
#pragma once

#include "store/sqlite/rows.hpp"

namespace rowlane::store {

// Passes that failed by a fault of ours before jobs run one by one; times a job may fail alone.
inline constexpr int kFaultsTogetherMax = 2;
inline constexpr int kFaultsAloneMax = 3;

// lease_lost unless the pass still has the spreadsheet.
Status check_lease(db::Sqlite& db, const Lease& lease, std::int64_t now_ms);
// Takes the lease away: jobs that still run go back to `queued`, at the place they had.
Status release(db::Sqlite& db, std::string_view spreadsheet);

// Columns that `read_claimed` takes, of `sync_job j`.
inline constexpr std::string_view kClaimColumns =
    "j.id, j.user_id, j.whole_agency, j.direction, j.kind, j.tabs, j.attempt, j.faults, j.partial, j.not_found, j.agency_id, j.lane_id";

ClaimedJob read_claimed(const db::Statement& row);

// Tells of each job that the bound statement finds: its agency_id, user_id, id.
Status tell_of_jobs(NewEvents& events, db::Statement& jobs, std::int64_t at_ms);

// Tells of what is queued on the spreadsheet: its wait began or ended. Of each lane those that are next: more of a
// backlog than anybody looks at would make one transaction as long as the backlog.
Status tell_of_queued(Writer& db, std::string_view spreadsheet, std::int64_t at_ms);

// The first column of every row.
Result<std::vector<std::string>> texts(db::Statement stmt);
Status status_of(const Result<bool>& result);

}  // namespace rowlane::store
