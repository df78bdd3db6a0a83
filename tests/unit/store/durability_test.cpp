// When a write of the threaded runner is answered: once the log is flushed, and not before.
#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <filesystem>
#include <future>
#include <mutex>

#include "store/sqlite/migrations.hpp"
#include "store/sqlite/runner.hpp"

using namespace rowlane;
using namespace std::chrono_literals;

namespace {
constexpr auto kPatience = 20s;

struct Folder {
  std::string path = (std::filesystem::temp_directory_path() / "rowlane-durability-XXXXXX").string();
  Folder() { REQUIRE(mkdtemp(path.data())); }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] std::string database() const {
    std::string file = path + "/rowlane.db";
    Result<db::Sqlite> db = db::Sqlite::open(file);
    REQUIRE(db);
    REQUIRE(store::migrate(*db));
    return file;
  }
};

// A disk whose flushes begin when the test says so.
class Disk {
 public:
  int flush() {
    std::unique_lock lock(mutex_);
    ++asked_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return allowed_ > 0; });
    --allowed_;
    return 0;
  }
  void wait_until_asked(int times) {
    std::unique_lock lock(mutex_);
    REQUIRE(changed_.wait_for(lock, kPatience, [&] { return asked_ >= times; }));
  }
  void allow(int flushes) {
    const std::lock_guard lock(mutex_);
    allowed_ += flushes;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int asked_ = 0, allowed_ = 0;
};

struct Write {
  std::promise<void> ran;
  std::promise<Status> answered;
  std::future<void> has_run = ran.get_future();
  std::future<Status> answer = answered.get_future();

  void start(store::SqliteRunner& runner, const char* counter) {
    runner.write(
        [this, counter](store::Writer& db) {
          const bool done = db.prepare("INSERT INTO counter (name, value) VALUES (?, 1)")
                                .bind(std::string_view(counter))
                                .run()
                                .has_value();
          ran.set_value();
          return done;
        },
        [this](Status status) { answered.set_value(std::move(status)); }, store::SqliteRunner::Undo::by_savepoint);
  }
  [[nodiscard]] bool is_answered() const { return answer.wait_for(0s) == std::future_status::ready; }
};

// A piece that holds the writer up, so that what is handed in meanwhile becomes one group.
class Hold {
 public:
  void start(store::SqliteRunner& runner) {
    runner.write(
        [this](store::Writer&) {
          reached_.set_value();
          go_.get_future().wait();
          return true;
        },
        [](const Status&) {}, store::SqliteRunner::Undo::by_savepoint);
  }
  void wait_until_held() { REQUIRE(reached_.get_future().wait_for(kPatience) == std::future_status::ready); }
  void let_go() { go_.set_value(); }

 private:
  std::promise<void> go_, reached_;
};
}  // namespace

TEST_CASE("a write is answered once the log is flushed; the writer runs the next ones meanwhile") {
  const Folder folder;
  Disk disk;
  auto runner = store::ThreadedRunner::open(folder.database(), 1, [&] { return disk.flush(); });
  REQUIRE(runner);
  Write first, second, third;
  first.start(**runner, "first");
  disk.wait_until_asked(1);
  CHECK(!first.is_answered());

  // The first was alone and is flushed by the writer itself; those that come together are handed on.
  Hold hold;
  hold.start(**runner);
  disk.allow(1);
  REQUIRE(first.answer.wait_for(kPatience) == std::future_status::ready);
  CHECK(first.answer.get());
  hold.wait_until_held();
  second.start(**runner, "second");
  Write with_second;
  with_second.start(**runner, "with second");
  hold.let_go();
  disk.wait_until_asked(2);  // of the one that held the writer up
  disk.allow(1);
  disk.wait_until_asked(3);
  REQUIRE(second.has_run.wait_for(kPatience) == std::future_status::ready);
  third.start(**runner, "third");
  REQUIRE(third.has_run.wait_for(kPatience) == std::future_status::ready);  // while the second waits for the disk
  CHECK(!second.is_answered());
  CHECK(!third.is_answered());
  disk.allow(1);
  REQUIRE(second.answer.wait_for(kPatience) == std::future_status::ready);
  disk.wait_until_asked(4);
  CHECK(!third.is_answered());
  disk.allow(100);
  REQUIRE(third.answer.wait_for(kPatience) == std::future_status::ready);
  CHECK(third.answer.get());
}

TEST_CASE("a transaction that the database gives up takes the whole group with it, and nothing of it stays") {
  using Undo = store::SqliteRunner::Undo;
  const Folder folder;
  const std::string file = folder.database();
  for (const Undo undo : {Undo::by_savepoint, Undo::nothing_to_undo}) {
    auto runner = store::ThreadedRunner::open(file, 1, [] { return 0; });
    REQUIRE(runner);
    Hold hold;
    hold.start(**runner);
    hold.wait_until_held();
    Write before, after;
    before.start(**runner, "before");
    std::promise<Status> full;
    (*runner)->write(
        [](store::Writer& writer) {
          db::Sqlite& db = writer;
          REQUIRE(db.exec("PRAGMA max_page_count=1"));  // no page more than there are: the disk is full
          const Status done = db.prepare("INSERT INTO counter (name, value) VALUES (hex(zeroblob(1000000)), 1)").run();
          REQUIRE(db.exec("PRAGMA max_page_count=1000000"));
          writer.events().add({1}, {1}, store::EventKind::job, 1, 1);
          return done.has_value();
        },
        [&](Status status) { full.set_value(std::move(status)); }, undo);
    after.start(**runner, "after");
    hold.let_go();
    std::future<Status> answer = full.get_future();
    REQUIRE(answer.wait_for(kPatience) == std::future_status::ready);
    CHECK(!answer.get());
    for (Write* write : {&before, &after}) {
      REQUIRE(write->answer.wait_for(kPatience) == std::future_status::ready);
      CHECK(!write->answer.get());
    }
    Result<db::Sqlite> db = db::Sqlite::open(file);
    REQUIRE(db);
    db::Statement rows = db->prepare(
        "SELECT (SELECT count(*) FROM counter WHERE name IN ('before', 'after')) + (SELECT count(*) FROM event_batch) - 1");
    REQUIRE(rows.step());
    CHECK(rows.i64(0) == 0);
  }
}

TEST_CASE("a log that a long reader keeps does not count as copied") {
  const Folder folder;
  const std::string file = folder.database();
  db::Sqlite writer = std::move(*db::Sqlite::open(file));
  REQUIRE(writer.exec("PRAGMA wal_autocheckpoint=0; CREATE TABLE filler (text TEXT)"));
  db::Sqlite reader = std::move(*db::Sqlite::open(file, {.read_only = true}));
  REQUIRE(reader.exec("BEGIN"));
  REQUIRE(reader.prepare("SELECT count(*) FROM filler").run());
  // Some 2,000 pages that the reader must not see yet.
  for (int i = 0; i < 20; ++i)
    REQUIRE(writer.prepare("INSERT INTO filler (text) VALUES (hex(zeroblob(200000)))").run());
  db::Sqlite copier = std::move(*db::Sqlite::open(file));
  CHECK_FALSE(store::copy_log(copier));
  REQUIRE(reader.exec("COMMIT"));
  CHECK(store::copy_log(copier));
}

TEST_CASE("the database may be a link to a file elsewhere") {
  const Folder folder, elsewhere;
  const std::string link = folder.path + "/rowlane.db";
  std::filesystem::create_symlink(elsewhere.database(), link);
  auto runner = store::ThreadedRunner::open(link, 1);
  REQUIRE(runner);
  Write write;
  write.start(**runner, "linked");
  REQUIRE(write.answer.wait_for(kPatience) == std::future_status::ready);
  CHECK(write.answer.get());
}

TEST_CASE("what was handed in is flushed and answered when the runner ends") {
  const Folder folder;
  Disk disk;
  disk.allow(1'000);
  std::vector<Write> writes(50);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < writes.size(); ++i) names.push_back(fmt::format("w{}", i));
  {
    auto runner = store::ThreadedRunner::open(folder.database(), 1, [&] { return disk.flush(); });
    REQUIRE(runner);
    for (std::size_t i = 0; i < writes.size(); ++i) writes[i].start(**runner, names[i].c_str());
  }
  for (Write& write : writes) CHECK(write.is_answered());
}

TEST_CASE("a disk that does not keep what was written ends the process: nothing is promised") {
  const Folder folder;
  const std::string file = folder.database();
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    std::signal(SIGABRT, SIG_DFL);  // not the test runner's report
    auto runner = store::ThreadedRunner::open(file, 1, [] { return EIO; });
    Write write;
    write.start(**runner, "lost");
    write.answer.wait();
    ::_exit(write.answer.get() ? 1 : 2);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGABRT);
}
