// Access tokens of one service account: fetched when first needed, kept, renewed after 80 % of their life.
//
// One fetch at a time: whoever asks meanwhile waits for it. While a token still lives, a failed renewal is not an
// error. On one executor; the tasks must not outlive this object.
// Errors: credentials (the account is refused: a wrong clock, a deleted key), unavailable (the token service).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/task.hpp"
#include "net/http_client.hpp"
#include "sheets/google/credentials.hpp"

namespace rowlane::sheets::google {

inline constexpr std::string_view kScope =
    "https://www.googleapis.com/auth/spreadsheets https://www.googleapis.com/auth/drive.readonly";

class TokenSource {
 public:
  TokenSource(net::HttpClient& http, const Clock& clock, Credentials credentials);
  TokenSource(const TokenSource&) = delete;
  TokenSource& operator=(const TokenSource&) = delete;

  Task<Result<std::string>> token();
  // A service has answered 401 to `token`: the next call fetches another, unless somebody already has.
  void reject(const std::string& token);

 private:
  class Fetching;
  Task<Result<std::string>> fetch();

  net::HttpClient& http_;
  const Clock& clock_;
  Credentials credentials_;
  std::string token_;
  WallTime renew_at_, ends_at_;
  bool fetching_ = false;
  // What the fetch brought; nullopt: its task was destroyed, the next waiter fetches.
  std::vector<Resolver<std::optional<Result<std::string>>>> waiting_;
};

}  // namespace rowlane::sheets::google
