// A book as text and back, for storage: a head (all but the cells) and rows in parts.
#pragma once

#include "sheets/local/storage.hpp"

namespace rowlane::sheets::local {

Json snapshot_head(const StoredBook& stored);
// Rows [first, last] of a tab; empty text: none of them holds anything.
std::string snapshot_rows(const Book& book, const Sheet& sheet, int first, int last);

Result<StoredBook> read_snapshot_head(const Json& head);
// Must come in any order after the head.
Status read_snapshot_rows(Book& book, std::int64_t sheet_id, std::string_view text);

}  // namespace rowlane::sheets::local
