// From the text of a formula to tokens, and from tokens to a tree. Pure.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "sheets/local/formula.hpp"

namespace rowlane::sheets::local {

// `text` without the leading "=". Never fails: what is no token becomes a `bad` one.
std::vector<Token> tokenize(std::string_view text, const TabNames& tabs);
// nullopt: no valid formula, or nested deeper than 60.
std::optional<Node> parse_tree(const std::vector<Token>& tokens);

}  // namespace rowlane::sheets::local
