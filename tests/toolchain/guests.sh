#!/usr/bin/env bash
# Builds the fixture skills of tests/guests, and the example skills of plugins/ that are in Rust.
#   target/guests/out/NAME.wasm   each fixture
#   target/skills/NAME/           each example skill, ready for `skep add`
# Only what changed is built again, and a file is replaced only when its bytes differ.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
export CARGO_TARGET_DIR=$root/target/guests
skep=$root/target/debug/skep
guest_cargo=$root/target/guest-toolchain/cargo
components=$CARGO_TARGET_DIR/wasm32-wasip2/release
out=$CARGO_TARGET_DIR/out
skills=$root/target/skills

replace() { # new file, its place
  if cmp -s "$1" "$2"; then return; fi
  cp "$1" "$2.new"
  mv "$2.new" "$2"
}

crates_of() { # workspace
  local manifest
  for manifest in "$1"/*/Cargo.toml; do basename "$(dirname "$manifest")"; done
}

# Cargo reads the link settings in .cargo/config.toml from the folder it runs in.
build() { # workspace
  (cd "$1" && "$guest_cargo" build --release --locked --quiet)
}

# Cargo has built it with the others already: what is left is to make it the component it is installed as.
make_skill() { # plugin
  local file
  CARGO=$guest_cargo "$skep" build "plugins/$1" >/dev/null
  mkdir -p "$skills/$1"
  for file in "${1//-/_}.wasm" skill.toml SKILL.md; do
    [ ! -f "plugins/$1/$file" ] || replace "plugins/$1/$file" "$skills/$1/$file"
  done
}

# The mark in versioned.wasm is there to be changed: see its source.
make_versions() {
  local number made=$CARGO_TARGET_DIR/versioned.wasm
  for number in 1 2; do
    LC_ALL=C sed "s/skep-version:000001/skep-version:00000$number/" "$out/versioned.wasm" > "$made"
    replace "$made" "$out/versioned-$number.wasm"
  done
}

tests/toolchain/rust.sh
mkdir -p "$out" "$skills"
build tests/guests
for guest in $(crates_of tests/guests); do replace "$components/${guest//-/_}.wasm" "$out/$guest.wasm"; done
make_versions
build plugins
for plugin in $(crates_of plugins); do make_skill "$plugin"; done
echo "guests: $(ls "$out" | wc -l) components in target/guests/out, $(ls "$skills" | wc -l) skills in target/skills"
