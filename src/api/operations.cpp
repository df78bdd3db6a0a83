// For operators: health, metrics, and the description of the interface.
#include "api/answers.hpp"
#include "api/api.hpp"
#include "base/version.hpp"
#include "net/address_set.hpp"
#include "net/problem.hpp"

namespace rowlane::api {

Task<net::Response> Api::healthz(const Request&) { co_return answer(200, Json::object({{"status", "ok"}})); }

Task<net::Response> Api::readyz(const Request&) {
  const Status alive = co_await store_.ping();
  if (!alive) co_return net::problem(503, alive.error().message);
  co_return answer(200, Json::object({{"status", "ready"}}));
}

Task<net::Response> Api::metrics(const Request& request) {
  // A proxy on this machine is on loopback, too, and whom it speaks for is not.
  const bool is_loopback = request.peer_address.starts_with("127.") || request.peer_address == "::1";
  const bool is_local = is_loopback && !net::is_forwarded(request);
  if (!is_local) {
    const auto caller = co_await auth_.authenticate(request);
    if (!caller) co_return net::problem(caller.error());
    if (caller->user.role != store::Role::admin) co_return net::problem(403, "metrics are for an admin");
  }
  const auto totals = co_await store_.queue_totals();
  if (!totals) co_return net::problem(totals.error());
  const double age =
      totals->oldest_queued ? static_cast<double>((clock_.now() - *totals->oldest_queued).count()) / 1000 : 0;
  std::string text = fmt::format(
      "# HELP rowlane_jobs Unfinished jobs by state.\n# TYPE rowlane_jobs gauge\n"
      "rowlane_jobs{{state=\"queued\"}} {}\nrowlane_jobs{{state=\"running\"}} {}\nrowlane_jobs{{state=\"held\"}} {}\n"
      "# HELP rowlane_spreadsheets_waiting Spreadsheets that wait.\n# TYPE rowlane_spreadsheets_waiting gauge\n"
      "rowlane_spreadsheets_waiting {}\n"
      "# HELP rowlane_oldest_queued_seconds Age of the oldest queued job.\n# TYPE rowlane_oldest_queued_seconds gauge\n"
      "rowlane_oldest_queued_seconds {:.3f}\n",
      totals->queued, totals->running, totals->held, totals->waiting_spreadsheets, age);
  if (options_.more_metrics) text += options_.more_metrics();
  co_return net::Response{.content_type = "text/plain; version=0.0.4; charset=utf-8", .body = std::move(text)};
}

Task<net::Response> Api::openapi(const Request&) {
  co_return answer(200, openapi_document(router_->routes(), catalogue_, version()));
}

}  // namespace rowlane::api
