#include "domain/sheet.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace rowlane {

namespace {
constexpr std::size_t kArenaBlockBytes = 256 * 1024;
}  // namespace

void SheetTable::end_row() {
  const std::size_t start = row_ends_.empty() ? 0 : row_ends_.back();
  // Trailing empty cells carry no information but their format, which matters only beside a value.
  while (cells_.size() > start && cells_.back().is_empty() && cells_.back().format == FormatKind::none)
    cells_.pop_back();
  column_count_ = std::max(column_count_, static_cast<int>(cells_.size() - start));
  row_ends_.push_back(cells_.size());
}

void SheetTable::pad_rows(int rows) {
  while (row_count() < rows) end_row();
}

const char* SheetTable::intern(std::string_view text) {
  if (arena_.empty() || arena_.back().capacity() - arena_.back().size() < text.size()) {
    arena_.emplace_back();
    arena_.back().reserve(std::max(kArenaBlockBytes, text.size() + 1));
  }
  std::string& block = arena_.back();
  const std::size_t offset = block.size();
  block.append(text);  // never past the reserved capacity, so earlier pointers stay good
  return block.data() + offset;
}

Cell SheetTable::text_cell(std::string_view text) {
  Cell cell;
  cell.chars = intern(text);
  cell.length = static_cast<std::uint32_t>(text.size());
  cell.kind = CellKind::text;
  return cell;
}

void SheetTable::add_formula_cell(Cell cell, std::string_view formula) {
  cell.formula = true;
  formulas_.push_back({cells_.size(), intern(formula), static_cast<std::uint32_t>(formula.size())});
  cells_.push_back(cell);
}

std::string_view SheetTable::formula_at(int row, int column) const {
  if (!at(row, column).formula) return {};
  const std::size_t start = row == 1 ? 0 : row_ends_[static_cast<std::size_t>(row - 2)];
  const std::size_t slot = start + static_cast<std::size_t>(column - 1);
  const auto found = std::lower_bound(formulas_.begin(), formulas_.end(), slot,
                                      [](const Formula& formula, std::size_t wanted) { return formula.slot < wanted; });
  return found != formulas_.end() && found->slot == slot ? std::string_view(found->chars, found->length)
                                                         : std::string_view();
}

std::size_t SheetTable::bytes() const {
  std::size_t total = formulas_.capacity() * sizeof(Formula) + cells_.capacity() * sizeof(Cell) +
                      row_ends_.capacity() * sizeof(std::size_t);
  for (const std::string& block : arena_) total += block.capacity();
  return total;
}

std::string column_letters(int column) {
  std::string letters;
  for (int c = column; c > 0; c = (c - 1) / 26) letters.insert(letters.begin(), static_cast<char>('A' + (c - 1) % 26));
  return letters;
}

std::string a1(int row, int column) { return fmt::format("{}{}", column_letters(column), row); }

std::string a1_range(std::string_view title, const CellRange& range) {
  std::string quoted;
  for (const char c : title) {
    quoted += c;
    if (c == '\'') quoted += '\'';
  }
  return fmt::format("'{}'!{}:{}", quoted, a1(range.row_first, range.column_first),
                     a1(range.row_last, range.column_last));
}

}  // namespace rowlane
