#include "store/sqlite/wal.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>

#include "base/log.hpp"

namespace rowlane::store {

namespace {
constexpr int kCheckpointPages = 16'000;
// While a long log is copied the writer adds to it. Copied again, and again, what is left for the writer itself is
// short.
constexpr int kLeftPages = 1'000, kCopiesMax = 5;

void flush_or_end(const WalSync::Flush& flush) {
  const int failed = flush();
  if (failed == 0) return;
  log_error("the disk did not keep what was written ({}): the server ends, as it cannot promise anything now",
            std::strerror(failed));
  std::signal(SIGABRT, SIG_DFL);  // no crash of ours: the jobs that run are not to blame
  std::abort();
}

struct Descriptor {
  int number = -1;
  explicit Descriptor(int opened) : number(opened) {}
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
};
}  // namespace

bool copy_log(const db::Sqlite& db) {
  int in_log = 0, before = 0, copied = 0;
  for (int i = 0; i < kCopiesMax; ++i, before = copied) {
    const int rc = sqlite3_wal_checkpoint_v2(db.handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, &in_log, &copied);
    if (rc != SQLITE_OK && (rc & 0xff) != SQLITE_BUSY)
      log_error("the log cannot be copied into the database: {}", sqlite3_errmsg(db.handle()));
    if (rc != SQLITE_OK) return false;
    if (copied - before < kLeftPages) break;
  }
  return in_log - copied < kLeftPages;
}

WalSync::WalSync(Flush flush) : flush_(std::move(flush)), thread_([this] { loop(); }) {}

WalSync::~WalSync() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void WalSync::wait_for_turn() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return !waiting_; });
}

void WalSync::when_durable(std::move_only_function<void()> durable, bool alone) {
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !waiting_; });
    if (!alone || flushing_) {
      waiting_ = std::move(durable);
      lock.unlock();
      changed_.notify_all();
      return;
    }
  }
  flush_or_end(flush_);
  durable();
}

void WalSync::loop() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return closed_ || waiting_; });
    if (!waiting_) return;
    std::move_only_function<void()> durable = std::exchange(waiting_, {});
    flushing_ = true;
    lock.unlock();
    changed_.notify_all();
    flush_or_end(flush_);
    durable();
    durable = {};
    lock.lock();
    flushing_ = false;
  }
}

Result<WalSync::Flush> wal_flush(db::Sqlite& open) {
  // The log is there from the first look at the database on, and stays while a connection is open.
  const Result<bool> looked = open.prepare("SELECT 1 FROM sqlite_schema").step();
  if (!looked) return std::unexpected(looked.error());
  // SQLite has followed links by now.
  const std::filesystem::path log = sqlite3_filename_wal(sqlite3_db_filename(open.handle(), "main"));
  const Descriptor folder(::open(log.parent_path().c_str(), O_RDONLY | O_CLOEXEC));
  const auto file = std::make_shared<Descriptor>(::open(log.c_str(), O_RDONLY | O_CLOEXEC));
  // The file's name must be on the disk too.
  if (file->number < 0 || folder.number < 0 || ::fsync(folder.number) != 0)
    return fail(Errc::unavailable, fmt::format("cannot open {}: {}", log.string(), std::strerror(errno)));
  return [file] { return ::fdatasync(file->number) == 0 ? 0 : errno; };
}

Checkpointer::Checkpointer(db::Sqlite db) : thread_([this, own = std::move(db)]() mutable { loop(own); }) {}

Checkpointer::~Checkpointer() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  wanted_changed_.notify_one();
  thread_.join();
}

void Checkpointer::committed(db::Sqlite& writer, int pages) {
  if (pages < kCheckpointPages) retry_at_ = 0;
  if (pages < std::max(kCheckpointPages, retry_at_.load())) return;
  if (copied_.exchange(false)) {
    // What came since is little: copied here, nothing is left, and the log starts again from its beginning.
    const Status copied = writer.prepare("PRAGMA wal_checkpoint(PASSIVE)").run();
    if (!copied) log_error("the log cannot be copied into the database: {}", copied.error().message);
    return;
  }
  if (busy_.exchange(true)) return;
  {
    const std::lock_guard lock(mutex_);
    wanted_ = true;
    pages_ = pages;
  }
  wanted_changed_.notify_one();
}

void Checkpointer::loop(db::Sqlite& db) {
  for (int pages = 0;;) {
    {
      std::unique_lock lock(mutex_);
      wanted_changed_.wait(lock, [&] { return closed_ || wanted_; });
      if (closed_) return;
      wanted_ = false;
      pages = pages_;
    }
    // The writer copies the rest itself only where it is short: a long log would keep everybody waiting for their
    // answer.
    copied_ = copy_log(db);
    if (!copied_) retry_at_ = pages + kLeftPages;
    busy_ = false;
  }
}

}  // namespace rowlane::store
