#include "support/program.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <thread>

#include "auth/secret.hpp"
#include "sheets/local/local_sheets.hpp"
#include "support/load.hpp"
#include "support/office.hpp"

extern char** environ;

namespace rowlane::bench {

namespace {

Task<void> add_token(store::SqliteStore& store, UserId user, int number) {
  const Status made = co_await store.create_token(user, auth::token_hash(fmt::format("bench-token-{}", number)));
  if (!made) give_up("cannot add a token", made.error().message);
}

Task<void> add_record(store::SqliteStore& store, Scope scope, int number) {
  Record record;
  record.owner = scope.user;
  record.fields.set(field::name, fmt::format("Customer {}", number));
  record.fields.set(field::current_policy_no, fmt::format("P/{:06}", number));
  record.fields.set(field::vertical, std::string("motor"));
  record.fields.set(field::premium, Money{100'000 + number});
  const Result<Record> made = co_await store.create_record(scope, std::move(record));
  if (!made) give_up("cannot add a record", made.error().message);
}

Task<bool> add_all(Office& office, int records_each) {
  TaskGroup group(office.loop());
  int record = 0;
  for (std::size_t i = 0; i < office.lanes().size(); ++i) {
    group.spawn(add_token(office.store(), office.lanes()[i].scope.user, static_cast<int>(i)));
    for (int r = 0; r < records_each; ++r) group.spawn(add_record(office.store(), office.lanes()[i].scope, record++));
  }
  co_await group.join();
  co_return true;
}

void park(const std::string& file) {
  constexpr std::int64_t kDayMs = 24LL * 3600 * 1000;
  Result<db::Sqlite> db = db::Sqlite::open(file);
  if (!db) give_up("cannot open the store", db.error().message);
  const SystemClock clock;
  const Status parked =
      db->exec(fmt::format("INSERT INTO account_wait (account, until_ms) SELECT DISTINCT account, {} FROM spreadsheet",
                           to_ms(clock.now()) + kDayMs));
  if (!parked) give_up("cannot park the account", parked.error().message);
}

std::string config_text(const std::string& dir, std::uint16_t port, int agencies) {
  std::string out = fmt::format(
      "[server]\nlisten = \"127.0.0.1:{}\"\ndata_dir = '{}'\nlane_jobs_max = 1000000\n[sheets]\nprovider = \"local\"\n",
      port, dir);
  for (int i = 0; i < agencies; ++i)
    out += fmt::format(
        "[[agency]]\nkey = \"book-{0}\"\nname = \"book-{0}\"\nemails = [\"*@bench.example\"]\nspreadsheet_id = \"book-{0}\"\n"
        "[agency.tabs.general]\ntab = \"general_ins\"\nverticals = [\"motor\"]\nnew_vertical = \"motor\"\n"
        "columns = {{ name = \"NAME\", current_policy_no = \"POLICY NO\", premium = \"AMOUNT\" }}\n",
        i);
  return out;
}

void make_books(const std::string& dir, int count) {
  SystemClock clock;
  SystemRandom random;
  auto service = sheets::local::LocalSheets::open({.file = dir + "/local-sheets.db"}, clock, random);
  if (!service) give_up("cannot make the spreadsheets", service.error().message);
  for (int i = 0; i < count; ++i) {
    sheets::local::SeedTab tab{
        .title = "general_ins", .sheet_id = 7, .rows = 500, .columns = 8, .cells = {}, .frozen_rows = 0};
    const auto made = (*service)->create({.id = fmt::format("book-{}", i),
                                          .title = "Book",
                                          .locale = "en_IN",
                                          .time_zone = "Asia/Kolkata",
                                          .tabs = {tab},
                                          .shared_with = {}});
    if (!made) give_up("cannot make a spreadsheet", made.error().message);
  }
}

}  // namespace

std::string get_request(const std::string& path, int user) {
  const std::string token = user < 0 ? "" : fmt::format("Authorization: Bearer bench-token-{}\r\n", user);
  return fmt::format("GET {} HTTP/1.1\r\nHost: 127.0.0.1\r\n{}\r\n", path, token);
}

std::string post_sync_request(int user) {
  return fmt::format(
      "POST /api/insurance/sync/to-sheet HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer bench-token-{}\r\n"
      "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}",
      user);
}

Program::Program(const std::string& dir, const ProgramOptions& options) : port_(free_port()) {
  {
    Office office(dir, options.agencies, options.users_each);
    wait_for(office.loop(), add_all(office, options.records_each));
    if (options.parked) park(office.file());
  }
  make_books(dir, options.agencies);
  const std::string config = dir + "/rowlane.toml";
  std::ofstream(config) << config_text(dir, port_, options.agencies);

  const char* named = std::getenv("ROWLANE_PROGRAM");
  std::string program = named ? named : "./rowlane", serve = "serve", flag = "--config", path = config;
  char* arguments[] = {program.data(), serve.data(), flag.data(), path.data(), nullptr};
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  const std::string log = dir + "/server.log";
  posix_spawn_file_actions_addopen(&files, 1, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&files, 1, 2);
  const int failed = ::posix_spawn(&pid_, program.c_str(), &files, nullptr, arguments, environ);
  posix_spawn_file_actions_destroy(&files);
  if (failed != 0) give_up("cannot start", program);
  // There is no event for "another process listens": ask until it does.
  for (int i = 0; i < 500; ++i) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port_);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool listens = ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(socket);
    if (listens) return;
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  std::ifstream said(log);
  give_up("the server did not start", std::string(std::istreambuf_iterator<char>(said), {}));
}

Program::~Program() {
  ::kill(pid_, SIGTERM);
  int status = 0;
  ::waitpid(pid_, &status, 0);
}

std::int64_t Program::resident_bytes() const {
  std::ifstream statm(fmt::format("/proc/{}/statm", pid_));
  std::int64_t size = 0, resident = 0;
  statm >> size >> resident;
  return resident * ::sysconf(_SC_PAGESIZE);
}

void Program::wait_until_drained() const {
  const int socket = connect_to(port_);
  for (int i = 0; i < 3'000; ++i) {
    const std::string metrics = round_trip(socket, get_request("/metrics"));
    if (metrics.find("rowlane_jobs{state=\"queued\"} 0\n") != std::string::npos &&
        metrics.find("rowlane_jobs{state=\"running\"} 0\n") != std::string::npos) {
      ::close(socket);
      return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  give_up("the queue did not drain", "300 s");
}

}  // namespace rowlane::bench
