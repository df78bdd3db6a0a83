// One run of one formula: walks its tree over single values, ranges and arrays.
#pragma once

#include <functional>
#include <variant>

#include "sheets/local/eval.hpp"

namespace rowlane::sheets::local {

struct RangeOperand {
  const Sheet* sheet = nullptr;
  Area area;  // bounded
};
using Operand = std::variant<Value, ValueGrid, RangeOperand>;

class Calculation {
 public:
  Calculation(Evaluator& evaluator, const Sheet& sheet, int row, int column, const Formula& formula)
      : evaluator_(evaluator), sheet_(sheet), row_(row), column_(column), formula_(formula) {}

  Operand run(const Node& node);
  // As a value of one cell; a range gives the cell of the same row or column.
  Value single(const Operand& operand);
  Value single(const Node& node) { return single(run(node)); }
  ValueGrid grid(const Operand& operand);
  // Visits every filled value of an argument; `from_range` tells cells from values written in the formula.
  void each(const Node& node, const std::function<void(const Value&, bool from_range)>& visit);
  void set_array_mode(bool on) { array_mode_ = on; }
  [[nodiscard]] bool array_mode() const { return array_mode_; }

 private:
  Operand run_ref(const Ref& ref);
  Operand run_name(const std::string& name);
  Operand run_array(const Node& node);
  Operand run_call(const Node& node);
  // Applies `work` to single values, or cell by cell over arrays in array mode.
  Operand map(const std::vector<Operand>& operands, const std::function<Value(const std::vector<Value>&)>& work);

  Evaluator& evaluator_;
  const Sheet& sheet_;
  int row_, column_;
  const Formula& formula_;
  bool array_mode_ = false;
};

// Text and truths that stand for numbers become numbers; blank is 0; anything else is #VALUE!.
std::variant<double, ErrorKind> number_of(const Value& value);
std::variant<bool, ErrorKind> truth_of(const Value& value);
// Sheets' order: numbers, then text (ignoring case), then truths. Blank equals "", 0 and FALSE.
int compare_values(const Value& a, const Value& b);
// nullopt: no function of that name, or it works on whole ranges.
using ScalarFunction = Value (*)(const std::vector<Value>& arguments);
struct ScalarEntry {
  int arguments_min, arguments_max;
  ScalarFunction run;
};
const ScalarEntry* find_scalar_function(std::string_view name);
// SUM and the like: folds over all arguments. nullopt: no such function.
std::optional<Value> run_aggregate(std::string_view name, Calculation& calculation, const Node& call);

}  // namespace rowlane::sheets::local
