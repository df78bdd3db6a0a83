#include "store/sqlite/runner.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "base/log.hpp"
#include "store/sqlite/wal.hpp"

namespace rowlane::store {

namespace {

// A transaction takes at most so many pieces, so that none waits long for a commit behind a crowd.
constexpr std::size_t kGroupMax = 200;

struct WritePiece {
  SqliteRunner::Write work;
  SqliteRunner::Done done;
  SqliteRunner::Undo undo;
};

// Pieces of work handed from any thread to the threads that take them.
template <class T>
class Inbox {
 public:
  void push(T piece) {
    {
      const std::lock_guard lock(mutex_);
      pieces_.push_back(std::move(piece));
    }
    filled_.notify_one();
  }
  // Up to `most` pieces; empty once closed and drained.
  std::vector<T> take(std::size_t most) {
    std::unique_lock lock(mutex_);
    filled_.wait(lock, [&] { return closed_ || !pieces_.empty(); });
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
  bool closed_ = false;
};

// Right after a call that failed.
bool lacks_room(const db::Sqlite& db) { return (sqlite3_errcode(db.handle()) & 0xff) == SQLITE_FULL; }

// A full disk, and the like, makes SQLite roll the whole transaction back by itself.
Status check_in_transaction(const db::Sqlite& db) {
  if (sqlite3_get_autocommit(db.handle()) == 0) return {};
  if (lacks_room(db)) return fail(Errc::unavailable, "the server's disk is full");
  return fail(Errc::unavailable, "the database gave the transaction up; nothing of it was kept");
}

Status run_in_savepoint(db::Sqlite& db, Writer& writer, SqliteRunner::Write& work, bool& is_full) {
  const std::size_t events = writer.events().count();
  // SAVEPOINT of one name nests by statement order: RELEASE and ROLLBACK TO take the innermost.
  if (const Status begun = db.prepare("SAVEPOINT piece").run(); !begun) return begun;
  const bool kept = work(writer);
  is_full = is_full || (!kept && lacks_room(db));
  if (const Status still = check_in_transaction(db); !still) return still;
  if (!kept) {
    if (const Status undone = db.prepare("ROLLBACK TO piece").run(); !undone) return undone;
    writer.events().keep_first(events);
  }
  return db.prepare("RELEASE piece").run();
}

// How the writer's pieces are undone. One that says nothing can fail in it and was wrong makes all go in savepoints
// from then on: tried again it would take others down with it each time.
struct Trust {
  bool in_pieces = true;
};

Status run_without(db::Sqlite& db, Writer& writer, SqliteRunner::Write& work, Trust& trust, bool& is_full) {
  const std::int64_t changes = db.total_changes();
  const std::size_t events = writer.events().count();
  const bool kept = work(writer);
  is_full = is_full || (!kept && lacks_room(db));
  if (const Status still = check_in_transaction(db); !still) return still;
  if (kept) return {};
  writer.events().keep_first(events);
  if (db.total_changes() == changes) return {};
  trust.in_pieces = false;
  return fail(Errc::unavailable, "a write failed half-way; nothing of it was kept");
}

Status run_pieces(db::Sqlite& db, std::vector<WritePiece>& group, Trust& trust, bool& is_full) {
  Result<db::Transaction> transaction = db::Transaction::begin(db);
  if (!transaction) return std::unexpected(transaction.error());
  Writer writer(db);
  for (WritePiece& piece : group) {
    const bool by_savepoint = !trust.in_pieces || piece.undo == SqliteRunner::Undo::by_savepoint;
    const Status run = by_savepoint ? run_in_savepoint(db, writer, piece.work, is_full)
                                    : run_without(db, writer, piece.work, trust, is_full);
    if (!run) return run;
  }
  Status done = writer.events().write(db);
  if (done) done = transaction->commit();
  is_full = is_full || (!done && lacks_room(db));
  return done;
}

// `disk_full`: whether a piece, or the commit, found no room.
Status run_group(db::Sqlite& db, std::vector<WritePiece>& group, Trust& trust, std::atomic<bool>& disk_full) {
  bool is_full = false;
  const Status done = run_pieces(db, group, trust, is_full);
  if (is_full)
    disk_full = true;
  else if (done)
    disk_full = false;
  return done;
}

// Look-ups of one turn of an executor's loop: each request needs one, and a thread's wake-up costs more than it does.
class LookUps : public std::enable_shared_from_this<LookUps> {
 public:
  explicit LookUps(db::Sqlite db) : db_(std::move(db)) {}
  void add(SqliteRunner::Read work) {
    {
      const std::lock_guard lock(mutex_);
      waiting_.push_back(std::move(work));
      if (waiting_.size() > 1) return;
    }
    Executor::current()->post([self = shared_from_this()] { self->run(); });
  }

 private:
  void run() {
    const std::lock_guard one_at_a_time(db_mutex_);
    std::vector<SqliteRunner::Read> taken;
    {
      const std::lock_guard lock(mutex_);
      taken.swap(waiting_);
    }
    (void)db_.prepare("BEGIN").run();
    for (SqliteRunner::Read& work : taken) work(db_);
    (void)db_.prepare("COMMIT").run();
  }

  std::mutex mutex_, db_mutex_;
  std::vector<SqliteRunner::Read> waiting_;
  db::Sqlite db_;
};

int keep_page_count(void* pages, sqlite3*, const char*, int in_log) {
  *static_cast<int*>(pages) = in_log;
  return SQLITE_OK;
}

}  // namespace

struct ThreadedRunner::Impl {
  Inbox<WritePiece> writes;
  Inbox<SqliteRunner::Read> reads;
  std::shared_ptr<LookUps> look_ups;
  std::unique_ptr<Checkpointer> checkpointer;
  std::unique_ptr<WalSync> sync;
  std::atomic<bool>* disk_full = nullptr;  // the runner's
  std::vector<std::thread> threads;

  // Two groups at most are on their way: one that is being flushed, and the next that is being run. What comes
  // meanwhile gathers for the one after.
  void write_loop(db::Sqlite db) {
    int log_pages = 0;
    Trust trust;
    sqlite3_wal_hook(db.handle(), keep_page_count, &log_pages);  // takes the place of the automatic checkpoint
    for (;;) {
      sync->wait_for_turn();
      std::vector<WritePiece> group = writes.take(kGroupMax);
      if (group.empty()) return;
      if (const Status committed = run_group(db, group, trust, *disk_full); !committed) {
        log_error("a commit failed: {}", committed.error().message);
        for (WritePiece& piece : group) piece.done(committed);
        continue;
      }
      checkpointer->committed(db, log_pages);
      const bool alone = group.size() == 1;
      sync->when_durable(
          [group = std::move(group)]() mutable {
            for (WritePiece& piece : group) piece.done({});
          },
          alone);
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

Result<std::unique_ptr<ThreadedRunner>> ThreadedRunner::open(const std::string& path, int readers,
                                                             WalSync::Flush flush) {
  auto impl = std::make_unique<Impl>();
  Result<db::Sqlite> writer = db::Sqlite::open(path);
  if (!writer) return std::unexpected(writer.error());
  // Commits are flushed by `WalSync`.
  if (const Status set = writer->exec("PRAGMA synchronous=NORMAL"); !set) return std::unexpected(set.error());
  if (!flush) {
    Result<WalSync::Flush> own = wal_flush(*writer);
    if (!own) return std::unexpected(own.error());
    flush = std::move(*own);
  }
  impl->sync = std::make_unique<WalSync>(std::move(flush));
  // After a flush that failed, what is read of the log may not be what the disk holds: copied and flushed anew it is.
  if (const Status copied = writer->exec("PRAGMA wal_checkpoint(PASSIVE)"); !copied)
    return std::unexpected(copied.error());
  std::vector<db::Sqlite> connections;
  for (int i = 0; i < readers; ++i) {
    Result<db::Sqlite> reader = db::Sqlite::open(path, {.read_only = true});
    if (!reader) return std::unexpected(reader.error());
    connections.push_back(std::move(*reader));
  }
  Result<db::Sqlite> looker = db::Sqlite::open(path, {.read_only = true});
  if (!looker) return std::unexpected(looker.error());
  // A look at a database that has changed gives the whole mapping back and faults it in again: dear for a few pages.
  if (const Status set = looker->exec("PRAGMA mmap_size=0"); !set) return std::unexpected(set.error());
  impl->look_ups = std::make_shared<LookUps>(std::move(*looker));
  Result<db::Sqlite> copier = db::Sqlite::open(path);
  if (!copier) return std::unexpected(copier.error());
  impl->checkpointer = std::make_unique<Checkpointer>(std::move(*copier));
  std::unique_ptr<ThreadedRunner> runner(new ThreadedRunner(std::move(impl)));
  Impl& parts = *runner->impl_;
  parts.disk_full = &runner->disk_full_;
  parts.threads.emplace_back(&Impl::write_loop, &parts, std::move(*writer));
  for (db::Sqlite& connection : connections)
    parts.threads.emplace_back(&Impl::read_loop, &parts, std::move(connection));
  return runner;
}

ThreadedRunner::~ThreadedRunner() {
  impl_->writes.close();
  impl_->reads.close();
  for (std::thread& thread : impl_->threads) thread.join();
}

void ThreadedRunner::write(Write work, Done done, Undo undo) {
  impl_->writes.push({std::move(work), std::move(done), undo});
}
void ThreadedRunner::look_up(Read work) { impl_->look_ups->add(std::move(work)); }
void ThreadedRunner::read(Read work) { impl_->reads.push(std::move(work)); }

void InlineRunner::write(Write work, Done done, Undo undo) {
  Executor::current()->post_after(delay_(), [this, undo, work = std::move(work), done = std::move(done)]() mutable {
    if (const Status disk = disk_ ? disk_() : Status{}; !disk) return done(disk);
    std::vector<WritePiece> group;
    group.push_back({std::move(work), std::move(done), undo});
    Trust trust;
    const Status committed = run_group(db_, group, trust, disk_full_);
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
