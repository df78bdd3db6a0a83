// The event hub: tells every open stream what its user may see of what the store committed.
//
// The truth is the store's table of events. A commit of this process wakes the hub (`wake`); commits of other processes
// it finds by a look every half second, when it also asks whether each stream's login still holds. One read of the
// table serves all streams; a stream that resumes reads on its own until it has caught up. Several events about one job
// or record that lie close together are told as one, with the state as it is; over a hundred changed records of one
// read are told as `customers` with their count.
//
// What is told of one read is written in pieces of some `kPieceBytes`. A stream that has no room for the next one
// leaves the others: it reads on by itself, as fast as its reader takes it, and joins them again when it has caught up.
// So a slow reader costs neither memory nor the others' time, and no single event is too large.
//
// All calls on one executor, but for `wake`. The hub is destroyed there, or when its loop has ended.
#pragma once

#include <atomic>
#include <functional>
#include <list>
#include <memory>
#include <string>

#include "base/json.hpp"
#include "base/task.hpp"
#include "net/http.hpp"
#include "store/events.hpp"
#include "store/jobs.hpp"

namespace rowlane::live {

inline constexpr int kStreamsPerUser = 5;
inline constexpr std::size_t kStreamsMax = 5'000;
inline constexpr int kRetryMs = 2'000;
inline constexpr Millis kLookEvery{500};
inline constexpr Millis kGatherTime{25};  // between two reads: commits of a busy moment share one
inline constexpr Millis kHeartbeatEvery{15'000};
inline constexpr std::int64_t kResumeMax = 2'000;  // a stream that missed more starts anew: reading lists is cheaper
inline constexpr std::size_t kSingleMax = 100;     // changed records of one read that are told one by one
inline constexpr std::size_t kPieceBytes = 64 * 1024;

// How jobs and records are shown; the routes' own way.
struct Render {
  std::function<Json(const store::Job&, AgencyId)> job;
  std::function<Task<Result<Json>>(Record)> record;
};

struct Listener {
  Scope scope;
  store::Role role = store::Role::agent;
  store::Login login;
  std::string last_event_id;
  bool hears_heartbeats = false;  // as events: a page cannot hear comments
};

class Hub {
 public:
  Hub(store::EventStore& events, store::JobStore& jobs, Render render, std::size_t streams_max = kStreamsMax);
  ~Hub();
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;

  // Starts the looks; on the executor that the hub is to run on, once.
  void start();
  // From any thread, any number of times: something was committed.
  void wake();
  // Opens a stream; too_many when the user, or everybody together, has enough of them.
  Task<Result<std::shared_ptr<net::BodyStream>>> open(Listener listener);
  [[nodiscard]] std::size_t stream_count() const { return streams_.size(); }

 private:
  struct Stream;
  using StreamPtr = std::shared_ptr<Stream>;
  // What one event is to one stream; empty when it is none of its business.
  struct Told {
    const char* name = "";
    std::string data;
  };

  Task<void> look_forever();
  Task<void> deliver();
  Task<void> deliver_page();
  Task<void> check_logins();
  Task<void> resume(StreamPtr stream);
  Task<void> tell(std::vector<StreamPtr> streams, store::EventPage page);
  Task<Told> shown(const store::Event& event);
  // What one read tells a stream, in pieces of whole events.
  static std::vector<std::string> pieces_for(const Stream& stream, const std::vector<const store::Event*>& events,
                                             const std::vector<Told>& told, std::int64_t read_to);
  void send_live(const StreamPtr& stream, const std::vector<std::string>& pieces, std::int64_t read_to);
  Task<void> send_waiting(StreamPtr stream, std::vector<std::string> pieces);
  [[nodiscard]] int streams_of(UserId user) const;
  void drop_closed();

  store::EventStore& events_;
  store::JobStore& jobs_;
  Render render_;
  const std::size_t streams_max_;
  Executor* executor_ = nullptr;
  std::list<StreamPtr> streams_;
  std::optional<std::int64_t> position_;  // live streams have been told everything up to here; none without streams
  bool is_delivering_ = false, is_asked_again_ = false;
  std::atomic<bool> is_woken_{false};
  std::atomic<int> open_{0};  // so that a commit without listeners costs nothing
  std::unique_ptr<TaskGroup> tasks_;
  std::shared_ptr<Hub*> self_;  // null once the hub is gone: wakes may still be posted
};

// Whether an event is for a listener of that scope.
bool is_for(const Scope& scope, const store::Event& event);

}  // namespace rowlane::live
