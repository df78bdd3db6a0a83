#include "sync/row_match.hpp"

#include <algorithm>
#include <bit>
#include <unordered_map>

namespace rowlane::sync {

namespace {

// Rows below the old header's place that are searched for it.
constexpr int kHeaderSearchRows = 30;
// A value that more rows share speaks only for the row that is expected here.
constexpr std::size_t kSharersMax = 100;

std::uint64_t mix(std::uint64_t value) {  // the finaliser of MurmurHash3 (Appleby, public domain)
  value ^= value >> 33, value *= 0xff51afd7ed558ccdULL, value ^= value >> 33, value *= 0xc4ceb9fe1a85ec53ULL;
  return value ^ (value >> 33);
}
std::uint64_t hash_text(std::string_view text, std::uint64_t seed) {
  return mix(std::hash<std::string_view>{}(text) ^ seed);
}

// 0 for a cell without content of its own. A formula counts without its row numbers, which move with it.
std::uint64_t cell_hash(const SheetTable& table, int row, int column) {
  const Cell& cell = table.at(row, column);
  if (cell.formula) {
    std::string shape;
    for (const char c : table.formula_at(row, column))
      if (c < '0' || c > '9') shape += c;
    return hash_text(shape, 5) | 1;
  }
  if (cell.spilled) return 0;
  switch (cell.kind) {
    case CellKind::empty:
      return 0;
    case CellKind::text:
      return hash_text(cell.text(), 1) | 1;
    case CellKind::error:
      return hash_text(cell.text(), 2) | 1;
    case CellKind::number:
      return mix(std::bit_cast<std::uint64_t>(cell.number) ^ 0x9e3779b97f4a7c15ULL) | 1;
    // A check box that nobody ticked tells nothing.
    case CellKind::boolean:
      return cell.number != 0 ? 3 : 0;
  }
  std::unreachable();
}

// The headers of a row that stand in it once, and where.
std::map<std::string_view, int> single_texts(const SheetTable& table, int row, const std::set<int>& hidden = {}) {
  std::map<std::string_view, int> out;
  for (int column = 1; column <= table.column_count(); ++column) {
    const std::string_view text = table.at(row, column).text();
    if (text.empty() || hidden.contains(column)) continue;
    const auto [at, fresh] = out.emplace(text, column);
    if (!fresh) at->second = 0;
  }
  std::erase_if(out, [](const auto& each) { return each.second == 0; });
  return out;
}

// What stands in a column below `header_row`.
std::set<std::uint64_t> column_content(const SheetTable& table, int column, int header_row) {
  std::set<std::uint64_t> out;
  for (int row = header_row + 1; row <= table.row_count(); ++row)
    if (const std::uint64_t hash = cell_hash(table, row, column)) out.insert(hash);
  return out;
}

class Matcher {
 public:
  explicit Matcher(const RowMatchInput& in) : in_(in) {
    out_.planned_of.assign(static_cast<std::size_t>(in.found.row_count()) + 1, 0);
    out_.has_content.assign(out_.planned_of.size(), false);
    out_.found_of.assign(static_cast<std::size_t>(in.planned.row_count()) + 1, 0);
  }

  RowMatch run() {
    match_equal();
    match_similar();
    match_between_neighbours();
    return std::move(out_);
  }

 private:
  struct Key {
    std::uint64_t hash;
    int column;  // of `planned`
  };

  void join(int found, int planned) {
    out_.planned_of[static_cast<std::size_t>(found)] = planned;
    out_.found_of[static_cast<std::size_t>(planned)] = found;
  }
  [[nodiscard]] bool is_joined(int found) const { return out_.planned_of[static_cast<std::size_t>(found)] != 0; }
  [[nodiscard]] bool is_taken(int planned) const {
    return planned < 1 || planned > in_.planned.row_count() || out_.found_of[static_cast<std::size_t>(planned)] != 0;
  }

  // The known content of a row, by column of `planned`.
  [[nodiscard]] std::vector<Key> keys_found(int row) const {
    std::vector<Key> keys;
    const auto hidden = in_.unknown.find(row);
    for (int column = 1; column <= in_.found.column_count(); ++column) {
      const int was = origin(column);
      if (!was || (hidden != in_.unknown.end() && hidden->second.contains(column))) continue;
      if (const std::uint64_t hash = cell_hash(in_.found, row, column)) keys.push_back({hash, was});
    }
    return keys;
  }
  [[nodiscard]] std::vector<Key> keys_planned(int row) const {
    std::vector<Key> keys;
    for (int column = 1; column <= in_.planned.column_count(); ++column)
      if (const std::uint64_t hash = cell_hash(in_.planned, row, column)) keys.push_back({hash, column});
    return keys;
  }
  static std::uint64_t row_hash(const std::vector<Key>& keys) {
    std::uint64_t sum = 0;  // order does not matter
    for (const Key& key : keys) sum += mix(key.hash ^ (static_cast<std::uint64_t>(key.column) << 48));
    return sum;
  }

  void match_equal() {
    std::unordered_map<std::uint64_t, std::vector<int>> planned;  // descending, so that the back is the first
    for (int row = in_.planned.row_count(); row >= 1; --row)
      if (const auto keys = keys_planned(row); !keys.empty()) planned[row_hash(keys)].push_back(row);
    for (int row = 1; row <= in_.found.row_count(); ++row) {
      if (in_.ignored.contains(row)) continue;
      const std::vector<Key> keys = keys_found(row);
      out_.has_content[static_cast<std::size_t>(row)] = !keys.empty();
      if (keys.empty() || in_.unknown.contains(row)) continue;
      const auto same = planned.find(row_hash(keys));
      if (same == planned.end() || same->second.empty()) continue;
      join(row, same->second.back());
      same->second.pop_back();
    }
  }

  void match_similar() {
    std::unordered_map<std::uint64_t, std::vector<int>> index;  // a cell -> rows of `planned` that hold it
    for (int row = 1; row <= in_.planned.row_count(); ++row) {
      if (is_taken(row)) continue;
      for (const Key& key : keys_planned(row)) index[slot(key)].push_back(row);
    }
    int expected = 1;  // the row after the last one that was told
    for (int row = 1; row <= in_.found.row_count(); ++row) {
      if (is_joined(row))
        expected = out_.planned_of[static_cast<std::size_t>(row)] + 1;
      else if (!in_.ignored.contains(row)) {
        if (const int best = most_similar(keys_found(row), index, expected)) join(row, best), expected = best + 1;
      }
    }
  }
  [[nodiscard]] std::uint64_t slot(const Key& key) const {
    return mix(key.hash ^ (static_cast<std::uint64_t>(key.column) << 40));
  }

  [[nodiscard]] int most_similar(const std::vector<Key>& keys,
                                 const std::unordered_map<std::uint64_t, std::vector<int>>& index, int expected) const {
    std::map<int, int> votes;
    for (const Key& key : keys) {
      const auto at = index.find(slot(key));
      if (at == index.end()) continue;
      if (at->second.size() > kSharersMax) {
        if (std::binary_search(at->second.begin(), at->second.end(), expected) && !is_taken(expected))
          ++votes[expected];
        continue;
      }
      const int weight = key.column == in_.id_column ? static_cast<int>(keys.size()) + 1 : 1;  // the id alone decides
      for (const int row : at->second)
        if (!is_taken(row)) votes[row] += weight;
    }
    int best = 0, best_votes = 0;
    for (const auto& [row, count] : votes) {
      const bool nearer = count == best_votes && std::abs(row - expected) < std::abs(best - expected);
      if (count > best_votes || nearer) best = row, best_votes = count;
    }
    return best_votes > 0 && best_votes * 2 >= static_cast<int>(keys.size()) ? best : 0;
  }

  // Touched rows that show nothing of their own are what stands between their neighbours: before all a row that is gone
  // otherwise, else a blank one.
  void match_between_neighbours() {
    for (const bool filled : {true, false}) {
      int before = 0;
      for (int row = 1; row <= in_.found.row_count(); ++row) {
        if (in_.ignored.contains(row)) continue;
        join_between(row, before + 1, filled);
        if (is_joined(row)) before = out_.planned_of[static_cast<std::size_t>(row)];
      }
      int after = in_.planned.row_count() + 1;
      for (int row = in_.found.row_count(); row >= 1; --row) {
        if (in_.ignored.contains(row)) continue;
        join_between(row, after - 1, filled);
        if (is_joined(row)) after = out_.planned_of[static_cast<std::size_t>(row)];
      }
    }
  }
  void join_between(int row, int planned, bool filled) {
    if (is_joined(row) || !in_.unknown.contains(row) || is_taken(planned) ||
        out_.has_content[static_cast<std::size_t>(row)])
      return;
    const std::vector<Key> keys = keys_planned(planned);
    if (keys.empty() == filled) return;
    const std::set<int>& hidden = in_.unknown.at(row);
    const bool all_hidden =
        std::all_of(keys.begin(), keys.end(), [&](const Key& key) {  // all it held must be what is hidden now
          return std::any_of(hidden.begin(), hidden.end(), [&](int column) { return origin(column) == key.column; });
        });
    if (all_hidden) join(row, planned);
  }
  [[nodiscard]] int origin(int column) const {
    return static_cast<std::size_t>(column) < in_.origins.size() ? in_.origins[static_cast<std::size_t>(column)]
                                                                 : column;
  }

  const RowMatchInput& in_;
  RowMatch out_;
};

}  // namespace

std::vector<int> column_origins(const SheetTable& planned, const SheetTable& found, int header_row,
                                const std::map<int, std::set<int>>& unknown) {
  const int columns = std::max(found.column_count(), planned.column_count());
  std::vector<int> origins(static_cast<std::size_t>(columns) + 1);
  for (int column = 0; column <= columns; ++column) origins[static_cast<std::size_t>(column)] = column;

  std::map<int, int> anchors;  // column of `found` -> of `planned`
  std::set<int> anchored;
  const auto anchor = [&](int at, int was) {
    if (at < 1 || at > columns || anchors.contains(at) || anchored.contains(was)) return;
    anchors.emplace(at, was);
    anchored.insert(was);
  };
  for (const ColumnMark& was : planned.column_marks)
    for (const ColumnMark& now : found.column_marks)
      if (was.metadata_id == now.metadata_id) anchor(now.column, was.column);
  const std::map<std::string_view, int> headers = single_texts(planned, header_row);
  std::map<std::string_view, int> best;
  std::size_t best_common = 0;
  for (int row = 1; row <= std::min(found.row_count(), header_row + kHeaderSearchRows); ++row) {
    const auto hidden = unknown.find(row);
    std::map<std::string_view, int> texts =
        single_texts(found, row, hidden != unknown.end() ? hidden->second : std::set<int>());
    const auto common = static_cast<std::size_t>(
        std::count_if(texts.begin(), texts.end(), [&](const auto& text) { return headers.contains(text.first); }));
    if (common > best_common) best_common = common, best = std::move(texts);
  }
  for (const auto& [text, column] : best)
    if (const auto was = headers.find(text); was != headers.end()) anchor(column, was->second);
  // A column whose header a write hit, or that never had one, is told by what it holds.
  for (int was = 1; was <= planned.column_count(); ++was) {
    if (anchored.contains(was)) continue;
    const std::set<std::uint64_t> content = column_content(planned, was, header_row);
    int same = 0;
    std::size_t same_common = content.size() / 2;
    for (int column = 1; column <= found.column_count(); ++column) {
      if (anchors.contains(column)) continue;
      const std::set<std::uint64_t> now = column_content(found, column, header_row);
      const auto common = static_cast<std::size_t>(
          std::count_if(content.begin(), content.end(), [&](std::uint64_t hash) { return now.contains(hash); }));
      if (common > same_common || (common == same_common && same != was && column == was))
        same_common = common, same = column;
    }
    if (same && same_common > 0) anchor(same, was);
  }

  if (std::all_of(anchors.begin(), anchors.end(), [](const auto& pair) { return pair.first == pair.second; }))
    return origins;
  int delta = 0;
  for (int column = 1; column <= columns; ++column) {
    int& origin = origins[static_cast<std::size_t>(column)];
    if (const auto at = anchors.find(column); at != anchors.end()) {
      origin = at->second;
      delta = origin - column;
    } else {
      const int guess = column + delta;
      origin = guess >= 1 && !anchored.contains(guess) ? guess : 0;
    }
  }
  return origins;
}

RowMatch match_moved_rows(const RowMatchInput& input) { return Matcher(input).run(); }

bool has_content(const SheetTable& table, int row) {
  for (int column = 1; column <= table.column_count(); ++column)
    if (cell_hash(table, row, column)) return true;
  return false;
}

}  // namespace rowlane::sync
