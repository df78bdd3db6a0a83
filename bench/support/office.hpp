// A store on disk with agencies and users, one lane a user: what the queue is measured on.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "net/io_thread.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include "support/measure.hpp"

namespace rowlane::bench {

struct Lane {
  std::string spreadsheet;
  Scope scope;
};

class Office {
 public:
  // `spreadsheets` agencies with one spreadsheet and `users_each` users each; the file is `dir`/rowlane.db.
  Office(const std::string& dir, int spreadsheets, int users_each);
  ~Office();

  [[nodiscard]] store::SqliteStore& store() { return *store_; }
  [[nodiscard]] net::IoThread& loop() { return loop_; }
  [[nodiscard]] const std::vector<Lane>& lanes() const { return lanes_; }
  [[nodiscard]] const std::string& file() const { return file_; }

 private:
  std::string file_;
  SystemClock clock_;
  SystemRandom random_;
  FieldCatalogue catalogue_;
  std::unique_ptr<store::ThreadedRunner> runner_;
  std::unique_ptr<store::SqliteStore> store_;
  std::vector<Lane> lanes_;
  net::IoThread loop_;
};

// Users with their tokens ("TOKEN_PREFIX-0", ...), all at once so that they share commits.
std::vector<UserId> add_users(Executor& loop, store::PeopleStore& store, AgencyId agency, const std::string& prefix,
                              int count);

}  // namespace rowlane::bench
