// The token endpoint: a signed grant (JWT, RS256) against an access token, and who stands behind a token.
#pragma once

#include <map>
#include <string>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "net/http.hpp"

namespace rowlane::sheets::local {

struct TokenRules {
  std::map<std::string, std::string> issuers;  // address -> public key (PEM); empty: any issuer
  std::string audience;                        // empty: any
};

class Tokens {
 public:
  // POST /token: form-encoded, `grant_type` jwt-bearer and `assertion`.
  net::Response exchange(const net::Request& request, const TokenRules& rules, WallTime now, Random& random);
  // The account of a valid token; null otherwise. "Bearer ..." as in the header.
  [[nodiscard]] const std::string* account(std::string_view authorization, WallTime now) const;
  // Its scopes hold one for spreadsheets (or drive).
  [[nodiscard]] bool may_use_sheets(std::string_view authorization) const;
  void expire_all() { held_.clear(); }

 private:
  struct Held {
    std::string account, scopes;
    WallTime until;
  };
  [[nodiscard]] const Held* find(std::string_view authorization) const;
  std::map<std::string, Held, std::less<>> held_;
};

}  // namespace rowlane::sheets::local
