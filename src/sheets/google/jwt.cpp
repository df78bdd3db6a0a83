#include "sheets/google/jwt.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>

#include "base/json.hpp"

namespace rowlane::sheets::google {

namespace {

struct FreeKey {
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
};
struct FreeBio {
  void operator()(BIO* bio) const noexcept { BIO_free(bio); }
};
struct FreeDigest {
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};
using KeyHandle = std::unique_ptr<EVP_PKEY, FreeKey>;

KeyHandle read_key(std::string_view pem) {
  const std::unique_ptr<BIO, FreeBio> bio{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))};
  // An empty passphrase, so that an encrypted key fails instead of asking on the terminal.
  KeyHandle key{bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, const_cast<char*>("")) : nullptr};
  ERR_clear_error();
  if (key && EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA) key.reset();
  return key;
}

}  // namespace

bool is_rsa_private_key(std::string_view pem) { return read_key(pem) != nullptr; }

std::string base64url(std::string_view bytes) {
  static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string out;
  out.reserve(bytes.size() * 4 / 3 + 3);
  std::uint32_t bits = 0;
  int count = 0;
  for (const char byte : bytes) {
    bits = (bits << 8) | static_cast<unsigned char>(byte);
    count += 8;
    while (count >= 6) {
      count -= 6;
      out += kDigits[(bits >> count) & 63];
    }
  }
  if (count > 0) out += kDigits[(bits << (6 - count)) & 63];
  return out;
}

Result<std::string> make_assertion(const Credentials& credentials, std::string_view scope, WallTime now) {
  const std::int64_t issued_at = to_ms(now) / 1000;
  Json header = Json::object({{"alg", "RS256"}, {"typ", "JWT"}});
  if (!credentials.private_key_id.empty()) header.set("kid", credentials.private_key_id);
  const Json claims = Json::object({{"iss", credentials.client_email},
                                    {"scope", scope},
                                    {"aud", credentials.token_uri},
                                    {"iat", issued_at},
                                    {"exp", issued_at + 3600}});
  std::string signed_part = base64url(header.dump()) + "." + base64url(claims.dump());

  const KeyHandle key = read_key(credentials.private_key);
  const std::unique_ptr<EVP_MD_CTX, FreeDigest> digest{EVP_MD_CTX_new()};
  const auto* bytes = reinterpret_cast<const unsigned char*>(signed_part.data());
  std::size_t size = 0;
  bool ok = key && digest && EVP_DigestSignInit(digest.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1 &&
            EVP_DigestSign(digest.get(), nullptr, &size, bytes, signed_part.size()) == 1;
  std::string signature(size, '\0');
  ok = ok && EVP_DigestSign(digest.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, bytes,
                            signed_part.size()) == 1;
  ERR_clear_error();
  if (!ok) return fail(Errc::credentials, "'private_key' of the credentials cannot sign", "private_key");
  signature.resize(size);
  return signed_part + "." + base64url(signature);
}

}  // namespace rowlane::sheets::google
