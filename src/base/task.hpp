// One coroutine type for everything that waits: `Task<T>`, and the executor it resumes on.
//
// A task is lazy: it starts when it is awaited or spawned. It runs on one executor from start to end; whatever
// finishes elsewhere (a database thread, libcurl, a timer) resumes it there by posting. So code between two
// `co_await`s of one executor never needs a lock against other tasks of that executor.
// Parameters of a coroutine are taken by value, or outlive it by a contract that its header states.
// Destroying a suspended task destroys its frame and everything in it; a late answer is then dropped.
#pragma once

#include <coroutine>
#include <exception>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.hpp"

namespace rowlane {

// Runs posted work one after the other, in the order posted. `post` may be called from any thread.
class Executor {
 public:
  using Work = std::move_only_function<void()>;
  virtual ~Executor() = default;
  virtual void post(Work work) = 0;
  // Posts `work` once `delay` has passed. A delay of zero or less posts at once.
  virtual void post_after(Millis delay, Work work) = 0;

  // The executor whose work this thread is running now; null outside one.
  static Executor* current();

 protected:
  // Implementations hold one of these while they run work.
  class Running {
   public:
    explicit Running(Executor* executor);
    ~Running();
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

   private:
    Executor* before_;
  };
};

template <class T>
class [[nodiscard]] Task;

namespace detail {

struct FinalAwaiter {
  bool await_ready() const noexcept { return false; }
  template <class P>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<P> self) const noexcept {
    return self.promise().continuation ? self.promise().continuation : std::noop_coroutine();
  }
  void await_resume() const noexcept {}
};

template <class T>
struct TaskPromiseBase {
  std::coroutine_handle<> continuation;
  std::suspend_always initial_suspend() const noexcept { return {}; }
  FinalAwaiter final_suspend() const noexcept { return {}; }
};

template <class T>
struct TaskPromise : TaskPromiseBase<T> {
  std::variant<std::monostate, T, std::exception_ptr> outcome;
  Task<T> get_return_object();
  template <class U>
  void return_value(U&& value) {
    outcome.template emplace<1>(std::forward<U>(value));
  }
  void unhandled_exception() { outcome.template emplace<2>(std::current_exception()); }
  T take() {
    if (outcome.index() == 2) std::rethrow_exception(std::get<2>(outcome));
    return std::move(std::get<1>(outcome));
  }
};

template <>
struct TaskPromise<void> : TaskPromiseBase<void> {
  std::exception_ptr error;
  Task<void> get_return_object();
  void return_void() const noexcept {}
  void unhandled_exception() { error = std::current_exception(); }
  void take() {
    if (error) std::rethrow_exception(error);
  }
};

}  // namespace detail

template <class T>
class [[nodiscard]] Task {
 public:
  using promise_type = detail::TaskPromise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  explicit Task(Handle handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      if (handle_) handle_.destroy();
      handle_ = std::exchange(other.handle_, {});
    }
    return *this;
  }
  ~Task() {
    if (handle_) handle_.destroy();
  }

  auto operator co_await() && {
    struct Awaiter {
      Handle handle;
      bool await_ready() const noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<> caller) const noexcept {
        handle.promise().continuation = caller;
        return handle;
      }
      T await_resume() const { return handle.promise().take(); }
    };
    return Awaiter{handle_};
  }

 private:
  Handle handle_;
};

namespace detail {
template <class T>
Task<T> TaskPromise<T>::get_return_object() {
  return Task<T>{std::coroutine_handle<TaskPromise<T>>::from_promise(*this)};
}
inline Task<void> TaskPromise<void>::get_return_object() {
  return Task<void>{std::coroutine_handle<TaskPromise<void>>::from_promise(*this)};
}

template <class T>
struct Pending {
  std::optional<T> value;
  std::coroutine_handle<> waiting;  // touched on `executor` alone
  Executor* executor = nullptr;
};
}  // namespace detail

// The producing end of one awaited value. May be moved to and called on any thread, once.
// Dropping it unresolved leaves the task suspended for ever; its owner then destroys it.
template <class T>
class Resolver {
 public:
  explicit Resolver(std::shared_ptr<detail::Pending<T>> pending) : pending_(std::move(pending)) {}
  void operator()(T value) {
    auto pending = std::move(pending_);
    Executor* executor = pending->executor;
    pending->value.emplace(std::move(value));
    executor->post([pending = std::move(pending)] {
      if (auto handle = std::exchange(pending->waiting, {})) handle.resume();
    });
  }

 private:
  std::shared_ptr<detail::Pending<T>> pending_;
};

// Awaits what `start(Resolver<T>)` will deliver, and resumes on the executor that awaited.
//   const int rows = co_await suspend_for<int>([&](Resolver<int> done) { thread.push(std::move(done)); });
template <class T, class Start>
auto suspend_for(Start start) {
  struct Awaiter {
    Start start;
    std::shared_ptr<detail::Pending<T>> pending = std::make_shared<detail::Pending<T>>();

    explicit Awaiter(Start s) : start(std::move(s)) {}
    Awaiter(Awaiter&&) = default;
    ~Awaiter() {
      if (pending) pending->waiting = {};  // a late answer finds nobody
    }
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> handle) {
      pending->waiting = handle;
      pending->executor = Executor::current();
      start(Resolver<T>{pending});
    }
    T await_resume() { return std::move(*pending->value); }
  };
  return Awaiter{std::move(start)};
}

// Resumes on the current executor after `delay`.
Task<void> sleep_for(Millis delay);

// Owns the tasks it runs: what is still suspended when the group goes is destroyed with it.
// Use it, and destroy it, on the executor's thread (or when that thread has ended).
class TaskGroup {
 public:
  explicit TaskGroup(Executor& executor) : executor_(executor) {}
  ~TaskGroup() = default;
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  // Starts `task` by a post. An exception that leaves it goes to `on_error` (terminate when none is set).
  void spawn(Task<void> task);
  [[nodiscard]] std::size_t size() const { return running_.size(); }
  // Returns once no task is left.
  Task<void> join();
  void on_error(std::function<void(std::exception_ptr)> handler) { on_error_ = std::move(handler); }

 private:
  struct Root;
  Root run(std::list<Root>::iterator self, Task<void> task);
  void finished(std::list<Root>::iterator self);

  struct Root {
    struct promise_type;
    std::coroutine_handle<promise_type> handle;
    Root() = default;
    explicit Root(std::coroutine_handle<promise_type> h) : handle(h) {}
    Root(Root&& other) noexcept : handle(std::exchange(other.handle, {})) {}
    Root& operator=(Root&& other) noexcept;
    ~Root();
  };

  Executor& executor_;
  std::list<Root> running_;
  std::vector<Resolver<std::monostate>> joiners_;
  std::function<void(std::exception_ptr)> on_error_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

// Runs `task` on `executor` and owns it until it ends. For servers' top-level work that nobody waits for;
// an exception that leaves it terminates the process.
void detach(Executor& executor, Task<void> task);

}  // namespace rowlane
