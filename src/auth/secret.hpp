// Passwords, tokens and their hashes.
//
// Passwords: argon2id, 19 MiB, two passes: about 80 ms of one core. They run on two threads of their own, so that
// sign-ins cost the I/O thread nothing and never more than 38 MiB. Tokens and sessions are 260 bits of chance, so
// one SHA-256 of them is what the store keeps.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/error.hpp"
#include "base/random.hpp"
#include "base/task.hpp"

namespace rowlane::auth {

// Hex. The form in which the store knows a token or session.
std::string token_hash(std::string_view token);
// A new bearer token ("rl_...") or session text.
std::string new_token(Random& random);
std::string new_session(Random& random);

inline constexpr std::size_t kPasswordBytesMin = 8;
inline constexpr std::size_t kPasswordBytesMax = 1024;
// invalid_input when a password is too short or too long.
Status check_new_password(std::string_view password);

// Both block for some 80 ms: for commands. Errors: unavailable (no memory).
Result<std::string> hash_password(std::string_view password);
bool verify_password(std::string_view hash, std::string_view password);

// The same off the I/O thread, two at once; more than `waiting_max` waiting: too_many.
class PasswordPool {
 public:
  explicit PasswordPool(std::size_t threads = 2, std::size_t waiting_max = 256);
  ~PasswordPool();  // finishes what runs, drops what waits
  PasswordPool(const PasswordPool&) = delete;
  PasswordPool& operator=(const PasswordPool&) = delete;

  Task<Result<std::string>> hash(std::string password);
  Task<Result<bool>> verify(std::string hash, std::string password);

 private:
  using Work = std::move_only_function<void()>;
  bool push(Work& work);  // false: full
  void run();

  std::size_t waiting_max_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Work> work_;
  bool stop_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace rowlane::auth
