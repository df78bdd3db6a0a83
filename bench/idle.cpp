// Memory of 10,000 idle keep-alive connections: what the server's resident memory grows by, over their number.
//
// Each connection has made one authenticated request before it idles. The kernel's socket buffers are not counted.
#include <fmt/format.h>
#include <unistd.h>

#include "support/load.hpp"
#include "support/measure.hpp"
#include "support/program.hpp"

int main() {
  using namespace rowlane::bench;
  constexpr int kConnections = 10'000, kWarm = 200;
  allow_descriptors(kConnections + 500);
  Report report;
  const DataDir dir;
  {
    const Program program(dir.path(), {.agencies = 1, .users_each = 50, .records_each = 2});
    std::vector<int> sockets;
    const auto open_one = [&](int i) {
      sockets.push_back(connect_to(program.port()));
      const std::string answer = round_trip(sockets.back(), get_request("/api/auth/me", i % 50));
      if (!answer.starts_with("HTTP/1.1 200")) give_up("an unexpected answer", answer);
    };
    for (int i = 0; i < kWarm; ++i) open_one(i);
    const std::int64_t before = program.resident_bytes();
    for (int i = 0; i < kConnections; ++i) open_one(i);
    const std::int64_t grown = program.resident_bytes() - before;
    // All of them are still served: idle, not dropped.
    std::size_t alive = 0;
    for (std::size_t i = 0; i < sockets.size(); i += 97)
      alive += round_trip(sockets[i], get_request("/healthz")).starts_with("HTTP/1.1 200");
    report.at_most("idle: bytes of server memory a keep-alive connection, 10,000 open",
                   static_cast<double>(grown) / kConnections, 8'000);
    report.check("idle: they are still answered", alive == (sockets.size() + 96) / 97);
    for (const int socket : sockets) ::close(socket);
  }
  return report.exit_code();
}
