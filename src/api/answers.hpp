// Small parts that the handlers share: answers, bodies, parameters.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
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
// What is not in the caller's scope, is missing or malformed gets one answer, word by word.
net::Response no_such(std::string_view what);
net::Response store_problem(const Error& error, std::string_view what);

// The body as a JSON object; an empty one is {}.
Result<Json> read_body(const net::Request& request);
Json text_or_null(std::string text);
Result<int> read_limit(const net::Request& request, int fallback);
std::string read_cursor(const net::Request& request);
bool read_flag(const net::Request& request, std::string_view name);

}  // namespace rowlane::api
