// Holds requests against Google's discovery documents: path, query, field mask and body.
//
// The documents stand in the folder named by ROWLANE_GOOGLE_DISCOVERY, else in ../shared/google beside the checkout.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"

namespace rowlane::testing {

class Discovery {
 public:
  // `file`: "sheets-v4-discovery.json". Throws when the document is not there.
  explicit Discovery(std::string_view file);

  // What is wrong with a request; empty when nothing is. `path` starts at the service ("v4/spreadsheets/...").
  [[nodiscard]] std::vector<std::string> check(std::string_view method, std::string_view path_and_query,
                                               std::string_view body) const;
  // What is wrong with a value of a schema.
  [[nodiscard]] std::vector<std::string> check_value(std::string_view schema, const Json& value) const;

 private:
  [[nodiscard]] const Json* find_method(std::string_view method, std::string_view path) const;
  void check_node(const Json& schema, const Json& value, const std::string& at,
                  std::vector<std::string>& problems) const;
  void check_mask(std::string_view mask, std::string_view schema, std::vector<std::string>& problems) const;
  const Json* resolve(const Json& schema) const;

  Json document_;
};

}  // namespace rowlane::testing
