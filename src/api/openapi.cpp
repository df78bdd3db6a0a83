#include "api/openapi.hpp"

#include <fmt/format.h>

#include <vector>

#include "api/job_result.hpp"
#include "auth/auth.hpp"
#include "domain/job.hpp"
#include "domain/record.hpp"
#include "net/problem.hpp"

namespace rowlane::api {

namespace {

// --- What each route takes and answers. A schema is named as under components; "" is none. ---

enum class Who { open, caller };

struct Described {
  std::string_view route, summary;
  Who who = Who::caller;
  std::string_view body;  // schema of the JSON body, or "csv"
  int status = 200;
  std::string_view answer;  // schema of the JSON answer, or a media type with a '/'
  std::vector<std::string_view> query;
  std::vector<int> refusals;  // besides 401, and 413 where there is a body
};

const std::vector<Described>& descriptions() {
  using enum Who;
  static const std::vector<Described> table = {
      {"login",
       "Signs in: a session cookie, and a token when asked for",
       open,
       "Login",
       200,
       "SignedIn",
       {},
       {400, 401, 415, 429}},
      {"logout", "Ends the session", caller, "", 204, "", {}, {403}},
      {"me", "Who is asking", caller, "", 200, "Me", {}, {}},
      {"password",
       "Changes the caller's password; ends the other sessions",
       caller,
       "PasswordChange",
       204,
       "",
       {},
       {400, 403, 415, 429}},

      {"list_customers",
       "Records by filter and sort, a page at a time; with deleted=1 those that were deleted",
       caller,
       "",
       200,
       "CustomerList",
       {"search", "vertical", "status", "sync", "owner", "renewal_from", "renewal_to", "sort", "limit", "cursor",
        "offset", "policy_no", "deleted"},
       {400, 403}},
      {"customer_ids",
       "The ids of all records that a filter finds",
       caller,
       "",
       200,
       "CustomerIds",
       {"search", "vertical", "status", "sync", "owner", "renewal_from", "renewal_to", "sort"},
       {400, 403}},
      {"customer_totals",
       "How many records a filter finds, and their premiums together",
       caller,
       "",
       200,
       "CustomerTotals",
       {"search", "vertical", "status", "sync", "owner", "renewal_from", "renewal_to"},
       {400, 403}},
      {"undo_customers",
       "Takes back what a change of several records did, where nothing moved on since",
       caller,
       "BulkUndo",
       200,
       "BulkReport",
       {},
       {400, 403, 415}},
      {"create_customer", "Adds a record", caller, "CustomerNew", 201, "Customer", {}, {400, 403, 415}},
      {"patch_customers",
       "Sets fields of several records; one that is not there, and none is changed",
       caller,
       "BulkPatch",
       200,
       "BulkReport",
       {},
       {400, 403, 404, 415}},
      {"delete_customers",
       "Deletes several records; one that is not there, and none is deleted",
       caller,
       "BulkDelete",
       200,
       "BulkReport",
       {},
       {400, 403, 404, 415}},
      {"import_customers",
       "Takes records from CSV",
       caller,
       "csv",
       200,
       "ImportReport",
       {"dry_run", "skip_bad"},
       {403, 415, 422}},
      {"export_customers", "The records of the caller's scope as CSV", caller, "", 200, "text/csv", {}, {403}},
      {"get_customer",
       "One record; with deleted=1 also one that was deleted",
       caller,
       "",
       200,
       "Customer",
       {"deleted"},
       {400, 403, 404}},
      {"put_customer",
       "Replaces the fields of a record",
       caller,
       "CustomerNew",
       200,
       "Customer",
       {},
       {400, 403, 404, 412, 415}},
      {"patch_customer",
       "Sets fields of a record",
       caller,
       "CustomerPatch",
       200,
       "Customer",
       {},
       {400, 403, 404, 412, 415}},
      {"delete_customer", "Deletes a record; a tombstone stays", caller, "", 204, "", {}, {400, 403, 404, 412}},
      {"restore_customer", "Brings a deleted record back", caller, "", 200, "Customer", {}, {400, 403, 404, 409, 412}},

      {"sync_to_sheet",
       "Queues a job that puts the caller's records into the sheet",
       caller,
       "SyncTarget",
       202,
       "QueuedJob",
       {},
       {400, 403, 409, 415, 422, 429}},
      {"sync_status", "The caller's lane", caller, "", 200, "SyncStatus", {"tabName"}, {400, 403}},
      {"sync_queue",
       "The caller's lane at a glance, with what ended in the last 24 hours; a manager's: all lanes of the agency",
       caller,
       "",
       200,
       "SyncQueue",
       {},
       {403}},
      {"list_jobs",
       "The caller's jobs, newest first; a manager's: the agency's",
       caller,
       "",
       200,
       "JobList",
       {"limit", "cursor"},
       {400, 403}},
      {"get_job", "One job", caller, "", 200, "Job", {}, {403, 404}},
      {"cancel_job",
       "Cancels a job that does not run yet, or puts back what a held one left out",
       caller,
       "",
       200,
       "Job",
       {},
       {403, 404, 409}},
      {"confirm_job", "Says yes to the rows that a job held back", caller, "", 200, "Job", {}, {403, 404, 409}},
      {"retry_job",
       "Wakes a waiting job, or queues a failed or cancelled one anew",
       caller,
       "",
       202,
       "Job",
       {},
       {403, 404, 409, 429}},

      {"activity", "Who did what, newest first", caller, "", 200, "ActivityList", {"limit", "cursor"}, {400, 403}},
      {"history",
       "Before and after of each change, newest first",
       caller,
       "",
       200,
       "HistoryList",
       {"record", "job", "limit", "cursor"},
       {400, 403, 404}},
      {"config", "The caller's agency: spreadsheet, tabs, headers, fields", caller, "", 200, "Config", {}, {409}},
      {"users", "The agency's users; for an agent, itself", caller, "", 200, "UserList", {"limit", "cursor"}, {400}},

      {"events",
       "Server-sent events: job, customer, customers, reset; resumes by Last-Event-ID",
       caller,
       "",
       200,
       "text/event-stream",
       {"lastEventId", "heartbeat"},
       {403, 429}},

      {"healthz", "The process answers", open, "", 200, "Health", {}, {}},
      {"readyz", "The store answers", open, "", 200, "Health", {}, {503}},
      {"metrics", "Prometheus text; on loopback, or for an admin's token", open, "", 200, "text/plain", {}, {401, 403}},
      {"openapi", "This document", open, "", 200, "Document", {}, {}},
  };
  return table;
}

const Described* find_description(std::string_view route_name) {
  for (const Described& line : descriptions())
    if (line.route == route_name) return &line;
  return nullptr;
}

// --- Schemas, put together from small parts. ---

Json typed(std::string_view type) { return Json::object({{"type", type}}); }
Json formatted(std::string_view format) { return Json::object({{"type", "string"}, {"format", format}}); }
Json ref(std::string_view schema) { return Json::object({{"$ref", fmt::format("#/components/schemas/{}", schema)}}); }
Json list_of(Json items) { return Json::object({{"type", "array"}, {"items", std::move(items)}}); }
Json or_null(Json schema) { return Json::object({{"anyOf", Json(Json::Array{std::move(schema), typed("null")})}}); }
Json const_of(Json value) { return Json::object({{"const", std::move(value)}}); }

Json one_of(const std::vector<std::string_view>& texts) {
  Json values = Json::array();
  for (const std::string_view text : texts) values.push(text);
  return Json::object({{"type", "string"}, {"enum", std::move(values)}});
}

enum class More { refused, allowed };

// All members are there, but for those whose name ends in '?'.
Json object_of(Json::Object members, More more = More::refused) {
  Json required = Json::array(), properties = Json(Json::Object{});
  for (auto& [name, schema] : members) {
    const bool optional = name.ends_with('?');
    if (optional)
      name.pop_back();
    else
      required.push(name);
    properties.set(name, std::move(schema));
  }
  Json out = Json::object({{"type", "object"}, {"properties", std::move(properties)}});
  if (!required.if_array()->empty()) out.set("required", std::move(required));
  if (more == More::refused) out.set("additionalProperties", false);
  return out;
}

Json page_of(std::string name, std::string_view entry) {
  return object_of({{std::move(name), list_of(ref(entry))}, {"nextCursor", or_null(typed("string"))}});
}

Json map_of(Json values) { return Json::object({{"type", "object"}, {"additionalProperties", std::move(values)}}); }

Json field_schema(FieldType type) {
  switch (type) {
    case FieldType::text:
      return or_null(typed("string"));
    case FieldType::money:
      return or_null(typed("number"));
    case FieldType::date:
      return or_null(formatted("date"));
    case FieldType::boolean:
      return or_null(typed("boolean"));
    case FieldType::choice: {
      std::vector<std::string_view> names;
      for (const std::string& name : verticals()) names.push_back(name);
      return or_null(one_of(names));
    }
  }
  std::unreachable();
}

Json customer_schema(const FieldCatalogue& catalogue) {
  Json::Object members{
      {"id", typed("string")},
      {"owner", or_null(typed("string"))},
      {"version", typed("integer")},
      {"createdAt", formatted("date-time")},
      {"updatedAt", formatted("date-time")},
      {"updatedBy", or_null(typed("string"))},
      {"sync",
       object_of({{"state", one_of({"synced", "unsynced", "syncing", "conflict", "held", "rejected", "ambiguous"})},
                  {"at", or_null(formatted("date-time"))},
                  {"reason", or_null(typed("string"))}})},
      {"deletedAt?", formatted("date-time")}};
  for (FieldId id = 0; id < field::shipped_count; ++id)
    members.emplace_back(std::string(catalogue.name(id)), field_schema(catalogue.type(id)));
  members.emplace_back("extra",
                       map_of(Json::object({{"type", Json(Json::Array{"string", "number", "boolean", "null"})}})));
  return object_of(std::move(members));
}

// What a client may send; members that the server makes are passed over, so that what was read can be sent back.
Json customer_input(const FieldCatalogue& catalogue, bool is_whole) {
  Json::Object members{{"owner?", or_null(typed("string"))}};
  for (FieldId id = 0; id < field::shipped_count; ++id) {
    const bool required = is_whole && (id == field::name || id == field::vertical);
    members.emplace_back(fmt::format("{}{}", catalogue.name(id), required ? "" : "?"),
                         field_schema(catalogue.type(id)));
  }
  members.emplace_back(
      "extra?", or_null(map_of(Json::object({{"type", Json(Json::Array{"string", "number", "boolean", "null"})}}))));
  for (const char* name : {"id?", "version?", "createdAt?", "updatedAt?", "updatedBy?", "sync?", "deletedAt?"})
    members.emplace_back(name, Json(Json::Object{}));
  return object_of(std::move(members));
}

// Counts that the whole result and each tab's have.
Json::Object counts() {
  Json::Object out;
  for (const char* name :
       {"exported", "added", "updated", "deleted", "imported", "kept", "overwritten", "conflicts", "drafts"})
    out.emplace_back(name, typed("integer"));
  const Json cell = object_of({{"field", typed("string")},
                               {"header", typed("string")},
                               {"from", Json(Json::Object{})},
                               {"to", Json(Json::Object{})}},
                              More::allowed);
  out.emplace_back("rejected", list_of(object_of({{"tab", typed("string")},
                                                  {"row", or_null(typed("integer"))},
                                                  {"field", typed("string")},
                                                  {"reason", typed("string")}})));
  out.emplace_back("ambiguous", list_of(object_of({{"tab", typed("string")},
                                                   {"rows", list_of(typed("integer"))},
                                                   {"record", or_null(typed("string"))},
                                                   {"name", or_null(typed("string"))},
                                                   {"key", typed("string")}})));
  out.emplace_back("held", list_of(object_of({{"tab", typed("string")},
                                              {"row", or_null(typed("integer"))},
                                              {"record", or_null(typed("string"))},
                                              {"name", or_null(typed("string"))},
                                              {"side", one_of({"sheet", "app"})},
                                              {"what", one_of({"delete", "blank"})},
                                              {"cells", list_of(cell)}})));
  return out;
}

Json result_schema() {
  Json::Object members{{"success", typed("boolean")}};
  for (auto& count : counts()) members.push_back(std::move(count));
  members.emplace_back("notFound", list_of(Json(Json::Object{})));
  members.emplace_back(
      "notices", list_of(object_of({{"tab", typed("string")}, {"kind", typed("string")}, {"text", typed("string")}})));
  Json lengths = object_of({{"rejected", typed("integer")},
                            {"ambiguous", typed("integer")},
                            {"held", typed("integer")},
                            {"notFound", typed("integer")},
                            {"notices", typed("integer")}});
  lengths.set("description",
              fmt::format("How many entries each list has in full. Where jobs are listed or told of by events, a list "
                          "holds its first {} alone; the job by its id has them all.",
                          kRowsShown));
  members.emplace_back("lengths", std::move(lengths));
  members.emplace_back("calls", object_of({{"reads", typed("integer")}, {"writes", typed("integer")}}));
  members.emplace_back("tabs", map_of(ref("TabResult")));
  return object_of(std::move(members), More::allowed);
}

Json tab_result_schema() {
  Json::Object members{{"success", typed("boolean")}, {"error", or_null(typed("string"))}};
  for (auto& count : counts()) members.push_back(std::move(count));
  return object_of(std::move(members), More::allowed);
}

Json job_schema() {
  return object_of({{"id", typed("string")},
                    {"user", or_null(typed("string"))},
                    {"direction", one_of({"to-sheet", "from-sheet", "two-way", "undo", "preview"})},
                    {"tabs", list_of(typed("string"))},
                    {"state", one_of({"queued", "running", "waiting", "held", "succeeded", "failed", "cancelled"})},
                    {"reason", or_null(one_of({"quota", "retry", "not_shared", "sheet_missing", "paused"}))},
                    {"position", or_null(typed("integer"))},
                    {"attempt", typed("integer")},
                    {"phase", or_null(typed("string"))},
                    {"done", typed("integer")},
                    {"total", typed("integer")},
                    {"result", or_null(ref("JobResult"))},
                    {"error", or_null(typed("string"))},
                    {"settledBy", or_null(typed("string"))},
                    {"createdAt", formatted("date-time")},
                    {"startedAt", or_null(formatted("date-time"))},
                    {"finishedAt", or_null(formatted("date-time"))},
                    {"retryOf?", typed("string")},
                    {"undoes?", typed("string")}});
}

Json deleted_schema() {
  const Json named = object_of({{"id?", or_null(typed("string"))},
                                {"current_policy_no?", or_null(typed("string"))},
                                {"registration_no?", or_null(typed("string"))},
                                {"name?", or_null(typed("string"))},
                                {"mobile_number?", or_null(typed("string"))}},
                               More::allowed);
  return list_of(Json::object({{"anyOf", Json(Json::Array{typed("string"), named})}}));
}

Json config_schema() {
  const Json spreadsheet = object_of({{"id", typed("string")},
                                      {"link", or_null(typed("string"))},
                                      {"shareWith", or_null(typed("string"))},
                                      {"state", one_of({"idle", "queued", "syncing", "waiting"})},
                                      {"reason", or_null(typed("string"))},
                                      {"reasonText", or_null(typed("string"))}});
  const Json tab = object_of({{"key", typed("string")},
                              {"title", typed("string")},
                              {"verticals", list_of(typed("string"))},
                              {"newVertical", typed("string")},
                              {"sheetId", or_null(typed("integer"))},
                              {"headers", map_of(typed("string"))}});
  const Json field = object_of({{"name", typed("string")},
                                {"type", one_of({"text", "money", "date", "boolean", "choice"})},
                                {"required", typed("boolean")},
                                {"extra", typed("boolean")},
                                {"choices", or_null(list_of(typed("string")))}});
  return object_of({{"agency", object_of({{"key", typed("string")}, {"name", typed("string")}})},
                    {"spreadsheet", spreadsheet},
                    {"tabs", list_of(tab)},
                    {"fields", list_of(field)},
                    {"demo", typed("boolean")}});
}

Json::Object problem_members(Json errors) {
  return {{"type", typed("string")},
          {"title", typed("string")},
          {"status", typed("integer")},
          {"detail", typed("string")},
          {"error", typed("string")},
          {"code", typed("string")},
          {"errors?", list_of(std::move(errors))}};
}

Json schemas(const FieldCatalogue& catalogue) {
  const Json role = one_of({"agent", "manager", "admin"});
  const Json import_error =
      object_of({{"line", typed("integer")}, {"field", or_null(typed("string"))}, {"reason", typed("string")}});
  Json customers = page_of("customers", "Customer");
  customers.set("properties", Json(customers["properties"]).set("total", typed("integer")));
  Json required = customers["required"];
  required.push("total");
  customers.set("required", std::move(required));
  const Json ids = Json::object({{"type", "array"}, {"items", typed("string")}, {"minItems", 1}});
  return Json::object({
      {"Login",
       object_of({{"email", typed("string")}, {"password", typed("string")}, {"token?", or_null(typed("boolean"))}},
                 More::allowed)},
      {"User", object_of({{"id", typed("string")},
                          {"email", typed("string")},
                          {"name", or_null(typed("string"))},
                          {"role", role},
                          {"agency", or_null(typed("string"))}})},
      {"SignedIn", object_of({{"user", ref("User")}, {"token?", typed("string")}})},
      {"Me", object_of({{"user", ref("User")}})},
      {"PasswordChange", object_of({{"password", typed("string")}, {"newPassword", typed("string")}}, More::allowed)},
      {"AgencyUser", object_of({{"id", typed("string")},
                                {"email", typed("string")},
                                {"name", or_null(typed("string"))},
                                {"role", role},
                                {"disabled", typed("boolean")}})},
      {"UserList", page_of("users", "AgencyUser")},
      {"Customer", customer_schema(catalogue)},
      {"CustomerNew", customer_input(catalogue, true)},
      {"CustomerPatch", customer_input(catalogue, false)},
      {"CustomerList", std::move(customers)},
      {"BulkPatch", object_of({{"ids", ids}, {"set", ref("CustomerPatch")}}, More::allowed)},
      {"BulkDelete", object_of({{"ids", ids}}, More::allowed)},
      {"BulkReport", object_of({{"changed", typed("integer")}, {"undo", or_null(typed("string"))}})},
      {"BulkUndo", object_of({{"undo", typed("string")}}, More::allowed)},
      {"CustomerIds", object_of({{"ids", list_of(typed("string"))}})},
      {"CustomerTotals", object_of({{"count", typed("integer")}, {"premium", typed("number")}})},
      {"ImportReport", object_of({{"added", typed("integer")},
                                  {"updated", typed("integer")},
                                  {"unchanged", typed("integer")},
                                  {"errors?", list_of(import_error)}})},
      {"SyncTarget",
       object_of({{"tabName?", or_null(typed("string"))}, {"deletedCustomers?", or_null(deleted_schema())}},
                 More::allowed)},
      {"QueuedJob", object_of({{"success", const_of(true)},
                               {"message", typed("string")},
                               {"queued", const_of(true)},
                               {"jobId", typed("string")},
                               {"position", typed("integer")}})},
      {"TabResult", tab_result_schema()},
      {"JobResult", result_schema()},
      {"Job", job_schema()},
      {"JobList", page_of("jobs", "Job")},
      {"SyncStatus", object_of({{"isProcessing", typed("boolean")},
                                {"queueLength", typed("integer")},
                                {"status", one_of({"idle", "queued", "syncing", "waiting"})},
                                {"reason", or_null(typed("string"))},
                                {"current", or_null(ref("Job"))},
                                {"last", or_null(ref("Job"))},
                                {"eta", or_null(formatted("date-time"))}})},
      {"SyncQueue", object_of({{"queued", typed("integer")},
                               {"running", typed("integer")},
                               {"held", typed("integer")},
                               {"reason", or_null(typed("string"))},
                               {"reasonText", or_null(typed("string"))},
                               {"readyAt", or_null(formatted("date-time"))},
                               {"oldest", or_null(formatted("date-time"))},
                               {"lanes", list_of(object_of({{"user", typed("string")},
                                                            {"queued", typed("integer")},
                                                            {"running", typed("integer")},
                                                            {"oldest", or_null(formatted("date-time"))}}))},
                               {"ended", list_of(object_of({{"hour", formatted("date-time")},
                                                            {"succeeded", typed("integer")},
                                                            {"failed", typed("integer")},
                                                            {"cancelled", typed("integer")}}))}})},
      {"Activity", object_of({{"id", typed("string")},
                              {"at", formatted("date-time")},
                              {"user", or_null(typed("string"))},
                              {"what", typed("string")},
                              {"text", typed("string")},
                              {"record", or_null(typed("string"))},
                              {"job", or_null(typed("string"))}})},
      {"ActivityList", page_of("activity", "Activity")},
      {"HistoryEntry", object_of({{"id", typed("string")},
                                  {"record", or_null(typed("string"))},
                                  {"name", or_null(typed("string"))},
                                  {"job", or_null(typed("string"))},
                                  {"at", formatted("date-time")},
                                  {"user", or_null(typed("string"))},
                                  {"side", one_of({"app", "sheet"})},
                                  {"what", one_of({"cell", "add", "delete", "move", "restore"})},
                                  {"tab", or_null(typed("string"))},
                                  {"field", or_null(typed("string"))},
                                  {"row", or_null(typed("integer"))},
                                  {"before", Json(Json::Object{})},
                                  {"after", Json(Json::Object{})}})},
      {"HistoryList", page_of("history", "HistoryEntry")},
      {"Config", config_schema()},
      {"Health", object_of({{"status", one_of({"ok", "ready"})}})},
      {"Document",
       object_of({{"openapi", typed("string")}, {"info", typed("object")}, {"paths", typed("object")}}, More::allowed)},
      {"Problem", object_of(problem_members(object_of({{"field", typed("string")}, {"reason", typed("string")}})))},
      {"ImportProblem", object_of(problem_members(import_error))},
  });
}

// --- Operations. ---

Json content(std::string_view media_type, Json schema) {
  return Json::object({{std::string(media_type), Json::object({{"schema", std::move(schema)}})}});
}

Json parameter(std::string_view name, std::string_view in, bool required, Json schema) {
  return Json::object({{"name", name}, {"in", in}, {"required", required}, {"schema", std::move(schema)}});
}

Json query_schema(std::string_view name) {
  if (name == "limit") return Json::object({{"type", "integer"}, {"minimum", 1}, {"maximum", 200}});
  if (name == "offset") return Json::object({{"type", "integer"}, {"minimum", 0}});
  if (name == "renewal_from" || name == "renewal_to") return formatted("date");
  return typed("string");
}

Json refusal(const Described& line, int status) {
  const bool is_import = line.route == "import_customers" && status == 422;
  return Json::object({{"description", net::reason_phrase(status)},
                       {"content", content("application/problem+json", ref(is_import ? "ImportProblem" : "Problem"))}});
}

Json operation(const net::Route& route, const Described& line, const std::vector<std::string>& path_params) {
  Json parameters = Json::array();
  for (const std::string& name : path_params) parameters.push(parameter(name, "path", true, typed("string")));
  for (const std::string_view name : line.query) parameters.push(parameter(name, "query", false, query_schema(name)));
  const auto refuses = [&](int status) {
    return std::find(line.refusals.begin(), line.refusals.end(), status) != line.refusals.end();
  };
  if (refuses(412)) parameters.push(parameter("If-Match", "header", false, typed("string")));
  if (line.body == "SyncTarget") parameters.push(parameter("Idempotency-Key", "header", false, typed("string")));

  Json success = Json::object({{"description", net::reason_phrase(line.status)}});
  if (line.answer.contains('/'))
    success.set("content", content(line.answer, typed("string")));
  else if (!line.answer.empty())
    success.set("content", content("application/json", ref(line.answer)));
  Json responses = Json::object({{std::to_string(line.status), std::move(success)}});
  for (const int status : line.refusals) responses.set(std::to_string(status), refusal(line, status));
  if (line.who == Who::caller) responses.set("401", refusal(line, 401));
  if (!line.body.empty()) responses.set("413", refusal(line, 413));

  Json out =
      Json::object({{"operationId", route.name}, {"summary", line.summary}, {"parameters", std::move(parameters)}});
  if (line.body == "csv")
    out.set("requestBody", Json::object({{"required", true}, {"content", content("text/csv", typed("string"))}}));
  else if (!line.body.empty())
    out.set("requestBody", Json::object({{"required", line.body != "SyncTarget"},
                                         {"content", content("application/json", ref(line.body))}}));
  out.set("responses", std::move(responses));
  if (line.who == Who::open) out.set("security", Json::array());
  return out;
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

}  // namespace

bool is_described(std::string_view route_name) { return find_description(route_name) != nullptr; }

Json openapi_document(const std::deque<net::Route>& routes, const FieldCatalogue& catalogue, std::string_view version) {
  Json paths = Json(Json::Object{});
  for (const net::Route& route : routes) {
    std::vector<std::string> params;
    const std::string path = openapi_path(route.pattern, params);
    Json methods = paths.find(path) ? *paths.find(path) : Json(Json::Object{});
    std::string method = route.method;
    for (char& c : method) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    methods.set(method, operation(route, *find_description(route.name), params));
    paths.set(path, std::move(methods));
  }
  const Json security =
      Json(Json::Array{Json::object({{"bearer", Json::array()}}), Json::object({{"session", Json::array()}})});
  const Json schemes =
      Json::object({{"bearer", Json::object({{"type", "http"}, {"scheme", "bearer"}})},
                    {"session", Json::object({{"type", "apiKey"}, {"in", "cookie"}, {"name", auth::kSessionCookie}})}});
  return Json::object({{"openapi", "3.1.0"},
                       {"info", Json::object({{"title", "Rowlane"}, {"version", version}})},
                       {"security", security},
                       {"paths", std::move(paths)},
                       {"components", Json::object({{"schemas", schemas(catalogue)}, {"securitySchemes", schemes}})}});
}

}  // namespace rowlane::api
