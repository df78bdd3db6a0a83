#include "simulation/world.hpp"

#include <fmt/format.h>

#include <set>

#include "store/sqlite/migrations.hpp"

namespace rowlane::simulation {

namespace {
constexpr const char* kBook = "book";
constexpr const char* kTab = "general_ins";

TabLayout layout(const FieldCatalogue& catalogue) {
  TabLayout out;
  out.key = "general";
  out.title = kTab;
  out.verticals = {"motor", "general"};
  out.new_vertical = "general";
  out.keys = default_keys();
  for (const auto& [id, header] : {std::pair<FieldId, const char*>{field::name, "NAME"}, {field::mobile_number, "MOBILE NO"},
                                   {field::current_policy_no, "POLICY NO"}, {field::premium, "AMOUNT"}, {field::renewal_date, "EXPIRY"}})
    out.columns.push_back({id, header, catalogue.type(id)});
  return out;
}
}  // namespace

bool SimExecutor::step() {
  if (events_.empty()) return false;
  auto event = events_.extract(events_.begin());
  clock_.set(event.key().first);
  hash_ = (hash_ ^ static_cast<std::uint64_t>(to_ms(event.key().first))) * 0x100000001b3ULL;
  hash_ = (hash_ ^ event.key().second) * 0x100000001b3ULL;
  const Running running(this);
  event.mapped()();
  return true;
}

struct World::Process {
  store::InlineRunner runner;
  store::SqliteStore store;
  sheets::local::LocalTransport transport;
  sheets::google::GoogleSheets api;
  sync::SyncPassRunner passes;
  lanes::Driver driver;

  explicit Process(World& w)
      : runner(*w.db_, [&w] { return Millis{static_cast<std::int64_t>(w.random_.below(3))}; }),
        store(runner, w.clock_, w.random_, w.catalogue_),
        transport(*w.service_),
        api(transport, w.clock_, {.sheets_url = std::string(sheets::local::LocalTransport::kAddress)}, std::nullopt),
        passes(store, [this](const std::string&) -> sheets::SheetApi& { return api; }, w.agencies_, w.catalogue_, w.clock_, w.random_, {}),
        driver(w.executor_, store, passes, w.random_, {.node = "simulated", .accounts = {"default"}, .quota = {}}) {
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
  sheets::local::SeedTab tab{.title = kTab, .sheet_id = 7, .rows = 60, .columns = 8, .cells = {}, .frozen_rows = 0};
  const auto text = [](const char* value) { return sheets::local::SeedCell{.value = std::string(value), .formula = {}, .format_type = {}, .format_pattern = {}, .note = {}}; };
  tab.cells = {{text("NAME"), text("MOBILE NO"), text("POLICY NO"), text("AMOUNT"), text("EXPIRY"), text("Remark")},
               {text("A walk-in"), text(""), text("")}};
  tab.cells[1].resize(6);
  tab.cells[1][5] = text("call back");
  if (!service_->create({.id = kBook, .title = "Book", .locale = "en_IN", .time_zone = "Asia/Kolkata", .tabs = {tab}, .shared_with = {}})) std::abort();
  service_->faults().hook = [this](const sheets::local::CallInfo& call) { return fault_for(call); };

  AgencySettings agency;
  agency.key = "office", agency.name = "Office", agency.spreadsheet_id = kBook, agency.account = "default";
  agency.tabs = {layout(catalogue_)};
  agencies_.push_back(std::move(agency));
  process_ = std::make_unique<Process>(*this);
  agencies_[0].id = await(process_->store.upsert_agency({{}, "office", "Office", kBook, "default"})).value();
  for (int u = 0; u < options.users; ++u) {
    users_.push_back(await(process_->store.create_user({agencies_[0].id, fmt::format("user{}@office.example", u), fmt::format("User {}", u), store::Role::agent, ""})).value());
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

sheets::local::Fault World::fault_for(const sheets::local::CallInfo& call) {
  using sheets::local::Fault;
  Fault fault;
  fault.delay_before = Millis{static_cast<std::int64_t>(random_.below(400))};
  fault.delay_after = Millis{static_cast<std::int64_t>(random_.below(400))};
  if (!faults_on_ || random_.below(4) != 0) return fault;
  switch (random_.below(call.kind == sheets::local::CallKind::write ? 8 : 6)) {
    case 0: fault.kind = Fault::Kind::status, fault.status = 429, fault.retry_after_s = 2; break;
    case 1: fault.kind = Fault::Kind::status, fault.status = 503; break;
    case 2: fault.kind = Fault::Kind::reset_before; break;
    case 3: fault.kind = Fault::Kind::html, fault.status = 502; break;
    case 4: fault.kind = Fault::Kind::refused; break;
    case 5: fault.kind = Fault::Kind::cut, fault.cut_after_bytes = 40; break;
    case 6: fault.kind = Fault::Kind::reset_after; break;
    default: fault.kind = Fault::Kind::status_after, fault.status = 500;
  }
  return fault;
}

void World::run_for(Millis time) {
  const WallTime end = clock_.now() + time;
  bool over = false;
  executor_.post_after(time, [&over] { over = true; });
  while (!over && clock_.now() <= end && executor_.step()) {
  }
}

void World::crash() {
  executor_.drop_all();
  process_.reset();
  process_ = std::make_unique<Process>(*this);
  if (!await(process_->store.end_predecessors_leases(false))) std::abort();
  process_->driver.start();
}

// Jobs of other tabs are not settled together, so their order in the lane shows.
JobId World::press(int user, bool named_tab) {
  store::NewJob job;
  if (named_tab) job.tabs = {"general"};
  job.scope = {agencies_[0].id, users_[static_cast<std::size_t>(user)], false};
  job.spreadsheet_id = kBook;
  return await(process_->store.enqueue(std::move(job))).value().id;
}

void World::edit_premium(int user, int record, std::int64_t hundredths) {
  const auto u = static_cast<std::size_t>(user);
  store::FieldPatch patch;
  patch.set.set(field::premium, Money{hundredths});
  (void)await(process_->store.update_record({{agencies_[0].id, users_[u], false}, records_[u][static_cast<std::size_t>(record) % records_[u].size()], std::nullopt}, patch));
}

void World::delete_record(int user, int record) {
  const auto u = static_cast<std::size_t>(user);
  (void)await(process_->store.delete_record({{agencies_[0].id, users_[u], false}, records_[u][static_cast<std::size_t>(record) % records_[u].size()], std::nullopt}));
}

void World::add_record(int user, const std::string& policy_no) {
  const auto u = static_cast<std::size_t>(user);
  Record record;
  record.owner = users_[u];
  record.fields.set(field::name, "Customer " + policy_no);
  record.fields.set(field::current_policy_no, policy_no);
  record.fields.set(field::vertical, std::string("motor"));
  record.fields.set(field::premium, Money{static_cast<std::int64_t>(random_.below(10'000'000))});
  records_[u].push_back(await(process_->store.create_record({agencies_[0].id, users_[u], false}, record)).value().public_id);
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

std::int64_t World::writes() const {
  return std::count_if(service_->log().begin(), service_->log().end(), [](const sheets::local::LogEntry& entry) { return entry.kind == sheets::local::CallKind::write; });
}

std::string World::check() {
  const std::vector<std::vector<std::string>> rows = service_->values(kBook, kTab).value();
  std::map<std::string, int> row_of;
  int walk_ins = 0;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    if (!rows[i].empty() && rows[i][0] == "A walk-in") walk_ins += rows[i].size() >= 6 && rows[i][5] == "call back" ? 1 : 100;
    if (rows[i].size() < 7 || rows[i][6].empty()) continue;
    if (!row_of.emplace(rows[i][6], static_cast<int>(i) + 1).second) return "a record has two rows: " + rows[i][6];
  }
  if (walk_ins != 1) return "a person's row was touched or doubled";
  std::set<std::string> living;
  for (std::size_t u = 0; u < users_.size(); ++u)
    for (const std::string& id : records_[u]) {
      const Result<Record> record = await(process_->store.get_record({agencies_[0].id, users_[u], false}, id));
      if (!record) continue;
      living.insert(id);
      const auto row = row_of.find(id);
      if (row == row_of.end()) return "a record has no row: " + id;
      const auto policy = service_->cell(kBook, kTab, row->second, 3);
      const auto amount = service_->cell(kBook, kTab, row->second, 4);
      if (std::get<std::string>(policy->entered) != record->fields.text(field::current_policy_no)) return "a policy number is wrong in row " + std::to_string(row->second);
      const double wanted = static_cast<double>(std::get<Money>(record->fields.get(field::premium)).hundredths) / 100;
      if (std::get<double>(amount->entered) != wanted) return "an amount is wrong in row " + std::to_string(row->second);
      if (record->sync != SyncState::synced) return "a record in the sheet is not marked synced: " + id;
    }
  for (const auto& [id, row] : row_of)
    if (!living.contains(id)) return "a deleted record still has row " + std::to_string(row);
  for (const UserId user : users_) {
    const store::JobPage page = await(process_->store.jobs({agencies_[0].id, user, false}, 200, "")).value();
    for (std::size_t i = 1; i < page.jobs.size(); ++i) {  // newest first
      if (page.jobs[i].state != JobState::succeeded) return fmt::format("job {} is {}", page.jobs[i].id.value, to_string(page.jobs[i].state));
      if (*page.jobs[i].finished_at > *page.jobs[i - 1].finished_at) return fmt::format("job {} ended after a later one of its lane", page.jobs[i].id.value);
    }
  }
  return {};
}

}  // namespace rowlane::simulation
