// The cells of one tab: rows in shared chunks, copied on write. Copying a grid costs one pointer a chunk, so
// a batch works on a copy and a failed one simply drops it. Rows and columns are 1-based. Rows beyond
// `size()` are empty. Single-threaded.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/json.hpp"

namespace rowlane::sheets::local {

class Formula;

enum class ErrorKind : std::uint8_t { error, null_value, divide_by_zero, value, ref, name, num, not_available };

// Empty, text, number, truth, error.
using Value = std::variant<std::monostate, std::string, double, bool, ErrorKind>;

inline bool is_blank(const Value& value) { return value.index() == 0; }
inline const ErrorKind* if_error(const Value& value) { return std::get_if<ErrorKind>(&value); }

// What few cells have.
struct CellExtra {
  std::shared_ptr<const Formula> formula;
  std::string note;
  Json::Object further;  // dataValidation, textFormatRuns and the like, kept as given
};

struct Cell {
  Value value;               // as entered; empty where a formula is
  std::uint32_t format = 0;  // index into the spreadsheet's FormatPool; 0: none
  std::shared_ptr<const CellExtra> extra;

  [[nodiscard]] const Formula* formula() const { return extra ? extra->formula.get() : nullptr; }
  // Something a person would call content: a value or a formula.
  [[nodiscard]] bool has_content() const { return !is_blank(value) || formula() != nullptr; }
  // Nothing at all, not even a format or a note.
  [[nodiscard]] bool is_bare() const { return is_blank(value) && format == 0 && !extra; }

  void set_value(Value v);
  void set_formula(std::shared_ptr<const Formula> formula);
  void set_note(std::string note);
  void set_further(std::string_view name, const Json& value);  // null removes it
  [[nodiscard]] std::string_view note() const { return extra ? std::string_view(extra->note) : std::string_view(); }

 private:
  void set_extra(CellExtra next);
};

struct Row {
  std::vector<Cell> cells;  // trailing bare cells are not kept
  int formulas = 0;
  bool hidden = false;
  std::optional<int> pixel_size;

  [[nodiscard]] const Cell* find(int column) const {
    return column >= 1 && column <= static_cast<int>(cells.size()) ? &cells[static_cast<std::size_t>(column - 1)]
                                                                   : nullptr;
  }
  void set(int column, Cell cell);
  void insert_columns(int column, int count);
  void erase_columns(int column, int count);
  [[nodiscard]] bool is_bare() const { return cells.empty() && !hidden && !pixel_size; }
  [[nodiscard]] bool has_content() const;
  void recount();
};
using RowPtr = std::shared_ptr<const Row>;  // null: an empty row

class RowTable {
 public:
  [[nodiscard]] int size() const { return size_; }
  [[nodiscard]] const Row* find(int row) const;
  [[nodiscard]] const Cell* cell(int row, int column) const {
    const Row* found = find(row);
    return found ? found->find(column) : nullptr;
  }
  // Changes one row, which is made when it is not there. `change` gets a row of its own.
  void update(int row, const std::function<void(Row&)>& change);
  // Inserts rows before `row`; beyond the end nothing needs to be stored.
  void insert(int row, std::vector<RowPtr> rows);
  // Removes rows and hands them out (padded with null up to `count`).
  std::vector<RowPtr> erase(int row, int count);
  // The rows from `row` on, padded with null.
  [[nodiscard]] std::vector<RowPtr> slice(int row, int count) const;
  // Puts rows in the place of those from `row` on.
  void replace(int row, const std::vector<RowPtr>& rows);
  // Drops empty rows at the end.
  void trim();

  // Visits stored, non-empty rows of [first, last] in order.
  template <class F>
  void each(int first, int last, F&& visit) const {
    int base = 0;
    for (const auto& chunk : chunks_) {
      const int count = static_cast<int>(chunk->rows.size());
      if (base + count >= first) {
        for (int i = first > base ? first - base - 1 : 0; i < count && base + i + 1 <= last; ++i)
          if (const Row* row = chunk->rows[static_cast<std::size_t>(i)].get()) visit(base + i + 1, *row);
      }
      base += count;
      if (base >= last) return;
    }
  }
  // Visits rows that hold a formula.
  template <class F>
  void each_formula_row(F&& visit) const {
    int base = 0;
    for (const auto& chunk : chunks_) {
      if (chunk->formulas > 0)
        for (std::size_t i = 0; i < chunk->rows.size(); ++i)
          if (const Row* row = chunk->rows[i].get(); row && row->formulas > 0)
            visit(base + static_cast<int>(i) + 1, *row);
      base += static_cast<int>(chunk->rows.size());
    }
  }
  // Rewrites every stored row (column inserts and deletes).
  void update_all(const std::function<void(int row_number, Row&)>& change);
  [[nodiscard]] bool has_formulas() const;

 private:
  struct Chunk {
    std::vector<RowPtr> rows;
    int formulas = 0;
  };
  struct Place {
    std::size_t chunk;
    int base;  // rows before the chunk
  };
  [[nodiscard]] Place place_of(int row) const;  // row <= size_
  Chunk& own(std::size_t chunk);
  void grow(int rows);
  // Makes `row` the first of a chunk; the chunk's index (chunks_.size() for size_ + 1).
  std::size_t split_at(int row);
  static void recount(Chunk& chunk);

  static constexpr int kChunkRows = 256;
  std::vector<std::shared_ptr<Chunk>> chunks_;
  int size_ = 0;
  mutable Place last_{0, 0};
};

}  // namespace rowlane::sheets::local
