#include "sync/pass.hpp"

#include <fmt/format.h>

#include "base/log.hpp"
#include "sync/outcome.hpp"

namespace rowlane::sync {

namespace {

// Write tokens older than this are no retry's any more.
constexpr Millis kTokenAge{15 * 60'000};
constexpr std::size_t kAdvancesPerCommit = 500;

// "PASS.CHUNK@MILLISECONDS": whose write it was, and when.
std::string token_value(PassId pass, int chunk, WallTime at) { return fmt::format("{}.{}@{}", pass.value, chunk, to_ms(at)); }
bool is_token_of(std::string_view value, PassId pass, int chunk) { return value.starts_with(fmt::format("{}.{}@", pass.value, chunk)); }
std::int64_t token_time(std::string_view value) {
  const std::size_t at = value.find('@');
  return at == std::string_view::npos ? 0 : Json(JsonNumber{std::string(value.substr(at + 1))}).as_int().value_or(0);
}

const SheetTable* find_table(const SpreadsheetSnapshot& snapshot, const TabLayout& layout, const TabState& state) {
  for (const SheetTable& table : snapshot.tabs)
    if (state.connected ? table.sheet_id == state.sheet_id : table.title == layout.title) return &table;
  return nullptr;
}

// Leaves so many cells in the plan; true when something had to go.
bool trim_plan(plan::TabPlan& p, std::size_t& cells_left) {
  bool trimmed = false;
  const auto keep = [&](auto& list, auto cells_of) {
    std::size_t count = 0;
    while (count < list.size() && cells_left > 0) cells_left -= std::min(cells_left, cells_of(list[count++]) + 1);
    trimmed |= count < list.size();
    list.resize(count);
  };
  keep(p.updates, [](const plan::RowUpdate& u) { return u.cells.size(); });
  keep(p.deletes, [](const plan::RowDelete&) { return std::size_t{0}; });
  keep(p.adds, [](const plan::RowAdd& a) { return a.cells.size(); });
  return trimmed;
}

}  // namespace

struct SyncPassRunner::State {
  store::Claim claim;
  const AgencySettings* agency = nullptr;
  sheets::SheetApi* api = nullptr;
  store::PassData data;
  std::vector<store::ClaimedJob> jobs;
  std::vector<plan::PlanJob> plan_jobs;
  std::vector<TabOutcome> tabs;
  std::map<JobId, JobResult> results;
  std::int64_t reads = 0, writes = 0, token_last = 0;
  int chunk = 0;
  bool more = false;  // the plan was cut: another round follows
};

sheets::MaySend SyncPassRunner::permit(const State& state, store::CallKind kind) {
  return [this, lease = state.claim.lease, account = state.claim.account, kind]() { return store_.may_send(lease, account, kind, store::quota_of(options_.quota, account)); };
}

Task<Status> SyncPassRunner::load(State& state) {
  Result<store::PassData> data = co_await store_.load_pass(state.claim);
  if (!data) co_return std::unexpected(data.error());
  state.data = std::move(*data);
  state.token_last = std::max(state.token_last, state.data.token_last);
  if (!state.jobs.empty()) co_return Status{};  // the jobs are those of the first load
  state.jobs = state.claim.heads;
  state.jobs.insert(state.jobs.end(), state.data.followers.begin(), state.data.followers.end());
  std::sort(state.jobs.begin(), state.jobs.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  for (const store::ClaimedJob& job : state.jobs) {
    plan::PlanJob planned{.id = job.id, .direction = job.direction, .scope = job.scope, .tabs = job.tabs, .only = {}};
    if (job.kind == JobKind::confirm)
      for (const store::OpenHold& hold : state.data.holds)
        if (hold.job == job.id) planned.only.insert(hold.record);
    state.plan_jobs.push_back(std::move(planned));
    state.results[job.id] = read_partial(job.partial);
  }
  co_return Status{};
}

Task<Status> SyncPassRunner::commit(State& state, const std::vector<Effect>& effects, std::optional<std::pair<PassId, int>> journal) {
  store::ChunkCommit chunk;
  enter(effects, chunk, state.results);
  chunk.journal = journal;
  for (const Effect& effect : effects)
    if (const auto result = state.results.find(effect.job); result != state.results.end()) chunk.partials[effect.job] = result->second.to_json().dump();
  for (const TabOutcome& tab : state.tabs) {
    if (!tab.plan.columns.refused.empty()) continue;
    TabState learnt{.connected = true, .sheet_id = tab.plan.sheet_id, .title = tab.plan.title, .headers = {}};
    for (std::size_t i = 0; i < tab.layout->columns.size(); ++i) {
      const std::string name(catalogue_.name(tab.layout->columns[i].field));
      if (tab.plan.columns.columns[i].column) learnt.headers[name] = tab.plan.columns.headers[i];
      else if (const auto known = state.data.tabs.find(tab.plan.tab); known != state.data.tabs.end() && known->second.headers.contains(name))
        learnt.headers[name] = known->second.headers.at(name);  // a missing column is remembered as missing
    }
    chunk.tabs.emplace(tab.plan.tab, std::move(learnt));
  }
  co_return co_await store_.commit_chunk(state.claim.lease, std::move(chunk));
}

// Writes of a pass that died are found by their token: rolled forward when they had landed, forgotten otherwise.
Task<Status> SyncPassRunner::settle_journal(State& state, const SpreadsheetSnapshot& snapshot) {
  for (const store::PendingJournal& entry : state.data.journal) {
    const bool landed = std::any_of(snapshot.marks.begin(), snapshot.marks.end(), [&](const SpreadsheetMark& mark) {
      return mark.key == kTokenMarkKey && mark.metadata_id == state.data.token_base + entry.token && is_token_of(mark.value, entry.pass, entry.chunk);
    });
    if (!landed) {
      if (const Status dropped = co_await store_.drop_journal(state.claim.lease, entry.pass, entry.chunk); !dropped) co_return dropped;
      continue;
    }
    const Result<std::vector<Effect>> effects = from_journal(entry.body, catalogue_);
    if (!effects) co_return std::unexpected(effects.error());
    if (const Status done = co_await commit(state, *effects, std::pair(entry.pass, entry.chunk)); !done) co_return done;
  }
  co_return Status{};
}

void SyncPassRunner::plan_tabs(State& state, const SpreadsheetSnapshot& snapshot) {
  state.tabs.clear();
  state.more = false;
  std::size_t cells_left = options_.cells_max;
  const std::size_t count = state.data.records.size();
  const TabState unknown;
  for (const TabLayout& layout : state.agency->tabs) {
    if (std::none_of(state.plan_jobs.begin(), state.plan_jobs.end(), [&](const plan::PlanJob& job) { return job.covers_tab(layout.key); })) continue;
    const auto known = state.data.tabs.find(layout.key);
    const TabState& tab_state = known != state.data.tabs.end() ? known->second : unknown;
    TabOutcome out{.layout = &layout, .plan = {}, .records = {}};
    std::vector<bool> on_hold(count), may_move(count);
    for (std::size_t i = 0; i < count; ++i) {
      const store::PassRecord& r = state.data.records[i];
      const auto base = r.base.find(layout.key);
      const std::string_view vertical = r.record.fields.text(field::vertical);
      out.records.push_back({&r.record, base != r.base.end() ? &base->second : nullptr, layout.holds(vertical)});
      const TabLayout* target = state.agency->tab_of(vertical);
      may_move[i] = target && target != &layout && std::all_of(state.plan_jobs.begin(), state.plan_jobs.end(), [&](const plan::PlanJob& job) { return job.covers_tab(target->key); });
      for (const store::OpenHold& hold : state.data.holds) {
        if (hold.record != r.record.id || hold.tab != layout.key) continue;
        const bool confirmed_now = std::any_of(state.jobs.begin(), state.jobs.end(), [&](const store::ClaimedJob& job) { return job.id == hold.job && job.kind == JobKind::confirm; });
        // Changed since a person said yes: that yes was for something else.
        on_hold[i] = !confirmed_now || hold.record_version != r.record.version;
      }
    }
    out.plan = plan::plan_tab({layout, catalogue_, find_table(snapshot, layout, tab_state), tab_state, state.agency->date_order, out.records, state.plan_jobs, on_hold, may_move});
    if (out.plan.missing) out.plan.sheet_id = static_cast<std::int64_t>(1 + random_.below(2'000'000'000));
    state.more |= trim_plan(out.plan, cells_left);
    state.tabs.push_back(std::move(out));
  }
}

// One batch for all tabs. True when it stands as planned.
Task<Result<bool>> SyncPassRunner::write(State& state, const SpreadsheetSnapshot& snapshot) {
  WriteBatch batch;
  std::int64_t token = state.token_last;
  for (const SpreadsheetMark& mark : snapshot.marks)
    if (mark.key == kTokenMarkKey) token = std::max(token, mark.metadata_id - state.data.token_base);
  state.token_last = ++token;
  const int chunk = state.chunk++;
  const WallTime now = clock_.now();
  batch.ops.push_back(sheets::op::MarkSpreadsheet{state.data.token_base + token, std::string(kTokenMarkKey), token_value(state.claim.pass, chunk, now)});
  for (const SpreadsheetMark& mark : snapshot.marks)
    if (mark.key == kTokenMarkKey && token_time(mark.value) < to_ms(now - kTokenAge)) batch.ops.push_back(sheets::op::DeleteMark{mark.metadata_id});
  const std::function<std::int64_t()> metadata_id = [this] { return static_cast<std::int64_t>(1'200'000'000 + random_.below(900'000'000)); };
  const TabState unknown;
  for (const TabOutcome& tab : state.tabs) {
    if (!tab.plan.columns.refused.empty() || tab.plan.writes_nothing()) continue;
    const auto known = state.data.tabs.find(tab.plan.tab);
    const SheetTable* table = find_table(snapshot, *tab.layout, known != state.data.tabs.end() ? known->second : unknown);
    append_tab({tab.plan, *tab.layout, catalogue_, tab.records, state.plan_jobs, table, state.agency->date_order}, metadata_id, batch);
  }
  if (const Status kept = co_await store_.write_journal(state.claim.lease, state.claim.pass, chunk, token, to_journal(batch.effects, catalogue_)); !kept)
    co_return std::unexpected(kept.error());
  sheets::WriteRequest request{state.claim.lease.spreadsheet_id, batch.ops, batch.read_back, permit(state, store::CallKind::write)};
  ++state.writes;
  const Result<sheets::WriteAnswer> answer = co_await state.api->write(std::move(request));
  if (!answer) {
    // Surely not applied: nothing to roll forward. An unknown outcome leaves the entry for the next pass to find out.
    if (answer.error().code != Errc::unknown_outcome && answer.error().code != Errc::lease_lost)
      (void)co_await store_.drop_journal(state.claim.lease, state.claim.pass, chunk);
    co_return std::unexpected(answer.error());
  }
  if (!is_verified(batch, *answer, state.agency->date_order)) {
    log_warning("spreadsheet {}: rows had moved between read and write; planning anew", state.claim.lease.spreadsheet_id);
    if (const Status dropped = co_await store_.drop_journal(state.claim.lease, state.claim.pass, chunk); !dropped) co_return std::unexpected(dropped.error());
    co_return false;
  }
  if (const Status done = co_await commit(state, batch.effects, std::pair(state.claim.pass, chunk)); !done) co_return std::unexpected(done.error());
  co_return true;
}

// True when the pass is complete, false when another round is needed.
Task<Result<bool>> SyncPassRunner::round(State& state) {
  sheets::ReadRequest request{.spreadsheet_id = state.claim.lease.spreadsheet_id, .tabs = {}, .may_send = permit(state, store::CallKind::read)};
  for (const TabLayout& layout : state.agency->tabs) {
    const auto known = state.data.tabs.find(layout.key);
    request.tabs.push_back({known != state.data.tabs.end() ? std::optional(known->second.sheet_id) : std::nullopt, layout.title});
  }
  ++state.reads;
  const Result<SpreadsheetSnapshot> snapshot = co_await state.api->read(std::move(request));
  if (!snapshot) co_return std::unexpected(snapshot.error());
  if (!state.data.journal.empty()) {
    if (const Status settled = co_await settle_journal(state, *snapshot); !settled) co_return std::unexpected(settled.error());
    if (const Status loaded = co_await load(state); !loaded) co_return std::unexpected(loaded.error());
  }
  for (const auto& [key, tab_state] : state.data.tabs) {
    const TabLayout* layout = state.agency->find_tab(key);
    if (layout && !find_table(*snapshot, *layout, tab_state))
      co_return fail(Errc::sheet_missing, fmt::format("the tab '{}' is gone from the spreadsheet; put it back (version history), or give the agency another one", tab_state.title));
  }
  plan_tabs(state, *snapshot);
  const bool writes = std::any_of(state.tabs.begin(), state.tabs.end(), [](const TabOutcome& tab) { return tab.plan.columns.refused.empty() && !tab.plan.writes_nothing(); });
  if (writes) {
    const Result<bool> verified = co_await write(state, *snapshot);
    if (!verified) co_return verified;
    if (!*verified || state.more) co_return false;
  }
  for (const TabOutcome& tab : state.tabs) {
    store::ChunkCommit agreed;
    const auto flush = [&] { return store_.commit_chunk(state.claim.lease, std::exchange(agreed, {})); };
    for (const plan::BaseAdvance& advance : tab.plan.advances) {
      const Record& r = *tab.records[static_cast<std::size_t>(advance.record)].record;
      agreed.base.push_back({r.id, tab.plan.tab, advance.base});
      agreed.marks.push_back({r.id, r.version, SyncState::synced, {}});
      if (agreed.base.size() < kAdvancesPerCommit) continue;
      if (const Status done = co_await flush(); !done) co_return std::unexpected(done.error());
    }
    for (const int gone : tab.plan.base_gone) {
      const Record& r = *tab.records[static_cast<std::size_t>(gone)].record;
      agreed.base.push_back({r.id, tab.plan.tab, std::nullopt});
      agreed.marks.push_back({r.id, r.version, SyncState::synced, {}});
    }
    // Records whose row was agreed before: nothing changed, so they are synced.
    for (std::size_t i = 0; i < tab.records.size(); ++i) {
      const Record& r = *tab.records[i].record;
      if (r.sync != SyncState::synced && tab.records[i].belongs && tab.records[i].base && tab.plan.row_of[i] && !r.deleted_at) agreed.marks.push_back({r.id, r.version, SyncState::synced, {}});
    }
    for (const plan::RecordRejection& rejection : tab.plan.rejected) {
      const Record& r = *tab.records[static_cast<std::size_t>(rejection.record)].record;
      agreed.marks.push_back({r.id, r.version, SyncState::rejected, fmt::format("{}: {}", rejection.shown.field, rejection.shown.reason)});
    }
    for (const plan::AmbiguousRecord& a : tab.plan.ambiguous) {
      const Record& r = *tab.records[static_cast<std::size_t>(a.record)].record;
      agreed.marks.push_back({r.id, r.version, SyncState::ambiguous, fmt::format("the natural key stands in rows {}", fmt::join(a.rows, ", "))});
    }
    if (agreed.base.empty() && agreed.marks.empty()) continue;
    if (const Status done = co_await flush(); !done) co_return std::unexpected(done.error());
  }
  co_return true;
}

Task<Result<store::PassOutcome>> SyncPassRunner::run(store::Claim claim) {
  State state;
  state.claim = std::move(claim);
  for (const AgencySettings& agency : agencies_)
    if (agency.id == state.claim.agency) state.agency = &agency;
  if (!state.agency) co_return fail(Errc::corrupt, "the agency of this spreadsheet is not in the configuration");
  state.api = &api_of_(state.claim.account);
  if (const Status loaded = co_await load(state); !loaded) co_return std::unexpected(loaded.error());
  for (int i = 0; i < options_.rounds_max; ++i) {
    const Result<bool> complete = co_await round(state);
    if (!complete && (complete.error().code == Errc::lease_lost || complete.error().code == Errc::corrupt)) co_return std::unexpected(complete.error());
    if (!complete) co_return outcome_of(complete.error());
    if (*complete) {
      store::PassOutcome outcome;
      outcome.jobs = job_outcomes({state.jobs, state.tabs, state.results, state.reads, state.writes});
      co_return outcome;
    }
    if (const Status loaded = co_await load(state); !loaded) co_return std::unexpected(loaded.error());
  }
  co_return fail(Errc::unavailable, "the sheet kept changing while it was written; tried again later");
}

}  // namespace rowlane::sync
