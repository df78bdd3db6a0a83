// RSA keys for tests: made here, never stored.
#pragma once

#include <string>
#include <string_view>

namespace rowlane::testing {

struct RsaKey {
  std::string private_pem, public_pem;
};
// One key for the whole program: making one takes a tenth of a second.
const RsaKey& test_key();
bool verify_rs256(std::string_view public_pem, std::string_view text, std::string_view signature);
std::string from_base64url(std::string_view text);

}  // namespace rowlane::testing
