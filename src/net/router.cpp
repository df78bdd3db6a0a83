#include "net/router.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.hpp"
#include "net/problem.hpp"

namespace rowlane::net {

namespace {
struct Method {
  const Route* route = nullptr;
  std::vector<std::string> param_names;  // in the order of the path
};

[[noreturn]] void broken(std::string_view what, const Route& route) {
  log_error("route {} {} ({}): {}", route.method, route.pattern, route.name, what);
  std::abort();
}
}  // namespace

struct Router::Node {
  std::map<std::string, std::unique_ptr<Node>, std::less<>> fixed;
  std::unique_ptr<Node> param;
  std::unique_ptr<Node> rest;  // a leaf
  std::vector<Method> methods;

  Node& child(std::unique_ptr<Node>& slot) {
    if (!slot) slot = std::make_unique<Node>();
    return *slot;
  }
};

Router::Router() : root_(std::make_unique<Node>()) {}
Router::~Router() = default;

void Router::add(std::string method, std::string pattern, std::string name, Handler handler) {
  add(Route{std::move(method), std::move(pattern), std::move(name), std::move(handler)});
}

void Router::add(Route added) {
  for (const Route& other : routes_)
    if (other.name == added.name) broken("the name is taken", added);
  const Route& route = routes_.emplace_back(std::move(added));
  if (!route.pattern.starts_with('/')) broken("the pattern must start with '/'", route);

  Node* node = root_.get();
  Method method{.route = &route};
  std::string_view left = std::string_view(route.pattern).substr(1);
  for (bool more = true; more;) {
    const std::size_t slash = left.find('/');
    const std::string_view segment = left.substr(0, slash);
    more = slash != std::string_view::npos;
    if (more) left.remove_prefix(slash + 1);
    if (!segment.starts_with('{')) {
      node = &node->child(node->fixed[std::string(segment)]);
    } else if (segment.ends_with("...}")) {
      if (more) broken("the rest must be the last segment", route);
      method.param_names.emplace_back(segment.substr(1, segment.size() - 5));
      node = &node->child(node->rest);
    } else if (segment.ends_with('}')) {
      method.param_names.emplace_back(segment.substr(1, segment.size() - 2));
      node = &node->child(node->param);
    } else {
      broken("a parameter is a whole segment", route);
    }
  }
  for (const Method& other : node->methods)
    if (other.route->method == route.method) broken("the method and pattern are taken", route);
  node->methods.push_back(std::move(method));
}

// `rest` is what follows the slash behind this node. Fixed segments first, then a parameter, then the rest.
const Router::Node* Router::find(const Node& node, std::string_view rest, std::vector<std::string>& values) const {
  const std::size_t slash = rest.find('/');
  const std::string_view raw = rest.substr(0, slash);
  const bool is_last = slash == std::string_view::npos;
  const std::string segment = percent_decode(raw);
  const std::size_t kept = values.size();

  const auto descend = [&](const Node& child) -> const Node* {
    if (!is_last) return find(child, rest.substr(slash + 1), values);
    return child.methods.empty() ? nullptr : &child;
  };
  if (const auto child = node.fixed.find(segment); child != node.fixed.end())
    if (const Node* found = descend(*child->second)) return found;
  if (node.param && !segment.empty()) {
    values.resize(kept);
    values.push_back(segment);
    if (const Node* found = descend(*node.param)) return found;
  }
  values.resize(kept);
  if (!node.rest) return nullptr;
  values.push_back(percent_decode(rest));
  return node.rest.get();
}

Router::Match Router::match(std::string_view method, std::string_view raw_path) const {
  Match match;
  if (!raw_path.starts_with('/')) return match;
  std::vector<std::string> values;
  const Node* node = find(*root_, raw_path.substr(1), values);
  if (node == nullptr) return match;

  const auto with_method = [&](std::string_view wanted) {
    return std::ranges::find_if(node->methods, [&](const Method& m) { return m.route->method == wanted; });
  };
  auto found = with_method(method);
  if (found == node->methods.end() && method == "HEAD") found = with_method("GET");
  if (found == node->methods.end()) {
    for (const Method& other : node->methods) {
      match.allow.push_back(other.route->method);
      if (other.route->method == "GET") match.allow.emplace_back("HEAD");
    }
    return match;
  }
  match.route = found->route;
  for (std::size_t i = 0; i < found->param_names.size(); ++i)
    match.params.emplace(found->param_names[i], std::move(values[i]));
  return match;
}

Task<Response> Router::handle(Request request) const {
  const std::string_view target = request.target;
  Match found = match(request.method, target.substr(0, std::min(target.find('?'), target.size())));
  if (found.route != nullptr) {
    request.params = std::move(found.params);
    co_return co_await found.route->handler(std::move(request));
  }
  if (found.allow.empty()) co_return problem(404, "There is nothing at this address.");
  Response response = problem(405, "This address does not take that method.");
  response.headers.emplace_back("Allow", fmt::format("{}", fmt::join(found.allow, ", ")));
  co_return response;
}

}  // namespace rowlane::net
