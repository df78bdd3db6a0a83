// Shared by the files of the SQLite store: running pieces, and rows to values and back.
#pragma once

#include <set>

#include "store/sqlite/sqlite_store.hpp"

namespace rowlane::store {

template <class T, class F>
Task<Result<T>> SqliteStore::write(F work, SqliteRunner::Undo undo) {
  auto box = std::make_shared<std::optional<Result<T>>>();
  const Status committed =
      co_await suspend_for<Status>([this, box, undo, work = std::move(work)](Resolver<Status> done) mutable {
        runner_.write(
            [box, work = std::move(work)](Writer& db) mutable {
              box->emplace(work(db));
              return (*box)->has_value();
            },
            [this, done = std::move(done)](Status status) mutable {
              if (status && committed_) committed_();
              done(std::move(status));
            },
            undo);
      });
  if (!committed) co_return std::unexpected(committed.error());
  co_return std::move(**box);
}

template <class T, class F>
Task<Result<T>> SqliteStore::read(F work) {
  co_return co_await suspend_for<Result<T>>([this, work = std::move(work)](Resolver<Result<T>> done) mutable {
    runner_.read([work = std::move(work), done = std::move(done)](db::Sqlite& db) mutable { done(work(db)); });
  });
}

// For short look-ups that every request makes.
template <class T, class F>
Task<Result<T>> SqliteStore::look_up(F work) {
  co_return co_await suspend_for<Result<T>>([this, work = std::move(work)](Resolver<Result<T>> done) mutable {
    runner_.look_up([work = std::move(work), done = std::move(done)](db::Sqlite& db) mutable { done(work(db)); });
  });
}

// Calls `each(row)` for every row of the bound statement; stops at the first error, its own or that of `each`.
template <class F>
Status each_row(db::Statement& stmt, F each) {
  for (;;) {
    const Result<bool> row = stmt.step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return {};
    if (Status done = each(std::as_const(stmt)); !done) return done;
  }
}

// Columns that `read_record` takes, in its order, of a table named `record`.
inline constexpr std::string_view kRecordColumns =
    "record.id, record.public_id, record.agency_id, record.owner_id, record.version, record.fields, record.created_at_ms, "
    "record.updated_at_ms, record.updated_by, record.deleted_at_ms, record.sync_state, record.sync_at_ms, record.sync_reason";
inline constexpr int kRecordColumnCount = 13;
Result<Record> read_record(const db::Statement& row, FieldCatalogue& catalogue);

// Inserts and gives the id; or rewrites fields, owner, version, times and tombstone of `record.id`.
Result<RecordId> insert_record(db::Sqlite& db, const Record& record, const FieldCatalogue& catalogue);
Status rewrite_record(db::Sqlite& db, const Record& record, const FieldCatalogue& catalogue);
// The record of that public id inside the scope; tombstones only when asked for. not_found otherwise.
Result<Record> find_record(db::Sqlite& db, const Scope& scope, std::string_view public_id, FieldCatalogue& catalogue,
                           bool tombstones = false);

struct HistoryCell {
  const Record& record;
  std::string_view what, field, before, after;  // JSON texts
};
Status add_history(db::Sqlite& db, const HistoryCell& cell, UserId user, std::int64_t at_ms,
                   std::optional<JobId> job = std::nullopt);
// One entry a field that differs.
Status add_edit_history(db::Sqlite& db, const Record& before, const Record& after, UserId user, std::int64_t at_ms,
                        const FieldCatalogue& catalogue);
Status add_activity(db::Sqlite& db, AgencyId agency, UserId user, std::int64_t at_ms, std::string_view what,
                    std::string_view text, std::optional<std::string> record = std::nullopt,
                    std::optional<JobId> job = std::nullopt);
// "changed 12 records": what a user does to many in quick succession, piece by piece, is one entry with the sum.
Status add_bulk_activity(db::Sqlite& db, const Scope& scope, std::int64_t at_ms, std::string_view what,
                         std::string_view verb, std::int64_t count);

// The events of a change of many records: one a record up to a hundred, else one an owner with their count, so that
// nobody learns of records outside the own scope. Who lost a record to another owner is told too.
class ChangeEvents {
 public:
  void add(RecordId record, UserId owner, UserId owner_before);
  void tell(NewEvents& events, AgencyId agency, std::int64_t at_ms) const;
  // As counts, however few: of a piece of a larger change.
  void tell_counts(NewEvents& events, AgencyId agency, std::int64_t at_ms) const;

 private:
  static constexpr std::size_t kSingleMax = 100;
  std::vector<std::pair<UserId, RecordId>> changed_;
};

// Makes the living record a tombstone (version up, history, event, unsynced).
Status entomb(Writer& db, Record record, UserId user, std::int64_t at_ms, const FieldCatalogue& catalogue);

// By key; those that were connected.
Result<std::map<std::string, TabState>> read_tab_states(db::Sqlite& db, AgencyId agency);
std::vector<std::string> split_tabs(std::string_view text);
std::string join_tabs(const std::vector<std::string>& tabs);

// Draws the next number of a counter.
Result<std::int64_t> draw(db::Sqlite& db, std::string_view counter);
// Gives the spreadsheet its place at the end of the round when something is queued and it neither waits nor runs; true
// when it had none before.
Result<bool> make_ready(db::Sqlite& db, std::string_view spreadsheet_id);

#define ROWLANE_TRY(expression)                                                   \
  do {                                                                            \
    if (auto tried = (expression); !tried) return std::unexpected(tried.error()); \
  } while (false)

}  // namespace rowlane::store
