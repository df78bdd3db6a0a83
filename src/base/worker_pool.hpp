// Threads for work that would keep an I/O thread busy for long: reading a large file, say.
//
// `run` may be called on any executor and resumes there. The work runs to its end once begun; the destructor waits for
// what runs and drops what waits, whose tasks stay suspended until their owner destroys them.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "base/task.hpp"

namespace rowlane {

class WorkerPool {
 public:
  explicit WorkerPool(std::size_t threads = 1);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // What `work()` gives. `work` must not throw, and owns what it needs: its task may go before it has run.
  template <class T, class F>
  Task<T> run(F work) {
    co_return co_await suspend_for<T>([this, work = std::move(work)](Resolver<T> done) mutable {
      push([work = std::move(work), done = std::move(done)]() mutable { done(work()); });
    });
  }

 private:
  using Work = std::move_only_function<void()>;
  void push(Work work);
  void loop();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Work> waiting_;
  bool is_stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace rowlane
