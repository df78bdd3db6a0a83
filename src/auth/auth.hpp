// Who is asking: bearer tokens, sessions, sign-in. The only maker of a `Scope` for a request.
//
// All calls on one executor. Requests passed by reference outlive the call.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "auth/login_throttle.hpp"
#include "auth/secret.hpp"
#include "base/clock.hpp"
#include "base/random.hpp"
#include "domain/record.hpp"
#include "net/http.hpp"
#include "store/people.hpp"

namespace rowlane::auth {

inline constexpr std::string_view kSessionCookie = "rowlane_session";

struct Caller {
  store::User user;
  Scope scope;
  std::string session;  // hash of the session that proved it; "" for a token
  std::string token;    // hash of the token that proved it; "" for a session
};

struct AuthOptions {
  Millis session_length{14LL * 24 * 3600 * 1000};
  bool secure_cookie = false;  // people come by https
  std::string public_origin;   // "https://sync.example.org", as people reach the server; "" where that is not known
};

struct SignedIn {
  store::User user;
  std::string cookie;                // value of Set-Cookie
  std::optional<std::string> token;  // when asked for
};

struct Credentials {
  std::string email, password, address;
  bool with_token = false;
};

// A user's scope: an agent's own records, a manager's agency. An admin has no records; routes see to that.
Scope scope_of(const store::User& user);

// The value of a cookie of the request, or empty.
std::string_view cookie_value(const net::Request& request, std::string_view name);
// State changes by cookie: same origin (that of the Host, or the public one), and a content type that no foreign form
// can send. `forbidden` otherwise.
Status check_same_origin(const net::Request& request, std::string_view public_origin);

class Auth {
 public:
  // All outlive this object.
  Auth(store::PeopleStore& store, PasswordPool& passwords, const Clock& clock, Random& random,
       AuthOptions options = {});

  // Asks the store each time: a revoked token or a disabled user holds from the next request on.
  // unauthenticated without a valid token or session; forbidden when a cookie's request may come from elsewhere.
  Task<Result<Caller>> authenticate(const net::Request& request);

  // unauthenticated (the same for every reason), too_many with `retry_after`.
  Task<Result<SignedIn>> sign_in(Credentials credentials);
  // Ends the caller's session; the value of Set-Cookie that removes the cookie.
  Task<Result<std::string>> sign_out(Caller caller);
  // Checks the present password first. Ends the user's other sessions and tokens.
  Task<Status> change_password(Caller caller, std::string present, std::string wanted, std::string address);

 private:
  // too_many while the account, from that address, or the address has to wait.
  [[nodiscard]] Status check_throttle(std::string_view account, std::string_view address) const;
  [[nodiscard]] std::string cookie(std::string_view value, Millis age) const;

  store::PeopleStore& store_;
  PasswordPool& passwords_;
  const Clock& clock_;
  Random& random_;
  AuthOptions options_;
  LoginThrottle throttle_;
};

}  // namespace rowlane::auth
