#include "sheets/local/tokens.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>
#include <optional>

#include "base/json.hpp"

namespace rowlane::sheets::local {

namespace {

constexpr std::int64_t kLifetimeSeconds = 3599;
constexpr std::int64_t kSkewSeconds = 300;

struct FreeKey {
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
};
struct FreeContext {
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};
struct FreeBio {
  void operator()(BIO* bio) const noexcept { BIO_free(bio); }
};

std::optional<std::string> decode_base64url(std::string_view text) {
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    int value = 0;
    if (c >= 'A' && c <= 'Z')
      value = c - 'A';
    else if (c >= 'a' && c <= 'z')
      value = c - 'a' + 26;
    else if (c >= '0' && c <= '9')
      value = c - '0' + 52;
    else if (c == '-')
      value = 62;
    else if (c == '_')
      value = 63;
    else
      return std::nullopt;
    bits = (bits << 6 | static_cast<std::uint32_t>(value)) & 0xffffff;
    count += 6;
    if (count >= 8) {
      count -= 8;
      out += static_cast<char>(bits >> count & 0xff);
    }
  }
  return out;
}

bool signature_holds(const std::string& pem, std::string_view signed_text, std::string_view signature) {
  const std::unique_ptr<BIO, FreeBio> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const std::unique_ptr<EVP_PKEY, FreeKey> key(PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr));
  const std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
  if (!key || !context) return false;
  if (EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) != 1) return false;
  return EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                          reinterpret_cast<const unsigned char*>(signed_text.data()), signed_text.size()) == 1;
}

net::Response refuse_grant(const char* error, const char* description) {
  return {.status = 400,
          .content_type = "application/json; charset=utf-8",
          .body = Json::object({{"error", error}, {"error_description", description}}).dump()};
}

}  // namespace

net::Response Tokens::exchange(const net::Request& request, const TokenRules& rules, WallTime now, Random& random) {
  std::string grant_type, assertion;
  for (const auto& [name, value] : net::parse_query(request.body)) {
    if (name == "grant_type") grant_type = value;
    if (name == "assertion") assertion = value;
  }
  if (grant_type != "urn:ietf:params:oauth:grant-type:jwt-bearer")
    return refuse_grant("unsupported_grant_type", "Invalid grant_type: ");
  const std::size_t first = assertion.find('.'), second = assertion.rfind('.');
  if (first == std::string::npos || first == second) return refuse_grant("invalid_grant", "Bad Request");
  const auto head = decode_base64url(std::string_view(assertion).substr(0, first));
  const auto body = decode_base64url(std::string_view(assertion).substr(first + 1, second - first - 1));
  const auto signature = decode_base64url(std::string_view(assertion).substr(second + 1));
  if (!head || !body || !signature) return refuse_grant("invalid_grant", "Bad Request");
  const auto header = parse_json(*head), claims = parse_json(*body);
  if (!header || !claims || (*header)["alg"].string_or() != "RS256")
    return refuse_grant("invalid_grant", "Bad Request");
  const std::string issuer = (*claims)["iss"].string_or();
  if (issuer.empty()) return refuse_grant("invalid_grant", "Invalid grant: account not found");
  if (!rules.issuers.empty()) {
    const auto known = rules.issuers.find(issuer);
    if (known == rules.issuers.end()) return refuse_grant("invalid_grant", "Invalid grant: account not found");
    if (!signature_holds(known->second, std::string_view(assertion).substr(0, second), *signature))
      return refuse_grant("invalid_grant", "Invalid JWT Signature.");
  }
  if (!rules.audience.empty() && (*claims)["aud"].string_or() != rules.audience)
    return refuse_grant("invalid_grant", "Invalid JWT: Failed audience check.");
  const auto issued = (*claims)["iat"].as_int(), until = (*claims)["exp"].as_int();
  const std::int64_t seconds = to_ms(now) / 1000;
  if (!issued || !until || *until - *issued > 3600 || *until < seconds - kSkewSeconds ||
      *issued > seconds + kSkewSeconds)
    return refuse_grant("invalid_grant",
                        "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable "
                        "timeframe. Check your iat and exp values in the JWT claim.");
  const std::string scopes = (*claims)["scope"].string_or();
  if (scopes.empty()) return refuse_grant("invalid_scope", "Invalid OAuth scope or ID token audience provided.");
  const std::string token = "ya29.local-" + random_text(random, 40);
  std::erase_if(held_, [now](const auto& entry) { return entry.second.until <= now; });
  held_[token] = Held{issuer, scopes, now + std::chrono::seconds{kLifetimeSeconds}};
  return {
      .content_type = "application/json; charset=UTF-8",
      .body =
          Json::object({{"access_token", token}, {"expires_in", kLifetimeSeconds}, {"token_type", "Bearer"}}).dump()};
}

const Tokens::Held* Tokens::find(std::string_view authorization) const {
  if (!authorization.starts_with("Bearer ")) return nullptr;
  const auto found = held_.find(authorization.substr(7));
  return found == held_.end() ? nullptr : &found->second;
}

const std::string* Tokens::account(std::string_view authorization, WallTime now) const {
  const Held* held = find(authorization);
  return held && held->until > now ? &held->account : nullptr;
}

bool Tokens::may_use_sheets(std::string_view authorization) const {
  const Held* held = find(authorization);
  if (!held) return false;
  return held->scopes.find("/auth/spreadsheets") != std::string::npos ||
         held->scopes.find("/auth/drive") != std::string::npos;
}

}  // namespace rowlane::sheets::local
