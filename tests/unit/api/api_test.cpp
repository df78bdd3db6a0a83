#include "api/api.hpp"

#include <doctest/doctest.h>

#include "support/memory_store.hpp"

using namespace rowlane;
using rowlane::testing::must;

namespace {
struct Server : rowlane::testing::MemoryStore {
  auth::PasswordPool passwords;
  auth::Auth auth{store, passwords, clock, random};
  std::vector<AgencySettings> agencies;
  api::Api api{store, auth, catalogue, agencies, clock, {}};
  net::Router router;

  Server() {
    const AgencyId agency = add_agency("demo");
    agencies.push_back({.id = agency,
                        .key = "demo",
                        .name = "Demo",
                        .spreadsheet_id = "demo-book",
                        .account = "demo",
                        .tabs = {TabLayout{.key = "general", .title = "general_ins", .verticals = {"motor"}}}});
    for (const char* name : {"u1", "u2"}) {
      REQUIRE(executor.finish(store.create_token(add_user(agency, fmt::format("{}@x", name)), auth::token_hash(name))));
    }
    api.add_routes(router);
  }

  net::Response call(std::string_view token, std::string method, std::string target, std::string body = {}) {
    net::Request request{
        .method = std::move(method), .target = target, .body = std::move(body), .peer_address = "127.0.0.1"};
    const std::size_t mark = target.find('?');
    request.path = target.substr(0, mark);
    if (mark != std::string::npos) request.query = net::parse_query(std::string_view(target).substr(mark + 1));
    if (!token.empty()) request.headers.emplace_back("authorization", fmt::format("Bearer {}", token));
    return executor.finish(router.handle(std::move(request)));
  }
};
}  // namespace

TEST_CASE("a result's lists are short where many jobs are told of, and their lengths are always whole") {
  Json rows = Json::array(), rejected = Json::array();
  for (int i = 0; i < 1'000; ++i) rows.push(Json::object({{"row", i + 2}}));
  const Json tab = Json::object({{"held", rows}});
  const Json stored = Json::object({{"held", rows},
                                    {"rejected", rejected},
                                    {"notFound", Json(Json::Array{"x"})},
                                    {"tabs", Json::object({{"general", tab}})}});
  const Json whole = api::shown_result(stored.dump(), api::RowLists::whole);
  const Json first = api::shown_result(stored.dump(), api::RowLists::first_rows);
  const std::string lengths = R"({"rejected":0,"ambiguous":0,"held":1000,"notFound":1,"notices":0})";
  CHECK(whole["lengths"].dump() == lengths);
  CHECK(first["lengths"].dump() == lengths);
  CHECK(whole["held"].if_array()->size() == 1'000);
  CHECK(whole["tabs"]["general"]["held"].if_array()->size() == 1'000);
  CHECK(first["held"].if_array()->size() == 20);
  CHECK((*first["held"].if_array())[19]["row"].as_int() == 21);
  CHECK(first["tabs"]["general"]["held"].if_array()->size() == 20);
  CHECK(first["notFound"].if_array()->size() == 1);
  CHECK(api::shown_result("", api::RowLists::whole).is_null());
}

TEST_CASE("a record is made, read, changed and deleted by its owner alone") {
  Server server;
  const auto made =
      server.call("u1", "POST", "/api/insurance/customers", R"({"name":"A","vertical":"motor","premium":12.5})");
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

TEST_CASE("the routes and openapi.json are the same, both ways") {
  Server server;
  const Json described = must(parse_json(server.call("", "GET", "/openapi.json").body));
  std::vector<std::string> routes, operations;
  for (const net::Route& route : server.router.routes())
    routes.push_back(fmt::format("{} {} {}", route.method, route.pattern, route.name));
  for (const auto& [path, methods] : *described["paths"].if_object())
    for (const auto& [method, operation] : *methods.if_object()) {
      std::string upper = method;
      for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      operations.push_back(fmt::format("{} {} {}", upper, path, operation["operationId"].string_or()));
    }
  std::sort(routes.begin(), routes.end());
  std::sort(operations.begin(), operations.end());
  CHECK(routes == operations);
  CHECK(!api::is_described("no_such_route"));
}

TEST_CASE("every answer with a body has a schema that is there") {
  Server server;
  const Json described = must(parse_json(server.call("", "GET", "/openapi.json").body));
  const Json& schemas = described["components"]["schemas"];
  std::size_t refs = 0;
  const std::string prefix = "#/components/schemas/";
  const auto look = [&](const auto& self, const Json& json) -> void {
    if (const Json::Object* object = json.if_object()) {
      for (const auto& [name, value] : *object) {
        if (name == "$ref") {
          ++refs;
          CAPTURE(value.string_or());
          CHECK(value.string_or().starts_with(prefix));
          CHECK(schemas.find(value.string_or().substr(prefix.size())) != nullptr);
        }
        self(self, value);
      }
    } else if (const Json::Array* array = json.if_array()) {
      for (const Json& value : *array) self(self, value);
    }
  };
  look(look, described);
  CHECK(refs > 100);
}

TEST_CASE("metrics are for loopback, or an admin's token") {
  Server server;
  const UserId admin = server.add_user(server.agencies.front().id, "root@x", store::Role::admin);
  REQUIRE(server.executor.finish(server.store.create_token(admin, auth::token_hash("root"))));
  struct Case {
    std::string_view name, address, token;
    int status;
    std::string_view forwarded = "";
  };
  const Case cases[] = {
      {"a proxy on this machine", "127.0.0.1", "", 401, "x-forwarded-for"},
      {"one that says it the standard's way", "127.0.0.1", "", 401, "forwarded"},
      {"the admin behind a proxy", "127.0.0.1", "root", 200, "x-forwarded-for"},
      {"loopback", "127.0.0.1", "", 200},
      {"loopback of version 6", "::1", "", 200},
      {"elsewhere, nobody", "10.0.0.1", "", 401},
      {"elsewhere, an agent", "10.0.0.1", "u1", 403},
      {"elsewhere, an unknown token", "10.0.0.1", "none", 401},
      {"elsewhere, the admin", "10.0.0.1", "root", 200},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    net::Request request{
        .method = "GET", .target = "/metrics", .path = "/metrics", .peer_address = std::string(c.address)};
    if (!c.token.empty()) request.headers.emplace_back("authorization", fmt::format("Bearer {}", c.token));
    if (!c.forwarded.empty()) request.headers.emplace_back(c.forwarded, "127.0.0.1");
    CHECK(server.executor.finish(server.router.handle(std::move(request))).status == c.status);
  }
}

TEST_CASE("a job tells what it is a retry of, and only then") {
  Server server;
  const auto queued = must(parse_json(server.call("u1", "POST", "/api/insurance/sync/to-sheet").body));
  const std::string job = "/api/insurance/sync/jobs/" + queued["jobId"].string_or();
  CHECK(must(parse_json(server.call("u1", "POST", job + "/cancel").body)).find("retryOf") == nullptr);
  CHECK(server.call("u1", "POST", job + "/cancel").status == 409);
  const auto retried = server.call("u1", "POST", job + "/retry");
  CHECK(retried.status == 202);
  CHECK(must(parse_json(retried.body))["retryOf"].string_or() == queued["jobId"].string_or());
  CHECK(server.call("u1", "POST", job + "/confirm").status == 409);
}

TEST_CASE("a job that its user's manager tries again stays the user's") {
  Server server;
  const UserId boss = server.add_user(server.agencies.front().id, "boss@x", store::Role::manager);
  REQUIRE(server.executor.finish(server.store.create_token(boss, auth::token_hash("boss"))));
  const std::string jobs = "/api/insurance/sync/jobs/";
  const std::string id =
      must(parse_json(server.call("u1", "POST", "/api/insurance/sync/to-sheet").body))["jobId"].string_or();
  REQUIRE(server.call("boss", "POST", jobs + id + "/cancel").status == 200);
  const auto retried = server.call("boss", "POST", jobs + id + "/retry");
  REQUIRE(retried.status == 202);
  CHECK(server.call("u1", "GET", jobs + must(parse_json(retried.body))["id"].string_or()).status == 200);
  CHECK(must(parse_json(server.call("u1", "GET", "/api/insurance/sync/status").body))["queueLength"].as_int() == 1);
  CHECK(must(parse_json(server.call("boss", "GET", "/api/insurance/sync/status").body))["queueLength"].as_int() == 0);
  CHECK(server.number("SELECT count(*) FROM sync_job WHERE whole_agency=1") == 0);
}
