#include "db/sqlite.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <list>

#include "base/log.hpp"

namespace rowlane::db {

namespace {
constexpr std::size_t kStatementsMax = 300;  // texts whose statements a connection keeps

Errc code_of(int rc) {
  switch (rc & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_IOERR:
    case SQLITE_FULL:
    case SQLITE_NOMEM:
    case SQLITE_INTERRUPT:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
      return Errc::unavailable;
    case SQLITE_CONSTRAINT:
      return Errc::conflict;
    default:
      return Errc::corrupt;
  }
}

std::unexpected<Error> failure(sqlite3* db, int rc) {
  if ((rc & 0xff) == SQLITE_FULL) return fail(Errc::unavailable, "the server's disk is full");
  return fail(code_of(rc), fmt::format("SQLite: {} ({})", db ? sqlite3_errmsg(db) : sqlite3_errstr(rc), rc));
}

struct Close {
  void operator()(sqlite3* db) const noexcept { sqlite3_close_v2(db); }
};
struct Finalize {
  void operator()(sqlite3_stmt* stmt) const noexcept { sqlite3_finalize(stmt); }
};
}  // namespace

struct Sqlite::Impl {
  // Under one text there are as many as were ever in use at once: one query inside another's loop, mostly just one.
  struct Prepared {
    std::string sql;
    std::vector<std::unique_ptr<sqlite3_stmt, Finalize>> statements;
    [[nodiscard]] bool is_busy() const {
      return std::ranges::any_of(statements, [](const auto& each) { return sqlite3_stmt_busy(each.get()) != 0; });
    }
  };

  std::unique_ptr<sqlite3, Close> db;
  std::list<Prepared> recent;  // the latest first
  std::unordered_map<std::string_view, std::list<Prepared>::iterator> by_sql;

  // The text's place, first in `recent` from now on. The one that was asked for longest ago makes room: by then so many
  // others were that nobody holds it any more, unless it is still being stepped through.
  Prepared& find(std::string_view sql) {
    if (const auto found = by_sql.find(sql); found != by_sql.end()) {
      recent.splice(recent.begin(), recent, found->second);
      return recent.front();
    }
    if (recent.size() >= kStatementsMax) {
      const auto oldest =
          std::find_if(recent.rbegin(), recent.rend(), [](const Prepared& each) { return !each.is_busy(); });
      if (oldest != recent.rend()) {
        by_sql.erase(oldest->sql);
        recent.erase(std::next(oldest).base());
      }
    }
    recent.push_front({std::string(sql), {}});
    by_sql.emplace(recent.front().sql, recent.begin());
    return recent.front();
  }
};

Statement::~Statement() {
  if (!stmt_) return;
  sqlite3_reset(stmt_);
  sqlite3_clear_bindings(stmt_);
}

Statement& Statement::bind(std::int64_t value) {
  sqlite3_bind_int64(stmt_, ++at_, value);
  return *this;
}
Statement& Statement::bind(double value) {
  sqlite3_bind_double(stmt_, ++at_, value);
  return *this;
}
Statement& Statement::bind(std::string_view value) {
  sqlite3_bind_text64(stmt_, ++at_, value.data() ? value.data() : "", value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  return *this;
}
Statement& Statement::bind_blob(std::string_view value) {
  sqlite3_bind_blob64(stmt_, ++at_, value.data() ? value.data() : "", value.size(), SQLITE_TRANSIENT);
  return *this;
}
Statement& Statement::bind(std::nullptr_t) {
  sqlite3_bind_null(stmt_, ++at_);
  return *this;
}

Result<bool> Statement::step() {
  const int rc = sqlite3_step(stmt_);
  if (rc == SQLITE_ROW) return true;
  sqlite3* db = sqlite3_db_handle(stmt_);
  if (rc != SQLITE_DONE) {
    const auto error = failure(db, rc);
    sqlite3_reset(stmt_);
    return error;
  }
  sqlite3_reset(stmt_);
  at_ = 0;
  return false;
}

Status Statement::run() {
  for (;;) {
    const Result<bool> row = step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return {};
  }
}

std::string_view Statement::view(int column) const {
  // Order matters: the pointer first, then its length (sqlite3_column_bytes may convert).
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(stmt_, column));
  return bytes ? std::string_view(bytes, static_cast<std::size_t>(sqlite3_column_bytes(stmt_, column)))
               : std::string_view();
}

Sqlite::Sqlite(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Sqlite::Sqlite(Sqlite&&) noexcept = default;
Sqlite& Sqlite::operator=(Sqlite&&) noexcept = default;
Sqlite::~Sqlite() = default;

Result<Sqlite> Sqlite::open(const std::string& path, const OpenOptions& options) {
  // Before SQLite's first use: its statistics of memory would take a process-wide lock at every allocation.
  static const int configured = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  (void)configured;
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  flags |= options.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | (options.create ? SQLITE_OPEN_CREATE : 0);
  sqlite3* raw = nullptr;
  const int rc = sqlite3_open_v2(path.c_str(), &raw, flags, nullptr);
  auto impl = std::make_unique<Impl>();
  impl->db.reset(raw);  // owned before rc is read: SQLite hands back a handle even when opening failed
  if (rc != SQLITE_OK)
    return fail(code_of(rc),
                fmt::format("cannot open the database {}: {}", path, raw ? sqlite3_errmsg(raw) : sqlite3_errstr(rc)));
  sqlite3_db_config(raw, SQLITE_DBCONFIG_LOOKASIDE, nullptr, 1200, 200);  // short-lived memory of statements
  sqlite3_busy_timeout(raw, options.busy_timeout_ms);
  Sqlite db(std::move(impl));
  const char* pragmas = options.read_only
                            ? "PRAGMA query_only=ON; PRAGMA foreign_keys=ON; PRAGMA mmap_size=268435456;"
                            : "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
                              "PRAGMA temp_store=MEMORY; PRAGMA cache_size=-65536; PRAGMA wal_autocheckpoint=4000;";
  if (const Status set = db.exec(pragmas); !set) return std::unexpected(set.error());
  return db;
}

Statement Sqlite::prepare(std::string_view sql) {
  Impl::Prepared& prepared = impl_->find(sql);
  for (const auto& statement : prepared.statements)
    if (!sqlite3_stmt_busy(statement.get())) return Statement(statement.get());
  sqlite3_stmt* raw = nullptr;
  const int rc = sqlite3_prepare_v3(impl_->db.get(), sql.data(), static_cast<int>(sql.size()),
                                    SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
  if (rc != SQLITE_OK) {
    log_error("SQL does not compile: {}: {}", sqlite3_errmsg(impl_->db.get()), sql);
    std::abort();
  }
  prepared.statements.emplace_back(raw);
  return Statement(raw);
}

Status Sqlite::exec(const std::string& script) {
  const int rc = sqlite3_exec(impl_->db.get(), script.c_str(), nullptr, nullptr, nullptr);
  if (rc != SQLITE_OK) return failure(impl_->db.get(), rc);
  return {};
}

std::int64_t Sqlite::last_insert_id() const { return sqlite3_last_insert_rowid(impl_->db.get()); }
std::int64_t Sqlite::changes() const { return sqlite3_changes64(impl_->db.get()); }
std::int64_t Sqlite::total_changes() const { return sqlite3_total_changes64(impl_->db.get()); }
sqlite3* Sqlite::handle() const { return impl_->db.get(); }

Result<Transaction> Transaction::begin(Sqlite& db) {
  if (const Status begun = db.prepare("BEGIN IMMEDIATE").run(); !begun) return std::unexpected(begun.error());
  return Transaction(db);
}

Transaction::~Transaction() {
  if (db_) (void)db_->prepare("ROLLBACK").run();
}

Status Transaction::commit() {
  const Status done = db_->prepare("COMMIT").run();
  if (done) db_ = nullptr;
  return done;
}

Status backup_to(Sqlite& from, const std::string& path) {
  const Result<Sqlite> to = Sqlite::open(path);
  if (!to) return std::unexpected(to.error());
  sqlite3_backup* backup = sqlite3_backup_init(to->handle(), "main", from.handle(), "main");
  if (!backup) return failure(to->handle(), sqlite3_errcode(to->handle()));
  // One step copies all pages under one read transaction of WAL: writers go on, and the copy is one moment's.
  const int rc = sqlite3_backup_step(backup, -1);
  sqlite3_backup_finish(backup);
  if (rc != SQLITE_DONE) return failure(to->handle(), rc);
  return {};
}

}  // namespace rowlane::db
