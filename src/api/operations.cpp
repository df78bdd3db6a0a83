// For operators: health, metrics, and the description of the interface.
#include "api/answers.hpp"
#include "api/api.hpp"
#include "net/problem.hpp"

namespace rowlane::api {

namespace {
bool is_open(std::string_view name) {
  return name == "login" || name == "healthz" || name == "readyz" || name == "metrics" || name == "openapi";
}

int success_status(std::string_view name) {
  if (name == "create_customer") return 201;
  if (name == "sync_to_sheet" || name == "retry_job") return 202;
  if (name == "delete_customer" || name == "logout" || name == "password") return 204;
  return 200;
}

std::string_view schema_of(std::string_view name) {
  if (name == "create_customer" || name == "get_customer" || name == "put_customer" || name == "patch_customer" || name == "restore_customer") return "Customer";
  if (name == "get_job" || name == "cancel_job" || name == "confirm_job" || name == "retry_job") return "Job";
  if (name == "list_customers") return "CustomerList";
  if (name == "list_jobs") return "JobList";
  if (name == "sync_to_sheet") return "QueuedJob";
  return {};
}

std::vector<std::string_view> query_of(std::string_view name) {
  if (name == "list_customers") return {"search", "vertical", "status", "sync", "owner", "renewal_from", "renewal_to", "sort", "limit", "cursor"};
  if (name == "list_jobs" || name == "activity") return {"limit", "cursor"};
  if (name == "history") return {"record", "job", "limit", "cursor"};
  if (name == "import_customers") return {"dry_run", "skip_bad"};
  if (name == "sync_status") return {"tabName"};
  return {};
}

Json ref(std::string_view schema) { return Json::object({{"$ref", fmt::format("#/components/schemas/{}", schema)}}); }
Json typed(std::string_view type) { return Json::object({{"type", type}}); }
Json or_null(std::string_view type) { return Json::object({{"type", Json(Json::Array{Json(type), Json("null")})}}); }

// An object all of whose members are there.
Json object_schema(Json::Object members) {
  Json required = Json::array();
  for (const auto& [name, schema] : members) required.push(name);
  return Json::object({{"type", "object"}, {"required", std::move(required)}, {"properties", Json(std::move(members))}});
}

Json list_schema(const char* name, std::string_view of) {
  return object_schema({{name, Json::object({{"type", "array"}, {"items", ref(of)}})}, {"nextCursor", or_null("string")}});
}

Json schemas(const FieldCatalogue& catalogue) {
  Json::Object customer{{"id", typed("string")}, {"owner", or_null("string")}, {"version", typed("integer")},
                        {"createdAt", typed("string")}, {"updatedAt", typed("string")}, {"updatedBy", or_null("string")},
                        {"sync", object_schema({{"state", typed("string")}, {"at", or_null("string")}, {"reason", or_null("string")}})}};
  for (FieldId id = 0; id < field::shipped_count; ++id) {
    const FieldType type = catalogue.type(id);
    customer.emplace_back(std::string(catalogue.name(id)),
                          or_null(type == FieldType::money ? "number" : type == FieldType::boolean ? "boolean" : "string"));
  }
  customer.emplace_back("extra", typed("object"));
  Json customers = list_schema("customers", "Customer");
  customers.if_object()->back().second.set("total", typed("integer"));
  return Json::object({
      {"Customer", object_schema(std::move(customer))},
      {"CustomerList", std::move(customers)},
      {"Job", object_schema({{"id", typed("string")}, {"direction", typed("string")}, {"tabs", Json::object({{"type", "array"}, {"items", typed("string")}})},
                             {"state", typed("string")}, {"reason", or_null("string")}, {"position", or_null("integer")},
                             {"attempt", typed("integer")}, {"phase", or_null("string")}, {"done", typed("integer")},
                             {"total", typed("integer")}, {"result", or_null("object")}, {"error", or_null("string")},
                             {"settledBy", or_null("string")}, {"retryOf", or_null("string")}, {"createdAt", typed("string")},
                             {"startedAt", or_null("string")}, {"finishedAt", or_null("string")}})},
      {"JobList", list_schema("jobs", "Job")},
      {"QueuedJob", object_schema({{"success", typed("boolean")}, {"message", typed("string")}, {"queued", typed("boolean")},
                                   {"jobId", typed("string")}, {"position", typed("integer")}})},
      {"Problem", Json::object({{"type", "object"}, {"required", Json(Json::Array{Json("title"), Json("status"), Json("error")})},
                                {"properties", Json::object({{"type", typed("string")}, {"title", typed("string")}, {"status", typed("integer")},
                                                             {"detail", typed("string")}, {"error", typed("string")}, {"code", typed("string")},
                                                             {"errors", Json::object({{"type", "array"}, {"items", typed("object")}})}})}})},
  });
}

// "{path...}" of the router is "{path}" in OpenAPI; the names go to `params`.
std::string openapi_path(std::string_view pattern, std::vector<std::string>& params) {
  std::string out;
  for (std::size_t i = 0; i < pattern.size();) {
    const std::size_t close = pattern[i] == '{' ? pattern.find('}', i) : std::string_view::npos;
    if (close == std::string_view::npos) {
      out += pattern[i++];
      continue;
    }
    std::string name(pattern.substr(i + 1, close - i - 1));
    if (name.ends_with("...")) name.resize(name.size() - 3);
    out += fmt::format("{{{}}}", name);
    params.push_back(std::move(name));
    i = close + 1;
  }
  return out;
}

Json operation(const net::Route& route, const std::vector<std::string>& path_params) {
  Json parameters = Json::array();
  for (const std::string& name : path_params)
    parameters.push(Json::object({{"name", name}, {"in", "path"}, {"required", true}, {"schema", typed("string")}}));
  for (const std::string_view name : query_of(route.name))
    parameters.push(Json::object({{"name", name}, {"in", "query"}, {"required", false}, {"schema", typed(name == "limit" ? "integer" : "string")}}));
  const int status = success_status(route.name);
  Json success = Json::object({{"description", net::reason_phrase(status)}});
  if (const std::string_view schema = schema_of(route.name); !schema.empty())
    success.set("content", Json::object({{"application/json", Json::object({{"schema", ref(schema)}})}}));
  Json refused = Json::object({{"description", "A problem"},
                               {"content", Json::object({{"application/problem+json", Json::object({{"schema", ref("Problem")}})}})}});
  Json out = Json::object({{"operationId", route.name}, {"parameters", std::move(parameters)},
                           {"responses", Json::object({{std::to_string(status), std::move(success)}, {"default", std::move(refused)}})}});
  if (is_open(route.name)) out.set("security", Json::array());
  const bool takes_body = route.method == "POST" || route.method == "PUT" || route.method == "PATCH" || route.name == "delete_customers";
  if (takes_body) {
    const char* type = route.name == "import_customers" ? "text/csv" : "application/json";
    out.set("requestBody", Json::object({{"content", Json::object({{type, Json::object({{"schema", typed(route.name == "import_customers" ? "string" : "object")}})}})}}));
  }
  return out;
}
}  // namespace

Task<net::Response> Api::healthz(const Request&) { co_return answer(200, Json::object({{"status", "ok"}})); }

Task<net::Response> Api::readyz(const Request&) {
  const Status alive = co_await store_.ping();
  if (!alive) co_return net::problem(503, "the store does not answer");
  co_return answer(200, Json::object({{"status", "ready"}}));
}

Task<net::Response> Api::metrics(const Request& request) {
  const bool is_local = request.peer_address.starts_with("127.") || request.peer_address == "::1";
  if (!is_local) {
    const auto caller = co_await auth_.authenticate(request);
    if (!caller) co_return net::problem(caller.error());
    if (caller->user.role != store::Role::admin) co_return net::problem(403, "metrics are for an admin");
  }
  const auto totals = co_await store_.queue_totals();
  if (!totals) co_return net::problem(totals.error());
  const double age = totals->oldest_queued ? static_cast<double>((clock_.now() - *totals->oldest_queued).count()) / 1000 : 0;
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
  Json paths = Json(Json::Object{});
  for (const net::Route& route : router_->routes()) {
    std::vector<std::string> params;
    const std::string path = openapi_path(route.pattern, params);
    Json methods = paths.find(path) ? *paths.find(path) : Json(Json::Object{});
    std::string method = route.method;
    for (char& c : method) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    methods.set(method, operation(route, params));
    paths.set(path, std::move(methods));
  }
  Json security = Json(Json::Array{Json::object({{"bearer", Json::array()}}), Json::object({{"session", Json::array()}})});
  co_return answer(200, Json::object({
      {"openapi", "3.1.0"},
      {"info", Json::object({{"title", "Rowlane"}, {"version", options_.version}})},
      {"security", std::move(security)},
      {"paths", std::move(paths)},
      {"components", Json::object({{"schemas", schemas(catalogue_)},
                                   {"securitySchemes", Json::object({{"bearer", Json::object({{"type", "http"}, {"scheme", "bearer"}})},
                                                                     {"session", Json::object({{"type", "apiKey"}, {"in", "cookie"}, {"name", auth::kSessionCookie}})}})}})}}));
}

}  // namespace rowlane::api
