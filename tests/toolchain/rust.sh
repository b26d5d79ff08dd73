#!/usr/bin/env bash
# Makes ready a Rust that builds guests: target/guest-toolchain/cargo is a cargo that always builds for
# wasm32-wasip2. rustup's target is used where it is there or can be had; else Debian's packages make a
# private sysroot, and std is built from source with the first guest. Quick when nothing is to be done.
#   rust.sh wasm32-wasip1   the same in target/guest-toolchain-wasm32-wasip1, for core modules
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
target=${1:-wasm32-wasip2}
out=$PWD/target/guest-toolchain${1:+-$1}
llvm=22
rustup_seconds_max=60
packages=(rustc-web cargo-web rust-web-src rust-web-llvm "lld-$llvm" "clang-$llvm" "llvm-$llvm"
  wasi-libc "libclang-rt-$llvm-dev-wasm32")

say() { echo "guest toolchain: $*"; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
rust_has_target() { command -v cargo >/dev/null && [ -d "$(rustc --print target-libdir --target "$target" 2>/dev/null)" ]; }

write_program() { # path, body
  printf '#!/bin/sh\n%s\n' "$2" > "$1.new"
  chmod +x "$1.new"
  mv "$1.new" "$1"
}

use_installed_rust() {
  mkdir -p "$out"
  write_program "$out/cargo" "command=\$1; shift
exec cargo \"\$command\" --target $target \"\$@\""
  say "$(rustc -V), which has $target"
}

install_packages() {
  local package missing=()
  for package in "${packages[@]}"; do
    dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package")
  done
  [ ${#missing[@]} = 0 ] && return
  command -v apt-get >/dev/null || {
    say "rustup can't add $target and there is no apt-get; run 'rustup target add $target'" >&2
    exit 1
  }
  say "installing ${missing[*]}"
  apt-cache show "${missing[0]}" >/dev/null 2>&1 || as_root apt-get update -q >/dev/null
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}" >/dev/null
}

# What a sysroot is made from: when one of these changes, it is made again.
ingredients() { cat "$here"/rust.sh "$here"/wasi-libc/*.c; /usr/bin/rustc -V; dpkg-query -W wasi-libc; }

build_sysroot() {
  local part lib object=$out/missing.o
  local self_contained=$out/sysroot/lib/rustlib/$target/lib/self-contained
  rm -rf "$out"
  mkdir -p "$self_contained"
  for part in etc src "$(/usr/bin/rustc --print host-tuple)"; do
    ln -s "/usr/lib/rustlib/$part" "$out/sysroot/lib/rustlib/$part"
  done
  lib=/usr/lib/wasm32-wasi
  cp "$lib/libc.a" "$lib/crt1-reactor.o" "$self_contained/"
  "clang-$llvm" -w --target=wasm32-wasi -Os -c "$here/wasi-libc/crt1-command.c" -o "$self_contained/crt1-command.o"
  "clang-$llvm" -w --target=wasm32-wasi -Os -c "$here/wasi-libc/missing.c" -o "$object"
  "llvm-ar-$llvm" r "$self_contained/libc.a" "$object"
  write_program "$out/rustc" "exec /usr/bin/rustc --sysroot '$out/sysroot' \"\$@\""
  write_program "$out/cargo" "command=\$1; shift
RUSTC='$out/rustc' RUSTC_BOOTSTRAP=1 exec /usr/bin/cargo \"\$command\" -Zbuild-std=std,panic_abort --target $target \"\$@\""
}

use_packages() {
  install_packages
  local made_from
  made_from=$(ingredients | sha256sum)
  if [ "$(cat "$out/made-from" 2>/dev/null)" != "$made_from" ]; then
    say "making a sysroot from Debian's packages"
    build_sysroot
    echo "$made_from" > "$out/made-from"
  fi
  say "Debian's $(/usr/bin/rustc -V)"
}

if rust_has_target; then
  use_installed_rust
elif [ ! -f "$out/made-from" ] && command -v rustup >/dev/null &&
  say "asking rustup for $target" && timeout "$rustup_seconds_max" rustup target add "$target" >/dev/null 2>&1; then
  use_installed_rust
else
  use_packages
fi
