#include "app/demo.hpp"

#include <fmt/format.h>

#include <array>

#include "app/wiring.hpp"

namespace rowlane::app {

namespace {

constexpr const char* kBook = "demo-book";
constexpr int kUsers = 12, kAgents = 10, kRecords = 2'000;
constexpr std::array<const char*, 12> kFirst = {"Asha",   "Ravi",  "Meera",  "Imran", "Kavya", "Joseph",
                                                "Farhan", "Pooja", "Vikram", "Nisha", "Arjun", "Tara"};
constexpr std::array<const char*, 10> kLast = {"Nair", "Khan",   "Patel", "Reddy",  "Thomas",
                                               "Bose", "Shetty", "Verma", "Pillai", "Mehta"};
constexpr std::array<const char*, 6> kCompanies = {"Northwind General",  "Lotus General", "Sapling Health",
                                                   "Meridian Assurance", "Blue Harbour",  "Everwell Life"};
constexpr std::array<const char*, 6> kVerticals = {"motor", "health", "non-motor", "2-wheeler", "general", "life"};

Record demo_record(int i, UserId owner) {
  Record r;
  r.owner = owner;
  const auto n = static_cast<std::size_t>(i);
  r.fields.set(field::name, fmt::format("{} {}", kFirst[n % kFirst.size()], kLast[(n / kFirst.size()) % kLast.size()]));
  r.fields.set(field::mobile_number, fmt::format("9{:09}", 100'000'000 + i * 7));
  r.fields.set(field::current_policy_no,
               i % 3 ? fmt::format("P/{:03}/{:06}", i % 997, i) : fmt::format("00{:016}", 4'000'000'000LL + i * 31));
  r.fields.set(field::company, std::string(kCompanies[n % kCompanies.size()]));
  r.fields.set(field::vertical, std::string(kVerticals[n % kVerticals.size()]));
  r.fields.set(field::premium, Money{150'000 + (static_cast<std::int64_t>(i) * 7'919) % 9'000'000});
  r.fields.set(field::renewal_date, *make_date(2026, 1 + i % 12, 1 + i % 28));
  return r;
}

sheets::local::SeedCell text(std::string value) {
  return {.value = std::move(value), .formula = {}, .format_type = {}, .format_pattern = {}, .note = {}};
}
sheets::local::SeedCell number(double value) {
  return {.value = value, .formula = {}, .format_type = {}, .format_pattern = {}, .note = {}};
}
sheets::local::SeedCell formula(std::string value) {
  return {.value = {}, .formula = std::move(value), .format_type = {}, .format_pattern = {}, .note = {}};
}

// What people typed over the years: every fifth record, in odd spellings; their own columns; a totals row.
sheets::local::SeedBook demo_book(const std::vector<Record>& records) {
  sheets::local::SeedTab general{
      .title = "general_ins", .sheet_id = 101, .rows = 1000, .columns = 20, .cells = {}, .frozen_rows = 1};
  general.cells.push_back({text("NAME"), text("Called?"), text("MOBILE NO"), text("POLICY NO"), text("AMOUNT"),
                           text("GST 18%"), text("MODIFIED EXPIRY DATE"), text("TYPE")});
  sheets::local::SeedTab life{
      .title = "Life_ins", .sheet_id = 102, .rows = 1000, .columns = 20, .cells = {}, .frozen_rows = 1};
  life.cells.push_back({text("NAME"), text("POLICY NO"), text("INSURER"), text("PREMIUM"), text("Family notes")});
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (i / 10 % 5 != 0) continue;  // every owner has some
    const Fields& f = records[i].fields;
    const double amount = static_cast<double>(std::get<Money>(f.get(field::premium)).hundredths) / 100;
    std::string policy(f.text(field::current_policy_no));
    if (i % 7 == 0) policy = " " + fmt::format("{}", policy) + " ";
    if (f.text(field::vertical) == "life") {
      life.cells.push_back({text(std::string(f.text(field::name))), text(policy),
                            text(std::string(f.text(field::company))), number(amount),
                            text(i % 4 ? "" : "met at the office")});
      continue;
    }
    const std::size_t row = general.cells.size() + 1;
    const std::string date = date_text(std::get<Date>(f.get(field::renewal_date)));
    general.cells.push_back({text(std::string(f.text(field::name))), text(i % 2 ? "yes" : "no"),
                             text(std::string(f.text(field::mobile_number))), text(policy),
                             i % 15 ? number(amount) : text(fmt::format("Rs {:.2f}", amount)),
                             formula(fmt::format("=E{}*0.18", row)),
                             text(fmt::format("{}/{}/{}", date.substr(8, 2), date.substr(5, 2), date.substr(0, 4))),
                             text(std::string(f.text(field::vertical)))});
  }
  const std::size_t last = general.cells.size();
  general.cells.push_back({text("TOTAL"), text(""), text(""), text(""), formula(fmt::format("=SUM(E2:E{})", last))});
  return {.id = kBook,
          .title = "Demo Agency",
          .locale = "en_IN",
          .time_zone = "Asia/Kolkata",
          .tabs = {std::move(general), std::move(life)},
          .shared_with = {}};
}

}  // namespace

std::string demo_config(const std::string& data_dir, const std::string& listen) {
  std::string quoted_dir = "'" + data_dir + "'";
  return fmt::format(R"([server]
listen = "{}"
data_dir = {}
[sheets]
provider = "local"
[[agency]]
key = "demo"
name = "Demo Agency"
emails = ["*@demo.example"]
spreadsheet_id = "demo-book"
[agency.tabs.general]
tab = "general_ins"
verticals = ["motor", "health", "non-motor", "2-wheeler", "general"]
new_vertical = "general"
new_rows = "finder"
keys = [["current_policy_no"], ["registration_no"], ["name", "mobile_number"]]
columns = {{ name = "NAME", mobile_number = "MOBILE NO", current_policy_no = "POLICY NO", premium = "AMOUNT", renewal_date = {{ header = "MODIFIED EXPIRY DATE", as = "date" }}, vertical = "TYPE" }}
[agency.tabs.life]
tab = "Life_ins"
verticals = ["life"]
columns = {{ name = "NAME", current_policy_no = "POLICY NO", company = "INSURER", premium = "PREMIUM" }}
)",
                     listen, quoted_dir);
}

namespace {

Task<void> add_record(store::Store& store, Scope scope, Record record, Result<Record>& made) {
  made = co_await store.create_record(scope, std::move(record));
}

// All at once, so that they share commits. On `engine`'s thread.
Task<Result<std::vector<Record>>> add_records(store::Store& store, Executor& engine, AgencyId agency,
                                              std::vector<UserId> agents) {
  std::vector<Result<Record>> made(kRecords);
  TaskGroup group(engine);
  for (int i = 0; i < kRecords; ++i) {
    Record record = demo_record(i, agents[static_cast<std::size_t>(i % kAgents)]);
    const Scope scope{agency, record.owner, false};
    group.spawn(add_record(store, scope, std::move(record), made[static_cast<std::size_t>(i)]));
  }
  co_await group.join();
  std::vector<Record> out;
  for (Result<Record>& one : made) {
    if (!one) co_return std::unexpected(one.error());
    out.push_back(std::move(*one));
  }
  co_return out;
}

}  // namespace

Status fill_demo(Server& server) {
  Server::Impl& s = server.impl();
  const AgencyId agency = s.config.agencies.front().id;
  const Result<std::vector<store::User>> known = wait_for(s.engine, s.store->users(agency));
  if (!known) return std::unexpected(known.error());
  if (!known->empty() && s.local->exists(kBook)) return {};
  if (!known->empty())
    return fail(Errc::corrupt,
                fmt::format("the demo in {} was stopped before it was filled; remove that folder and start again",
                            s.config.server.data_dir));
  const Result<std::string> hash = auth::hash_password("demo-password");
  if (!hash) return std::unexpected(hash.error());
  std::vector<UserId> users;
  for (int i = 1; i <= kUsers; ++i) {
    const store::Role role = i <= kAgents       ? store::Role::agent
                             : i == kAgents + 1 ? store::Role::manager
                                                : store::Role::admin;
    const Result<UserId> user = wait_for(s.engine, s.store->create_user({agency, fmt::format("user{}@demo.example", i),
                                                                         fmt::format("User {}", i), role, *hash}));
    if (!user) return std::unexpected(user.error());
    if (const Status made =
            wait_for(s.engine, s.store->create_token(*user, auth::token_hash(fmt::format("token_user_{}", i))));
        !made)
      return made;
    users.push_back(*user);
  }
  const Result<std::vector<Record>> records = wait_for(s.engine, add_records(*s.store, s.engine, agency, users));
  if (!records) return std::unexpected(records.error());
  std::promise<Status> made;
  s.engine.post([&] {
    const Result<std::string> id = s.local->create(demo_book(*records));
    made.set_value(id ? Status{} : std::unexpected(id.error()));
  });
  return made.get_future().get();
}

}  // namespace rowlane::app
