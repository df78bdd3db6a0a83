// What one write does, record by record: kept in the journal before the write, committed after it was verified.
#pragma once

#include "domain/tab_layout.hpp"
#include "plan/tab_plan.hpp"
#include "store/passes.hpp"

namespace rowlane::sync {

// Kind of the notice that a removed row held something of people's own.
inline constexpr std::string_view kRemarkRemoved = "remark_removed";

enum class EffectKind { update, add, remove, move };

// One record's part of a write. Rows are 1-based, as they stand after the write (for removals: before it).
struct Effect {
  EffectKind kind = EffectKind::update;
  std::string tab;  // key
  RecordId record;
  std::int64_t version = 0;  // of the record as the pass loaded it
  std::string public_id;
  JobId job;
  UserId user;
  int row = 0;
  bool counts = true;    // false: only the row's id was written
  bool entered = false;  // committed already, while others of its batch are not
  std::int64_t overwritten = 0;
  std::string notice;          // what is to be told of it once it is entered; "" nothing
  std::optional<Fields> base;  // base once verified; nullopt: base goes
  std::vector<store::HistoryRow> history;
};

// Adds an effect's rows to a commit, and its counts to its job's result. What the record is told is the plan's to say.
void enter(const Effect& effect, store::ChunkCommit& commit, std::map<JobId, JobResult>& results);

}  // namespace rowlane::sync
