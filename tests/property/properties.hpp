// rapidcheck under doctest: a property is a test case; a failing one prints the smallest counterexample and its seed.
// RC_PARAMS="seed=N max_success=M" replays or widens a run.
#pragma once

#include <doctest/doctest.h>
#include <rapidcheck.h>

// PROPERTY("sentence", (const T& a, ...) { RC_ASSERT(...); }) checks the lambda for drawn arguments.
#define PROPERTY(name, ...) \
  TEST_CASE(name) { REQUIRE(rc::check(name, [] __VA_ARGS__)); }
