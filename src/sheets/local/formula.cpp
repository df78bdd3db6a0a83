#include "sheets/local/formula.hpp"

#include "sheets/local/formula_parse.hpp"

namespace rowlane::sheets::local {

namespace {

bool spills(const Node& node) {
  if (node.kind == Node::Kind::array) return true;
  if (node.kind == Node::Kind::call && (node.text == "ARRAYFORMULA" || node.text == "TRANSPOSE")) return true;
  for (const Node& child : node.children)
    if (spills(child)) return true;
  return false;
}

void print_corner(std::string& out, int row, int column, bool row_fixed, bool column_fixed) {
  if (column) {
    if (column_fixed) out += '$';
    out += column_letters(column);
  }
  if (row) {
    if (row_fixed) out += '$';
    out += std::to_string(row);
  }
}

void print_ref(std::string& out, const Ref& ref, const TabNames& tabs) {
  std::optional<std::string> title;
  if (ref.qualified) {
    title = ref.tab_known ? tabs.tab_title(ref.area.sheet_id) : std::optional(ref.tab_text);
    if (title) out += quoted_title(*title) + "!";
  }
  if (ref.dead || (ref.qualified && !title)) {
    out += "#REF!";
    return;
  }
  const Area& a = ref.area;
  if (!ref.is_range) return print_corner(out, a.row_first, a.column_first, ref.row_fixed_first, ref.column_fixed_first);
  const bool all_rows = a.row_first == 1 && a.row_last == kOpen;
  const bool all_columns = a.column_first == 1 && a.column_last == kOpen;
  print_corner(out, all_rows ? 0 : a.row_first, all_columns ? 0 : a.column_first, ref.row_fixed_first,
               ref.column_fixed_first);
  out += ':';
  print_corner(out, a.row_last == kOpen ? 0 : a.row_last, a.column_last == kOpen ? 0 : a.column_last,
               ref.row_fixed_last, ref.column_fixed_last);
}

}  // namespace

std::shared_ptr<const Formula> Formula::parse(std::string_view text, const TabNames& tabs) {
  auto made = std::make_shared<Formula>();
  made->tokens_ = tokenize(text.substr(text.starts_with('=') ? 1 : 0), tabs);
  if (auto tree = parse_tree(made->tokens_)) {
    made->may_spill_ = spills(*tree);
    made->tree_ = std::make_shared<const Node>(std::move(*tree));
  }
  return made;
}

std::string Formula::text(const TabNames& tabs) const {
  std::string out = "=";
  for (const Token& token : tokens_) {
    if (token.kind == Token::Kind::ref) {
      print_ref(out, token.ref, tabs);
    } else if (token.kind == Token::Kind::text) {
      out += '"';
      for (const char c : token.text) {
        out += c;
        if (c == '"') out += c;
      }
      out += '"';
    } else {
      out += token.text;
    }
  }
  return out;
}

std::shared_ptr<const Formula> Formula::with_refs(const std::function<bool(Ref&)>& change) const {
  std::shared_ptr<Formula> made;
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    if (tokens_[i].kind != Token::Kind::ref || tokens_[i].ref.dead) continue;
    Ref ref = tokens_[i].ref;
    if (!change(ref)) continue;
    if (!made) made = std::make_shared<Formula>(*this);
    made->tokens_[i].ref = std::move(ref);
  }
  return made;
}

std::shared_ptr<const Formula> Formula::copied_by(int rows, int columns) const {
  return with_refs([rows, columns](Ref& ref) {
    const Area before = ref.area;
    const auto move = [&ref](int& position, bool fixed, int by) {
      if (fixed || position == kOpen) return;
      position += by;
      if (position < 1) ref.dead = true;
    };
    const bool all_rows = ref.area.row_first == 1 && ref.area.row_last == kOpen;
    const bool all_columns = ref.area.column_first == 1 && ref.area.column_last == kOpen;
    if (!all_rows) {
      move(ref.area.row_first, ref.row_fixed_first, rows);
      move(ref.area.row_last, ref.is_range ? ref.row_fixed_last : ref.row_fixed_first, rows);
    }
    if (!all_columns) {
      move(ref.area.column_first, ref.column_fixed_first, columns);
      move(ref.area.column_last, ref.is_range ? ref.column_fixed_last : ref.column_fixed_first, columns);
    }
    return ref.dead || !(before == ref.area);
  });
}

}  // namespace rowlane::sheets::local
