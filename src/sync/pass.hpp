// One pass over one spreadsheet: load, read, settle what was sent before, plan, journal, write, verify, commit.
//
// No thread and no timer of its own: all waiting goes through the store and the Sheets interface, so the simulation
// runs it as it is. On one executor. A crash at any await is safe: what was written is found by its token.
#pragma once

#include <functional>

#include "base/random.hpp"
#include "lanes/pass_runner.hpp"
#include "plan/pass_plan.hpp"
#include "sheets/sheet_api.hpp"
#include "sync/repair.hpp"

namespace rowlane::sync {

struct PassOptions {
  store::AccountQuotas quota;
  int reads_max = 12;  // of one pass: the first, and repeats after rows had moved or an answer was lost
};

class SyncPassRunner final : public lanes::PassRunner {
 public:
  // `agencies` and all else outlive the runner. `api_of(account)` is the client of a service account.
  SyncPassRunner(store::PassStore& store, std::function<sheets::SheetApi&(const std::string&)> api_of,
                 const std::vector<AgencySettings>& agencies, FieldCatalogue& catalogue, const Clock& clock,
                 Random& random, PassOptions options)
      : store_(store),
        api_of_(std::move(api_of)),
        agencies_(agencies),
        catalogue_(catalogue),
        clock_(clock),
        random_(random),
        options_(options) {}

  Task<Result<store::PassOutcome>> run(store::Claim claim) override;

 private:
  struct State;
  enum class Next { done, write_on, plan_again, read_again };

  Task<Status> load(State& state);
  Task<Status> read(State& state);
  Status find_replaced_tabs(State& state) const;
  Task<Status> settle(State& state);
  std::size_t index_of(const State& state, RecordId record) const;
  std::vector<bool> held_in(const State& state, const TabLayout& layout) const;
  plan::TabTask task_of(const State& state, const TabLayout& layout, const SheetTable* table) const;
  void plan_tabs(State& state);
  void remember_marks(State& state, std::vector<plan::RecordMark>& marks) const;
  Task<Result<Next>> write(State& state);
  Task<Result<Next>> after_error(State& state, Sent sent, Error error);
  bool leave_out(State& state, const Sent& sent, const Error& error);
  void leave_out_record(State& state, const Sent& sent, const SentOp& op, const std::string& message);
  Task<Status> commit(State& state, Sent& sent, std::vector<int> effects, bool keep_journal);
  Task<Status> forget(State& state, std::vector<Sent> sents);
  Task<Status> enter_agreed(State& state);
  std::map<std::string, TabState> learnt_tabs(const State& state) const;
  sheets::MaySend permit(State& state, store::CallKind kind);

  store::PassStore& store_;
  std::function<sheets::SheetApi&(const std::string&)> api_of_;
  const std::vector<AgencySettings>& agencies_;
  FieldCatalogue& catalogue_;
  const Clock& clock_;
  Random& random_;
  const PassOptions options_;
};

}  // namespace rowlane::sync
