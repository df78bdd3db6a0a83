#include "sheets/local/formula_parse.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace rowlane::sheets::local {

namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name_char(char c) {
  return is_letter(c) || is_digit(c) || c == '_' || c == '.' || static_cast<unsigned char>(c) >= 0x80;
}

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return out;
}

struct Corner {
  int row = 0, column = 0;
  bool row_fixed = false, column_fixed = false;
};

// "$B$12", "B", "12" at `at`, which moves behind it.
std::optional<Corner> read_corner(std::string_view text, std::size_t& at) {
  Corner out;
  std::size_t i = at;
  const bool first_fixed = i < text.size() && text[i] == '$';
  if (first_fixed) ++i;
  std::size_t start = i;
  while (i < text.size() && is_letter(text[i])) ++i;
  if (i > start) {
    const auto column = column_of(text.substr(start, i - start));
    if (!column) return std::nullopt;
    out.column = *column;
    out.column_fixed = first_fixed;
    start = i;
    if (i < text.size() && text[i] == '$') {
      out.row_fixed = true;
      start = ++i;
    }
  } else {
    out.row_fixed = first_fixed;
  }
  while (i < text.size() && is_digit(text[i]) && i - start < 8) ++i;
  if (i > start) {
    std::from_chars(text.data() + start, text.data() + i, out.row);
    if (out.row < 1) return std::nullopt;
  } else if (out.row_fixed) {
    return std::nullopt;
  }
  if (!out.row && !out.column) return std::nullopt;
  at = i;
  return out;
}

// A cell or range at `at` (behind the tab, if any).
bool read_cells(std::string_view text, std::size_t& at, Ref& ref) {
  std::size_t i = at;
  const auto first = read_corner(text, i);
  if (!first) return false;
  const auto ends = [&](std::size_t end) {
    return end >= text.size() || !(is_name_char(text[end]) || text[end] == '(' || text[end] == '!');
  };
  if (i < text.size() && text[i] == ':') {
    std::size_t j = i + 1;
    const auto last = read_corner(text, j);
    if (last && ends(j) && ((first->row && last->row) || (first->column && last->column))) {
      ref.is_range = true;
      ref.row_fixed_first = first->row_fixed;
      ref.column_fixed_first = first->column_fixed;
      ref.row_fixed_last = last->row_fixed;
      ref.column_fixed_last = last->column_fixed;
      const auto span = [](int a, int b, int& from, int& to) {
        if (a && b) {
          from = std::min(a, b);
          to = std::max(a, b);
        } else if (a || b) {
          from = a ? a : b;
        }
      };
      span(first->row, last->row, ref.area.row_first, ref.area.row_last);
      span(first->column, last->column, ref.area.column_first, ref.area.column_last);
      at = j;
      return true;
    }
  }
  if (!first->row || !first->column || !ends(i)) return false;
  ref.area.row_first = ref.area.row_last = first->row;
  ref.area.column_first = ref.area.column_last = first->column;
  ref.row_fixed_first = first->row_fixed;
  ref.column_fixed_first = first->column_fixed;
  at = i;
  return true;
}

// "'Bob''s'!" or "Sheet1!" at `at`.
std::optional<std::string> read_tab(std::string_view text, std::size_t& at) {
  std::size_t i = at;
  std::string title;
  if (i < text.size() && text[i] == '\'') {
    for (++i; i < text.size(); ++i) {
      if (text[i] != '\'') {
        title += text[i];
      } else if (i + 1 < text.size() && text[i + 1] == '\'') {
        title += text[i++];
      } else {
        break;
      }
    }
    if (i >= text.size()) return std::nullopt;
    ++i;
  } else {
    while (i < text.size() && is_name_char(text[i])) title += text[i++];
  }
  if (title.empty() || i >= text.size() || text[i] != '!') return std::nullopt;
  at = i + 1;
  return title;
}

bool read_ref(std::string_view text, std::size_t& at, const TabNames& tabs, Token& token) {
  std::size_t i = at;
  Ref ref;
  if (auto title = read_tab(text, i)) {
    ref.qualified = true;
    if (const auto id = tabs.tab_id(*title)) {
      ref.tab_known = true;
      ref.area.sheet_id = *id;
    } else {
      ref.tab_text = *title;
    }
    if (text.substr(i).starts_with("#REF!")) {
      ref.dead = true;
      at = i + 5;
      token = Token{Token::Kind::ref, {}, ref};
      return true;
    }
  }
  if (!read_cells(text, i, ref)) return false;
  token = Token{Token::Kind::ref, std::string(text.substr(at, i - at)), std::move(ref)};
  at = i;
  return true;
}

constexpr std::array<std::string_view, 7> kErrors = {"#REF!", "#DIV/0!", "#VALUE!", "#NAME?",
                                                     "#N/A",  "#NUM!",   "#NULL!"};

Token read_number(std::string_view text, std::size_t& at) {
  const std::size_t start = at;
  while (at < text.size() && (is_digit(text[at]) || text[at] == '.')) ++at;
  if (at < text.size() && (text[at] | 0x20) == 'e') {
    std::size_t i = at + 1;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
    if (i < text.size() && is_digit(text[i])) {
      while (i < text.size() && is_digit(text[i])) ++i;
      at = i;
    }
  }
  return Token{Token::Kind::number, std::string(text.substr(start, at - start)), {}};
}

}  // namespace

std::vector<Token> tokenize(std::string_view text, const TabNames& tabs) {
  using Kind = Token::Kind;
  std::vector<Token> out;
  int braces = 0;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    const auto single = [&](Kind kind) {
      out.push_back(Token{kind, std::string(1, c), {}});
      ++at;
    };
    Token token;
    if (c == ' ' || c == '\n' || c == '\t' || c == '\r') {
      single(Kind::space);
    } else if (c == '"') {
      std::string content;
      std::size_t i = at + 1;
      for (; i < text.size(); ++i) {
        if (text[i] == '"') {
          if (i + 1 >= text.size() || text[i + 1] != '"') break;
          ++i;
        }
        content += text[i];
      }
      if (i >= text.size()) {
        out.push_back(Token{Kind::bad, std::string(text.substr(at)), {}});
        break;
      }
      out.push_back(Token{Kind::text, std::move(content), {}});
      at = i + 1;
    } else if (read_ref(text, at, tabs, token)) {
      out.push_back(std::move(token));
    } else if (is_digit(c) || (c == '.' && at + 1 < text.size() && is_digit(text[at + 1]))) {
      out.push_back(read_number(text, at));
    } else if (is_name_char(c)) {
      const std::size_t start = at;
      while (at < text.size() && is_name_char(text[at])) ++at;
      out.push_back(Token{Kind::name, std::string(text.substr(start, at - start)), {}});
    } else if (c == '#') {
      const auto hit = std::ranges::find_if(kErrors, [&](auto e) { return text.substr(at).starts_with(e); });
      const std::size_t length = hit == kErrors.end() ? 1 : hit->size();
      out.push_back(Token{hit == kErrors.end() ? Kind::bad : Kind::error, std::string(text.substr(at, length)), {}});
      at += length;
    } else if (c == '(') {
      single(Kind::open);
    } else if (c == ')') {
      single(Kind::close);
    } else if (c == '{') {
      ++braces;
      single(Kind::brace_open);
    } else if (c == '}') {
      --braces;
      single(Kind::brace_close);
    } else if (c == ',') {
      single(Kind::separator);
    } else if (c == ';') {  // in locales with a decimal comma it separates arguments, too
      single(braces > 0 ? Kind::row_separator : Kind::separator);
    } else {
      const std::string_view two = text.substr(at, 2);
      const bool is_two = two == "<>" || two == "<=" || two == ">=";
      const bool is_one = std::string_view("+-*/^&=<>%").find(c) != std::string_view::npos;
      const std::size_t length = is_two ? 2 : 1;
      out.push_back(Token{is_two || is_one ? Kind::op : Kind::bad, std::string(text.substr(at, length)), {}});
      at += length;
    }
  }
  return out;
}

namespace {

class Parser {
 public:
  explicit Parser(const std::vector<Token>& tokens) : tokens_(tokens) {}

  std::optional<Node> whole() {
    auto node = comparison();
    skip();
    if (!node || at_ != tokens_.size()) return std::nullopt;
    return node;
  }

 private:
  void skip() {
    while (at_ < tokens_.size() && tokens_[at_].kind == Token::Kind::space) ++at_;
  }
  bool is(Token::Kind kind) {
    skip();
    return at_ < tokens_.size() && tokens_[at_].kind == kind;
  }
  bool take(Token::Kind kind) {
    if (!is(kind)) return false;
    ++at_;
    return true;
  }
  std::optional<std::string> take_op(std::initializer_list<std::string_view> ops) {
    if (!is(Token::Kind::op)) return std::nullopt;
    for (const auto op : ops)
      if (tokens_[at_].text == op) return tokens_[at_++].text;
    return std::nullopt;
  }

  // One left-associative level: operands by `next`, joined by any of `ops`.
  template <class Next>
  std::optional<Node> level(std::initializer_list<std::string_view> ops, Next next) {
    auto left = next();
    while (left) {
      const auto op = take_op(ops);
      if (!op) return left;
      auto right = next();
      if (!right) return std::nullopt;
      Node node{.kind = Node::Kind::binary, .text = *op};
      node.children.push_back(std::move(*left));
      node.children.push_back(std::move(*right));
      left = std::move(node);
    }
    return left;
  }

  std::optional<Node> comparison() {
    if (++depth_ > 60) return std::nullopt;
    auto node = level({"=", "<>", "<=", ">=", "<", ">"}, [this] { return joined(); });
    --depth_;
    return node;
  }
  std::optional<Node> joined() {
    return level({"&"}, [this] { return sum(); });
  }
  std::optional<Node> sum() {
    return level({"+", "-"}, [this] { return product(); });
  }
  std::optional<Node> product() {
    return level({"*", "/"}, [this] { return power(); });
  }
  std::optional<Node> power() {
    return level({"^"}, [this] { return unary(); });
  }
  std::optional<Node> unary() {
    if (const auto op = take_op({"-", "+"})) {
      if (++depth_ > 60) return std::nullopt;
      auto operand = unary();
      --depth_;
      if (!operand) return std::nullopt;
      Node node{.kind = Node::Kind::unary, .text = *op};
      node.children.push_back(std::move(*operand));
      return node;
    }
    auto node = primary();
    while (node && take_op({"%"})) {
      Node outer{.kind = Node::Kind::percent};
      outer.children.push_back(std::move(*node));
      node = std::move(outer);
    }
    return node;
  }

  std::optional<Node> primary() {
    skip();
    if (at_ >= tokens_.size()) return std::nullopt;
    const Token& token = tokens_[at_];
    switch (token.kind) {
      case Token::Kind::number: {
        Node node{.kind = Node::Kind::number};
        const char* end = token.text.data() + token.text.size();
        if (std::from_chars(token.text.data(), end, node.number).ptr != end) return std::nullopt;
        ++at_;
        return node;
      }
      case Token::Kind::text:
        ++at_;
        return Node{.kind = Node::Kind::text, .text = token.text};
      case Token::Kind::ref:
        return Node{.kind = Node::Kind::ref, .token = at_++};
      case Token::Kind::error:
        ++at_;
        return Node{.kind = Node::Kind::error, .text = token.text};
      case Token::Kind::open: {
        ++at_;
        auto inner = comparison();
        if (!inner || !take(Token::Kind::close)) return std::nullopt;
        return inner;
      }
      case Token::Kind::brace_open:
        return array();
      case Token::Kind::name:
        return name();
      default:
        return std::nullopt;
    }
  }

  std::optional<Node> name() {
    const std::string text = upper(tokens_[at_++].text);
    if (!take(Token::Kind::open)) {
      if (text == "TRUE" || text == "FALSE")
        return Node{.kind = Node::Kind::truth, .number = text == "TRUE" ? 1.0 : 0.0};
      return Node{.kind = Node::Kind::name, .text = text};
    }
    Node call{.kind = Node::Kind::call, .text = text};
    if (take(Token::Kind::close)) return call;
    while (true) {
      if (is(Token::Kind::separator) || is(Token::Kind::close)) {
        call.children.push_back(Node{.kind = Node::Kind::missing});
      } else {
        auto argument = comparison();
        if (!argument) return std::nullopt;
        call.children.push_back(std::move(*argument));
      }
      if (take(Token::Kind::close)) return call;
      if (!take(Token::Kind::separator)) return std::nullopt;
    }
  }

  std::optional<Node> array() {
    ++at_;
    Node node{.kind = Node::Kind::array};
    int width = 0;
    while (true) {
      auto cell = comparison();
      if (!cell) return std::nullopt;
      node.children.push_back(std::move(*cell));
      ++width;
      if (take(Token::Kind::separator)) continue;
      if (node.columns == 0) node.columns = width;
      if (node.columns != width) return std::nullopt;
      if (take(Token::Kind::brace_close)) return node;
      if (!take(Token::Kind::row_separator)) return std::nullopt;
      width = 0;
    }
  }

  const std::vector<Token>& tokens_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

std::optional<Node> parse_tree(const std::vector<Token>& tokens) { return Parser(tokens).whole(); }

}  // namespace rowlane::sheets::local
