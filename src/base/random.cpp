#include "base/random.hpp"

#include <sys/random.h>

#include <cstdlib>

namespace rowlane {

std::uint64_t SystemRandom::next_u64() {
  std::uint64_t value = 0;
  // Up to 256 bytes are never interrupted once the pool is seeded; a failure here means no randomness at all.
  if (getrandom(&value, sizeof value, 0) != sizeof value) std::abort();
  return value;
}

std::uint64_t SeededRandom::next_u64() {
  std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

std::string random_text(Random& random, std::size_t length) {
  static constexpr char kAlphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";
  std::string text;
  text.reserve(length);
  std::uint64_t bits = 0;
  int left = 0;
  while (text.size() < length) {
    if (left < 5) {
      bits = random.next_u64();
      left = 60;
    }
    text += kAlphabet[bits & 31];
    bits >>= 5;
    left -= 5;
  }
  return text;
}

}  // namespace rowlane
