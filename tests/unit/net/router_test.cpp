#include "net/router.hpp"

#include <doctest/doctest.h>

#include "base/json.hpp"
#include "net/problem.hpp"
#include "support/manual_executor.hpp"

using namespace rowlane;
using rowlane::testing::ManualExecutor;

namespace {
Task<net::Response> tell_params(net::Request request) {
  net::Response response;
  for (const auto& [name, value] : request.params) response.body += fmt::format("{}={};", name, value);
  co_return response;
}

struct Routes {
  net::Router router;
  Routes() {
    router.add("GET", "/api/customers", "list", tell_params);
    router.add("POST", "/api/customers", "create", tell_params);
    router.add("GET", "/api/customers/{id}", "get", tell_params);
    router.add("GET", "/api/customers/export", "export", tell_params);
    router.add("POST", "/api/customers/{id}/restore", "restore", tell_params);
    router.add("GET", "/{path...}", "page", tell_params);
    router.add("GET", "/v4/{rest...}", "sheets", tell_params);
  }
};
}  // namespace

TEST_CASE("paths find their route and parameters") {
  struct Case {
    std::string_view method, path, name, params;
  };
  const Case cases[] = {
      {"GET", "/api/customers", "list", ""},
      {"HEAD", "/api/customers", "list", ""},
      {"POST", "/api/customers", "create", ""},
      {"GET", "/api/customers/12", "get", "id=12;"},
      {"GET", "/api/customers/a%2Fb%20c", "get", "id=a/b c;"},
      {"GET", "/api/customers/%zz", "get", "id=%zz;"},
      {"GET", "/api/customers/export", "export", ""},
      {"GET", "/api/%63ustomers/export", "export", ""},
      {"POST", "/api/customers/export/restore", "restore", "id=export;"},
      {"GET", "/", "page", "path=;"},
      {"GET", "/assets/x.js", "page", "path=assets/x.js;"},
      {"GET", "/v4/spreadsheets/a:batchUpdate", "sheets", "rest=spreadsheets/a:batchUpdate;"},
      {"GET", "/v4/", "sheets", "rest=;"},
  };
  const Routes routes;
  for (const Case& c : cases) {
    CAPTURE(c.path);
    const net::Router::Match match = routes.router.match(c.method, c.path);
    REQUIRE(match.route != nullptr);
    CHECK(match.route->name == c.name);
    std::string params;
    for (const auto& [name, value] : match.params) params += fmt::format("{}={};", name, value);
    CHECK(params == c.params);
  }
}

TEST_CASE("a wrong method is told the right ones, a wrong path that it is wrong") {
  Routes routes;
  ManualExecutor executor;
  const auto ask = [&](std::string method, std::string target) {
    net::Request request;
    request.method = std::move(method);
    request.target = std::move(target);
    return executor.finish(routes.router.handle(std::move(request)));
  };
  const net::Response wrong_method = ask("DELETE", "/api/customers?x=/y");
  CHECK(wrong_method.status == 405);
  CHECK(wrong_method.headers.front().second == "GET, HEAD, POST");
  CHECK(ask("POST", "/api/customers/").status == 405);  // the rest of "/" takes GET
  CHECK(ask("GET", "/api/customers/7?q=1").body == "id=7;");

  net::Router bare;
  bare.add("GET", "/a", "a", tell_params);
  CHECK(bare.match("GET", "/b").route == nullptr);
  CHECK(bare.match("GET", "/a/").route == nullptr);
  CHECK(bare.match("GET", "a").allow.empty());
  const net::Response missing = executor.finish(bare.handle(net::Request{.method = "GET", .target = "/b"}));
  CHECK(missing.status == 404);
  CHECK(missing.content_type == "application/problem+json");
}

TEST_CASE("an error becomes a problem answer with its field") {
  Error error{.code = Errc::too_many, .message = "Too many.", .field = "limit"};
  error.retry_after = Millis{1200};
  const net::Response response = net::problem(error);
  CHECK(response.status == 429);
  CHECK(response.headers.front() == std::pair<std::string, std::string>("Retry-After", "2"));
  const Json body = parse_json(response.body).value();
  CHECK(body["title"].string_or() == "Too Many Requests");
  CHECK(body["error"].string_or() == "Too many.");
  CHECK(body["code"].string_or() == "too_many");
  CHECK(body["errors"].if_array()->front()["field"].string_or() == "limit");
}
