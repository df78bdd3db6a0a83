#include "net/io_thread.hpp"

#include <pthread.h>
#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "net/io_thread_impl.hpp"

namespace rowlane::net {

namespace {
constexpr int kNicer = 10;  // a tenth of a busy processor, all of an idle one
}

IoThread::IoThread() : impl_(std::make_unique<Impl>()) {}

IoThread::~IoThread() {
  stop();
  join();
}

void IoThread::start(std::string name, Share share) {
  impl_->running = true;
  impl_->thread = std::thread([this, share, name = name.substr(0, 15)]() noexcept {
    pthread_setname_np(pthread_self(), name.c_str());
    // Of the calling thread alone, as Linux has it.
    if (share == Share::what_is_left)
      ::setpriority(PRIO_PROCESS, 0, std::min(::getpriority(PRIO_PROCESS, 0) + kNicer, 19));
    const Running running(this);
    impl_->io.run();
    impl_->running = false;
  });
}

void IoThread::stop() { impl_->io.stop(); }

void IoThread::join() {
  if (impl_->thread.joinable()) impl_->thread.join();
}

bool IoThread::is_running() const { return impl_->running; }

void IoThread::post(Work work) { asio::post(impl_->io, std::move(work)); }

void IoThread::post_after(Millis delay, Work work) {
  if (delay <= Millis{0}) return post(std::move(work));
  using Timer = asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>,
                                           asio::io_context::executor_type>;
  auto timer = std::make_unique<Timer>(impl_->io, delay);
  Timer& waiting = *timer;
  waiting.async_wait([timer = std::move(timer), work = std::move(work)](boost::system::error_code error) mutable {
    if (!error) work();
  });
}

}  // namespace rowlane::net
