// import, export, sync: what a user could do over HTTP, for scripts on the server's machine.
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <iostream>
#include <sstream>
#include <thread>

#include "app/commands.hpp"
#include "app/store_access.hpp"
#include "auth/auth.hpp"
#include "records/transfer.hpp"

namespace rowlane::app {

namespace {

constexpr std::chrono::milliseconds kLookEvery{200};

// The user in whose name the command acts, with its agency.
struct Actor {
  store::User user;
  const AgencySettings* agency = nullptr;
  Scope scope;
};

Result<Actor> find_actor(StoreAccess& s, const std::string& email) {
  Result<store::User> user = s.find_user(email);
  if (!user) return std::unexpected(user.error());
  if (user->disabled) return fail(Errc::forbidden, fmt::format("{} is disabled", user->email), "email");
  if (user->role == store::Role::admin)
    return fail(Errc::forbidden, fmt::format("{} is an admin and has no records", user->email), "email");
  const Result<const AgencySettings*> agency = s.agency_of(*user);
  if (!agency) return std::unexpected(agency.error());
  const Scope scope = auth::scope_of(*user);
  return Actor{std::move(*user), *agency, scope};
}

Result<std::string> read_whole(const std::string& file) {
  std::ostringstream text;
  if (file == "-") {
    text << std::cin.rdbuf();
    return std::move(text).str();
  }
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail(Errc::invalid_input, fmt::format("cannot read {}", file), "file");
  text << in.rdbuf();
  return std::move(text).str();
}

// What a person wants to know of a finished job, in one line.
std::string outcome(const store::Job& job) {
  std::string out(to_string(job.state));
  const Json result = parse_json(job.result).value_or(Json());
  for (const char* count : {"exported", "added", "updated", "deleted", "imported", "kept"})
    if (const auto number = result[count].as_int())
      out += fmt::format("{} {} {}", out.contains(':') ? "," : ":", count, *number);
  return out;
}

}  // namespace

int import_file(const ImportCommand& options) {
  StoreAccess s;
  if (const Status opened = s.open(options.config_path); !opened) return failed(opened.error());
  const Result<Actor> actor = find_actor(s, options.email);
  if (!actor) return failed(actor.error());
  Result<std::string> text = read_whole(options.file);
  if (!text) return failed(text.error());
  WorkerPool workers;
  const auto imported =
      s.wait(records::import_csv(*s.store, workers, actor->scope, s.catalogue, records::own_fields(*actor->agency),
                                 std::move(*text), {.dry_run = options.dry_run, .skip_bad = options.skip_bad}));
  if (!imported) return failed(imported.error());
  for (const store::ImportError& error : imported->report.errors)
    fmt::print(stderr, "line {}{}{}: {}\n", error.line, error.field.empty() ? "" : ", ", error.field, error.reason);
  if (imported->refused) return failed({.code = Errc::invalid_input, .message = "nothing was imported", .field = {}});
  fmt::print("{}added {}, updated {}, unchanged {}\n", options.dry_run ? "would have " : "", imported->report.added,
             imported->report.updated, imported->report.unchanged);
  return 0;
}

int export_file(const ExportCommand& options) {
  StoreAccess s;
  if (const Status opened = s.open(options.config_path); !opened) return failed(opened.error());
  const Result<Actor> actor = find_actor(s, options.email);
  if (!actor) return failed(actor.error());
  const Result<std::string> text =
      s.wait(records::export_csv(*s.store, actor->scope, s.catalogue, records::own_fields(*actor->agency)));
  if (!text) return failed(text.error());
  if (options.file == "-") {
    std::cout << *text << std::flush;
    return std::cout ? 0
                     : failed({.code = Errc::unavailable, .message = "standard output cannot be written", .field = {}});
  }
  std::ofstream out(options.file, std::ios::binary | std::ios::trunc);
  out << *text << std::flush;
  if (!out)
    return failed(
        {.code = Errc::unavailable, .message = fmt::format("cannot write {}", options.file), .field = "file"});
  return 0;
}

int sync_user(const SyncCommand& options) {
  StoreAccess s;
  if (const Status opened = s.open(options.config_path); !opened) return failed(opened.error());
  const Result<Actor> actor = find_actor(s, options.email);
  if (!actor) return failed(actor.error());
  store::NewJob wanted{.scope = actor->scope,
                       .spreadsheet_id = actor->agency->spreadsheet_id,
                       .lane_jobs_max = static_cast<int>(s.config.server.lane_jobs_max)};
  if (!options.tab.empty()) {
    const TabLayout* tab = actor->agency->find_tab(options.tab);
    if (!tab)
      return failed(
          {.code = Errc::invalid_input, .message = fmt::format("there is no tab '{}'", options.tab), .field = "tab"});
    wanted.tabs.push_back(tab->key);
  }
  // The server finds it within a second: it looks at the store, and a command is another process.
  const Result<store::QueuedJob> queued = s.wait(s.store->enqueue(std::move(wanted)));
  if (!queued) return failed(queued.error());
  fmt::print("job {} queued at position {}\n", queued->id.value, queued->position);
  std::fflush(stdout);
  if (!options.wait) return 0;

  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(options.timeout_seconds);
  std::string told;
  for (;;) {
    const Result<store::Job> job = s.wait(s.store->job(actor->scope, queued->id));
    if (!job) return failed(job.error());
    if (is_finished(job->state) || job->state == JobState::held) {
      fmt::print("job {} {}\n", queued->id.value, outcome(*job));
      if (job->state == JobState::held)
        return failed(
            {.code = Errc::conflict, .message = "the job is held: a person must confirm or cancel it", .field = {}});
      return job->state == JobState::succeeded
                 ? 0
                 : failed({.code = Errc::conflict,
                           .message = job->error.empty() ? "the job did not succeed" : job->error,
                           .field = {}});
    }
    if (job->state == JobState::waiting && job->reason_text != told)
      fmt::print(stderr, "waiting: {}\n", told = job->reason_text);
    if (std::chrono::steady_clock::now() >= until)
      return failed({.code = Errc::unavailable,
                     .message = fmt::format("the job is still {}; it stays in the queue", to_string(job->state)),
                     .field = {}});
    std::this_thread::sleep_for(kLookEvery);  // the job runs in another process: looking is the only way to learn of it
  }
}

}  // namespace rowlane::app
