// The commands. Each prints errors to stderr and exits 0, 1 (failed) or 2 (usage).
#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <malloc.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <iostream>

#include "app/demo.hpp"
#include "app/wiring.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "store/sqlite/migrations.hpp"

namespace rowlane::app {
namespace {

int failed(const Error& error) {
  fmt::print(stderr, "rowlane: {}\n", error.message);
  return 1;
}

// All threads are started with these blocked, so that only this waits for them.
sigset_t stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}
void wait_for_stop() {
  const sigset_t set = stop_signals();
  int signal = 0;
  sigwait(&set, &signal);
}

int run_server(Server& server, const std::function<void(std::uint16_t)>& started) {
  const Result<std::uint16_t> port = server.start();
  if (!port) return failed(port.error());
  started(*port);
  std::fflush(stdout);
  wait_for_stop();
  log_info("stopping");
  server.stop();
  return 0;
}

int serve(const std::string& path) {
  FieldCatalogue catalogue;
  Result<config::Config> config = config::load_config(path, catalogue, config::process_environment());
  if (!config) return failed(config.error());
  if (std::filesystem::exists(config->server.data_dir + "/demo"))
    return failed({.code = Errc::invalid_input, .message = config->server.data_dir + " is a demo's data directory: its passwords and tokens are known to everybody", .field = {}});
  Result<std::unique_ptr<Server>> server = Server::open(std::move(*config), catalogue);
  if (!server) return failed(server.error());
  return run_server(**server, [](std::uint16_t port) { log_info("listening on port {}", port); });
}

int demo(const std::string& data_dir, const std::string& listen) {
  const Result<config::ListenAddress> address = config::parse_listen(listen);
  if (!address) return failed(address.error());
  if (!address->is_loopback()) return failed({.code = Errc::invalid_input, .message = "the demo listens on loopback alone: its passwords and tokens are known to everybody", .field = "listen"});
  FieldCatalogue catalogue;
  Result<config::Config> config = config::parse_config(demo_config(data_dir, listen), "demo", catalogue, {});
  if (!config) return failed(config.error());
  Result<std::unique_ptr<Server>> server = Server::open(std::move(*config), catalogue);
  if (!server) return failed(server.error());
  if (std::FILE* mark = std::fopen((data_dir + "/demo").c_str(), "w")) std::fclose(mark);
  if (const Status filled = fill_demo(**server); !filled) return failed(filled.error());
  return run_server(**server, [](std::uint16_t port) {
    const std::string at = fmt::format("http://127.0.0.1:{}", port);
    fmt::print("Rowlane demo: {0}\n\n"
               "  user1..user10@demo.example are agents, user11 is their manager, user12 the administrator\n"
               "  password: demo-password; tokens: token_user_1 .. token_user_12\n\n"
               "Ten users press Sync at once:\n\n"
               "  for i in $(seq 10); do curl -s -X POST {0}/api/insurance/sync/to-sheet -H \"Authorization: Bearer token_user_$i\" & done; wait\n\n"
               "How it went:\n\n"
               "  curl -s {0}/api/insurance/sync/jobs -H 'Authorization: Bearer token_user_11'\n\n"
               "The sheet as people's scripts read it:\n\n"
               "  curl -s {0}/local-sheets/v4/spreadsheets/demo-book/values/general_ins!A1:Z9 -H 'Authorization: Bearer token_user_1'\n", at);
  });
}

int sheets_alone(const std::string& data_dir, const std::string& listen) {
  const Result<config::ListenAddress> address = config::parse_listen(listen);
  if (!address) return failed(address.error());
  if (!address->is_loopback()) return failed({.code = Errc::invalid_input, .message = "the local Sheets service listens on loopback alone: it asks nobody who they are", .field = "listen"});
  SystemClock clock;
  SystemRandom random;
  if (!data_dir.empty()) std::filesystem::create_directories(data_dir);
  Result<std::unique_ptr<sheets::local::LocalSheets>> service =
      sheets::local::LocalSheets::open({.file = data_dir.empty() ? std::string() : data_dir + "/local-sheets.db", .control = true}, clock, random);
  if (!service) return failed(service.error());
  net::IoThread io;
  io.start("rowlane-sheets");
  auto listener = std::make_unique<net::Listener>();
  net::ListenOptions options{.address = address->address, .port = address->port, .limits = {}, .tls = std::nullopt};
  options.limits.body_bytes_max = 32u << 20;
  const Result<std::uint16_t> port = listener->start(io, std::move(options), [&service](net::Request request) { return (*service)->handle(std::move(request)); });
  if (!port) return failed(port.error());
  fmt::print("local Sheets service: http://127.0.0.1:{}\n", *port);
  std::fflush(stdout);
  wait_for_stop();
  io.stop();
  io.join();
  return 0;
}

// For commands that work beside a running server: the store alone.
struct StoreOnly {
  FieldCatalogue catalogue;
  config::Config config;
  SystemClock clock;
  SystemRandom random;
  net::IoThread io;
  std::unique_ptr<store::ThreadedRunner> runner;
  std::unique_ptr<store::SqliteStore> store;

  Status open(const std::string& path) {
    Result<config::Config> loaded = config::load_config(path, catalogue, config::process_environment());
    if (!loaded) return std::unexpected(loaded.error());
    config = std::move(*loaded);
    std::filesystem::create_directories(config.server.data_dir);
    const std::string file = config.server.data_dir + "/rowlane.db";
    {
      Result<db::Sqlite> db = db::Sqlite::open(file);
      if (!db) return std::unexpected(db.error());
      if (const Status done = store::migrate(*db); !done) return done;
    }
    Result<std::unique_ptr<store::ThreadedRunner>> opened = store::ThreadedRunner::open(file, 1);
    if (!opened) return std::unexpected(opened.error());
    runner = std::move(*opened);
    store = std::make_unique<store::SqliteStore>(*runner, clock, random, catalogue);
    io.start("rowlane-command");
    return {};
  }
};

int user_add(const std::string& path, const std::string& email, const std::string& agency_key, const std::string& role_name) {
  StoreOnly s;
  if (const Status opened = s.open(path); !opened) return failed(opened.error());
  const AgencySettings* agency = s.config.find_agency(agency_key);
  if (!agency) return failed({.code = Errc::not_found, .message = fmt::format("there is no agency '{}' in {}", agency_key, path), .field = "agency"});
  if (!config::email_fits(email, agency->emails)) return failed({.code = Errc::invalid_input, .message = fmt::format("{} fits none of the agency's emails", email), .field = "email"});
  std::string password;
  std::getline(std::cin, password);
  if (const Status fits = auth::check_new_password(password); !fits) return failed(fits.error());
  const Result<std::string> hash = auth::hash_password(password);
  if (!hash) return failed(hash.error());
  const Result<AgencyId> id = wait_for(s.io, s.store->upsert_agency({{}, agency->key, agency->name, agency->spreadsheet_id, agency->account}));
  if (!id) return failed(id.error());
  const Result<UserId> user = wait_for(s.io, s.store->create_user({*id, email, email.substr(0, email.find('@')), *store::role_from(role_name), *hash}));
  if (!user) return failed(user.error());
  fmt::print("added {}\n", email);
  return 0;
}

int token_create(const std::string& path, const std::string& email) {
  StoreOnly s;
  if (const Status opened = s.open(path); !opened) return failed(opened.error());
  const Result<std::optional<store::User>> user = wait_for(s.io, s.store->find_user(email));
  if (!user) return failed(user.error());
  if (!*user) return failed({.code = Errc::not_found, .message = fmt::format("there is no user {}", email), .field = "email"});
  const std::string token = auth::new_token(s.random);
  if (const Status made = wait_for(s.io, s.store->create_token((*user)->id, auth::token_hash(token))); !made) return failed(made.error());
  fmt::print("{}\n", token);
  return 0;
}

int token_revoke(const std::string& path, const std::string& token) {
  StoreOnly s;
  if (const Status opened = s.open(path); !opened) return failed(opened.error());
  const Result<bool> revoked = wait_for(s.io, s.store->revoke_token(auth::token_hash(token)));
  if (!revoked) return failed(revoked.error());
  if (!*revoked) return failed({.code = Errc::not_found, .message = "there is no such token", .field = "token"});
  return 0;
}

int run(int argc, char** argv) {
  const sigset_t set = stop_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  // Memory of one big reply is kept for the next: a first touch of fresh pages costs more than parsing into them.
  constexpr int kKeptBytes = 512 << 20;
  mallopt(M_MMAP_THRESHOLD, kKeptBytes);
  mallopt(M_TRIM_THRESHOLD, kKeptBytes);
  CLI::App app{"Rowlane keeps an agency's records and its Google Sheet in step"};
  app.require_subcommand(1);
  std::string config_path, data_dir, listen, email, agency, role, token;
  bool password_stdin = false;
  int code = 0;
  auto* demo_command = app.add_subcommand("demo", "a demo agency on loopback");
  demo_command->add_option("--data", data_dir, "data directory")->default_val("/tmp/rowlane-demo");
  demo_command->add_option("--listen", listen, "address")->default_val("127.0.0.1:5000");
  demo_command->callback([&] { code = demo(data_dir, listen); });
  auto* serve_command = app.add_subcommand("serve", "the server");
  serve_command->add_option("--config", config_path, "configuration file")->required();
  serve_command->callback([&] { code = serve(config_path); });
  auto* sheets_command = app.add_subcommand("sheets", "the local Sheets service alone");
  sheets_command->add_option("--data", data_dir, "data directory; none: in memory");
  sheets_command->add_option("--listen", listen, "address")->default_val("127.0.0.1:5010");
  sheets_command->callback([&] { code = sheets_alone(data_dir, listen); });
  auto* user_command = app.add_subcommand("user", "users")->require_subcommand(1);
  auto* add_command = user_command->add_subcommand("add", "adds a user");
  add_command->add_option("--config", config_path)->required();
  add_command->add_option("--email", email)->required();
  add_command->add_option("--agency", agency)->required();
  add_command->add_option("--role", role)->required()->check(CLI::IsMember({"agent", "manager", "admin"}));
  add_command->add_flag("--password-stdin", password_stdin, "the password is the first line of standard input")->required();
  add_command->callback([&] { code = user_add(config_path, email, agency, role); });
  auto* token_command = app.add_subcommand("token", "bearer tokens")->require_subcommand(1);
  auto* create_command = token_command->add_subcommand("create", "prints a new token");
  create_command->add_option("--config", config_path)->required();
  create_command->add_option("--email", email)->required();
  create_command->callback([&] { code = token_create(config_path, email); });
  auto* revoke_command = token_command->add_subcommand("revoke", "ends a token");
  revoke_command->add_option("--config", config_path)->required();
  revoke_command->add_option("--token", token)->required();
  revoke_command->callback([&] { code = token_revoke(config_path, token); });
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return code;
}

}  // namespace
}  // namespace rowlane::app

int main(int argc, char** argv) { return rowlane::app::run(argc, argv); }
