// Thin RAII over the SQLite C API: a connection, prepared statements that are kept, transactions.
//
// Not thread-safe: one thread at a time uses a connection. Errors are values; SQLITE_BUSY and I/O errors are
// `unavailable`, a broken constraint is `conflict`, all else is `corrupt`.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/error.hpp"

namespace rowlane::db {

class Sqlite;

// A prepared statement borrowed from its connection's cache; reset when it goes out of scope, so a `RETURNING`
// statement never keeps a transaction open. Parameters count from 1, columns from 0.
class Statement {
 public:
  explicit Statement(sqlite3_stmt* stmt) : stmt_(stmt) {}
  Statement(Statement&& other) noexcept : stmt_(std::exchange(other.stmt_, nullptr)), at_(other.at_) {}
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  // Binds the next parameter. Text and blobs are copied by SQLite.
  Statement& bind(std::int64_t value);
  Statement& bind(int value) { return bind(static_cast<std::int64_t>(value)); }
  Statement& bind(bool value) { return bind(static_cast<std::int64_t>(value)); }
  Statement& bind(double value);
  Statement& bind(std::string_view value);
  Statement& bind(const std::string& value) { return bind(std::string_view(value)); }
  Statement& bind(const char* value) { return bind(std::string_view(value)); }
  Statement& bind_blob(std::string_view value);
  Statement& bind(std::nullptr_t);
  template <class T>
  Statement& bind(const std::optional<T>& value) {
    return value ? bind(*value) : bind(nullptr);
  }
  template <class... T>
  Statement& bind_all(const T&... values) {
    (bind(values), ...);
    return *this;
  }

  // True: a row is there to be read. False: done, and reset.
  Result<bool> step();
  // Steps to the end, ignoring rows.
  Status run();

  [[nodiscard]] std::int64_t i64(int column) const { return sqlite3_column_int64(stmt_, column); }
  [[nodiscard]] int i32(int column) const { return sqlite3_column_int(stmt_, column); }
  [[nodiscard]] double f64(int column) const { return sqlite3_column_double(stmt_, column); }
  [[nodiscard]] bool is_null(int column) const { return sqlite3_column_type(stmt_, column) == SQLITE_NULL; }
  [[nodiscard]] std::string text(int column) const { return std::string(view(column)); }
  // Text or blob; valid until the next step.
  [[nodiscard]] std::string_view view(int column) const;
  [[nodiscard]] std::optional<std::int64_t> opt_i64(int column) const {
    return is_null(column) ? std::nullopt : std::optional(i64(column));
  }
  [[nodiscard]] std::optional<std::string> opt_text(int column) const {
    return is_null(column) ? std::nullopt : std::optional(text(column));
  }

 private:
  sqlite3_stmt* stmt_;
  int at_ = 0;
};

struct OpenOptions {
  bool read_only = false;
  bool create = true;
  int busy_timeout_ms = 10'000;
};

class Sqlite {
 public:
  // Opens with WAL, synchronous=FULL and foreign keys on. `path` may be ":memory:".
  static Result<Sqlite> open(const std::string& path, const OpenOptions& options = {});
  Sqlite(Sqlite&&) noexcept;
  Sqlite& operator=(Sqlite&&) noexcept;
  ~Sqlite();

  // A cached statement for `sql` (the text is the key; some hundred are kept). Asserts that it compiles: SQL is the
  // program's own. What varies from call to call is bound, so that texts are few.
  Statement prepare(std::string_view sql);
  // Runs a script of several statements.
  Status exec(const std::string& script);
  [[nodiscard]] std::int64_t last_insert_id() const;
  [[nodiscard]] std::int64_t changes() const;
  [[nodiscard]] std::int64_t total_changes() const;  // rows changed on this connection since it was opened
  [[nodiscard]] sqlite3* handle() const;

 private:
  struct Impl;
  explicit Sqlite(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// BEGIN IMMEDIATE now; rolled back when it goes without `commit`.
class Transaction {
 public:
  static Result<Transaction> begin(Sqlite& db);
  Transaction(Transaction&& other) noexcept : db_(std::exchange(other.db_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  Status commit();

 private:
  explicit Transaction(Sqlite& db) : db_(&db) {}
  Sqlite* db_;
};

// Copies the whole database of `from` into the new file `path` while others go on working.
Status backup_to(Sqlite& from, const std::string& path);

}  // namespace rowlane::db
