// What an answer other than 200 of Google means for a pass.
//
// Sheets answers with google.rpc.Status ({"error": {"code", "message", "status"}}), Drive with the older shape that
// has `errors: [{domain, reason}]`. Messages keep Google's own sentence, cut to 300 bytes. What says no without such a
// body is not Google but something in between, such as a captive portal: `unavailable`, as for any broken way.
#pragma once

#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "net/http_client.hpp"

namespace rowlane::sheets::google {

struct CallContext {
  bool is_write = false;
  WallTime now{};                                   // of a Retry-After that is a date
  Millis quota_window{60'000};                      // how long a refusal for quota holds when Google does not say
  std::string share_with;                           // named when the spreadsheet is not shared
  const std::vector<int>* op_of_request = nullptr;  // of a batchUpdate; outlives the call
};

Error error_of(const net::HttpAnswer& answer, const CallContext& context);

// An exchange that did not give a whole answer. A read that may have been answered has lost nothing.
Error error_of(Error transport, bool is_write);

}  // namespace rowlane::sheets::google
