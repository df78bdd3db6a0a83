#include "support/measure.hpp"

#include <fmt/format.h>
#include <stdlib.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

namespace rowlane::bench {

namespace {
double seconds_of(clockid_t clock) {
  timespec at{};
  clock_gettime(clock, &at);
  return static_cast<double>(at.tv_sec) + static_cast<double>(at.tv_nsec) * 1e-9;
}
}  // namespace

double percentile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  const auto at = static_cast<std::size_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(at), values.end());
  return values[at];
}

double median(std::vector<double> values) { return percentile(std::move(values), 0.5); }

double now_seconds() { return seconds_of(CLOCK_MONOTONIC); }
double thread_cpu_seconds() { return seconds_of(CLOCK_THREAD_CPUTIME_ID); }

DataDir::DataDir() {
  const char* named = std::getenv("ROWLANE_BENCH_DIR");
  const std::string parent = named ? named : std::filesystem::current_path().string();
  std::string pattern = parent + "/rowlane-bench-XXXXXX";
  if (!mkdtemp(pattern.data())) give_up("cannot make a data directory", pattern);
  path_ = pattern;
}

DataDir::~DataDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void Report::line(std::string_view name, std::string_view value, std::string_view target, bool pass,
                  std::string_view note) {
  missed_ |= !pass;
  fmt::print("{:<4}  {:<66} {:>12}   {:<14} {}\n", pass ? "pass" : "MISS", name, value, target, note);
  std::fflush(stdout);
}

void Report::at_least(std::string_view name, double value, double target, std::string_view note) {
  line(name, fmt::format("{:.3g}", value), fmt::format(">= {:g}", target), value >= target, note);
}
void Report::at_most(std::string_view name, double value, double target, std::string_view note) {
  line(name, fmt::format("{:.3g}", value), fmt::format("<= {:g}", target), value <= target, note);
}
void Report::check(std::string_view name, bool holds, std::string_view note) {
  line(name, holds ? "yes" : "no", "yes", holds, note);
}
void Report::info(std::string_view name, std::string_view text) {
  fmt::print("      {:<66} {}\n", name, text);
  std::fflush(stdout);
}

void give_up(std::string_view what, std::string_view why) {
  fmt::print(stderr, "bench: {}: {}\n", what, why);
  std::exit(2);
}

}  // namespace rowlane::bench
