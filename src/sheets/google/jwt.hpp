// Signs the assertion that a service account trades for an access token (RFC 7523, RS256).
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "sheets/google/credentials.hpp"

namespace rowlane::sheets::google {

bool is_rsa_private_key(std::string_view pem);

// Valid for an hour from `now`. `scope`: space-separated. Errors: credentials (the key cannot sign).
Result<std::string> make_assertion(const Credentials& credentials, std::string_view scope, WallTime now);

// Base64 for URLs, without padding (RFC 4648, 5).
std::string base64url(std::string_view bytes);

}  // namespace rowlane::sheets::google
