// One operation of a batch, and whose it is.
#pragma once

#include "sheets/sheet_api.hpp"

namespace rowlane::sync {

inline constexpr int kTabEffect = -1;      // of the tab itself: columns, marks, room for new rows
inline constexpr int kRestoreEffect = -2;  // it puts back what a write before it hit by mistake

struct SentOp {
  sheets::Op op;
  int effect = kTabEffect;  // index into the batch's effects, or one of the above
  // Of a cell that is put back: what stood there by mistake. Should this write miss too, that is what to look for.
  std::optional<sheets::CellWrite> replaces = std::nullopt;
};

}  // namespace rowlane::sync
