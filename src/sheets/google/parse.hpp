// Reads a Sheets reply while it arrives, straight into tables: no JSON tree is built.
//
// Members may come in any order. What is not needed is skipped without being kept. Numbers are converted from their
// text, so 17 digits and huge exponents are exact. Hostile input (depth, size, bad UTF-8, a number no double can
// hold, positions beyond any grid) ends in an error; memory stays near that of the tables.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "domain/sheet.hpp"
#include "sheets/sheet_api.hpp"

namespace rowlane::sheets::google {

// One GridData of a reply. Row 1, column 1 of `cells` is row `row`, column `column` of the sheet.
struct GridBlock {
  int row = 1, column = 1;
  SheetTable cells;
};

// The tabs of a batchUpdate's reply, each with its grids in the order they came.
struct TabBlocks {
  std::int64_t sheet_id = 0;
  std::string title;
  std::vector<GridBlock> blocks;
};

class ReplyParser {
 public:
  enum class Shape {
    spreadsheet,   // spreadsheets.get, getByDataFilter
    batch_update,  // batchUpdate: the spreadsheet is the member `updatedSpreadsheet`
  };
  // Keeps the cells of tabs that `keep` names by id or title; of all tabs when it is empty. A tab whose properties
  // come before its data is not even read into memory when it is not kept.
  explicit ReplyParser(Shape shape, std::vector<TabRef> keep = {});
  ~ReplyParser();
  ReplyParser(const ReplyParser&) = delete;
  ReplyParser& operator=(const ReplyParser&) = delete;

  // False when the reply is broken; `finish` then says how.
  bool feed(std::string_view piece);
  // After the last piece. Errors: unavailable, with what is wrong; the caller knows if something was written.
  Status finish();

  // After `finish`, once. `spreadsheet`: the tables are put together from their grids.
  SpreadsheetSnapshot take_snapshot();
  // After `finish`, once. `batch_update`.
  std::vector<TabBlocks> take_blocks();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rowlane::sheets::google
