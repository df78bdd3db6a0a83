// Errors as application/problem+json (RFC 9457):
//   {"type": "about:blank", "title": "Not Found", "status": 404, "detail": SENTENCE, "error": SENTENCE,
//    "code": "not_found", "errors": [{"field", "reason"}]}
// `errors` is there when a field is at fault.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "net/http.hpp"

namespace rowlane::net {

struct FieldError {
  std::string field;
  std::string reason;
};

// "Not Found" for 404; "Unknown" for a status without a registered name.
std::string_view reason_phrase(int status);
// The status that an error of this code gets when no route knows better.
int status_of(Errc code);

Response problem(int status, std::string_view sentence);
// Carries `field` as the one entry of `errors`, and Retry-After where the error has it.
Response problem(const Error& error);
Response problem(int status, const Error& error, const std::vector<FieldError>& errors);

}  // namespace rowlane::net
