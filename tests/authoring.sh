#!/usr/bin/env bash
# Measures authoring, as a table for the README: from nothing, `skep new`, `skep build` and the first answer, in
# each language; and with `skep dev`, the seconds from a save to the first answer of the new version (median
# of ten). Uses a release build and the toolchains that the tests use. Takes some minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
saves=10
patience=120 # seconds until a save must have been answered
dir=$(mktemp -d)
dev=
finish() {
  [ -z "$dev" ] || kill -INT "$dev" 2>/dev/null || true
  rm -rf "$dir"
}
trap finish EXIT
export PATH=$root/target/release:$root/target/languages/bin:$PATH
export CARGO=$root/target/guest-toolchain/cargo SKEP_DATA=$dir/data XDG_CACHE_HOME=$dir/cache

# Runs a command; leaves the seconds it took in $took.
timed() {
  local began=$EPOCHREALTIME
  "$@" > "$dir/log" 2>&1 || { cat "$dir/log" >&2; exit 1; }
  took=$(awk -v a="$began" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.2f", b - a }')
}

add_and_call() { # skill
  skep add "$1" && skep call "$1" name=Ann
}

# The lines of `skep dev` that tell of an answer.
answers() { grep -o '[0-9.]* s after saving' "$dir/dev.log" | cut -d' ' -f1; }

save() { # project, number
  local file
  file=$(grep -rlE 'whom shall I greet' --include='*' "$1" --exclude-dir={.skep,target,node_modules,tests,__pycache__} |
    grep -vE '\.(md|toml|wasm)$' | head -1)
  sed -i "s/whom shall I greet[0-9]*/whom shall I greet$2/" "$file"
}

median_of_saves() { # project
  local number waited=0
  skep dev "$1" --call 'greet name=Ann' > "$dir/dev.log" 2>&1 &
  dev=$!
  for number in $(seq 0 $saves); do
    [ "$number" = 0 ] || save "$1" "$number"
    until [ "$(answers | wc -l)" -gt "$number" ]; do
      sleep 0.1
      waited=$((waited + 1))
      [ $waited -lt $((patience * 10)) ] || { cat "$dir/dev.log" >&2; exit 1; }
    done
    waited=0
  done
  kill -INT "$dev"
  wait "$dev" || true
  dev=
  answers | tail -$saves | sort -n | sed -n "$((saves / 2))p"
}

echo "| language | new | build | add and call | build again | size | save to answer |"
echo "| --- | --- | --- | --- | --- | --- | --- |"
cd "$dir"
for language in ${*:-rust python js ts c go zig}; do
  name=greeter-$language
  timed skep new "$language" "$name" --shape contract && new=$took
  timed skep build "$name" && build=$took
  timed add_and_call "$name" && call=$took
  touch "$name"/src/* 2>/dev/null || true
  timed skep build "$name" && again=$took
  size=$(($(stat -c %s "$name"/*.wasm) / 1024))
  echo "| $language | $new s | $build s | $call s | $again s | $size KiB | $(median_of_saves "$name") s |"
done
