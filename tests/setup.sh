#!/usr/bin/env bash
# Installs what building and testing need and this machine lacks. Says nothing when nothing is missing.
#   tests/setup.sh tools     a C compiler, rustfmt, clippy, cargo-nextest, what runs pip and npm
#   tests/setup.sh servers   Redis and MariaDB, which tests start privately
#   tests/setup.sh probes    schemathesis, which holds the API to its own description
#   tests/setup.sh clients   MCP's client for Python and its conformance suite, with a Node that runs it
set -euo pipefail

nextest_version=0.9.143
schemathesis_version=4.32.5
mcp_version=2.3.0
suite_stable=0.1.16
suite_next=0.2.0-alpha.12
node_version=22.23.3
apt_lock_seconds_max=300
root=$(cd "$(dirname "$0")/.." && pwd)
# Servers are not on everybody's path.
PATH=$PATH:/usr/local/sbin:/usr/sbin

say() { echo "setup: $*"; }
die() { echo "setup: $*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif have sudo; then
    sudo "$@"
  else
    die "not root, and no sudo: run as root: $*"
  fi
}

# install_missing PROGRAM=PACKAGE…: the Debian packages of those programs that aren't there.
install_missing() {
  local pair programs=() packages=()
  for pair in "$@"; do
    have "${pair%%=*}" && continue
    programs+=("${pair%%=*}")
    packages+=("${pair#*=}")
  done
  [ ${#packages[@]} = 0 ] || install_packages "${packages[@]}"
}

# install_packages PACKAGE…: those Debian packages.
install_packages() {
  have apt-get || die "no apt-get to install ${*} with: install what this system calls them, then try again"
  say "installing ${*}"
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o "DPkg::Lock::Timeout=$apt_lock_seconds_max")
  as_root "${apt[@]}" update
  as_root "${apt[@]}" install -y --no-install-recommends "$@" >/dev/null
}

tools() {
  have cargo || die "cargo not found: install Rust from https://rustup.rs"
  install_missing cc=build-essential python3=python3 npm=npm openssl=openssl
  python3 -c "import ensurepip, venv" 2>/dev/null || install_packages python3-venv
  local component missing=()
  for component in rustfmt clippy; do
    # rustup's stand-ins are there even when the component isn't.
    "cargo-${component/rustfmt/fmt}" --version >/dev/null 2>&1 || missing+=("$component")
  done
  if [ ${#missing[@]} != 0 ]; then
    have rustup || die "${missing[*]} not found, and no rustup to add them with"
    say "adding ${missing[*]}"
    rustup --quiet component add "${missing[@]}"
  fi
  # Whether an installed one is new enough, .config/nextest.toml tells it.
  if ! cargo nextest --version >/dev/null 2>&1; then
    say "installing cargo-nextest $nextest_version (some minutes)"
    # Unoptimised, it builds in less than half the time and runs tests as fast.
    CARGO_PROFILE_RELEASE_OPT_LEVEL=0 cargo install --quiet --locked "cargo-nextest@$nextest_version"
  fi
}

# The packages without services: nothing starts with the system.
servers() {
  install_missing redis-server=redis-server mariadbd=mariadb-server-core mariadb=mariadb-client-core
}

# In target/schemathesis, of this very version.
probes() {
  local place=$root/target/schemathesis
  [ "$(cat "$place/installed" 2>/dev/null)" != "$schemathesis_version" ] || return 0
  install_missing python3=python3
  say "installing schemathesis $schemathesis_version"
  rm -rf "$place"
  python3 -m venv "$place"
  "$place/bin/pip" install --quiet --disable-pip-version-check "schemathesis==$schemathesis_version"
  echo "$schemathesis_version" > "$place/installed"
}

# What the tests of MCP are held against, and what runs it: in target/mcp, of these very versions.
clients() {
  local place=$root/target/mcp
  local wanted="mcp $mcp_version, suite $suite_stable and $suite_next, node $node_version"
  [ "$(cat "$place/installed" 2>/dev/null)" != "$wanted" ] || return 0
  install_missing python3=python3 npm=npm
  say "installing $wanted"
  rm -rf "$place"
  python3 -m venv "$place/venv"
  "$place/venv/bin/pip" install --quiet --disable-pip-version-check "mcp==$mcp_version"
  npm install --silent --no-audit --no-fund --prefix "$place" \
    "suite-stable@npm:@modelcontextprotocol/conformance@$suite_stable" \
    "suite-next@npm:@modelcontextprotocol/conformance@$suite_next" \
    "node-linux-$(node_machine)@$node_version"
  echo "$wanted" > "$place/installed"
}

# The name of this machine in the names of Node's packages.
node_machine() {
  case $(uname -m) in
    x86_64) echo x64 ;;
    aarch64) echo arm64 ;;
    *) die "no Node for $(uname -m) is packaged: put one of version 22 or later into target/mcp" ;;
  esac
}

[ $# != 0 ] || set -- tools servers probes clients
for part in "$@"; do
  case $part in
    tools | servers | probes | clients) "$part" ;;
    *) die "no part $part: tools, servers, probes or clients" ;;
  esac
done
