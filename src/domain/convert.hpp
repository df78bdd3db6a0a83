// From a cell to a field's value and back. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "domain/field_catalogue.hpp"
#include "domain/sheet.hpp"
#include "domain/tab_layout.hpp"

namespace rowlane {

struct Converted {
  Value value;
  std::string_view rejected;  // why the cell is no value of that type; empty when it is
};

// Reads a cell as `type`: numbers and texts like "Rs 1,25,000.50" as money, serials and texts like "03/04/2026"
// (by `order`) as dates, whole numbers below 2^53 as the digits of a text. An empty cell is blank.
Converted from_cell(const Cell& cell, FieldType type, DateOrder order);

// Google's day 0 is 1899-12-30.
inline constexpr int kSerialOf1970 = 25'569;
// The day that a serial number stands for, its time of day left off; nullopt beyond the years 1 to 9999.
std::optional<Date> day_of_serial(double serial);

// True when the cell's present number format shows a value of this type as such (dates and money only).
bool format_fits(FormatKind format, FieldType type);

// The cell's content as people see it, for histories and reports: "125000.5", "2026-04-03", "=A1*2", "#REF!".
std::string cell_text(const SheetTable& table, int row, int column);

// Characters a cell can hold (Google's limit, in UTF-16 code units).
inline constexpr std::size_t kCellCharactersMax = 50'000;

}  // namespace rowlane
