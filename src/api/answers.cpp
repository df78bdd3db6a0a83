#include "api/answers.hpp"

#include "net/problem.hpp"

namespace rowlane::api {

net::Response answer(int status, const Json& body) { return net::Response{.status = status, .body = body.dump()}; }

net::Response no_content() { return net::Response{.status = 204, .content_type = ""}; }

net::Response problem_with(int status, std::string_view sentence, std::string_view code, Json errors) {
  Json body = Json::object({{"type", "about:blank"}, {"title", net::reason_phrase(status)}, {"status", status},
                            {"detail", sentence}, {"error", sentence}, {"code", code}});
  if (errors.if_array()) body.set("errors", std::move(errors));
  return net::Response{.status = status, .content_type = "application/problem+json", .body = body.dump()};
}

net::Response field_problems(int status, const std::vector<records::FieldProblem>& problems) {
  Json errors = Json::array();
  for (const auto& [field, reason] : problems) errors.push(Json::object({{"field", field}, {"reason", reason}}));
  return problem_with(status, problems.empty() ? "the request is not valid" : problems.front().reason, "invalid_input", std::move(errors));
}

net::Response no_such(std::string_view what) { return net::problem(404, fmt::format("there is no such {}", what)); }

net::Response store_problem(const Error& error, std::string_view what) {
  return error.code == Errc::not_found ? no_such(what) : net::problem(error);
}

Result<Json> read_body(const net::Request& request) {
  if (request.body.empty()) return Json(Json::Object{});
  auto body = parse_json(request.body);
  if (body && !body->if_object()) return fail(Errc::invalid_input, "the body must be a JSON object");
  return body;
}

Json text_or_null(std::string text) { return text.empty() ? Json() : Json(std::move(text)); }

Result<int> read_limit(const net::Request& request, int fallback) {
  const std::string* text = request.query_value("limit");
  if (!text) return fallback;
  int limit = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), limit);
  if (error != std::errc() || end != text->data() + text->size() || limit < 1 || limit > 200)
    return fail(Errc::invalid_input, "limit must be a whole number from 1 to 200", "limit");
  return limit;
}

std::string read_cursor(const net::Request& request) {
  const std::string* text = request.query_value("cursor");
  return text ? *text : std::string();
}

bool read_flag(const net::Request& request, std::string_view name) {
  const std::string* text = request.query_value(name);
  return text && (*text == "1" || *text == "true");
}

}  // namespace rowlane::api
