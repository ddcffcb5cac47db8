#!/usr/bin/env bash
# Known vulnerabilities of the packages that a server is made of, and the list of those packages (SBOM, CycloneDX).
#   scripts/audit.sh [FOLDER]    writes sbom.json and vulnerabilities.json to FOLDER (build/audit)
# Without the service of known vulnerabilities the list is written all the same, and the exit code is 3.
set -euo pipefail
cd "$(dirname "$0")/.."

lock=requirements/server.txt
folder=${1:-build/audit}
tools=.venv/auditor
python=.venv/bin/python
say() { printf 'audit: %s\n' "$*" >&2; }
[ -x "$python" ] || { say "there is no .venv; run 'make setup' first"; exit 3; }
mkdir -p "$folder"

# Apart from what they look at: their packages are locked by hash as well.
stamp="$tools/.up-to-date"
if ! cmp -s requirements/audit.txt "$stamp"; then
    say "installing the tools"
    rm -rf "$tools"
    "$python" -m venv "$tools"
    "$tools/bin/pip" install --quiet --disable-pip-version-check --no-input --require-hashes --only-binary :all: \
        --requirement requirements/audit.txt 2>"$folder/install.log" || { say "the tools could not be installed"; exit 3; }
    cp requirements/audit.txt "$stamp"
fi

"$tools/bin/cyclonedx-py" requirements "$lock" --pyproject pyproject.toml --output-reproducible \
    --output-format JSON --output-file "$folder/sbom.json" 2>"$folder/sbom.log"
say "$("$python" -c 'import json, sys; print(len(json.load(open(sys.argv[1]))["components"]))' "$folder/sbom.json")" \
    "packages are listed in $folder/sbom.json"

# Asked about by name and version alone: with hashes and without dependencies nothing is downloaded or installed.
ask() {
    rm -f "$2"
    "$tools/bin/pip-audit" --require-hashes --disable-pip --requirement "$1" --progress-spinner off \
        --vulnerability-service "${AUDIT_SERVICE:-pypi}" --timeout 20 --format json --output "$2" \
        >>"$folder/pip-audit.log" 2>&1 || true
}
: >"$folder/pip-audit.log"
# A release that is known to have vulnerabilities: a service that finds none there has not looked.
printf 'jinja2==2.10 --hash=sha256:%064d\n' 0 >"$folder/control.txt"
ask "$folder/control.txt" "$folder/control.json"
ask "$lock" "$folder/vulnerabilities.json"
code=0
"$python" scripts/audit_report.py "$folder/vulnerabilities.json" "$folder/control.json" || code=$?
[ "$code" != 3 ] || say "run this where the service can be reached, or with AUDIT_SERVICE=osv; $folder/pip-audit.log says more"
exit "$code"
