// Simulated time: events in the order of their times, and nothing else that could make two runs of a seed differ.
#pragma once

#include <map>

#include "base/clock.hpp"
#include "base/task.hpp"

namespace rowlane::simulation {

class SimClock final : public Clock {
 public:
  [[nodiscard]] WallTime now() const override { return now_; }
  void set(WallTime now) { now_ = std::max(now_, now); }

 private:
  WallTime now_ = from_ms(1'790'000'000'000);
};

// Runs events in the order of their times, equal times in the order posted; hashes what runs when.
class SimExecutor final : public Executor {
 public:
  explicit SimExecutor(SimClock& clock) : clock_(clock) {}
  void post(Work work) override { post_after(Millis{0}, std::move(work)); }
  void post_after(Millis delay, Work work) override {
    events_.emplace(std::pair(clock_.now() + std::max(delay, Millis{0}), next_++), std::move(work));
  }
  // Runs the next event; false when there is none.
  bool step() {
    if (events_.empty()) return false;
    auto event = events_.extract(events_.begin());
    clock_.set(event.key().first);
    hash_ = (hash_ ^ static_cast<std::uint64_t>(to_ms(event.key().first))) * 0x100000001b3ULL;
    hash_ = (hash_ ^ event.key().second) * 0x100000001b3ULL;
    const Running running(this);
    event.mapped()();
    return true;
  }
  // The process died: nothing that waited happens.
  void drop_all() { events_.clear(); }
  // The machine stood still: time goes on, what was due meanwhile happens late.
  void stall(Millis time) { clock_.set(clock_.now() + time); }
  [[nodiscard]] std::uint64_t hash() const { return hash_; }

 private:
  SimClock& clock_;
  std::map<std::pair<WallTime, std::uint64_t>, Work> events_;
  std::uint64_t next_ = 0;
  std::uint64_t hash_ = 0xcbf29ce484222325ULL;
};

}  // namespace rowlane::simulation
