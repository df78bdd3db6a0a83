// Slows down who guesses passwords, without locking the owner of an account out.
//
// Failures count for the pair of account and address, so a guesser elsewhere never costs the owner a sign-in; and
// for the address alone, with more patience, against one guesser with many accounts. After the free failures each
// further one doubles the wait. Pure but for the clock; one thread at a time.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.hpp"

namespace rowlane::auth {

struct ThrottleRules {
  int pair_free = 5, address_free = 100;  // failures before the first wait
  Millis wait_min{1'000}, wait_max{300'000};
  Millis forget_after{900'000};  // since the last failure
  std::size_t entries_max = 20'000;
};

class LoginThrottle {
 public:
  explicit LoginThrottle(const Clock& clock, ThrottleRules rules = {}) : clock_(clock), rules_(rules) {}

  // How long this attempt has to wait; zero: go on.
  [[nodiscard]] Millis wait(std::string_view account, std::string_view address) const;
  void failed(std::string_view account, std::string_view address);
  void succeeded(std::string_view account, std::string_view address);

 private:
  struct Entry {
    int failures = 0;
    WallTime last{};
  };
  [[nodiscard]] Millis wait_of(const std::string& key, int free) const;
  void count(const std::string& key);
  void make_room();

  const Clock& clock_;
  ThrottleRules rules_;
  std::unordered_map<std::string, Entry> entries_;
};

}  // namespace rowlane::auth
