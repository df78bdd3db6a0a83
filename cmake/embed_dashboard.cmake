# The built dashboard (web/dist, made by ./dev build) becomes part of the program. Without it the program has none.
file(GLOB_RECURSE dashboard_files RELATIVE ${CMAKE_SOURCE_DIR}/web/dist CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/web/dist/*)
set(dashboard_source ${CMAKE_BINARY_DIR}/dashboard_generated.cpp)
set(blobs "")
set(externs "")
set(rows "")
set(paths "")
set(n 0)
foreach(file ${dashboard_files})
  set(path ${CMAKE_SOURCE_DIR}/web/dist/${file})
  list(APPEND paths ${path})
  string(APPEND blobs "asm(R\"(.section .rodata\nrowlane_asset_${n}: .incbin \"${path}\"\nrowlane_asset_${n}_end: .byte 0\n.previous)\");\n")
  string(APPEND externs "extern const char asset_${n}[] asm(\"rowlane_asset_${n}\"), asset_${n}_end[] asm(\"rowlane_asset_${n}_end\");\n")
  string(APPEND rows "    {\"/${file}\", {asset_${n}, asset_${n}_end}},\n")
  math(EXPR n "${n} + 1")
endforeach()
file(CONFIGURE OUTPUT ${dashboard_source} CONTENT "// Made by cmake/embed_dashboard.cmake.
#include \"app/dashboard.hpp\"
${blobs}
namespace rowlane::app {
${externs}
const std::map<std::string, std::string_view, std::less<>>& dashboard_files() {
  static const std::map<std::string, std::string_view, std::less<>> files = {
${rows}  };
  return files;
}
}  // namespace rowlane::app
" @ONLY)
set_source_files_properties(${dashboard_source} PROPERTIES OBJECT_DEPENDS "${paths}")
