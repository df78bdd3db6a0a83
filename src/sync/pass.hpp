// One pass over one spreadsheet: load, read, plan, journal, write, verify, commit.
//
// No thread and no timer of its own: all waiting goes through the store and the Sheets interface, so the simulation
// runs it as it is. On one executor. A crash at any await is safe: what was written is found by its token.
#pragma once

#include <functional>

#include "base/random.hpp"
#include "lanes/pass_runner.hpp"
#include "sheets/sheet_api.hpp"
#include "sync/write_batch.hpp"

namespace rowlane::sync {

struct PassOptions {
  store::AccountQuotas quota;
  std::size_t cells_max = 12'000;  // of one write: keeps a batch below 1.5 MB and 20,000 sub-requests
  int rounds_max = 400;            // reads of one pass: chunks, and repeats after rows had shifted
};

class SyncPassRunner final : public lanes::PassRunner {
 public:
  // `agencies` and all else outlive the runner. `api_of(account)` is the client of a service account.
  SyncPassRunner(store::PassStore& store, std::function<sheets::SheetApi&(const std::string&)> api_of, const std::vector<AgencySettings>& agencies,
                 FieldCatalogue& catalogue, const Clock& clock, Random& random, PassOptions options)
      : store_(store), api_of_(std::move(api_of)), agencies_(agencies), catalogue_(catalogue), clock_(clock), random_(random), options_(options) {}

  Task<Result<store::PassOutcome>> run(store::Claim claim) override;

 private:
  struct State;
  Task<Result<bool>> round(State& state);
  Task<Status> load(State& state);
  Task<Status> settle_journal(State& state, const SpreadsheetSnapshot& snapshot);
  Task<Result<bool>> write(State& state, const SpreadsheetSnapshot& snapshot);
  Task<Status> commit(State& state, const std::vector<Effect>& effects, std::optional<std::pair<PassId, int>> journal);
  void plan_tabs(State& state, const SpreadsheetSnapshot& snapshot);
  sheets::MaySend permit(const State& state, store::CallKind kind);

  store::PassStore& store_;
  std::function<sheets::SheetApi&(const std::string&)> api_of_;
  const std::vector<AgencySettings>& agencies_;
  FieldCatalogue& catalogue_;
  const Clock& clock_;
  Random& random_;
  const PassOptions options_;
};

}  // namespace rowlane::sync
