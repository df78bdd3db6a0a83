#include "sheets/local/eval.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "sheets/local/calculation.hpp"

namespace rowlane::sheets::local {

std::string_view error_text(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::error:
      return "#ERROR!";
    case ErrorKind::null_value:
      return "#NULL!";
    case ErrorKind::divide_by_zero:
      return "#DIV/0!";
    case ErrorKind::value:
      return "#VALUE!";
    case ErrorKind::ref:
      return "#REF!";
    case ErrorKind::name:
      return "#NAME?";
    case ErrorKind::num:
      return "#NUM!";
    case ErrorKind::not_available:
      return "#N/A";
  }
  return "#ERROR!";
}

std::string_view error_type(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::error:
      return "ERROR";
    case ErrorKind::null_value:
      return "NULL_VALUE";
    case ErrorKind::divide_by_zero:
      return "DIVIDE_BY_ZERO";
    case ErrorKind::value:
      return "VALUE";
    case ErrorKind::ref:
      return "REF";
    case ErrorKind::name:
      return "NAME";
    case ErrorKind::num:
      return "NUM";
    case ErrorKind::not_available:
      return "N_A";
  }
  return "ERROR";
}

std::string text_of(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* number = std::get_if<double>(&value)) return number_text(*number);
  if (const auto* truth = std::get_if<bool>(&value)) return *truth ? "TRUE" : "FALSE";
  if (const auto* error = if_error(value)) return std::string(error_text(*error));
  return {};
}

Value joined_text(std::string text) {
  if (text.size() > kCellCharactersMax && utf16_length(text) > kCellCharactersMax) return ErrorKind::value;
  return text;
}

Value Evaluator::value(const Sheet& sheet, int row, int column) {
  return value(sheet, row, column, sheet.rows.cell(row, column));
}

Value Evaluator::value(const Sheet& sheet, int row, int column, const Cell* cell) {
  if (cell && !is_blank(cell->value)) return cell->value;
  const Formula* formula = cell ? cell->formula() : nullptr;
  if (!formula) {
    const Spill& spill = spilled(sheet);
    if (spill.empty()) return {};
    const auto found = spill.find(key(row, column));
    return found == spill.end() ? Value{} : found->second;
  }
  SheetState& state = states_[sheet.id];
  const std::uint64_t at = key(row, column);
  if (const auto found = state.done.find(at); found != state.done.end()) return found->second;
  if (!formula->tree()) return ErrorKind::error;
  if (formula->may_spill()) {
    spilled(sheet);
    if (const auto found = state.anchors.find(at); found != state.anchors.end()) return found->second;
  }
  // A chain of references deeper than this is refused rather than run the stack out.
  if (depth_ > 400 || !state.running.insert(at).second) return ErrorKind::ref;
  ++depth_;
  Calculation run(*this, sheet, row, column, *formula);
  Value result = run.single(*formula->tree());
  --depth_;
  if (is_blank(result)) result = 0.0;  // a reference to a blank cell shows 0
  SheetState& again = states_[sheet.id];
  again.running.erase(at);
  again.done[at] = result;
  return result;
}

Value Evaluator::anchor(const Sheet& sheet, SheetState& state, int row, int column, const Formula& formula) {
  Calculation run(*this, sheet, row, column, formula);
  const ValueGrid grid = run.grid(run.run(*formula.tree()));
  for (int r = 0; r < grid.rows; ++r)
    for (int c = 0; c < grid.columns; ++c) {
      if (r == 0 && c == 0) continue;
      if (row + r > sheet.row_count || column + c > sheet.column_count) return ErrorKind::ref;
      const Cell* cell = sheet.rows.cell(row + r, column + c);
      if (cell && cell->has_content()) return ErrorKind::ref;  // the result would overwrite data
      if (state.spill.contains(key(row + r, column + c))) return ErrorKind::ref;
    }
  for (int r = 0; r < grid.rows; ++r)
    for (int c = 0; c < grid.columns; ++c) {
      const Value& cell = grid.at(r + 1, c + 1);
      if ((r || c) && !is_blank(cell)) state.spill[key(row + r, column + c)] = cell;
    }
  return grid.cells.empty() ? Value{} : grid.at(1, 1);
}

void Evaluator::fill_spill(const Sheet& sheet, SheetState& state) {
  struct Anchor {
    int row, column;
    const Formula* formula;
  };
  std::vector<Anchor> anchors;
  sheet.rows.each_formula_row([&](int number, const Row& row) {
    for (std::size_t i = 0; i < row.cells.size(); ++i)
      if (const Formula* f = row.cells[i].formula(); f && f->may_spill() && f->tree())
        anchors.push_back({number, static_cast<int>(i) + 1, f});
  });
  // Array formulas may read what others spill: a second round sees the first one's results.
  for (int round = 0; round < (anchors.size() > 1 ? 2 : 1); ++round) {
    const Spill before = std::move(state.spill);
    state.spill.clear();
    state.done.clear();
    for (const Anchor& a : anchors) {
      const std::uint64_t at = key(a.row, a.column);
      state.running.insert(at);
      Value result = anchor(sheet, state, a.row, a.column, *a.formula);
      state.running.erase(at);
      state.anchors[at] = std::move(result);
    }
    if (before == state.spill) break;
  }
  state.done.clear();
}

const Evaluator::Spill& Evaluator::spilled(const Sheet& sheet) {
  // References into an unordered_map stay valid when others are added.
  SheetState& state = states_[sheet.id];
  if (!state.spill_ready && !state.spill_running) {
    state.spill_running = true;
    fill_spill(sheet, state);
    state.spill_running = false;
    state.spill_ready = true;
  }
  return state.spill;
}

std::uint32_t Evaluator::inherited_format(const Sheet& sheet, const Formula& formula) {
  const Node* node = formula.tree();
  while (node) {
    if (node->kind == Node::Kind::ref) {
      const Ref& ref = formula.ref(node->token);
      const Sheet* on = ref.qualified ? (ref.tab_known ? book_.sheet(ref.area.sheet_id) : nullptr) : &sheet;
      const Cell* cell = on && !ref.dead ? on->rows.cell(ref.area.row_first, ref.area.column_first) : nullptr;
      return cell ? cell->format : 0;
    }
    static const std::unordered_set<std::string_view> kKeeps = {"SUM",   "MIN",          "MAX",    "AVERAGE",
                                                                "ROUND", "ARRAYFORMULA", "IFERROR"};
    const bool keeps =
        (node->kind == Node::Kind::binary && (node->text == "+" || node->text == "-" || node->text == "*")) ||
        node->kind == Node::Kind::unary || (node->kind == Node::Kind::call && kKeeps.contains(node->text));
    node = keeps && !node->children.empty() ? &node->children.front() : nullptr;
  }
  return 0;
}

std::string Evaluator::hyperlink(const Sheet& sheet, int row, int column, const Formula& formula) {
  const Node* tree = formula.tree();
  if (!tree || tree->kind != Node::Kind::call || tree->text != "HYPERLINK" || tree->children.empty()) return {};
  Calculation run(*this, sheet, row, column, formula);
  return text_of(run.single(tree->children.front()));
}

}  // namespace rowlane::sheets::local
