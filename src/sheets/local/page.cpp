// Where the grid page and its files are served: /d/{id}, /spreadsheets/d/{id}/edit, and files beside them.
#include "sheets/local/impl.hpp"

namespace rowlane::sheets::local {

std::optional<net::Response> LocalSheets::Impl::page(std::string_view path) {
  std::string_view name;
  bool is_page = false;
  for (const std::string_view root : {"/spreadsheets/d/", "/d/"}) {
    if (!path.starts_with(root)) continue;
    const std::string_view rest = path.substr(root.size());
    const std::size_t slash = rest.find('/');
    const std::string_view tail = slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
    if (rest.empty()) return std::nullopt;
    is_page = tail.empty() || tail == "edit";
    if (!is_page) return std::nullopt;
    // The page's links are relative to the mount: how deep the address lies below it depends on its form.
    name = root == "/d/" ? (slash == std::string_view::npos ? "grid.html" : "grid-up2.html") : "grid-up3.html";
    if (root != "/d/" && slash == std::string_view::npos) name = "grid-up2.html";
  }
  if (!is_page) {
    if (path != "/_grid/grid.js" && path != "/_grid/grid.css") return std::nullopt;
    name = path.substr(std::string_view("/_grid/").size());
  }
  const PageFile* file = find_page_file(is_page ? "grid.html" : name);
  if (!file) return std::nullopt;
  net::Response out{.content_type = std::string(file->content_type), .body = std::string(file->body)};
  if (is_page) {
    const std::string_view up = name == "grid.html" ? "../" : name == "grid-up2.html" ? "../../" : "../../../";
    for (std::size_t at = 0; (at = out.body.find("@UP@", at)) != std::string::npos;) out.body.replace(at, 4, up);
    out.headers.emplace_back("Content-Security-Policy",
                             "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
                             "img-src data:; base-uri 'none'; form-action 'none'");
  }
  out.headers.emplace_back("Cache-Control", "no-cache");
  out.headers.emplace_back("X-Content-Type-Options", "nosniff");
  return out;
}

}  // namespace rowlane::sheets::local
