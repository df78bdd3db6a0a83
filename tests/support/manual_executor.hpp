// An executor that the test turns by hand: nothing runs until `run`, and time moves only by `advance`.
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>

#include "base/task.hpp"

namespace rowlane::testing {

class ManualExecutor final : public Executor {
 public:
  void post(Work work) override {
    {
      const std::lock_guard lock(mutex_);
      ready_.push_back(std::move(work));
    }
    posted_.notify_one();
  }
  void post_after(Millis delay, Work work) override {
    if (delay <= Millis{0}) return post(std::move(work));
    timers_.emplace(now_ + delay, std::move(work));
  }

  // Runs what is ready, and what that makes ready, until nothing is. Timers stay.
  void run() {
    while (Work work = next()) {
      const Running running(this);
      work();
    }
  }
  // Moves the time on and runs the timers that fall due, in order.
  void advance(Millis by) {
    const Millis end = now_ + by;
    run();
    while (!timers_.empty() && timers_.begin()->first <= end) {
      now_ = timers_.begin()->first;
      post(std::move(timers_.begin()->second));
      timers_.erase(timers_.begin());
      run();
    }
    now_ = end;
  }

  // Runs `task` to its end, jumping over timers, and returns its value. Everything it waits for must come through this
  // executor; what another thread still has to post is waited for.
  template <class T>
  T finish(Task<T> task) {
    std::optional<T> value;
    TaskGroup group(*this);
    group.spawn(store(std::move(task), value));
    run();
    while (!value && (!timers_.empty() || is_posted_in_time())) {
      if (timers_.empty())
        run();
      else
        advance(timers_.begin()->first - now_);
    }
    return std::move(value).value();
  }

 private:
  template <class T>
  static Task<void> store(Task<T> task, std::optional<T>& into) {
    into.emplace(co_await std::move(task));
  }

  // False when no thread posts anything for so long that none will.
  bool is_posted_in_time() {
    std::unique_lock lock(mutex_);
    return posted_.wait_for(lock, std::chrono::seconds(30), [this] { return !ready_.empty(); });
  }

  Work next() {
    const std::lock_guard lock(mutex_);
    if (ready_.empty()) return {};
    Work work = std::move(ready_.front());
    ready_.pop_front();
    return work;
  }

  std::condition_variable posted_;
  std::mutex mutex_;  // of `ready_`: other threads may post
  std::deque<Work> ready_;
  std::multimap<Millis, Work> timers_;
  Millis now_{0};
};

}  // namespace rowlane::testing
