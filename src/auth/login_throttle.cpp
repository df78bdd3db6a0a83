#include "auth/login_throttle.hpp"

#include "base/text.hpp"

namespace rowlane::auth {

namespace {
// Addresses hold no '|', so a pair is never taken for an address.
std::string pair_key(std::string_view account, std::string_view address) {
  return fmt::format("{}|{}", address, fold_case(account.substr(0, 320)));
}
}  // namespace

Millis LoginThrottle::wait_of(const std::string& key, int free) const {
  const auto found = entries_.find(key);
  if (found == entries_.end() || found->second.failures < free) return Millis{0};
  const Millis since = clock_.now() - found->second.last;
  if (since >= rules_.forget_after) return Millis{0};
  const int doublings = std::min(found->second.failures - free, 30);
  const Millis pause = std::min(rules_.wait_min * (std::int64_t{1} << doublings), rules_.wait_max);
  return std::max(pause - since, Millis{0});
}

Millis LoginThrottle::wait(std::string_view account, std::string_view address) const {
  return std::max(wait_of(pair_key(account, address), rules_.pair_free),
                  wait_of(std::string(address), rules_.address_free));
}

void LoginThrottle::count(const std::string& key) {
  Entry& entry = entries_[key];
  const WallTime now = clock_.now();
  if (now - entry.last >= rules_.forget_after) entry.failures = 0;
  ++entry.failures;
  entry.last = now;
}

void LoginThrottle::failed(std::string_view account, std::string_view address) {
  make_room();
  count(pair_key(account, address));
  count(std::string(address));
}

void LoginThrottle::succeeded(std::string_view account, std::string_view address) {
  entries_.erase(pair_key(account, address));
}

void LoginThrottle::make_room() {
  if (entries_.size() < rules_.entries_max) return;
  const WallTime now = clock_.now();
  std::erase_if(entries_, [&](const auto& entry) { return now - entry.second.last >= rules_.forget_after; });
  // Still full: forget the single failures, which slow nobody down.
  if (entries_.size() >= rules_.entries_max)
    std::erase_if(entries_, [&](const auto& entry) { return entry.second.failures < rules_.pair_free; });
  if (entries_.size() >= rules_.entries_max) entries_.clear();
}

}  // namespace rowlane::auth
