// A durable POST /api/insurance/sync/to-sheet against GET /healthz, on the same running server, in turns.
//
// `rowlane serve` with 20 agencies of 50 agents and the embedded Sheets service, which is working the jobs off while
// the POSTs come in: the server, its passes, its Sheets service and the load generator share the machine.
#include <fmt/format.h>
#include <sys/socket.h>

#include "support/load.hpp"
#include "support/measure.hpp"
#include "support/program.hpp"

namespace rowlane::bench {
namespace {

constexpr int kUsers = 1'000, kRounds = 5;
constexpr double kSeconds = 2;

void against_healthz(Report& report, const Program& program, int connections) {
  std::vector<double> rate, p99, posts, gets;
  for (int round = 0; round < kRounds + 1; ++round) {
    LoadResult health, post;
    const auto measure_health = [&] {
      program.wait_until_drained();
      health = Load(program.port(), connections).run(kSeconds, 200, [](int) { return get_request("/healthz"); });
    };
    if (round % 2 == 0) measure_health();
    post = Load(program.port(), connections).run(kSeconds, 202, [&](int i) { return post_sync_request((i * 7 + round) % kUsers); });
    if (round % 2 == 1) measure_health();
    if (round == 0) continue;  // warms up
    rate.push_back(post.rate() / health.rate());
    p99.push_back(percentile(post.latencies, 0.99) / percentile(health.latencies, 0.99));
    posts.push_back(post.rate());
    gets.push_back(health.rate());
  }
  report.at_least(fmt::format("http: durable POST against GET /healthz, {} connections", connections), median(rate), 0.6,
                  fmt::format("{:.0f}/s, {:.0f}/s; {} rounds", median(posts), median(gets), kRounds));
  report.at_most(fmt::format("http: p99 of the POST against that of /healthz, {} connections", connections), median(p99), 3.0);
}

}  // namespace
}  // namespace rowlane::bench

int main() {
  using namespace rowlane::bench;
  allow_descriptors(4'096);
  Report report;
  const DataDir dir;
  {
    const Program program(dir.path(), {.agencies = 20, .users_each = 50, .records_each = 2});
    against_healthz(report, program, 64);
    against_healthz(report, program, 1'000);
  }
  return report.exit_code();
}
