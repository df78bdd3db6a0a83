// A durable POST /api/insurance/sync/to-sheet against GET /healthz, on the same running server, in turns.
//
// `rowlane serve` with 20 agencies of 50 agents; the server and the load generator share the machine. The figures are
// of accepting: the Sheets account waits for its quota, as after a 429. What is left of the rate while passes and the
// embedded Sheets service work the jobs off on the same processors and disk is told beside them.
#include <fmt/format.h>
#include <sys/socket.h>

#include <set>

#include "support/load.hpp"
#include "support/measure.hpp"
#include "support/program.hpp"
#include "support/raw_inserts.hpp"

namespace rowlane::bench {
namespace {

constexpr int kUsers = 1'000, kRounds = 5;
constexpr double kSeconds = 2;

struct Ratios {
  double rate = 0, p99 = 0;
  std::string rates;
};

Ratios against_healthz(const Program& program, int connections, bool drains) {
  std::vector<double> rate, p99, posts, gets;
  for (int round = 0; round < kRounds + 1; ++round) {
    LoadResult health, post;
    const auto measure_health = [&] {
      if (drains) program.wait_until_drained();
      health = Load(program.port(), connections).run(kSeconds, 200, [](int) { return get_request("/healthz"); });
    };
    if (round % 2 == 0) measure_health();
    post = Load(program.port(), connections).run(kSeconds, 202, [&](int i) {
      return post_sync_request((i * 7 + round) % kUsers);
    });
    if (round % 2 == 1) measure_health();
    if (round == 0) continue;  // warms up
    rate.push_back(post.rate() / health.rate());
    p99.push_back(percentile(post.latencies, 0.99) / percentile(health.latencies, 0.99));
    posts.push_back(post.rate());
    gets.push_back(health.rate());
  }
  return {median(rate), median(p99),
          fmt::format("{:.0f}/s, {:.0f}/s; {} rounds", median(posts), median(gets), kRounds)};
}

// What the store alone takes in a second, with all the time of a processor to itself and no HTTP around it.
double raw_rate(int together) {
  const DataDir dir;
  std::vector<int> lanes;
  for (int i = 0; i < 50'000; ++i) lanes.push_back(i % kUsers);
  return static_cast<double>(lanes.size()) / raw_inserts({dir.path(), 20, kUsers / 20, together, lanes});
}

void accepting(Report& report, const Program& program, int connections) {
  const Ratios found = against_healthz(program, connections, false);
  report.at_least(fmt::format("http: durable POST against GET /healthz, {} connections", connections), found.rate, 0.6,
                  found.rates);
  report.at_most(fmt::format("http: p99 of the POST against that of /healthz, {} connections", connections), found.p99,
                 3.0);
  report.info(fmt::format("http: bare inserts of the same rows, {} a commit, no HTTP", connections),
              fmt::format("{:.0f}/s", raw_rate(connections)));
}

void accepting_while_draining(Report& report, const Program& program, int connections) {
  const Ratios found = against_healthz(program, connections, true);
  report.info(fmt::format("http: the same while passes work the jobs off, {} connections", connections),
              fmt::format("{:.3g}, p99 {:.3g}; {}", found.rate, found.p99, found.rates));
}

}  // namespace
}  // namespace rowlane::bench

// Without arguments both parts; else those named: accept, drain.
int main(int argc, char** argv) {
  using namespace rowlane::bench;
  allow_descriptors(4'096);
  Report report;
  const std::set<std::string> named(argv + 1, argv + argc);
  const auto wanted = [&](const char* part) { return named.empty() || named.contains(part); };
  if (wanted("accept")) {
    const DataDir dir;
    const Program program(dir.path(), {.agencies = 20, .users_each = 50, .records_each = 2, .parked = true});
    for (const int connections : {64, 1'000}) accepting(report, program, connections);
  }
  if (wanted("drain")) {
    const DataDir dir;
    const Program program(dir.path(), {.agencies = 20, .users_each = 50, .records_each = 2});
    for (const int connections : {64, 1'000}) accepting_while_draining(report, program, connections);
  }
  return report.exit_code();
}
