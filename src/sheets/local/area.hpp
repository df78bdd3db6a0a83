// Rectangles on a tab, how they follow inserted, deleted and moved rows and columns, and A1 notation.
// Rows and columns are 1-based and inclusive; `kOpen` as a last row or column means "to the end of the grid".
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.hpp"

namespace rowlane::sheets::local {

inline constexpr int kOpen = std::numeric_limits<int>::max();

enum class Axis : std::uint8_t { rows, columns };

struct Area {
  std::int64_t sheet_id = 0;
  int row_first = 1, column_first = 1;
  int row_last = kOpen, column_last = kOpen;

  [[nodiscard]] bool holds(int row, int column) const {
    return row >= row_first && row <= row_last && column >= column_first && column <= column_last;
  }
  [[nodiscard]] bool overlaps(const Area& other) const {
    return sheet_id == other.sheet_id && row_first <= other.row_last && other.row_first <= row_last &&
           column_first <= other.column_last && other.column_first <= column_last;
  }
  [[nodiscard]] bool contains(const Area& other) const {
    return sheet_id == other.sheet_id && row_first <= other.row_first && other.row_last <= row_last &&
           column_first <= other.column_first && other.column_last <= column_last;
  }
  friend bool operator==(const Area&, const Area&) = default;
};

// One structural change along one axis.
struct Shift {
  enum class Kind : std::uint8_t { insert, erase, move } kind{};
  int at = 1;  // first row or column concerned
  int count = 0;
  int to = 0;  // move: the block ends up before what was at `to`
};

// Where a single row or column ends up; nullopt: it is gone.
std::optional<int> shifted(int position, const Shift& shift);
// Where a span ends up; nullopt: all of it is gone. Open ends stay open.
struct Span {
  int first = 1, last = kOpen;
};
std::optional<Span> shifted(Span span, const Shift& shift);
// The area's own sheet is not looked at.
std::optional<Area> shifted(Area area, Axis axis, const Shift& shift);

// Google's GridRange; members of open ends are left out.
Json grid_range_json(const Area& area);

// "B", "AA".
std::string column_letters(int column);
// The column of 1 to 3 letters, any case; nullopt for anything else.
std::optional<int> column_of(std::string_view letters);
// "Sheet1" or "'Bob''s: life'": quoted when the title needs it.
std::string quoted_title(std::string_view title);

// The part of an A1 range after the tab: "B2", "A1:C5", "A:C", "2:7", "A2:C". nullopt when it is none.
std::optional<Area> parse_a1_cells(std::string_view text);
// "A1:C5", "B2" for one cell, "A:C", "2:7".
std::string a1_cells(const Area& area);

}  // namespace rowlane::sheets::local
