// How a pass's plans and counts become each job's result. Pure.
#pragma once

#include <span>

#include "plan/pass_plan.hpp"
#include "store/passes.hpp"

namespace rowlane::sync {

struct TabOutcome {
  const TabLayout* layout = nullptr;
  plan::TabPlan plan;
  std::span<const plan::TabRecord> records;  // borrowed from the pass
};

struct OutcomeInput {
  const std::vector<store::ClaimedJob>& jobs;  // in the order accepted
  const std::vector<TabOutcome>& tabs;
  const std::map<JobId, JobResult>& written;  // counts of what was verified
  const std::vector<Notice>& notices;         // of the pass as a whole
  std::int64_t reads = 0, writes = 0;
};
std::vector<store::JobOutcome> job_outcomes(const OutcomeInput& input);

// Counts kept between passes of one job: the JSON of a result so far, and back.
JobResult read_partial(std::string_view json);

// An error of a call as the wait or fault that ends the pass.
store::PassOutcome outcome_of(const Error& error);

}  // namespace rowlane::sync
