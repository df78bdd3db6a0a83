# What every target shares: warnings, sanitizers, one precompiled header, and `rowlane_library`.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(CURL REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(ZLIB REQUIRED)
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(ICU REQUIRED IMPORTED_TARGET icu-uc icu-i18n)

add_library(rowlane_options INTERFACE)
target_compile_options(rowlane_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor -Werror
  -Wno-missing-field-initializers -Wno-missing-designated-field-initializers
  -fno-omit-frame-pointer)
# Without the time in it a precompiled header that is built anew is the same, and ccache finds what was built with it.
target_compile_options(rowlane_options INTERFACE "SHELL:-Xclang -fno-pch-timestamp")
target_compile_definitions(rowlane_options INTERFACE
  BOOST_ASIO_NO_DEPRECATED BOOST_BEAST_USE_STD_STRING_VIEW SPDLOG_FMT_EXTERNAL)
target_link_options(rowlane_options INTERFACE -fuse-ld=lld-19)
target_include_directories(rowlane_options INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_link_libraries(rowlane_options INTERFACE Threads::Threads)

if(ROWLANE_SANITIZE STREQUAL "address")
  target_compile_options(rowlane_options INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=all)
  target_link_options(rowlane_options INTERFACE -fsanitize=address,undefined)
elseif(ROWLANE_SANITIZE STREQUAL "thread")
  target_compile_options(rowlane_options INTERFACE -fsanitize=thread)
  target_link_options(rowlane_options INTERFACE -fsanitize=thread)
elseif(NOT ROWLANE_SANITIZE STREQUAL "")
  message(FATAL_ERROR "ROWLANE_SANITIZE is '${ROWLANE_SANITIZE}'; it may be empty, 'address' or 'thread'")
endif()
# Fuzzers need every library watched: ASan and UBSan, and coverage.
if(ROWLANE_FUZZ)
  target_compile_options(rowlane_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(ROWLANE_STOP_POINTS)
  target_compile_definitions(rowlane_options INTERFACE ROWLANE_STOP_POINTS=1)
endif()

# One precompiled header of standard headers, compiled once and reused by every target.
add_library(rowlane_pch STATIC ${CMAKE_SOURCE_DIR}/cmake/pch.cpp)
target_link_libraries(rowlane_pch PUBLIC rowlane_options)
target_precompile_headers(rowlane_pch PRIVATE
  <algorithm> <array> <charconv> <chrono> <cstdint> <cstring> <expected> <functional> <map> <memory>
  <optional> <span> <string> <string_view> <unordered_map> <unordered_set> <utility> <variant> <vector>
  <fmt/format.h>)
target_link_libraries(rowlane_pch PUBLIC fmt::fmt)

# rowlane_library(NAME [folders or libraries it may include ...]): the library of the current folder.
function(rowlane_library name)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  add_library(${name} STATIC ${sources})
  target_link_libraries(${name} PUBLIC rowlane_options fmt::fmt ${ARGN})
  target_precompile_headers(${name} REUSE_FROM rowlane_pch)
endfunction()

# rowlane_executable(NAME sources... LINKS libraries...)
function(rowlane_executable name)
  cmake_parse_arguments(ARG "" "" "LINKS" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE rowlane_options fmt::fmt ${ARG_LINKS})
  target_precompile_headers(${name} REUSE_FROM rowlane_pch)
endfunction()
