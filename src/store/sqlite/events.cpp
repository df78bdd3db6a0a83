// Events as listeners read them.
#include <fmt/format.h>

#include "store/sqlite/rows.hpp"

namespace rowlane::store {

namespace {

// Of several events about one job or record the last alone: listeners are told how things are, not how they were.
std::vector<Event> last_of_each(std::vector<Event> events) {
  std::set<std::tuple<EventKind, std::int64_t, std::int64_t>> seen;
  std::vector<Event> out;
  for (auto event = events.rbegin(); event != events.rend(); ++event)
    if (event->kind == EventKind::customers || seen.emplace(event->kind, event->subject, event->user.value).second)
      out.push_back(std::move(*event));
  std::reverse(out.begin(), out.end());
  return out;
}

Status load_record(db::Sqlite& db, Event& event, FieldCatalogue& catalogue) {
  static const std::string sql = fmt::format("SELECT {} FROM record WHERE id=? AND agency_id=?", kRecordColumns);
  db::Statement stmt = db.prepare(sql);
  const Result<bool> row = stmt.bind_all(event.subject, event.agency.value).step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return {};
  Result<Record> record = read_record(stmt, catalogue);
  if (!record) return std::unexpected(record.error());
  event.record = std::move(*record);
  return {};
}

Result<std::int64_t> one_number(db::Statement stmt, std::int64_t without) {
  const Result<bool> row = stmt.step();
  if (!row) return std::unexpected(row.error());
  return *row ? stmt.i64(0) : without;
}

Result<std::int64_t> newest_event(db::Sqlite& db) {
  return one_number(db.prepare("SELECT first_id+count-1 FROM event_batch ORDER BY first_id DESC LIMIT 1"), 0);
}

}  // namespace

Task<Result<EventRange>> SqliteStore::event_range() {
  return read<EventRange>([](db::Sqlite& db) -> Result<EventRange> {
    const Result<std::int64_t> newest = newest_event(db);
    if (!newest) return std::unexpected(newest.error());
    const Result<std::int64_t> oldest =
        one_number(db.prepare("SELECT first_id FROM event_batch ORDER BY first_id LIMIT 1"), *newest + 1);
    if (!oldest) return std::unexpected(oldest.error());
    return EventRange{.oldest = *oldest, .newest = *newest};
  });
}

Task<Result<EventPage>> SqliteStore::events_after(EventQuery query) {
  Result<EventPage> page = co_await read<EventPage>([this, query](db::Sqlite& db) -> Result<EventPage> {
    const Result<std::int64_t> newest = newest_event(db);
    if (!newest) return std::unexpected(newest.error());
    const std::optional<Scope>& scope = query.scope;
    // A batch's array is walked from its first element on, so they come in the order of their numbers.
    const std::string sql = fmt::format(
        "SELECT b.first_id+e.key, e.value->>0, e.value->>1, e.value->>2, e.value->>3 FROM event_batch b, json_each(b.body) e "
        "WHERE b.first_id>?1-{} AND b.first_id+b.count>?1 AND b.first_id+e.key>?1{} ORDER BY b.first_id LIMIT ?2",
        kEventsInBatchMax,
        !scope                ? ""
        : scope->whole_agency ? " AND e.value->>0=?3"
                              : " AND e.value->>0=?3 AND e.value->>1=?4");
    db::Statement stmt = db.prepare(sql);
    stmt.bind_all(query.after, query.limit);
    if (scope) stmt.bind(scope->agency.value);
    if (scope && !scope->whole_agency) stmt.bind(scope->user.value);
    EventPage page{.events = {}, .read_to = std::max(*newest, query.after)};
    ROWLANE_TRY(each_row(stmt, [&](const db::Statement& row) -> Status {
      page.events.push_back({.id = row.i64(0),
                             .agency = {row.i64(1)},
                             .user = {row.i64(2)},
                             .kind = event_kind_from(row.view(3)),
                             .subject = row.i64(4),
                             .record = std::nullopt});
      return {};
    }));
    if (static_cast<int>(page.events.size()) == query.limit) page.read_to = page.events.back().id;
    page.events = last_of_each(std::move(page.events));
    for (Event& event : page.events)
      if (event.kind == EventKind::customer) ROWLANE_TRY(load_record(db, event, catalogue_));
    return page;
  });
  // A number that is told stays: after a power cut it must not come again for another event.
  if (page && !page->events.empty())
    if (const Status safe = co_await flushed(); !safe) co_return std::unexpected(safe.error());
  co_return page;
}

// The writer's transactions go to the log one after the other, so an empty one's flush covers those before it.
Task<Status> SqliteStore::flushed() {
  co_return co_await suspend_for<Status>([this](Resolver<Status> done) {
    runner_.write([](Writer&) { return true; },
                  [done = std::move(done)](Status status) mutable { done(std::move(status)); },
                  SqliteRunner::Undo::nothing_to_undo);
  });
}

}  // namespace rowlane::store
