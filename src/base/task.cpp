#include "base/task.hpp"

#include <vector>

namespace rowlane {

namespace {
thread_local Executor* running_executor = nullptr;
}

Executor* Executor::current() { return running_executor; }
Executor::Running::Running(Executor* executor) : before_(running_executor) { running_executor = executor; }
Executor::Running::~Running() { running_executor = before_; }

Task<void> sleep_for(Millis delay) {
  co_await suspend_for<std::monostate>([delay](Resolver<std::monostate> done) {
    Executor::current()->post_after(delay, [done = std::move(done)]() mutable { done(std::monostate{}); });
  });
}

struct TaskGroup::Root::promise_type {
  Root get_return_object() { return Root{std::coroutine_handle<promise_type>::from_promise(*this)}; }
  std::suspend_always initial_suspend() const noexcept { return {}; }
  std::suspend_always final_suspend() const noexcept { return {}; }
  void return_void() const noexcept {}
  void unhandled_exception() const noexcept { std::terminate(); }
};

TaskGroup::Root::~Root() {
  if (handle) handle.destroy();
}

TaskGroup::Root& TaskGroup::Root::operator=(Root&& other) noexcept {
  if (this != &other) {
    if (handle) handle.destroy();
    handle = std::exchange(other.handle, {});
  }
  return *this;
}

TaskGroup::Root TaskGroup::run(std::list<Root>::iterator self, Task<void> task) {
  std::exception_ptr error;
  try {
    co_await std::move(task);
  } catch (...) {
    error = std::current_exception();
  }
  if (error) {
    if (!on_error_) std::terminate();
    on_error_(error);
  }
  // The frame cannot destroy itself: the group does, from a post of its own.
  executor_.post([this, self, alive = std::weak_ptr<int>(alive_)] {
    if (!alive.expired()) finished(self);
  });
}

void TaskGroup::finished(std::list<Root>::iterator self) {
  running_.erase(self);
  if (!running_.empty()) return;
  for (auto& joiner : std::exchange(joiners_, {})) joiner(std::monostate{});
}

void TaskGroup::spawn(Task<void> task) {
  const auto self = running_.emplace(running_.end());
  *self = run(self, std::move(task));
  executor_.post([self, alive = std::weak_ptr<int>(alive_)] {
    if (!alive.expired()) self->handle.resume();
  });
}

Task<void> TaskGroup::join() {
  if (running_.empty()) co_return;
  co_await suspend_for<std::monostate>([this](Resolver<std::monostate> done) { joiners_.push_back(std::move(done)); });
}

namespace {
struct Detached {
  struct promise_type {
    Detached get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const noexcept { std::terminate(); }
  };
  std::coroutine_handle<promise_type> handle;
};
Detached run_detached(Task<void> task) { co_await std::move(task); }
}  // namespace

void detach(Executor& executor, Task<void> task) {
  executor.post([handle = run_detached(std::move(task)).handle] { handle.resume(); });
}

}  // namespace rowlane
