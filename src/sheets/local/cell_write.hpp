// Writing cells: CellData by a field mask, and the limits that every written cell must keep.
#pragma once

#include "sheets/local/book.hpp"
#include "sheets/local/field_mask.hpp"

namespace rowlane::sheets::local {

// A mask over CellData, looked at once and used for many cells.
class CellMask {
 public:
  // `fields` as in a request; an empty one is refused in Google's words.
  static Api<CellMask> parse(std::string_view fields);
  // Brings `cell` to what `data` (null: an empty CellData) says, in the members of the mask.
  [[nodiscard]] ApiStatus write(Book& book, Cell& cell, const Json* data) const;

 private:
  bool value_ = false, note_ = false;
  FieldMask mask_;
  std::vector<std::string> further_;
};

// Sets a cell's value or formula from an ExtendedValue; null clears it.
ApiStatus write_extended_value(const Book& book, Cell& cell, const Json* value);
// "Your input contains more than the maximum of 50000 characters in a single cell."
ApiStatus check_length(std::string_view text);
// Puts a number format into the cell's own format.
void set_number_format(Book& book, Cell& cell, std::string_view type, std::string_view pattern);

}  // namespace rowlane::sheets::local
