#include "sheets/local/calculation.hpp"

#include <algorithm>
#include <cmath>

namespace rowlane::sheets::local {

Operand Calculation::run_ref(const Ref& ref) {
  if (ref.dead) return Value{ErrorKind::ref};
  const Book& book = evaluator_.book_;
  const Sheet* on = &sheet_;
  if (ref.qualified) on = ref.tab_known ? book.sheet(ref.area.sheet_id) : book.sheet_by_title(ref.tab_text);
  if (!on) return Value{ErrorKind::ref};
  Area area = ref.area;
  area.sheet_id = on->id;
  if (area.row_first > on->row_count || area.column_first > on->column_count) return Value{ErrorKind::ref};
  if (!ref.is_range) return evaluator_.value(*on, area.row_first, area.column_first);
  area.row_last = std::min(area.row_last, on->row_count);
  area.column_last = std::min(area.column_last, on->column_count);
  return RangeOperand{on, area};
}

Operand Calculation::run_name(const std::string& name) {
  const NamedRange* named = evaluator_.book_.named_range(name);
  const Sheet* on = named ? evaluator_.book_.sheet(named->area.sheet_id) : nullptr;
  if (!on) return Value{ErrorKind::name};
  const Area area = evaluator_.book_.bounded(named->area);
  if (area.row_first == area.row_last && area.column_first == area.column_last)
    return evaluator_.value(*on, area.row_first, area.column_first);
  return RangeOperand{on, area};
}

Operand Calculation::run(const Node& node) {
  switch (node.kind) {
    case Node::Kind::number:
      return Value{node.number};
    case Node::Kind::text:
      return Value{node.text};
    case Node::Kind::truth:
      return Value{node.number != 0};
    case Node::Kind::missing:
      return Value{};
    case Node::Kind::error:
      for (const ErrorKind kind : {ErrorKind::divide_by_zero, ErrorKind::value, ErrorKind::name, ErrorKind::num,
                                   ErrorKind::not_available, ErrorKind::null_value})
        if (error_text(kind) == node.text) return Value{kind};
      return Value{ErrorKind::ref};
    case Node::Kind::ref:
      return run_ref(formula_.ref(node.token));
    case Node::Kind::name:
      return run_name(node.text);
    case Node::Kind::array:
      return run_array(node);
    case Node::Kind::call:
      return run_call(node);
    case Node::Kind::unary:
      return map({run(node.children[0])}, [minus = node.text == "-"](const std::vector<Value>& v) -> Value {
        const auto number = number_of(v[0]);
        if (const auto* error = std::get_if<ErrorKind>(&number)) return *error;
        return minus ? -std::get<double>(number) : std::get<double>(number);
      });
    case Node::Kind::percent:
      return map({run(node.children[0])}, [](const std::vector<Value>& v) -> Value {
        const auto number = number_of(v[0]);
        if (const auto* error = std::get_if<ErrorKind>(&number)) return *error;
        return std::get<double>(number) / 100;
      });
    case Node::Kind::binary: {
      std::vector<Operand> operands;
      operands.push_back(run(node.children[0]));
      operands.push_back(run(node.children[1]));
      return map(operands, [op = node.text](const std::vector<Value>& v) -> Value {
        for (const Value& operand : v)
          if (const auto* error = if_error(operand)) return *error;
        if (op == "&") return joined_text(text_of(v[0]) + text_of(v[1]));
        if (op == "=" || op == "<" || op == ">" || op == "<=" || op == ">=" || op == "<>") {
          const int order = compare_values(v[0], v[1]);
          if (op == "=") return order == 0;
          if (op == "<>") return order != 0;
          if (op == "<") return order < 0;
          if (op == ">") return order > 0;
          return op == "<=" ? order <= 0 : order >= 0;
        }
        const auto left = number_of(v[0]), right = number_of(v[1]);
        if (const auto* error = std::get_if<ErrorKind>(&left)) return *error;
        if (const auto* error = std::get_if<ErrorKind>(&right)) return *error;
        const double a = std::get<double>(left), b = std::get<double>(right);
        if (op == "/" && b == 0) return ErrorKind::divide_by_zero;
        const double result = op == "+"   ? a + b
                              : op == "-" ? a - b
                              : op == "*" ? a * b
                              : op == "/" ? a / b
                                          : std::pow(a, b);
        return std::isfinite(result) ? Value{result} : Value{ErrorKind::num};
      });
    }
  }
  return Value{ErrorKind::error};
}

Operand Calculation::run_array(const Node& node) {
  // Each cell of the literal may itself be a block; blocks stand side by side and below each other.
  ValueGrid out{.rows = 0, .columns = 0};
  for (std::size_t start = 0; start < node.children.size(); start += static_cast<std::size_t>(node.columns)) {
    std::vector<ValueGrid> blocks;
    int height = 0, width = 0;
    for (int c = 0; c < node.columns; ++c) {
      blocks.push_back(grid(run(node.children[start + static_cast<std::size_t>(c)])));
      height = std::max(height, blocks.back().rows);
      width += blocks.back().columns;
    }
    if (out.columns && width != out.columns) return Value{ErrorKind::value};
    out.columns = width;
    for (int r = 1; r <= height; ++r)
      for (const ValueGrid& block : blocks)
        for (int c = 1; c <= block.columns; ++c) out.cells.push_back(block.at(r, c));
    out.rows += height;
  }
  return out;
}

Value Calculation::single(const Operand& operand) {
  if (const auto* value = std::get_if<Value>(&operand)) return *value;
  if (const auto* grid = std::get_if<ValueGrid>(&operand)) return grid->cells.empty() ? Value{} : grid->at(1, 1);
  const auto& range = std::get<RangeOperand>(operand);
  const Area& a = range.area;
  if (a.row_first == a.row_last && a.column_first == a.column_last)
    return evaluator_.value(*range.sheet, a.row_first, a.column_first);
  if (a.column_first == a.column_last && row_ >= a.row_first && row_ <= a.row_last)
    return evaluator_.value(*range.sheet, row_, a.column_first);
  if (a.row_first == a.row_last && column_ >= a.column_first && column_ <= a.column_last)
    return evaluator_.value(*range.sheet, a.row_first, column_);
  return ErrorKind::value;
}

ValueGrid Calculation::grid(const Operand& operand) {
  if (const auto* value = std::get_if<Value>(&operand)) return ValueGrid{.cells = {*value}};
  if (const auto* grid = std::get_if<ValueGrid>(&operand)) return *grid;
  const auto& range = std::get<RangeOperand>(operand);
  const Area& a = range.area;
  ValueGrid out{.rows = a.row_last - a.row_first + 1, .columns = a.column_last - a.column_first + 1};
  out.cells.reserve(static_cast<std::size_t>(out.rows) * static_cast<std::size_t>(out.columns));
  for (int r = a.row_first; r <= a.row_last; ++r) {
    const Row* row = range.sheet->rows.find(r);
    for (int c = a.column_first; c <= a.column_last; ++c)
      out.cells.push_back(evaluator_.value(*range.sheet, r, c, row ? row->find(c) : nullptr));
  }
  return out;
}

void Calculation::each(const Node& node, const std::function<void(const Value&, bool)>& visit) {
  const Operand operand = run(node);
  if (const auto* value = std::get_if<Value>(&operand)) {
    return visit(*value, node.kind == Node::Kind::ref || node.kind == Node::Kind::name);
  }
  if (const auto* grid = std::get_if<ValueGrid>(&operand)) {
    for (const Value& value : grid->cells) visit(value, true);
    return;
  }
  const auto& range = std::get<RangeOperand>(operand);
  const Area& a = range.area;
  range.sheet->rows.each(a.row_first, a.row_last, [&](int number, const Row& row) {
    const int last = std::min(a.column_last, static_cast<int>(row.cells.size()));
    for (int c = a.column_first; c <= last; ++c) {
      const Cell* cell = row.find(c);
      if (cell->has_content()) visit(evaluator_.value(*range.sheet, number, c, cell), true);
    }
  });
  for (const auto& [at, value] : evaluator_.spilled(*range.sheet))
    if (a.holds(static_cast<int>(at >> 20), static_cast<int>(at & 0xfffff))) visit(value, true);
}

Operand Calculation::map(const std::vector<Operand>& operands,
                         const std::function<Value(const std::vector<Value>&)>& work) {
  bool arrays = false;
  for (const Operand& operand : operands)
    arrays = arrays || std::holds_alternative<ValueGrid>(operand) ||
             (array_mode_ && std::holds_alternative<RangeOperand>(operand));
  std::vector<Value> arguments(operands.size());
  if (!arrays || !array_mode_) {
    for (std::size_t i = 0; i < operands.size(); ++i) arguments[i] = single(operands[i]);
    return work(arguments);
  }
  std::vector<ValueGrid> grids;
  ValueGrid out{.rows = 1, .columns = 1};
  for (const Operand& operand : operands) {
    grids.push_back(grid(operand));
    out.rows = std::max(out.rows, grids.back().rows);
    out.columns = std::max(out.columns, grids.back().columns);
  }
  out.cells.reserve(static_cast<std::size_t>(out.rows) * static_cast<std::size_t>(out.columns));
  for (int r = 1; r <= out.rows; ++r)
    for (int c = 1; c <= out.columns; ++c) {
      for (std::size_t i = 0; i < grids.size(); ++i) arguments[i] = grids[i].at(r, c);
      out.cells.push_back(work(arguments));
    }
  return out;
}

Operand Calculation::run_call(const Node& node) {
  const std::string& name = node.text;
  const auto& arguments = node.children;
  if (name == "ARRAYFORMULA" && arguments.size() == 1) {
    const bool before = std::exchange(array_mode_, true);
    ValueGrid result = grid(run(arguments[0]));
    array_mode_ = before;
    return result;
  }
  if (name == "TRANSPOSE" && arguments.size() == 1) {
    const ValueGrid from = grid(run(arguments[0]));
    ValueGrid out{.rows = from.columns, .columns = from.rows};
    for (int r = 1; r <= out.rows; ++r)
      for (int c = 1; c <= out.columns; ++c) out.cells.push_back(from.at(c, r));
    return out;
  }
  if (name == "IF" && (arguments.size() == 2 || arguments.size() == 3)) {
    if (array_mode_) {
      std::vector<Operand> operands;
      for (const Node& argument : arguments) operands.push_back(run(argument));
      return map(operands, [](const std::vector<Value>& v) -> Value {
        const auto truth = truth_of(v[0]);
        if (const auto* error = std::get_if<ErrorKind>(&truth)) return *error;
        return std::get<bool>(truth) ? v[1] : v.size() > 2 ? v[2] : Value{false};
      });
    }
    const auto truth = truth_of(single(arguments[0]));  // only the branch taken is worked out
    if (const auto* error = std::get_if<ErrorKind>(&truth)) return Value{*error};
    if (std::get<bool>(truth)) return run(arguments[1]);
    return arguments.size() > 2 ? run(arguments[2]) : Operand{Value{false}};
  }
  if (auto folded = run_aggregate(name, *this, node)) return std::move(*folded);
  const ScalarEntry* entry = find_scalar_function(name);
  if (!entry) return Value{ErrorKind::name};
  const int count = static_cast<int>(arguments.size());
  if (count < entry->arguments_min || count > entry->arguments_max) return Value{ErrorKind::not_available};
  std::vector<Operand> operands;
  for (const Node& argument : arguments) operands.push_back(run(argument));
  return map(operands, entry->run);
}

}  // namespace rowlane::sheets::local
