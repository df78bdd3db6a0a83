#include "sync/pass.hpp"

#include <fmt/format.h>

#include <numeric>
#include <set>

#include "base/log.hpp"
#include "base/stop_point.hpp"
#include "sync/chunk.hpp"
#include "sync/journal.hpp"
#include "sync/outcome.hpp"
#include "sync/traces.hpp"
#include "sync/write_batch.hpp"

namespace rowlane::sync {

namespace {

// Write tokens older than this are no retry's any more.
constexpr Millis kTokenAge{15 * 60'000};
// Removals go out with other writes only while the rows were seen so shortly before.
constexpr Millis kFreshFor{2'000};
// Records entered in one transaction, so that a user's own write never waits long behind a pass.
constexpr std::size_t kRecordsPerCommit = 200;
// Repeats within one pass: of a call that Google refused as a whole, and of answers that were lost.
constexpr int kRefusalsMax = 3;
// Operations on one column of a tab that were refused, from which on the others on that column are not tried: each
// costs a call, and so many wrong values are rarer than a protected column.
constexpr int kRefusedAlikeMax = 20;
constexpr int kLostAnswersMax = 3;

// "PASS.CHUNK@MILLISECONDS": whose write it was, and when.
std::string token_value(PassId pass, int chunk, WallTime at) {
  return fmt::format("{}.{}@{}", pass.value, chunk, to_ms(at));
}
bool is_token_of(std::string_view value, PassId pass, int chunk) {
  return value.starts_with(fmt::format("{}.{}@", pass.value, chunk));
}
std::int64_t token_time(std::string_view value) {
  const std::size_t at = value.find('@');
  return at == std::string_view::npos ? 0 : Json(JsonNumber{std::string(value.substr(at + 1))}).as_int().value_or(0);
}

// Rows of `rest` that the next batch would hit, ascending.
std::vector<int> rows_of(const plan::TabPlan& rest) {
  std::vector<int> rows;
  for (const plan::RowUpdate& u : rest.updates) rows.push_back(u.row);
  for (const plan::RowDelete& d : rest.deletes) rows.push_back(d.row);
  std::sort(rows.begin(), rows.end());
  return rows;
}

bool same_content(const SheetTable& a, int row_a, int column_a, const SheetTable& b, int row_b, int column_b) {
  const Cell& x = a.at(row_a, column_a);
  const Cell& y = b.at(row_b, column_b);
  if (x.is_computed() || y.is_computed()) return x.is_computed() == y.is_computed();
  if (x.kind != y.kind) return false;
  if (x.kind == CellKind::text || x.kind == CellKind::error) return x.text() == y.text();
  return x.kind == CellKind::empty || x.number == y.number;
}

// The ranges show what the table says.
bool shows(const SheetTable& table, const sheets::ReadBackRange& range) {
  for (int row = range.range.row_first; row <= range.range.row_last; ++row)
    for (int column = range.range.column_first; column <= range.range.column_last; ++column)
      if (!same_content(table, row, column, range.cells, row - range.range.row_first + 1,
                        column - range.range.column_first + 1))
        return false;
  return true;
}

std::size_t rows_to_write(const plan::TabPlan& rest) {
  return rest.updates.size() + rest.deletes.size() + rest.adds.size();
}

bool has_writes_to_rows_seen(const plan::TabPlan& rest) { return !rest.updates.empty() || !rest.adds.empty(); }

// Google's own words name its requests by their numbers; what people need is the cell and what to do.
std::string refusal_text(std::string_view message, const std::string& where, const std::string& account) {
  const auto says = [&](std::string_view words) { return message.find(words) != std::string_view::npos; };
  if (says("protected"))
    return fmt::format("{} is protected in the sheet{}", where,
                       account.empty() ? std::string() : fmt::format("; allow {} to edit it", account));
  if (says("data validation")) return fmt::format("the rules for entries set on {} do not allow this value", where);
  if (says("number of cells")) return fmt::format("{}: the spreadsheet is full (10 million cells)", where);
  if (message.starts_with("Invalid requests["))  // "Invalid requests[1].updateCells: what is wrong"
    if (const std::size_t colon = message.find(": "); colon != std::string_view::npos) message.remove_prefix(colon + 2);
  return fmt::format("Google Sheets did not take {}: {}", where, message);
}

}  // namespace

struct SyncPassRunner::State {
  store::Claim claim;
  const AgencySettings* agency = nullptr;
  sheets::SheetApi* api = nullptr;
  store::PassData data;
  bool is_loaded = false;  // once; `data` may be loaded again
  std::vector<store::ClaimedJob> jobs;
  std::vector<plan::PlanJob> plan_jobs;
  std::map<JobId, JobResult> results;
  std::int64_t reads = 0, writes = 0, done = 0;
  int chunk = 0, refusals = 0, lost_answers = 0;

  // The spreadsheet as it was read, tab by tab, with what was undone in it.
  SpreadsheetSnapshot properties;  // its marks; the tabs are in `tables`
  std::map<std::int64_t, TablePtr> tables;
  WallTime seen_at{};  // what `tables` says was true at this time, or later

  std::vector<Sent> sents;                            // writes whose outcome is not entered yet
  std::vector<SentOp> restoring;                      // to go out before anything new
  std::map<std::int64_t, std::vector<int>> restored;  // by tab: rows that `restoring` puts right
  std::vector<Notice> notices;

  std::vector<std::vector<plan::TabRecord>> views;  // by tab of the agency: its records as that tab sees them
  std::vector<TabOutcome> tabs;                     // their plans shrink as they are written
  // What a record is told once it is written, and how many of its writes are still to come.
  struct Telling {
    store::SyncMark mark;
    bool is_told = false;  // the record says so already
    int writes_left = 0;
  };
  std::map<RecordId, Telling> telling;
  std::map<std::pair<std::string, RecordId>, Rejection> refused;          // records that Google refused, by tab
  std::map<std::string, std::string> refused_tabs, refused_adds;          // why, by tab
  std::map<std::tuple<std::string, EffectKind, int>, int> refused_alike;  // by tab, kind and column
  int first_chunk = 0;                                                    // of this read

  [[nodiscard]] TablePtr table_of(const TabLayout& layout) const {
    const auto known = data.tabs.find(layout.key);
    for (const auto& [id, table] : tables)
      if (known != data.tabs.end() ? id == known->second.sheet_id : table->title == layout.title) return table;
    return nullptr;
  }
  [[nodiscard]] const SpreadsheetMark* mark_of(const Sent& sent) const {
    for (const SpreadsheetMark& mark : properties.marks)
      if (mark.key == kTokenMarkKey && mark.metadata_id == data.token_base + sent.token &&
          is_token_of(mark.value, sent.pass, sent.chunk))
        return &mark;
    return nullptr;
  }
  [[nodiscard]] bool is_in_use(std::int64_t token) const {
    return std::any_of(properties.marks.begin(), properties.marks.end(),
                       [&](const SpreadsheetMark& mark) { return mark.metadata_id == data.token_base + token; });
  }
  // A write that may still arrive keeps its number for the next one: of the two one lands.
  [[nodiscard]] std::int64_t next_token() const {
    std::int64_t last = data.token_last;
    for (const SpreadsheetMark& mark : properties.marks)
      if (mark.key == kTokenMarkKey) last = std::max(last, mark.metadata_id - data.token_base);
    for (const Sent& sent : sents)
      if (!is_in_use(sent.token) && sent.token == last) return last;
    return last + 1;
  }
};

// `state` outlives the calls: each that goes out is counted in it.
sheets::MaySend SyncPassRunner::permit(State& state, store::CallKind kind) {
  return [this, lease = state.claim.lease, account = state.claim.account, kind,
          &calls = kind == store::CallKind::read ? state.reads : state.writes]() {
    ++calls;
    return store_.may_send(lease, account, kind, store::quota_of(options_.quota, account));
  };
}

Task<Status> SyncPassRunner::load(State& state) {
  Result<store::PassData> data = co_await store_.load_pass(state.claim);
  if (!data) co_return std::unexpected(data.error());
  state.data = std::move(*data);
  // The jobs, and what is in flight, are known since the first load.
  if (std::exchange(state.is_loaded, true)) co_return Status{};
  for (const store::PendingJournal& entry : state.data.journal) state.sents.push_back(from_journal(entry, catalogue_));
  state.jobs = state.claim.heads;
  state.jobs.insert(state.jobs.end(), state.data.followers.begin(), state.data.followers.end());
  std::sort(state.jobs.begin(), state.jobs.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  for (const store::ClaimedJob& job : state.jobs) {
    plan::PlanJob planned{.id = job.id,
                          .direction = job.direction,
                          .scope = job.scope,
                          .tabs = job.tabs,
                          .only = {},
                          .confirmed = job.kind == JobKind::confirm};
    if (planned.confirmed)
      for (const store::OpenHold& hold : state.data.holds)
        if (hold.job == job.id) planned.only[{hold.tab, hold.record}] = {hold.record_version, hold.row_hash};
    state.plan_jobs.push_back(std::move(planned));
    state.results[job.id] = read_partial(job.partial);
  }
  co_return Status{};
}

Task<Status> SyncPassRunner::read(State& state) {
  sheets::ReadRequest request{
      .spreadsheet_id = state.claim.lease.spreadsheet_id, .tabs = {}, .may_send = permit(state, store::CallKind::read)};
  for (const TabLayout& layout : state.agency->tabs) {
    const auto known = state.data.tabs.find(layout.key);
    request.tabs.push_back(
        {known != state.data.tabs.end() ? std::optional(known->second.sheet_id) : std::nullopt, layout.title});
  }
  state.seen_at = clock_.now();
  Result<SpreadsheetSnapshot> snapshot = co_await state.api->read(request);
  if (!snapshot && snapshot.error().code == Errc::sheet_missing) {
    // Which one, and whether another has taken its place, shows the whole spreadsheet.
    for (const auto& [key, tab] : state.data.tabs) request.tabs.push_back({std::nullopt, tab.title});
    for (const TabLayout& layout : state.agency->tabs) request.tabs.push_back({std::nullopt, layout.title});
    request.may_be_gone = true;
    snapshot = co_await state.api->read(request);
  }
  if (!snapshot) co_return std::unexpected(snapshot.error());
  state.tables.clear();
  for (SheetTable& table : snapshot->tabs) {
    const std::int64_t id = table.sheet_id;
    state.tables.emplace(id, std::make_shared<const SheetTable>(std::move(table)));
  }
  snapshot->tabs.clear();
  state.properties = std::move(*snapshot);
  co_return find_replaced_tabs(state);
}

// A tab that is gone is nothing that a program mends unasked: its rows may be all that people had. One that a person
// made under its name is connected like a new one.
Status SyncPassRunner::find_replaced_tabs(State& state) const {
  for (const TabLayout& layout : state.agency->tabs) {
    const auto known = state.data.tabs.find(layout.key);
    if (known == state.data.tabs.end() || state.tables.contains(known->second.sheet_id)) continue;
    TabState& tab = known->second;
    const auto heir = std::find_if(state.tables.begin(), state.tables.end(), [&](const auto& each) {
      const bool is_taken = std::any_of(state.data.tabs.begin(), state.data.tabs.end(),
                                        [&](const auto& other) { return other.second.sheet_id == each.first; });
      return !is_taken && (each.second->title == tab.title || each.second->title == layout.title);
    });
    if (heir == state.tables.end())
      return fail(
          Errc::sheet_missing,
          fmt::format("the tab '{}' is gone from the spreadsheet: bring it back (File, Version history), or add a "
                      "tab of that name to have all its records written into it; then press Retry",
                      tab.title));
    std::erase_if(state.notices, [&](const Notice& told) {
      return told.tab == layout.key && told.kind == "tab_replaced";  // by an earlier read of this pass
    });
    state.notices.push_back(
        {layout.key, "tab_replaced",
         fmt::format("the tab '{}' was gone; another one of its name was there and is used now", heir->second->title)});
    tab = {.connected = false, .sheet_id = heir->first, .title = heir->second->title, .headers = {}};
  }
  return {};
}

// Where the tabs and columns are, as this pass found or made them.
std::map<std::string, TabState> SyncPassRunner::learnt_tabs(const State& state) const {
  std::map<std::string, TabState> out;
  for (const TabOutcome& tab : state.tabs) {
    if (!tab.plan.columns.refused.empty()) continue;
    TabState learnt{.connected = true, .sheet_id = tab.plan.sheet_id, .title = tab.plan.title, .headers = {}};
    for (std::size_t i = 0; i < tab.layout->columns.size(); ++i) {
      const std::string name(catalogue_.name(tab.layout->columns[i].field));
      if (tab.plan.columns.columns[i].column)
        learnt.headers[name] = tab.plan.columns.headers[i];
      else if (const auto known = state.data.tabs.find(tab.plan.tab);
               known != state.data.tabs.end() && known->second.headers.contains(name))
        learnt.headers[name] = known->second.headers.at(name);  // a missing column is remembered as missing
    }
    out.emplace(tab.plan.tab, std::move(learnt));
  }
  return out;
}

// Enters effects of a write, by their indexes, in commits of a bounded size. `keep_journal`: the write stays pending
// after them, because what it did in the wrong place is still to be undone.
Task<Status> SyncPassRunner::commit(State& state, Sent& sent, std::vector<int> effects, bool keep_journal) {
  std::erase_if(effects, [&](int e) { return sent.effects[static_cast<std::size_t>(e)].entered; });
  std::size_t next = 0;
  do {
    store::ChunkCommit chunk;
    std::set<JobId> jobs;
    const std::size_t end = std::min(effects.size(), next + kRecordsPerCommit);
    for (; next < end; ++next) {
      Effect& effect = sent.effects[static_cast<std::size_t>(effects[next])];
      effect.entered = true;
      enter(effect, chunk, state.results);
      jobs.insert(effect.job);
      if (const auto told = state.telling.find(effect.record);
          told != state.telling.end() && --told->second.writes_left == 0)
        chunk.marks.push_back(told->second.mark), told->second.is_told = true;
    }
    for (const JobId job : jobs)
      if (const auto result = state.results.find(job); result != state.results.end())
        chunk.partials[job] = result->second.to_json().dump();
    const bool is_last = next == effects.size();
    chunk.journal = {
        .pass = sent.pass, .chunk = sent.chunk, .entered = entered_of(sent), .done = is_last && !keep_journal};
    if (is_last) chunk.tabs = learnt_tabs(state);
    if (const Status done = co_await store_.commit_chunk(state.claim.lease, std::move(chunk)); !done) co_return done;
    stop_point("chunk");
  } while (next < effects.size());
  co_return Status{};
}

Task<Status> SyncPassRunner::forget(State& state, std::vector<Sent> sents) {
  for (const Sent& sent : sents)
    if (const Status dropped = co_await store_.drop_journal(state.claim.lease, sent.pass, sent.chunk); !dropped)
      co_return dropped;
  co_return Status{};
}

// What was sent and not entered, of this pass or of one that died: the newest that landed is judged by the tabs as they
// stand; what it did right is entered, the rest undone. What did not land may still do so, and is remembered as long.
Task<Status> SyncPassRunner::settle(State& state) {
  state.restoring.clear();
  state.restored.clear();
  std::sort(state.sents.begin(), state.sents.end(), [](const Sent& a, const Sent& b) {
    return std::pair(a.token, std::pair(a.pass, a.chunk)) > std::pair(b.token, std::pair(b.pass, b.chunk));
  });
  const auto landed = std::find_if(state.sents.begin(), state.sents.end(),
                                   [&](const Sent& sent) { return state.mark_of(sent) != nullptr; });
  if (landed == state.sents.end()) {
    // Another write has taken the number: this one can never land.
    std::vector<Sent> never;
    for (Sent& other : state.sents)
      if (state.is_in_use(other.token)) never.push_back(std::move(other));
    std::erase_if(state.sents, [&](const Sent& other) { return state.is_in_use(other.token); });
    co_return co_await forget(state, std::move(never));
  }
  Sent sent = std::move(*landed);
  // Older ones are over: what they left to undo went out with this one. Of the same number none can land any more.
  std::vector<Sent> over;
  for (Sent& other : state.sents)
    if (&other != &*landed && other.token <= sent.token) over.push_back(std::move(other));
  std::erase_if(state.sents, [&](const Sent& other) { return other.token <= sent.token; });

  if (sent.is_unreadable)
    for (const TabLayout& layout : state.agency->tabs)
      state.notices.push_back(
          {layout.key, "unproved",
           "a write of another version of this program landed; what it changed is in the sheet, but not in the history"});
  std::vector<int> right;
  for (const SentTab& tab : sent.tabs) {
    const auto found = state.tables.find(tab.sheet_id);
    if (found == state.tables.end()) continue;  // the tab is gone, and all with it
    Repair repair = repair_tab(sent, tab, *found->second);
    right.insert(right.end(), repair.right.begin(), repair.right.end());
    if (repair.ops.empty()) continue;
    log_warning("spreadsheet {}: rows had moved between read and write; {} cells and {} rows are put back",
                state.claim.lease.spreadsheet_id, repair.cells, repair.whole_rows);
    std::string text = fmt::format(
        "rows or columns were moved while they were written; {} cells and {} rows that were hit by mistake are put back",
        repair.cells, repair.whole_rows);
    if (repair.lost > 0)
      text += fmt::format("; {} cells that somebody filled at that very moment are blank now", repair.lost);
    state.notices.push_back({tab.key, "rows_moved", std::move(text)});
    found->second = std::make_shared<const SheetTable>(after_ops(*found->second, repair.ops));
    state.restored[tab.sheet_id] = std::move(repair.rows);
    state.restoring.insert(state.restoring.end(), std::make_move_iterator(repair.ops.begin()),
                           std::make_move_iterator(repair.ops.end()));
  }
  const bool undo = !state.restoring.empty();
  state.tabs.clear();  // nothing is learnt of tabs by an old plan, and nothing told of records
  state.telling.clear();
  if (const Status done = co_await commit(state, sent, std::move(right), undo); !done) co_return done;
  if (const Status dropped = co_await forget(state, std::move(over)); !dropped) co_return dropped;
  if (undo) state.sents.push_back(std::move(sent));
  co_return co_await load(state);  // what was agreed now
}

std::size_t SyncPassRunner::index_of(const State& state, RecordId record) const {
  const auto at = std::lower_bound(state.data.records.begin(), state.data.records.end(), record,
                                   [](const store::PassRecord& r, RecordId id) { return r.record.id < id; });
  const bool is_there = at != state.data.records.end() && at->record.id == record;
  return is_there ? static_cast<std::size_t>(at - state.data.records.begin()) : state.data.records.size();
}

// By record: left alone in that tab, because a job that nobody has said yes to holds it.
std::vector<bool> SyncPassRunner::held_in(const State& state, const TabLayout& layout) const {
  std::vector<bool> held(state.data.records.size());
  for (const store::OpenHold& hold : state.data.holds) {
    const bool is_confirmed = std::any_of(state.jobs.begin(), state.jobs.end(), [&](const store::ClaimedJob& job) {
      return job.id == hold.job && job.kind == JobKind::confirm;
    });
    const std::size_t index = index_of(state, hold.record);
    if (hold.tab == layout.key && !is_confirmed && index < held.size()) held[index] = true;
  }
  return held;
}

plan::TabTask SyncPassRunner::task_of(const State& state, const TabLayout& layout, const SheetTable* table) const {
  plan::TabTask task{.layout = &layout, .table = table, .state = {}, .refused = {}, .adds_refused = {}, .rejected = {}};
  if (const auto known = state.data.tabs.find(layout.key); known != state.data.tabs.end()) task.state = known->second;
  if (const auto why = state.refused_tabs.find(layout.key); why != state.refused_tabs.end()) task.refused = why->second;
  if (const auto why = state.refused_adds.find(layout.key); why != state.refused_adds.end())
    task.adds_refused = why->second;
  for (const auto& [whose, rejection] : state.refused)
    if (const std::size_t index = index_of(state, whose.second);
        whose.first == layout.key && index < state.data.records.size())
      task.rejected.emplace(static_cast<int>(index), rejection);
  return task;
}

void SyncPassRunner::plan_tabs(State& state) {
  state.tabs.clear();
  state.views.clear();
  std::vector<plan::TabTask> tasks;
  std::vector<std::vector<bool>> held;
  std::vector<TablePtr> tables;  // keeps what the tasks point to
  for (const TabLayout& layout : state.agency->tabs) {
    tables.push_back(state.table_of(layout));
    tasks.push_back(task_of(state, layout, tables.back().get()));
    held.push_back(held_in(state, layout));
    std::vector<plan::TabRecord>& view = state.views.emplace_back();
    view.reserve(state.data.records.size());
    for (const store::PassRecord& r : state.data.records) {
      const auto base = r.base.find(layout.key);
      view.push_back({&r.record, base != r.base.end() ? &base->second : nullptr,
                      layout.holds(r.record.fields.text(field::vertical))});
    }
  }
  plan::PassPlan planned =
      plan::plan_pass({catalogue_, state.agency->date_order, state.plan_jobs, tasks, state.views, held});
  for (std::size_t i = 0; i < planned.tabs.size(); ++i) {
    TabOutcome& out = state.tabs.emplace_back(tasks[planned.tabs[i]].layout, std::move(planned.plans[i]),
                                              state.views[planned.tabs[i]]);
    if (out.plan.missing) out.plan.sheet_id = static_cast<std::int64_t>(1 + random_.below(2'000'000'000));
  }
  remember_marks(state, planned.marks);
}

void SyncPassRunner::remember_marks(State& state, std::vector<plan::RecordMark>& marks) const {
  state.telling.clear();
  for (plan::RecordMark& mark : marks) {
    const Record& r = state.data.records[static_cast<std::size_t>(mark.record)].record;
    const bool is_told = r.sync == mark.state && r.sync_reason == mark.reason;
    state.telling.emplace(r.id, State::Telling{{r.id, r.version, mark.state, std::move(mark.reason)}, is_told, 0});
  }
  const auto count = [&](const TabOutcome& tab, int record) {
    const auto told = state.telling.find(tab.records[static_cast<std::size_t>(record)].record->id);
    if (told != state.telling.end()) ++told->second.writes_left;
  };
  for (const TabOutcome& tab : state.tabs) {
    for (const plan::RowUpdate& each : tab.plan.updates) count(tab, each.record);
    for (const plan::RowAdd& each : tab.plan.adds) count(tab, each.record);
    for (const plan::RowDelete& each : tab.plan.deletes) count(tab, each.record);
  }
}

namespace {

// The column of a mapped cell that the operation writes; 0 for several or none.
int column_of(const SentOp& op) {
  const auto* update = std::get_if<sheets::op::UpdateCells>(&op.op);
  return update && update->cells.size() == 1 ? update->column : 0;
}

// The tab it changes; -1 for one of the spreadsheet as a whole.
std::int64_t sheet_of(const sheets::Op& op) {
  return std::visit(
      [](const auto& each) {
        if constexpr (requires { each.sheet_id; })
          return each.sheet_id;
        else
          return std::int64_t{-1};
      },
      op);
}

bool makes_room(const sheets::Op& op) {
  const auto* grow = std::get_if<sheets::op::GrowGrid>(&op);
  return std::holds_alternative<sheets::op::InsertRows>(op) || (grow && grow->rows > 0);
}

}  // namespace

// Google refused one operation, and with it the batch: its record is left out; where it was to make room for new rows,
// these; else the tab. Where many were refused alike (a protected column), the others that write the same are not tried
// one by one. False: it is nobody's, and would be refused again.
bool SyncPassRunner::leave_out(State& state, const Sent& sent, const Error& error) {
  const SentOp& op = sent.ops[static_cast<std::size_t>(*error.request_index)];
  if (op.effect >= 0) {
    leave_out_record(state, sent, op, error.message);
    return true;
  }
  const std::int64_t sheet_id = sheet_of(op.op);
  for (const TabOutcome& tab : state.tabs) {
    if (tab.plan.sheet_id != sheet_id) continue;
    const bool is_room = op.effect == kTabEffect && makes_room(op.op);
    const std::string where = is_room ? fmt::format("the tab '{}', for new rows,", tab.plan.title)
                                      : fmt::format("the tab '{}'", tab.plan.title);
    const std::string text = refusal_text(error.message, where, state.api->share_with());
    return (is_room ? state.refused_adds : state.refused_tabs).emplace(tab.plan.tab, text).second;
  }
  return false;
}

void SyncPassRunner::leave_out_record(State& state, const Sent& sent, const SentOp& op, const std::string& message) {
  const Effect& effect = sent.effects[static_cast<std::size_t>(op.effect)];
  const int column = column_of(op);
  Rejection rejection{.tab = effect.tab, .row = 0, .field = {}, .reason = {}};
  std::string title = effect.tab;
  for (const TabOutcome& tab : state.tabs) {
    if (tab.plan.tab != effect.tab) continue;
    title = tab.plan.title;
    for (std::size_t i = 0; column && i < tab.layout->columns.size(); ++i)
      if (tab.plan.columns.columns[i].column == column) rejection.field = catalogue_.name(tab.layout->columns[i].field);
  }
  const auto* update = std::get_if<sheets::op::UpdateCells>(&op.op);
  const std::string where = update ? fmt::format("{}!{}", title, a1(update->row, update->column))
                                   : fmt::format("row {} of {}", effect.row, title);
  rejection.reason = refusal_text(message, where, state.api->share_with());
  if (++state.refused_alike[{effect.tab, effect.kind, column}] >= kRefusedAlikeMax) {
    Rejection untried = rejection;
    untried.reason =
        fmt::format("not tried, as {} others like it were refused: {}", kRefusedAlikeMax, rejection.reason);
    for (const SentOp& other : sent.ops) {
      if (other.effect < 0 || column_of(other) != column) continue;
      const Effect& alike = sent.effects[static_cast<std::size_t>(other.effect)];
      if (alike.tab == effect.tab && alike.kind == effect.kind)
        state.refused.emplace(std::pair(alike.tab, alike.record), untried);
    }
  }
  state.refused.insert_or_assign(std::pair(effect.tab, effect.record), std::move(rejection));
}

Task<Result<SyncPassRunner::Next>> SyncPassRunner::after_error(State& state, Sent sent, Error error) {
  if (error.code == Errc::lease_lost) co_return std::unexpected(std::move(error));
  if (error.code == Errc::unknown_outcome) {
    // It is looked for right away: the tab as planned on is still at hand.
    state.sents.push_back(std::move(sent));
    if (++state.lost_answers > kLostAnswersMax) co_return std::unexpected(std::move(error));
    co_return Next::read_again;
  }
  // Google's refusal of a write says nothing of an earlier arrival of the same one (a repeat on the way). It stays
  // pending: the next write has the same number, so that it lands only if this one never did, and else is told so.
  const bool is_refused = error.code == Errc::invalid_input || error.code == Errc::sheet_missing;
  if (!is_refused) {  // it never left, or was turned away unread
    const Status dropped = co_await store_.drop_journal(state.claim.lease, sent.pass, sent.chunk);
    co_return std::unexpected(dropped ? std::move(error) : dropped.error());
  }
  // The first operation sets the token: a write before this one landed after all. A refusal of the whole call has
  // other causes, such as a tab renamed since it was read.
  const int refused_op = error.request_index.value_or(0);
  const bool is_left_out = error.code == Errc::invalid_input && refused_op > 0 &&
                           refused_op < static_cast<int>(sent.ops.size()) && leave_out(state, sent, error);
  const bool is_first = sent.chunk == state.first_chunk;
  state.sents.push_back(std::move(sent));
  // What was read is as true as before. Of a batch that was cut, the rest is planned on what stands by now.
  if (is_left_out) co_return is_first ? Next::plan_again : Next::read_again;
  if (++state.refusals > kRefusalsMax) co_return std::unexpected(std::move(error));
  co_return Next::read_again;
}

// One batch over all tabs.
Task<Result<SyncPassRunner::Next>> SyncPassRunner::write(State& state) {
  const bool first_writes =
      std::any_of(state.tabs.begin(), state.tabs.end(), [](const TabOutcome& tab) { return !is_written(tab.plan); });
  // A write whose outcome is not known could land behind this pass: a token of its number, and nothing else, bars it.
  if (!first_writes && state.restoring.empty() && state.sents.empty()) co_return Next::done;

  WriteBatch batch;
  const WallTime now = clock_.now();
  Sent sent{.pass = state.claim.pass,
            .chunk = state.chunk++,
            .token = state.next_token(),
            .ops = {},
            .effects = {},
            .tabs = {}};
  batch.ops.push_back({sheets::op::MarkSpreadsheet{state.data.token_base + sent.token, std::string(kTokenMarkKey),
                                                   token_value(sent.pass, sent.chunk, now)},
                       kTabEffect});
  for (const SpreadsheetMark& mark : state.properties.marks)
    if (mark.key == kTokenMarkKey && token_time(mark.value) < to_ms(now - kTokenAge))
      batch.ops.push_back({sheets::op::DeleteMark{mark.metadata_id}, kTabEffect});
  std::erase_if(state.properties.marks, [&](const SpreadsheetMark& mark) {
    return mark.key == kTokenMarkKey && token_time(mark.value) < to_ms(now - kTokenAge);
  });
  batch.ops.insert(batch.ops.end(), state.restoring.begin(), state.restoring.end());

  ChunkBudget left;
  const OpBytes bytes_of = [&](const sheets::Op& op, bool as_further_row) {
    return state.api->estimate_bytes(op, as_further_row);
  };
  for (const SentOp& op : batch.ops)
    left.bytes -= std::min(left.bytes, bytes_of(op.op, false)),
        left.requests -= std::min<std::size_t>(left.requests, 1);
  const bool is_fresh = now - state.seen_at <= kFreshFor || std::ranges::none_of(state.tabs, [](const TabOutcome& tab) {
                          return has_writes_to_rows_seen(tab.plan);
                        });
  const std::function<std::int64_t()> metadata_id = [this] {
    return static_cast<std::int64_t>(1'200'000'000 + random_.below(900'000'000));
  };
  std::vector<std::pair<TabOutcome*, plan::TabPlan>> chunks;
  for (TabOutcome& tab : state.tabs)
    if (!is_written(tab.plan) || state.restored.contains(tab.plan.sheet_id))
      chunks.emplace_back(&tab, cut(tab.plan, left, bytes_of));
  // Removals wait until the other writes are out, and have shown that rows stand where they were seen.
  const bool deletes_too = is_fresh && std::ranges::none_of(state.tabs, [](const TabOutcome& tab) {
                             return has_writes_to_rows_seen(tab.plan);
                           });
  if (deletes_too)
    for (auto& [tab, chunk] : chunks) cut_deletes(tab->plan, chunk, left);
  static const std::vector<int> kNone;
  for (auto& [tab_outcome, chunk] : chunks) {
    const TabOutcome& tab = *tab_outcome;
    const auto restored = state.restored.find(tab.plan.sheet_id);
    const auto table = state.tables.find(tab.plan.sheet_id);
    append_tab({chunk, *tab.layout, catalogue_, tab.records, state.plan_jobs,
                table != state.tables.end() ? table->second.get() : nullptr,
                restored != state.restored.end() ? restored->second : kNone},
               metadata_id, batch);
    sent.tabs.push_back({tab.plan.tab, tab.plan.sheet_id, chunk.columns.header_row, chunk.columns.id_column,
                         table != state.tables.end() ? table->second : std::make_shared<const SheetTable>()});
  }
  for (const auto& [id, rows] : state.restored)  // of tabs that no job of this pass covers
    if (std::none_of(sent.tabs.begin(), sent.tabs.end(), [&](const SentTab& tab) { return tab.sheet_id == id; }))
      sent.tabs.push_back({state.tables[id]->title, id, 1, 0, state.tables[id]});
  sent.ops = std::move(batch.ops);
  sent.effects = batch.effects;

  // The rows that the next batch hits are read with this one: it is sent on what was seen last.
  const std::size_t verified_ranges = batch.read_back.size();
  bool rest = false, proved = true;
  std::int64_t total = state.done;
  for (auto& [tab, chunk] : chunks) {
    total += static_cast<std::int64_t>(rows_to_write(chunk) + rows_to_write(tab->plan));
    advance(tab->plan, chunk);
    if (rows_to_write(tab->plan) == 0) continue;
    rest = true;
    const std::vector<int> rows = rows_of(tab->plan);
    std::size_t covered = 0;
    std::vector<sheets::ReadBack> ranges = ranges_over(tab->plan.title, rows, tab->plan.columns.width);
    for (const sheets::ReadBack& range : ranges)
      covered += static_cast<std::size_t>(range.range.row_last - range.range.row_first + 1);
    if (covered > 4 * rows.size() + 1'000)
      proved = false;  // reading the tab anew costs no more
    else
      batch.read_back.insert(batch.read_back.end(), ranges.begin(), ranges.end());
  }

  JournalEntry entry = to_journal(sent, catalogue_);
  if (const Status kept = co_await store_.write_journal(
          state.claim.lease,
          {sent.pass, sent.chunk, sent.token, std::move(entry.body), std::move(entry.tables), state.done, total});
      !kept)
    co_return std::unexpected(kept.error());
  stop_point("journal");
  sheets::WriteRequest request{
      state.claim.lease.spreadsheet_id, {}, batch.read_back, permit(state, store::CallKind::write)};
  for (const SentOp& op : sent.ops) request.ops.push_back(op.op);
  request.names_refused = !state.refused.empty();
  const Result<sheets::WriteAnswer> answer = co_await state.api->write(std::move(request));
  stop_point("write");
  if (!answer) co_return co_await after_error(state, std::move(sent), answer.error());
  if (!is_verified(batch, *answer)) {
    state.sents.push_back(std::move(sent));
    co_return Next::read_again;
  }
  std::vector<int> all(sent.effects.size());
  std::iota(all.begin(), all.end(), 0);
  if (const Status done = co_await commit(state, sent, std::move(all), false); !done)
    co_return std::unexpected(done.error());
  if (const Status dropped = co_await forget(state, std::exchange(state.sents, {})); !dropped)
    co_return std::unexpected(dropped.error());
  stop_point("commit");
  state.restoring.clear();
  state.restored.clear();
  state.properties.marks.push_back(
      {state.data.token_base + sent.token, std::string(kTokenMarkKey), token_value(sent.pass, sent.chunk, now)});
  for (const auto& [tab, chunk] : chunks) state.done += static_cast<std::int64_t>(rows_to_write(chunk));
  if (!rest) co_return Next::done;
  for (const auto& [tab, chunk] : chunks) {
    SheetTable made;
    made.sheet_id = tab->plan.sheet_id, made.title = tab->plan.title, made.grid_rows = 1000,
    made.grid_columns = tab->plan.columns.width;
    const auto table = state.tables.find(tab->plan.sheet_id);
    std::vector<SentOp> ops;
    std::copy_if(sent.ops.begin(), sent.ops.end(), std::back_inserter(ops),
                 [](const SentOp& op) { return op.effect != kRestoreEffect; });
    const auto after =
        std::make_shared<const SheetTable>(after_ops(table != state.tables.end() ? *table->second : made, ops));
    tab->plan.grid_rows = after->grid_rows, tab->plan.grid_columns = after->grid_columns;
    state.tables[tab->plan.sheet_id] = after;
  }
  for (std::size_t i = verified_ranges; proved && i < answer->read_back.size(); ++i)
    for (const auto& [id, table] : state.tables)
      if (table->title == answer->read_back[i].title) proved = shows(*table, answer->read_back[i]);
  state.seen_at = now;
  co_return proved ? Next::write_on : Next::read_again;
}

// What both sides agree on without a write, and what is to be told at the records.
Task<Status> SyncPassRunner::enter_agreed(State& state) {
  if (std::map<std::string, TabState> learnt = learnt_tabs(state);
      std::any_of(learnt.begin(), learnt.end(), [&](const auto& tab) {
        const auto known = state.data.tabs.find(tab.first);
        return known == state.data.tabs.end() || known->second != tab.second;
      })) {
    store::ChunkCommit tabs;
    tabs.tabs = std::move(learnt);
    if (const Status done = co_await store_.commit_chunk(state.claim.lease, std::move(tabs)); !done) co_return done;
  }
  store::ChunkCommit agreed;
  const auto is_full = [&] { return agreed.base.size() + agreed.marks.size() >= kRecordsPerCommit; };
  const auto flush = [&] { return store_.commit_chunk(state.claim.lease, std::exchange(agreed, {})); };
  for (const TabOutcome& tab : state.tabs) {
    for (const plan::BaseAdvance& advance : tab.plan.advances) {
      agreed.base.push_back(
          {tab.records[static_cast<std::size_t>(advance.record)].record->id, tab.plan.tab, advance.base});
      if (!is_full()) continue;
      if (const Status done = co_await flush(); !done) co_return done;
    }
    for (const int gone : tab.plan.base_gone) {
      agreed.base.push_back({tab.records[static_cast<std::size_t>(gone)].record->id, tab.plan.tab, std::nullopt});
      if (!is_full()) continue;
      if (const Status done = co_await flush(); !done) co_return done;
    }
  }
  for (auto& [record, telling] : state.telling) {
    if (telling.is_told || telling.writes_left > 0) continue;
    telling.is_told = true;
    agreed.marks.push_back(telling.mark);
    if (!is_full()) continue;
    if (const Status done = co_await flush(); !done) co_return done;
  }
  if (!agreed.base.empty() || !agreed.marks.empty()) co_return co_await flush();
  co_return Status{};
}

Task<Result<store::PassOutcome>> SyncPassRunner::run(store::Claim claim) {
  State state;
  state.claim = std::move(claim);
  stop_point("claim");
  for (const AgencySettings& agency : agencies_)
    if (agency.id == state.claim.agency) state.agency = &agency;
  if (!state.agency) co_return fail(Errc::corrupt, "the agency of this spreadsheet is not in the configuration");
  state.api = &api_of_(state.claim.account);
  const auto ended_by = [](const Error& error) -> Result<store::PassOutcome> {
    if (error.code == Errc::lease_lost || error.code == Errc::corrupt) return std::unexpected(error);
    return outcome_of(error);
  };
  for (int reads = 0; reads < options_.reads_max; ++reads) {
    if (const Status loaded = co_await load(state); !loaded) co_return std::unexpected(loaded.error());
    if (const Status done = co_await read(state); !done) co_return ended_by(done.error());
    stop_point("read");
    if (const Status done = co_await settle(state); !done) co_return ended_by(done.error());
    Result<Next> next = Next::plan_again;
    while (next && *next == Next::plan_again) {
      plan_tabs(state);
      stop_point("plan");
      state.first_chunk = state.chunk;
      next = Next::write_on;
      while (next && *next == Next::write_on) next = co_await write(state);
    }
    if (!next) co_return ended_by(next.error());
    if (*next == Next::read_again) continue;
    if (const Status done = co_await enter_agreed(state); !done) co_return std::unexpected(done.error());
    stop_point("agreed");
    store::PassOutcome outcome;
    outcome.jobs = job_outcomes({state.jobs, state.tabs, state.results, state.notices, state.reads, state.writes});
    co_return outcome;
  }
  co_return outcome_of({.code = Errc::unavailable,
                        .message = "the sheet kept changing while it was written; tried again later",
                        .field = {}});
}

}  // namespace rowlane::sync
