#include "sync/effects.hpp"

#include <algorithm>

namespace rowlane::sync {

namespace {

constexpr std::ptrdiff_t kRemovalNoticesMax = 20;  // of a tab; the history names them all

void add_removal_notice(JobResult& result, const std::string& tab, const std::string& text) {
  const auto told = std::count_if(result.notices.begin(), result.notices.end(), [&](const Notice& notice) {
    return notice.tab == tab && notice.kind == kRemarkRemoved;
  });
  if (told < kRemovalNoticesMax)
    result.notices.push_back({tab, std::string(kRemarkRemoved), text});
  else if (told == kRemovalNoticesMax)
    result.notices.push_back(
        {tab, std::string(kRemarkRemoved), "so did further rows: the history of this job has what stood in them"});
}

}  // namespace

void enter(const Effect& e, store::ChunkCommit& commit, std::map<JobId, JobResult>& results) {
  commit.base.push_back({e.record, e.tab, e.base});
  commit.history.insert(commit.history.end(), e.history.begin(), e.history.end());
  if (!e.notice.empty()) add_removal_notice(results[e.job], e.tab, e.notice);
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
