// The stream of events.
#include "api/answers.hpp"
#include "api/api.hpp"
#include "net/problem.hpp"

namespace rowlane::api {

// The last event id comes as a header from a browser that reconnects by itself, and as a parameter from a page that
// takes a stream over from another one.
Task<net::Response> Api::events(const Request& request, const Caller& caller) {
  const Result<bool> heartbeat = read_flag(request, "heartbeat");
  if (!heartbeat) co_return net::problem(heartbeat.error());
  std::string last(request.header("last-event-id"));
  if (const std::string* given = request.query_value("lastEventId"); given && last.empty()) last = *given;
  auto stream = co_await events_.open({.scope = caller.scope,
                                       .role = caller.user.role,
                                       .login = {caller.session, caller.token},
                                       .last_event_id = std::move(last),
                                       .hears_heartbeats = *heartbeat});
  if (!stream) co_return net::problem(stream.error());
  net::Response response{.content_type = "text/event-stream", .stream = std::move(*stream)};
  response.headers.emplace_back("Cache-Control", "no-store");
  response.headers.emplace_back("X-Accel-Buffering", "no");  // a proxy that gathers answers would hold events back
  co_return response;
}

}  // namespace rowlane::api
