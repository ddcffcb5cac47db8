#!/usr/bin/env bash
# Brings .venv up to date with a lock file:  scripts/setup.sh demo|dev
# Costs nothing when the lock file, the interpreter and this folder are what they were last time.
set -euo pipefail
cd "$(dirname "$0")/.."

environment=${1:-}
venv=.venv
lock="requirements/$environment.txt"
[ -f "$lock" ] || { echo "usage: scripts/setup.sh demo|dev" >&2; exit 2; }

say() { printf 'set-up: %s\n' "$*" >&2; }
fail() { say "$@"; exit 1; }

sha256() { if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi; }

# Written last and removed first, so a .venv that an interrupted run left half made is made anew.
complete="$venv/.complete-in"

# Scripts in .venv hold its absolute path, so a folder that was moved needs a new one: hence $PWD.
fingerprint() {
    { cat "requirements/$1.txt" pyproject.toml scripts/setup.sh && echo "$PWD" && "$venv/bin/python" -VV; } \
        2>/dev/null | sha256
}
stamp() { echo "$venv/.up-to-date-$1"; }
up_to_date() {
    [ -f "$complete" ] && [ -f "$(stamp "$1")" ] && [ "$(cat "$(stamp "$1")")" = "$(fingerprint "$1")" ]
}

is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
can_make_venv() { "$1" -c 'import ensurepip, venv' 2>/dev/null; }

find_python() {
    local candidate
    for candidate in ${PYTHON:-} python3 python3.13 python3.12 python3.11 python3.14; do
        if command -v "$candidate" >/dev/null && is_new_enough "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    return 1
}

apt_install() {
    if ! command -v apt-get >/dev/null; then
        fail "Python 3.11 or newer with its venv module is missing." \
            "Install it (macOS: brew install python@3.13), then try again."
    fi
    if [ "$(id -u)" -ne 0 ]; then
        fail "missing: $*. Run this line, then try again:  sudo apt-get install -y $*"
    fi
    say "installing $* with apt-get"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq || say "the package lists could not be refreshed; trying with the old ones"
    apt-get install -y -qq "$@" >&2 || fail "apt-get could not install $*"
}

# pythonX.Y-venv belongs to exactly this interpreter; python3-venv follows the distribution's default.
venv_package() {
    case "${1##*/}" in
        python3.*) echo "${1##*/}-venv" ;;
        *) echo python3-venv ;;
    esac
}

make_venv() {
    local python name_another="Install a newer one and name it: PYTHON=python3.13 make demo"
    if ! python=$(find_python); then
        apt_install python3 python3-venv
        python=$(find_python) || fail "this system's python3 is older than 3.11. $name_another"
    fi
    if ! can_make_venv "$python"; then
        apt_install "$(venv_package "$python")"
        can_make_venv "$python" || fail "$python cannot make virtual environments. $name_another"
    fi
    say "creating $venv with $("$python" -V)"
    rm -rf "$venv"
    "$python" -m venv "$venv" || fail "$python -m venv failed"
}

venv_is_sound() {
    [ "$(cat "$complete" 2>/dev/null)" = "$PWD" ] && is_new_enough "$venv/bin/python" &&
        "$venv/bin/python" -m pip --version >/dev/null 2>&1
}

pip_install() {
    "$venv/bin/python" -m pip install --disable-pip-version-check --no-input --quiet "$@"
}

# The development lock holds everything the demo lock does, in the same versions.
nothing_to_do() { up_to_date "$environment" || { [ "$environment" = demo ] && up_to_date dev; }; }

# One set-up at a time. The link names its owner, so one that was left behind by a killed run is seen.
wait_for_turn() {
    local turn=.venv.turn
    until ln -s "$$" "$turn" 2>/dev/null; do
        if kill -0 "$(readlink "$turn")" 2>/dev/null; then sleep 1; else rm -f "$turn"; fi
    done
    trap "rm -f $turn" EXIT
}

if nothing_to_do; then exit 0; fi
wait_for_turn
if nothing_to_do; then exit 0; fi

venv_is_sound || make_venv

# Slow networks are waited for, not given up on; a user's own settings win.
export PIP_DEFAULT_TIMEOUT=${PIP_DEFAULT_TIMEOUT:-120} PIP_RETRIES=${PIP_RETRIES:-10}
# A user-wide "install for me only" setting would make pip refuse to write into .venv.
export PIP_USER=0

rm -f "$complete" "$(stamp "$environment")"
say "installing $(grep -c '^[a-z]' "$lock") locked packages into $venv (a few minutes on a slow network)"
pip_install --require-hashes --only-binary :all: --requirement "$lock" ||
    fail "the packages could not be installed: pip's message is above. What was downloaded is kept for a next try."
# The build backend is in the lock file too, so nothing unpinned is fetched for this step.
pip_install --no-deps --no-build-isolation --editable . || fail "lucky-mcp itself could not be installed"
fingerprint "$environment" >"$(stamp "$environment")"
echo "$PWD" >"$complete"
say "done"
