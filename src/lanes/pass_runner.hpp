// What the lanes run: one pass over one spreadsheet. Owned here, so that the lanes know nothing of sheets.
#pragma once

#include "store/passes.hpp"

namespace rowlane::lanes {

class PassRunner {
 public:
  virtual ~PassRunner() = default;
  // Does the work of `claim` and says how it ended; the driver enters that in the store. `lease_lost` ends the pass
  // without a trace. Any other error is a fault of our own. An exception is one too.
  virtual Task<Result<store::PassOutcome>> run(store::Claim claim) = 0;
};

}  // namespace rowlane::lanes
