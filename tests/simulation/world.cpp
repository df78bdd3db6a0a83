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
  for (const auto& [id, header] : {std::pair<FieldId, const char*>{field::name, "NAME"},
                                   {field::mobile_number, "MOBILE NO"},
                                   {field::current_policy_no, "POLICY NO"},
                                   {field::premium, "AMOUNT"},
                                   {field::renewal_date, "EXPIRY"}})
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

namespace {
// Google refuses an operation now and then: a protected cell, a rule of validation.
class RefusingSheets final : public sheets::SheetApi {
 public:
  RefusingSheets(sheets::SheetApi& api, const WorldOptions& options) : api_(api), options_(options) {}
  Task<Result<SpreadsheetSnapshot>> read(sheets::ReadRequest request) override { return api_.read(std::move(request)); }
  Task<Result<sheets::WriteAnswer>> write(sheets::WriteRequest request) override {
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
};
}  // namespace

struct World::Process {
  store::InlineRunner runner;
  store::SqliteStore store;
  sheets::local::LocalTransport transport;
  sheets::google::GoogleSheets google;
  RefusingSheets api;
  sync::SyncPassRunner passes;
  lanes::Driver driver;

  explicit Process(World& w)
      : runner(*w.db_, [&w] { return Millis{static_cast<std::int64_t>(w.random_.below(3))}; }),
        store(runner, w.clock_, w.random_, w.catalogue_),
        transport(*w.service_),
        google(transport, w.clock_, {.sheets_url = std::string(sheets::local::LocalTransport::kAddress)}, std::nullopt),
        api(google, w.options_),
        passes(store, [this](const std::string&) -> sheets::SheetApi& { return api; }, w.agencies_, w.catalogue_,
               w.clock_, w.random_, {}),
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
  const auto text = [](const char* value) {
    return sheets::local::SeedCell{
        .value = std::string(value), .formula = {}, .format_type = {}, .format_pattern = {}, .note = {}};
  };
  tab.cells = {{text("NAME"), text("MOBILE NO"), text("POLICY NO"), text("AMOUNT"), text("EXPIRY"), text("Remark")},
               {text("A walk-in"), text(""), text("")}};
  tab.cells[1].resize(6);
  tab.cells[1][5] = text("call back");
  people_["A walk-in"] = {"A walk-in", "", "", "call back"};
  if (!service_->create({.id = kBook,
                         .title = "Book",
                         .locale = "en_IN",
                         .time_zone = "Asia/Kolkata",
                         .tabs = {tab},
                         .shared_with = {}}))
    std::abort();
  service_->faults().hook = [this](const sheets::local::CallInfo& call) { return fault_for(call); };

  AgencySettings agency;
  agency.key = "office", agency.name = "Office", agency.spreadsheet_id = kBook, agency.account = "default";
  agency.tabs = {layout(catalogue_)};
  agencies_.push_back(std::move(agency));
  process_ = std::make_unique<Process>(*this);
  agencies_[0].id = await(process_->store.upsert_agency({{}, "office", "Office", kBook, "default"})).value();
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

sheets::local::Fault World::fault_for(const sheets::local::CallInfo& call) {
  using sheets::local::Fault;
  Fault fault;
  fault.delay_before = Millis{static_cast<std::int64_t>(random_.below(400))};
  fault.delay_after = Millis{static_cast<std::int64_t>(random_.below(400))};
  const bool is_write = call.kind == sheets::local::CallKind::write;
  if (!faults_on_) {
    if (options_.script) options_.script(call, fault);
    return fault;
  }
  if (random_.below(4) == 0) {
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
      default:
        fault.delay_before = Millis{60'000 + static_cast<std::int64_t>(random_.below(120'000))};  // lands long after
    }
  }
  const bool takes_effect = fault.kind == Fault::Kind::none || fault.kind == Fault::Kind::cut ||
                            fault.kind == Fault::Kind::reset_after || fault.kind == Fault::Kind::status_after;
  if (!takes_effect || fault.delay_before > Millis{1'000}) return fault;
  if (!is_write) typed_since_read_ = false;
  if (is_write && random_.below(3) == 0) {
    fault.delay_before = Millis{0};
    fault.edit_before = disturb();
  }
  return fault;
}

int World::header_row() {
  const std::vector<std::vector<std::string>> rows = service_->values(kBook, kTab).value();
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (std::find(rows[i].begin(), rows[i].end(), "POLICY NO") != rows[i].end()) return static_cast<int>(i) + 1;
  return 1;
}
int World::last_row() { return static_cast<int>(service_->values(kBook, kTab).value().size()); }
std::map<std::string, int> World::columns() {
  const std::vector<std::vector<std::string>> rows = service_->values(kBook, kTab).value();
  std::map<std::string, int> out;
  const std::vector<std::string>& header = rows[static_cast<std::size_t>(header_row() - 1)];
  for (std::size_t i = 0; i < header.size(); ++i)
    if (!header[i].empty()) out.emplace(header[i], static_cast<int>(i) + 1);
  return out;
}

namespace {
Json rows_range(const char* kind, int first, int count) {
  return Json::object(
      {{"sheetId", 7}, {"dimension", kind}, {"startIndex", first - 1}, {"endIndex", first - 1 + count}});
}
Json cells_at(int row, int column, const std::vector<std::string>& texts) {
  Json values = Json::array();
  for (const std::string& text : texts)
    values.push(text.empty() ? Json(Json::Object{})
                             : Json::object({{"userEnteredValue", Json::object({{"stringValue", text}})}}));
  return Json::object(
      {{"updateCells",
        Json::object({{"start", Json::object({{"sheetId", 7}, {"rowIndex", row - 1}, {"columnIndex", column - 1}})},
                      {"fields", "userEnteredValue"},
                      {"rows", Json(Json::Array{Json::object({{"values", values}})})}})}});
}
}  // namespace

Json::Array World::disturb() {
  if (typed_since_read_) return {};
  const int header = header_row(), last = last_row();
  if (last <= header + 1) return {};
  const int row = header + 1 + static_cast<int>(random_.below(static_cast<std::uint64_t>(last - header)));
  const int other = header + 1 + static_cast<int>(random_.below(static_cast<std::uint64_t>(last - header)));
  switch (random_.below(8)) {
    case 0:
    case 1:
      return {Json::object(
          {{"insertDimension", Json::object({{"range", rows_range("ROWS", row, 1 + static_cast<int>(random_.below(3)))},
                                             {"inheritFromBefore", true}})}})};
    case 2: {  // a row goes, a person's own with it
      const std::vector<std::vector<std::string>> rows = service_->values(kBook, kTab).value();
      for (const std::string& cell : rows[static_cast<std::size_t>(row - 1)]) people_.erase(cell);
      return {Json::object({{"deleteDimension", Json::object({{"range", rows_range("ROWS", row, 1)}})}})};
    }
    case 3:
    case 4: {
      const std::map<std::string, int> at = columns();
      const char* const by[] = {"NAME", "POLICY NO", "AMOUNT", "Remark"};
      const auto column = at.find(by[random_.below(4)]);
      if (column == at.end()) return {};
      return {Json::object(
          {{"sortRange",
            Json::object({{"range", Json::object({{"sheetId", 7},
                                                  {"startRowIndex", header},
                                                  {"endRowIndex", last},
                                                  {"startColumnIndex", 0},
                                                  {"endColumnIndex", 8 + inserted_columns_}})},
                          {"sortSpecs", Json(Json::Array{Json::object(
                                            {{"dimensionIndex", column->second - 1},
                                             {"sortOrder", random_.below(2) ? "ASCENDING" : "DESCENDING"}})})}})}})};
    }
    case 5:
      return {Json::object({{"moveDimension", Json::object({{"source", rows_range("ROWS", row, 1)},
                                                            {"destinationIndex", other - 1}})}})};
    case 6:
      if (inserted_columns_ >= 3) return {};
      ++inserted_columns_;
      return {Json::object({{"insertDimension",
                             Json::object({{"range", rows_range("COLUMNS", 1 + static_cast<int>(random_.below(7)), 1)},
                                           {"inheritFromBefore", false}})}})};
    default:
      if (inserted_above_ >= 2) return {};
      ++inserted_above_;
      return {Json::object(
          {{"insertDimension", Json::object({{"range", rows_range("ROWS", 1, 1)}, {"inheritFromBefore", false}})}})};
  }
}

void World::apply(const Json::Array& requests) {
  if (!service_->apply(kBook, requests)) std::abort();
}

void World::type_row() {
  const std::map<std::string, int> at = columns();
  for (const char* header : {"NAME", "MOBILE NO", "AMOUNT", "Remark"})
    if (!at.contains(header)) return;  // hit by a write a moment ago, and not put back yet
  const int row = last_row() + 1;
  PersonsRow person{fmt::format("Visitor {}", next_person_), fmt::format("90000{:05}", next_person_),
                    fmt::format("about {}", next_person_), fmt::format("remark {}", next_person_)};
  ++next_person_;
  Json::Array requests;
  if (row > 60)
    requests.push_back(
        Json::object({{"appendDimension", Json::object({{"sheetId", 7}, {"dimension", "ROWS"}, {"length", 1}})}}));
  for (const auto& [header, text] : {std::pair("NAME", person.name),
                                     {"MOBILE NO", person.mobile},
                                     {"AMOUNT", person.amount},
                                     {"Remark", person.remark}})
    requests.push_back(cells_at(row, at.at(header), {text}));
  if (!service_->apply(kBook, requests)) std::abort();
  people_.emplace(person.name, person);
  typed_since_read_ = true;
}

void World::type_remark() {
  if (people_.empty()) return;
  auto person = people_.begin();
  std::advance(person, static_cast<std::ptrdiff_t>(random_.below(people_.size())));
  const std::vector<std::vector<std::string>> rows = service_->values(kBook, kTab).value();
  const std::map<std::string, int> at = columns();
  if (!at.contains("Remark")) return;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (std::find(rows[i].begin(), rows[i].end(), person->first) == rows[i].end()) continue;
    // People write over the remark that they see; a header that stands over the wrong column for a moment misleads
    // none.
    if (const auto column = static_cast<std::size_t>(at.at("Remark"));
        column > rows[i].size() || rows[i][column - 1] != person->second.remark)
      return;
    person->second.remark = fmt::format("spoken {}", next_person_++);
    if (!service_->apply(kBook, {cells_at(static_cast<int>(i) + 1, at.at("Remark"), {person->second.remark})}))
      std::abort();
    return;
  }
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
  (void)await(process_->store.update_record({{agencies_[0].id, users_[u], false},
                                             records_[u][static_cast<std::size_t>(record) % records_[u].size()],
                                             std::nullopt},
                                            patch));
}

void World::delete_record(int user, int record) {
  const auto u = static_cast<std::size_t>(user);
  (void)await(process_->store.delete_record({{agencies_[0].id, users_[u], false},
                                             records_[u][static_cast<std::size_t>(record) % records_[u].size()],
                                             std::nullopt}));
}

void World::add_record(int user, const std::string& policy_no) {
  const auto u = static_cast<std::size_t>(user);
  Record record;
  record.owner = users_[u];
  record.fields.set(field::name, "Customer " + policy_no);
  record.fields.set(field::current_policy_no, policy_no);
  record.fields.set(field::vertical, std::string("motor"));
  record.fields.set(field::premium, Money{static_cast<std::int64_t>(random_.below(10'000'000))});
  records_[u].push_back(
      await(process_->store.create_record({agencies_[0].id, users_[u], false}, record)).value().public_id);
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
Json World::result_of(JobId id) { return parse_json(job(id).result).value_or(Json()); }

void World::rename(int user, int record, std::string name) {
  const auto u = static_cast<std::size_t>(user);
  store::FieldPatch patch;
  patch.set.set(field::name, std::move(name));
  if (!await(process_->store.update_record(
          {{agencies_[0].id, users_[u], false}, records_[u].at(static_cast<std::size_t>(record)), std::nullopt},
          patch)))
    std::abort();
}

std::int64_t World::writes() const {
  return std::count_if(service_->log().begin(), service_->log().end(), [](const sheets::local::LogEntry& entry) {
    return entry.kind == sheets::local::CallKind::write;
  });
}

std::string World::check_people(const std::vector<std::vector<std::string>>& rows) {
  const std::map<std::string, int> at = columns();
  const auto cell = [&](const std::vector<std::string>& row, const char* header) {
    const auto column = static_cast<std::size_t>(at.at(header));
    return column <= row.size() ? row[column - 1] : std::string();
  };
  std::map<std::string, int> seen;
  for (const std::vector<std::string>& row : rows) {
    const auto person = people_.find(cell(row, "NAME"));
    if (person == people_.end()) continue;
    ++seen[person->first];
    const PersonsRow& p = person->second;
    if (cell(row, "MOBILE NO") != p.mobile || cell(row, "AMOUNT") != p.amount || cell(row, "Remark") != p.remark)
      return fmt::format("a person's row was changed: {} '{}' '{}' '{}'", p.name, cell(row, "MOBILE NO"),
                         cell(row, "AMOUNT"), cell(row, "Remark"));
    if (!cell(row, "ROWLANE ID").empty()) return "a person's row has an id: " + p.name;
  }
  for (const auto& [name, row] : people_)
    if (seen[name] != 1) return fmt::format("{} has {} rows", name, seen[name]);
  return {};
}

std::string World::check_lanes() {
  for (const UserId user : users_) {
    const store::JobPage page = await(process_->store.jobs({agencies_[0].id, user, false}, 200, "")).value();
    for (std::size_t i = 1; i < page.jobs.size(); ++i) {  // newest first
      if (page.jobs[i].state != JobState::succeeded)
        return fmt::format("job {} is {}", page.jobs[i].id.value, to_string(page.jobs[i].state));
      if (*page.jobs[i].finished_at > *page.jobs[i - 1].finished_at)
        return fmt::format("job {} ended after a later one of its lane", page.jobs[i].id.value);
    }
  }
  return {};
}

std::string World::check() {
  const std::vector<std::vector<std::string>> rows = service_->values(kBook, kTab).value();
  const std::map<std::string, int> at = columns();
  if (!at.contains("ROWLANE ID")) return "there is no id column";
  if (std::string wrong = check_people(rows); !wrong.empty()) return wrong;
  const auto id_column = static_cast<std::size_t>(at.at("ROWLANE ID"));
  std::map<std::string, int> row_of;
  for (std::size_t i = static_cast<std::size_t>(header_row()); i < rows.size(); ++i) {
    if (rows[i].size() < id_column || rows[i][id_column - 1].empty()) continue;
    if (!row_of.emplace(rows[i][id_column - 1], static_cast<int>(i) + 1).second)
      return "a record has two rows: " + rows[i][id_column - 1];
  }
  std::set<std::string> living;
  for (std::size_t u = 0; u < users_.size(); ++u)
    for (const std::string& id : records_[u]) {
      const Result<Record> record = await(process_->store.get_record({agencies_[0].id, users_[u], false}, id));
      if (!record) continue;
      living.insert(id);
      const auto row = row_of.find(id);
      if (row == row_of.end()) return "a record has no row: " + id;
      const auto policy = service_->cell(kBook, kTab, row->second, at.at("POLICY NO"));
      const auto amount = service_->cell(kBook, kTab, row->second, at.at("AMOUNT"));
      if (policy->entered != sheets::local::CellValue(std::string(record->fields.text(field::current_policy_no))))
        return "a policy number is wrong in row " + std::to_string(row->second);
      const double wanted = static_cast<double>(std::get<Money>(record->fields.get(field::premium)).hundredths) / 100;
      if (amount->entered != sheets::local::CellValue(wanted))
        return "an amount is wrong in row " + std::to_string(row->second);
      if (record->sync != SyncState::synced) return "a record in the sheet is not marked synced: " + id;
    }
  for (const auto& [id, row] : row_of)
    if (!living.contains(id)) return "a deleted record still has row " + std::to_string(row);
  return check_lanes();
}

}  // namespace rowlane::simulation
