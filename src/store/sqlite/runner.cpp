#include "store/sqlite/runner.hpp"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "base/log.hpp"

namespace rowlane::store {

namespace {

// A transaction takes at most so many pieces, so that none waits long for a commit behind a crowd.
constexpr std::size_t kGroupMax = 1'000;
constexpr std::chrono::microseconds kPatienceMax{1'000};

struct WritePiece {
  SqliteRunner::Write work;
  SqliteRunner::Done done;
};

// Pieces of work handed from any thread to the threads that take them.
template <class T>
class Inbox {
 public:
  void push(T piece) {
    bool enough = false;
    {
      const std::lock_guard lock(mutex_);
      pieces_.push_back(std::move(piece));
      enough = pieces_.size() >= wanted_;
    }
    if (enough) filled_.notify_one();
  }
  // Up to `most` pieces; empty once closed and drained. When `expected` is above 1, waits up to `patience` after the
  // first one for so many: for a single taker.
  std::vector<T> take(std::size_t most, std::size_t expected = 1, std::chrono::microseconds patience = {}) {
    std::unique_lock lock(mutex_);
    filled_.wait(lock, [&] { return closed_ || !pieces_.empty(); });
    if (expected > 1 && pieces_.size() < expected) {
      wanted_ = expected;
      filled_.wait_for(lock, patience, [&] { return closed_ || pieces_.size() >= wanted_; });
      wanted_ = 1;
    }
    std::vector<T> taken;
    while (!pieces_.empty() && taken.size() < most) {
      taken.push_back(std::move(pieces_.front()));
      pieces_.pop_front();
    }
    return taken;
  }
  void close() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    filled_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable filled_;
  std::deque<T> pieces_;
  std::size_t wanted_ = 1;  // a push wakes a taker from this length on
  bool closed_ = false;
};

Status run_group(db::Sqlite& db, std::vector<WritePiece>& group) {
  Result<db::Transaction> transaction = db::Transaction::begin(db);
  if (!transaction) return std::unexpected(transaction.error());
  for (WritePiece& piece : group) run_piece(db, piece.work);
  return transaction->commit();
}

}  // namespace

bool run_piece(db::Sqlite& db, SqliteRunner::Write& work) {
  // SAVEPOINT of one name nests by statement order: RELEASE and ROLLBACK TO take the innermost.
  (void)db.prepare("SAVEPOINT piece").run();
  const bool keep = work(db);
  if (!keep) (void)db.prepare("ROLLBACK TO piece").run();
  (void)db.prepare("RELEASE piece").run();
  return keep;
}

struct ThreadedRunner::Impl {
  Inbox<WritePiece> writes;
  Inbox<SqliteRunner::Read> reads;
  std::vector<std::thread> threads;

  // Those whose answers a commit gave out tend to come back at once: a moment's wait lets them share the next commit,
  // instead of the first of them taking one alone. The wait is a part of what a commit costs, so it is never long
  // beside it, and there is none for a lone writer.
  void write_loop(db::Sqlite db) {
    using Clock = std::chrono::steady_clock;
    std::size_t before = 1;
    std::chrono::microseconds patience{0};
    for (;;) {
      std::vector<WritePiece> group = writes.take(kGroupMax, before, patience);
      if (group.empty()) return;
      const Clock::time_point start = Clock::now();
      const Status committed = run_group(db, group);
      if (!committed) log_error("a commit failed: {}", committed.error().message);
      patience = std::min(std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - start) / 4, kPatienceMax);
      before = group.size();
      for (WritePiece& piece : group) piece.done(committed);
    }
  }
  void read_loop(db::Sqlite db) {
    for (;;) {
      std::vector<SqliteRunner::Read> one = reads.take(1);
      if (one.empty()) return;
      (void)db.prepare("BEGIN").run();
      one.front()(db);
      (void)db.prepare("COMMIT").run();
    }
  }
};

ThreadedRunner::ThreadedRunner(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<ThreadedRunner>> ThreadedRunner::open(const std::string& path, int readers) {
  auto impl = std::make_unique<Impl>();
  Result<db::Sqlite> writer = db::Sqlite::open(path);
  if (!writer) return std::unexpected(writer.error());
  std::vector<db::Sqlite> connections;
  for (int i = 0; i < readers; ++i) {
    Result<db::Sqlite> reader = db::Sqlite::open(path, {.read_only = true});
    if (!reader) return std::unexpected(reader.error());
    connections.push_back(std::move(*reader));
  }
  impl->threads.emplace_back(&Impl::write_loop, impl.get(), std::move(*writer));
  for (db::Sqlite& connection : connections) impl->threads.emplace_back(&Impl::read_loop, impl.get(), std::move(connection));
  return std::unique_ptr<ThreadedRunner>(new ThreadedRunner(std::move(impl)));
}

ThreadedRunner::~ThreadedRunner() {
  impl_->writes.close();
  impl_->reads.close();
  for (std::thread& thread : impl_->threads) thread.join();
}

void ThreadedRunner::write(Write work, Done done) { impl_->writes.push({std::move(work), std::move(done)}); }
void ThreadedRunner::read(Read work) { impl_->reads.push(std::move(work)); }

void InlineRunner::write(Write work, Done done) {
  Executor::current()->post_after(delay_(), [this, work = std::move(work), done = std::move(done)]() mutable {
    std::vector<WritePiece> group;
    group.push_back({std::move(work), std::move(done)});
    const Status committed = run_group(db_, group);
    group.front().done(committed);
  });
}

void InlineRunner::read(Read work) {
  Executor::current()->post_after(delay_(), [this, work = std::move(work)]() mutable {
    (void)db_.prepare("BEGIN").run();
    work(db_);
    (void)db_.prepare("COMMIT").run();
  });
}

}  // namespace rowlane::store
