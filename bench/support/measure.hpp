// What the benchmarks share: medians, CPU time, a data directory, and figures printed beside their targets.
//
// Figures are ratios of two things measured in turn in the same run: absolute times of a shared machine mean nothing.
#pragma once

#include <future>
#include <string>
#include <string_view>
#include <vector>

#include "base/task.hpp"

namespace rowlane::bench {

double median(std::vector<double> values);
// Value at `share` (0.99) of the sorted list; 0 for an empty one.
double percentile(std::vector<double> values, double share);

double now_seconds();         // monotonic
double thread_cpu_seconds();  // of the calling thread

// A new folder on the disk that the build is on (never in memory: durability is what is measured), removed at the
// end. ROWLANE_BENCH_DIR names another place.
class DataDir {
 public:
  DataDir();
  ~DataDir();
  DataDir(const DataDir&) = delete;
  DataDir& operator=(const DataDir&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Prints one line a figure and remembers whether all targets were met.
class Report {
 public:
  void at_least(std::string_view name, double value, double target, std::string_view note = {});
  void at_most(std::string_view name, double value, double target, std::string_view note = {});
  void check(std::string_view name, bool holds, std::string_view note = {});
  // A number without a target, for whoever reads the run.
  void info(std::string_view name, std::string_view text);
  // 0 when every target was met, else 1.
  [[nodiscard]] int exit_code() const { return missed_ ? 1 : 0; }

 private:
  void line(std::string_view name, std::string_view value, std::string_view target, bool pass, std::string_view note);
  bool missed_ = false;
};

// Ends the program: the benchmark could not be set up.
[[noreturn]] void give_up(std::string_view what, std::string_view why);

// Runs `task` on `executor` and waits for its value. Not from the executor's own thread.
template <class T>
T wait_for(Executor& executor, Task<T> task) {
  struct Into {
    static Task<void> promise(Task<T> from, std::promise<T>* to) { to->set_value(co_await std::move(from)); }
  };
  std::promise<T> promise;
  std::future<T> future = promise.get_future();
  detach(executor, Into::promise(std::move(task), &promise));
  return future.get();
}

}  // namespace rowlane::bench
