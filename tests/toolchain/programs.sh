#!/usr/bin/env bash
# Builds existing command-line programs from crates.io, unmodified, for the tests that run them as skills.
#   target/programs/rg.wasm          ripgrep, a core module for WASI preview 1
#   target/programs/coreutils.wasm   the uutils coreutils, a component for WASI 0.2
# Each is built once a version: some minutes on two cores. Quick when nothing is to be done.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
out=$root/target/programs
export CARGO_TARGET_DIR=$out/build CARGO_PROFILE_RELEASE_STRIP=true

say() { echo "programs: $*"; }

# Where the cargo that builds for a target is.
toolchain() { # target
  case $1 in
    wasm32-wasip2)
      tests/toolchain/rust.sh >&2
      echo "$root/target/guest-toolchain/cargo"
      ;;
    *)
      tests/toolchain/rust.sh "$1" >&2
      echo "$root/target/guest-toolchain-$1/cargo"
      ;;
  esac
}

program() { # its file, target, crate@version, more for cargo
  local file=$out/$1 target=$2 crate=$3 cargo
  shift 3
  [ "$(cat "$file.made" 2>/dev/null)" != "$crate $target $*" ] || return 0
  cargo=$(toolchain "$target")
  say "building $crate for $target (some minutes)"
  # From elsewhere, so that this repository's settings for cargo don't apply.
  (cd / && "$cargo" install --quiet --locked --no-track --force --root "$out" "$crate" "$@" 2>"$out/build.log") || {
    cat "$out/build.log" >&2
    exit 1
  }
  mv "$out/bin/${file##*/}" "$file"
  echo "$crate $target $*" > "$file.made"
}

mkdir -p "$out"
program rg.wasm wasm32-wasip1 ripgrep@15.2.0
program coreutils.wasm wasm32-wasip2 coreutils@0.12.0 --no-default-features --features feat_wasm
# What they were built from is ten times as large, and not needed again.
rm -rf "$out/build" "$out/build.log" "$out/bin" "$out"/.crates*
