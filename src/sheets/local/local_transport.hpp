// The private way to the Local Sheets service: an HttpClient that answers requests to one fixed fake address
// by calling the handler in the process. No socket, no thread; answers come on the executor that asked.
//
// A request to any other address is `unavailable`. Scripted faults come out as they would from a network:
// refused is `unavailable`; a reset, or a cut answer, is `unknown_outcome`. An answer that takes longer than
// the request's `timeout` (by the delays scripted) is `unknown_outcome` too, and takes effect all the same.
#pragma once

#include <optional>
#include <string>

#include "net/http_client.hpp"
#include "sheets/local/local_sheets.hpp"

namespace rowlane::sheets::local {

class LocalTransport final : public net::HttpClient {
 public:
  static constexpr std::string_view kAddress = "http://local-sheets.internal";

  // `service` outlives the transport. A call goes on when its sender waits no more, but not beyond the transport,
  // which is used on one executor. With `trusted`, no token is asked for.
  explicit LocalTransport(LocalSheets& service, bool trusted = true, std::string address = std::string(kAddress));
  Task<Result<net::HttpAnswer>> send(net::HttpRequest request) override;

  // An answer given to `on_body` comes in pieces of so many bytes.
  static constexpr std::size_t kPieceBytes = 16'384;

 private:
  LocalSheets& service_;
  bool trusted_;
  std::string address_;
  std::optional<TaskGroup> calls_;  // made by the first call, on its executor
};

}  // namespace rowlane::sheets::local
