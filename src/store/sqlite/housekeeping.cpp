// What is no longer kept, backups, and whether the database answers.
#include "store/sqlite/lease.hpp"

namespace rowlane::store {

Task<Result<std::int64_t>> SqliteStore::expire() {
  const Status finished = co_await finish_imports();
  if (!finished) co_return std::unexpected(finished.error());
  co_return co_await write<std::int64_t>([this](Writer& db) -> Result<std::int64_t> {
    constexpr std::int64_t kDay = 24LL * 3600 * 1000;
    const std::int64_t now = now_ms();
    struct Rule {
      std::string_view sql;
      std::int64_t keep_ms;
    };
    // Small bites: no transaction of housekeeping keeps users waiting.
    const Rule rules[] = {
        {"DELETE FROM sync_job WHERE id IN (SELECT id FROM sync_job WHERE agency_id IN (SELECT id FROM agency) AND finished_at_ms<? LIMIT 500)",
         90 * kDay},
        // The last batch stays, as it says which number comes next.
        {"DELETE FROM event_batch WHERE first_id IN (SELECT first_id FROM event_batch ORDER BY first_id LIMIT 500) AND at_ms<? AND "
         "first_id<(SELECT max(first_id) FROM event_batch)",
         kDay},
        {"DELETE FROM history WHERE id IN (SELECT id FROM history WHERE at_ms<? LIMIT 1000)", 400 * kDay},
        {"DELETE FROM activity WHERE id IN (SELECT id FROM activity WHERE at_ms<? LIMIT 1000)", 400 * kDay},
        {"DELETE FROM journal WHERE state<>'pending' AND at_ms<?", 30 * kDay},
        {"DELETE FROM record WHERE id IN (SELECT id FROM record WHERE agency_id IN (SELECT id FROM agency) AND deleted_at_ms<? LIMIT 500)",
         90 * kDay},
        {"DELETE FROM idempotency WHERE at_ms<?", kDay},
        {"DELETE FROM session WHERE expires_at_ms<?", 0},
    };
    std::int64_t deleted = 0;
    for (const Rule& rule : rules) {
      ROWLANE_TRY(db.prepare(rule.sql).bind(now - rule.keep_ms).run());
      deleted += db.changes();
    }
    return deleted;
  });
}

Task<Status> SqliteStore::backup(std::string path) {
  co_return status_of(co_await read<bool>([path = std::move(path)](db::Sqlite& db) -> Result<bool> {
    ROWLANE_TRY(db::backup_to(db, path));
    return true;
  }));
}

Task<Status> SqliteStore::ping() {
  // Nobody may write for a long time while the disk is full: whether it still is, a page that is written anew tells.
  if (runner_.is_disk_full())
    co_return status_of(co_await write<bool>([](Writer& db) -> Result<bool> {
      ROWLANE_TRY(db.prepare("UPDATE counter SET value=value+1 WHERE name='pass'").run());
      return true;
    }));
  co_return status_of(co_await read<bool>([](db::Sqlite& db) -> Result<bool> {
    const Result<bool> row = db.prepare("SELECT 1").step();
    if (!row) return std::unexpected(row.error());
    return true;
  }));
}

}  // namespace rowlane::store
