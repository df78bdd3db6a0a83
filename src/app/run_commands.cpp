// serve, demo, sheets: what runs until it is told to stop.
#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <filesystem>

#include "app/commands.hpp"
#include "app/demo.hpp"
#include "app/store_access.hpp"
#include "app/wiring.hpp"
#include "base/log.hpp"

namespace rowlane::app {

namespace {

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

Result<config::ListenAddress> loopback_address(const std::string& listen, std::string_view why) {
  Result<config::ListenAddress> address = config::parse_listen(listen);
  if (address && !address->is_loopback()) return fail(Errc::invalid_input, std::string(why), "listen");
  return address;
}

}  // namespace

void block_stop_signals() {
  const sigset_t set = stop_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

int serve(const std::string& config_path) {
  FieldCatalogue catalogue;
  Result<config::Config> config = load_config(config_path, catalogue);
  if (!config) return failed(config.error());
  if (std::filesystem::exists(config->server.data_dir + "/demo"))
    return failed({.code = Errc::invalid_input,
                   .message = config->server.data_dir +
                              " is a demo's data directory: its passwords and tokens are known to everybody",
                   .field = {}});
  Result<std::unique_ptr<Server>> server = Server::open(std::move(*config), catalogue, Purpose::work);
  if (!server) return failed(server.error());
  return run_server(**server, [](std::uint16_t port) { log_info("listening on port {}", port); });
}

int demo(const LocalOptions& options) {
  const auto& [data_dir, listen, faults] = options;
  const Result<config::ListenAddress> address =
      loopback_address(listen, "the demo listens on loopback alone: its passwords and tokens are known to everybody");
  if (!address) return failed(address.error());
  FieldCatalogue catalogue;
  Result<config::Config> config = config::parse_config(demo_config(data_dir, listen), "demo", catalogue, {});
  if (!config) return failed(config.error());
  Result<std::unique_ptr<Server>> server = Server::open(std::move(*config), catalogue, Purpose::demo);
  if (!server) return failed(server.error());
  if (std::FILE* mark = std::fopen((data_dir + "/demo").c_str(), "w")) std::fclose(mark);
  if (const Status filled = fill_demo(**server); !filled) return failed(filled.error());
  if (faults) (*server)->let_sheets_misbehave();
  return run_server(**server, [](std::uint16_t port) {
    const std::string at = fmt::format("http://127.0.0.1:{}", port);
    fmt::print(
        "Rowlane demo: {0}\n\n"
        "  user1..user10@demo.example are agents, user11 is their manager, user12 the administrator\n"
        "  password: demo-password; tokens: token_user_1 .. token_user_12\n\n"
        "Ten users press Sync at once:\n\n"
        "  for i in $(seq 10); do curl -s -X POST {0}/api/insurance/sync/to-sheet -H \"Authorization: Bearer token_user_$i\" & done; wait\n\n"
        "How it went:\n\n"
        "  curl -s {0}/api/insurance/sync/jobs -H 'Authorization: Bearer token_user_11'\n\n"
        "The dashboard: {0} (sign in, then Sync); the sheet as people see it, after signing in:\n\n"
        "  {0}/local-sheets/d/demo-book\n\n"
        "and as their scripts read it:\n\n"
        "  curl -s {0}/local-sheets/v4/spreadsheets/demo-book/values/general_ins!A1:Z9 -H 'Authorization: Bearer token_user_1'\n",
        at);
  });
}

int sheets_alone(const LocalOptions& wanted) {
  const auto& [data_dir, listen, faults] = wanted;
  const Result<config::ListenAddress> address =
      loopback_address(listen, "the local Sheets service listens on loopback alone: it asks nobody who they are");
  if (!address) return failed(address.error());
  SystemClock clock;
  SystemRandom random;
  if (!data_dir.empty()) std::filesystem::create_directories(data_dir);
  Result<std::unique_ptr<sheets::local::LocalSheets>> service = sheets::local::LocalSheets::open(
      {.file = data_dir.empty() ? std::string() : data_dir + "/local-sheets.db", .control = true}, clock, random);
  if (!service) return failed(service.error());
  if (faults) (*service)->misbehave();
  net::IoThread io;
  io.start("rowlane-sheets");
  auto listener = std::make_unique<net::Listener>();
  net::ListenOptions options{.address = address->address, .port = address->port, .limits = {}, .tls = std::nullopt};
  options.limits.body_bytes_max = 32u << 20;
  const Result<std::uint16_t> port = listener->start(
      io, std::move(options), [&service](net::Request request) { return (*service)->handle(std::move(request)); });
  if (!port) return failed(port.error());
  fmt::print("local Sheets service: http://127.0.0.1:{}\n", *port);
  std::fflush(stdout);
  wait_for_stop();
  io.stop();
  io.join();
  return 0;
}

}  // namespace rowlane::app
