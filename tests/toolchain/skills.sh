#!/usr/bin/env bash
# Builds the skills that are projects of their own, as their authors would: with `skep build`.
#   target/skills/NAME/                   the example skills of plugins/ that aren't in its Rust workspace
#   target/conformance/LANGUAGE/SHAPE/    the fixtures of tests/conformance
# Only what changed is built again.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
skep=$root/target/debug/skep
export PATH=$root/target/languages/bin:$PATH CARGO=$root/target/guest-toolchain/cargo
# Rust projects share what they build of their dependencies.
export CARGO_TARGET_DIR=$root/target/guests

sums() { # files and folders
  git ls-files --cached --others --exclude-standard -z "$@" |
    xargs -0 sha256sum 2>/dev/null || true # a link to a folder has no sum
}
# What every project is made from besides its own sources.
shared=$(sums sdk wit host/forge tests/toolchain/languages.sh | sha256sum)

build() { # project, its place
  local made=$2/.made now
  now=$shared$(sums "$1")
  [ "$(cat "$made" 2>/dev/null)" != "$now" ] || return 0
  if grep -qs '"dependencies"' "$1/package.json"; then npm install --silent --no-fund --no-audit --omit=dev --prefix "$1"; fi
  "$skep" build "$1" > "$root/target/skill-build.log" 2>&1 || {
    echo "skills: $1 doesn't build:" >&2
    cat "$root/target/skill-build.log" >&2
    exit 1
  }
  mkdir -p "$2"
  cp "$1/skill.toml" "$1"/*.wasm "$2/"
  [ ! -f "$1/SKILL.md" ] || cp "$1/SKILL.md" "$2/"
  echo "$now" > "$made"
}

for manifest in plugins/*/skill.toml; do
  project=${manifest%/skill.toml}
  [ ! -f "$project/Cargo.toml" ] || continue # in the workspace of plugins/, which guests.sh builds in one go
  build "$project" "target/skills/$(basename "$project")"
done
for manifest in tests/conformance/fixtures/*/*/skill.toml; do
  project=${manifest%/skill.toml}
  build "$project" "target/conformance/${project#tests/conformance/fixtures/}"
done
echo "skills: $(ls target/conformance | wc -l) languages in target/conformance, $(ls target/skills | wc -l) skills in target/skills"
