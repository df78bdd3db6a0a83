// What the write-ahead log needs beside the writer: to be on the disk before anybody is answered, and to be copied into
// the database. Each on a thread of its own, so that the writer goes on meanwhile.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "db/sqlite.hpp"

namespace rowlane::store {

// Makes commits durable while the writer runs the next transaction: at `synchronous=NORMAL` SQLite writes a commit to
// the log and leaves the flush to us. Sound since the log is read up to its first broken frame: a flush covers all that
// was written before it began, so no commit is kept without those before it. (SQLite itself flushes the log before it
// is copied, and after its header is written anew: https://sqlite.org/pragma.html#pragma_synchronous.)
class WalSync {
 public:
  // Flushes what was written to the log so far; 0, or errno. After a failed flush nobody knows what the disk holds: the
  // process ends, and goes on with what is there when it is started again.
  using Flush = std::function<int()>;
  explicit WalSync(Flush flush);
  // Flushes what was handed in first.
  ~WalSync();
  // Returns once nothing waits for a flush: what comes meanwhile shares the next transaction.
  void wait_for_turn();
  // Calls `durable` once all that is in the log now is on the disk: on this class's thread, or here and now when
  // `alone` and no flush is under way, as changing threads would only add to the answer's time.
  void when_durable(std::move_only_function<void()> durable, bool alone);

 private:
  void loop();

  Flush flush_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::move_only_function<void()> waiting_;
  bool flushing_ = false, closed_ = false;
  std::thread thread_;
};

// The flush of the log of the database that `open` is connected to, in WAL mode, for as long as it is used.
Result<WalSync::Flush> wal_flush(db::Sqlite& open);

// Copies the log into the database while others go on; true when what is left is short. A reader that began earlier (a
// backup) needs what it sees to stay: then all that came after it is left, and the next copy is after its end. What
// fails is logged.
bool copy_log(const db::Sqlite& db);

// Copies the write-ahead log into the database beside the writer, so that no commit waits for it.
class Checkpointer {
 public:
  explicit Checkpointer(db::Sqlite db);
  ~Checkpointer();
  // After a commit, by the writer; `pages`: in the log now.
  void committed(db::Sqlite& writer, int pages);

 private:
  void loop(db::Sqlite& db);

  std::mutex mutex_;
  std::condition_variable wanted_changed_;
  int pages_ = 0;  // in the log when a copy was asked for
  bool wanted_ = false, closed_ = false;
  std::atomic<bool> busy_{false}, copied_{false};
  std::atomic<int> retry_at_{0};  // pages in the log; after a copy that left much
  std::thread thread_;
};

}  // namespace rowlane::store
