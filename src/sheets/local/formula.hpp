// A formula: its tokens (so that it prints as it was typed, with its references moved along) and its tree.
// Immutable; a structural change makes a new one that shares the tree.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sheets/local/area.hpp"

namespace rowlane::sheets::local {

// What formulas need to know of the tabs.
class TabNames {
 public:
  virtual ~TabNames() = default;
  [[nodiscard]] virtual std::optional<std::int64_t> tab_id(std::string_view title) const = 0;
  [[nodiscard]] virtual std::optional<std::string> tab_title(std::int64_t id) const = 0;
};

// A reference to a cell or a range, maybe on another tab.
struct Ref {
  Area area;               // area.sheet_id counts only when `tab_known`
  bool qualified = false;  // written with a tab
  bool tab_known = false;  // the tab existed when it was written
  std::string tab_text;    // its title as written, while unknown
  bool is_range = false;
  bool row_fixed_first = false, column_fixed_first = false;  // "$"
  bool row_fixed_last = false, column_fixed_last = false;
  bool dead = false;  // what it named was deleted: #REF!
};

struct Token {
  enum class Kind : std::uint8_t {
    number,
    text,
    name,
    op,
    open,
    close,
    separator,
    brace_open,
    brace_close,
    row_separator,
    space,
    ref,
    error,
    bad
  };
  Kind kind{};
  std::string text;  // as typed; of `text` tokens the content without quotes
  Ref ref;
};

struct Node {
  enum class Kind : std::uint8_t {
    number,
    text,
    truth,
    ref,
    name,
    call,
    unary,
    percent,
    binary,
    array,
    error,
    missing
  };
  Kind kind{};
  std::string text;  // text, name of a function or range, operator
  double number = 0;
  std::size_t token = 0;       // ref: which token
  std::vector<Node> children;  // array: its cells row by row
  int columns = 0;             // array: its width
};

class Formula {
 public:
  // `text` starts with "=". A text that is no formula still makes one, without a tree (#ERROR!).
  static std::shared_ptr<const Formula> parse(std::string_view text, const TabNames& tabs);
  // "=...", with the tabs' present titles.
  [[nodiscard]] std::string text(const TabNames& tabs) const;
  [[nodiscard]] const Node* tree() const { return tree_.get(); }
  [[nodiscard]] const Ref& ref(std::size_t token) const { return tokens_[token].ref; }
  // It can fill more cells than its own.
  [[nodiscard]] bool may_spill() const { return may_spill_; }
  [[nodiscard]] const std::vector<Token>& tokens() const { return tokens_; }

  // A formula whose references went through `change`; null when no call returned true.
  [[nodiscard]] std::shared_ptr<const Formula> with_refs(const std::function<bool(Ref&)>& change) const;
  // As copied to a cell so many rows and columns away: references that are not fixed move along.
  [[nodiscard]] std::shared_ptr<const Formula> copied_by(int rows, int columns) const;

 private:
  std::vector<Token> tokens_;
  std::shared_ptr<const Node> tree_;
  bool may_spill_ = false;
};

}  // namespace rowlane::sheets::local
