// A record as one tab sees it.
#pragma once

#include "domain/record.hpp"

namespace rowlane::plan {

// The pointers are borrowed from the pass's data.
struct TabRecord {
  const Record* record = nullptr;
  const Fields* base = nullptr;  // what both sides last agreed on in this tab; null when never
  bool belongs = false;          // its vertical is one of this tab's
};

}  // namespace rowlane::plan
