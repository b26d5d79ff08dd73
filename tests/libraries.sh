#!/usr/bin/env bash
# Runs the native tests of the SDKs and example skills that aren't in Rust, with the toolchains in
# target/languages. Quiet but for what fails.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH=$PWD/target/languages/bin:$PATH
out=$PWD/target/libraries
mkdir -p "$out"

check() { # what, command…
  local what=$1
  shift
  "$@" > "$out/log" 2>&1 || {
    echo "libraries: $what:" >&2
    cat "$out/log" >&2
    exit 1
  }
}

check_c() {
  cc -std=gnu17 -o "$out/json_test" sdk/c/tests/json_test.c sdk/c/library/{memory,value,read,write,utf8}.c -lm
  "$out/json_test"
}

check "the Python SDK" python3 -m unittest discover -s sdk/python/tests
check "the JavaScript SDK" sdk/js/tests/run.sh
check "the C SDK" check_c
check "the Go SDK" go test -C sdk/go/library ./internal/tool/
check "the log parser" go test -C plugins/log-parse ./formats
check "the Zig SDK" zig test sdk/zig/library/schema.zig
check "the calls of the Zig SDK" zig test sdk/zig/library/call.zig
check "the image skill" zig test plugins/image/src/formats.zig
echo "libraries: the tests of the SDKs in Python, JavaScript, C, Go and Zig passed"
