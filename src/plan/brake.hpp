// The brake: a large deletion or blanking waits for a person's yes. Pure.
#pragma once

#include <cstddef>

#include "plan/pass_plan.hpp"

namespace rowlane::plan {

// `at_risk`: rows of one job that would be deleted, or lose a filled mapped cell.
// `managed`: rows that are matched to any record of any user, as this pass read them; of the same tabs.
constexpr bool is_braked(std::size_t at_risk, std::size_t managed) {
  constexpr std::size_t kRowsMax = 50;  // more than this is always held
  constexpr std::size_t kRowsFree = 5;  // up to this is never held
  return at_risk > kRowsMax || (at_risk > kRowsFree && at_risk * 10 > managed);
}

// Takes what each job would delete or blank out of the plans as holds, where one tab alone is over a limit (then that
// tab's rows), or where all tabs of the job together are (then all that is left of them). A move between tabs is no
// deletion, and what a person said yes to is not asked again.
void brake(const PassInput& input, PassPlan& plan);

}  // namespace rowlane::plan
