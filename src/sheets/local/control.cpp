// The test interface: /_log shows what was called, /_control scripts faults. Only served when the options
// allow it.
//
//   GET    /_log                    {"calls": [{number, at, kind, method, target, spreadsheetId, account,
//   bytesIn,
//                                   bytesOut, status}]}; DELETE clears it
//   POST   /_control/faults         {"kind": "read|write|token|drive", "count": 1, "fault":
//   "status|html|empty|refused|
//                                   resetBefore|resetAfter|cut|statusAfter", "status": 503, "retryAfter": 2,
//                                   "delayBeforeMs": 0, "delayAfterMs": 0, "cutAfterBytes": 100,
//                                   "expireTokens": false, "editBefore": [requests], "editAfter":
//                                   [requests]}; DELETE clears
//   POST   /_control/expire-tokens
//   POST   /_control/quota          {"reads", "writes", "projectReads", "projectWrites"}
//   POST   /_control/share, /unshare {"id", "address"}
//   POST   /_control/spreadsheets   {"id", "title", "locale", "tabs": [{"title", "sheetId", "values":
//   [[...]]}],
//                                   "sharedWith": [...]}
#include <array>

#include "sheets/local/impl.hpp"

namespace rowlane::sheets::local {

namespace {

Millis millis_of(const Json& body, const char* name) { return Millis{int_or(body, name, 0)}; }
Json::Array list_of(const Json& value) { return value.if_array() ? *value.if_array() : Json::Array{}; }

std::optional<CallKind> kind_named(std::string_view name) {
  for (const CallKind kind : {CallKind::read, CallKind::write, CallKind::token, CallKind::drive, CallKind::other})
    if (to_string(kind) == name) return kind;
  return std::nullopt;
}

std::optional<Fault::Kind> fault_named(std::string_view name) {
  using Kind = Fault::Kind;
  static constexpr std::array<std::pair<std::string_view, Kind>, 10> kNames = {{{"", Kind::none},
                                                                                {"none", Kind::none},
                                                                                {"status", Kind::status},
                                                                                {"html", Kind::html},
                                                                                {"empty", Kind::empty},
                                                                                {"refused", Kind::refused},
                                                                                {"resetBefore", Kind::reset_before},
                                                                                {"resetAfter", Kind::reset_after},
                                                                                {"cut", Kind::cut},
                                                                                {"statusAfter", Kind::status_after}}};
  for (const auto& [known, kind] : kNames)
    if (known == name) return kind;
  return std::nullopt;
}

net::Response done() { return json_response("{}"); }
net::Response wrong(std::string message) { return error_response({400, "INVALID_ARGUMENT", std::move(message), {}}); }

SeedBook seed_of(const Json& body) {
  SeedBook seed{.id = body["id"].string_or(),
                .title = body["title"].string_or("Untitled spreadsheet"),
                .locale = body["locale"].string_or("en_US")};
  for (const Json& tab : list_of(body["tabs"])) {
    SeedTab made{.title = tab["title"].string_or(), .sheet_id = tab["sheetId"].as_int()};
    for (const Json& row : list_of(tab["values"])) {
      made.cells.emplace_back();
      for (const Json& value : list_of(row)) {
        SeedCell cell;
        if (const std::string* text = value.if_string()) {
          if (text->size() > 1 && text->starts_with('='))
            cell.formula = *text;
          else
            cell.value = *text;
        } else if (const bool* truth = value.if_bool()) {
          cell.value = *truth;
        } else if (const auto number = value.as_double()) {
          cell.value = *number;
        }
        made.cells.back().push_back(std::move(cell));
      }
    }
    seed.tabs.push_back(std::move(made));
  }
  for (const Json& address : list_of(body["sharedWith"])) seed.shared_with.push_back(address.string_or());
  return seed;
}

}  // namespace

net::Response LocalSheets::Impl::log_page(const net::Request& request) {
  if (request.method == "DELETE") {
    log.clear();
    return done();
  }
  Json calls_made = Json::array();
  for (const LogEntry& entry : log)
    calls_made.push(Json::object({{"number", entry.number},
                                  {"at", to_iso8601(entry.at)},
                                  {"kind", to_string(entry.kind)},
                                  {"method", entry.method},
                                  {"target", entry.target},
                                  {"spreadsheetId", entry.spreadsheet_id},
                                  {"account", entry.account},
                                  {"bytesIn", static_cast<std::int64_t>(entry.bytes_in)},
                                  {"bytesOut", static_cast<std::int64_t>(entry.bytes_out)},
                                  {"status", entry.status}}));
  return json_response(Json::object({{"calls", std::move(calls_made)}}).dump());
}

net::Response LocalSheets::Impl::control(const net::Request& request) {
  const std::string_view what = std::string_view(request.path).substr(std::string_view("/_control").size());
  if (request.method == "DELETE" && what == "/faults") {
    faults.clear();
    return done();
  }
  if (request.method != "POST") return error_response({404, "NOT_FOUND", "Method not found.", {}});
  const auto body = parse_json(request.body.empty() ? std::string_view("{}") : std::string_view(request.body));
  if (!body) return wrong(body.error().message);
  if (what == "/faults") {
    const auto kind = kind_named((*body)["kind"].string_or("write"));
    const auto fault = fault_named((*body)["fault"].string_or());
    if (!kind || !fault) return wrong("unknown kind or fault");
    Fault made{.kind = *fault,
               .status = static_cast<int>(int_or(*body, "status", *fault == Fault::Kind::html ? 502 : 500)),
               .delay_before = millis_of(*body, "delayBeforeMs"),
               .delay_after = millis_of(*body, "delayAfterMs"),
               .cut_after_bytes = int_or(*body, "cutAfterBytes", 0),
               .expire_tokens = (*body)["expireTokens"].if_bool() && *(*body)["expireTokens"].if_bool(),
               .edit_before = list_of((*body)["editBefore"]),
               .edit_after = list_of((*body)["editAfter"])};
    if (const auto seconds = (*body)["retryAfter"].as_int()) made.retry_after_s = static_cast<int>(*seconds);
    faults.script(*kind, std::move(made), static_cast<int>(int_or(*body, "count", 1)));
    return done();
  }
  if (what == "/expire-tokens") {
    tokens.expire_all();
    return done();
  }
  if (what == "/quota") {
    options.quota = QuotaLimits{
        static_cast<int>(int_or(*body, "reads", 0)), static_cast<int>(int_or(*body, "writes", 0)),
        static_cast<int>(int_or(*body, "projectReads", 0)), static_cast<int>(int_or(*body, "projectWrites", 0))};
    return done();
  }
  if (what == "/share" || what == "/unshare") {
    Held* held = find((*body)["id"].string_or());
    if (!held) return error_response({404, "NOT_FOUND", "Requested entity was not found.", {}});
    auto addresses = held->stored.shared_with;
    if (what == "/share")
      addresses.insert((*body)["address"].string_or());
    else
      addresses.erase((*body)["address"].string_or());
    Json list = Json::array();
    for (const std::string& address : addresses) list.push(address);
    if (const auto changed_list = change(*held, "share", std::move(list)); !changed_list)
      return error_response(changed_list.error());
    return done();
  }
  if (what == "/spreadsheets") {
    const auto made = build_and_create(seed_of(*body));
    if (!made) return wrong(made.error().message);
    return json_response(Json::object({{"spreadsheetId", *made}}).dump());
  }
  return error_response({404, "NOT_FOUND", "Method not found.", {}});
}

}  // namespace rowlane::sheets::local
