// One thread that runs one Asio event loop: sockets, timers and posted work, one thing at a time.
//
// As an `Executor` it may be posted to from any thread, also before `start` and after `stop` (work posted after
// `stop` does not run; it is destroyed with this object). An exception that leaves posted work ends the process.
// `Executor::current()` is this object inside everything that runs here.
#pragma once

#include <memory>
#include <string>

#include "base/task.hpp"

namespace rowlane::net {

class IoThread final : public Executor {
 public:
  IoThread();
  ~IoThread() override;  // stops and joins
  IoThread(const IoThread&) = delete;
  IoThread& operator=(const IoThread&) = delete;

  // What the thread gets of busy processors: as much as any other, or little, for work that may take its time.
  enum class Share { equal, what_is_left };
  // Starts the thread; `name` (up to 15 characters) is what `top` shows. Once only.
  void start(std::string name, Share share = Share::equal);
  // Asks the loop to end after the work it is at. From any thread, any number of times.
  void stop();
  // Waits for the thread's end. Not from the thread itself.
  void join();
  [[nodiscard]] bool is_running() const;

  void post(Work work) override;
  void post_after(Millis delay, Work work) override;

  // For the .cpp files of this folder: see io_thread_impl.hpp.
  struct Impl;
  [[nodiscard]] Impl& impl() { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace rowlane::net
