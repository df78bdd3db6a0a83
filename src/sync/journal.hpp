// A batch that was sent, as the journal keeps it: its operations and effects as JSON, the tabs as planned on packed.
#pragma once

#include "sync/repair.hpp"

namespace rowlane::sync {

struct JournalEntry {
  std::string body;    // JSON text
  std::string tables;  // packed; tabs above `kTableBytesMax` are left out
};
inline constexpr int kJournalFormat = 2;  // raised when an older program could not read an entry
inline constexpr std::size_t kTableBytesMax = 2'000'000;

JournalEntry to_journal(const Sent& sent, const FieldCatalogue& catalogue);
// One that cannot be read, of another format or damaged, comes back with its token alone, as `is_unreadable`.
Sent from_journal(const store::PendingJournal& entry, FieldCatalogue& catalogue);
// Which effects are committed, for `PendingJournal::entered`: "0-199,210".
std::string entered_of(const Sent& sent);

// One tab's cells, formulas and column marks; the rest of the table is not kept. nullopt when it cannot be read.
std::string pack_table(const SheetTable& table);
std::optional<SheetTable> unpack_table(std::string_view packed);

}  // namespace rowlane::sync
