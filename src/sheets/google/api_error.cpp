#include "sheets/google/api_error.hpp"

#include <fmt/format.h>

#include <charconv>

#include "base/json.hpp"
#include "base/text.hpp"
#include "net/http.hpp"

namespace rowlane::sheets::google {

namespace {

constexpr std::size_t kMessageBytesMax = 300;

struct Parsed {
  bool is_googles = false;              // the body has the shape of Google's errors
  std::string message, status, reason;  // `reason`: Drive's, or of Sheets' ErrorInfo
};

Parsed parse_body(const net::HttpAnswer& answer) {
  Parsed parsed;
  const Result<Json> body = parse_json(answer.body);
  if (!body) return parsed;
  const Json& error = (*body)["error"];
  parsed.is_googles = error.if_object() != nullptr;
  parsed.message = error["message"].string_or();
  parsed.status = error["status"].string_or();
  for (const char* list : {"errors", "details"}) {
    const Json::Array* entries = error[list].if_array();
    if (entries == nullptr) continue;
    for (const Json& entry : *entries)
      if (parsed.reason.empty()) parsed.reason = entry["reason"].string_or();
  }
  return parsed;
}

// "Invalid requests[3].updateCells: ..." and "Invalid value at 'requests[3].update_cells...'".
std::optional<int> request_number(std::string_view message) {
  constexpr std::string_view kMark = "requests[";
  const std::size_t at = message.find(kMark);
  if (at == std::string_view::npos) return std::nullopt;
  const char* first = message.data() + at + kMark.size();
  int number = 0;
  const auto [end, code] = std::from_chars(first, message.data() + message.size(), number);
  if (code != std::errc() || end == message.data() + message.size() || *end != ']' || number < 0) return std::nullopt;
  return number;
}

// Retry-After in seconds or as a date, up to an hour; nullopt where it names no time to come.
std::optional<Millis> retry_after(const net::HttpAnswer& answer, WallTime now) {
  const std::string_view text = answer.header("retry-after");
  Millis wait{0};
  int seconds = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (code == std::errc() && end == text.data() + text.size())
    wait = std::chrono::seconds(seconds);
  else if (const std::optional<WallTime> date = net::parse_http_date(text))
    wait = std::chrono::duration_cast<Millis>(*date - now);
  if (wait <= Millis{0}) return std::nullopt;
  return std::min<Millis>(wait, std::chrono::hours(1));
}

bool is_quota_reason(std::string_view reason) {
  return reason == "rateLimitExceeded" || reason == "userRateLimitExceeded" || reason == "quotaExceeded" ||
         reason == "dailyLimitExceeded" || reason == "RATE_LIMIT_EXCEEDED";
}
bool is_api_off_reason(std::string_view reason) {
  return reason == "accessNotConfigured" || reason == "SERVICE_DISABLED";
}

Error bad_request(const Parsed& parsed, const CallContext& context) {
  Error error{.code = Errc::invalid_input,
              .message = "Google refuses the request: " + shorten(parsed.message, kMessageBytesMax)};
  if (const std::optional<int> number = request_number(parsed.message); number && context.op_of_request != nullptr) {
    const std::vector<int>& ops = *context.op_of_request;
    if (static_cast<std::size_t>(*number) < ops.size()) error.request_index = ops[static_cast<std::size_t>(*number)];
  }
  if (parsed.message.contains("No grid with id")) error.code = Errc::sheet_missing;
  // An .xlsx that people opened in Sheets looks like a spreadsheet to them, and its address too.
  if (parsed.status == "FAILED_PRECONDITION" && parsed.message.contains("not supported for this document"))
    return {.code = Errc::not_shared,
            .message =
                "the spreadsheet is an Excel file that was opened in Google Sheets: save it as a Google Sheet "
                "(File, Save as Google Sheets), and put the new one's id into spreadsheet_id"};
  return error;
}

Error not_shared(const Parsed& parsed, const CallContext& context) {
  const std::string sentence =
      context.share_with.empty()
          ? std::string("the spreadsheet cannot be opened")
          : fmt::format("the spreadsheet is not there or not shared: share it with {} as an editor",
                        context.share_with);
  return {.code = Errc::not_shared,
          .message = fmt::format("{} (Google: {})", sentence, shorten(parsed.message, kMessageBytesMax))};
}

}  // namespace

Error error_of(const net::HttpAnswer& answer, const CallContext& context) {
  const Parsed parsed = parse_body(answer);
  const auto quota = [&] {
    return Error{.code = Errc::quota_exceeded,
                 .message = "Google's quota is used up: " + shorten(parsed.message, kMessageBytesMax),
                 .retry_after = retry_after(answer, context.now).value_or(context.quota_window)};
  };
  const bool needs_googles_word = answer.status == 401 || answer.status == 403 || answer.status == 404;
  switch (needs_googles_word && !parsed.is_googles ? 0 : answer.status) {
    case 400:
      return bad_request(parsed, context);
    case 401:
      return {.code = Errc::credentials,
              .message = "Google refuses a fresh token: " + shorten(parsed.message, kMessageBytesMax)};
    case 403:
      if (is_quota_reason(parsed.reason) || parsed.status == "RESOURCE_EXHAUSTED") return quota();
      if (is_api_off_reason(parsed.reason))
        return {.code = Errc::credentials,
                .message = "the account's Google Cloud project has this API switched off: " +
                           shorten(parsed.message, kMessageBytesMax)};
      return not_shared(parsed, context);
    case 404:
      return not_shared(parsed, context);
    case 413:
      return {.code = Errc::too_large, .message = "the request is too large for Google"};
    case 429:
      return quota();
    default:
      break;
  }
  // Also an answer nobody expects, such as a redirect: a write may have passed whatever gave it.
  const Errc code = context.is_write ? Errc::unknown_outcome : Errc::unavailable;
  const bool says_why = !parsed.message.empty();
  return {.code = code,
          .message = fmt::format("Google answered {}{}{}", answer.status, says_why ? ": " : "",
                                 shorten(parsed.message, kMessageBytesMax)),
          .retry_after = retry_after(answer, context.now)};
}

Error error_of(Error transport, bool is_write) {
  if (transport.code == Errc::unknown_outcome && !is_write) transport.code = Errc::unavailable;
  return transport;
}

}  // namespace rowlane::sheets::google
