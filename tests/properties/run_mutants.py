"""`make mutants`: break the guard in each known way, and show which check notices, after how many queries.

Exit code 1 means that a defect survived, or that another check than the expected one noticed it.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import pytest

from tests.properties.mutants_guard import GUARD_MUTANTS
from tests.properties.mutants_names import NAME_MUTANTS
from tests.properties.mutants_policy import POLICY_MUTANTS
from tests.properties.mutation import judged, order_joins
from tests.support.generator_fleet import sharp_fleet
from tests.support.generator_house import House, house

ROOT = Path(__file__).resolve().parent.parent.parent


def built(*, is_join_ordered: bool) -> House:
    """Return a house in MySQL's dialect; a file is opened with one configuration, so each kind has its own."""
    folder = Path(tempfile.mkdtemp(prefix="mutants-"))
    with pytest.MonkeyPatch.context() as patch:
        if is_join_ordered:
            order_joins(patch)
        return house(sharp_fleet(), ROOT / "policies", folder, "mysql")


def main() -> int:
    """Run every mutant that generated queries must notice; return 1 when one survives."""
    houses = {ordered: built(is_join_ordered=ordered) for ordered in (False, True)}
    survivors = 0
    mutants = [each for each in (*GUARD_MUTANTS, *NAME_MUTANTS, *POLICY_MUTANTS) if not each.is_of_cases]
    for mutant in mutants:
        verdict = judged(houses[mutant.is_join_ordered], mutant)
        survivors += verdict.killer != mutant.by
        words = verdict.why.splitlines()[0][:60] if verdict.why else ""
        print(f"{mutant.title:36} {verdict.killer or 'SURVIVES':10} {verdict.asked:4}  {words}", flush=True)
    defects = len({mutant.defect for mutant in mutants})
    print(f"{defects} defects in {len(mutants)} trials, {survivors} not noticed as expected")
    return 1 if survivors else 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # open databases need no orderly end
