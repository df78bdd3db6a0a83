// The writer's side of one transaction: the connection, and the events that are committed with what they tell of.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "db/sqlite.hpp"
#include "domain/record.hpp"
#include "store/events.hpp"

namespace rowlane::store {

// Events of one row at most: readers look back so far for the row that an event is in.
inline constexpr std::int64_t kEventsInBatchMax = 1'000;

// Events of a transaction that is not committed yet. They are gathered and written last, as few rows: a row an event
// would cost more than the change that it tells of.
class NewEvents {
 public:
  // `subject`: id of the job or record; for `customers` their count.
  void add(AgencyId agency, UserId user, EventKind kind, std::int64_t subject, std::int64_t at_ms);
  [[nodiscard]] std::size_t count() const { return ends_.size(); }
  // Forgets all but the first `count`.
  void keep_first(std::size_t count);
  // Numbers them after the last that were ever written, enters them, and is empty again.
  Status write(db::Sqlite& db);

 private:
  std::string body_;               // ",[agency,user,kind,subject]" for each
  std::vector<std::size_t> ends_;  // where each ends in `body_`
  std::int64_t at_ms_ = 0;
};

class Writer {
 public:
  // `db` outlives it.
  explicit Writer(db::Sqlite& db) : db_(db) {}
  // For what only reads, or changes rows that nobody listens for.
  operator db::Sqlite&() { return db_; }  // NOLINT(google-explicit-constructor): a writer is a connection, and more
  db::Statement prepare(std::string_view sql) { return db_.prepare(sql); }
  [[nodiscard]] std::int64_t changes() const { return db_.changes(); }
  [[nodiscard]] std::int64_t total_changes() const { return db_.total_changes(); }
  [[nodiscard]] std::int64_t last_insert_id() const { return db_.last_insert_id(); }
  NewEvents& events() { return events_; }

 private:
  db::Sqlite& db_;
  NewEvents events_;
};

}  // namespace rowlane::store
