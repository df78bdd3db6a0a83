// Prints every kind of request that the Google client can send, as one JSON array of {method, url, body}: what
// google_client.test.mjs holds against Google's published clients. Nothing leaves the process.
//
// Exits 1 when an op of sheets::Op is not among those sent, so that a new one cannot be forgotten here.
#include <fmt/format.h>

#include <array>

#include "base/json.hpp"
#include "sheets/google/google_sheets.hpp"
#include "support/manual_executor.hpp"
#include "support/rsa_key.hpp"
#include "support/scripted_http.hpp"

namespace {

using namespace rowlane;
using namespace rowlane::sheets;
using namespace rowlane::testing;

constexpr std::string_view kOneTab =
    R"({"properties":{"title":"B"},"sheets":[{"properties":{"sheetId":7,"title":"T"},"data":[{}]}]})";

Result<net::HttpAnswer> answer(const ScriptedHttp::Sent& sent) {
  const bool is_token = sent.url.ends_with("/token");
  return net::HttpAnswer{.status = 200,
                         .body = is_token ? R"({"access_token":"t","expires_in":3600})" : std::string(kOneTab)};
}

std::vector<Op> every_op() {
  const std::pair<FormatKind, std::string> money{FormatKind::currency, "#,##0.00"};
  const std::string filter = R"({"filterSpecs":[{"columnIndex":0}],"sortSpecs":[{"dimensionIndex":0}]})";
  return {
      op::AddTab{1, "t", 10, 3},
      op::InsertRows{1, 2, 3},
      op::DeleteRows{1, 2, 1},
      op::GrowGrid{1, 2, 2},
      op::UpdateCells{1,
                      1,
                      1,
                      {{.value = "x"},
                       {.value = 1.5, .format = money},
                       {.value = true},
                       {},
                       {.value = FormulaText{"=A1"}},
                       {.value = {}, .format = std::pair(FormatKind::none, std::string())}}},
      op::MarkColumn{1, 1, 5, "k", "v"},
      op::MarkSpreadsheet{6, "k", "v"},
      op::DeleteMark{6},
      op::HideColumn{1, 1},
      op::ProtectColumn{1, 1, "d"},
      op::SetFilter{1, {1, 1, 2, 2}, filter},
      op::SetFilter{1, {1, 1, 2, 2}, ""},
  };
}

bool has_every_kind(const std::vector<Op>& ops) {
  std::array<bool, std::variant_size_v<Op>> seen{};
  for (const Op& op : ops) seen[op.index()] = true;
  return std::ranges::all_of(seen, [](bool each) { return each; });
}

}  // namespace

int main() {
  const std::vector<Op> ops = every_op();
  if (!has_every_kind(ops)) {
    fmt::print(stderr, "client_requests: an op of sheets::Op is not in every_op()\n");
    return 1;
  }
  ManualExecutor executor;
  FixedClock clock;
  ScriptedHttp http{answer};
  google::GoogleSheets client{http,
                              clock,
                              {},
                              google::Credentials{.client_email = "sync@project.iam.gserviceaccount.com",
                                                  .private_key = test_key().private_pem,
                                                  .token_uri = "https://oauth2.example/token"}};
  (void)executor.finish(client.read({.spreadsheet_id = "book", .tabs = {{.sheet_id = 7, .title = "T"}}}));
  (void)executor.finish(client.read({.spreadsheet_id = "book", .tabs = {{.title = "T"}}}));
  (void)executor.finish(
      client.write({.spreadsheet_id = "book", .ops = ops, .read_back = {{"T", {1, 1, 2, 2}}, {"U", {1, 1, 2, 2}}}}));
  (void)executor.finish(client.write({.spreadsheet_id = "book", .ops = {op::DeleteMark{6}}}));
  (void)executor.finish(client.version("book"));
  Json::Array sent;
  for (const ScriptedHttp::Sent& each : http.sent)
    if (!each.url.ends_with("/token"))
      sent.push_back(Json::object({{"method", each.method}, {"url", each.url}, {"body", each.body}}));
  fmt::print("{}\n", Json(std::move(sent)).dump());
  return 0;
}
