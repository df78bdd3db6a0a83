#include "sheets/local/grid.hpp"

#include <algorithm>

namespace rowlane::sheets::local {

void Cell::set_extra(CellExtra next) {
  if (!next.formula && next.note.empty() && next.further.empty())
    extra.reset();
  else
    extra = std::make_shared<const CellExtra>(std::move(next));
}

void Cell::set_value(Value v) {
  value = std::move(v);
  if (!formula()) return;
  CellExtra next = *extra;
  next.formula.reset();
  set_extra(std::move(next));
}

void Cell::set_formula(std::shared_ptr<const Formula> formula) {
  value = std::monostate{};
  CellExtra next = extra ? *extra : CellExtra{};
  next.formula = std::move(formula);
  set_extra(std::move(next));
}

void Cell::set_note(std::string note) {
  if (!extra && note.empty()) return;
  CellExtra next = extra ? *extra : CellExtra{};
  next.note = std::move(note);
  set_extra(std::move(next));
}

void Cell::set_further(std::string_view name, const Json& json) {
  if (!extra && json.is_null()) return;
  CellExtra next = extra ? *extra : CellExtra{};
  std::erase_if(next.further, [&](const Json::Member& member) { return member.first == name; });
  if (!json.is_null()) next.further.emplace_back(std::string(name), json);
  set_extra(std::move(next));
}

void Row::set(int column, Cell cell) {
  const auto slot = static_cast<std::size_t>(column - 1);
  if (slot >= cells.size()) {
    if (cell.is_bare()) return;
    cells.resize(slot + 1);
  }
  formulas += (cell.formula() ? 1 : 0) - (cells[slot].formula() ? 1 : 0);
  cells[slot] = std::move(cell);
  while (!cells.empty() && cells.back().is_bare()) cells.pop_back();
}

void Row::insert_columns(int column, int count) {
  const auto slot = static_cast<std::size_t>(column - 1);
  if (slot < cells.size()) cells.insert(cells.begin() + column - 1, static_cast<std::size_t>(count), Cell{});
}

void Row::erase_columns(int column, int count) {
  const int width = static_cast<int>(cells.size());
  if (column > width) return;
  cells.erase(cells.begin() + column - 1, cells.begin() + std::min(width, column - 1 + count));
  recount();
}

void Row::recount() {
  while (!cells.empty() && cells.back().is_bare()) cells.pop_back();
  formulas = static_cast<int>(std::ranges::count_if(cells, [](const Cell& c) { return c.formula() != nullptr; }));
}

bool Row::has_content() const {
  return std::ranges::any_of(cells, [](const Cell& c) { return c.has_content(); });
}

RowTable::Place RowTable::place_of(int row) const {
  Place place = last_;
  if (place.chunk >= chunks_.size() || row <= place.base) place = Place{0, 0};
  while (row > place.base + static_cast<int>(chunks_[place.chunk]->rows.size())) {
    place.base += static_cast<int>(chunks_[place.chunk]->rows.size());
    ++place.chunk;
  }
  last_ = place;
  return place;
}

const Row* RowTable::find(int row) const {
  if (row < 1 || row > size_) return nullptr;
  const Place place = place_of(row);
  return chunks_[place.chunk]->rows[static_cast<std::size_t>(row - place.base - 1)].get();
}

RowTable::Chunk& RowTable::own(std::size_t chunk) {
  auto& held = chunks_[chunk];
  if (held.use_count() > 1) held = std::make_shared<Chunk>(*held);
  return *held;
}

void RowTable::grow(int rows) {
  while (size_ < rows) {
    if (chunks_.empty() || static_cast<int>(chunks_.back()->rows.size()) >= kChunkRows)
      chunks_.push_back(std::make_shared<Chunk>());
    Chunk& chunk = own(chunks_.size() - 1);
    const int room = kChunkRows - static_cast<int>(chunk.rows.size());
    const int add = std::min(room, rows - size_);
    chunk.rows.resize(chunk.rows.size() + static_cast<std::size_t>(add));
    size_ += add;
  }
}

void RowTable::update(int row, const std::function<void(Row&)>& change) {
  grow(row);
  const Place place = place_of(row);
  Chunk& chunk = own(place.chunk);
  RowPtr& slot = chunk.rows[static_cast<std::size_t>(row - place.base - 1)];
  const int before = slot ? slot->formulas : 0;
  std::shared_ptr<Row> mine;
  // A row that nobody else holds is changed in place: it was made by make_shared<Row>, never const.
  if (slot && slot.use_count() == 1)
    mine = std::const_pointer_cast<Row>(slot);
  else
    mine = slot ? std::make_shared<Row>(*slot) : std::make_shared<Row>();
  change(*mine);
  chunk.formulas += mine->formulas - before;
  if (mine->is_bare())
    slot.reset();
  else
    slot = std::move(mine);
}

void RowTable::recount(Chunk& chunk) {
  chunk.formulas = 0;
  for (const RowPtr& row : chunk.rows) chunk.formulas += row ? row->formulas : 0;
}

std::size_t RowTable::split_at(int row) {
  if (row > size_) return chunks_.size();
  const Place place = place_of(row);
  const int inside = row - place.base - 1;
  if (inside == 0) return place.chunk;
  Chunk& chunk = own(place.chunk);
  auto tail = std::make_shared<Chunk>();
  tail->rows.assign(chunk.rows.begin() + inside, chunk.rows.end());
  chunk.rows.resize(static_cast<std::size_t>(inside));
  recount(chunk);
  recount(*tail);
  chunks_.insert(chunks_.begin() + static_cast<std::ptrdiff_t>(place.chunk) + 1, std::move(tail));
  return place.chunk + 1;
}

void RowTable::insert(int row, std::vector<RowPtr> rows) {
  if (row > size_) {
    const bool all_empty = std::ranges::none_of(rows, [](const RowPtr& r) { return r != nullptr; });
    if (all_empty) return;
    grow(row - 1);
  }
  if (rows.empty()) return;
  const int count = static_cast<int>(rows.size());
  // A small insert goes into the chunk it falls in; a large one makes chunks of its own.
  if (row <= size_ && count <= kChunkRows) {
    const Place place = place_of(row);
    Chunk& chunk = own(place.chunk);
    if (static_cast<int>(chunk.rows.size()) + count <= 2 * kChunkRows) {
      chunk.rows.insert(chunk.rows.begin() + (row - place.base - 1), rows.begin(), rows.end());
      recount(chunk);
      size_ += count;
      last_ = {0, 0};
      return;
    }
  }
  const std::size_t at = split_at(row);
  std::vector<std::shared_ptr<Chunk>> made;
  for (std::size_t i = 0; i < rows.size(); i += kChunkRows) {
    auto chunk = std::make_shared<Chunk>();
    const std::size_t end = std::min(rows.size(), i + kChunkRows);
    chunk->rows.assign(rows.begin() + static_cast<std::ptrdiff_t>(i), rows.begin() + static_cast<std::ptrdiff_t>(end));
    recount(*chunk);
    made.push_back(std::move(chunk));
  }
  chunks_.insert(chunks_.begin() + static_cast<std::ptrdiff_t>(at), made.begin(), made.end());
  size_ += count;
  last_ = {0, 0};
}

std::vector<RowPtr> RowTable::erase(int row, int count) {
  std::vector<RowPtr> out = slice(row, count);
  int left = std::min(count, size_ - row + 1);
  while (left > 0) {
    const Place place = place_of(row);
    Chunk& chunk = own(place.chunk);
    const int inside = row - place.base - 1;
    const int here = std::min(left, static_cast<int>(chunk.rows.size()) - inside);
    chunk.rows.erase(chunk.rows.begin() + inside, chunk.rows.begin() + inside + here);
    size_ -= here;
    left -= here;
    if (chunk.rows.empty())
      chunks_.erase(chunks_.begin() + static_cast<std::ptrdiff_t>(place.chunk));
    else
      recount(chunk);
    last_ = {0, 0};
  }
  return out;
}

std::vector<RowPtr> RowTable::slice(int row, int count) const {
  std::vector<RowPtr> out(static_cast<std::size_t>(count));
  for (int i = 0; i < count && row + i <= size_; ++i) {
    const Place place = place_of(row + i);
    out[static_cast<std::size_t>(i)] = chunks_[place.chunk]->rows[static_cast<std::size_t>(row + i - place.base - 1)];
  }
  return out;
}

void RowTable::replace(int row, const std::vector<RowPtr>& rows) {
  grow(row + static_cast<int>(rows.size()) - 1);
  int number = row;
  for (const RowPtr& next : rows) {
    const Place place = place_of(number);
    Chunk& chunk = own(place.chunk);
    RowPtr& slot = chunk.rows[static_cast<std::size_t>(number - place.base - 1)];
    chunk.formulas += (next ? next->formulas : 0) - (slot ? slot->formulas : 0);
    slot = next;
    ++number;
  }
  trim();
}

void RowTable::trim() {
  while (!chunks_.empty()) {
    const Chunk& last = *chunks_.back();
    std::size_t keep = last.rows.size();
    while (keep > 0 && !last.rows[keep - 1]) --keep;
    if (keep == last.rows.size()) break;
    size_ -= static_cast<int>(last.rows.size() - keep);
    if (keep == 0) {
      chunks_.pop_back();
      continue;
    }
    own(chunks_.size() - 1).rows.resize(keep);
    break;
  }
  last_ = {0, 0};
}

void RowTable::update_all(const std::function<void(int, Row&)>& change) {
  int base = 0;
  for (std::size_t c = 0; c < chunks_.size(); ++c) {
    Chunk& chunk = own(c);
    for (std::size_t i = 0; i < chunk.rows.size(); ++i) {
      RowPtr& slot = chunk.rows[i];
      if (!slot) continue;
      auto mine = slot.use_count() == 1 ? std::const_pointer_cast<Row>(slot) : std::make_shared<Row>(*slot);
      change(base + static_cast<int>(i) + 1, *mine);
      if (mine->is_bare())
        slot.reset();
      else
        slot = std::move(mine);
    }
    base += static_cast<int>(chunk.rows.size());
    recount(chunk);
  }
}

bool RowTable::has_formulas() const {
  return std::ranges::any_of(chunks_, [](const auto& chunk) { return chunk->formulas > 0; });
}

}  // namespace rowlane::sheets::local
