#include "base/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace rowlane {

namespace {
spdlog::logger& logger() {
  static spdlog::logger instance = [] {
    spdlog::logger made("rowlane", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made.set_pattern("%Y-%m-%dT%H:%M:%S.%e %l %v");
    made.flush_on(spdlog::level::warn);
    return made;
  }();
  return instance;
}

spdlog::level::level_enum level_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
    case LogLevel::off:
      return spdlog::level::off;
  }
  return spdlog::level::info;
}
}  // namespace

void set_log_level(LogLevel level) { logger().set_level(level_of(level)); }
void log_line(LogLevel level, std::string_view text) { logger().log(level_of(level), text); }

}  // namespace rowlane
