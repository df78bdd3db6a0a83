#include "sync/repair.hpp"

#include <fmt/format.h>

#include <functional>

#include "sync/row_match.hpp"
#include "sync/traces.hpp"

namespace rowlane::sync {

namespace {

using namespace sheets;

std::string default_pattern(FormatKind kind) {
  switch (kind) {
    case FormatKind::none:
      return "";
    case FormatKind::text:
      return "@";
    case FormatKind::number:
    case FormatKind::currency:
      return "#,##0.00";
    case FormatKind::percent:
      return "0.00%";
    case FormatKind::date:
    case FormatKind::date_time:
      return "";  // the locale's
    case FormatKind::time:
      return "hh:mm:ss";
    case FormatKind::scientific:
      return "0.00E+00";
  }
  std::unreachable();
}

bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// A reference such as B12 or $B$12 at `at`; of another tab (after '!') none.
struct CellRef {
  std::size_t size = 0;  // 0: there is none
  bool fixes_column = false, fixes_row = false;
  int column = 0, row = 0;
};
CellRef read_ref(std::string_view text, std::size_t at) {
  if (at > 0 && (is_letter(text[at - 1]) || is_digit(text[at - 1]) || text[at - 1] == '!' || text[at - 1] == '_' ||
                 text[at - 1] == '$'))
    return {};
  CellRef ref;
  std::size_t i = at;
  const auto take = [&](char c) { return i < text.size() && text[i] == c ? (++i, true) : false; };
  ref.fixes_column = take('$');
  const std::size_t letters = i;
  for (; i < text.size() && is_letter(text[i]) && i - letters < 4; ++i)
    ref.column = ref.column * 26 + ((text[i] & ~0x20) - 'A' + 1);
  if (i == letters || i - letters > 3) return {};
  ref.fixes_row = take('$');
  const std::size_t digits = i;
  for (; i < text.size() && is_digit(text[i]) && i - digits < 8; ++i) ref.row = ref.row * 10 + (text[i] - '0');
  if (i == digits || (i < text.size() && (is_letter(text[i]) || is_digit(text[i]) || text[i] == '(' || text[i] == '!')))
    return {};
  ref.size = i - at;
  return ref;
}

// References to the formula's own row follow it to its new one, those to columns that were moved go along.
std::string moved_formula(std::string_view formula, int from, int to, const std::function<int(int)>& column_now) {
  std::string out;
  bool is_quoted = false;
  for (std::size_t i = 0; i < formula.size();) {
    if (formula[i] == '"') is_quoted = !is_quoted;
    const CellRef ref = is_quoted ? CellRef{} : read_ref(formula, i);
    if (ref.size == 0) {
      out += formula[i++];
      continue;
    }
    const int column = column_now(ref.column);
    out += fmt::format("{}{}{}{}", ref.fixes_column ? "$" : "", column_letters(column ? column : ref.column),
                       ref.fixes_row ? "$" : "", ref.row == from ? to : ref.row);
    i += ref.size;
  }
  return out;
}

class Repairer {
 public:
  Repairer(const Sent& sent, const SentTab& tab, const SheetTable& found)
      : tab_(tab), ops_(sent.ops), planned_(*tab.planned), found_(found), traces_(trace(sent.ops, tab.sheet_id)) {}

  Repair run() {
    hide_traces();
    find_columns();
    if (columns_moved_since()) {
      follow_columns();
      find_columns();
    }
    hide_older_mistakes();
    for (const TracedRow& traced : traces_.rows)
      if (traced.restored && !columns_stand(traced)) made_.insert(traced.row);  // put back under the wrong columns
    match_ = match_moved_rows({planned_, found_, origins_, hidden_, made_, tab_.id_column});
    judge_rows();
    judge_removals();
    find_lost_rows();
    put_back();
    unmark_columns();
    return std::move(out_);
  }

 private:
  [[nodiscard]] int origin(int column) const {
    return static_cast<std::size_t>(column) < origins_.size() ? origins_[static_cast<std::size_t>(column)] : column;
  }
  [[nodiscard]] bool is_ours(int row, int column, const CellWrite& write) const {
    return holds(found_.at(row, column), found_.formula_at(row, column), write);
  }
  [[nodiscard]] int planned_of(int row) const {
    return row <= found_.row_count() ? match_.planned_of[static_cast<std::size_t>(row)] : 0;
  }
  [[nodiscard]] int found_of(int row) const {
    return row <= planned_.row_count() ? match_.found_of[static_cast<std::size_t>(row)] : 0;
  }

  void find_columns() {
    origins_ = column_origins(planned_, found_, tab_.header_row, hidden_);
    columns_now_.assign(static_cast<std::size_t>(std::max(planned_.column_count(), found_.column_count())) + 1, 0);
    for (int column = found_.column_count(); column > 0; --column)
      if (const auto was = static_cast<std::size_t>(origin(column)); was > 0 && was < columns_now_.size())
        columns_now_[was] = column;
  }

  // Columns that were moved before the write make it hit others; moved after it they take along what it wrote. Told by
  // where more of it stands.
  [[nodiscard]] bool columns_moved_since() const {
    int here = 0, along = 0;
    for (const TracedRow& traced : traces_.rows)
      for (const auto& [column, cell] : traced.cells) {
        const int now = column_now(column);
        if (now == column || traced.row > found_.row_count()) continue;
        here += is_ours(traced.row, column, *cell.write);
        along += now != 0 && is_ours(traced.row, now, *cell.write);
      }
    return along > here;
  }
  void follow_columns() {
    columns_followed_ = true;
    for (TracedRow& traced : traces_.rows) {
      std::map<int, Trace> moved;
      for (const auto& [column, cell] : traced.cells)
        if (const int now = column_now(column)) moved.emplace(now, cell);
      traced.cells = std::move(moved);
    }
    hidden_.clear();
    made_.clear();
    hide_traces();
  }

  // Of a trace's column, the one that was planned on.
  [[nodiscard]] int planned_column(int column) const { return columns_followed_ ? origin(column) : column; }

  // What still holds our writing says nothing about the row it stands in.
  void hide_traces() {
    for (const TracedRow& traced : traces_.rows) {
      if (traced.restored) continue;
      std::set<int> columns;
      for (const auto& [column, cell] : traced.cells)
        if (is_ours(traced.row, column, *cell.write)) columns.insert(column);
      if (columns.empty()) continue;
      if (traced.planned_row == 0 && columns.size() * 2 > traced.cells.size())
        made_.insert(traced.row);
      else
        hidden_.emplace(traced.row, std::move(columns));
    }
  }

  // The batch was to put cells back, and missed them: what stands there by mistake tells as little about its row.
  void hide_older_mistakes() {
    // By column as planned, and a mistake in it.
    std::map<std::pair<int, Content>, std::vector<const TracedRow*>> by_content;
    std::set<int> columns;
    for (const TracedRow& traced : traces_.rows)
      for (const auto& [column, cell] : traced.cells)
        if (const auto content = cell.replaces ? content_of(*cell.replaces) : std::nullopt) {
          by_content[{planned_column(column), *content}].push_back(&traced);
          columns.insert(planned_column(column));
        }
    if (by_content.empty()) return;
    for (int column = 1; column <= found_.column_count(); ++column) {
      if (!columns.contains(origin(column))) continue;
      for (int row = 1; row <= found_.row_count(); ++row) {
        const Cell& cell = found_.at(row, column);
        if (cell.kind != CellKind::text && cell.kind != CellKind::number) continue;
        const auto suspects = by_content.find(
            {origin(column), cell.kind == CellKind::number ? Content(cell.number) : Content(cell.text())});
        if (suspects == by_content.end() || made_.contains(row)) continue;
        for (const TracedRow* traced : suspects->second) hide_mistakes(row, *traced);
      }
    }
  }
  using Content = std::variant<std::string_view, double>;
  static std::optional<Content> content_of(const CellWrite& write) {
    if (const auto* text = std::get_if<std::string>(&write.value))
      return text->empty() ? std::nullopt : std::optional<Content>(*text);
    if (const auto* number = std::get_if<double>(&write.value)) return *number;
    return std::nullopt;
  }
  void hide_mistakes(int row, const TracedRow& traced) {
    for (int column = 1; column <= found_.column_count(); ++column)
      if (const auto cell = traced.cells.find(columns_followed_ ? column : origin(column));
          cell != traced.cells.end() && cell->second.replaces && is_ours(row, column, *cell->second.replaces))
        hidden_[row].insert(column);
  }

  [[nodiscard]] bool columns_stand(const TracedRow& traced) const {
    if (columns_followed_) return true;
    return std::all_of(traced.cells.begin(), traced.cells.end(),
                       [&](const auto& cell) { return origin(cell.first) == cell.first; });
  }

  // A row was hit as meant when it is the row that was planned on, and its columns did not move.
  [[nodiscard]] bool is_right(const TracedRow& traced) const {
    if (!columns_stand(traced)) return false;
    if (traced.planned_row == 0) return made_.contains(traced.row);
    const int is = planned_of(traced.row), went_to = found_of(traced.planned_row);
    if (is == 0 && went_to == 0)
      return !has_content(planned_, traced.planned_row) ||
             !match_.has_content[static_cast<std::size_t>(std::min(traced.row, found_.row_count()))];
    return is == traced.planned_row;
  }

  // The row was hit as meant and moved since: all that was written stands in it, wherever it is now. A new row is known
  // by its id, and by holding nothing that was there before.
  [[nodiscard]] bool stands_elsewhere(const TracedRow& traced) const {
    const int row = traced.planned_row ? found_of(traced.planned_row) : row_of_new(traced);
    if (row == 0 || row == traced.row) return false;
    bool changed = traced.planned_row == 0;
    for (const auto& [column, cell] : traced.cells) {
      const int now = columns_followed_ ? column : column_now(column), planned = planned_column(column);
      if (now == 0 || !is_ours(row, now, *cell.write)) return false;
      changed = changed || !holds(planned_.at(traced.planned_row, planned),
                                  planned_.formula_at(traced.planned_row, planned), *cell.write);
    }
    return changed;
  }
  [[nodiscard]] int row_of_new(const TracedRow& traced) const {
    const int column = column_now(tab_.id_column);
    const auto id = traced.cells.find(columns_followed_ ? column : tab_.id_column);
    if (id == traced.cells.end() || column == 0) return 0;
    int found = 0;
    for (int row = tab_.header_row + 1; row <= found_.row_count(); ++row)
      if (is_ours(row, column, *id->second.write)) {
        if (found != 0) return 0;
        found = row;
      }
    return found != 0 && planned_of(found) == 0 ? found : 0;
  }
  [[nodiscard]] int column_now(int planned_column) const {
    const auto column = static_cast<std::size_t>(planned_column);
    return column < columns_now_.size() ? columns_now_[column] : 0;
  }

  void judge_rows() {
    for (const TracedRow& traced : traces_.rows) {
      if (traced.restored) {
        if (!made_.contains(traced.row)) continue;
        wrong_rows_.insert(&traced);
        lost_rows_.insert(traced.planned_row);
        continue;
      }
      const bool right = stands_elsewhere(traced) || (!find_carried_off(traced) && is_right(traced));
      for (const auto& [column, cell] : traced.cells)
        if (cell.effect >= 0) (right ? out_.right : wrong_).insert(cell.effect);
      if (right) continue;
      wrong_rows_.insert(&traced);
    }
    for (const int effect : wrong_) out_.right.erase(effect);
  }

  // The row that a write hit was moved since, and took what was written along: of the rows that do not hold it by
  // themselves the one that holds all of it.
  bool find_carried_off(const TracedRow& traced) {
    if (traced.planned_row == 0 || traced.cells.empty()) return false;
    const auto holds_all = [&](int row) {
      return row <= found_.row_count() && std::all_of(traced.cells.begin(), traced.cells.end(), [&](const auto& cell) {
               const int now = columns_followed_ ? cell.first : column_now(cell.first);
               return now != 0 && is_ours(row, now, *cell.second.write);
             });
    };
    if (holds_all(traced.row)) return false;
    int carried = 0;
    for (int row = tab_.header_row + 1; row <= found_.row_count(); ++row) {
      const int was = planned_of(row);
      if (was == 0 || was == traced.planned_row || !holds_all(row)) continue;
      const bool held_it = std::all_of(traced.cells.begin(), traced.cells.end(), [&](const auto& cell) {
        const int column = planned_column(cell.first);
        return holds(planned_.at(was, column), planned_.formula_at(was, column), *cell.second.write);
      });
      if (held_it || carried_off_.contains(row)) continue;
      if (carried != 0) return false;  // two that fit: neither is touched
      carried = row;
    }
    if (carried != 0) carried_off_.emplace(carried, &traced);
    return carried != 0;
  }

  void judge_removals() {
    for (const RemovedRow& removed : traces_.removed) meant_.insert(removed.planned_row);
    std::set<int> put_back;  // by this very batch: not there yet when somebody else may have removed a row
    for (const TracedRow& traced : traces_.rows)
      if (traced.restored) put_back.insert(traced.planned_row);
    for (const RemovedRow& removed : traces_.removed) {
      const bool gone = removed.planned_row > 0 && found_of(removed.planned_row) == 0;
      if (gone && removed.effect >= 0) out_.right.insert(removed.effect);
      if (!gone) misfired_at_.push_back(removed.at);
      // Had somebody else removed the row a moment before, ours would have taken the one below: nothing tells the two
      // apart, and a row that comes back harms less than one that is lost.
      int below = removed.planned_row + 1;
      while (meant_.contains(below) || put_back.contains(below)) ++below;
      if (gone && below <= planned_.row_count() && found_of(below) == 0 && has_content(planned_, below) &&
          lost_rows_.insert(below).second)
        struck_at_.push_back(removed.at);
    }
  }

  // Rows that are gone though nobody meant to remove them, as many as removals missed their own: first those that stood
  // between the neighbours of such a removal, then those nearest to what was meant.
  void find_lost_rows() {
    if (misfired_at_.empty()) return;
    std::set<int> near;
    for (const RemovedRow& removed : traces_.removed) near.insert(removed.near);
    std::set<int> between;
    for (const int at : misfired_at_) {
      if (at > 1 && planned_of(at - 1) > 0) between.insert(planned_of(at - 1) + 1);
      if (planned_of(at) > 0) between.insert(planned_of(at) - 1);
    }
    std::vector<std::array<int, 3>> gone;  // distance from `between`, from `near`; the row
    for (int row = 1; row <= planned_.row_count(); ++row)
      if (found_of(row) == 0 && !meant_.contains(row) && !lost_rows_.contains(row) && !is_hit(row) &&
          has_content(planned_, row))
        gone.push_back({distance(between, row), distance(near, row), row});
    std::sort(gone.begin(), gone.end());
    for (std::size_t i = 0; i < std::min(gone.size(), misfired_at_.size()); ++i) lost_rows_.insert(gone[i][2]);
  }
  static int distance(const std::set<int>& rows, int row) {
    const auto after = rows.lower_bound(row);
    int best = std::numeric_limits<int>::max();
    if (after != rows.end()) best = *after - row;
    if (after != rows.begin()) best = std::min(best, row - *std::prev(after));
    return best;
  }
  // A row that was written as meant but shows nothing else by which it could be told.
  [[nodiscard]] bool is_hit(int planned_row) const {
    return std::any_of(traces_.rows.begin(), traces_.rows.end(), [&](const TracedRow& traced) {
      return traced.planned_row == planned_row && !wrong_rows_.contains(&traced) && planned_of(traced.row) == 0;
    });
  }

  void put_back() {
    // Row of `found` (0: above all) -> rows of `planned` to put back below it.
    std::map<int, std::vector<int>> lost_after;
    // As many as removals that missed: each stood where one of them struck. Fewer: each goes below the row it stood
    // below.
    struck_at_.insert(struck_at_.end(), misfired_at_.begin(), misfired_at_.end());
    std::sort(struck_at_.begin(), struck_at_.end());
    const bool places_known = lost_rows_.size() == struck_at_.size();
    std::size_t next = 0;
    for (const int lost : lost_rows_) {
      int above = lost - 1;
      while (above > 0 && found_of(above) == 0) --above;
      const int below_row = places_known ? struck_at_[next++] - 1 : above > 0 ? found_of(above) : 0;
      lost_after[std::clamp(below_row, 0, found_.row_count())].push_back(lost);
    }
    std::set<int> strays;
    for (const TracedRow* traced : wrong_rows_)
      if (made_.contains(traced->row) && !holds_more(*traced)) strays.insert(traced->row);
    for (auto row = strays.rbegin(); row != strays.rend(); ++row) add(op::DeleteRows{tab_.sheet_id, *row, 1});

    int row = 0;  // as it stands after the operations
    const auto lost_below = [&](int found_row) {
      for (const int lost : lost_after[found_row]) put_row_back(lost, ++row);
    };
    std::map<int, const TracedRow*> wrong;
    for (const TracedRow* traced : wrong_rows_) wrong.emplace(traced->row, traced);
    find_missed();
    lost_below(0);
    for (int at = 1; at <= found_.row_count(); ++at) {
      if (strays.contains(at)) {  // a removal shows in its neighbours alone
        out_.rows.push_back(row);
        out_.rows.push_back(row + 1);
        continue;
      }
      ++row;
      if (const auto hit = wrong.find(at); hit != wrong.end()) put_cells_back(*hit->second, row);
      if (const auto carried = carried_off_.find(at); carried != carried_off_.end())
        for (const auto& [column, cell] : carried->second->cells)
          put_cell_back(cell.write, planned_of(at), row, columns_followed_ ? column : column_now(column), at);
      for (const auto& [column, cell] : missed_[at]) put_cell_back(cell, planned_of(at), row, column, at);
      lost_below(at);
    }
  }

  // A column that took the place of ours carries no mark of ours. (Its protection only warns; Google names no way to
  // take back one whose id was never told.)
  void unmark_columns() {
    for (const SentOp& each : ops_) {
      const auto* mark = std::get_if<op::MarkColumn>(&each.op);
      if (!mark || mark->sheet_id != tab_.sheet_id) continue;
      const auto now = std::find_if(found_.column_marks.begin(), found_.column_marks.end(),
                                    [&](const ColumnMark& m) { return m.metadata_id == mark->metadata_id; });
      if (now == found_.column_marks.end() || origin(now->column) == mark->column) continue;
      add(op::DeleteMark{mark->metadata_id});
      if (mark->value == kIdColumnMark) add(op::HideColumn{tab_.sheet_id, now->column, false});
    }
  }

  // People wrote into our new row since.
  [[nodiscard]] bool holds_more(const TracedRow& traced) const {
    for (int column = 1; column <= found_.column_count(); ++column) {
      const Cell& cell = found_.at(traced.row, column);
      if (cell.is_empty() || cell.is_computed() || cell.kind == CellKind::boolean) continue;
      const auto written = traced.cells.find(column);
      if (written == traced.cells.end() || !is_ours(traced.row, column, *written->second.write)) return true;
    }
    return false;
  }

  void put_cells_back(const TracedRow& traced, int row) {
    const int planned_row = planned_of(traced.row);
    const bool shows_more =
        traced.row <= found_.row_count() && match_.has_content[static_cast<std::size_t>(traced.row)];
    for (const auto& [column, cell] : traced.cells) {
      if (!is_ours(traced.row, column, *cell.write)) continue;  // a person's by now
      if (planned_row == 0 && shows_more && origin(column)) ++out_.lost;
      put_cell_back(cell.write, planned_row, row, column, traced.row);
    }
  }

  // What the row `planned_row` held (0: nothing) goes back into `row`, in place of `ours` in the found row.
  void put_cell_back(const CellWrite* ours, int planned_row, int row, int column, int found_row) {
    const int from = origin(column);
    plan::CellImage image = planned_row && from ? plan::image_of(planned_, planned_row, from) : plan::CellImage{};
    if (image.formula) image.text = moved(image.text, planned_row, row);
    CellWrite write = write_of(image);
    if (ours->format && image.format != found_.at(found_row, column).format)
      write.format = {image.format, default_pattern(image.format)};
    if (!write.format && is_ours(found_row, column, write)) return;
    out_.ops.push_back({op::UpdateCells{tab_.sheet_id, row, column, {std::move(write)}}, kRestoreEffect, *ours});
    ++out_.cells;
    if (out_.rows.empty() || out_.rows.back() != row) out_.rows.push_back(row);
  }

  // Cells that the batch was to put back, and that hold the mistake still: it missed them.
  void find_missed() {
    for (const TracedRow& traced : traces_.rows)
      for (const auto& [column, cell] : traced.cells) {
        const int row = cell.replaces ? found_of(traced.planned_row) : 0;
        for (int now = 1; row && now <= found_.column_count(); ++now)
          if (origin(now) == planned_column(column) && is_ours(row, now, *cell.replaces))
            missed_[row].emplace_back(now, cell.replaces);
      }
  }

  [[nodiscard]] std::string moved(std::string_view formula, int planned_row, int row) const {
    return moved_formula(formula, planned_row, row, [this](int column) { return column_now(column); });
  }

  void put_row_back(int planned_row, int row) {
    add(op::InsertRows{tab_.sheet_id, row, 1, row > tab_.header_row + 1});
    for (int column = 1; column <= found_.column_count() || column <= planned_.column_count(); ++column) {
      const int from = origin(column);
      if (!from) continue;
      plan::CellImage image = plan::image_of(planned_, planned_row, from);
      if (image.formula) image.text = moved(image.text, planned_row, row);
      CellWrite write = write_of(image);
      if (write.value.index() == 0) continue;
      if (image.format != FormatKind::none && planned_.at(planned_row - 1, from).format != image.format)
        write.format = {image.format, default_pattern(image.format)};
      add(op::UpdateCells{tab_.sheet_id, row, column, {std::move(write)}});
    }
    ++out_.whole_rows;
    out_.rows.push_back(row);
  }

  void add(Op op) { out_.ops.push_back({std::move(op), kRestoreEffect}); }

  const SentTab& tab_;
  const std::vector<SentOp>& ops_;
  const SheetTable& planned_;
  const SheetTable& found_;
  Traces traces_;
  bool columns_followed_ = false;
  std::map<int, std::set<int>> hidden_;  // by row of `found`: columns that hold our writing
  std::vector<int> origins_;             // of columns
  std::vector<int> columns_now_;         // by column of `planned`: the column of `found`, 0 none
  std::set<int> made_;                   // rows of `found` that the batch inserted
  RowMatch match_;
  std::set<int> wrong_;  // effects
  std::set<const TracedRow*> wrong_rows_;
  std::map<int, const TracedRow*> carried_off_;  // by row of `found`: what it holds that was meant for another
  std::map<int, std::vector<std::pair<int, const CellWrite*>>>
      missed_;                    // by row of `found`: column, and what stands there
  std::set<int> lost_rows_;       // of `planned`
  std::set<int> meant_;           // of `planned`: rows that were to be removed
  std::vector<int> misfired_at_;  // rows of `found` above which removals took a row that they did not mean
  std::vector<int> struck_at_;    // and above which they may have
  Repair out_;
};

// Without the tab as planned on nothing can be put back; what stands right is told by the ids.
Repair judge_by_id(const Sent& sent, const SentTab& tab, const SheetTable& found) {
  int id_column = tab.id_column;
  for (const ColumnMark& mark : found.column_marks)
    if (mark.key == kColumnMarkKey && mark.value == kIdColumnMark) id_column = mark.column;
  std::map<std::string_view, int> row_of;
  for (int row = tab.header_row + 1; row <= found.row_count(); ++row)
    if (const std::string_view id = found.at(row, id_column).text(); !id.empty()) row_of.emplace(id, row);
  const Traces traces = trace(sent.ops, tab.sheet_id);
  std::map<int, bool> stands;
  for (const TracedRow& traced : traces.rows)
    for (const auto& [column, cell] : traced.cells) {
      if (cell.effect < 0) continue;
      const auto row = row_of.find(sent.effects[static_cast<std::size_t>(cell.effect)].public_id);
      const bool right = row != row_of.end() &&
                         holds(found.at(row->second, column), found.formula_at(row->second, column), *cell.write);
      const auto [at, fresh] = stands.emplace(cell.effect, right);
      if (!fresh) at->second = at->second && right;
    }
  for (const RemovedRow& removed : traces.removed)
    if (removed.effect >= 0)
      stands[removed.effect] = !row_of.contains(sent.effects[static_cast<std::size_t>(removed.effect)].public_id);
  Repair out;
  for (const auto& [effect, right] : stands)
    if (right) out.right.insert(effect);
  return out;
}

}  // namespace

CellWrite write_of(const plan::CellImage& image) {
  if (image.formula) return {.value = FormulaText{image.text}, .format = std::nullopt};
  switch (image.kind) {
    case CellKind::text:
      return {.value = image.text, .format = std::nullopt};
    case CellKind::number:
      return {.value = image.number, .format = std::nullopt};
    case CellKind::boolean:
      return {.value = image.number != 0, .format = std::nullopt};
    case CellKind::empty:
    case CellKind::error:
      return {};
  }
  std::unreachable();
}

bool holds(const Cell& cell, std::string_view formula, const CellWrite& write) {
  if (const auto* entered = std::get_if<FormulaText>(&write.value)) return cell.formula && formula == entered->text;
  if (cell.formula) return false;
  if (const auto* text = std::get_if<std::string>(&write.value))
    return text->empty() ? cell.is_empty() : cell.kind == CellKind::text && cell.text() == *text;
  if (const auto* number = std::get_if<double>(&write.value))
    return cell.kind == CellKind::number && cell.number == *number;
  if (const auto* boolean = std::get_if<bool>(&write.value))
    return cell.kind == CellKind::boolean && (cell.number != 0) == *boolean;
  return cell.is_empty() || cell.spilled;
}

Repair repair_tab(const Sent& sent, const SentTab& tab, const SheetTable& found) {
  return tab.planned ? Repairer(sent, tab, found).run() : judge_by_id(sent, tab, found);
}

}  // namespace rowlane::sync
