// The log: one line an event on stderr, through spdlog. Secrets and row contents never go in.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

namespace rowlane {

enum class LogLevel { debug, info, warning, error, off };

void set_log_level(LogLevel level);
void log_line(LogLevel level, std::string_view text);

template <class... T>
void log_debug(fmt::format_string<T...> format, T&&... values) {
  log_line(LogLevel::debug, fmt::format(format, std::forward<T>(values)...));
}
template <class... T>
void log_info(fmt::format_string<T...> format, T&&... values) {
  log_line(LogLevel::info, fmt::format(format, std::forward<T>(values)...));
}
template <class... T>
void log_warning(fmt::format_string<T...> format, T&&... values) {
  log_line(LogLevel::warning, fmt::format(format, std::forward<T>(values)...));
}
template <class... T>
void log_error(fmt::format_string<T...> format, T&&... values) {
  log_line(LogLevel::error, fmt::format(format, std::forward<T>(values)...));
}

}  // namespace rowlane
