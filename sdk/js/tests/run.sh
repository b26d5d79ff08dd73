#!/usr/bin/env bash
# Tests the JavaScript SDK on Node, against a host in memory. Needs node and esbuild.
set -euo pipefail
cd "$(dirname "$0")/.."
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT

imports=$(sed -n 's/^declare module "\(.*:.*\)".*/\1/p' library/host.d.ts)
fake=()
for import in $imports; do fake+=("--alias:$import=./tests/host.ts"); done
esbuild tests/*.test.ts --bundle --platform=node --format=esm --log-level=warning \
  --outdir="$made" --out-extension:.js=.mjs --external:node:* "${fake[@]}"
node --test "$made"
