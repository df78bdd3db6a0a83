// Where spreadsheets are kept: in SQLite, each as a snapshot (rows in parts) and the changes since. A change
// is durable when `append` returns; a snapshot takes the place of the changes now and then. Without a file:
// nowhere.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "db/sqlite.hpp"
#include "sheets/local/book.hpp"

namespace rowlane::sheets::local {

// One change as it is logged: enough to make it again.
struct Change {
  std::string kind;  // "batch", "values", "share"
  Json body;
  std::vector<std::uint64_t> draws;
  WallTime at;
};

// A spreadsheet and what belongs to it.
struct StoredBook {
  Book book;
  std::int64_t version = 1;
  WallTime created, modified;
  std::set<std::string> shared_with;
};

class Storage {
 public:
  // An empty `file` keeps nothing.
  static Result<Storage> open(const std::string& file);
  // Hands out each spreadsheet's snapshot and the changes since, oldest first.
  Status load(const std::function<Status(StoredBook stored, const std::vector<Change>& changes)>& visit);
  // Writes the whole of it and forgets its changes.
  Status snapshot(const StoredBook& stored);
  Status append(const std::string& id, std::int64_t version, const Change& change);
  Status remove(const std::string& id);
  // Enough changes have piled up for a snapshot to pay.
  [[nodiscard]] bool wants_snapshot(const std::string& id) const;

 private:
  struct Pile {
    std::int64_t changes = 0, change_bytes = 0, snapshot_bytes = 0;
  };
  std::optional<db::Sqlite> db_;
  std::map<std::string, Pile> piles_;
};

}  // namespace rowlane::sheets::local
