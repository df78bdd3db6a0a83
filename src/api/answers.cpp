#include "api/answers.hpp"

#include "base/text.hpp"
#include "net/problem.hpp"

namespace rowlane::api {

net::Response answer(int status, const Json& body) { return net::Response{.status = status, .body = body.dump()}; }

net::Response no_content() { return net::Response{.status = 204, .content_type = ""}; }

net::Response problem_with(int status, std::string_view sentence, std::string_view code, Json errors) {
  Json body = Json::object({{"type", "about:blank"},
                            {"title", net::reason_phrase(status)},
                            {"status", status},
                            {"detail", sentence},
                            {"error", sentence},
                            {"code", code}});
  if (errors.if_array()) body.set("errors", std::move(errors));
  return net::Response{.status = status, .content_type = "application/problem+json", .body = body.dump()};
}

net::Response field_problems(int status, const std::vector<records::FieldProblem>& problems) {
  Json errors = Json::array();
  for (const auto& [field, reason] : problems) errors.push(Json::object({{"field", field}, {"reason", reason}}));
  return problem_with(status, problems.empty() ? "the request is not valid" : problems.front().reason, "invalid_input",
                      std::move(errors));
}

net::Response refuse_caller(const Error& error) {
  net::Response refused = net::problem(error);
  if (error.code == Errc::unauthenticated) refused.headers.emplace_back("WWW-Authenticate", "Bearer");
  return refused;
}

net::Response refuse_admin() { return net::problem(403, "an admin runs the server and has no records"); }

net::Response no_such(std::string_view what) { return net::problem(404, fmt::format("there is no such {}", what)); }

net::Response store_problem(const Error& error, std::string_view what) {
  return error.code == Errc::not_found ? no_such(what) : net::problem(error);
}

std::optional<net::Response> refuse_other_type(const net::Request& request, std::string_view wanted) {
  const std::string_view header = request.header("content-type");
  const std::string type = fold_case(trim(header.substr(0, header.find(';'))));
  if (request.body.empty() || type.empty() || type == wanted) return std::nullopt;
  return problem_with(
      415, fmt::format("the content type must be {}, not {}", wanted, type), "invalid_input",
      Json(Json::Array{Json::object({{"field", "Content-Type"}, {"reason", fmt::format("must be {}", wanted)}})}));
}

std::expected<Json, net::Response> read_body(const net::Request& request) {
  if (auto refused = refuse_other_type(request, "application/json")) return std::unexpected(std::move(*refused));
  if (request.body.empty()) return Json(Json::Object{});
  auto body = parse_json(request.body);
  if (!body) return std::unexpected(net::problem(body.error()));
  if (!body->if_object()) return std::unexpected(net::problem(400, "the body must be a JSON object"));
  return std::move(*body);
}

std::string path_id(const net::Request& request) {
  const auto found = request.params.find("id");
  return found == request.params.end() ? std::string() : found->second;
}

std::optional<std::int64_t> read_number_id(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 1) return std::nullopt;
  return value;
}

Result<int> read_limit(const net::Request& request, int fallback) {
  const std::string* text = request.query_value("limit");
  if (!text) return fallback;
  const auto limit = read_number_id(*text);
  if (!limit || *limit > 200) return fail(Errc::invalid_input, "limit must be a whole number from 1 to 200", "limit");
  return static_cast<int>(*limit);
}

std::string read_cursor(const net::Request& request) {
  const std::string* text = request.query_value("cursor");
  return text ? *text : std::string();
}

Result<bool> read_flag(const net::Request& request, std::string_view name) {
  const std::string* text = request.query_value(name);
  if (!text || *text == "0" || *text == "false") return false;
  if (*text == "1" || *text == "true") return true;
  return fail(Errc::invalid_input, fmt::format("{} must be 1 or 0", name), std::string(name));
}

Json text_or_null(std::string text) { return text.empty() ? Json() : Json(std::move(text)); }
Json id_or_null(JobId id) { return id ? Json(std::to_string(id.value)) : Json(); }
Json time_or_null(const std::optional<WallTime>& time) { return time ? Json(to_iso8601(*time)) : Json(); }

Json list_json(const char* name, Json entries, std::string next_cursor) {
  return Json::object({{name, std::move(entries)}, {"nextCursor", text_or_null(std::move(next_cursor))}});
}

}  // namespace rowlane::api
