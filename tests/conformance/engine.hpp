// What every engine of the store must pass: the suite speaks to `store::Store` alone and gets its engines here.
//
// An engine added to `engines()` runs every test of this folder. Each test has a store of its own.
#pragma once

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "net/io_thread.hpp"
#include "store/store.hpp"

namespace rowlane::conformance {

// Set by the test, read on the engine's threads.
class TestClock final : public Clock {
 public:
  [[nodiscard]] WallTime now() const override { return from_ms(ms_.load()); }
  void advance(Millis by) { ms_ += by.count(); }

 private:
  std::atomic<std::int64_t> ms_{1'790'000'000'000};
};

class Engine {
 public:
  virtual ~Engine() = default;
  virtual store::Store& store() = 0;
  // Ends the process's side of the engine and starts it again on the same data.
  virtual void reopen() = 0;
};

struct EngineKind {
  std::string name;
  // An engine on the data in the folder `dir`, which is made when there is none. `clock` outlives it.
  std::function<std::unique_ptr<Engine>(const std::string& dir, const Clock& clock)> open;
  // A backup that `Store::backup` wrote to `file`, as an engine on the new folder `dir`.
  std::function<std::unique_ptr<Engine>(const std::string& file, const std::string& dir, const Clock& clock)> restore;
};
const std::vector<EngineKind>& engines();

class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// One engine with two agencies of two agents and a manager each, and the loop that its answers resume on.
struct Office {
  explicit Office(const EngineKind& kind);
  ~Office();

  template <class T>
  T wait(Task<T> task) {
    struct Into {
      static Task<void> promise(Task<T> from, std::promise<T>* to) { to->set_value(co_await std::move(from)); }
    };
    std::promise<T> promise;
    std::future<T> future = promise.get_future();
    detach(loop, Into::promise(std::move(task), &promise));
    return future.get();
  }
  store::Store& store() { return engine->store(); }
  [[nodiscard]] JobId press(const Scope& scope, const std::string& book = "book-a");
  // The claim of `book`, which must be the next; its heads in the order accepted.
  store::Claim claim(const std::string& book = "book-a", Millis lease = Millis{10'000});
  // True when nothing can be claimed now.
  bool nothing_to_claim();
  // Settles the heads of `claim`, all with `state`.
  Status finish(const store::Claim& claim, JobState state = JobState::succeeded);
  Record add_record(const Scope& scope, const std::string& name, const std::string& policy_no);

  const EngineKind& kind;
  TempDir dir;
  TestClock clock;
  std::unique_ptr<Engine> engine;
  AgencyId agency_a, agency_b;
  Scope asha, ravi, manager;   // of agency A
  Scope other, other_manager;  // of agency B
  net::IoThread loop;
};

}  // namespace rowlane::conformance
