#!/usr/bin/env bash
# The verbs of ./dev. Run from the project's root.
set -euo pipefail

usage() {
  local programs
  programs=$(test_programs | xargs | fold -s -w 95 | sed '2,$s/^/              /')
  awk -v programs="$programs" '{ sub("SUITES", programs); print }' <<'TXT'
./dev demo    build, then start a demo agency on loopback
./dev sim SEED  replay one simulated day, a line for each thing that happens
./dev bench [NAME]  measure the figures (bench/README.md), all or one: queue, http, idle, pass, ten_users
./dev soak [MIN]    for MIN minutes (10): fuzzers, kill -9 under load, the simulation over fresh seeds
./dev build   compile the libraries and programs into build/
./dev test    everything that must pass: lint, build, tests under ASan and UBSan, threads under TSan, the dashboard's own
              tests, npm clients, the dashboard in Chromium. The last line sums them up
./dev test NAME  one suite of these, NAME being
              lint, threads, web, npm, browser, or a test program:
              SUITES
./dev lint    check the layers between folders, the format, the dashboard with Biome, coroutines with clang-tidy-19
./dev fmt     format the sources with clang-format-19
TXT
}

packages=(clang-19 lld-19 clang-format-19 libclang-rt-19-dev ninja-build ccache cmake pkg-config git
  libboost1.81-dev libboost-json1.81-dev libsqlite3-dev libcurl4-openssl-dev libssl-dev openssl libpcre2-8-0 libsodium-dev libcli11-dev
  libtomlplusplus-dev libspdlog-dev libfmt-dev libicu-dev zlib1g-dev doctest-dev librapidcheck-dev curl jq)
# npm builds the dashboard; a Node of another source brings its own.
command -v npm >/dev/null || packages+=(npm)

# Debian packages that are missing, installed without a question.
set_up() {
  local missing=()
  for package in "${packages[@]}"; do
    [ "$(dpkg-query -W -f='${db:Status-Abbrev}' "$package" 2>/dev/null | cut -c1-2)" = ii ] || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  echo "installing: ${missing[*]}"
  local sudo=()
  [ "$(id -u)" = 0 ] || sudo=(sudo)
  "${sudo[@]}" apt-get update -qq
  DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}"
}

# The dashboard and the tests that npm runs need Node 20: the installed one, else npm's.
node_20() {
  if [ "$(node --version 2>/dev/null | sed 's/^v\([0-9]*\).*/\1/')" -ge 20 ] 2>/dev/null; then
    command -v node
    return
  fi
  local cache=${XDG_CACHE_HOME:-$HOME/.cache}/rowlane-node
  [ -x "$cache/node_modules/node/bin/node" ] || npm install --silent --no-fund --no-audit --prefix "$cache" node@20 >&2
  echo "$cache/node_modules/node/bin/node"
}

# The nginx that the proxy's sample is tried with: the installed one, else Debian's, unpacked beside and not installed, so
# that no service starts on this machine.
nginx_program() {
  command -v nginx && return
  local cache=${XDG_CACHE_HOME:-$HOME/.cache}/rowlane-nginx
  if [ ! -x "$cache/usr/sbin/nginx" ]; then
    mkdir -p "$cache"
    (cd "$cache" && apt-get download -qq nginx 2>/dev/null && dpkg -x nginx_*.deb . && rm nginx_*.deb) >&2
  fi
  echo "$cache/usr/sbin/nginx"
}

# Paths are taken relative to the checkout; a build folder made anew at the same place finds what it had.
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1 CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime

# configure FOLDER [cmake options ...]
configure() {
  local folder=$1
  shift
  CC=clang-19 CXX=clang++-19 cmake -S . -B "$folder" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo \
    -DCMAKE_CXX_COMPILER_LAUNCHER=ccache "$@" >"$folder.log" 2>&1 || { cat "$folder.log"; exit 1; }
}

# npm_packages FOLDER: what its lock file says, installed once.
npm_packages() {
  [ "$1/node_modules/.package-lock.json" -nt "$1/package-lock.json" ] || npm ci --silent --no-fund --no-audit --prefix "$1"
}

# The dashboard in web/dist, built anew when anything that it is made of differs from the last time.
build_web() {
  local made_of
  made_of=$(find web -type f -not -path '*/node_modules/*' -not -path 'web/dist/*' -not -path web/src/api/schema.ts | LC_ALL=C sort | xargs sha256sum | sha256sum)
  [ -f web/dist/index.html ] && [ "$(cat web/node_modules/.built 2>/dev/null)" = "$made_of" ] && return
  local node
  node=$(node_20)
  npm_packages web
  rm -rf web/dist
  (cd web && PATH="$(dirname "$node"):$PATH" npm run --silent build)
  echo "$made_of" >web/node_modules/.built
}

lint_web() { (cd web && PATH="$(dirname "$(node_20)"):$PATH" npm run --silent lint); }

build() {
  build_web
  mkdir -p build
  configure build
  ninja -C build --quiet
}

sources() { git ls-files '*.cpp' '*.hpp'; }
check_format() { sources | xargs clang-format-19 --dry-run -Werror; }

# The test programs that ctest runs, as tests/CMakeLists.txt makes them.
test_programs() { echo conformance property simulation; ls -d tests/unit/*/ | sed 's|tests/unit/\(.*\)/|unit_\1|'; }

# What the suites that ran came to: a line "PASSED FAILED" each, in a file, as each suite runs in a shell of its own.
tally=
count() { echo "$1 $2" >>"$tally"; }
# sum_lines PATTERN FILE: the numbers that PATTERN captures, summed.
sum_lines() { sed -nE "s/$1/\1/p" "$2" | awk '{ sum += $1 } END { print sum + 0 }'; }

# A suite in a shell of its own, which ends at its first failing command; one that fails without having counted a failure
# counts as one. What failed makes the exit code at the end.
suite() {
  local before code failed
  before=$(wc -l <"$tally")
  set +e
  (set -e; "$@")
  code=$?
  set -e
  failed=$(tail -n "+$((before + 1))" "$tally" | awk '{ sum += $2 } END { print sum + 0 }')
  [ $code -eq 0 ] || [ "$failed" -gt 0 ] || { count 0 1; echo "FAILED: $*"; }
  return 0
}
# The last line, whatever happened before it: cases of the test programs, tests of Vitest and of Node.
sum_up() {
  local passed failed
  read -r passed failed < <(awk '{ p += $1; f += $2 } END { print p + 0, f + 0 }' "$tally")
  rm -f "$tally"
  echo "$passed passed, $failed failed"
  [ "$failed" -eq 0 ]
}

build_for_tests() {
  build_web
  mkdir -p build-asan
  configure build-asan -DROWLANE_SANITIZE=address -DROWLANE_STOP_POINTS=ON
  ninja -C build-asan --quiet "$@"
}
# run_ctest FOLDER [ctest options ...]: counts doctest's cases. A program that ends before it has said them counts as one.
run_ctest() {
  local folder=$1 code=0 log=$1/Testing/Temporary/LastTest.log said failed
  shift
  ctest --test-dir "$folder" --output-on-failure "$@" || code=$?
  said='^\[doctest\] test cases: *[0-9]+ \| *([0-9]+) passed \|.*'
  failed=$(sum_lines '^\[doctest\] test cases:.*\| *([0-9]+) failed \|.*' "$log")
  [ $code -eq 0 ] || [ "$failed" -gt 0 ] || failed=1
  count "$(sum_lines "$said" "$log")" "$failed"
  return $code
}
# run_node [options ...] FILES: Node's own test runner.
run_node() {
  local code=0 log
  log=$(mktemp)
  "$(node_20)" --test --test-reporter=spec --test-reporter-destination=stdout --test-reporter=tap \
    --test-reporter-destination="$log" "$@" || code=$?
  count "$(sum_lines '^# pass ([0-9]+)$' "$log")" \
    "$(($(sum_lines '^# fail ([0-9]+)$' "$log") + $(sum_lines '^# cancelled ([0-9]+)$' "$log")))"
  rm -f "$log"
  return $code
}
run_vitest() {
  local code=0 log
  log=$(mktemp)
  build_web
  (cd web && "$(node_20)" node_modules/vitest/vitest.mjs run --reporter=default --reporter=json --outputFile="$log") || code=$?
  count "$(jq .numPassedTests "$log")" "$(jq .numFailedTests "$log")"
  rm -f "$log"
  return $code
}
run_npm_tests() {
  npm_packages tests/npm
  SHEETS_SERVER_PROGRAM="$PWD/build-asan/sheets_server" CLIENT_REQUESTS_PROGRAM="$PWD/build-asan/client_requests" \
    ROWLANE_PROGRAM="$PWD/build-asan/rowlane" NGINX_PROGRAM="$(nginx_program)" run_node tests/npm/*.test.mjs
}
# In a real browser, one file after the other: they measure times.
run_browser_tests() {
  npm_packages tests/browser
  ROWLANE_PROGRAM="$PWD/build-asan/rowlane" run_node --test-concurrency=1 tests/browser/*.test.mjs
}
run_lint() {
  bash scripts/check_layers.sh
  check_format
  build_web
  lint_web
  lint_coroutines
}

# All suites, each whatever the one before it came to; without a build there is nothing to run.
run_tests() {
  tally=$(mktemp)
  suite build_for_tests
  if [ ! -s "$tally" ]; then
    suite run_lint
    suite run_ctest build-asan
    suite run_thread_tests
    suite run_vitest
    suite run_npm_tests
    suite run_browser_tests
  fi
  sum_up
}
# run_suite NAME
run_suite() {
  tally=$(mktemp)
  case $1 in
    lint) suite run_lint ;;
    threads) suite run_thread_tests ;;
    web) suite run_vitest ;;
    npm | browser)
      suite build_for_tests rowlane sheets_server client_requests
      [ -s "$tally" ] || suite "run_$1_tests" ;;
    *)
      test_programs | tr ' ' '\n' | grep -qx -- "$1" || { echo "./dev test: there is no suite '$1'" >&2; usage >&2; exit 2; }
      suite build_for_tests "$1"
      [ -s "$tally" ] || suite run_ctest build-asan -R "^$1\$" ;;
  esac
  sum_up
}

# What runs on several threads, once more under TSan. As few targets as show the races: executors and sockets, the
# store's writer and readers, and the routes on top of them.
thread_targets=(unit_base unit_net unit_lanes unit_store unit_api conformance)
run_thread_tests() {
  mkdir -p build-tsan
  configure build-tsan -DROWLANE_SANITIZE=thread
  ninja -C build-tsan --quiet "${thread_targets[@]}"
  run_ctest build-tsan -R "^($(IFS='|'; echo "${thread_targets[*]}"))\$"
}

benches=(queue http idle pass ten_users)
# Every benchmark is run, whatever the one before it came to; the first miss makes the exit code.
run_benches() {
  local names=("$@") missed=0
  [ ${#names[@]} -gt 0 ] || names=("${benches[@]}")
  build_web
  mkdir -p build
  configure build
  ninja -C build --quiet "${names[@]/#/bench_}"
  for name in "${names[@]}"; do
    (cd build && "./bench_$name") || missed=1
  done
  return $missed
}

# Fresh inputs, fresh seeds: what a run of fixed length cannot cover. A failing input or seed is printed.
soak() {
  local minutes=${1:-10} targets=(reply csv json request)
  local seconds=$((minutes * 60 / 3 / ${#targets[@]})) end after kills=0
  build
  ninja -C build --quiet simulation conformance
  mkdir -p build-fuzz
  configure build-fuzz -DROWLANE_SANITIZE=address -DROWLANE_FUZZ=ON
  ninja -C build-fuzz --quiet "${targets[@]/#/fuzz_}"
  for target in "${targets[@]}"; do
    mkdir -p "build-fuzz/corpus-$target"
    echo "fuzz_$target: $seconds s"
    "build-fuzz/fuzz_$target" -max_total_time="$seconds" -max_len=4096 -timeout=20 -verbosity=0 -print_final_stats=1 \
      -artifact_prefix="build-fuzz/$target-" "build-fuzz/corpus-$target" || return 1
  done
  end=$(($(date +%s) + minutes * 60 / 3))
  while [ "$(date +%s)" -lt $end ]; do
    kills=$((kills + 1)) after=$((RANDOM % 3000 + 1))
    ROWLANE_KILL_AFTER=$after build/conformance --no-version -tc='*kill -9*' >build-fuzz/kill.log 2>&1 ||
      { cat build-fuzz/kill.log; echo "killed after $after accepted jobs"; return 1; }
  done
  echo "kill -9 under load: $kills times, nothing lost, doubled or out of order"
  end=$(($(date +%s) + minutes * 60 / 3))
  local seed=$(($(date +%s) * 1000)) days=0
  while [ "$(date +%s)" -lt $end ]; do
    seed=$((seed + 1)) days=$((days + 1))
    ROWLANE_SEED=$seed build/simulation --no-version -tc='whatever fails*' >build-fuzz/day.log 2>&1 ||
      { cat build-fuzz/day.log; echo "replay with: ./dev sim $seed"; return 1; }
  done
  echo "simulation: $days fresh seeds"
}

# The two checks that a coroutine code base cannot do without, over the files that hold coroutines. They read the
# commands and the precompiled header of the tests' build.
lint_coroutines() {
  build_for_tests rowlane_pch
  git grep -lE 'co_await|co_return' -- 'src/*.cpp' | xargs -P "$(nproc)" -n 2 clang-tidy-19 -p build-asan --quiet --warnings-as-errors='*' \
    --checks='-*,cppcoreguidelines-avoid-capturing-lambda-coroutines,misc-coroutine-hostile-raii'
}

case "${1:-help}" in
  build) set_up; build ;;
  demo) set_up; build; shift; exec build/rowlane demo "$@" ;;
  sim) set_up; build; ROWLANE_SEED=${2:?usage: ./dev sim SEED} exec build/simulation --no-version -tc='whatever fails*' ;;
  test)
    packages+=(chromium fonts-noto-core clang-tidy-19)
    set_up
    if [ $# -gt 1 ]; then run_suite "$2"; else run_tests; fi ;;
  bench) set_up; shift; run_benches "$@" ;;
  soak) set_up; soak "${2:-10}" ;;
  lint) packages+=(clang-tidy-19); set_up; run_lint ;;
  fmt) set_up; sources | xargs clang-format-19 -i ;;
  help|-h|--help) usage ;;
  *) echo "./dev: unknown command '$1'" >&2; usage >&2; exit 2 ;;
esac
