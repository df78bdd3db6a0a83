// Ops as the body of a batchUpdate, built straight into one string.
//
// Text is always a stringValue, never a formula; a blank is a cell without a value under the mask that clears it.
// The mask names userEnteredFormat.numberFormat only where a cell sets it, so other cells keep their format; an op
// whose cells differ in that becomes several requests. Writes to the same columns of rows that follow each other are
// the rows of one request: a new record costs its cells and nothing around them. Cells come to stand as if each op had
// been a request, in the order given.
// Metadata has the visibility PROJECT, for columns too: nobody but this project's accounts can read, copy or
// delete it, and no script of the document needs it.
#pragma once

#include <string>
#include <vector>

#include "base/error.hpp"
#include "sheets/sheet_api.hpp"

namespace rowlane::sheets::google {

inline constexpr int kSeveralOps = -1;

struct EncodedBatch {
  std::string body;
  std::vector<int> op_of_request;  // which op the request at this place came from; kSeveralOps where rows were joined
};

// `apart`: no request holds more than one op, so that the number of a refused one names its op.
enum class Rows { joined, apart };

// Errors: invalid_input with `request_index` (of the ops) for a number that is not finite.
Result<EncodedBatch> encode_batch(const std::vector<Op>& ops, const std::vector<ReadBack>& read_back,
                                  Rows rows = Rows::joined);

// The body of a getByDataFilter for the whole of these tabs.
std::string encode_tab_filters(const std::vector<TabRef>& tabs);

// Within a few per cent of what `encode_batch` makes of the op, without making it. `as_further_row`: where the row
// above it is written in the same columns.
std::size_t estimate_op_bytes(const Op& op, bool as_further_row = false);

}  // namespace rowlane::sheets::google
