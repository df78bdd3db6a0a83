#include "sheets/google/token.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.hpp"
#include "net/http.hpp"
#include "sheets/google/jwt.hpp"

namespace rowlane::sheets::google {

namespace {

constexpr std::string_view kGrantType = "urn:ietf:params:oauth:grant-type:jwt-bearer";

std::unexpected<Error> refusal(const net::HttpAnswer& answer, const Credentials& credentials) {
  if (answer.status == 429 || answer.status >= 500)
    return fail(Errc::unavailable, fmt::format("the token service answered {}", answer.status));
  const Result<Json> body = parse_json(answer.body);
  const std::string reason = body ? (*body)["error"].string_or() : std::string();
  // Without a reason it is not the token service that answers: a captive portal, or a proxy on the way.
  if (reason.empty()) return fail(Errc::unavailable, fmt::format("the token service answered {}", answer.status));
  const std::string description = body ? (*body)["error_description"].string_or().substr(0, 200) : std::string();
  if (reason == "invalid_grant")
    return fail(Errc::credentials,
                fmt::format("Google refuses the key of {} (invalid_grant: {}). Either the clock of this machine is "
                            "wrong by minutes, or the key or the account was deleted: compare the clock, else create "
                            "a new key",
                            credentials.client_email, description));
  return fail(Errc::credentials, fmt::format("the token service refuses {} with {} {}: {}", credentials.client_email,
                                             answer.status, reason.substr(0, 60), description));
}

}  // namespace

// Passes the outcome to those who wait, also when the fetching task is destroyed.
class TokenSource::Fetching {
 public:
  explicit Fetching(TokenSource& source) : source_(source) { source_.fetching_ = true; }
  Fetching(const Fetching&) = delete;
  Fetching& operator=(const Fetching&) = delete;
  ~Fetching() {
    source_.fetching_ = false;
    for (auto& waiter : std::exchange(source_.waiting_, {})) waiter(outcome);
  }
  std::optional<Result<std::string>> outcome;

 private:
  TokenSource& source_;
};

TokenSource::TokenSource(net::HttpClient& http, const Clock& clock, Credentials credentials)
    : http_(http), clock_(clock), credentials_(std::move(credentials)) {}

void TokenSource::reject(const std::string& token) {
  if (token == token_) token_.clear();
}

Task<Result<std::string>> TokenSource::token() {
  while (true) {
    if (!token_.empty() && clock_.now() < renew_at_) co_return token_;
    if (!fetching_) break;
    std::optional<Result<std::string>> outcome = co_await suspend_for<std::optional<Result<std::string>>>(
        [this](Resolver<std::optional<Result<std::string>>> done) { waiting_.push_back(std::move(done)); });
    if (outcome) co_return std::move(*outcome);
  }
  Fetching fetching(*this);
  Result<std::string> fetched = co_await fetch();
  const bool old_one_lives = !token_.empty() && clock_.now() < ends_at_;
  if (!fetched && fetched.error().code == Errc::unavailable && old_one_lives) fetched = token_;
  fetching.outcome = fetched;
  co_return fetched;
}

Task<Result<std::string>> TokenSource::fetch() {
  const WallTime now = clock_.now();
  Result<std::string> assertion = make_assertion(credentials_, kScope, now);
  if (!assertion) co_return std::unexpected(std::move(assertion.error()));

  net::HttpRequest request;
  request.method = "POST";
  request.url = credentials_.token_uri;
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
  request.body = fmt::format("grant_type={}&assertion={}", net::percent_encode(kGrantType), *assertion);
  request.timeout = Millis{30'000};
  Result<net::HttpAnswer> answer = co_await http_.send(std::move(request));
  // Nothing is lost with an answer about a token: it is asked for again.
  if (!answer) co_return fail(Errc::unavailable, "the token service cannot be reached: " + answer.error().message);
  if (answer->status != 200) co_return refusal(*answer, credentials_);

  const Result<Json> body = parse_json(answer->body);
  std::string token = body ? (*body)["access_token"].string_or() : std::string();
  if (token.empty() || token.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos)
    co_return fail(Errc::unavailable, "the token service answered without a token");
  const std::int64_t lifetime_s = std::clamp<std::int64_t>((*body)["expires_in"].as_int().value_or(3600), 1, 86'400);
  token_ = token;
  renew_at_ = now + Millis{lifetime_s * 800};
  ends_at_ = now + Millis{lifetime_s * 1000};
  co_return token;
}

}  // namespace rowlane::sheets::google
