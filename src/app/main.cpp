// The command line. Usage errors exit 2; what a command itself gives is 0 or 1.
#include <fmt/format.h>
#include <malloc.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>

#include "app/commands.hpp"
#include "base/version.hpp"

namespace rowlane::app {

int failed(const Error& error) {
  fmt::print(stderr, "rowlane: {}\n", error.message);
  return 1;
}

namespace {

// Where the options of all commands land; each command reads its own. What has a default is one command's alone: a
// default is set when the option is declared, for whichever command runs.
struct Options {
  LocalOptions demo{.data_dir = "/tmp/rowlane-demo", .listen = "127.0.0.1:5000"},
      sheets{.data_dir = {}, .listen = "127.0.0.1:5010"};
  std::string config, email, agency, role, token, file, tab, folder;
  bool password_stdin = false, dry_run = false, skip_bad = false, wait = false;
  int timeout_seconds = 600;
  int code = 0;
};

CLI::App* add_command(CLI::App& parent, const char* name, const char* help, Options& o) {
  CLI::App* command = parent.add_subcommand(name, help);
  command->add_option("--config", o.config, "configuration file (TOML)")->required();
  return command;
}

void add_running_commands(CLI::App& app, Options& o) {
  CLI::App* demo_command = app.add_subcommand("demo", "a demo agency on loopback");
  demo_command->add_option("--data", o.demo.data_dir, "data directory")->capture_default_str();
  demo_command->add_option("--listen", o.demo.listen, "address")->capture_default_str();
  constexpr const char* kFaults =
      "the Sheets service fails now and then, as the real one does, and people insert rows meanwhile";
  demo_command->add_flag("--faults", o.demo.faults, kFaults);
  demo_command->callback([&o] { o.code = demo(o.demo); });

  CLI::App* serve_command = add_command(app, "serve", "the server", o);
  serve_command->callback([&o] { o.code = serve(o.config); });

  CLI::App* sheets_command = app.add_subcommand("sheets", "the local Sheets service alone");
  sheets_command->add_option("--data", o.sheets.data_dir, "data directory; none: in memory");
  sheets_command->add_option("--listen", o.sheets.listen, "address")->capture_default_str();
  sheets_command->add_flag("--faults", o.sheets.faults, kFaults);
  sheets_command->callback([&o] { o.code = sheets_alone(o.sheets); });
}

void add_people_commands(CLI::App& app, Options& o) {
  CLI::App* user = app.add_subcommand("user", "users")->require_subcommand(1);
  CLI::App* add = add_command(*user, "add", "adds a user", o);
  add->add_option("--email", o.email, "must fit the agency's `emails`")->required();
  add->add_option("--agency", o.agency, "key of the agency")->required();
  add->add_option("--role", o.role, "agent, manager or admin")
      ->required()
      ->check(CLI::IsMember({"agent", "manager", "admin"}));
  add->add_flag("--password-stdin", o.password_stdin, "the password is the first line of standard input")->required();
  add->callback([&o] { o.code = user_add({o.config, o.email, o.agency, o.role}); });
  CLI::App* list = add_command(*user, "list", "prints e-mail, role, agency and state of every user, a line each", o);
  list->add_option("--agency", o.agency, "of this agency alone");
  list->callback([&o] { o.code = user_list(o.config, o.agency); });
  CLI::App* disable = add_command(*user, "disable", "ends a user's sessions and tokens for good", o);
  disable->add_option("--email", o.email, "of the user")->required();
  disable->callback([&o] { o.code = user_disable(o.config, o.email); });

  CLI::App* token = app.add_subcommand("token", "bearer tokens")->require_subcommand(1);
  CLI::App* create = add_command(*token, "create", "prints a new token", o);
  create->add_option("--email", o.email, "of the user")->required();
  create->callback([&o] { o.code = token_create(o.config, o.email); });
  CLI::App* revoke = add_command(*token, "revoke", "ends a token", o);
  revoke->add_option("--token", o.token, "as it was printed")->required();
  revoke->callback([&o] { o.code = token_revoke(o.config, o.token); });

  CLI::App* agency = app.add_subcommand("agency", "agencies")->require_subcommand(1);
  CLI::App* agencies =
      add_command(*agency, "list", "prints key, name, spreadsheet and account of every agency, a line each", o);
  agencies->callback([&o] { o.code = agency_list(o.config); });
}

void add_record_commands(CLI::App& app, Options& o) {
  CLI::App* import_command = add_command(app, "import", "takes records from a CSV file, all or nothing", o);
  import_command->add_option("--email", o.email, "of the user in whose name, and with whose rights")->required();
  import_command->add_option("--file", o.file, "the file; - for standard input")->required();
  import_command->add_flag("--dry-run", o.dry_run, "changes nothing");
  import_command->add_flag("--skip-bad", o.skip_bad, "imports the good lines and lists the bad");
  import_command->callback([&o] { o.code = import_file({o.config, o.email, o.file, o.dry_run, o.skip_bad}); });

  CLI::App* export_command = add_command(app, "export", "writes a user's records as CSV", o);
  export_command->add_option("--email", o.email, "of the user with whose rights")->required();
  export_command->add_option("--file", o.file, "the file; - for standard output")->default_val("-");
  export_command->callback([&o] { o.code = export_file({o.config, o.email, o.file}); });

  CLI::App* sync_command = add_command(app, "sync", "queues a user's records to be put into the sheet", o);
  sync_command->add_option("--email", o.email, "of the user")->required();
  sync_command->add_option("--tab", o.tab, "title or key of one tab; none: all");
  CLI::Option* wait =
      sync_command->add_flag("--wait", o.wait, "waits for the end of the job; exits 1 unless it succeeded");
  sync_command->add_option("--timeout", o.timeout_seconds, "seconds to wait")
      ->default_val(600)
      ->check(CLI::Range(1, 86'400))
      ->needs(wait);
  sync_command->callback([&o] { o.code = sync_user({o.config, o.email, o.tab, o.wait, o.timeout_seconds}); });
}

void add_data_commands(CLI::App& app, Options& o) {
  CLI::App* migrate = add_command(app, "migrate", "brings the database to this program's schema", o);
  migrate->callback([&o] { o.code = migrate_store(o.config); });
  CLI::App* backup = add_command(app, "backup", "copies the data into a new folder, while the server runs", o);
  backup->add_option("--to", o.folder, "the folder; must not exist")->required();
  backup->callback([&o] { o.code = back_up(o.config, o.folder); });
  CLI::App* restore_command = add_command(app, "restore", "puts a backup into an empty data directory", o);
  restore_command->add_option("--from", o.folder, "the folder of a backup")->required();
  restore_command->callback([&o] { o.code = restore(o.config, o.folder); });
  CLI::App* doctor_command =
      add_command(app, "doctor", "checks what a sync needs, one line each; one read of each spreadsheet", o);
  doctor_command->callback([&o] { o.code = doctor(o.config); });
}

// As many descriptors as the system allows: many a system's default is 1,024, and every open page holds one.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

int run(int argc, char** argv) {
  block_stop_signals();
  std::signal(SIGPIPE, SIG_IGN);
  raise_descriptor_limit();
  ::umask(077);  // whatever is written holds customers' data
  // Memory of one big reply is kept for the next: a first touch of fresh pages costs more than parsing into them.
  constexpr int kKeptBytes = 512 << 20;
  mallopt(M_MMAP_THRESHOLD, kKeptBytes);
  mallopt(M_TRIM_THRESHOLD, kKeptBytes);
  CLI::App app{"Rowlane keeps an agency's records and its Google Sheet in step"};
  app.set_version_flag("--version", fmt::format("rowlane {}", version()), "prints the version");
  app.require_subcommand(1);
  Options options;
  add_running_commands(app, options);
  add_people_commands(app, options);
  add_record_commands(app, options);
  add_data_commands(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return options.code;
}

}  // namespace
}  // namespace rowlane::app

int main(int argc, char** argv) { return rowlane::app::run(argc, argv); }
