// The yardstick of a durable queue: the rows of accepted jobs (lane, job, event) by bare prepared statements.
#pragma once

#include <string>
#include <vector>

namespace rowlane::bench {

struct RawInserts {
  std::string dir;  // empty; a store of so many spreadsheets and users is made in it
  int spreadsheets, users_each;
  int together;                   // jobs that share a commit: the most that so many clients can
  const std::vector<int>& lanes;  // of each job, in the order inserted
};
// Seconds that it took, with `synchronous=FULL`.
double raw_inserts(const RawInserts& wanted);

}  // namespace rowlane::bench
