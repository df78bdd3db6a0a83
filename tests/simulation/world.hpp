// A simulated office: the real lanes, pass, planner, journal, store statements, Sheets client and local service on
// simulated time and chance. One seed replays one day.
//
// A crash destroys every running task and all process state; the database and the Sheets service stay.
#pragma once

#include "db/sqlite.hpp"
#include "lanes/driver.hpp"
#include "sheets/google/google_sheets.hpp"
#include "sheets/local/local_transport.hpp"
#include "simulation/clockwork.hpp"
#include "simulation/people.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include "sync/pass.hpp"

namespace rowlane::simulation {

struct WorldOptions {
  std::uint64_t seed = 1;
  int users = 3;
  int records_each = 4;
  bool faults = true;
  bool tells = false;  // prints what happens, a line each
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
  // The machine stands still for that long: leases may run out meanwhile.
  void stall(Millis time);
  // From now on every transaction fails, for that long: the disk is full.
  void fill_disk(Millis time);
  // What stands in the journal cannot be read any more.
  void spoil_journal();
  // The result of an ended job.
  Json result_of(JobId job);
  store::Job job(JobId job);
  // Of one user, newest first.
  store::JobPage jobs_of(int user);

  // --- What users do. `record` counts the user's own, and wraps around. ---
  // Gives a record a longer name, so that its row weighs more.
  void rename(int user, int record, std::string name);
  // Accepted or not: on a full disk it is not. `tab`: that one alone.
  std::optional<JobId> try_press(int user, const SimTab* tab = nullptr);
  JobId press(int user, const SimTab* tab = nullptr) { return try_press(user, tab).value(); }
  void edit_premium(int user, int record, std::int64_t hundredths);
  // From the one tab to the other.
  void move_record(int user, int record);
  void delete_record(int user, int record);
  void add_record(int user, const std::string& policy_no, const std::string& vertical = "motor");

  // --- What people do in the sheet ---
  People& people() { return *people_; }
  // As sub-requests of a batchUpdate.
  void apply(const Json::Array& requests);
  void type_row(const SimTab& tab = kGeneral) { people_->type_row(tab); }
  void type_remark(const SimTab& tab = kGeneral);

  void set_faults(bool on) { faults_on_ = on; }
  // True once every accepted job has ended; runs at most `time`.
  bool settle(Millis time);
  // "" when the sheet is right: every living record in one row with its values, no other row of theirs, people's
  // rows whole and once; each lane's jobs ended in the order accepted; history and counts say what happened. Else what
  // is wrong.
  std::string check();
  // "" while whatever is called synced is: asked after every pass, whoever has pressed by then.
  std::string check_badges();
  // The first lie that was told in the course of the day; "" none.
  [[nodiscard]] const std::string& lie() const { return lie_; }

  [[nodiscard]] std::uint64_t hash() const { return executor_.hash(); }
  [[nodiscard]] std::map<std::string, int> columns() { return people_->look(kGeneral).columns; }
  [[nodiscard]] int header_row() { return people_->look(kGeneral).header_row; }
  [[nodiscard]] int last_row() { return people_->look(kGeneral).last_row(); }
  // Grows with each write that takes effect.
  [[nodiscard]] std::int64_t sheet_version() const { return service_->version(kBook); }
  Random& random() { return random_; }
  [[nodiscard]] int users() const { return static_cast<int>(users_.size()); }
  [[nodiscard]] std::int64_t writes() const { return calls(sheets::local::CallKind::write); }
  [[nodiscard]] std::int64_t reads() const { return calls(sheets::local::CallKind::read); }
  void tell(const std::string& text) const;
  void tell_sheet() const;

 private:
  struct Process;
  friend class Inspector;
  template <class T>
  T await(Task<T> task);
  sheets::local::Fault fault_for(const sheets::local::CallInfo& call);
  sheets::local::Fault drawn_fault(bool is_write);
  [[nodiscard]] std::int64_t calls(sheets::local::CallKind kind) const;
  [[nodiscard]] Scope scope(int user) const { return {agencies_[0].id, users_[static_cast<std::size_t>(user)], false}; }
  [[nodiscard]] const std::string& record_id(int user, int record) const;
  void patch(int user, int record, FieldId field, Value value);
  Status disk() const;
  void goes_out(const std::vector<sheets::Op>& ops);
  void check_after_pass();

  WorldOptions options_;
  SimClock clock_;
  SeededRandom random_;
  SimExecutor executor_{clock_};
  FieldCatalogue catalogue_;
  std::vector<AgencySettings> agencies_;
  std::optional<db::Sqlite> db_;
  std::unique_ptr<sheets::local::LocalSheets> service_;
  std::unique_ptr<People> people_;
  std::unique_ptr<Process> process_;
  std::vector<UserId> users_;
  std::vector<std::vector<std::string>> records_;     // public ids by user
  std::map<std::int64_t, std::set<int>> rows_going_;  // of the write that goes out now, by sheet id
  WallTime started_at_ = clock_.now();
  WallTime disk_full_until_{};
  std::string lie_;
  bool faults_on_ = false;
};

}  // namespace rowlane::simulation
