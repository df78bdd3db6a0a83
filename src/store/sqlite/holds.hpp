// Rows that the brake took out of a job, piece by piece: a hold may list every row of an agency, and no transaction is
// as long as that. A job's holds count only while it is held, or confirmed and not yet run, or cancelled with rows
// still to be put back; what a pass that died had begun to list counts for nothing and is listed anew.
#pragma once

#include "store/sqlite/rows.hpp"

namespace rowlane::store {

inline constexpr std::size_t kHoldsPerCommit = 200;

// Lists `holds` for the job and tells their records that they are held. Nothing when the job has ended meanwhile.
Status stage_holds(Writer& db, AgencyId agency, JobId job, std::span<const NewHold> holds, std::int64_t at_ms);
// Forgets what is listed for a job that is not held after all; its records are unsynced again.
Status drop_staged_holds(Writer& db, JobId job, std::int64_t at_ms);
// The holds of the agency that count.
Result<std::vector<OpenHold>> open_holds(db::Sqlite& db, AgencyId agency);

// What a cancelled job still has to put back, at most `kHoldsPerCommit` of it.
struct HeldRecord {
  std::int64_t hold = 0;
  RecordId record;
  std::string tab;
  std::int64_t version = 0;
};
Result<std::vector<HeldRecord>> holds_to_put_back(db::Sqlite& db, JobId job);
// Cancelled jobs that still have some: a process ended in the midst of it.
Result<std::vector<std::pair<JobId, UserId>>> jobs_to_put_back(db::Sqlite& db);

}  // namespace rowlane::store
