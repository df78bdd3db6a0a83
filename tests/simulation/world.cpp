#include "simulation/world.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "simulation/inspector.hpp"
#include "store/sqlite/migrations.hpp"

namespace rowlane::simulation {

using sheets::local::CallInfo;
using sheets::local::CallKind;
using sheets::local::Fault;

namespace {

TabLayout layout(const SimTab& tab, std::vector<std::string> verticals, const FieldCatalogue& catalogue) {
  TabLayout out;
  out.key = tab.key, out.title = tab.title;
  out.verticals = std::move(verticals), out.new_vertical = out.verticals.front();
  out.keys = default_keys();
  for (const auto& [id, header] : {std::pair<FieldId, const char*>{field::name, "NAME"},
                                   {field::mobile_number, "MOBILE NO"},
                                   {field::current_policy_no, "POLICY NO"},
                                   {field::premium, "AMOUNT"},
                                   {field::renewal_date, "EXPIRY"}})
    out.columns.push_back({id, header, catalogue.type(id)});
  return out;
}

// Google refuses an operation now and then: a protected cell, a rule of validation.
class RefusingSheets final : public sheets::SheetApi {
 public:
  using Sending = std::function<void(const std::vector<sheets::Op>&)>;
  RefusingSheets(sheets::SheetApi& api, const WorldOptions& options, Sending sending)
      : api_(api), options_(options), sending_(std::move(sending)) {}
  Task<Result<SpreadsheetSnapshot>> read(sheets::ReadRequest request) override { return api_.read(std::move(request)); }
  Task<Result<sheets::WriteAnswer>> write(sheets::WriteRequest request) override {
    sending_(request.ops);
    const std::optional<int> refused = options_.refuses ? options_.refuses(request.ops) : std::nullopt;
    if (!refused) co_return co_await api_.write(std::move(request));
    co_return std::unexpected(Error{.code = Errc::invalid_input,
                                    .message = "You are trying to edit a protected cell or object.",
                                    .field = {},
                                    .request_index = refused});
  }
  [[nodiscard]] std::string share_with() const override { return api_.share_with(); }
  [[nodiscard]] std::size_t estimate_bytes(const sheets::Op& op, bool as_further_row) const override {
    return api_.estimate_bytes(op, as_further_row);
  }

 private:
  sheets::SheetApi& api_;
  const WorldOptions& options_;
  const Sending sending_;
};

// A pass, and a look at the badges behind it.
class WatchedPasses final : public lanes::PassRunner {
 public:
  WatchedPasses(lanes::PassRunner& passes, std::function<void()> after) : passes_(passes), after_(std::move(after)) {}
  Task<Result<store::PassOutcome>> run(store::Claim claim) override {
    Result<store::PassOutcome> outcome = co_await passes_.run(std::move(claim));
    after_();
    co_return outcome;
  }

 private:
  lanes::PassRunner& passes_;
  const std::function<void()> after_;
};

std::string shown(const sheets::CellWrite& cell) {
  if (const auto* text = std::get_if<std::string>(&cell.value)) return *text;
  if (const auto* number = std::get_if<double>(&cell.value)) return fmt::format("{}", *number);
  return std::holds_alternative<std::monostate>(cell.value) ? "(blank)" : "...";
}
// What a batch does to rows, in words; marks and the like are left out.
std::string described(const sheets::Op& op) {
  using namespace sheets::op;
  const auto title = [](std::int64_t sheet) { return sheet == kGeneral.sheet_id ? kGeneral.title : kLife.title; };
  if (const auto* update = std::get_if<UpdateCells>(&op)) {
    std::vector<std::string> cells;
    for (const sheets::CellWrite& cell : update->cells) cells.push_back(shown(cell));
    return fmt::format("{}!{}: {}", title(update->sheet_id), a1(update->row, update->column), fmt::join(cells, " | "));
  }
  if (const auto* insert = std::get_if<InsertRows>(&op))
    return fmt::format("{} new rows at {}!{}", insert->count, title(insert->sheet_id), insert->row);
  if (const auto* gone = std::get_if<DeleteRows>(&op))
    return fmt::format("{}!{} is deleted", title(gone->sheet_id), gone->row);
  return {};
}

// A call that takes longer is given up, and takes effect all the same.
constexpr Millis kPatience{50'000};

std::map<std::int64_t, std::set<int>> deleted_rows(const std::vector<sheets::Op>& ops) {
  std::map<std::int64_t, std::set<int>> out;
  for (const sheets::Op& op : ops)
    if (const auto* gone = std::get_if<sheets::op::DeleteRows>(&op))
      for (int row = gone->row; row < gone->row + gone->count; ++row) out[gone->sheet_id].insert(row);
  return out;
}

}  // namespace

struct World::Process {
  store::InlineRunner runner;
  store::SqliteStore store;
  sheets::local::LocalTransport transport;
  sheets::google::GoogleSheets google;
  RefusingSheets api;
  sync::SyncPassRunner passes;
  WatchedPasses watched;
  lanes::Driver driver;

  explicit Process(World& w)
      : runner(
            *w.db_, [&w] { return Millis{static_cast<std::int64_t>(w.random_.below(3))}; }, [&w] { return w.disk(); }),
        store(runner, w.clock_, w.random_, w.catalogue_),
        transport(*w.service_),
        google(transport, w.clock_,
               {.sheets_url = std::string(sheets::local::LocalTransport::kAddress), .timeout = kPatience},
               std::nullopt),
        api(google, w.options_, [&w](const std::vector<sheets::Op>& ops) { w.goes_out(ops); }),
        passes(store, [this](const std::string&) -> sheets::SheetApi& { return api; }, w.agencies_, w.catalogue_,
               w.clock_, w.random_, {}),
        watched(passes, [&w] { w.check_after_pass(); }),
        driver(w.executor_, store, watched, w.random_, {.node = "simulated", .accounts = {"default"}, .quota = {}}) {
    store.on_ready([this] { driver.wake(); });
  }
};

template <class T>
T World::await(Task<T> task) {
  std::optional<T> value;
  TaskGroup group(executor_);
  struct Keep {
    static Task<void> into(Task<T> from, std::optional<T>& to) { to.emplace(co_await std::move(from)); }
  };
  group.spawn(Keep::into(std::move(task), value));
  while (!value && executor_.step()) {
  }
  return std::move(value).value();
}

World::World(const WorldOptions& options) : options_(options), random_(options.seed) {
  db_ = std::move(db::Sqlite::open(":memory:").value());
  if (!store::migrate(*db_)) std::abort();
  service_ = std::move(sheets::local::LocalSheets::open({}, clock_, random_).value());
  const auto text = [](const char* value) {
    return sheets::local::SeedCell{
        .value = std::string(value), .formula = {}, .format_type = {}, .format_pattern = {}, .note = {}};
  };
  std::vector<sheets::local::SeedTab> tabs;
  for (const SimTab* each : kTabs) {
    sheets::local::SeedTab& tab = tabs.emplace_back(sheets::local::SeedTab{.title = each->title,
                                                                           .sheet_id = each->sheet_id,
                                                                           .rows = kGridRows,
                                                                           .columns = 8,
                                                                           .cells = {},
                                                                           .frozen_rows = 0});
    tab.cells = {{text("NAME"), text("MOBILE NO"), text("POLICY NO"), text("AMOUNT"), text("EXPIRY"), text("Remark")}};
  }
  tabs[0].cells.push_back({text("A walk-in"), text(""), text(""), text(""), text(""), text("call back")});
  if (!service_->create({.id = kBook,
                         .title = "Book",
                         .locale = "en_IN",
                         .time_zone = "Asia/Kolkata",
                         .tabs = tabs,
                         .shared_with = {}}))
    std::abort();
  people_ = std::make_unique<People>(*service_, random_, [this](const std::string& what) { tell(what); });
  service_->faults().hook = [this](const CallInfo& call) { return fault_for(call); };

  AgencySettings agency;
  agency.key = "office", agency.name = "Office", agency.spreadsheet_id = kBook, agency.account = "default";
  agency.tabs = {layout(kGeneral, {"motor", "general"}, catalogue_), layout(kLife, {"life"}, catalogue_)};
  agencies_.push_back(std::move(agency));
  process_ = std::make_unique<Process>(*this);
  agencies_[0].id = await(process_->store.upsert_agency({{}, "office", "Office", kBook, "default"},
                                                        store::PeopleStore::SpreadsheetChange::refused))
                        .value();
  for (int u = 0; u < options.users; ++u) {
    users_.push_back(await(process_->store.create_user({agencies_[0].id, fmt::format("user{}@office.example", u),
                                                        fmt::format("User {}", u), store::Role::agent, ""}))
                         .value());
    records_.emplace_back();
    for (int r = 0; r < options.records_each; ++r) add_record(u, fmt::format("00{}/P-{}", u, r));
  }
  faults_on_ = options.faults;
  process_->driver.start();
}

World::~World() {
  executor_.drop_all();
  process_.reset();
}

void World::tell(const std::string& text) const {
  if (!options_.tells) return;
  const auto ms = (clock_.now() - started_at_).count();
  fmt::print("{:02}:{:02}:{:02}.{:03}  {}\n", ms / 3'600'000, ms / 60'000 % 60, ms / 1000 % 60, ms % 1000, text);
}

// --- Faults

Status World::disk() const {
  if (clock_.now() >= disk_full_until_) return {};
  return fail(Errc::unavailable, "the server's disk is full");
}

Fault World::drawn_fault(bool is_write) {
  Fault fault;
  switch (random_.below(is_write ? 9 : 6)) {
    case 0:
      fault.kind = Fault::Kind::status, fault.status = 429, fault.retry_after_s = 2;
      break;
    case 1:
      fault.kind = Fault::Kind::status, fault.status = 503;
      break;
    case 2:
      fault.kind = Fault::Kind::reset_before;
      break;
    case 3:
      fault.kind = Fault::Kind::html, fault.status = 502;
      break;
    case 4:
      fault.kind = Fault::Kind::refused;
      break;
    case 5:
      fault.kind = Fault::Kind::cut, fault.cut_after_bytes = 40;
      break;
    case 6:
      fault.kind = Fault::Kind::reset_after;
      break;
    case 7:
      fault.kind = Fault::Kind::status_after, fault.status = 500;
      break;
    default:  // lands long after
      fault.delay_before = Millis{60'000 + static_cast<std::int64_t>(random_.below(120'000))};
  }
  return fault;
}

Fault World::fault_for(const CallInfo& call) {
  const bool is_write = call.kind == CallKind::write;
  const Millis before{static_cast<std::int64_t>(random_.below(400))},
      after{static_cast<std::int64_t>(random_.below(400))};
  Fault fault;
  if (!faults_on_) {
    fault.delay_before = before, fault.delay_after = after;
    if (options_.script) options_.script(call, fault);
    return fault;
  }
  if (random_.below(4) == 0 && people_->may_fail()) fault = drawn_fault(is_write);
  if (fault.delay_before == Millis{0}) fault.delay_before = before;
  fault.delay_after = after;
  tell(fmt::format("{} {}{}", is_write ? "write" : "read", call.number,
                   fault.kind != Fault::Kind::none      ? fmt::format(", fault {}", static_cast<int>(fault.kind))
                   : fault.delay_before > Millis{1'000} ? ", which lands late"
                                                        : ""));
  const bool takes_effect = fault.kind == Fault::Kind::none || fault.kind == Fault::Kind::cut ||
                            fault.kind == Fault::Kind::reset_after || fault.kind == Fault::Kind::status_after;
  if (!takes_effect || fault.delay_before > Millis{1'000}) return fault;
  if (!is_write) people_->read_took_place();
  if (!is_write) return fault;
  const bool meets_a_person = random_.below(3) == 0;
  if (meets_a_person) {
    fault.delay_before = Millis{0};
    fault.edit_before = people_->disturb(rows_going_);
  }
  people_->write_took_place(!fault.edit_before.empty());
  return fault;
}

void World::run_for(Millis time) {
  const WallTime end = clock_.now() + time;
  bool over = false;
  executor_.post_after(time, [&over] { over = true; });
  while (!over && executor_.step()) {
  }
  clock_.set(end);
}

void World::crash() {
  if (!people_->may_fail()) return;
  tell("the server is killed and starts again");
  executor_.drop_all();
  process_.reset();
  disk_full_until_ = {};
  process_ = std::make_unique<Process>(*this);
  if (!await(process_->store.end_predecessors_leases(false))) std::abort();
  process_->driver.start();
}

void World::fill_disk(Millis time) {
  if (!people_->may_fail()) return;
  tell(fmt::format("the disk is full for {} ms", time.count()));
  disk_full_until_ = clock_.now() + time;
}

void World::stall(Millis time) {
  if (!people_->may_fail()) return;
  tell(fmt::format("the machine stands still for {} s", time.count() / 1000));
  executor_.stall(time);
}

void World::goes_out(const std::vector<sheets::Op>& ops) {
  rows_going_ = deleted_rows(ops);
  for (const sheets::Op& op : ops)
    if (const std::string what = options_.tells ? described(op) : std::string(); !what.empty()) tell("    " + what);
}

// For whoever follows a seed: the spreadsheet as it stands.
void World::tell_sheet() const {
  for (const SimTab* tab : kTabs) {
    tell(fmt::format("{}:", tab->title));
    const SheetView view = people_->look(*tab);
    for (int row = 1; row <= view.last_row(); ++row)
      tell(fmt::format("  {:>3}  {}", row, fmt::join(view.rows[static_cast<std::size_t>(row - 1)], " | ")));
  }
}

void World::check_after_pass() {
  if (!lie_.empty()) return;
  lie_ = check_badges();
  tell(lie_.empty() ? "a pass ended" : "a pass ended, and " + lie_);
  if (!lie_.empty() && options_.tells) tell_sheet();
}

void World::spoil_journal() {
  if (!db_->prepare("UPDATE journal SET body='{\"format\":1}' WHERE state='pending'").run()) std::abort();
}

// --- Users

std::optional<JobId> World::try_press(int user, const SimTab* tab) {
  store::NewJob job;
  if (tab) job.tabs = {tab->key};
  job.scope = scope(user);
  job.spreadsheet_id = kBook;
  const Result<store::QueuedJob> queued = await(process_->store.enqueue(std::move(job)));
  tell(fmt::format("user{} presses Sync{}: {}", user, tab ? fmt::format(" ({})", tab->key) : "",
                   queued ? fmt::format("job {}", queued->id.value) : queued.error().message));
  if (!queued) return std::nullopt;
  return queued->id;
}

const std::string& World::record_id(int user, int record) const {
  const std::vector<std::string>& own = records_[static_cast<std::size_t>(user)];
  return own[static_cast<std::size_t>(record) % own.size()];
}

void World::patch(int user, int record, FieldId field, Value value) {
  store::FieldPatch patch;
  patch.set.set(field, std::move(value));
  (void)await(process_->store.update_record({scope(user), record_id(user, record), std::nullopt}, patch));
}

void World::edit_premium(int user, int record, std::int64_t hundredths) {
  tell(fmt::format("user{} sets the premium of {} to {}.{:02}", user, record_id(user, record), hundredths / 100,
                   hundredths % 100));
  patch(user, record, field::premium, Money{hundredths});
}

void World::rename(int user, int record, std::string name) { patch(user, record, field::name, std::move(name)); }

void World::move_record(int user, int record) {
  const Result<Record> found = await(process_->store.get_record(scope(user), record_id(user, record)));
  if (!found) return;
  const bool is_life = found->fields.text(field::vertical) == "life";
  tell(fmt::format("user{} moves {} to {}", user, found->public_id, is_life ? kGeneral.key : kLife.key));
  patch(user, record, field::vertical, std::string(is_life ? "motor" : "life"));
}

void World::delete_record(int user, int record) {
  tell(fmt::format("user{} deletes {}", user, record_id(user, record)));
  (void)await(process_->store.delete_record({scope(user), record_id(user, record), std::nullopt}));
}

void World::add_record(int user, const std::string& policy_no, const std::string& vertical) {
  Record record;
  record.owner = users_[static_cast<std::size_t>(user)];
  record.fields.set(field::name, "Customer " + policy_no);
  record.fields.set(field::current_policy_no, policy_no);
  record.fields.set(field::vertical, vertical);
  record.fields.set(field::premium, Money{static_cast<std::int64_t>(random_.below(10'000'000))});
  const Result<Record> made = await(process_->store.create_record(scope(user), record));
  if (!made) return;  // on a full disk
  tell(fmt::format("user{} adds {} ({}, {})", user, made->public_id, policy_no, vertical));
  records_[static_cast<std::size_t>(user)].push_back(made->public_id);
}

void World::type_remark(const SimTab& tab) {
  const Inspector inspector(*this);
  people_->type_remark(
      tab, [&](const std::string& id) { return inspector.goes(id, tab); },
      [&](const std::string& id, const SimTab& from) { return inspector.leavings(id, from); });
}

void World::apply(const Json::Array& requests) {
  if (!service_->apply(kBook, requests)) std::abort();
}

bool World::settle(Millis time) {
  const WallTime end = clock_.now() + time;
  while (clock_.now() < end) {
    const store::QueueTotals totals = await(process_->store.queue_totals()).value();
    if (totals.queued == 0 && totals.running == 0) return true;
    run_for(Millis{1'000});
  }
  return false;
}

store::Job World::job(JobId id) { return await(process_->store.job({agencies_[0].id, users_[0], true}, id)).value(); }
store::JobPage World::jobs_of(int user) { return await(process_->store.jobs(scope(user), 200, "")).value(); }
Json World::result_of(JobId id) { return parse_json(job(id).result).value_or(Json()); }

std::int64_t World::calls(CallKind kind) const {
  return std::ranges::count(service_->log(), kind, &sheets::local::LogEntry::kind);
}

std::string World::check_badges() { return Inspector(*this).check_badges(); }
std::string World::check() { return Inspector(*this).check(); }

}  // namespace rowlane::simulation
