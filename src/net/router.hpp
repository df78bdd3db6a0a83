// From method and path to a handler.
//
// A pattern is a path whose segments are fixed ("customers"), a parameter ("{id}": one segment, never empty) or,
// as the last one, the rest ("{path...}": any number of segments, also none). Fixed segments win over parameters,
// parameters over the rest. Segments are split before they are decoded, so %2F stays inside its segment; a
// decoded parameter may hold any bytes. HEAD uses the GET route. Nothing matches: 404; another method does: 405
// with Allow.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/http.hpp"

namespace rowlane::net {

struct Route {
  std::string method;   // "GET"
  std::string pattern;  // "/api/insurance/customers/{id}"
  std::string name;     // "get_customer": what other tables (access, openapi) key on; one of its kind
  Handler handler;
};

class Router {
 public:
  Router();
  ~Router();
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  // All routes are added before the first request; a doubled method and pattern, or a name used twice, is a
  // broken invariant and ends the process.
  void add(Route route);
  void add(std::string method, std::string pattern, std::string name, Handler handler);

  struct Match {
    const Route* route = nullptr;  // null: none
    std::map<std::string, std::string, std::less<>> params;
    std::vector<std::string> allow;  // methods that the path has, when the method asked for is none of them
  };
  // `raw_path`: percent-encoded, without the query.
  [[nodiscard]] Match match(std::string_view method, std::string_view raw_path) const;

  // Runs the matching route's handler with `request.params` filled. Lives as long as the router.
  Task<Response> handle(Request request) const;

  // In the order added; the addresses stay.
  [[nodiscard]] const std::deque<Route>& routes() const { return routes_; }

 private:
  struct Node;
  const Node* find(const Node& node, std::string_view rest, std::vector<std::string>& values) const;

  std::deque<Route> routes_;
  std::unique_ptr<Node> root_;
};

}  // namespace rowlane::net
