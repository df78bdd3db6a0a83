#include "support/office.hpp"

#include <fmt/format.h>

#include "store/sqlite/migrations.hpp"

namespace rowlane::bench {

namespace {

Task<void> add_user(store::PeopleStore& store, AgencyId agency, std::string email, UserId& to) {
  const Result<UserId> made = co_await store.create_user({agency, email, email, store::Role::agent, ""});
  if (!made) give_up("cannot add a user", made.error().message);
  to = *made;
}

Task<bool> add_all(Executor& loop, store::PeopleStore& store, AgencyId agency, std::string prefix,
                   std::vector<UserId>& users) {
  TaskGroup group(loop);
  for (std::size_t i = 0; i < users.size(); ++i)
    group.spawn(add_user(store, agency, fmt::format("{}-{}@bench.example", prefix, i), users[i]));
  co_await group.join();
  co_return true;
}

}  // namespace

std::vector<UserId> add_users(Executor& loop, store::PeopleStore& store, AgencyId agency, const std::string& prefix,
                              int count) {
  std::vector<UserId> users(static_cast<std::size_t>(count));
  wait_for(loop, add_all(loop, store, agency, prefix, users));
  return users;
}

Office::~Office() {
  loop_.stop();
  loop_.join();
  runner_.reset();  // its threads may still be handing over an answer: they end before the loop goes
}

Office::Office(const std::string& dir, int spreadsheets, int users_each) : file_(dir + "/rowlane.db") {
  {
    Result<db::Sqlite> db = db::Sqlite::open(file_);
    if (!db) give_up("cannot open the store", db.error().message);
    if (const Status done = store::migrate(*db); !done) give_up("cannot migrate", done.error().message);
  }
  Result<std::unique_ptr<store::ThreadedRunner>> runner = store::ThreadedRunner::open(file_, 2);
  if (!runner) give_up("cannot open the store", runner.error().message);
  runner_ = std::move(*runner);
  store_ = std::make_unique<store::SqliteStore>(*runner_, clock_, random_, catalogue_);
  loop_.start("bench");
  for (int s = 0; s < spreadsheets; ++s) {
    const std::string name = fmt::format("book-{}", s);
    const Result<AgencyId> agency = wait_for(
        loop_,
        store_->upsert_agency({{}, name, name, name, "default"}, store::PeopleStore::SpreadsheetChange::refused));
    if (!agency) give_up("cannot add an agency", agency.error().message);
    for (const UserId user : add_users(loop_, *store_, *agency, name, users_each))
      lanes_.push_back({name, {*agency, user, false}});
  }
}

}  // namespace rowlane::bench
