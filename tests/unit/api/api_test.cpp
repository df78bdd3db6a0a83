#include "api/api.hpp"

#include <doctest/doctest.h>

#include "store/sqlite/migrations.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include "support/manual_executor.hpp"

using namespace rowlane;

namespace {
template <class T>
T must(Result<T> result) {
  REQUIRE_MESSAGE(result.has_value(), result.error().message);
  return std::move(*result);
}

struct Server {
  rowlane::testing::ManualExecutor executor;
  SystemClock clock;
  SeededRandom random{7};
  FieldCatalogue catalogue;
  db::Sqlite db = must(db::Sqlite::open(":memory:"));
  store::InlineRunner runner{db};
  store::SqliteStore store{runner, clock, random, catalogue};
  auth::PasswordPool passwords;
  auth::Auth auth{store, passwords, clock, random};
  std::vector<AgencySettings> agencies;
  api::Api api{store, auth, catalogue, agencies, clock, {}};
  net::Router router;

  Server() {
    REQUIRE(store::migrate(db));
    const AgencyId agency = must(executor.finish(store.upsert_agency({.key = "demo", .name = "Demo", .spreadsheet_id = "book", .account = "default"})));
    agencies.push_back({.id = agency, .key = "demo", .name = "Demo", .spreadsheet_id = "book", .account = "default",
                        .tabs = {TabLayout{.key = "general", .title = "general_ins", .verticals = {"motor"}}}});
    for (const char* name : {"u1", "u2"}) {
      const UserId user = must(executor.finish(store.create_user({.agency = agency, .email = fmt::format("{}@x", name), .name = name})));
      REQUIRE(executor.finish(store.create_token(user, auth::token_hash(name))));
    }
    api.add_routes(router);
  }

  net::Response call(std::string_view token, std::string method, std::string target, std::string body = {}) {
    net::Request request{.method = std::move(method), .target = target, .body = std::move(body), .peer_address = "127.0.0.1"};
    const std::size_t mark = target.find('?');
    request.path = target.substr(0, mark);
    if (mark != std::string::npos) request.query = net::parse_query(std::string_view(target).substr(mark + 1));
    if (!token.empty()) request.headers.emplace_back("authorization", fmt::format("Bearer {}", token));
    return executor.finish(router.handle(std::move(request)));
  }
};
}  // namespace

TEST_CASE("a record is made, read, changed and deleted by its owner alone") {
  Server server;
  const auto made = server.call("u1", "POST", "/api/insurance/customers", R"({"name":"A","vertical":"motor","premium":12.5})");
  CAPTURE(made.body);
  REQUIRE(made.status == 201);
  const Json record = must(parse_json(made.body));
  CHECK(record["owner"].string_or() == "u1@x");
  const std::string path = "/api/insurance/customers/" + record["id"].string_or();
  CHECK(server.call("u1", "GET", path).status == 200);
  const auto foreign = server.call("u2", "GET", path);
  CHECK(foreign.status == 404);
  CHECK(foreign.body == server.call("u2", "PATCH", "/api/insurance/customers/zzz", "not JSON").body);
  CHECK(server.call("u1", "PATCH", path, R"({"dob":"1990-02-30"})").status == 400);
  CHECK(server.call("u1", "PATCH", path, R"({"dob":"1990-02-28"})").status == 200);
  const auto exported = server.call("u1", "GET", "/api/insurance/customers/export");
  const auto imported = server.call("u1", "POST", "/api/insurance/customers/import", exported.body);
  CHECK(imported.body == R"({"added":0,"updated":0,"unchanged":1})");
  CHECK(must(parse_json(server.call("u1", "GET", "/api/insurance/customers?limit=1").body))["total"].as_int() == 1);
  CHECK(server.call("u1", "DELETE", path).status == 204);
  CHECK(server.call("u1", "POST", path + "/restore").status == 200);
}

TEST_CASE("a sync is accepted at once and can be looked at and cancelled") {
  Server server;
  const auto queued = server.call("u1", "POST", "/api/insurance/sync/to-sheet", R"({"tabName":"general_ins"})");
  CAPTURE(queued.body);
  REQUIRE(queued.status == 202);
  const std::string job = "/api/insurance/sync/jobs/" + must(parse_json(queued.body))["jobId"].string_or();
  CHECK(must(parse_json(server.call("u1", "GET", job).body))["state"].string_or() == "queued");
  CHECK(must(parse_json(server.call("u1", "GET", "/api/insurance/sync/status").body))["queueLength"].as_int() == 1);
  CHECK(server.call("u2", "GET", job).status == 404);
  CHECK(server.call("u1", "POST", job + "/cancel").status == 200);
  CHECK(server.call("u1", "POST", "/api/insurance/sync/to-sheet", R"({"tabName":"nowhere"})").status == 400);
}

TEST_CASE("every route is in openapi.json, and closed ones answer 401") {
  Server server;
  const Json described = must(parse_json(server.call("", "GET", "/openapi.json").body));
  std::size_t count = 0;
  for (const auto& [path, methods] : *described["paths"].if_object()) count += methods.if_object()->size();
  CHECK(count == server.router.routes().size());
  CHECK(server.call("", "GET", "/api/insurance/customers").status == 401);
  CHECK(server.call("u1", "GET", "/api/insurance/config").status == 200);
  CHECK(server.call("", "GET", "/readyz").status == 200);
  CHECK(server.call("", "GET", "/metrics").status == 200);
}
