// From a thread that may block to a task on an executor.
#pragma once

#include <future>

#include "base/task.hpp"

namespace rowlane::app {

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

}  // namespace rowlane::app
