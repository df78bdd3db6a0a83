#include "domain/record.hpp"

#include <array>

namespace rowlane {

namespace {
constexpr std::string_view kAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr std::string_view kLetters = "abcdefghjkmnpqrstvwxyz";
constexpr std::size_t kRandomLength = 15;

// FNV-1a over the random part; its bits make the check characters and the closing letter.
std::array<char, 3> check_of(std::string_view random_part) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : random_part) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return {kAlphabet[(hash >> 40) & 31], kAlphabet[(hash >> 45) & 31], kLetters[(hash >> 50) % kLetters.size()]};
}
}  // namespace

std::string_view to_string(SyncState state) {
  switch (state) {
    case SyncState::synced:
      return "synced";
    case SyncState::unsynced:
      return "unsynced";
    case SyncState::syncing:
      return "syncing";
    case SyncState::conflict:
      return "conflict";
    case SyncState::held:
      return "held";
    case SyncState::rejected:
      return "rejected";
    case SyncState::ambiguous:
      return "ambiguous";
  }
  std::unreachable();
}

std::optional<SyncState> sync_state_from(std::string_view name) {
  for (const SyncState state : {SyncState::synced, SyncState::unsynced, SyncState::syncing, SyncState::conflict,
                                SyncState::held, SyncState::rejected, SyncState::ambiguous})
    if (to_string(state) == name) return state;
  return std::nullopt;
}

std::string make_public_id(Random& random) {
  std::string id = random_text(random, kRandomLength);
  for (const char c : check_of(id)) id += c;
  return id;
}

bool is_public_id(std::string_view text) {
  if (text.size() != kRandomLength + 3) return false;
  const auto check = check_of(text.substr(0, kRandomLength));
  return text.substr(kRandomLength) == std::string_view(check.data(), check.size());
}

}  // namespace rowlane
