#!/usr/bin/env bash
# Resolves requirements/*.txt again. Existing pins are kept: pass --upgrade to move them.
set -euo pipefail
cd "$(dirname "$0")/.."

uv_version=0.13.8
python=.venv/bin/python
[ -x "$python" ] || { echo "lock: there is no .venv; run 'make setup' first" >&2; exit 1; }
resolver=.venv/resolver
"$python" -m pip install --quiet --upgrade --target "$resolver" "uv==$uv_version"

resolve() {
    "$resolver/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" "$@"
}

# Everything is resolved first; demo and server then take the same versions, so one .venv can hold all.
resolve pyproject.toml --group build --all-extras --group dev --output-file requirements/dev.txt "$@"
resolve pyproject.toml --group build --extra demo --constraints requirements/dev.txt --output-file requirements/demo.txt "$@"
resolve pyproject.toml --group build --all-extras --constraints requirements/dev.txt --output-file requirements/server.txt "$@"
# Only the tools that audit, which live apart from what they look at.
resolve --group audit --output-file requirements/audit.txt "$@"
# A client of another maker, which cannot live with the server's own packages.
resolve --group clients --output-file requirements/clients.txt "$@"

if grep -nE '://|^ *-(i|f)|^ *--(index|extra|find|trusted)| @ |(^|[^.[:alnum:]])/[a-z]' requirements/*.txt; then
    echo "lock: an address or a path got into a lock file" >&2
    exit 1
fi
