// The dashboard's files, embedded in the program by the build (cmake/embed_dashboard.cmake), and how they are served.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "net/http.hpp"

namespace rowlane::app {

// By path: "/index.html", "/assets/index-1a2b.js" and their compressed forms, "....js.gz", "....js.br".
const std::map<std::string, std::string_view, std::less<>>& dashboard_files();

// The answer to a GET or HEAD of one of the files, or of a page's address (all pages are index.html); nullopt when the
// path is none of them. Files with a hash in their name never change and are kept by browsers for a year.
std::optional<net::Response> dashboard_answer(const net::Request& request);

}  // namespace rowlane::app
