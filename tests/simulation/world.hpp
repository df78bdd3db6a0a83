// A simulated office: the real lanes, pass, planner, journal, store statements, Sheets client and local service on
// simulated time and chance. One seed replays one day.
//
// A crash destroys every running task and all process state; the database and the Sheets service stay.
#pragma once

#include <functional>
#include <map>

#include "db/sqlite.hpp"
#include "lanes/driver.hpp"
#include "sheets/google/google_sheets.hpp"
#include "sheets/local/local_sheets.hpp"
#include "sheets/local/local_transport.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include "sync/pass.hpp"

namespace rowlane::simulation {

class SimClock final : public Clock {
 public:
  [[nodiscard]] WallTime now() const override { return now_; }
  void set(WallTime now) { now_ = now; }

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
  bool step();
  // The process died: nothing that waited happens.
  void drop_all() { events_.clear(); }
  [[nodiscard]] std::uint64_t hash() const { return hash_; }

 private:
  SimClock& clock_;
  std::map<std::pair<WallTime, std::uint64_t>, Work> events_;
  std::uint64_t next_ = 0;
  std::uint64_t hash_ = 0xcbf29ce484222325ULL;
};

struct WorldOptions {
  std::uint64_t seed = 1;
  int users = 3;
  int records_each = 4;
  bool faults = true;
  // What happens to a call when `faults` are off; not set: nothing.
  std::function<void(const sheets::local::CallInfo&, sheets::local::Fault&)> script = {};
  // The operation of a batch that Google refuses, by its index; not set: none.
  std::function<std::optional<int>(const std::vector<sheets::Op>&)> refuses = {};
};

class World {
 public:
  explicit World(const WorldOptions& options);
  ~World();

  void run_for(Millis time);
  // Ends the process at once and starts it again.
  void crash();
  // The result of an ended job.
  Json result_of(JobId job);
  store::Job job(JobId job);
  // Gives a record a longer name, so that its row weighs more.
  void rename(int user, int record, std::string name);
  JobId press(int user, bool named_tab = false);
  void edit_premium(int user, int record, std::int64_t hundredths);
  void delete_record(int user, int record);
  void add_record(int user, const std::string& policy_no);
  // People at work, as sub-requests of a batchUpdate.
  void apply(const Json::Array& requests);
  // Somebody types a row of their own below the data, or a remark beside one.
  void type_row();
  void type_remark();
  void set_faults(bool on) { faults_on_ = on; }
  // True once every accepted job has ended; runs at most `time`.
  bool settle(Millis time);
  // "" when the sheet is right: every living record in one row with its values, no other row of theirs, people's
  // rows whole and once; each lane's jobs ended in the order accepted. Else what is wrong.
  std::string check();
  [[nodiscard]] std::uint64_t hash() const { return executor_.hash(); }
  [[nodiscard]] std::map<std::string, int> columns();  // header -> 1-based column
  [[nodiscard]] int header_row();
  [[nodiscard]] int last_row();
  Random& random() { return random_; }
  [[nodiscard]] int users() const { return static_cast<int>(users_.size()); }
  [[nodiscard]] std::int64_t writes() const;

 private:
  struct Process;
  template <class T>
  T await(Task<T> task);
  sheets::local::Fault fault_for(const sheets::local::CallInfo& call);
  // What a person does in the middle of a pass: inserts, deletes, sorts or moves rows, or inserts a column.
  Json::Array disturb();
  std::string check_people(const std::vector<std::vector<std::string>>& rows);
  std::string check_lanes();

  WorldOptions options_;
  SimClock clock_;
  SeededRandom random_;
  SimExecutor executor_{clock_};
  FieldCatalogue catalogue_;
  std::vector<AgencySettings> agencies_;
  std::optional<db::Sqlite> db_;
  std::unique_ptr<sheets::local::LocalSheets> service_;
  std::unique_ptr<Process> process_;
  std::vector<UserId> users_;
  std::vector<std::vector<std::string>> records_;  // public ids by user
  struct PersonsRow {
    std::string name, mobile, amount, remark;
  };
  std::map<std::string, PersonsRow> people_;  // by name
  int next_person_ = 1;
  int inserted_columns_ = 0, inserted_above_ = 0;
  // A row typed since the last read: nobody could put it back if a write hit it, so nothing moves until then.
  bool typed_since_read_ = false;
  bool faults_on_ = false;
};

}  // namespace rowlane::simulation
