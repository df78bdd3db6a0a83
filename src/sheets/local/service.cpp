// How a call goes through: faults, who may, quota, the route, the log.
#include <fmt/format.h>

#include <algorithm>

#include "base/log.hpp"
#include "sheets/local/impl.hpp"

namespace rowlane::sheets::local {

std::string_view to_string(CallKind kind) {
  switch (kind) {
    case CallKind::read:
      return "read";
    case CallKind::write:
      return "write";
    case CallKind::token:
      return "token";
    case CallKind::drive:
      return "drive";
    case CallKind::other:
      return "other";
  }
  return "other";
}

void Faults::script(CallKind kind, Fault fault, int count) {
  for (int i = 0; i < count; ++i) scripted_.emplace_back(kind, fault);
}

Fault Faults::decide(const CallInfo& call) {
  if (hook) {
    Fault fault = hook(call);
    const bool idle = fault.kind == Fault::Kind::none && fault.delay_before == Millis{0} &&
                      fault.delay_after == Millis{0} && !fault.expire_tokens && fault.edit_before.empty() &&
                      fault.edit_after.empty();
    if (!idle) return fault;
  }
  const auto found = std::ranges::find_if(scripted_, [&](const auto& entry) { return entry.first == call.kind; });
  if (found == scripted_.end()) return {};
  Fault fault = std::move(found->second);
  scripted_.erase(found);
  return fault;
}

bool QuotaWindow::take(CallKind kind, const std::string& account, const QuotaLimits& limits, WallTime now) {
  const std::int64_t minute = to_ms(now) / 60'000;
  if (minute != minute_) {
    minute_ = minute;
    by_account_.clear();
    project_ = {};
  }
  auto& own = by_account_[account];
  int& mine = kind == CallKind::read ? own.first : own.second;
  int& all = kind == CallKind::read ? project_.first : project_.second;
  const int mine_max = kind == CallKind::read ? limits.reads : limits.writes,
            all_max = kind == CallKind::read ? limits.project_reads : limits.project_writes;
  if ((mine_max && mine >= mine_max) || (all_max && all >= all_max)) return false;
  ++mine;
  ++all;
  return true;
}

net::Response json_response(std::string body) {
  return {.content_type = "application/json; charset=UTF-8", .body = std::move(body)};
}

net::Response error_response(const ApiError& error) {
  Json inner = Json::object({{"code", error.code}, {"message", error.message}, {"status", error.status}});
  if (!error.details.is_null()) inner.set("details", error.details);
  net::Response out = json_response(Json::object({{"error", std::move(inner)}}).dump());
  out.status = error.code;
  if (error.code == 401)
    out.headers.emplace_back("WWW-Authenticate",
                             "Bearer realm=\"https://accounts.google.com/\", error=\"invalid_token\"");
  return out;
}

namespace {

ApiError status_error(int status) {
  switch (status) {
    case 401:
      return {401,
              "UNAUTHENTICATED",
              "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie "
              "or other valid authentication credential.",
              {}};
    case 403:
      return {403, "PERMISSION_DENIED", "The caller does not have permission", {}};
    case 404:
      return {404, "NOT_FOUND", "Requested entity was not found.", {}};
    case 429:
      return {429,
              "RESOURCE_EXHAUSTED",
              "Quota exceeded for quota metric 'Requests' and limit 'Requests per minute per user' of "
              "service 'sheets.googleapis.com'.",
              {}};
    case 500:
      return {500, "INTERNAL", "Internal error encountered.", {}};
    case 503:
      return {503, "UNAVAILABLE", "The service is currently unavailable.", {}};
    case 504:
      return {504, "DEADLINE_EXCEEDED", "Deadline expired before operation could complete.", {}};
    default:
      return {status, status >= 500 ? "INTERNAL" : "INVALID_ARGUMENT", "Request contains an invalid argument.", {}};
  }
}

ApiError quota_error(CallKind kind, bool of_project) {
  const std::string_view what = kind == CallKind::read ? "Read" : "Write";
  const std::string limit = fmt::format("{} requests per minute{}", what, of_project ? "" : " per user");
  ApiError error{429,
                 "RESOURCE_EXHAUSTED",
                 fmt::format("Quota exceeded for quota metric '{} requests' and limit '{}' of service "
                             "'sheets.googleapis.com' for consumer 'project_number:0'.",
                             what, limit),
                 {}};
  Json details = Json::array();
  details.push(
      Json::object({{"@type", "type.googleapis.com/google.rpc.ErrorInfo"},
                    {"reason", "RATE_LIMIT_EXCEEDED"},
                    {"domain", "googleapis.com"},
                    {"metadata", Json::object({{"service", "sheets.googleapis.com"},
                                               {"quota_limit", fmt::format("{}RequestsPerMinutePer{}", what,
                                                                           of_project ? "Project" : "User")}})}}));
  error.details = std::move(details);
  return error;
}

net::Response broken(std::int64_t bytes = 0) {
  net::Response out;
  out.cut_after_bytes = bytes;
  out.close = true;
  return out;
}

}  // namespace

CallInfo LocalSheets::Impl::classify(const net::Request& request, const CallContext& context) {
  CallInfo info{.kind = CallKind::other,
                .method = request.method,
                .path = request.path,
                .body_bytes = request.body.size(),
                .number = ++calls};
  if (const std::string* account = tokens.account(request.header("authorization"), clock.now());
      account && !context.trusted)
    info.account = *account;
  const std::string& path = request.path;
  if (path.starts_with("/v4/spreadsheets")) {
    const SheetsRoute route = parse_sheets_route(path);
    info.spreadsheet_id = route.id;
    const bool reads = request.method == "GET" || route.verb == "getByDataFilter" ||
                       route.verb == "batchGetByDataFilter" || route.verb == "search";
    info.kind = reads ? CallKind::read : CallKind::write;
  } else if (path.starts_with("/drive/v3/")) {
    info.kind = CallKind::drive;
    if (constexpr std::string_view kFiles = "/drive/v3/files/"; path.starts_with(kFiles)) {
      info.spreadsheet_id = path.substr(kFiles.size());
      if (info.spreadsheet_id.ends_with('/')) info.spreadsheet_id.pop_back();
    }
  } else if (path == "/token" || path == "/token/") {
    info.kind = CallKind::token;
  }
  return info;
}

std::optional<ApiError> LocalSheets::Impl::check_caller(const net::Request& request, const CallContext& context,
                                                        const CallInfo& info) {
  if (context.trusted) return std::nullopt;
  const bool counts = info.kind == CallKind::read || info.kind == CallKind::write;
  if (options.require_token) {
    const std::string_view authorization = request.header("authorization");
    const std::string* account = tokens.account(authorization, clock.now());
    if (!account) return status_error(401);
    if (!tokens.may_use_sheets(authorization))
      return ApiError{403, "PERMISSION_DENIED", "Request had insufficient authentication scopes.", {}};
  }
  if (counts && !quota.take(info.kind, info.account, options.quota, clock.now())) {
    // Which limit it was shows in the words alone; both are told by the same code.
    const int all = info.kind == CallKind::read ? options.quota.project_reads : options.quota.project_writes;
    const int own = info.kind == CallKind::read ? options.quota.reads : options.quota.writes;
    return quota_error(info.kind, own == 0 && all != 0);
  }
  if (options.require_token && !info.spreadsheet_id.empty() && counts) {
    const Held* held = find(info.spreadsheet_id);
    if (!held) return status_error(404);
    const auto& shared = held->stored.shared_with;
    if (!shared.contains(info.account) && !shared.contains("*")) return status_error(403);
  }
  return std::nullopt;
}

net::Response LocalSheets::Impl::answer(net::Request& request, const CallContext& context, const CallInfo& info) {
  if (info.kind == CallKind::token) {
    if (request.method != "POST") return error_response({404, "NOT_FOUND", "Method not found.", {}});
    return tokens.exchange(request, TokenRules{options.issuers, options.token_audience}, clock.now(), random);
  }
  if (info.kind == CallKind::drive) return drive(request, context, info);
  if (info.kind == CallKind::read || info.kind == CallKind::write) {
    if (const auto refused = check_caller(request, context, info)) return error_response(*refused);
    if (const std::string* alt = request.query_value("alt"); alt && *alt != "json")
      return error_response({400, "INVALID_ARGUMENT", fmt::format("Invalid value at 'alt': {}", *alt), {}});
    return sheets(request, info);
  }
  if (options.control && request.path.starts_with("/_control")) return control(request);
  if (options.control && request.path == "/_log") return log_page(request);
  if (request.method == "GET" || request.method == "HEAD")
    if (auto found = page(request.path)) return std::move(*found);
  return error_response({404, "NOT_FOUND", "Requested entity was not found.", {}});
}

// A call that the service cannot carry out ends with 500, and the process goes on.
net::Response LocalSheets::Impl::answer_any(net::Request& request, const CallContext& context, const CallInfo& info) {
  try {
    return answer(request, context, info);
  } catch (const std::exception& error) {
    log_error("the local Sheets service failed at {} {}: {}", info.method, info.path, error.what());
    return error_response(status_error(500));
  }
}

LocalSheets::LocalSheets(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LocalSheets::~LocalSheets() = default;

Result<std::unique_ptr<LocalSheets>> LocalSheets::open(Options options, Clock& clock, Random& random) {
  auto storage = Storage::open(options.file);
  if (!storage) return std::unexpected(storage.error());
  auto impl = std::make_unique<Impl>(std::move(options), clock, random, std::move(*storage));
  if (auto loaded = impl->load(); !loaded) return std::unexpected(loaded.error());
  return std::unique_ptr<LocalSheets>(new LocalSheets(std::move(impl)));
}

Task<net::Response> LocalSheets::handle(net::Request request, CallContext context) {
  Reply reply = co_await call(std::move(request), context);
  co_return std::move(reply.response);
}

Task<Reply> LocalSheets::call(net::Request request, CallContext context) {
  using Kind = Fault::Kind;
  CallInfo info = impl_->classify(request, context);
  const Fault fault = info.path.starts_with("/_") ? Fault{} : impl_->faults.decide(info);
  if (fault.expire_tokens) {
    impl_->tokens.expire_all();
    info.account.clear();
  }
  const std::size_t bytes_in = request.body.size();
  if (fault.delay_before > Millis{0}) co_await sleep_for(fault.delay_before);
  Reply reply;
  bool takes_effect = false;
  switch (fault.kind) {
    case Kind::status:
      reply.response = info.kind == CallKind::drive && fault.status != 401
                           ? drive_error(fault.status, "backendError", "Backend Error")
                           : error_response(status_error(fault.status));
      break;
    case Kind::html:
      reply.response = {.status = fault.status,
                        .content_type = "text/html; charset=UTF-8",
                        .body = "<!DOCTYPE html><html><title>Error</title><p>That\xe2\x80\x99s an error.</html>"};
      break;
    case Kind::empty:
      reply.response = json_response({});
      break;
    case Kind::refused:
      reply.response = broken();
      reply.refused = reply.broken = true;
      break;
    case Kind::reset_before:
      reply.response = broken();
      reply.broken = true;
      break;
    default:
      takes_effect = true;
  }
  if (takes_effect) {
    impl_->edit(info.spreadsheet_id, fault.edit_before);
    reply.response = impl_->answer_any(request, context, info);
    impl_->edit(info.spreadsheet_id, fault.edit_after);
    if (fault.kind == Kind::status_after) reply.response = error_response(status_error(fault.status));
  }
  if (fault.retry_after_s && reply.response.status != 200)
    reply.response.headers.emplace_back("Retry-After", std::to_string(*fault.retry_after_s));
  if (fault.delay_after > Millis{0}) co_await sleep_for(fault.delay_after);
  if (fault.kind == Kind::reset_after) {
    reply.response = broken();
    reply.broken = true;
  }
  if (fault.kind == Kind::cut) {
    reply.response.cut_after_bytes =
        std::min(fault.cut_after_bytes, static_cast<std::int64_t>(reply.response.body.size()));
    reply.response.close = true;
    reply.broken = true;
  }
  if (!info.path.starts_with("/_")) {
    const bool silent = reply.broken && fault.kind != Kind::cut;
    impl_->log.push_back(LogEntry{
        info.number, impl_->clock.now(), info.kind, info.method, request.target.empty() ? info.path : request.target,
        info.spreadsheet_id, info.account, bytes_in, reply.response.body.size(), silent ? 0 : reply.response.status});
    if (impl_->log.size() > 10'000) impl_->log.pop_front();
  }
  co_return reply;
}

}  // namespace rowlane::sheets::local
