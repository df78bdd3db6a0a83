// Agencies, users, tokens and sessions. Secrets come in as hashes; the store never sees one in the clear.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/id.hpp"
#include "base/task.hpp"
#include "domain/tab_layout.hpp"

namespace rowlane::store {

enum class Role { agent, manager, admin };
std::string_view to_string(Role role);
std::optional<Role> role_from(std::string_view name);

struct Agency {
  AgencyId id;
  std::string key, name, spreadsheet_id, account;
  // What the spreadsheet holds of its records: an edit of anything else leaves a record's state towards it alone. Not
  // stored, but known to the process that entered the agency; without it every edit counts as one that the sheet lacks.
  std::vector<TabLayout> tabs = {};
};

struct User {
  UserId id;
  AgencyId agency;
  std::string email, name;
  Role role = Role::agent;
  std::string password_hash;  // "" : cannot sign in with a password
  bool disabled = false;
};

struct NewUser {
  AgencyId agency;
  std::string email, name;
  Role role = Role::agent;
  std::string password_hash;
};

// What somebody signed in with: the hash of a session or of a token.
struct Login {
  std::string session, token;
};

class PeopleStore {
 public:
  virtual ~PeopleStore() = default;
  // What becomes of an agency that works on another spreadsheet than before. `taken`: what both sides had agreed on
  // holds no more, held rows are let go, and its unfinished jobs go on in the new one; no pass may be running.
  // `refused`: conflict.
  enum class SpreadsheetChange { refused, taken };
  // Creates or updates by key, with its spreadsheet. conflict when another agency has that spreadsheet.
  virtual Task<Result<AgencyId>> upsert_agency(Agency agency, SpreadsheetChange change) = 0;
  virtual Task<Result<std::vector<Agency>>> agencies() = 0;

  virtual Task<Result<UserId>> create_user(NewUser user) = 0;  // conflict when the e-mail is taken
  virtual Task<Result<std::optional<User>>> find_user(std::string email) = 0;
  virtual Task<Result<std::optional<User>>> find_user(UserId user) = 0;
  virtual Task<Result<std::vector<User>>> users(std::optional<AgencyId> agency) = 0;
  // Disabling ends every session and token of the user.
  virtual Task<Status> set_disabled(UserId user, bool disabled) = 0;
  // Ends every session and token of the user but the one that is named (by its hash), if any.
  virtual Task<Status> set_password(UserId user, std::string password_hash, Login keep) = 0;

  virtual Task<Status> create_token(UserId user, std::string hash) = 0;
  virtual Task<Result<bool>> revoke_token(std::string hash) = 0;  // false: no such token
  virtual Task<Status> create_session(UserId user, std::string hash, WallTime expires) = 0;
  virtual Task<Status> end_session(std::string hash) = 0;
  // The enabled user of a token or of a session that has not expired; nullopt otherwise.
  virtual Task<Result<std::optional<User>>> user_of_token(std::string hash) = 0;
  virtual Task<Result<std::optional<User>>> user_of_session(std::string hash) = 0;
};

}  // namespace rowlane::store
