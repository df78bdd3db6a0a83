// A job's stored result as callers see it. Pure.
//
// A large sync may have rejected, held or ambiguous rows by the thousand. `lengths` always says how many there are; the
// lists themselves are whole where one job is asked for, and short where many jobs are listed or told of.
#pragma once

#include <string_view>

#include "base/json.hpp"

namespace rowlane::api {

inline constexpr std::size_t kRowsShown = 20;

enum class RowLists { whole, first_rows };

// `stored`: the result as the store keeps it; empty: null. What cannot be read is null, too.
Json shown_result(std::string_view stored, RowLists lists);

}  // namespace rowlane::api
