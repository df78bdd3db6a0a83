#include "sheets/local/storage.hpp"

#include <algorithm>
#include <charconv>

#include "sheets/local/snapshot.hpp"

namespace rowlane::sheets::local {

namespace {

constexpr int kPartRows = 2000;
constexpr std::int64_t kChangesMax = 500;
constexpr std::int64_t kChangeBytesMin = 4 << 20;

const char* const kSchema = R"sql(
CREATE TABLE IF NOT EXISTS book (
  id   TEXT PRIMARY KEY,
  head TEXT NOT NULL               -- JSON: all but the cells
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS part (   -- some rows of a tab, as JSON
  book     TEXT NOT NULL,
  sheet_id INTEGER NOT NULL,
  first    INTEGER NOT NULL,
  body     TEXT NOT NULL,
  PRIMARY KEY (book, sheet_id, first)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS change ( -- since the snapshot
  book    TEXT NOT NULL,
  version INTEGER NOT NULL,
  at_ms   INTEGER NOT NULL,
  kind    TEXT NOT NULL,
  body    TEXT NOT NULL,
  draws   TEXT NOT NULL,            -- the chance it used
  PRIMARY KEY (book, version)
) WITHOUT ROWID;
)sql";

std::string draws_text(const std::vector<std::uint64_t>& draws) {
  std::string out;
  for (const std::uint64_t draw : draws) out += std::to_string(draw) + ' ';
  return out;
}
std::vector<std::uint64_t> read_draws(std::string_view text) {
  std::vector<std::uint64_t> out;
  const char* at = text.data();
  const char* end = at + text.size();
  while (at < end) {
    std::uint64_t value = 0;
    const auto read = std::from_chars(at, end, value);
    if (read.ec != std::errc{}) break;
    out.push_back(value);
    at = read.ptr + 1;
  }
  return out;
}

}  // namespace

Result<Storage> Storage::open(const std::string& file) {
  Storage storage;
  if (file.empty()) return storage;
  auto db = db::Sqlite::open(file);
  if (!db) return std::unexpected(db.error());
  if (auto made = db->exec(kSchema); !made) return std::unexpected(made.error());
  storage.db_.emplace(std::move(*db));
  return storage;
}

Status Storage::load(const std::function<Status(StoredBook, const std::vector<Change>&)>& visit) {
  if (!db_) return {};
  std::vector<std::pair<std::string, std::string>> heads;
  {
    auto select = db_->prepare("SELECT id, head FROM book ORDER BY id");
    while (true) {
      const auto row = select.step();
      if (!row) return std::unexpected(row.error());
      if (!*row) break;
      heads.emplace_back(select.text(0), select.text(1));
    }
  }
  for (const auto& [id, text] : heads) {
    const auto head = parse_json(text);
    if (!head) return fail(Errc::corrupt, "the stored spreadsheet " + id + " cannot be read");
    auto stored = read_snapshot_head(*head);
    if (!stored) return std::unexpected(stored.error());
    Pile& pile = piles_[id];
    {
      auto select = db_->prepare("SELECT sheet_id, body FROM part WHERE book = ? ORDER BY sheet_id, first");
      select.bind(id);
      while (true) {
        const auto row = select.step();
        if (!row) return std::unexpected(row.error());
        if (!*row) break;
        pile.snapshot_bytes += static_cast<std::int64_t>(select.view(1).size());
        if (auto read = read_snapshot_rows(stored->book, select.i64(0), select.view(1)); !read) return read;
      }
    }
    std::vector<Change> changes;
    {
      auto select =
          db_->prepare("SELECT at_ms, kind, body, draws FROM change WHERE book = ? AND version > ? ORDER BY version");
      select.bind_all(id, stored->version);
      while (true) {
        const auto row = select.step();
        if (!row) return std::unexpected(row.error());
        if (!*row) break;
        auto body = parse_json(select.view(2));
        if (!body) return fail(Errc::corrupt, "a stored change of spreadsheet " + id + " cannot be read");
        pile.change_bytes += static_cast<std::int64_t>(select.view(2).size());
        changes.push_back(Change{select.text(1), std::move(*body), read_draws(select.view(3)), from_ms(select.i64(0))});
      }
    }
    pile.changes = static_cast<std::int64_t>(changes.size());
    if (auto visited = visit(std::move(*stored), changes); !visited) return visited;
  }
  return {};
}

Status Storage::snapshot(const StoredBook& stored) {
  if (!db_) return {};
  const std::string& id = stored.book.id;
  auto transaction = db::Transaction::begin(*db_);
  if (!transaction) return std::unexpected(transaction.error());
  if (auto done = db_->prepare("INSERT INTO book (id, head) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET "
                               "head = excluded.head")
                      .bind_all(id, snapshot_head(stored).dump())
                      .run();
      !done)
    return done;
  if (auto done = db_->prepare("DELETE FROM part WHERE book = ?").bind(id).run(); !done) return done;
  if (auto done = db_->prepare("DELETE FROM change WHERE book = ?").bind(id).run(); !done) return done;
  Pile pile;
  for (const Sheet& sheet : stored.book.sheets) {
    for (int first = 1; first <= sheet.rows.size(); first += kPartRows) {
      const std::string body = snapshot_rows(stored.book, sheet, first, first + kPartRows - 1);
      if (body.empty()) continue;
      pile.snapshot_bytes += static_cast<std::int64_t>(body.size());
      if (auto done = db_->prepare("INSERT INTO part (book, sheet_id, first, body) VALUES (?, ?, ?, ?)")
                          .bind_all(id, sheet.id, first, body)
                          .run();
          !done)
        return done;
    }
  }
  if (auto done = transaction->commit(); !done) return done;
  piles_[id] = pile;
  return {};
}

Status Storage::append(const std::string& id, std::int64_t version, const Change& change) {
  if (!db_) return {};
  const std::string body = change.body.dump();
  // One statement is one transaction: it is on disk when it returns.
  auto done = db_->prepare("INSERT INTO change (book, version, at_ms, kind, body, draws) VALUES (?, ?, ?, ?, ?, ?)")
                  .bind_all(id, version, to_ms(change.at), change.kind, body, draws_text(change.draws))
                  .run();
  if (!done) return done;
  Pile& pile = piles_[id];
  ++pile.changes;
  pile.change_bytes += static_cast<std::int64_t>(body.size());
  return {};
}

Status Storage::remove(const std::string& id) {
  if (!db_) return {};
  auto transaction = db::Transaction::begin(*db_);
  if (!transaction) return std::unexpected(transaction.error());
  for (const char* sql :
       {"DELETE FROM change WHERE book = ?", "DELETE FROM part WHERE book = ?", "DELETE FROM book WHERE id = ?"})
    if (auto done = db_->prepare(sql).bind(id).run(); !done) return done;
  piles_.erase(id);
  return transaction->commit();
}

bool Storage::wants_snapshot(const std::string& id) const {
  const auto found = piles_.find(id);
  if (!db_ || found == piles_.end()) return false;
  const Pile& pile = found->second;
  return pile.changes >= kChangesMax || pile.change_bytes > std::max(kChangeBytesMin, pile.snapshot_bytes);
}

}  // namespace rowlane::sheets::local
