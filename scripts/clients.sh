#!/usr/bin/env bash
# Sets up clients of other makers in a folder of their own:  scripts/clients.sh FOLDER
# Versions and hashes are those of tests/clients/npm/package-lock.json and requirements/clients.txt.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=${1:?usage: scripts/clients.sh FOLDER}
command -v npm >/dev/null || { echo "clients: npm is not installed; install Node.js 20 or newer" >&2; exit 1; }
lock=requirements/clients.txt
done_with=$(cat tests/clients/npm/package-lock.json "$lock" | cksum)
[ "$(cat "$folder/.done-with" 2>/dev/null)" = "$done_with" ] && exit 0

mkdir -p "$folder"
cp tests/clients/npm/package.json tests/clients/npm/package-lock.json "$folder/"
(cd "$folder" && npm ci --no-audit --no-fund --loglevel=error)
.venv/bin/python -m venv --clear "$folder/python"
"$folder/python/bin/python" -m pip install --disable-pip-version-check --no-input --quiet \
    --require-hashes --only-binary :all: --requirement "$lock"
printf '%s' "$done_with" >"$folder/.done-with"
