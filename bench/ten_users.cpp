// Ten users press Sync on one spreadsheet at once: how many calls reach the Sheets service.
//
// The real store, lanes, pass and Sheets client; the embedded service counts. Ten presses may cost two passes (the
// second takes those accepted after the first had begun), a pass one read and one write.
#include <fmt/format.h>

#include "lanes/driver.hpp"
#include "sheets/google/google_sheets.hpp"
#include "sheets/local/local_sheets.hpp"
#include "sheets/local/local_transport.hpp"
#include "support/office.hpp"
#include "sync/pass.hpp"

namespace rowlane::bench {
namespace {

constexpr int kUsers = 10, kRecordsEach = 50;

// Counts the passes the driver starts, and tells when nothing is left.
class CountedRunner final : public lanes::PassRunner {
 public:
  explicit CountedRunner(lanes::PassRunner& runner) : runner_(runner) {}
  Task<Result<store::PassOutcome>> run(store::Claim claim) override {
    ++passes;
    return runner_.run(std::move(claim));
  }
  int passes = 0;

 private:
  lanes::PassRunner& runner_;
};

struct Calls {
  int passes = 0, reads = 0, writes = 0;
};

Task<void> press(store::SqliteStore& store, const Lane& lane) {
  const Result<store::QueuedJob> job =
      co_await store.enqueue({.scope = lane.scope, .spreadsheet_id = lane.spreadsheet});
  if (!job) give_up("a press was refused", job.error().message);
  for (;;) {
    const Result<store::Job> now = co_await store.job(lane.scope, job->id);
    if (!now || now->state == JobState::failed) give_up("a job failed", now ? now->error : now.error().message);
    if (now->state == JobState::succeeded) co_return;
    co_await sleep_for(Millis{5});  // a user's page polls as well
  }
}

Task<bool> press_all(Office& office) {
  TaskGroup group(office.loop());
  for (const Lane& lane : office.lanes()) group.spawn(press(office.store(), lane));
  co_await group.join();
  co_return true;
}

Task<bool> stop(lanes::Driver& driver) {
  driver.stop();
  co_await driver.join();
  co_return true;
}

AgencySettings agency(const FieldCatalogue& catalogue, AgencyId id) {
  AgencySettings out;
  out.id = id;
  out.key = out.name = "book-0", out.spreadsheet_id = "book-0", out.account = "default";
  TabLayout tab;
  tab.key = "general", tab.title = "general_ins", tab.verticals = {"motor"}, tab.new_vertical = "motor";
  tab.keys = default_keys();
  for (const FieldId field : {field::name, field::current_policy_no, field::premium})
    tab.columns.push_back({field, fmt::format("H {}", catalogue.name(field)), catalogue.type(field)});
  out.tabs = {std::move(tab)};
  return out;
}

void ten_users(Report& report) {
  const DataDir dir;
  Office office(dir.path(), 1, kUsers);
  FieldCatalogue catalogue;
  SystemClock clock;
  SystemRandom random;
  const std::vector<AgencySettings> agencies{agency(catalogue, office.lanes()[0].scope.agency)};
  for (const Lane& lane : office.lanes())
    for (int i = 0; i < kRecordsEach; ++i) {
      Record record;
      record.owner = lane.scope.user;
      record.fields.set(field::name, fmt::format("Customer {}", i));
      record.fields.set(field::current_policy_no, fmt::format("P/{}/{:03}", lane.scope.user.value, i));
      record.fields.set(field::vertical, std::string("motor"));
      if (const auto made = wait_for(office.loop(), office.store().create_record(lane.scope, std::move(record))); !made)
        give_up("cannot add a record", made.error().message);
    }
  auto service = sheets::local::LocalSheets::open({}, clock, random);
  if (!service) give_up("cannot open the Sheets service", service.error().message);
  Calls seen;
  (*service)->faults().hook = [&](const sheets::local::CallInfo& call) {
    if (call.kind == sheets::local::CallKind::read) ++seen.reads;
    if (call.kind == sheets::local::CallKind::write) ++seen.writes;
    return sheets::local::Fault{.delay_before = Millis{100}};  // presses arrive while a call is under way
  };
  sheets::local::SeedTab tab{
      .title = "general_ins", .sheet_id = 7, .rows = 1000, .columns = 8, .cells = {}, .frozen_rows = 0};
  if (!(*service)->create({.id = "book-0",
                           .title = "Book",
                           .locale = "en_IN",
                           .time_zone = "Asia/Kolkata",
                           .tabs = {tab},
                           .shared_with = {}}))
    give_up("cannot make", "the spreadsheet");
  sheets::local::LocalTransport transport(**service);
  sheets::google::GoogleSheets api(transport, clock,
                                   {.sheets_url = std::string(sheets::local::LocalTransport::kAddress)}, std::nullopt);
  sync::SyncPassRunner passes(office.store(), [&](const std::string&) -> sheets::SheetApi& { return api; }, agencies,
                              catalogue, clock, random, {});
  CountedRunner counted(passes);
  lanes::Driver driver(office.loop(), office.store(), counted, random, {.node = "bench", .accounts = {"default"}});
  office.store().on_ready([&] { driver.wake(); });
  office.loop().post([&] { driver.start(); });
  const auto press_and_count = [&] {
    counted.passes = seen.reads = seen.writes = 0;
    wait_for(office.loop(), press_all(office));
    return Calls{counted.passes, seen.reads, seen.writes};
  };
  const Calls first = press_and_count();  // the first connect: headers are made too
  for (const Lane& lane : office.lanes()) {
    const auto page = wait_for(office.loop(), office.store().list_records({.scope = lane.scope, .limit = 1}));
    store::FieldPatch patch;
    patch.set.set(field::premium, Money{12'345});
    if (!page || !wait_for(office.loop(),
                           office.store().update_record(
                               {.scope = lane.scope, .public_id = page->records.at(0).public_id}, std::move(patch))))
      give_up("cannot edit", "a record");
  }
  const Calls edited = press_and_count();  // each user has changed one record
  const Calls again = press_and_count();   // nothing has changed
  wait_for(office.loop(), stop(driver));
  office.store().on_ready({});

  const auto text = [](const Calls& calls) {
    return fmt::format("{} passes, {} reads, {} writes", calls.passes, calls.reads, calls.writes);
  };
  report.info("ten users: the first connect", text(first));
  report.check("ten users: ten presses at once take at most two passes", edited.passes >= 1 && edited.passes <= 2,
               text(edited));
  report.check("ten users: at most one read and one write a pass",
               edited.writes >= 1 && edited.reads <= edited.passes && edited.writes <= edited.passes, text(edited));
  report.check("ten users: pressing again with nothing changed writes nothing",
               again.writes == 0 && again.passes >= 1 && again.passes <= 2, text(again));
}

}  // namespace
}  // namespace rowlane::bench

int main() {
  rowlane::bench::Report report;
  rowlane::bench::ten_users(report);
  return report.exit_code();
}
