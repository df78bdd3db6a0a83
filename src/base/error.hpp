// Errors are values. A code exists when some caller acts on it differently.
#pragma once

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace rowlane {

enum class Errc {
  invalid_input,    // the caller can fix the request; never retried
  not_found,        // no such thing inside the caller's scope
  forbidden,        // the caller's role does not allow it
  unauthenticated,  // no or bad credentials
  conflict,         // somebody else wrote first, or the state does not allow it
  precondition,     // If-Match names an older version
  too_large,        // a body or a value is over its limit
  too_many,         // a limit on how often or how many
  quota_exceeded,   // Sheets answered 429; retry after a pause
  unavailable,      // network, 5xx, database busy; retry with backoff
  unknown_outcome,  // a write was sent and no whole answer came: it may have happened
  not_shared,       // the spreadsheet is not shared with the account, or does not exist for it
  sheet_missing,    // the spreadsheet is there, a tab Rowlane knew is not
  credentials,      // the account's key or clock is wrong; a person must act
  lease_lost,       // another pass owns the spreadsheet now; stop without a trace
  corrupt,          // stored data breaks its own rules; end the job, tell a person, the lane goes on
};

// The spelling used in JSON and logs ("invalid_input").
std::string_view to_string(Errc code);

struct Error {
  Errc code{};
  std::string message;                                   // for people: no secrets, no row contents
  std::string field;                                     // the field, parameter or header at fault; empty when none
  std::optional<std::chrono::milliseconds> retry_after;  // quota_exceeded, too_many: when the server said so
  std::optional<int> request_index;  // invalid_input from Sheets: the sub-request of the batch at fault

  [[nodiscard]] bool is_retryable() const {
    return code == Errc::quota_exceeded || code == Errc::unavailable || code == Errc::unknown_outcome;
  }
};

template <class T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

inline std::unexpected<Error> fail(Errc code, std::string message, std::string field = {}) {
  return std::unexpected(Error{.code = code, .message = std::move(message), .field = std::move(field)});
}

}  // namespace rowlane
