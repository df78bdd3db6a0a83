#include "auth/auth.hpp"

#include "base/text.hpp"

namespace rowlane::auth {

namespace {
// Checked when there is no such user, so that the answer takes as long. Made once, from no one's password.
const std::string& nobodys_hash() {
  static const std::string hash = hash_password("nobody signs in with this").value_or("");
  return hash;
}

std::unexpected<Error> not_signed_in() { return fail(Errc::unauthenticated, "sign in first"); }

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}
}  // namespace

Scope scope_of(const store::User& user) {
  return Scope{.agency = user.agency, .user = user.id, .whole_agency = user.role == store::Role::manager};
}

std::string_view cookie_value(const net::Request& request, std::string_view name) {
  for (const auto& [header, value] : request.headers) {
    if (header != "cookie") continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      const std::size_t end = rest.find(';');
      const std::string_view pair = trim(rest.substr(0, end));
      rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
      const std::size_t equals = pair.find('=');
      if (equals != std::string_view::npos && pair.substr(0, equals) == name) return pair.substr(equals + 1);
    }
  }
  return {};
}

Status check_same_origin(const net::Request& request, std::string_view public_origin) {
  if (request.method == "GET" || request.method == "HEAD") return {};
  const std::string content_type = lower(request.header("content-type"));
  const std::string_view type = trim(std::string_view(content_type).substr(0, content_type.find(';')));
  if (type != "application/json" && type != "text/csv")
    return fail(Errc::forbidden,
                "with a session cookie the content type must be application/json (text/csv for an import)");
  const std::string_view site = request.header("sec-fetch-site");
  if (site == "same-origin") return {};
  const std::string origin = lower(request.header("origin"));
  if (site.empty() && !origin.empty() && origin == lower(public_origin)) return {};
  const std::size_t scheme = origin.find("://");
  if (site.empty() && scheme != std::string::npos &&
      std::string_view(origin).substr(scheme + 3) == lower(request.header("host")))
    return {};
  return fail(Errc::forbidden, "with a session cookie a change must come from Rowlane's own pages");
}

Auth::Auth(store::PeopleStore& store, PasswordPool& passwords, const Clock& clock, Random& random, AuthOptions options)
    : store_(store),
      passwords_(passwords),
      clock_(clock),
      random_(random),
      options_(std::move(options)),
      throttle_(clock) {
  nobodys_hash();  // now, as it takes 80 ms
}

Task<Result<Caller>> Auth::authenticate(const net::Request& request) {
  const std::string_view header = request.header("authorization");
  if (!header.empty()) {
    if (header.size() < 8 || lower(header.substr(0, 7)) != "bearer ") co_return not_signed_in();
    std::string hash = token_hash(trim(header.substr(7)));
    auto user = co_await store_.user_of_token(hash);
    if (!user) co_return std::unexpected(user.error());
    if (!*user) co_return not_signed_in();
    const Scope scope = scope_of(**user);
    co_return Caller{.user = std::move(**user), .scope = scope, .session = {}, .token = std::move(hash)};
  }
  const std::string_view session = cookie_value(request, kSessionCookie);
  if (session.empty()) co_return not_signed_in();
  std::string hash = token_hash(session);
  auto user = co_await store_.user_of_session(hash);
  if (!user) co_return std::unexpected(user.error());
  if (!*user) co_return not_signed_in();
  if (const Status ok = check_same_origin(request, options_.public_origin); !ok) co_return std::unexpected(ok.error());
  const Scope scope = scope_of(**user);
  co_return Caller{.user = std::move(**user), .scope = scope, .session = std::move(hash), .token = {}};
}

std::string Auth::cookie(std::string_view value, Millis age) const {
  return fmt::format("{}={}; Path=/; HttpOnly; SameSite=Lax; Max-Age={}{}", kSessionCookie, value, age.count() / 1000,
                     options_.secure_cookie ? "; Secure" : "");
}

Status Auth::check_throttle(std::string_view account, std::string_view address) const {
  const Millis pause = throttle_.wait(account, address);
  if (pause <= Millis{0}) return {};
  return std::unexpected(Error{.code = Errc::too_many,
                               .message = "too many failed sign-ins; try again later",
                               .field = {},
                               .retry_after = pause});
}

Task<Result<SignedIn>> Auth::sign_in(Credentials credentials) {
  if (const Status may = check_throttle(credentials.email, credentials.address); !may)
    co_return std::unexpected(may.error());
  auto found = co_await store_.find_user(credentials.email);
  if (!found) co_return std::unexpected(found.error());
  const bool can_sign_in = found->has_value() && !(*found)->disabled && !(*found)->password_hash.empty();
  std::string hash = can_sign_in ? (*found)->password_hash : nobodys_hash();
  const auto fits = co_await passwords_.verify(std::move(hash), std::move(credentials.password));
  if (!fits) co_return std::unexpected(fits.error());
  // Once more: of many guesses sent at once, those beyond the free ones learn nothing, not even a right one.
  if (const Status may = check_throttle(credentials.email, credentials.address); !may)
    co_return std::unexpected(may.error());
  if (!*fits || !can_sign_in) {
    throttle_.failed(credentials.email, credentials.address);
    co_return fail(Errc::unauthenticated, "the e-mail or the password is wrong");
  }
  throttle_.succeeded(credentials.email, credentials.address);

  SignedIn out{.user = std::move(**found)};
  const std::string session = new_session(random_);
  const Status kept =
      co_await store_.create_session(out.user.id, token_hash(session), clock_.now() + options_.session_length);
  if (!kept) co_return std::unexpected(kept.error());
  out.cookie = cookie(session, options_.session_length);
  if (credentials.with_token) {
    out.token = new_token(random_);
    const Status made = co_await store_.create_token(out.user.id, token_hash(*out.token));
    if (!made) co_return std::unexpected(made.error());
  }
  co_return out;
}

Task<Result<std::string>> Auth::sign_out(Caller caller) {
  if (!caller.session.empty()) {
    const Status ended = co_await store_.end_session(caller.session);
    if (!ended) co_return std::unexpected(ended.error());
  } else if (const auto revoked = co_await store_.revoke_token(caller.token); !revoked) {
    co_return std::unexpected(revoked.error());
  }
  co_return cookie("", Millis{0});
}

Task<Status> Auth::change_password(Caller caller, std::string present, std::string wanted, std::string address) {
  if (const Status may = check_throttle(caller.user.email, address); !may) co_return may;
  const auto fits = co_await passwords_.verify(caller.user.password_hash, std::move(present));
  if (!fits) co_return std::unexpected(fits.error());
  if (!*fits) {
    throttle_.failed(caller.user.email, address);
    co_return fail(Errc::forbidden, "the present password is wrong", "password");
  }
  throttle_.succeeded(caller.user.email, address);
  if (const Status ok = check_new_password(wanted); !ok)
    co_return fail(ok.error().code, ok.error().message, "newPassword");
  auto hash = co_await passwords_.hash(std::move(wanted));
  if (!hash) co_return std::unexpected(hash.error());
  co_return co_await store_.set_password(caller.user.id, std::move(*hash), {caller.session, caller.token});
}

}  // namespace rowlane::auth
