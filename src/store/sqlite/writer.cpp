#include "store/sqlite/writer.hpp"

#include <fmt/format.h>

namespace rowlane::store {

namespace {

constexpr std::size_t kBatchMax = static_cast<std::size_t>(kEventsInBatchMax);

Result<std::int64_t> next_event(db::Sqlite& db) {
  db::Statement stmt = db.prepare("SELECT first_id+count FROM event_batch ORDER BY first_id DESC LIMIT 1");
  const Result<bool> row = stmt.step();
  if (!row) return std::unexpected(row.error());
  return *row ? stmt.i64(0) : 1;
}

}  // namespace

void NewEvents::add(AgencyId agency, UserId user, EventKind kind, std::int64_t subject, std::int64_t at_ms) {
  fmt::format_to(std::back_inserter(body_), ",[{},{},\"{}\",{}]", agency.value, user.value, to_string(kind), subject);
  ends_.push_back(body_.size());
  at_ms_ = at_ms;
}

void NewEvents::keep_first(std::size_t count) {
  if (count >= ends_.size()) return;
  ends_.resize(count);
  body_.resize(count == 0 ? 0 : ends_.back());
}

Status NewEvents::write(db::Sqlite& db) {
  if (ends_.empty()) return {};
  Result<std::int64_t> first = next_event(db);
  if (!first) return std::unexpected(first.error());
  for (std::size_t from = 0; from < ends_.size(); from += kBatchMax) {
    const std::size_t to = std::min(from + kBatchMax, ends_.size()), begin = from == 0 ? 0 : ends_[from - 1];
    std::string body = body_.substr(begin, ends_[to - 1] - begin) + "]";
    body.front() = '[';
    const auto count = static_cast<std::int64_t>(to - from);
    const Status done = db.prepare("INSERT INTO event_batch (first_id, count, at_ms, body) VALUES (?,?,?,?)")
                            .bind_all(*first, count, at_ms_, body)
                            .run();
    if (!done) return done;
    *first += count;
  }
  keep_first(0);
  return {};
}

}  // namespace rowlane::store
