// The one interface to everything that is kept. Implementations: `sqlite/`.
//
// Every call is atomic and, when it returns without an error, durable. Errors: `unavailable` (database busy, disk
// full), `corrupt`, and those each call names. Calls may come from any executor and resume on it.
#pragma once

#include "store/events.hpp"
#include "store/jobs.hpp"
#include "store/passes.hpp"
#include "store/people.hpp"
#include "store/records.hpp"

namespace rowlane::store {

class Store : public PeopleStore, public RecordStore, public JobStore, public PassStore, public EventStore {
 public:
  // Called (on any thread) after a commit that may have made a spreadsheet ready.
  virtual void on_ready(std::function<void()> wake) = 0;
  // A consistent copy into the new file `path`, while work goes on.
  virtual Task<Status> backup(std::string path) = 0;
  // The database answers.
  virtual Task<Status> ping() = 0;
};

}  // namespace rowlane::store
