#include "api/api.hpp"

#include "api/answers.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "net/problem.hpp"
#include "records/transfer.hpp"

namespace rowlane::api {

Api::Api(store::Store& store, auth::Auth& auth, const FieldCatalogue& catalogue,
         const std::vector<AgencySettings>& agencies, const Clock& clock, ApiOptions options)
    : store_(store),
      auth_(auth),
      catalogue_(catalogue),
      agencies_(agencies),
      clock_(clock),
      options_(std::move(options)),
      events_(store, store,
              {.job = [this](const store::Job& job,
                             AgencyId agency) { return job_json(job, agency, RowLists::first_rows); },
               .record = [this](Record record) { return shown_record(std::move(record)); }}) {}

void Api::add(net::Router& router, std::string method, std::string pattern, std::string name, Access access,
              Handler handler) {
  router.add(std::move(method), std::move(pattern), std::move(name),
             [this, access, handler](Request request) { return run(std::move(request), access, handler); });
}

void Api::add_open(net::Router& router, std::string method, std::string pattern, std::string name,
                   OpenHandler handler) {
  router.add(std::move(method), std::move(pattern), std::move(name),
             [this, handler](Request request) { return run_open(std::move(request), handler); });
}

Task<net::Response> Api::run(Request request, Access access, Handler handler) {
  const auto caller = co_await auth_.authenticate(request);
  if (!caller) co_return refuse_caller(caller.error());
  if (access == Access::records && caller->user.role == store::Role::admin) co_return refuse_admin();
  co_return co_await (this->*handler)(request, *caller);
}

Task<net::Response> Api::run_open(Request request, OpenHandler handler) {
  co_return co_await (this->*handler)(request);
}

void Api::add_routes(net::Router& router) {
  router_ = &router;
  const std::string customers = "/api/insurance/customers", sync = "/api/insurance/sync";
  add_open(router, "POST", "/api/auth/login", "login", &Api::login);
  add(router, "POST", "/api/auth/logout", "logout", Access::caller, &Api::logout);
  add(router, "GET", "/api/auth/me", "me", Access::caller, &Api::me);
  add(router, "POST", "/api/auth/password", "password", Access::caller, &Api::password);

  add(router, "GET", customers, "list_customers", Access::records, &Api::list_customers);
  add(router, "POST", customers, "create_customer", Access::records, &Api::create_customer);
  add(router, "PATCH", customers, "patch_customers", Access::records, &Api::patch_customers);
  add(router, "DELETE", customers, "delete_customers", Access::records, &Api::delete_customers);
  add(router, "POST", std::string(kImportPath), "import_customers", Access::records, &Api::import_customers);
  add(router, "GET", customers + "/export", "export_customers", Access::records, &Api::export_customers);
  add(router, "GET", customers + "/ids", "customer_ids", Access::records, &Api::customer_ids);
  add(router, "GET", customers + "/totals", "customer_totals", Access::records, &Api::customer_totals);
  add(router, "POST", customers + "/undo", "undo_customers", Access::records, &Api::undo_customers);
  add(router, "GET", customers + "/{id}", "get_customer", Access::records, &Api::get_customer);
  add(router, "PUT", customers + "/{id}", "put_customer", Access::records, &Api::put_customer);
  add(router, "PATCH", customers + "/{id}", "patch_customer", Access::records, &Api::patch_customer);
  add(router, "DELETE", customers + "/{id}", "delete_customer", Access::records, &Api::delete_customer);
  add(router, "POST", customers + "/{id}/restore", "restore_customer", Access::records, &Api::restore_customer);

  add(router, "POST", sync + "/to-sheet", "sync_to_sheet", Access::records, &Api::to_sheet);
  add(router, "GET", sync + "/status", "sync_status", Access::records, &Api::sync_status);
  add(router, "GET", sync + "/queue", "sync_queue", Access::records, &Api::sync_queue);
  add(router, "GET", sync + "/jobs", "list_jobs", Access::records, &Api::list_jobs);
  add(router, "GET", sync + "/jobs/{id}", "get_job", Access::records, &Api::get_job);
  add(router, "POST", sync + "/jobs/{id}/cancel", "cancel_job", Access::records, &Api::cancel_job);
  add(router, "POST", sync + "/jobs/{id}/confirm", "confirm_job", Access::records, &Api::confirm_job);
  add(router, "POST", sync + "/jobs/{id}/retry", "retry_job", Access::records, &Api::retry_job);

  add(router, "GET", "/api/insurance/activity", "activity", Access::records, &Api::activity);
  add(router, "GET", "/api/insurance/history", "history", Access::records, &Api::history);
  add(router, "GET", "/api/insurance/config", "config", Access::caller, &Api::config);
  add(router, "GET", "/api/insurance/users", "users", Access::caller, &Api::users);

  add(router, "GET", "/api/events", "events", Access::records, &Api::events);

  add_open(router, "GET", "/healthz", "healthz", &Api::healthz);
  add_open(router, "GET", "/readyz", "readyz", &Api::readyz);
  add_open(router, "GET", "/metrics", "metrics", &Api::metrics);
  add_open(router, "GET", "/openapi.json", "openapi", &Api::openapi);

  for (const net::Route& route : router.routes()) {
    if (is_described(route.name)) continue;
    log_error("route {} {} ({}) has no description", route.method, route.pattern, route.name);
    std::abort();
  }
}

const AgencySettings* Api::settings(AgencyId agency) const {
  for (const AgencySettings& settings : agencies_)
    if (settings.id == agency) return &settings;
  return nullptr;
}

std::vector<FieldId> Api::extras(AgencyId agency) const {
  const AgencySettings* own = settings(agency);
  return own ? records::own_fields(*own) : std::vector<FieldId>();
}

Task<Result<Api::Emails>> Api::emails(AgencyId agency, std::vector<UserId> needed) {
  const auto known = emails_.find(agency.value);
  const bool complete = known != emails_.end() && std::all_of(needed.begin(), needed.end(), [&](UserId id) {
                          return !id || known->second.contains(id.value);
                        });
  if (complete) co_return known->second;
  const auto people = co_await store_.users(agency);
  if (!people) co_return std::unexpected(people.error());
  Emails& fresh = emails_[agency.value];
  for (const store::User& user : *people) fresh[user.id.value] = user.email;
  co_return fresh;
}

Task<Result<std::optional<UserId>>> Api::owner_named(const Caller& caller, std::string email) {
  if (fold_case(email) == fold_case(caller.user.email)) co_return std::optional(caller.user.id);
  if (!caller.scope.whole_agency) co_return std::optional<UserId>();
  const auto user = co_await store_.find_user(std::move(email));
  if (!user) co_return std::unexpected(user.error());
  const bool fits = *user && (*user)->agency == caller.user.agency && (*user)->role != store::Role::admin;
  co_return fits ? std::optional((*user)->id) : std::nullopt;
}

}  // namespace rowlane::api
