// A plan cut into batches comes to the same as the plan in one.
#include "sync/chunk.hpp"

#include <doctest/doctest.h>

using namespace rowlane;
using namespace rowlane::sync;

namespace {

plan::TabPlan plan_of(int updates, int deletes, int adds) {
  plan::TabPlan p;
  p.tab = "general", p.sheet_id = 1, p.title = "T", p.grid_rows = 1000;
  p.insert_at = 50;
  p.row_of.assign(1000, 0);
  int record = 0;
  for (int i = 0; i < updates; ++i)
    p.updates.push_back({.record = record++,
                         .row = 2 + 2 * i,
                         .cells = {{.field = 0, .column = 1, .value = std::string("v")}},
                         .base = {}});
  for (int i = 0; i < deletes; ++i) p.deletes.push_back({.record = record++, .row = 3 + 2 * i, .image = {}});
  for (int i = 0; i < adds; ++i)
    p.adds.push_back({.record = record++, .cells = {{.field = 0, .column = 1, .value = std::string("n")}}, .base = {}});
  return p;
}
std::size_t bytes_of(const sheets::Op&, bool as_further_row) { return as_further_row ? 40 : 100; }

}  // namespace

TEST_CASE("whole records are cut: updates, then new rows; at least one") {
  plan::TabPlan rest = plan_of(5, 5, 5);
  ChunkBudget left{.bytes = 700'000, .requests = 6};  // new rows are neighbours, but the first of them needs two
  const plan::TabPlan first = cut(rest, left, bytes_of);
  CHECK(first.updates.size() == 5);
  CHECK(first.adds.empty());
  CHECK(rest.adds.size() == 5);
  CHECK(rest.updates.empty());
  ChunkBudget tiny;
  plan::TabPlan big = plan_of(3, 0, 0);
  const plan::TabPlan one = cut(big, tiny, [](const sheets::Op&, bool) { return std::size_t{9'000'000}; });
  CHECK(one.updates.size() == 1);
}

TEST_CASE("a row alike the one above it costs its cells alone") {
  plan::TabPlan rest = plan_of(0, 0, 20);
  ChunkBudget left{.bytes = 2 * 100 + 9 * 2 * 40 + 1, .requests = 100};  // a run for the name, one for the id
  rest.columns.id_column = 3;
  CHECK(cut(rest, left, bytes_of).adds.size() == 10);
  CHECK(left.requests == 98);
}

TEST_CASE("removals are cut on their own, as many as there is room for") {
  plan::TabPlan rest = plan_of(2, 3, 2);
  ChunkBudget left;
  plan::TabPlan first = cut(rest, left, bytes_of);
  CHECK(first.deletes.empty());
  CHECK(first.adds.size() == 2);
  CHECK(rest.deletes.size() == 3);
  left.requests = 3;
  cut_deletes(rest, first, left);
  CHECK(first.deletes.size() == 2);
  CHECK(rest.deletes.size() == 1);
}

TEST_CASE("rows of what is left follow what was written") {
  plan::TabPlan rest = plan_of(20, 10, 4);
  plan::TabPlan done = plan_of(0, 3, 2);  // rows 3, 5, 7 go; two rows come in at 50
  rest.deletes.erase(rest.deletes.begin(), rest.deletes.begin() + 3);
  rest.adds.erase(rest.adds.begin(), rest.adds.begin() + 2);
  advance(rest, done);
  CHECK(rest.updates[0].row == 2);
  CHECK(rest.updates[1].row == 3);    // was 4, one above it went
  CHECK(rest.updates[19].row == 37);  // was 40
  CHECK(rest.deletes[0].row == 6);    // was 9
  CHECK(rest.insert_at == 49);        // 50, less three, more two
  plan::TabPlan below = plan_of(0, 0, 0);
  below.updates.push_back({.record = 0, .row = 60, .cells = {}, .base = {}});
  advance(below, done);
  CHECK(below.updates[0].row == 59);
}
