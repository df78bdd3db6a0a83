// The `values` part of the API: blocks of plain values, read as shown or raw, written as typed or raw.
#pragma once

#include <string>

#include "sheets/local/book.hpp"
#include "sheets/local/eval.hpp"

namespace rowlane::sheets::local {

struct ValueOptions {
  bool by_columns = false;  // majorDimension COLUMNS
  enum class Render : std::uint8_t { formatted, unformatted, formula } render{};
  bool dates_as_text = false;  // dateTimeRenderOption FORMATTED_STRING
};

// A ValueRange as JSON text. The area may have open ends.
void render_values(std::string& out, const Book& book, Evaluator& evaluator, const Area& area,
                   const ValueOptions& options);

struct ValueWrite {
  Area area;  // as resolved from the request's range
  Json values;
  bool by_columns = false;
  bool typed = false;        // USER_ENTERED
  bool append = false;       // below the table found in the area
  bool insert_rows = false;  // append: INSERT_ROWS
};
struct ValueChange {
  Area updated;
  std::optional<Area> table;  // append: what was found
  int rows = 0, columns = 0, cells = 0;
};
// Writes a block of values. Null leaves a cell, "" clears it.
Api<ValueChange> write_values(Book& book, const ValueWrite& write);
// Clears values, formats stay; the area cut to the grid.
Area clear_values(Book& book, const Area& area);

}  // namespace rowlane::sheets::local
