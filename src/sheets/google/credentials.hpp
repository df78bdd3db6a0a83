// The key of a service account, from the JSON file that Google gives out.
//
// Every failure is Errc::credentials (the file cannot be used until a person acts), with `field` naming the member
// at fault. The private key never stands in a message.
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"

namespace rowlane::sheets::google {

struct Credentials {
  std::string client_email;    // also the address to share spreadsheets with
  std::string private_key;     // PEM
  std::string private_key_id;  // may be empty
  std::string token_uri;       // https, or http on loopback
};

Result<Credentials> parse_credentials(std::string_view json);
// Refuses a file that its group or others can read.
Result<Credentials> load_credentials(const std::string& path);

}  // namespace rowlane::sheets::google
