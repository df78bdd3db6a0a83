// What a pass needs of a spreadsheet: one read and one atomic write. `google/` speaks the real protocol.
//
// Errors (see base/error.hpp): quota_exceeded (429; `retry_after` where given), unavailable (surely not applied),
// unknown_outcome (a write that may have been applied), not_shared (403 or 404; the message names the address to
// share with), sheet_missing (a tab asked for by id is gone), credentials, invalid_input (the service refused
// sub-request `request_index`; nothing of the batch was applied).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/error.hpp"
#include "base/task.hpp"
#include "domain/sheet.hpp"

namespace rowlane::sheets {

// Awaited right before every request that counts against the Sheets quota goes out (repeats included: after a
// refreshed token, and to find out which op was refused). An error (lease_lost, quota_exceeded) ends the call with it,
// and nothing is sent. May be empty.
using MaySend = std::function<Task<Status>()>;

// A tab to read with its cells: by id where it is known (follows a rename), else by title.
struct TabRef {
  std::optional<std::int64_t> sheet_id;
  std::string title;
};

struct ReadRequest {
  std::string spreadsheet_id;
  // All known by id: one getByDataFilter of just these tabs. Otherwise one spreadsheets.get of the whole
  // spreadsheet, of which only the tabs named here keep their cells; a title that does not exist is no error,
  // its tab is simply not in the snapshot.
  std::vector<TabRef> tabs;
  MaySend may_send;
  // A tab known by id that is gone is simply not in the snapshot, instead of the error sheet_missing.
  bool may_be_gone = false;
};

// A formula as a person entered it ("=D2*1.18"). Written only to put one back.
struct FormulaText {
  std::string text;
};

// One cell to write. `value`: monostate clears the cell's value; text is never taken for a formula.
struct CellWrite {
  std::variant<std::monostate, std::string, double, bool, FormulaText> value;
  // Set the cell's number format in the same request: a pattern such as "dd/mm/yyyy" or "#,##0.00", "" for the one that
  // the spreadsheet's locale has for that kind; `none` clears it.
  std::optional<std::pair<FormatKind, std::string>> format;
};

namespace op {
struct AddTab {
  std::int64_t sheet_id;
  std::string title;
  int rows, columns;
};
// New rows row .. row+count-1, with the format of the row above or below.
struct InsertRows {
  std::int64_t sheet_id;
  int row;
  int count;
  bool like_above = true;
};
struct DeleteRows {
  std::int64_t sheet_id;
  int row;
  int count;
};
struct GrowGrid {
  std::int64_t sheet_id;
  int rows, columns;
};  // rows and columns to append, 0 allowed
// Writes neighbouring cells of one row, from `column` on.
struct UpdateCells {
  std::int64_t sheet_id;
  int row, column;
  std::vector<CellWrite> cells;
};
struct MarkColumn {
  std::int64_t sheet_id;
  int column;
  std::int64_t metadata_id;
  std::string key, value;
};
struct MarkSpreadsheet {
  std::int64_t metadata_id;
  std::string key, value;
};  // visible to this project's account alone
struct DeleteMark {
  std::int64_t metadata_id;
};
struct HideColumn {
  std::int64_t sheet_id;
  int column;
  bool hidden = true;
};
struct ProtectColumn {
  std::int64_t sheet_id;
  int column;
  std::string description;
};  // warning only
// Widens the basic filter. Setting one replaces it whole, so `rest` must be the `filter_rest` that was read.
struct SetFilter {
  std::int64_t sheet_id;
  CellRange range;
  std::string rest;
};
}  // namespace op

using Op = std::variant<op::AddTab, op::InsertRows, op::DeleteRows, op::GrowGrid, op::UpdateCells, op::MarkColumn,
                        op::MarkSpreadsheet, op::DeleteMark, op::HideColumn, op::ProtectColumn, op::SetFilter>;

struct ReadBack {
  std::string title;  // as the read found it; a rename in between fails the call with invalid_input
  CellRange range;
};

struct WriteRequest {
  std::string spreadsheet_id;
  std::vector<Op> ops;              // applied in order, all or none; `request_index` of an error counts these
  std::vector<ReadBack> read_back;  // returned as the sheet stands after the write
  MaySend may_send;
  bool names_refused = false;  // a refusal is likely: no rows are joined, so that it names its op at once
};

// The ranges asked for, in that order: cells of range i are at 1-based positions of the sheet.
struct ReadBackRange {
  std::string title;
  CellRange range;
  SheetTable cells;  // row 1 of this table is `range.row_first`, column 1 is `range.column_first`
};

struct WriteAnswer {
  std::vector<ReadBackRange> read_back;
};

class SheetApi {
 public:
  virtual ~SheetApi() = default;
  virtual Task<Result<SpreadsheetSnapshot>> read(ReadRequest request) = 0;
  virtual Task<Result<WriteAnswer>> write(WriteRequest request) = 0;
  // The address people must share the spreadsheet with; empty where none is needed.
  [[nodiscard]] virtual std::string share_with() const = 0;
  // A rough size of the request that `op` would make, for cutting a payload into chunks. `as_further_row`: of an
  // UpdateCells whose neighbour above is written in the same columns, and with the same formats set or not.
  [[nodiscard]] virtual std::size_t estimate_bytes(const Op& op, bool as_further_row) const = 0;
};

}  // namespace rowlane::sheets
