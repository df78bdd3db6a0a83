// The commands of `rowlane`, one function each. Each prints what it found to stdout and errors to stderr, and gives
// the exit code: 0, or 1 when it failed. Usage errors (2) are told by `main` before a command runs.
#pragma once

#include <string>

#include "base/error.hpp"

namespace rowlane::app {

// Prints the error as all commands do.
int failed(const Error& error);
// Starts the threads to come with SIGTERM and SIGINT blocked, so that `serve` alone waits for them.
void block_stop_signals();

// Until SIGTERM or SIGINT (run_commands.cpp).
int serve(const std::string& config_path);
// `faults`: the local Sheets service misbehaves as the real one does now and then.
struct LocalOptions {
  std::string data_dir, listen;
  bool faults = false;
};
int demo(const LocalOptions& options);
int sheets_alone(const LocalOptions& options);

// Users, tokens, agencies (people_commands.cpp). The password is the first line of standard input.
struct NewUserOptions {
  std::string config_path, email, agency, role;
};
int user_add(const NewUserOptions& options);
int user_list(const std::string& config_path, const std::string& agency_key);
int user_disable(const std::string& config_path, const std::string& email);
int token_create(const std::string& config_path, const std::string& email);
int token_revoke(const std::string& config_path, const std::string& token);
int agency_list(const std::string& config_path);

// Records and jobs, with the rights of a user (record_commands.cpp). A file named "-" is standard input or output.
struct ImportCommand {
  std::string config_path, email, file;
  bool dry_run = false, skip_bad = false;
};
int import_file(const ImportCommand& options);
struct ExportCommand {
  std::string config_path, email, file;
};
int export_file(const ExportCommand& options);
struct SyncCommand {
  std::string config_path, email, tab;
  bool wait = false;
  int timeout_seconds = 600;  // of the wait
};
int sync_user(const SyncCommand& options);

// The data directory as a whole (data_commands.cpp). A backup is a folder.
int migrate_store(const std::string& config_path);
int back_up(const std::string& config_path, const std::string& folder);
int restore(const std::string& config_path, const std::string& folder);

// Looks at everything a sync needs; one line a check (doctor.cpp).
int doctor(const std::string& config_path);

}  // namespace rowlane::app
