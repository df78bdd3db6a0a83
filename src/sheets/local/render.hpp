// Spreadsheets as JSON, under a field mask, properties before data. Written straight to text: a large tab is
// never a tree of values.
#pragma once

#include <string>
#include <vector>

#include "sheets/local/book.hpp"
#include "sheets/local/eval.hpp"
#include "sheets/local/field_mask.hpp"

namespace rowlane::sheets::local {

struct RenderRequest {
  std::vector<Area> ranges;  // what to show of the tabs; empty: all tabs whole
  bool grid_data = false;    // with cells
  bool with_mask = false;    // the mask decides about cells
  FieldMask mask;            // over Spreadsheet
};

void render_spreadsheet(std::string& out, const Book& book, Evaluator& evaluator, const RenderRequest& request);

// One cell's ExtendedValue of what is shown; null for blank.
Json value_json(const Value& value);
// What people see in the cell.
std::string shown_text(const Book& book, Evaluator& evaluator, const Sheet& sheet, const Cell* cell,
                       const Value& value);

}  // namespace rowlane::sheets::local
