// A load generator: N keep-alive connections of one thread (epoll), each with one request under way at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace rowlane::bench {

struct LoadResult {
  std::uint64_t answers = 0;
  double seconds = 0;
  std::vector<double> latencies;  // seconds, one an answer
  [[nodiscard]] double rate() const { return static_cast<double>(answers) / seconds; }
};

class Load {
 public:
  // Connects to 127.0.0.1. `request_of(i)`: the whole request that connection i repeats; `status`: what must come back.
  Load(std::uint16_t port, int connections);
  ~Load();
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;
  // Sends for `seconds`, then waits for the answers under way. Ends the program on any other status.
  LoadResult run(double seconds, int status, const std::function<std::string(int)>& request_of);

 private:
  std::vector<int> sockets_;
  int epoll_ = -1;
};

// A connected blocking socket.
int connect_to(std::uint16_t port);
// One request and its whole answer on a blocking socket; the answer's head and body.
std::string round_trip(int socket, const std::string& request);
std::uint16_t free_port();
// Lets this process and its children open so many descriptors.
void allow_descriptors(unsigned long count);

}  // namespace rowlane::bench
