#include "app/crash_mark.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <cstring>

namespace rowlane::app {

namespace {

constexpr std::array<int, 5> kSignals = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL};

// All the handler needs, made before a signal can come: it may not allocate.
std::array<char, PATH_MAX> mark_path{};
std::array<struct sigaction, kSignals.size()> before{};

std::string path_in(const std::string& data_dir) { return data_dir + "/crashed"; }

void on_crash(int number) {
  const int saved_errno = errno;
  const int file = ::open(mark_path.data(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file >= 0) {
    (void)::fsync(file);
    ::close(file);
  }
  // The process ends as it would have without us: whoever had the signal before (a sanitizer, or the core dump).
  for (std::size_t i = 0; i < kSignals.size(); ++i)
    if (kSignals[i] == number) ::sigaction(number, &before[i], nullptr);
  errno = saved_errno;
  ::raise(number);
}

}  // namespace

void leave_mark_on_crash(const std::string& data_dir) {
  const std::string path = path_in(data_dir);
  if (path.size() >= mark_path.size()) return;  // such a path opens no file either
  std::memcpy(mark_path.data(), path.c_str(), path.size() + 1);
  struct sigaction action{};
  action.sa_handler = on_crash;
  action.sa_flags = SA_ONSTACK | SA_NODEFER;
  sigemptyset(&action.sa_mask);
  for (std::size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &action, &before[i]);
}

bool has_crash_mark(const std::string& data_dir) { return ::access(path_in(data_dir).c_str(), F_OK) == 0; }

Status remove_crash_mark(const std::string& data_dir) {
  const std::string path = path_in(data_dir);
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return {};
  return fail(Errc::unavailable, fmt::format("cannot remove {}: {}", path, std::strerror(errno)));
}

}  // namespace rowlane::app
