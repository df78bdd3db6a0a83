// Unicode text as people compare it (ICU).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rowlane {

// NFKC with case folding; zero-width characters and spaces of every kind removed; every dash becomes '-'.
// The form in which natural keys and headers are compared.
std::string normalise_key(std::string_view utf8);
// NFKC with case folding, spaces kept: for search.
std::string fold_case(std::string_view utf8);
// Characters as Google counts a cell's length: UTF-16 code units.
std::size_t utf16_length(std::string_view utf8);

// The known name nearest to `word` (Damerau-Levenshtein), or empty when none is near.
std::string nearest(std::string_view word, const std::vector<std::string>& known);

// "; did you mean 'NAME'?" of the nearest one, or empty when none is near.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& known);

// One line of at most so many bytes, cut between characters.
std::string shorten(std::string_view utf8, std::size_t bytes_max);

std::string_view trim(std::string_view text);  // ASCII white space at both ends

}  // namespace rowlane
