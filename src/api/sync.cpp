// Jobs: accept, look, cancel, confirm, retry.
#include "api/answers.hpp"
#include "api/api.hpp"
#include "auth/secret.hpp"
#include "net/problem.hpp"

namespace rowlane::api {

namespace {
std::optional<JobId> read_job_id(const net::Request& request) {
  const auto found = request.params.find("id");
  if (found == request.params.end()) return std::nullopt;
  const std::string& text = found->second;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 1) return std::nullopt;
  return JobId{value};
}

Json id_or_null(JobId id) { return id ? Json(std::to_string(id.value)) : Json(); }
Json time_or_null(const std::optional<WallTime>& time) { return time ? Json(to_iso8601(*time)) : Json(); }

// An entry of `deletedCustomers`; nullopt when it has no shape that names a record.
std::optional<store::DeletedCustomer> read_deleted(const Json& entry) {
  store::DeletedCustomer out{.sent = entry};
  if (const std::string* id = entry.if_string()) {
    out.id = *id;
    return out;
  }
  if (!entry.if_object()) return std::nullopt;
  const std::pair<const char*, std::string*> members[] = {{"id", &out.id}, {"current_policy_no", &out.policy_no},
                                                          {"registration_no", &out.registration_no}, {"name", &out.name},
                                                          {"mobile_number", &out.mobile_number}};
  for (const auto& [name, text] : members) {
    const Json& value = entry[name];
    if (value.is_null()) continue;
    if (!value.if_string()) return std::nullopt;
    *text = *value.if_string();
  }
  return out;
}
}  // namespace

Json Api::job_json(const store::Job& job, AgencyId agency) const {
  Json tabs = Json::array();
  for (const std::string& tab : job.tabs) tabs.push(tab);
  if (const AgencySettings* own = settings(agency); own && job.tabs.empty())
    for (const TabLayout& tab : own->tabs) tabs.push(tab.key);
  Json result;
  if (!job.result.empty()) result = parse_json(job.result).value_or(Json());
  return Json::object({{"id", std::to_string(job.id.value)},
                       {"direction", to_string(job.direction)},
                       {"tabs", std::move(tabs)},
                       {"state", to_string(job.state)},
                       {"reason", text_or_null(std::string(to_string(job.reason)))},
                       {"position", job.position},
                       {"attempt", job.attempt},
                       {"phase", text_or_null(job.phase)},
                       {"done", job.done},
                       {"total", job.total},
                       {"result", std::move(result)},
                       {"error", text_or_null(job.error)},
                       {"settledBy", id_or_null(job.settled_by)},
                       {"retryOf", id_or_null(job.retry_of)},
                       {"createdAt", to_iso8601(job.created_at)},
                       {"startedAt", time_or_null(job.started_at)},
                       {"finishedAt", time_or_null(job.finished_at)}});
}

// POST /api/insurance/sync/to-sheet: puts one job in the caller's lane and answers before any of it has run.
Task<net::Response> Api::to_sheet(const Request& request, const Caller& caller) {
  const AgencySettings* own = settings(caller.user.agency);
  if (!own) co_return net::problem(409, "the caller's agency is not in the configuration");
  const auto body = read_body(request);
  if (!body) co_return net::problem(body.error());
  std::vector<records::FieldProblem> problems;
  store::NewJob job{.scope = caller.scope, .spreadsheet_id = own->spreadsheet_id, .lane_jobs_max = options_.lane_jobs_max,
                    .idempotency_key = std::string(request.header("idempotency-key"))};
  const Json& tab_name = (*body)["tabName"];
  if (const std::string* name = tab_name.if_string()) {
    if (const TabLayout* tab = own->find_tab(*name)) job.tabs.push_back(tab->key);
    else problems.push_back({"tabName", fmt::format("there is no tab '{}'", *name)});
  } else if (!tab_name.is_null()) {
    problems.push_back({"tabName", "tabName must be a text"});
  }
  const Json& deleted = (*body)["deletedCustomers"];
  if (const Json::Array* list = deleted.if_array()) {
    for (const Json& entry : *list) {
      auto one = read_deleted(entry);
      if (one) job.deleted.push_back(std::move(*one));
      else problems.push_back({"deletedCustomers", "deletedCustomers must hold ids, or objects of texts"});
    }
  } else if (!deleted.is_null()) {
    problems.push_back({"deletedCustomers", "deletedCustomers must be a list"});
  }
  if (!problems.empty()) co_return field_problems(400, problems);
  const bool with_key = !job.idempotency_key.empty();
  if (with_key) {
    job.idempotency_route = "to-sheet";
    job.body_hash = auth::token_hash(request.body);
  }
  const auto queued = co_await store_.enqueue(std::move(job));
  if (!queued && queued.error().code == Errc::too_many)
    co_return problem_with(429, "queue_full: too many of your syncs are unfinished; wait for some of them", "queue_full", Json());
  if (!queued && queued.error().code == Errc::invalid_input && with_key) co_return net::problem(422, queued.error(), {});
  if (!queued) co_return net::problem(queued.error());
  co_return answer(202, Json::object({{"success", true}, {"message", "Sync queued"}, {"queued", true},
                                      {"jobId", std::to_string(queued->id.value)}, {"position", queued->position}}));
}

Task<net::Response> Api::sync_status(const Request& request, const Caller& caller) {
  std::string key;
  if (const std::string* name = request.query_value("tabName"); name && !name->empty()) {
    const AgencySettings* own = settings(caller.user.agency);
    const TabLayout* tab = own ? own->find_tab(*name) : nullptr;
    if (!tab) co_return field_problems(400, {{"tabName", fmt::format("there is no tab '{}'", *name)}});
    key = tab->key;
  }
  const auto lane = co_await store_.lane_status(caller.scope, key);
  if (!lane) co_return net::problem(lane.error());
  const bool is_running = lane->current && lane->current->state == JobState::running;
  const char* status = lane->unfinished == 0 ? "idle" : is_running ? "syncing" : lane->reason != WaitReason::none ? "waiting" : "queued";
  const AgencyId agency = caller.user.agency;
  co_return answer(200, Json::object({{"isProcessing", is_running},
                                      {"queueLength", lane->unfinished},
                                      {"status", status},
                                      {"reason", text_or_null(std::string(to_string(lane->reason)))},
                                      {"current", lane->current ? job_json(*lane->current, agency) : Json()},
                                      {"last", lane->last ? job_json(*lane->last, agency) : Json()},
                                      {"eta", lane->eta_ms ? Json(to_iso8601(clock_.now() + Millis{*lane->eta_ms})) : Json()}}));
}

Task<net::Response> Api::list_jobs(const Request& request, const Caller& caller) {
  const auto limit = read_limit(request, 50);
  if (!limit) co_return net::problem(limit.error());
  const auto page = co_await store_.jobs(caller.scope, *limit, read_cursor(request));
  if (!page) co_return net::problem(page.error());
  Json list = Json::array();
  for (const store::Job& job : page->jobs) list.push(job_json(job, caller.user.agency));
  co_return answer(200, Json::object({{"jobs", std::move(list)}, {"nextCursor", text_or_null(page->next_cursor)}}));
}

Task<net::Response> Api::get_job(const Request& request, const Caller& caller) {
  const auto id = read_job_id(request);
  if (!id) co_return no_such("job");
  const auto job = co_await store_.job(caller.scope, *id);
  if (!job) co_return store_problem(job.error(), "job");
  co_return answer(200, job_json(*job, caller.user.agency));
}

Task<net::Response> Api::cancel_job(const Request& request, const Caller& caller) {
  const auto id = read_job_id(request);
  if (!id) co_return no_such("job");
  const auto job = co_await store_.cancel_job(caller.scope, *id);
  if (!job) co_return store_problem(job.error(), "job");
  co_return answer(200, job_json(*job, caller.user.agency));
}

Task<net::Response> Api::confirm_job(const Request& request, const Caller& caller) {
  const auto id = read_job_id(request);
  if (!id) co_return no_such("job");
  const auto job = co_await store_.confirm_job(caller.scope, *id);
  if (!job) co_return store_problem(job.error(), "job");
  co_return answer(200, job_json(*job, caller.user.agency));
}

Task<net::Response> Api::retry_job(const Request& request, const Caller& caller) {
  const auto id = read_job_id(request);
  if (!id) co_return no_such("job");
  const auto retried = co_await store_.retry_job(caller.scope, *id, options_.lane_jobs_max);
  if (!retried) co_return store_problem(retried.error(), "job");
  co_return answer(202, job_json(retried->job, caller.user.agency));
}

}  // namespace rowlane::api
