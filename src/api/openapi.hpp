// The description of the interface that /openapi.json gives out: OpenAPI 3.1, made from the routes that the server has
// and one table of what each takes and answers. Client types are generated from it, and a test validates the server's
// answers against it.
#pragma once

#include <deque>
#include <string_view>

#include "base/json.hpp"
#include "domain/field_catalogue.hpp"
#include "net/router.hpp"

namespace rowlane::api {

// True when the table has a line for the route of that name.
bool is_described(std::string_view route_name);
// Every route must be described.
Json openapi_document(const std::deque<net::Route>& routes, const FieldCatalogue& catalogue, std::string_view version);

}  // namespace rowlane::api
