// A `rowlane serve` of its own, as a child process, on a data directory that is filled before it starts.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace rowlane::bench {

struct ProgramOptions {
  int agencies = 20;
  int users_each = 50;   // agents; user i has the token "bench-token-I"
  int records_each = 2;  // of each user
  bool parked = false;   // the account waits, as after a 429: jobs are accepted, and none is worked off
};

class Program {
 public:
  // The program is ROWLANE_PROGRAM, else ./rowlane. Its Sheets service is the embedded one.
  Program(const std::string& dir, const ProgramOptions& options);
  // Ends it by SIGTERM and waits for it.
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::int64_t resident_bytes() const;
  // Returns once no job is queued or running.
  void wait_until_drained() const;

 private:
  std::uint16_t port_ = 0;
  pid_t pid_ = 0;
};

std::string get_request(const std::string& path, int user = -1);
std::string post_sync_request(int user);

}  // namespace rowlane::bench
