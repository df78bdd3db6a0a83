// Values of formulas, worked out when asked for and kept for one state of a book. Make a new evaluator after
// a change. Cycles give #REF!, as Google's do without iterative calculation. Single-threaded.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "sheets/local/book.hpp"

namespace rowlane::sheets::local {

struct ValueGrid {
  int rows = 1, columns = 1;
  std::vector<Value> cells;
  [[nodiscard]] const Value& at(int row, int column) const {  // 1-based; one row or column is repeated
    static const Value kMissing = ErrorKind::not_available;
    if (rows == 1) row = 1;
    if (columns == 1) column = 1;
    if (row > rows || column > columns) return kMissing;
    return cells[static_cast<std::size_t>(row - 1) * static_cast<std::size_t>(columns) +
                 static_cast<std::size_t>(column - 1)];
  }
};

class Evaluator {
 public:
  // The book outlives the evaluator and does not change under it.
  explicit Evaluator(const Book& book) : book_(book) {}

  // The value people see; of blank cells, what a formula elsewhere put there.
  Value value(const Sheet& sheet, int row, int column);
  // The same when the cell is at hand (null: not stored).
  Value value(const Sheet& sheet, int row, int column, const Cell* cell);
  // Filled cells that hold nothing of their own, at row and column.
  using Spill = std::unordered_map<std::uint64_t, Value>;
  const Spill& spilled(const Sheet& sheet);
  static std::uint64_t key(int row, int column) {
    return (static_cast<std::uint64_t>(row) << 20) | static_cast<std::uint64_t>(column);
  }
  // The number format a formula takes over from the cells it refers to; 0: none.
  std::uint32_t inherited_format(const Sheet& sheet, const Formula& formula);
  // The address of =HYPERLINK("address", ...); empty for other formulas.
  std::string hyperlink(const Sheet& sheet, int row, int column, const Formula& formula);

 private:
  friend class Calculation;
  struct SheetState {
    std::unordered_map<std::uint64_t, Value> done;
    std::unordered_set<std::uint64_t> running;
    Spill spill;
    std::unordered_map<std::uint64_t, Value> anchors;  // of array formulas
    bool spill_ready = false, spill_running = false;
  };
  void fill_spill(const Sheet& sheet, SheetState& state);
  Value anchor(const Sheet& sheet, SheetState& state, int row, int column, const Formula& formula);

  const Book& book_;
  std::unordered_map<std::int64_t, SheetState> states_;
  int depth_ = 0;
};

// A text that a formula put together; longer than a cell may hold it is #VALUE!, as in Sheets.
Value joined_text(std::string text);
// As in a formula: "" for blank, TRUE, the number's shortest text.
std::string text_of(const Value& value);
// "#REF!" and so on, and the type that the API gives it.
std::string_view error_text(ErrorKind kind);
std::string_view error_type(ErrorKind kind);

}  // namespace rowlane::sheets::local
