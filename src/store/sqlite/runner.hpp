// Where statements run: one writer that commits what arrived together, readers on their own connections.
//
// A piece of writing runs inside a transaction that others may share (group commit): it is told apart by a
// savepoint, so one that fails takes nothing with it. `done` comes after the commit.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "base/task.hpp"
#include "store/sqlite/wal.hpp"
#include "store/sqlite/writer.hpp"

namespace rowlane::store {

class SqliteRunner {
 public:
  using Write = std::move_only_function<bool(Writer&)>;  // false: undo this piece
  using Done = std::move_only_function<void(Status committed)>;
  using Read = std::move_only_function<void(db::Sqlite&)>;
  // How a piece that returns false is undone. Inside a savepoint SQLite copies each page before its first change,
  // which costs more than a short piece itself: one that fails only before its first change needs none. Should it fail
  // later all the same (a full disk), the whole group is undone.
  enum class Undo { by_savepoint, nothing_to_undo };
  virtual ~SqliteRunner() = default;
  virtual void write(Write work, Done done, Undo undo = Undo::by_savepoint) = 0;
  // `work` sees one consistent view.
  virtual void read(Read work) = 0;
  // For look-ups by key that take microseconds: may run on the current executor, sharing its view with others that were
  // asked for in the same moment. The view is newer than the call.
  virtual void look_up(Read work) { read(std::move(work)); }
  // True since a write found no room on the disk, until one succeeds.
  [[nodiscard]] bool is_disk_full() const { return disk_full_; }

 protected:
  std::atomic<bool> disk_full_{false};
};

// One writer thread, one that flushes what it commits, `readers` reader threads. The destructor finishes what was
// handed in.
class ThreadedRunner final : public SqliteRunner {
 public:
  // `flush`: how commits are made durable; none: the log's file is flushed.
  static Result<std::unique_ptr<ThreadedRunner>> open(const std::string& path, int readers, WalSync::Flush flush = {});
  ~ThreadedRunner() override;
  void write(Write work, Done done, Undo undo) override;
  void read(Read work) override;
  void look_up(Read work) override;

 private:
  struct Impl;
  explicit ThreadedRunner(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Runs each piece on the current executor, by a post: for the simulation and for single commands.
class InlineRunner final : public SqliteRunner {
 public:
  // `db` outlives the runner. `delay`: how long each piece takes, by the executor's time. `disk`: an error of it is
  // what a commit comes to; not set, the disk is well.
  explicit InlineRunner(
      db::Sqlite& db, std::function<Millis()> delay = [] { return Millis{0}; }, std::function<Status()> disk = {})
      : db_(db), delay_(std::move(delay)), disk_(std::move(disk)) {}
  void write(Write work, Done done, Undo undo) override;
  void read(Read work) override;

 private:
  db::Sqlite& db_;
  std::function<Millis()> delay_;
  std::function<Status()> disk_;
};

}  // namespace rowlane::store
