#include "sync/effects.hpp"

namespace rowlane::sync {

void enter(const Effect& e, store::ChunkCommit& commit, std::map<JobId, JobResult>& results) {
  commit.base.push_back({e.record, e.tab, e.base});
  commit.history.insert(commit.history.end(), e.history.begin(), e.history.end());
  commit.marks.push_back({e.record, e.version, SyncState::synced, {}});
  Counts& counts = results[e.job].tabs[e.tab].counts;
  counts.overwritten += e.overwritten;
  if (e.kind == EffectKind::add)
    ++counts.added;
  else if (e.kind == EffectKind::update)
    counts.updated += e.counts ? 1 : 0;
  else
    ++counts.deleted;
}

}  // namespace rowlane::sync
