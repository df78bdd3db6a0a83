// What changed, for whoever listens: the `event_batch` table, and whether listeners are still signed in.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/task.hpp"
#include "domain/record.hpp"
#include "store/people.hpp"

namespace rowlane::store {

enum class EventKind { job, customer, customers };
// As it is stored, and back.
std::string_view to_string(EventKind kind);
EventKind event_kind_from(std::string_view name);

struct Event {
  std::int64_t id = 0;
  AgencyId agency;
  UserId user;  // whose job, or whose records
  EventKind kind = EventKind::job;
  std::int64_t subject = 0;      // id of the job or record; for `customers` their count
  std::optional<Record> record;  // of `customer`: as it is now, tombstones too; none when it is gone for good
};

// Numbers rise by commit; they are never used twice.
struct EventRange {
  std::int64_t oldest = 1;  // the first that is still kept; newest + 1 when there is none
  std::int64_t newest = 0;  // the last ever given
};

struct EventQuery {
  std::int64_t after = 0;
  std::optional<Scope> scope;  // none: of all agencies
  int limit = 500;
};

struct EventPage {
  std::vector<Event> events;  // in order; of several about one job or record the last alone
  std::int64_t read_to = 0;   // nothing up to here is left out
};

class EventStore {
 public:
  virtual ~EventStore() = default;
  virtual Task<Result<EventRange>> event_range() = 0;
  virtual Task<Result<EventPage>> events_after(EventQuery query) = 0;
  // The enabled user of each login that still holds, in their order; nullopt for the others.
  virtual Task<Result<std::vector<std::optional<User>>>> users_of(std::vector<Login> logins) = 0;
  // Called (on any thread) after a commit of this process that may have made events.
  virtual void on_commit(std::function<void()> wake) = 0;
};

}  // namespace rowlane::store
