// Chance comes in through the constructor: the system's in the server, a seeded one in the simulation.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace rowlane {

class Random {
 public:
  virtual ~Random() = default;
  virtual std::uint64_t next_u64() = 0;

  // Uniform in [0, 1).
  double uniform() { return static_cast<double>(next_u64() >> 11) * 0x1.0p-53; }
  // Uniform in [0, bound); bound > 0. The bias of the remainder is below 2^-40 for every bound used here.
  std::uint64_t below(std::uint64_t bound) { return next_u64() % bound; }
};

// The kernel's randomness (getrandom): for secrets and ids. Thread-safe.
class SystemRandom final : public Random {
 public:
  std::uint64_t next_u64() override;
};

// SplitMix64 (Steele, Lea, Flood 2014): tiny, seeded, the same on every machine. Not for secrets.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next_u64() override;

 private:
  std::uint64_t state_;
};

// `length` characters of Crockford's base 32 in lower case (no i, l, o, u): 5 bits of chance each.
std::string random_text(Random& random, std::size_t length);

}  // namespace rowlane
