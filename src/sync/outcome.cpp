#include "sync/outcome.hpp"

#include <fmt/format.h>

#include "sync/effects.hpp"

namespace rowlane::sync {

namespace {

constexpr Millis kHour{3'600'000};

bool covers(const store::ClaimedJob& job, std::string_view tab) {
  return job.tabs.empty() || std::find(job.tabs.begin(), job.tabs.end(), tab) != job.tabs.end();
}

void describe_tab(const store::ClaimedJob& job, std::size_t index, const TabOutcome& tab, TabResult& out) {
  const plan::TabPlan& p = tab.plan;
  if (!p.columns.refused.empty()) {
    out.success = false;
    out.error = p.columns.refused;
    return;
  }
  std::vector<bool> has_row(tab.records.size());
  for (std::size_t i = 0; i < tab.records.size(); ++i) has_row[i] = p.row_of[i] != 0;
  for (const plan::RowAdd& add : p.adds) has_row[static_cast<std::size_t>(add.record)] = true;
  for (const plan::RowDelete& gone : p.deletes) has_row[static_cast<std::size_t>(gone.record)] = false;
  for (std::size_t i = 0; i < tab.records.size(); ++i) {
    const Record& r = *tab.records[i].record;
    if (!job.scope.covers(r.owner)) continue;
    out.counts.kept += p.kept_cells[i];
    if (has_row[i] && tab.records[i].belongs && !r.deleted_at) ++out.counts.exported;
  }
  out.counts.kept += p.kept_rows;
  out.counts.drafts = p.drafts;
  for (const plan::RecordRejection& rejection : p.rejected)
    if (job.scope.covers(tab.records[static_cast<std::size_t>(rejection.record)].record->owner))
      out.rejected.push_back(rejection.shown);
  for (const plan::AmbiguousRecord& a : p.ambiguous) {
    const Record& r = *tab.records[static_cast<std::size_t>(a.record)].record;
    if (!job.scope.covers(r.owner)) continue;
    std::string key;
    for (const FieldId field : tab.layout->keys[a.key]) {
      if (!key.empty()) key += ", ";
      key += r.fields.text(field);
    }
    out.ambiguous.push_back({p.tab, a.rows, r.public_id, std::string(r.fields.text(field::name)), key});
  }
  for (const plan::Hold& hold : p.holds)
    if (static_cast<std::size_t>(hold.job) == index) out.held.push_back(hold.shown);
}

std::string activity_of(const JobResult& result) {
  Counts sum;
  std::size_t held = 0;
  for (const auto& [tab, part] : result.tabs) sum += part.counts, held += part.held.size();
  if (sum.added + sum.updated + sum.deleted == 0 && held == 0) return {};
  std::string text =
      fmt::format("synced to the sheet: {} added, {} changed, {} deleted", sum.added, sum.updated, sum.deleted);
  if (held > 0) text += fmt::format(", {} held", held);
  return text;
}

}  // namespace

std::vector<store::JobOutcome> job_outcomes(const OutcomeInput& in) {
  std::vector<store::JobOutcome> out;
  for (std::size_t j = 0; j < in.jobs.size(); ++j) {
    const store::ClaimedJob& job = in.jobs[j];
    JobResult result;
    if (const auto written = in.written.find(job.id); written != in.written.end()) result = written->second;
    result.reads = in.reads, result.writes = in.writes;
    if (const Result<Json> sent = parse_json(job.not_found); sent && sent->if_array()) result.not_found = *sent;
    store::JobOutcome outcome{.id = job.id,
                              .state = JobState::succeeded,
                              .result = {},
                              .error = {},
                              .settled_by = job.settled_by,
                              .holds = {}};
    std::string refused;
    for (const TabOutcome& tab : in.tabs) {
      if (!covers(job, tab.plan.tab)) continue;
      describe_tab(job, j, tab, result.tabs[tab.plan.tab]);
      if (!tab.plan.columns.refused.empty()) refused += (refused.empty() ? "" : "; ") + tab.plan.columns.refused;
      result.notices.insert(result.notices.end(), tab.plan.notices.begin(), tab.plan.notices.end());
      std::copy_if(in.notices.begin(), in.notices.end(), std::back_inserter(result.notices),
                   [&](const Notice& notice) { return notice.tab == tab.plan.tab; });
      for (const plan::Hold& hold : tab.plan.holds) {
        if (static_cast<std::size_t>(hold.job) != j) continue;
        const Record& r = *tab.records[static_cast<std::size_t>(hold.record)].record;
        outcome.holds.push_back(
            {r.id, tab.plan.tab, hold.shown.row, r.version, hold.row_hash, hold.shown.to_json().dump()});
        outcome.state = JobState::held;
      }
    }
    if (!result.success()) outcome.state = JobState::failed, outcome.error = refused;
    outcome.activity = activity_of(result);
    outcome.result = result.to_json().dump();
    out.push_back(std::move(outcome));
  }
  return out;
}

JobResult read_partial(std::string_view text) {
  JobResult out;
  const Json json = parse_json(text).value_or(Json());
  const Json::Object* tabs = json["tabs"].if_object();
  if (!tabs) return out;
  for (const auto& [key, tab] : *tabs) {
    Counts& counts = out.tabs[key].counts;
    counts.added = tab["added"].as_int().value_or(0);
    counts.updated = tab["updated"].as_int().value_or(0);
    counts.deleted = tab["deleted"].as_int().value_or(0);
    counts.overwritten = tab["overwritten"].as_int().value_or(0);
  }
  // Other notices are of the plan, and told anew.
  if (const Json::Array* notices = json["notices"].if_array())
    for (const Json& notice : *notices)
      if (notice["kind"].string_or() == kRemarkRemoved)
        out.notices.push_back({notice["tab"].string_or(), notice["kind"].string_or(), notice["text"].string_or()});
  return out;
}

store::PassOutcome outcome_of(const Error& error) {
  store::PassOutcome out;
  out.park_text = error.message;
  switch (error.code) {
    case Errc::quota_exceeded:
      out.park = WaitReason::quota;
      out.park_account = true;
      out.park_for = error.retry_after.value_or(Millis{60'000});
      break;
    case Errc::not_shared:
    case Errc::credentials:
      out.park = WaitReason::not_shared;
      out.park_for = kHour;
      break;
    case Errc::sheet_missing:
      out.park = WaitReason::sheet_missing;
      out.park_for = kHour;
      break;
    case Errc::unavailable:
    case Errc::unknown_outcome:
      out.park = WaitReason::retry;
      out.park_for = error.retry_after.value_or(Millis{0});  // 0: the lanes say how long
      break;
    default:
      out.park = WaitReason::retry;
      out.fault = error.message;
  }
  return out;
}

}  // namespace rowlane::sync
