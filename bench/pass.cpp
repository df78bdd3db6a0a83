// One pass over a tab of 100,000 rows x 30 columns with 1 % of the records changed in the app.
//
// The real pass and the real Sheets client, over a store and a transport that do nothing: the store hands out records
// and base, the transport feeds a reply in pieces of 16 KiB as the service would send it, keeps the body of the write
// and answers it with 429, which surely wrote nothing. What is measured is thus load, parse, match, merge, journal and
// encode, and nothing else.
//   CPU     of all that over the CPU inside the parser, of the same run.
//   memory  highest number of bytes on the heap during the pass, over the bytes of what it must hold: records with
//           base, and the parsed cells.
#include "sync/pass.hpp"

#include <fmt/format.h>
#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "net/io_thread.hpp"
#include "sheets/google/google_sheets.hpp"
#include "sheets/google/parse.hpp"
#include "support/measure.hpp"

namespace {
std::atomic<std::int64_t> heap_live{0}, heap_peak{0};

void count_in(void* block) {
  const std::int64_t live =
      heap_live.fetch_add(static_cast<std::int64_t>(malloc_usable_size(block)), std::memory_order_relaxed) +
      static_cast<std::int64_t>(malloc_usable_size(block));
  std::int64_t peak = heap_peak.load(std::memory_order_relaxed);
  while (live > peak && !heap_peak.compare_exchange_weak(peak, live, std::memory_order_relaxed)) {
  }
}
}  // namespace

// Every allocation of the program is counted. `new[]`, `nothrow` and the sized forms come here by their defaults.
void* operator new(std::size_t size) {
  void* block = std::malloc(size ? size : 1);
  if (!block) throw std::bad_alloc();
  count_in(block);
  return block;
}
void operator delete(void* block) noexcept {
  if (!block) return;
  heap_live.fetch_sub(static_cast<std::int64_t>(malloc_usable_size(block)), std::memory_order_relaxed);
  std::free(block);
}
void operator delete(void* block, std::size_t) noexcept { operator delete(block); }

namespace rowlane::bench {
namespace {

constexpr int kRows = 100'000, kRounds = 5;
constexpr std::int64_t kSheetId = 7;

// 28 mapped columns, one that is people's own, and the id column: 30.
constexpr FieldId kMapped[] = {field::name,
                               field::mobile_number,
                               field::email,
                               field::current_policy_no,
                               field::company,
                               field::registration_no,
                               field::premium,
                               field::premium_mode,
                               field::last_year_premium,
                               field::renewal_date,
                               field::od_expiry_date,
                               field::tp_expiry_date,
                               field::payment_date,
                               field::policy_start_date,
                               field::status,
                               field::thank_you_sent,
                               field::new_policy_no,
                               field::new_company,
                               field::product_type,
                               field::product_model,
                               field::vertical,
                               field::notes,
                               field::cheque_no,
                               field::bank_name,
                               field::customer_id,
                               field::agent_code,
                               field::dob,
                               field::paid_by};
constexpr int kColumns = static_cast<int>(std::size(kMapped)) + 2;
static_assert(kColumns == 30);

AgencySettings agency(const FieldCatalogue& catalogue) {
  AgencySettings out;
  out.id = {1};
  out.key = out.name = "bench", out.spreadsheet_id = "book", out.account = "default";
  TabLayout tab;
  tab.key = "general", tab.title = "general_ins", tab.verticals = {"motor"}, tab.new_vertical = "motor";
  tab.keys = default_keys();
  for (const FieldId id : kMapped)
    tab.columns.push_back({id, fmt::format("H {}", catalogue.name(id)), catalogue.type(id)});
  out.tabs = {std::move(tab)};
  return out;
}

Value value_of(const FieldCatalogue& catalogue, FieldId id, int row) {
  switch (catalogue.type(id)) {
    case FieldType::money:
      return Money{100'000 + row};
    case FieldType::date:
      return Date{20'000 + row % 700};
    case FieldType::boolean:
      return row % 2 == 0;
    case FieldType::choice:
      return std::string("motor");
    case FieldType::text:
      return fmt::format("{} {:06}", catalogue.name(id).substr(0, 8), row);
  }
  return {};
}

store::PassData make_data(const FieldCatalogue& catalogue, int rows, int changed_every) {
  store::PassData data;
  data.records.reserve(static_cast<std::size_t>(rows));
  SeededRandom random(1);
  for (int row = 1; row <= rows; ++row) {
    store::PassRecord r;
    r.record.id = {row};
    r.record.public_id = make_public_id(random);
    r.record.agency = {1};
    r.record.owner = {1};
    r.record.sync = SyncState::synced;
    Fields base;
    base.reserve(std::size(kMapped));
    for (const FieldId id : kMapped) base.set(id, value_of(catalogue, id, row));
    r.record.fields = base;
    if (row % changed_every == 0) {
      r.record.fields.set(field::premium, Money{7});
      r.record.fields.set(field::notes, std::string("called, pays on Friday"));
      r.record.fields.set(field::renewal_date, Date{21'000});
      r.record.sync = SyncState::unsynced;
    }
    r.base.emplace("general", std::move(base));
    data.records.push_back(std::move(r));
  }
  TabState state{.connected = true, .sheet_id = kSheetId, .title = "general_ins", .headers = {}};
  for (const FieldId id : kMapped) state.headers.emplace(catalogue.name(id), fmt::format("H {}", catalogue.name(id)));
  data.tabs.emplace("general", std::move(state));
  data.token_base = 1'000'000;
  return data;
}

// The reply to the read, made piece by piece, so that it never lies in memory whole.
class Reply {
 public:
  Reply(const FieldCatalogue& catalogue, const store::PassData& data)
      : catalogue_(catalogue), rows_(static_cast<int>(data.records.size())) {
    for (const store::PassRecord& r : data.records) ids_.push_back(r.record.public_id);
  }
  // Calls `take(piece)` until the reply is out.
  template <class F>
  void each_piece(F take) const {
    constexpr std::size_t kPiece = 16 * 1024;
    std::string out;
    const auto flush = [&](bool all) {
      std::size_t at = 0;
      while (out.size() - at >= kPiece || (all && at < out.size())) {
        const std::size_t size = std::min(kPiece, out.size() - at);
        take(std::string_view(out).substr(at, size));
        at += size;
      }
      out.erase(0, at);
    };
    out = fmt::format(
        R"({{"properties":{{"title":"Book","locale":"en_IN","timeZone":"Asia/Kolkata"}},"sheets":[{{"properties":{{"sheetId":{},"title":"general_ins","index":0,)"
        R"("gridProperties":{{"rowCount":{},"columnCount":{}}}}},"data":[{{"rowData":[{{"values":[)",
        kSheetId, rows_ + 10, kColumns);
    for (const FieldId id : kMapped) text_cell(out, fmt::format("H {}", catalogue_.name(id)));
    text_cell(out, "Remarks");
    text_cell(out, kIdHeader);
    end_row(out);
    for (int row = 1; row <= rows_; ++row) {
      out += R"(,{"values":[)";
      for (const FieldId id : kMapped) cell(out, value_of(catalogue_, id, row));
      text_cell(out, "walk-in, see file");
      text_cell(out, ids_[static_cast<std::size_t>(row - 1)]);
      end_row(out);
      flush(false);
    }
    out += R"(],"columnMetadata":[)";
    for (std::size_t i = 0; i < std::size(kMapped); ++i)
      mark(out, static_cast<int>(i), fmt::format("general:{}", catalogue_.name(kMapped[i])));
    out += "{},";
    mark(out, kColumns - 1, kIdColumnMark);
    out.pop_back();
    out += "]}]}]}";
    flush(true);
  }

 private:
  static void text_cell(std::string& out, std::string_view text) {
    out += R"({"userEnteredValue":{"stringValue":)";
    append_json_string(out, text);
    out += R"(},"effectiveValue":{"stringValue":)";
    append_json_string(out, text);
    out += "}},";
  }
  static void number_cell(std::string& out, double value, std::string_view format) {
    fmt::format_to(
        std::back_inserter(out),
        R"({{"userEnteredValue":{{"numberValue":{0}}},"effectiveValue":{{"numberValue":{0}}},"userEnteredFormat":{{"numberFormat":{{"type":"{1}"}}}}}},)",
        number_text(value), format);
  }
  static void cell(std::string& out, const Value& value) {
    if (const auto* text = std::get_if<std::string>(&value))
      text_cell(out, *text);
    else if (const auto* money = std::get_if<Money>(&value))
      number_cell(out, static_cast<double>(money->hundredths) / 100, "NUMBER");
    else if (const auto* date = std::get_if<Date>(&value))
      number_cell(out, date->days + 25'569, "DATE");  // days between 1899-12-30 and 1970-01-01
    else
      out += std::get<bool>(value)
                 ? R"({"userEnteredValue":{"boolValue":true},"effectiveValue":{"boolValue":true}},)"
                 : R"({"userEnteredValue":{"boolValue":false},"effectiveValue":{"boolValue":false}},)";
  }
  static void end_row(std::string& out) {
    out.back() = ']';
    out += '}';
  }
  static void mark(std::string& out, int column, std::string_view value) {
    fmt::format_to(std::back_inserter(out),
                   R"({{"developerMetadata":[{{"metadataId":{},"metadataKey":"{}","metadataValue":"{}"}}]}},)",
                   5'000 + column, kColumnMarkKey, value);
  }

  const FieldCatalogue& catalogue_;
  int rows_;
  std::vector<std::string> ids_;
};

class ReplyTransport final : public net::HttpClient {
 public:
  explicit ReplyTransport(const Reply& reply) : reply_(reply) {}
  Task<Result<net::HttpAnswer>> send(net::HttpRequest request) override {
    net::HttpAnswer answer;
    if (request.url.find(":batchUpdate") != std::string::npos) {
      written_bytes = request.body.size();
      answer.status = 429;
      co_return answer;
    }
    answer.status = 200;
    bool taken = true;
    const double making = thread_cpu_seconds();
    double parsing = 0;
    reply_.each_piece([&](std::string_view piece) {
      const double start = thread_cpu_seconds();
      taken = taken && request.on_body(piece);
      parsing += thread_cpu_seconds() - start;
    });
    if (!taken) give_up("the reply was refused", "by the parser");
    parse_seconds = parsing;
    making_seconds = thread_cpu_seconds() - making - parsing;
    co_return answer;
  }
  double parse_seconds = 0, making_seconds = 0;
  std::size_t written_bytes = 0;

 private:
  const Reply& reply_;
};

// Hands out the data once, and says yes to all else.
class DataStore final : public store::PassStore {
 public:
  explicit DataStore(store::PassData data) : data_(std::move(data)) {}
  Task<Result<store::ClaimAnswer>> claim_next(store::ClaimRequest) override { co_return store::ClaimAnswer{}; }
  Task<Status> renew(store::Lease, Millis) override { co_return Status{}; }
  Task<Status> may_send(store::Lease, std::string, store::CallKind, store::QuotaLimits) override { co_return Status{}; }
  Task<Result<store::PassData>> load_pass(store::Claim) override { co_return std::move(data_); }
  Task<Status> write_journal(store::Lease, store::NewJournal) override { co_return Status{}; }
  Task<Status> drop_journal(store::Lease, PassId, int) override { co_return Status{}; }
  Task<Status> commit_chunk(store::Lease, store::ChunkCommit) override { co_return Status{}; }
  Task<Status> finish_pass(store::Claim, store::PassOutcome) override { co_return Status{}; }
  Task<Status> end_predecessors_leases(bool) override { co_return Status{}; }
  Task<Result<std::int64_t>> expire() override { co_return 0; }

 private:
  store::PassData data_;
};

struct PassCost {
  double cpu_ratio = 0, memory_ratio = 0;
  std::size_t written_bytes = 0, held_bytes = 0;
};

Task<double> run_pass(sync::SyncPassRunner& runner) {
  store::Claim claim;
  claim.lease = {"book", 1};
  claim.agency = {1};
  claim.account = "default";
  claim.pass = {1};
  claim.heads.push_back({.id = {1}, .user = {1}, .scope = {{1}, {1}, true}});
  const double start = thread_cpu_seconds();
  const Result<store::PassOutcome> outcome = co_await runner.run(std::move(claim));
  const double spent = thread_cpu_seconds() - start;
  if (!outcome || outcome->park != WaitReason::quota)
    give_up("the pass ended otherwise than by the 429", outcome ? "no wait" : outcome.error().message);
  co_return spent;
}

PassCost measure(net::IoThread& loop, int rows, int changed_every) {
  FieldCatalogue catalogue;
  std::vector<AgencySettings> agencies{agency(catalogue)};
  SystemClock clock;
  SystemRandom random;
  PassCost cost;
  const Reply reply(catalogue, make_data(catalogue, rows, changed_every));
  std::int64_t cells = heap_live;
  {
    sheets::google::ReplyParser parser(sheets::google::ReplyParser::Shape::spreadsheet);
    reply.each_piece([&](std::string_view piece) { parser.feed(piece); });
    if (const Status whole = parser.finish(); !whole) give_up("the reply is broken", whole.error().message);
    const SpreadsheetSnapshot snapshot = parser.take_snapshot();
    cells = static_cast<std::int64_t>(snapshot.tabs.at(0).bytes());
  }
  const std::int64_t before = heap_live;
  DataStore store(make_data(catalogue, rows, changed_every));
  const std::int64_t held = heap_live - before + cells;
  ReplyTransport transport(reply);
  sheets::google::GoogleSheets api(transport, clock, {.sheets_url = "http://sheets.invalid"}, std::nullopt);
  sync::SyncPassRunner runner(store, [&](const std::string&) -> sheets::SheetApi& { return api; }, agencies, catalogue,
                              clock, random, {});
  heap_peak = heap_live.load();
  const double cpu = wait_for(loop, run_pass(runner));
  cost.memory_ratio = static_cast<double>(heap_peak - before) / static_cast<double>(held);
  cost.cpu_ratio = (cpu - transport.parse_seconds - transport.making_seconds) / transport.parse_seconds;
  cost.written_bytes = transport.written_bytes;
  cost.held_bytes = static_cast<std::size_t>(held);
  return cost;
}

}  // namespace
}  // namespace rowlane::bench

int main() {
  using namespace rowlane::bench;
  // As the program does at its start: see app/main.cpp.
  mallopt(M_MMAP_THRESHOLD, 512 << 20);
  mallopt(M_TRIM_THRESHOLD, 512 << 20);
  Report report;
  rowlane::net::IoThread loop;
  loop.start("bench");
  std::vector<double> cpu, memory;
  PassCost last;
  for (int round = 0; round < kRounds + 1; ++round) {
    last = measure(loop, kRows, 100);
    if (round == 0) continue;  // touches fresh memory
    cpu.push_back(last.cpu_ratio);
    memory.push_back(last.memory_ratio);
  }
  report.at_most("pass: CPU of match, merge and encode against parsing, 100,000 x 30", median(cpu), 2.0,
                 fmt::format("1 % changed, {} rounds", kRounds));
  report.at_most("pass: peak memory against parsed cells, records and base", median(memory), 2.0,
                 fmt::format("{} MB are held", last.held_bytes >> 20));
  report.info("pass: bytes sent for 3,000 changed cells", fmt::format("{}", last.written_bytes));
  report.at_most("pass: bytes sent for 3 changed cells", static_cast<double>(measure(loop, kRows, kRows).written_bytes),
                 10'000);
  return report.exit_code();
}
