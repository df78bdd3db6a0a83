// Small parts that the handlers share: answers, bodies, parameters.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/id.hpp"
#include "base/json.hpp"
#include "net/http.hpp"
#include "records/record_json.hpp"

namespace rowlane::api {

net::Response answer(int status, const Json& body);
net::Response no_content();
// problem+json with `errors: [{field, reason}]`.
net::Response field_problems(int status, const std::vector<records::FieldProblem>& problems);
// problem+json with any list under `errors`.
net::Response problem_with(int status, std::string_view sentence, std::string_view code, Json errors);
// Of a caller whom `auth` does not know, or does not let in this way.
net::Response refuse_caller(const Error& error);
// Of what holds records.
net::Response refuse_admin();
// What is not in the caller's scope, is missing or malformed gets one answer, word by word.
net::Response no_such(std::string_view what);
net::Response store_problem(const Error& error, std::string_view what);

// The refusal of a body whose content type says it is something else; none when there is no body or no type.
std::optional<net::Response> refuse_other_type(const net::Request& request, std::string_view wanted);
// The body as a JSON object; an empty one is {}. Otherwise the refusal: 415, or 400 with the position.
std::expected<Json, net::Response> read_body(const net::Request& request);

// The `{id}` of the path.
std::string path_id(const net::Request& request);
// A whole number above zero, as jobs and users are numbered.
std::optional<std::int64_t> read_number_id(std::string_view text);
// The `limit` of a list, 1 to 200.
Result<int> read_limit(const net::Request& request, int fallback);
std::string read_cursor(const net::Request& request);
// `?NAME=1` or `=true`; false where it is not given. What might be either is refused.
Result<bool> read_flag(const net::Request& request, std::string_view name);

Json text_or_null(std::string text);
Json id_or_null(JobId id);
Json time_or_null(const std::optional<WallTime>& time);
// {NAME: [...], nextCursor}.
Json list_json(const char* name, Json entries, std::string next_cursor);

}  // namespace rowlane::api
