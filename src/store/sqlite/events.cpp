// Events as listeners read them.
#include <fmt/format.h>

#include "store/sqlite/rows.hpp"

namespace rowlane::store {

namespace {

EventKind kind_from(std::string_view name) {
  return name == "job" ? EventKind::job : name == "customer" ? EventKind::customer : EventKind::customers;
}

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

Result<std::int64_t> newest_event(db::Sqlite& db) {
  db::Statement stmt = db.prepare("SELECT seq FROM sqlite_sequence WHERE name='event'");
  const Result<bool> row = stmt.step();
  if (!row) return std::unexpected(row.error());
  return *row ? stmt.i64(0) : 0;
}

}  // namespace

Task<Result<EventRange>> SqliteStore::event_range() {
  return read<EventRange>([](db::Sqlite& db) -> Result<EventRange> {
    const Result<std::int64_t> newest = newest_event(db);
    if (!newest) return std::unexpected(newest.error());
    EventRange range{.oldest = *newest + 1, .newest = *newest};
    db::Statement stmt = db.prepare("SELECT min(id) FROM event");
    const Result<bool> row = stmt.step();
    if (!row) return std::unexpected(row.error());
    if (*row && !stmt.is_null(0)) range.oldest = stmt.i64(0);
    return range;
  });
}

Task<Result<EventPage>> SqliteStore::events_after(EventQuery query) {
  return read<EventPage>([this, query](db::Sqlite& db) -> Result<EventPage> {
    const Result<std::int64_t> newest = newest_event(db);
    if (!newest) return std::unexpected(newest.error());
    const std::optional<Scope>& scope = query.scope;
    const std::string sql =
        fmt::format("SELECT id, agency_id, user_id, kind, subject FROM event WHERE id>?1{} ORDER BY id LIMIT ?2",
                    !scope                ? ""
                    : scope->whole_agency ? " AND agency_id=?3"
                                          : " AND agency_id=?3 AND user_id=?4");
    db::Statement stmt = db.prepare(sql);
    stmt.bind_all(query.after, query.limit);
    if (scope) stmt.bind(scope->agency.value);
    if (scope && !scope->whole_agency) stmt.bind(scope->user.value);
    EventPage page{.events = {}, .read_to = std::max(*newest, query.after)};
    ROWLANE_TRY(each_row(stmt, [&](const db::Statement& row) -> Status {
      if (row.view(3) == "conflict") return {};
      page.events.push_back({.id = row.i64(0),
                             .agency = {row.i64(1)},
                             .user = {row.i64(2)},
                             .kind = kind_from(row.view(3)),
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
}

}  // namespace rowlane::store
