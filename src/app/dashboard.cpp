#include "app/dashboard.hpp"

#include "auth/auth.hpp"

namespace rowlane::app {

namespace {

// Everything from this server alone; no scripts and no styles that stand in the page.
constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

// What the list of customers needs first begins to come while the page's first script is still on its way. The same
// addresses as in web/src/lib/firstAnswers.ts, which takes the answers; a difference would cost a request, no more.
constexpr std::string_view kFirstAnswers =
    "</api/insurance/customers?offset=0&limit=100&sort=-created>; rel=preload; as=fetch; crossorigin, "
    "</api/auth/me>; rel=preload; as=fetch; crossorigin, </api/insurance/config>; rel=preload; as=fetch; crossorigin";

// The addresses of the pages, as web/src/router.tsx has them; "/sync" stands for "/sync/ID" too.
bool is_page(std::string_view path) {
  for (const std::string_view page :
       {"/", "/sign-in", "/customers", "/bin", "/sync", "/activity", "/users", "/spreadsheet", "/operations"})
    if (path == page) return true;
  return path.starts_with("/sync/");
}

bool is_operation(std::string_view path) {
  for (const std::string_view operation : {"/healthz", "/readyz", "/metrics", "/openapi.json"})
    if (path == operation) return true;
  return false;
}

std::string_view content_type(std::string_view path) {
  const std::pair<std::string_view, std::string_view> types[] = {{".html", "text/html; charset=utf-8"},
                                                                 {".js", "text/javascript; charset=utf-8"},
                                                                 {".css", "text/css; charset=utf-8"},
                                                                 {".svg", "image/svg+xml"}};
  for (const auto& [ending, type] : types)
    if (path.ends_with(ending)) return type;
  return "application/octet-stream";
}

// Somebody typed an address that is no page: the dashboard says so in its own words.
bool is_typed_astray(const net::Request& request) {
  const bool is_api = request.path.starts_with("/api/") || request.path.starts_with("/local-sheets");
  return !is_api && request.header("accept").contains("text/html");
}

bool accepts(const net::Request& request, std::string_view coding) {
  const std::string_view header = request.header("accept-encoding");
  const std::size_t at = header.find(coding);
  return at != std::string_view::npos && !header.substr(at).starts_with(fmt::format("{};q=0", coding));
}

}  // namespace

std::optional<net::Response> dashboard_answer(const net::Request& request) {
  if (request.method != "GET" && request.method != "HEAD") return std::nullopt;
  const auto& files = dashboard_files();
  const bool is_known = is_page(request.path) || files.contains(request.path) || is_operation(request.path);
  const bool is_astray = !is_known && is_typed_astray(request);
  const std::string path = is_page(request.path) || is_astray ? "/index.html" : request.path;
  const auto plain = files.find(path);
  if (plain == files.end() || path.ends_with(".gz") || path.ends_with(".br")) return std::nullopt;

  net::Response response{.status = is_astray ? 404 : 200, .content_type = std::string(content_type(path)), .body = {}};
  std::string_view body = plain->second;
  const std::pair<std::string_view, std::string_view> codings[] = {{"br", ".br"}, {"gzip", ".gz"}};
  for (const auto& [coding, ending] : codings) {
    const auto packed = files.find(path + std::string(ending));
    if (packed == files.end() || !accepts(request, coding)) continue;
    body = packed->second;
    response.headers.emplace_back("Content-Encoding", coding);
    response.headers.emplace_back("Vary", "Accept-Encoding");
    break;
  }
  response.body = body;
  const bool has_hash = path.starts_with("/assets/");
  response.headers.emplace_back("Cache-Control", has_hash ? "public, max-age=31536000, immutable" : "no-cache");
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  response.headers.emplace_back("Referrer-Policy", "same-origin");
  if (path == "/index.html") response.headers.emplace_back("Content-Security-Policy", kPolicy);
  // Without a session the answers would be refusals, which the browser keeps for the requests after the sign-in.
  const bool has_session = request.header("cookie").contains(fmt::format("{}=", auth::kSessionCookie));
  if (request.path == "/customers" && request.query.empty() && has_session)
    response.headers.emplace_back("Link", kFirstAnswers);
  return response;
}

}  // namespace rowlane::app
