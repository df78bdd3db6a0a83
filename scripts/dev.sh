#!/usr/bin/env bash
# The verbs of ./dev. Run from the project's root.
set -euo pipefail

usage() {
  cat <<'TXT'
./dev demo    build, then start a demo agency on loopback
./dev sim N   replay the simulated day of seed N
./dev build   compile the libraries and programs into build/
./dev test    everything that must pass: layers, build, unit tests under ASan and UBSan, npm clients
./dev lint    check the layers between folders
./dev fmt     format the sources with clang-format-19
TXT
}

packages=(clang-19 lld-19 clang-format-19 libclang-rt-19-dev ninja-build ccache cmake pkg-config git
  libboost1.81-dev libboost-json1.81-dev libsqlite3-dev libcurl4-openssl-dev libssl-dev libsodium-dev libcli11-dev
  libtomlplusplus-dev libspdlog-dev libfmt-dev libicu-dev zlib1g-dev doctest-dev curl jq)

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

# The tests that drive the local Sheets service by npm's clients need Node 20: the installed one, else npm's.
node_20() {
  if [ "$(node --version 2>/dev/null | sed 's/^v\([0-9]*\).*/\1/')" -ge 20 ] 2>/dev/null; then
    command -v node
    return
  fi
  local cache=${XDG_CACHE_HOME:-$HOME/.cache}/rowlane-node
  [ -x "$cache/node_modules/node/bin/node" ] || npm install --silent --no-fund --no-audit --prefix "$cache" node@20 >&2
  echo "$cache/node_modules/node/bin/node"
}

# One cache for every checkout: paths are taken relative to it.
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1 CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime

# configure FOLDER [cmake options ...]
configure() {
  local folder=$1
  shift
  CC=clang-19 CXX=clang++-19 cmake -S . -B "$folder" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo \
    -DCMAKE_CXX_COMPILER_LAUNCHER=ccache "$@" >"$folder.log" 2>&1 || { cat "$folder.log"; exit 1; }
}

build() {
  mkdir -p build
  configure build
  ninja -C build --quiet
}

run_tests() {
  bash scripts/check_layers.sh
  mkdir -p build-asan
  configure build-asan -DROWLANE_SANITIZE=address -DROWLANE_STOP_POINTS=ON
  ninja -C build-asan --quiet
  ctest --test-dir build-asan --output-on-failure
  local node
  node=$(node_20)
  npm ci --silent --no-fund --no-audit --prefix tests/npm
  ROWLANE_SHEETS_SERVER="$PWD/build-asan/sheets_server" ROWLANE_PROGRAM="$PWD/build-asan/rowlane" "$node" --test tests/npm/*.test.mjs
}

case "${1:-help}" in
  build) set_up; build ;;
  demo) set_up; build; shift; exec build/rowlane demo "$@" ;;
  sim) set_up; build; ROWLANE_SEED=${2:?usage: ./dev sim SEED} exec build/simulation ;;
  test) set_up; run_tests ;;
  lint) bash scripts/check_layers.sh ;;
  fmt) git ls-files '*.cpp' '*.hpp' | xargs clang-format-19 -i ;;
  help|-h|--help) usage ;;
  *) echo "./dev: unknown command '$1'" >&2; usage >&2; exit 2 ;;
esac
