// The program's version: the one of CMake's `project()`, as `rowlane --version` and openapi.json say it.
#pragma once

#include <string_view>

namespace rowlane {

[[nodiscard]] std::string_view version();  // "1.2.3"

}  // namespace rowlane
