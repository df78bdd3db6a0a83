// Jobs: accept, look, cancel, confirm, retry.
#include "api/answers.hpp"
#include "api/api.hpp"
#include "auth/secret.hpp"
#include "net/problem.hpp"

namespace rowlane::api {

namespace {
// An entry of `deletedCustomers`; nullopt when it has no shape that names a record.
std::optional<store::DeletedCustomer> read_deleted(const Json& entry) {
  store::DeletedCustomer out{.sent = entry};
  if (const std::string* id = entry.if_string()) {
    out.id = *id;
    return out;
  }
  if (!entry.if_object()) return std::nullopt;
  const std::pair<const char*, std::string*> members[] = {{"id", &out.id},
                                                          {"current_policy_no", &out.policy_no},
                                                          {"registration_no", &out.registration_no},
                                                          {"name", &out.name},
                                                          {"mobile_number", &out.mobile_number}};
  for (const auto& [name, text] : members) {
    const Json& value = entry[name];
    if (value.is_null()) continue;
    if (!value.if_string()) return std::nullopt;
    *text = *value.if_string();
  }
  return out;
}

// Reads `deletedCustomers` into the job; what is wrong with it.
std::vector<records::FieldProblem> read_deletions(const Json& body, store::NewJob& job) {
  std::vector<records::FieldProblem> problems;
  const Json& deleted = body["deletedCustomers"];
  const Json::Array* list = deleted.if_array();
  if (!list && !deleted.is_null()) problems.push_back({"deletedCustomers", "deletedCustomers must be a list"});
  if (!list) return problems;
  for (const Json& entry : *list) {
    auto one = read_deleted(entry);
    if (one)
      job.deleted.push_back(std::move(*one));
    else
      problems.push_back({"deletedCustomers", "deletedCustomers must hold ids, or objects of texts"});
  }
  return problems;
}

net::Response queue_full() {
  return problem_with(429, "queue_full: too many of your syncs are unfinished; wait for some of them", "queue_full",
                      Json());
}
}  // namespace

// The key of the tab that a caller names by its key or its title, which is the one that people see in the spreadsheet;
// the configured one stays good after a rename.
Task<Result<std::string>> Api::tab_named(const AgencySettings& own, std::string name) {
  for (const TabLayout& tab : own.tabs)
    if (tab.key == name) co_return tab.key;
  const auto spreadsheet = co_await store_.spreadsheet_state(own.id);
  if (!spreadsheet) co_return std::unexpected(spreadsheet.error());
  for (const auto& [key, tab] : spreadsheet->tabs)
    if (tab.title == name && own.find_tab(key)) co_return key;
  if (const TabLayout* tab = own.find_tab(name)) co_return tab->key;
  co_return fail(Errc::invalid_input, fmt::format("there is no tab '{}'", name), "tabName");
}

Json Api::job_json(const store::Job& job, AgencyId agency, RowLists lists) const {
  Json tabs = Json::array();
  for (const std::string& tab : job.tabs) tabs.push(tab);
  if (const AgencySettings* own = settings(agency); own && job.tabs.empty())
    for (const TabLayout& tab : own->tabs) tabs.push(tab.key);
  Json out = Json::object({{"id", std::to_string(job.id.value)},
                           {"user", text_or_null(job.user_email)},
                           {"direction", to_string(job.direction)},
                           {"tabs", std::move(tabs)},
                           {"state", to_string(job.state)},
                           {"reason", text_or_null(std::string(to_string(job.reason)))},
                           {"position", job.position},
                           {"attempt", job.attempt},
                           {"phase", text_or_null(job.phase)},
                           {"done", job.done},
                           {"total", job.total},
                           {"result", shown_result(job.result, lists)},
                           {"error", text_or_null(job.error)},
                           {"settledBy", id_or_null(job.settled_by)},
                           {"createdAt", to_iso8601(job.created_at)},
                           {"startedAt", time_or_null(job.started_at)},
                           {"finishedAt", time_or_null(job.finished_at)}});
  if (job.retry_of) out.set("retryOf", id_or_null(job.retry_of));
  return out;
}

Task<net::Response> Api::to_sheet(const Request& request, const Caller& caller) {
  return accept_sync(request, caller, Direction::to_sheet);
}

// POST /api/insurance/sync/DIRECTION: puts one job in the caller's lane and answers before any of it has run.
Task<net::Response> Api::accept_sync(const Request& request, const Caller& caller, Direction direction) {
  const AgencySettings* own = settings(caller.user.agency);
  if (!own) co_return net::problem(409, "the caller's agency is not in the configuration");
  const auto body = read_body(request);
  if (!body) co_return body.error();
  store::NewJob job{.scope = caller.scope,
                    .spreadsheet_id = own->spreadsheet_id,
                    .direction = direction,
                    .lane_jobs_max = options_.lane_jobs_max,
                    .idempotency_key = std::string(request.header("idempotency-key"))};
  std::vector<records::FieldProblem> problems = read_deletions(*body, job);
  if (const Json& name = (*body)["tabName"]; name.if_string()) {
    auto key = co_await tab_named(*own, *name.if_string());
    if (!key && key.error().code != Errc::invalid_input) co_return net::problem(key.error());
    if (key)
      job.tabs.push_back(std::move(*key));
    else
      problems.push_back({"tabName", key.error().message});
  } else if (!name.is_null()) {
    problems.push_back({"tabName", "tabName must be a text"});
  }
  if (!problems.empty()) co_return field_problems(400, problems);
  if (!job.idempotency_key.empty()) {
    job.idempotency_route = to_string(direction);
    job.body_hash = auth::token_hash(body->dump());  // a missing body is {}, however it is written
  }
  const auto queued = co_await store_.enqueue(std::move(job));
  if (!queued && queued.error().code == Errc::too_many) co_return queue_full();
  if (!queued && queued.error().field == "Idempotency-Key")
    co_return field_problems(422, {{queued.error().field, queued.error().message}});
  if (!queued) co_return net::problem(queued.error());
  co_return answer(202, Json::object({{"success", true},
                                      {"message", "Sync queued"},
                                      {"queued", true},
                                      {"jobId", std::to_string(queued->id.value)},
                                      {"position", queued->position}}));
}

Task<net::Response> Api::sync_status(const Request& request, const Caller& caller) {
  std::string key;
  if (const std::string* name = request.query_value("tabName"); name && !name->empty()) {
    const AgencySettings* own = settings(caller.user.agency);
    if (!own) co_return net::problem(409, "the caller's agency is not in the configuration");
    Result<std::string> known = co_await tab_named(*own, *name);
    if (!known) co_return net::problem(known.error());
    key = std::move(*known);
  }
  const auto lane = co_await store_.lane_status(caller.scope, key);
  if (!lane) co_return net::problem(lane.error());
  const bool is_running = lane->current && lane->current->state == JobState::running;
  const char* status = lane->unfinished == 0              ? "idle"
                       : is_running                       ? "syncing"
                       : lane->reason != WaitReason::none ? "waiting"
                                                          : "queued";
  const AgencyId agency = caller.user.agency;
  co_return answer(
      200, Json::object({{"isProcessing", is_running},
                         {"queueLength", lane->unfinished},
                         {"status", status},
                         {"reason", text_or_null(std::string(to_string(lane->reason)))},
                         {"current", lane->current ? job_json(*lane->current, agency, RowLists::first_rows) : Json()},
                         {"last", lane->last ? job_json(*lane->last, agency, RowLists::first_rows) : Json()},
                         {"eta", lane->eta_ms ? Json(to_iso8601(clock_.now() + Millis{*lane->eta_ms})) : Json()}}));
}

Task<net::Response> Api::sync_queue(const Request&, const Caller& caller) {
  constexpr Millis kDay{24 * 3'600'000};
  const auto queue = co_await store_.queue_overview(caller.scope, clock_.now() - kDay);
  if (!queue) co_return net::problem(queue.error());
  Json lanes = Json::array(), ended = Json::array();
  for (const auto& lane : queue->lanes)
    lanes.push(Json::object({{"user", lane.user},
                             {"queued", lane.queued},
                             {"running", lane.running},
                             {"oldest", time_or_null(lane.oldest)}}));
  for (const auto& hour : queue->ended)
    ended.push(Json::object({{"hour", to_iso8601(hour.hour)},
                             {"succeeded", hour.succeeded},
                             {"failed", hour.failed},
                             {"cancelled", hour.cancelled}}));
  co_return answer(200,
                   Json::object({{"queued", queue->queued},
                                 {"running", queue->running},
                                 {"held", queue->held},
                                 {"reason", text_or_null(std::string(to_string(queue->reason)))},
                                 {"reasonText", text_or_null(queue->reason_text)},
                                 {"readyAt", time_or_null(queue->ready_at)},
                                 {"oldest", queue->lanes.empty() ? Json() : time_or_null(queue->lanes.front().oldest)},
                                 {"lanes", std::move(lanes)},
                                 {"ended", std::move(ended)}}));
}

Task<net::Response> Api::list_jobs(const Request& request, const Caller& caller) {
  const auto limit = read_limit(request, 50);
  if (!limit) co_return net::problem(limit.error());
  const auto page = co_await store_.jobs(caller.scope, *limit, read_cursor(request));
  if (!page) co_return net::problem(page.error());
  Json list = Json::array();
  for (const store::Job& job : page->jobs) list.push(job_json(job, caller.user.agency, RowLists::first_rows));
  co_return answer(200, list_json("jobs", std::move(list), page->next_cursor));
}

// The answer of a route that does one thing with the job of its path.
Task<net::Response> Api::with_job(const Request& request, const Caller& caller, int status, JobCall call) {
  const auto id = read_number_id(path_id(request));
  if (!id) co_return no_such("job");
  const Result<store::Job> job = co_await (this->*call)(caller, {*id});
  if (!job && job.error().code == Errc::too_many) co_return queue_full();
  if (!job) co_return store_problem(job.error(), "job");
  co_return answer(status, job_json(*job, caller.user.agency, RowLists::whole));
}

Task<Result<store::Job>> Api::find_job(const Caller& caller, JobId id) { return store_.job(caller.scope, id); }
Task<Result<store::Job>> Api::cancel(const Caller& caller, JobId id) { return store_.cancel_job(caller.scope, id); }
Task<Result<store::Job>> Api::confirm(const Caller& caller, JobId id) { return store_.confirm_job(caller.scope, id); }
Task<Result<store::Job>> Api::retry(const Caller& caller, JobId id) {
  auto retried = co_await store_.retry_job(caller.scope, id, options_.lane_jobs_max);
  if (!retried) co_return std::unexpected(retried.error());
  co_return std::move(retried->job);
}

Task<net::Response> Api::get_job(const Request& request, const Caller& caller) {
  return with_job(request, caller, 200, &Api::find_job);
}
Task<net::Response> Api::cancel_job(const Request& request, const Caller& caller) {
  return with_job(request, caller, 200, &Api::cancel);
}
Task<net::Response> Api::confirm_job(const Request& request, const Caller& caller) {
  return with_job(request, caller, 200, &Api::confirm);
}
Task<net::Response> Api::retry_job(const Request& request, const Caller& caller) {
  return with_job(request, caller, 202, &Api::retry);
}

}  // namespace rowlane::api
