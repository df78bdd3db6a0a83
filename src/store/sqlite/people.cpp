#include <fmt/format.h>

#include "store/sqlite/rows.hpp"

namespace rowlane::store {

namespace {

// "SELECT user's columns FROM `rest`", for `read_user`; `rest` calls app_user `u`.
std::string select_user(std::string_view rest) {
  return fmt::format("SELECT u.id, u.agency_id, u.email, u.name, u.role, u.password_hash, u.disabled FROM {}", rest);
}

User read_user(const db::Statement& row) {
  User user;
  user.id = {row.i64(0)};
  user.agency = {row.i64(1)};
  user.email = row.text(2);
  user.name = row.text(3);
  user.role = role_from(row.view(4)).value_or(Role::agent);
  user.password_hash = row.text(5);
  user.disabled = row.i32(6) != 0;
  return user;
}

Result<std::optional<User>> one_user(db::Statement stmt) {
  const Result<bool> row = stmt.step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return std::nullopt;
  return read_user(stmt);
}

// Metadata ids are positive 32-bit numbers: the base leaves room for a billion writes.
std::int64_t random_token_base(Random& random) {
  return 100'000'000 + static_cast<std::int64_t>(random.below(1'000'000'000));
}

// The agency's present spreadsheet; nullopt: there is no such agency yet.
Result<std::optional<std::string>> spreadsheet_of(db::Sqlite& db, std::string_view agency_key) {
  db::Statement stmt = db.prepare("SELECT spreadsheet_id FROM agency WHERE key=?");
  const Result<bool> row = stmt.bind(agency_key).step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return std::nullopt;
  return stmt.text(0);
}

// Lanes' unfinished jobs, in their order, go to the ends of the same users' lanes of the other spreadsheet.
Status move_jobs(db::Sqlite& db, AgencyId agency, std::string_view from, std::string_view to) {
  struct Moved {
    std::int64_t job, user;
  };
  std::vector<Moved> jobs;
  db::Statement queued = db.prepare(
      "SELECT j.id, j.user_id FROM lane l JOIN sync_job j ON j.lane_id=l.id AND j.state='queued' WHERE l.spreadsheet_id=? "
      "ORDER BY j.lane_id, j.lane_seq");
  queued.bind(from);
  ROWLANE_TRY(each_row(queued, [&](const db::Statement& row) -> Status {
    jobs.push_back({row.i64(0), row.i64(1)});
    return {};
  }));
  ROWLANE_TRY(
      db.prepare("UPDATE lane SET queued=0, head_seq=seq_last+1 WHERE spreadsheet_id=? AND queued>0").bind(from).run());
  for (const Moved& job : jobs) {
    ROWLANE_TRY(db.prepare("INSERT INTO lane (agency_id, spreadsheet_id, user_id, seq_last, queued) VALUES (?,?,?,1,1) "
                           "ON CONFLICT (spreadsheet_id, user_id) DO UPDATE SET seq_last=seq_last+1, queued=queued+1")
                    .bind_all(agency.value, to, job.user)
                    .run());
    ROWLANE_TRY(
        db.prepare(
              "UPDATE sync_job SET (lane_id, lane_seq)=(SELECT id, seq_last FROM lane WHERE spreadsheet_id=? AND user_id=?) WHERE id=?")
            .bind_all(to, job.user, job.job)
            .run());
  }
  return db.prepare("UPDATE spreadsheet SET turn=NULL, ready_at_ms=NULL, reason='', reason_text='' WHERE id=?")
      .bind(from)
      .run();
}

// Nothing that was agreed on with one spreadsheet holds in another: there it is a first connect.
Status forget_agreed(db::Sqlite& db, AgencyId agency, std::int64_t at) {
  for (const std::string_view sql :
       {"DELETE FROM base WHERE agency_id=?", "DELETE FROM tab_state WHERE agency_id=?",
        "UPDATE record SET sync_state='unsynced', sync_reason='' WHERE agency_id=? AND deleted_at_ms IS NULL",
        "UPDATE hold SET state='cancelled' WHERE agency_id=? AND state='open'",
        "UPDATE journal SET state='dropped', tables=x'' WHERE agency_id=? AND state='pending'"})
    ROWLANE_TRY(db.prepare(sql).bind(agency.value).run());
  return db
      .prepare(
          "UPDATE sync_job SET state='cancelled', finished_at_ms=?, error='the agency works on another spreadsheet now' "
          "WHERE agency_id=? AND state='held'")
      .bind_all(at, agency.value)
      .run();
}

}  // namespace

Task<Result<AgencyId>> SqliteStore::upsert_agency(Agency agency, SpreadsheetChange change) {
  return write<AgencyId>([this, change, agency = std::move(agency)](Writer& db) -> Result<AgencyId> {
    const Result<std::optional<std::string>> before = spreadsheet_of(db, agency.key);
    if (!before) return std::unexpected(before.error());
    const bool changes = *before && **before != agency.spreadsheet_id;
    if (changes && change == SpreadsheetChange::refused)
      return fail(Errc::conflict,
                  fmt::format("the agency '{}' works on the spreadsheet {} until a server is started with another one",
                              agency.key, **before),
                  "agency.spreadsheet_id");
    ROWLANE_TRY(
        db.prepare(
              "INSERT INTO agency (key, name, spreadsheet_id, account) VALUES (?,?,?,?) ON CONFLICT (key) DO UPDATE SET "
              "name=excluded.name, spreadsheet_id=excluded.spreadsheet_id, account=excluded.account")
            .bind_all(agency.key, agency.name, agency.spreadsheet_id, agency.account)
            .run());
    AgencyId id;
    {
      db::Statement stmt = db.prepare("SELECT id FROM agency WHERE key=?");
      const Result<bool> row = stmt.bind(agency.key).step();
      if (!row) return std::unexpected(row.error());
      id = {stmt.i64(0)};
    }
    ROWLANE_TRY(
        db.prepare(
              "INSERT INTO spreadsheet (id, agency_id, account, token_base) VALUES (?,?,?,?) ON CONFLICT (id) DO UPDATE "
              "SET account=excluded.account, agency_id=excluded.agency_id")
            .bind_all(agency.spreadsheet_id, id.value, agency.account, random_token_base(random_))
            .run());
    tabs_[id] = agency.tabs;
    if (!changes) return id;
    ROWLANE_TRY(forget_agreed(db, id, now_ms()));
    ROWLANE_TRY(move_jobs(db, id, **before, agency.spreadsheet_id));
    ROWLANE_TRY(make_ready(db, agency.spreadsheet_id));
    return id;
  });
}

Task<Result<std::vector<Agency>>> SqliteStore::agencies() {
  return read<std::vector<Agency>>([](db::Sqlite& db) -> Result<std::vector<Agency>> {
    std::vector<Agency> out;
    db::Statement stmt = db.prepare("SELECT id, key, name, spreadsheet_id, account FROM agency ORDER BY key");
    ROWLANE_TRY(each_row(stmt, [&](const db::Statement& row) -> Status {
      out.push_back({{row.i64(0)}, row.text(1), row.text(2), row.text(3), row.text(4)});
      return {};
    }));
    return out;
  });
}

Task<Result<UserId>> SqliteStore::create_user(NewUser user) {
  return write<UserId>([this, user = std::move(user)](Writer& db) -> Result<UserId> {
    const Status done =
        db.prepare(
              "INSERT INTO app_user (agency_id, email, name, role, password_hash, created_at_ms) VALUES (?,?,?,?,?,?)")
            .bind_all(user.agency.value, user.email, user.name, to_string(user.role), user.password_hash, now_ms())
            .run();
    if (!done && done.error().code == Errc::conflict)
      return fail(Errc::conflict, "a user with the e-mail " + user.email + " exists already", "email");
    if (!done) return std::unexpected(done.error());
    return UserId{db.last_insert_id()};
  });
}

Task<Result<std::optional<User>>> SqliteStore::find_user(std::string email) {
  return read<std::optional<User>>([email = std::move(email)](db::Sqlite& db) {
    db::Statement stmt = db.prepare(select_user("app_user u WHERE u.email=?"));
    stmt.bind(email);
    return one_user(std::move(stmt));
  });
}

Task<Result<std::optional<User>>> SqliteStore::find_user(UserId user) {
  return read<std::optional<User>>([user](db::Sqlite& db) {
    db::Statement stmt = db.prepare(select_user("app_user u WHERE u.id=?"));
    stmt.bind(user.value);
    return one_user(std::move(stmt));
  });
}

Task<Result<std::vector<User>>> SqliteStore::users(std::optional<AgencyId> agency) {
  return read<std::vector<User>>([agency](db::Sqlite& db) -> Result<std::vector<User>> {
    std::vector<User> out;
    db::Statement stmt = db.prepare(select_user("app_user u WHERE ?1 IS NULL OR u.agency_id=?1 ORDER BY u.id"));
    stmt.bind(agency ? std::optional(agency->value) : std::nullopt);
    ROWLANE_TRY(each_row(stmt, [&](const db::Statement& row) -> Status {
      out.push_back(read_user(row));
      return {};
    }));
    return out;
  });
}

Task<Status> SqliteStore::set_disabled(UserId user, bool disabled) {
  const Result<bool> done = co_await write<bool>([user, disabled](Writer& db) -> Result<bool> {
    ROWLANE_TRY(db.prepare("UPDATE app_user SET disabled=? WHERE id=?").bind_all(disabled, user.value).run());
    const bool known = db.changes() == 1;
    if (disabled) {
      ROWLANE_TRY(db.prepare("DELETE FROM session WHERE user_id=?").bind(user.value).run());
      ROWLANE_TRY(db.prepare("DELETE FROM api_token WHERE user_id=?").bind(user.value).run());
    }
    if (!known) return fail(Errc::not_found, "there is no such user");
    return true;
  });
  if (!done) co_return std::unexpected(done.error());
  co_return Status{};
}

Task<Status> SqliteStore::set_password(UserId user, std::string password_hash, Login keep) {
  const Result<bool> done = co_await write<bool>([user, password_hash, keep](Writer& db) -> Result<bool> {
    ROWLANE_TRY(db.prepare("UPDATE app_user SET password_hash=? WHERE id=?").bind_all(password_hash, user.value).run());
    ROWLANE_TRY(
        db.prepare("DELETE FROM session WHERE user_id=? AND hash<>?").bind(user.value).bind_blob(keep.session).run());
    ROWLANE_TRY(
        db.prepare("DELETE FROM api_token WHERE user_id=? AND hash<>?").bind(user.value).bind_blob(keep.token).run());
    return true;
  });
  if (!done) co_return std::unexpected(done.error());
  co_return Status{};
}

Task<Status> SqliteStore::create_token(UserId user, std::string hash) {
  const Result<bool> done = co_await write<bool>([this, user, hash](Writer& db) -> Result<bool> {
    db::Statement stmt = db.prepare(
        "INSERT OR IGNORE INTO api_token (hash, agency_id, user_id, created_at_ms) SELECT ?, agency_id, id, ? FROM app_user WHERE id=?");
    ROWLANE_TRY(stmt.bind_blob(hash).bind_all(now_ms(), user.value).run());
    return true;
  });
  if (!done) co_return std::unexpected(done.error());
  co_return Status{};
}

Task<Result<bool>> SqliteStore::revoke_token(std::string hash) {
  return write<bool>([hash = std::move(hash)](Writer& db) -> Result<bool> {
    ROWLANE_TRY(db.prepare("DELETE FROM api_token WHERE hash=?").bind_blob(hash).run());
    return db.changes() > 0;
  });
}

Task<Status> SqliteStore::create_session(UserId user, std::string hash, WallTime expires) {
  const Result<bool> done = co_await write<bool>([this, user, hash, expires](Writer& db) -> Result<bool> {
    db::Statement stmt = db.prepare(
        "INSERT INTO session (hash, agency_id, user_id, created_at_ms, expires_at_ms) SELECT ?, agency_id, id, ?, ? FROM app_user WHERE id=?");
    ROWLANE_TRY(stmt.bind_blob(hash).bind_all(now_ms(), to_ms(expires), user.value).run());
    return true;
  });
  if (!done) co_return std::unexpected(done.error());
  co_return Status{};
}

Task<Status> SqliteStore::end_session(std::string hash) {
  const Result<bool> done = co_await write<bool>([hash = std::move(hash)](Writer& db) -> Result<bool> {
    ROWLANE_TRY(db.prepare("DELETE FROM session WHERE hash=?").bind_blob(hash).run());
    return true;
  });
  if (!done) co_return std::unexpected(done.error());
  co_return Status{};
}

namespace {
Result<std::optional<User>> token_user(db::Sqlite& db, std::string_view hash) {
  static const std::string sql =
      select_user("api_token t JOIN app_user u ON u.id=t.user_id WHERE t.hash=? AND u.disabled=0");
  db::Statement stmt = db.prepare(sql);
  stmt.bind_blob(hash);
  return one_user(std::move(stmt));
}

Result<std::optional<User>> session_user(db::Sqlite& db, std::string_view hash, std::int64_t now_ms) {
  static const std::string sql =
      select_user("session s JOIN app_user u ON u.id=s.user_id WHERE s.hash=? AND s.expires_at_ms>? AND u.disabled=0");
  db::Statement stmt = db.prepare(sql);
  stmt.bind_blob(hash).bind(now_ms);
  return one_user(std::move(stmt));
}
}  // namespace

Task<Result<std::optional<User>>> SqliteStore::user_of_token(std::string hash) {
  return look_up<std::optional<User>>([hash = std::move(hash)](db::Sqlite& db) { return token_user(db, hash); });
}

Task<Result<std::optional<User>>> SqliteStore::user_of_session(std::string hash) {
  return look_up<std::optional<User>>(
      [this, hash = std::move(hash)](db::Sqlite& db) { return session_user(db, hash, now_ms()); });
}

Task<Result<std::vector<std::optional<User>>>> SqliteStore::users_of(std::vector<Login> logins) {
  return read<std::vector<std::optional<User>>>(
      [this, logins = std::move(logins)](db::Sqlite& db) -> Result<std::vector<std::optional<User>>> {
        std::vector<std::optional<User>> out;
        for (const Login& login : logins) {
          Result<std::optional<User>> user =
              login.session.empty() ? token_user(db, login.token) : session_user(db, login.session, now_ms());
          if (!user) return std::unexpected(user.error());
          out.push_back(std::move(*user));
        }
        return out;
      });
}

}  // namespace rowlane::store
