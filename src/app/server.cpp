#include "app/server.hpp"

#include <fmt/format.h>
#include <malloc.h>

#include "api/answers.hpp"
#include "app/crash_mark.hpp"
#include "app/dashboard.hpp"
#include "app/wiring.hpp"
#include "base/log.hpp"
#include "net/problem.hpp"

namespace rowlane::app {

namespace {

constexpr std::string_view kLocalMount = "/local-sheets";
constexpr Millis kStopTime{20'000};
constexpr Millis kUnansweredAfter{2'000};             // Google answers most calls within one
constexpr std::size_t kHeapForMorePasses = 1u << 30;  // in use: more than this, and only the usual passes run at once
constexpr Millis kHousekeepingEvery{3'600'000};
constexpr Millis kHousekeepingPause{100};  // between two bites, so that users' writes come through

// Every account's own limits; the local service has none.
store::AccountQuotas quotas_of(const config::Config& config) {
  store::AccountQuotas out;
  if (config.sheets_provider == "local") return out;
  for (const config::GoogleAccount& account : config.accounts) {
    const config::Quota& q = account.quota;
    out[account.name] = {static_cast<int>(q.reads), static_cast<int>(q.writes), static_cast<int>(q.project_reads),
                         static_cast<int>(q.project_writes), Millis{q.window_seconds * 1000}};
  }
  return out;
}

// Runs the embedded service's answer on the engine's loop.
Task<void> answer_on_engine(sheets::local::LocalSheets* service, net::Request request, Resolver<net::Response> done) {
  done(co_await service->handle(std::move(request), {.trusted = true}));
}

}  // namespace

Server::Impl::~Impl() {
  if (listener) {
    // The listener's parts live on its loop: they go there.
    std::promise<void> gone;
    if (web.is_running()) {
      web.post([&] {
        listener.reset();
        gone.set_value();
      });
      gone.get_future().wait();
    }
  }
  web.stop();
  web.join();
  engine.stop();
  engine.join();
  leases.stop();
  leases.join();
  driver.reset();
  runner.reset();
}

Status Server::Impl::open() {
  const std::string& dir = config.server.data_dir;
  if (const Status made = make_data_dir(config); !made) return made;
  Result<DataDirLock> taken = DataDirLock::take(dir);
  if (!taken) return std::unexpected(taken.error());
  lock.emplace(std::move(*taken));
  if (const Status done = migrate_database(config); !done) return done;
  Result<std::unique_ptr<store::ThreadedRunner>> opened = store::ThreadedRunner::open(store_file(config), 2);
  if (!opened) return std::unexpected(opened.error());
  runner = std::move(*opened);
  store = std::make_unique<store::SqliteStore>(*runner, clock, random, catalogue);
  web.start("rowlane-web");
  engine.start("rowlane-engine", net::IoThread::Share::what_is_left);  // accepting goes before working off
  leases.start("rowlane-leases");
  // The mark goes after its fault is counted: a kill in between counts nothing twice, as the leases are gone by then.
  if (const Status ended = wait_for(engine, store->end_predecessors_leases(has_crash_mark(dir))); !ended) return ended;
  if (const Status removed = remove_crash_mark(dir); !removed) return removed;
  for (AgencySettings& agency : config.agencies) {
    const Result<AgencyId> id = wait_for(
        engine, store->upsert_agency({{}, agency.key, agency.name, agency.spreadsheet_id, agency.account, agency.tabs},
                                     store::PeopleStore::SpreadsheetChange::taken));
    if (!id) return fail(id.error().code, fmt::format("agency {}: {}", agency.key, id.error().message));
    agency.id = *id;
    if (agency.auto_sync) log_warning("agency {}: auto_sync is not there yet; its users press Sync", agency.key);
  }
  leave_mark_on_crash(dir);
  return open_sheets();
}

Status Server::Impl::open_sheets() {
  if (config.sheets_provider == "local") {
    Result<std::unique_ptr<sheets::local::LocalSheets>> service =
        sheets::local::LocalSheets::open({.file = local_sheets_file(config)}, clock, random);
    if (!service) return std::unexpected(service.error());
    local = std::move(*service);
    http = std::make_unique<sheets::local::LocalTransport>(*local);
    calls = std::make_unique<net::UnansweredCalls>(*http, clock);
    clients = open_local_clients(config, *calls, clock);
  } else {
    http = std::make_unique<net::CurlClient>(engine);
    calls = std::make_unique<net::UnansweredCalls>(*http, clock);
    Result<SheetClients> opened = open_google_clients(config, *calls, clock);
    if (!opened) return std::unexpected(opened.error());
    clients = std::move(*opened);
  }
  passes = std::make_unique<sync::SyncPassRunner>(
      *store,
      [this](const std::string& account) -> sheets::SheetApi& {
        const auto client = clients.find(account);
        return *(client != clients.end() ? client->second : clients.begin()->second);
      },
      config.agencies, catalogue, clock, random, sync::PassOptions{.quota = quotas_of(config)});
  lanes::DriverOptions options{.node = "node-" + random_text(random, 10), .accounts = {}, .quota = quotas_of(config)};
  for (const auto& [account, client] : clients) options.accounts.push_back(account);
  options.unanswered_calls = [this] { return calls->count(kUnansweredAfter); };
  options.has_memory = [] { return ::mallinfo2().uordblks < kHeapForMorePasses; };
  options.lease_executor = &leases;
  driver = std::make_unique<lanes::Driver>(engine, *store, *passes, random, std::move(options));
  store->on_ready([this] { driver->wake(); });

  passwords = std::make_unique<auth::PasswordPool>();
  auth =
      std::make_unique<auth::Auth>(*store, *passwords, clock, random,
                                   auth::AuthOptions{.secure_cookie = !config.server.tls_certificate.empty() ||
                                                                      config.server.public_url.starts_with("https://"),
                                                     .public_origin = config.server.public_url});
  api::ApiOptions api_options;
  api_options.lane_jobs_max = static_cast<int>(config.server.lane_jobs_max);
  api_options.is_demo = is_demo;
  const bool is_local = local != nullptr;
  api_options.spreadsheet_link = [is_local, home = config.server.public_url](const AgencySettings& agency) {
    return is_local ? fmt::format("{}{}/d/{}", home, kLocalMount, agency.spreadsheet_id)
                    : fmt::format("https://docs.google.com/spreadsheets/d/{}/edit", agency.spreadsheet_id);
  };
  api_options.share_with = [this](const AgencySettings& agency) {
    const auto client = clients.find(agency.account);
    return client == clients.end() ? std::string() : client->second->share_with();
  };
  api = std::make_unique<api::Api>(*store, *auth, catalogue, config.agencies, clock, std::move(api_options));
  api->add_routes(router);
  web.post([this] { api->events().start(); });
  store->on_commit([this] { api->events().wake(); });
  return {};
}

Status Server::Impl::make_missing_books() {
  std::promise<Status> made;
  engine.post([&] {
    for (const AgencySettings& agency : config.agencies) {
      if (local->exists(agency.spreadsheet_id)) continue;
      const Result<std::string> id = local->create({.id = agency.spreadsheet_id,
                                                    .title = agency.name,
                                                    .time_zone = agency.time_zone,
                                                    .tabs = {},
                                                    .shared_with = {}});
      if (!id)
        return made.set_value(
            fail(id.error().code, fmt::format("spreadsheet {}: {}", agency.spreadsheet_id, id.error().message)));
      log_info("made the local spreadsheet {}", agency.spreadsheet_id);
    }
    made.set_value({});
  });
  return made.get_future().get();
}

Task<void> Server::Impl::keep_house() {
  for (;;) {
    Result<std::int64_t> deleted = co_await store->expire();
    while (deleted && *deleted > 0) {
      co_await sleep_for(kHousekeepingPause);
      deleted = co_await store->expire();
    }
    if (!deleted) log_warning("housekeeping failed: {}", deleted.error().message);
    co_await sleep_for(kHousekeepingEvery);
  }
}

namespace {
// What users of an agency reach of the embedded service: its own spreadsheet, the page's parts, tokens. Everything
// else is not there for them: lists of spreadsheets and changes would tell of other agencies.
bool may_reach(const std::vector<AgencySettings>& agencies, AgencyId agency, std::string_view path) {
  if (path == "/token" || path.starts_with("/_grid/")) return true;
  for (const std::string_view prefix : {"/v4/spreadsheets/", "/d/", "/drive/v3/files/"}) {
    if (!path.starts_with(prefix)) continue;
    const std::string_view rest = path.substr(prefix.size());
    const std::string_view id = rest.substr(0, rest.find_first_of("/:"));
    return std::any_of(agencies.begin(), agencies.end(),
                       [&](const AgencySettings& own) { return own.id == agency && own.spreadsheet_id == id; });
  }
  return false;
}
}  // namespace

// The embedded Sheets service for users of the agency that owns the spreadsheet.
Task<net::Response> Server::Impl::handle_local_sheets(net::Request request) {
  const Result<auth::Caller> caller = co_await auth->authenticate(request);
  if (!caller) co_return api::refuse_caller(caller.error());
  if (caller->user.role == store::Role::admin) co_return api::refuse_admin();  // the sheet holds the agency's records
  request.path = request.path.substr(kLocalMount.size());
  // The mount itself may be sent percent-encoded; the service's own log is all that the target is for.
  request.target = request.target.starts_with(kLocalMount) ? request.target.substr(kLocalMount.size()) : request.path;
  if (!may_reach(config.agencies, caller->scope.agency, request.path))
    co_return net::problem(Error{.code = Errc::not_found, .message = "there is no such spreadsheet", .field = {}});
  co_return co_await suspend_for<net::Response>([&](Resolver<net::Response> done) {
    engine.post([this, request = std::move(request), done = std::move(done)]() mutable {
      detach(engine, answer_on_engine(local.get(), std::move(request), std::move(done)));
    });
  });
}

Task<std::optional<net::Response>> Server::Impl::refuse_unknown_caller(net::Request request) {
  const Result<auth::Caller> caller = co_await auth->authenticate(request);
  if (caller) co_return std::nullopt;
  co_return api::refuse_caller(caller.error());
}

namespace {
Task<net::Response> answered(net::Response response) { co_return response; }
}  // namespace

Task<net::Response> Server::Impl::handle(net::Request request) {
  if (std::optional<net::Response> page = dashboard_answer(request)) return answered(std::move(*page));
  if (local && request.path.starts_with(fmt::format("{}/", kLocalMount)))
    return handle_local_sheets(std::move(request));
  return router.handle(std::move(request));
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::open(config::Config config, FieldCatalogue& catalogue, Purpose purpose) {
  auto impl = std::make_unique<Impl>(std::move(config), catalogue, purpose == Purpose::demo);
  if (const Status opened = impl->open(); !opened) return std::unexpected(opened.error());
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

void Server::let_sheets_misbehave() {
  if (impl_->local) impl_->local->misbehave();
}

Result<std::uint16_t> Server::start() {
  if (impl_->local) {
    if (const Status made = impl_->make_missing_books(); !made) return std::unexpected(made.error());
  }
  const Result<config::ListenAddress> address = config::parse_listen(impl_->config.server.listen);
  if (!address) return std::unexpected(address.error());
  net::ListenOptions options{.address = address->address, .port = address->port, .limits = {}, .tls = std::nullopt};
  if (!impl_->config.server.tls_certificate.empty())
    options.tls = net::TlsFiles{impl_->config.server.tls_certificate, impl_->config.server.tls_key};
  options.limits.body_bytes_for = [](std::string_view, std::string_view path) {
    return path == api::kImportPath || path.starts_with(kLocalMount) ? api::kImportBytesMax : std::size_t{1024 * 1024};
  };
  Result<net::AddressSet> proxies = net::AddressSet::parse(impl_->config.server.trusted_proxies);
  if (!proxies) return fail(Errc::invalid_input, "server.trusted_proxies: " + proxies.error().message);
  options.trusted_proxies = std::move(*proxies);
  options.limits.refuse_large_body = [impl = impl_.get()](net::Request request) {
    return impl->refuse_unknown_caller(std::move(request));
  };
  impl_->listener = std::make_unique<net::Listener>();
  const Result<std::uint16_t> port =
      impl_->listener->start(impl_->web, std::move(options),
                             [impl = impl_.get()](net::Request request) { return impl->handle(std::move(request)); });
  if (!port) return port;
  impl_->engine.post([impl = impl_.get()] {
    impl->driver->start();
    impl->housekeeping.spawn(impl->keep_house());
  });
  return port;
}

namespace {
Task<bool> drain(net::Listener* listener) {
  co_await listener->drain(kStopTime);
  co_return true;
}
Task<bool> join(lanes::Driver* driver) {
  driver->stop();
  co_await driver->join();
  co_return true;
}
}  // namespace

void Server::stop() {
  if (impl_->listener) wait_for(impl_->web, drain(impl_->listener.get()));
  // A pass that does not end in time is cut: its journal says what it did, and the next start goes on there.
  auto joined = std::make_shared<std::promise<bool>>();
  std::future<bool> ended = joined->get_future();
  struct Into {
    static Task<void> promise(Task<bool> from, std::shared_ptr<std::promise<bool>> to) {
      to->set_value(co_await std::move(from));
    }
  };
  detach(impl_->engine, Into::promise(join(impl_->driver.get()), joined));
  if (ended.wait_for(kStopTime) == std::future_status::timeout)
    log_warning("a pass did not end in time; the next start goes on with it");
}

}  // namespace rowlane::app
