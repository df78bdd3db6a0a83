// The brake: a large deletion or blanking waits for a person's yes. Pure.
#pragma once

#include <cstddef>

namespace rowlane::plan {

// `at_risk`: rows of one job and tab that would be deleted, or lose a filled mapped cell.
// `managed`: rows of the tab that are matched to any record, as this pass read them.
constexpr bool is_braked(std::size_t at_risk, std::size_t managed) {
  constexpr std::size_t kRowsMax = 50;  // more than this is always held
  constexpr std::size_t kRowsFree = 5;  // up to this is never held
  return at_risk > kRowsMax || (at_risk > kRowsFree && at_risk * 10 > managed);
}

}  // namespace rowlane::plan
