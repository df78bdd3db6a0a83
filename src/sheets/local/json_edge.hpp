// Where Google's 0-based JSON meets the 1-based model: ranges, metadata and lookups, both ways.
#pragma once

#include "sheets/local/book.hpp"

namespace rowlane::sheets::local {

// "No grid with id: N" when there is none.
Api<Sheet*> need_sheet(Book& book, std::int64_t sheet_id);
std::int64_t int_or(const Json& object, std::string_view member, std::int64_t fallback);

// A GridRange as given, open ends kept. Refuses ends before starts and what lies outside the grid.
Api<Area> read_grid_range(const Book& book, const Json& range);
// The same, with open ends cut to the grid.
Api<Area> read_bounded_range(const Book& book, const Json& range);

struct Line {
  Sheet* sheet = nullptr;
  Axis axis{};
  int first = 1, last = 1;
  [[nodiscard]] int count() const { return last - first + 1; }
};
// A DimensionRange; open ends cut to the grid. `beyond`: may start right behind the last row or column.
Api<Line> read_dimension_range(Book& book, const Json& range, bool beyond = false);

Json metadata_json(const Metadata& item);
// The location of new or moved metadata.
ApiStatus read_metadata_location(Book& book, const Json& location, Metadata& into);
// Whether the item is what a DataFilter asks for.
Api<bool> metadata_matches(const Book& book, const Metadata& item, const Json& filter);

Json named_range_json(const NamedRange& named);
// The range and all else that was given with it; `member` names the range.
Json placed_json(const Placed& placed);

// The area of a DataFilter that names cells (a1Range, gridRange, or metadata on a tab, rows or columns);
// nullopt: metadata that is nowhere on a tab.
Api<std::vector<Area>> resolve_filter(const Book& book, const Json& filter);

Json sheet_properties_json(const Book& book, const Sheet& sheet);
Json spreadsheet_properties_json(const Book& book);

}  // namespace rowlane::sheets::local
