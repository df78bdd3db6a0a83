// Signing in, and what the caller may know of its agency.
#include "api/answers.hpp"
#include "api/api.hpp"
#include "net/problem.hpp"

namespace rowlane::api {

namespace {
Json user_json(const store::User& user, const AgencySettings* agency) {
  return Json::object({{"id", std::to_string(user.id.value)},
                       {"email", user.email},
                       {"name", text_or_null(user.name)},
                       {"role", store::to_string(user.role)},
                       {"agency", agency ? Json(agency->key) : Json()}});
}

std::vector<records::FieldProblem> check_texts(const Json& body, std::initializer_list<const char*> names) {
  std::vector<records::FieldProblem> problems;
  for (const char* name : names)
    if (!body[name].if_string()) problems.push_back({name, fmt::format("{} must be a text", name)});
  return problems;
}
}  // namespace

Task<net::Response> Api::login(const Request& request) {
  const auto body = read_body(request);
  if (!body) co_return body.error();
  std::vector<records::FieldProblem> problems = check_texts(*body, {"email", "password"});
  if (const Json& token = (*body)["token"]; !token.is_null() && !token.if_bool())
    problems.push_back({"token", "token must be true or false"});
  if (!problems.empty()) co_return field_problems(400, problems);
  const bool* with_token = (*body)["token"].if_bool();
  auth::Credentials credentials{.email = (*body)["email"].string_or(),
                                .password = (*body)["password"].string_or(),
                                .address = request.client_address,
                                .with_token = with_token && *with_token};
  auto signed_in = co_await auth_.sign_in(std::move(credentials));
  if (!signed_in) co_return net::problem(signed_in.error());
  Json out = Json::object({{"user", user_json(signed_in->user, settings(signed_in->user.agency))}});
  if (signed_in->token) out.set("token", *signed_in->token);
  net::Response response = answer(200, out);
  response.headers.emplace_back("Set-Cookie", signed_in->cookie);
  response.headers.emplace_back("Cache-Control", "no-store");
  co_return response;
}

Task<net::Response> Api::logout(const Request&, const Caller& caller) {
  const auto cookie = co_await auth_.sign_out(caller);
  if (!cookie) co_return net::problem(cookie.error());
  net::Response response = no_content();
  response.headers.emplace_back("Set-Cookie", *cookie);
  co_return response;
}

Task<net::Response> Api::me(const Request&, const Caller& caller) {
  co_return answer(200, Json::object({{"user", user_json(caller.user, settings(caller.user.agency))}}));
}

Task<net::Response> Api::password(const Request& request, const Caller& caller) {
  const auto body = read_body(request);
  if (!body) co_return body.error();
  const std::vector<records::FieldProblem> problems = check_texts(*body, {"password", "newPassword"});
  if (!problems.empty()) co_return field_problems(400, problems);
  const Status changed = co_await auth_.change_password(caller, (*body)["password"].string_or(),
                                                        (*body)["newPassword"].string_or(), request.client_address);
  if (!changed) co_return net::problem(changed.error());
  co_return no_content();
}

Task<net::Response> Api::users(const Request& request, const Caller& caller) {
  const auto limit = read_limit(request, 200);
  if (!limit) co_return net::problem(limit.error());
  const std::string cursor = read_cursor(request);
  const auto after = cursor.empty() ? std::optional<std::int64_t>(0) : read_number_id(cursor);
  if (!after) co_return field_problems(400, {{"cursor", "cursor is not one that a list returned"}});
  const auto people = co_await store_.users(caller.user.agency);
  if (!people) co_return net::problem(people.error());
  Json list = Json::array();
  std::int64_t last = 0;
  std::string next_cursor;
  for (const store::User& user : *people) {  // in the order of their ids
    if (user.id.value <= *after || (caller.user.role == store::Role::agent && user.id != caller.user.id)) continue;
    if (static_cast<int>(list.if_array()->size()) == *limit) {
      next_cursor = std::to_string(last);
      break;
    }
    last = user.id.value;
    list.push(Json::object({{"id", std::to_string(last)},
                            {"email", user.email},
                            {"name", text_or_null(user.name)},
                            {"role", store::to_string(user.role)},
                            {"disabled", user.disabled}}));
  }
  co_return answer(200, list_json("users", std::move(list), std::move(next_cursor)));
}

Task<net::Response> Api::config(const Request&, const Caller& caller) {
  const AgencySettings* own = settings(caller.user.agency);
  if (!own) co_return net::problem(409, "the caller's agency is not in the configuration");
  const auto state = co_await store_.spreadsheet_state(caller.user.agency);
  if (!state) co_return net::problem(state.error());
  Json tabs = Json::array();
  for (const TabLayout& tab : own->tabs) {
    Json headers = Json(Json::Object{}), held = Json::array();
    const auto known = state->tabs.find(tab.key);
    const bool connected = known != state->tabs.end();
    for (const ColumnMap& column : tab.columns) {
      const std::string name(catalogue_.name(column.field));
      const bool read = connected && known->second.headers.contains(name);
      headers.set(name, read ? known->second.headers.at(name) : column.header);
    }
    for (const std::string& vertical : tab.verticals) held.push(vertical);
    tabs.push(Json::object({{"key", tab.key},
                            {"title", connected ? known->second.title : tab.title},
                            {"verticals", std::move(held)},
                            {"newVertical", tab.new_vertical},
                            {"sheetId", connected ? Json(known->second.sheet_id) : Json()},
                            {"headers", std::move(headers)}}));
  }
  Json fields = Json::array();
  std::vector<FieldId> ids = extras(caller.user.agency);
  for (FieldId id = field::shipped_count; id-- > 0;) ids.insert(ids.begin(), id);
  for (const FieldId id : ids) {
    Json choices;
    if (catalogue_.type(id) == FieldType::choice)
      for (const std::string& name : verticals()) choices.push(name);
    fields.push(Json::object({{"name", catalogue_.name(id)},
                              {"type", to_string(catalogue_.type(id))},
                              {"required", id == field::name || id == field::vertical},
                              {"extra", FieldCatalogue::is_extra(id)},
                              {"choices", std::move(choices)}}));
  }
  const std::string link = options_.spreadsheet_link ? options_.spreadsheet_link(*own) : "";
  const std::string share = options_.share_with ? options_.share_with(*own) : "";
  const std::string reason(to_string(state->reason));
  const char* shown = state->reason != WaitReason::none ? "waiting"
                      : state->running > 0              ? "syncing"
                      : state->queued > 0               ? "queued"
                                                        : "idle";
  co_return answer(200, Json::object({{"agency", Json::object({{"key", own->key}, {"name", own->name}})},
                                      {"spreadsheet", Json::object({{"id", own->spreadsheet_id},
                                                                    {"link", text_or_null(link)},
                                                                    {"shareWith", text_or_null(share)},
                                                                    {"state", shown},
                                                                    {"reason", text_or_null(reason)},
                                                                    {"reasonText", text_or_null(state->reason_text)}})},
                                      {"tabs", std::move(tabs)},
                                      {"fields", std::move(fields)},
                                      {"demo", options_.is_demo}}));
}

}  // namespace rowlane::api
