#!/usr/bin/env bash
# Skep in one minute, on the embedded default: install, call, deny, grant, replace while serving, audit.
# Needs the program and the example skills: `make demo` builds both.
set -euo pipefail
cd "$(dirname "$0")/.."

skep=${SKEP:-target/debug/skep}
place=$(mktemp -d)
export SKEP_DATA=$place/data
host=

cleanup() {
  if [ -n "$host" ]; then kill "$host" 2>/dev/null || true; wait "$host" 2>/dev/null || true; fi
  rm -rf "$place"
}
trap cleanup EXIT

say() { printf '\n\033[1m# %s\033[0m\n' "$*"; }
show() { printf '$ skep%s\n' "$(printf ' %q' "$@")"; "$skep" "$@"; }

say "A host starts on memory and SQLite; nothing else needs to be installed."
"$skep" serve 2>"$place/log" &
host=$!
for _ in $(seq 100); do
  [ -S "$SKEP_DATA/skep.sock" ] && break
  kill -0 "$host" || { cat "$place/log"; exit 1; }
  sleep 0.1
done

say "The example skills are installed. Each is a WebAssembly component; each call will run in a fresh sandbox."
for skill in target/skills/*/; do show add "$skill"; done
show list

say "A typed skill has no SDK at all: its tools are its exported functions."
show inspect dates
show call dates/between start=2026-11-21 end=2027-03-01

say "csv-report wants to read a file. Nothing is granted, so this is denied."
code=0
show call csv-report/report path=/data/orders.csv group_by='["region"]' || code=$?
# The skill finds no such file and says so: a tool_error, exit code 20.
[ "$code" = 20 ] || { echo "the call should have failed in the skill, not with $code"; exit 1; }

say "Now that one folder is granted, read-only, the same call is allowed."
show grant csv-report --fs plugins/csv-report/data:/data
show call csv-report/report path=/data/orders.csv group_by='["region"]' of='["amount"]'

say "A new version replaces the one that serves, while it serves."
cp -r target/skills/csv-report "$place/next"
sed -i 's/^version = .*/version = "0.2.0"/' "$place/next/skill.toml"
(
  for _ in $(seq 20); do
    "$skep" call csv-report/columns path=/data/orders.csv >/dev/null || echo failed >>"$place/failed"
  done
) &
calls=$!
show add "$place/next"
wait "$calls"
[ ! -e "$place/failed" ] || { echo "a call failed while the skill was replaced"; exit 1; }
show list
echo "replaced: 20 calls meanwhile, none failed"

say "Everything that was done is in the audit, and the audit can be checked."
show audit --limit 12
show audit --verify

say "The host finishes what it has and stops."
kill -TERM "$host"
wait "$host"
host=
echo "done"
