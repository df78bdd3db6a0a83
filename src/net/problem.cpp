#include "net/problem.hpp"

#include <algorithm>

#include "base/json.hpp"

namespace rowlane::net {

namespace {
// What a client can act on, for answers that have no Errc of their own.
std::string_view code_for_status(int status) {
  switch (status) {
    case 401:
      return "unauthenticated";
    case 403:
      return "forbidden";
    case 404:
      return "not_found";
    case 405:
      return "method_not_allowed";
    case 408:
      return "timeout";
    case 409:
      return "conflict";
    case 412:
      return "precondition";
    case 413:
      return "too_large";
    case 429:
      return "too_many";
    case 500:
      return "internal";
    case 501:
      return "not_implemented";
    case 503:
      return "unavailable";
    default:
      return status < 500 ? "invalid_input" : "internal";
  }
}

Response build(int status, std::string_view sentence, std::string_view code, const std::vector<FieldError>& errors) {
  Json body = Json::object({{"type", "about:blank"},
                            {"title", reason_phrase(status)},
                            {"status", status},
                            {"detail", sentence},
                            {"error", sentence},
                            {"code", code}});
  if (!errors.empty()) {
    Json list = Json::array();
    for (const FieldError& error : errors) list.push(Json::object({{"field", error.field}, {"reason", error.reason}}));
    body.set("errors", std::move(list));
  }
  return Response{.status = status, .content_type = "application/problem+json", .body = body.dump()};
}
}  // namespace

std::string_view reason_phrase(int status) {
  switch (status) {
    case 100:
      return "Continue";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 411:
      return "Length Required";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 428:
      return "Precondition Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Unknown";
  }
}

int status_of(Errc code) {
  switch (code) {
    case Errc::invalid_input:
      return 400;
    case Errc::unauthenticated:
      return 401;
    case Errc::forbidden:
      return 403;
    case Errc::not_found:
      return 404;
    case Errc::conflict:
    case Errc::not_shared:
    case Errc::sheet_missing:
      return 409;
    case Errc::precondition:
      return 412;
    case Errc::too_large:
      return 413;
    case Errc::too_many:
      return 429;
    case Errc::unknown_outcome:
      return 502;
    case Errc::quota_exceeded:
    case Errc::unavailable:
    case Errc::credentials:
    case Errc::lease_lost:
      return 503;
    case Errc::corrupt:
      return 500;
  }
  return 500;
}

Response problem(int status, std::string_view sentence) { return build(status, sentence, code_for_status(status), {}); }

Response problem(const Error& error) {
  std::vector<FieldError> errors;
  if (!error.field.empty()) errors.push_back({error.field, error.message});
  return problem(status_of(error.code), error, errors);
}

Response problem(int status, const Error& error, const std::vector<FieldError>& errors) {
  Response response = build(status, error.message, to_string(error.code), errors);
  if (error.retry_after) {
    // Whole seconds, rounded up, so that nobody comes back too early.
    const auto seconds = (std::max<std::int64_t>(error.retry_after->count(), 0) + 999) / 1000;
    response.headers.emplace_back("Retry-After", std::to_string(seconds));
  }
  return response;
}

}  // namespace rowlane::net
