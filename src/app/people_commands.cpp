// user add, list, disable; token create, revoke; agency list.
#include <fmt/format.h>

#include <iostream>

#include "app/commands.hpp"
#include "app/store_access.hpp"
#include "auth/secret.hpp"

namespace rowlane::app {

int user_add(const NewUserOptions& options) {
  StoreAccess s;
  if (const Status opened = s.open(options.config_path); !opened) return failed(opened.error());
  const AgencySettings* agency = s.config.find_agency(options.agency);
  if (!agency)
    return failed({.code = Errc::not_found,
                   .message = fmt::format("there is no agency '{}' in {}", options.agency, options.config_path),
                   .field = "agency"});
  if (!config::email_fits(options.email, agency->emails))
    return failed({.code = Errc::invalid_input,
                   .message = fmt::format("{} fits none of the agency's emails", options.email),
                   .field = "email"});
  std::string password;
  std::getline(std::cin, password);
  if (password.ends_with('\r')) password.pop_back();  // the other half of a line's end
  if (const Status fits = auth::check_new_password(password); !fits) return failed(fits.error());
  const Result<std::string> hash = auth::hash_password(password);
  if (!hash) return failed(hash.error());
  const Result<AgencyId> id = s.wait(
      s.store->upsert_agency({{}, agency->key, agency->name, agency->spreadsheet_id, agency->account, agency->tabs},
                             store::PeopleStore::SpreadsheetChange::refused));
  if (!id) return failed(id.error());
  const std::string name = options.email.substr(0, options.email.find('@'));
  const Result<UserId> user =
      s.wait(s.store->create_user({*id, options.email, name, *store::role_from(options.role), *hash}));
  if (!user) return failed(user.error());
  fmt::print("added {}\n", options.email);
  return 0;
}

int user_list(const std::string& config_path, const std::string& agency_key) {
  StoreAccess s;
  if (const Status opened = s.open(config_path); !opened) return failed(opened.error());
  const Result<std::vector<store::Agency>> agencies = s.wait(s.store->agencies());
  if (!agencies) return failed(agencies.error());
  std::map<AgencyId, std::string> keys;
  std::optional<AgencyId> wanted;
  for (const store::Agency& agency : *agencies) {
    keys[agency.id] = agency.key;
    if (agency.key == agency_key) wanted = agency.id;
  }
  if (!agency_key.empty() && !wanted)
    return failed(
        {.code = Errc::not_found, .message = fmt::format("there is no agency '{}'", agency_key), .field = "agency"});
  const Result<std::vector<store::User>> users = s.wait(s.store->users(wanted));
  if (!users) return failed(users.error());
  for (const store::User& user : *users)
    fmt::print("{}\t{}\t{}\t{}\n", user.email, store::to_string(user.role), keys[user.agency],
               user.disabled ? "disabled" : "enabled");
  return 0;
}

int user_disable(const std::string& config_path, const std::string& email) {
  StoreAccess s;
  if (const Status opened = s.open(config_path); !opened) return failed(opened.error());
  const Result<store::User> user = s.find_user(email);
  if (!user) return failed(user.error());
  if (const Status done = s.wait(s.store->set_disabled(user->id, true)); !done) return failed(done.error());
  fmt::print("disabled {}; sessions and tokens ended\n", user->email);
  return 0;
}

int token_create(const std::string& config_path, const std::string& email) {
  StoreAccess s;
  if (const Status opened = s.open(config_path); !opened) return failed(opened.error());
  const Result<store::User> user = s.find_user(email);
  if (!user) return failed(user.error());
  if (user->disabled)
    return failed({.code = Errc::conflict, .message = fmt::format("{} is disabled", user->email), .field = "email"});
  const std::string token = auth::new_token(s.random);
  if (const Status made = s.wait(s.store->create_token(user->id, auth::token_hash(token))); !made)
    return failed(made.error());
  fmt::print("{}\n", token);
  return 0;
}

int token_revoke(const std::string& config_path, const std::string& token) {
  StoreAccess s;
  if (const Status opened = s.open(config_path); !opened) return failed(opened.error());
  const Result<bool> revoked = s.wait(s.store->revoke_token(auth::token_hash(token)));
  if (!revoked) return failed(revoked.error());
  if (!*revoked) return failed({.code = Errc::not_found, .message = "there is no such token", .field = "token"});
  return 0;
}

int agency_list(const std::string& config_path) {
  StoreAccess s;
  if (const Status opened = s.open(config_path); !opened) return failed(opened.error());
  // Those of the file, and those that were in it once and still own records.
  const Result<std::vector<store::Agency>> known = s.wait(s.store->agencies());
  if (!known) return failed(known.error());
  for (const AgencySettings& agency : s.config.agencies)
    fmt::print("{}\t{}\t{}\t{}\n", agency.key, agency.name, agency.spreadsheet_id, agency.account);
  for (const store::Agency& agency : *known)
    if (!s.config.find_agency(agency.key))
      fmt::print("{}\t{}\t{}\tnot in the configuration\n", agency.key, agency.name, agency.spreadsheet_id);
  return 0;
}

}  // namespace rowlane::app
