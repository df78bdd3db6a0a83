#include "support/rsa_key.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <memory>

namespace rowlane::testing {

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
std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}
}  // namespace

const RsaKey& test_key() {
  static const RsaKey made = [] {
    const std::unique_ptr<EVP_PKEY, FreeKey> key{EVP_RSA_gen(2048)};
    const std::unique_ptr<BIO, FreeBio> secret{BIO_new(BIO_s_mem())}, open{BIO_new(BIO_s_mem())};
    PEM_write_bio_PrivateKey(secret.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    PEM_write_bio_PUBKEY(open.get(), key.get());
    return RsaKey{text_of(secret.get()), text_of(open.get())};
  }();
  return made;
}

bool verify_rs256(std::string_view public_pem, std::string_view text, std::string_view signature) {
  const std::unique_ptr<BIO, FreeBio> bio{BIO_new_mem_buf(public_pem.data(), static_cast<int>(public_pem.size()))};
  const std::unique_ptr<EVP_PKEY, FreeKey> key{PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr)};
  const std::unique_ptr<EVP_MD_CTX, FreeDigest> digest{EVP_MD_CTX_new()};
  return key && EVP_DigestVerifyInit(digest.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1 &&
         EVP_DigestVerify(digest.get(), reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                          reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1;
}

std::string from_base64url(std::string_view text) {
  std::string out;
  unsigned bits = 0;
  int count = 0;
  for (const char c : text) {
    const int digit = c >= 'A' && c <= 'Z'   ? c - 'A'
                      : c >= 'a' && c <= 'z' ? c - 'a' + 26
                      : c >= '0' && c <= '9' ? c - '0' + 52
                      : c == '-'             ? 62
                                             : 63;
    bits = (bits << 6) | static_cast<unsigned>(digit);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>((bits >> count) & 0xFF);
  }
  return out;
}

}  // namespace rowlane::testing
