"""`make mutants`: break the guard in each known way, and show which check notices, and how soon.

Exit code 1 means that a defect survived, or that another check than the expected one noticed it. `--match TEXT`
tries the defects whose name or place says so, `--rest` those that no run has asked yet since `.fuzz` was cleared.
Once all have been noticed, in one run or several, docs/mutants.md is written.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from pathlib import Path

import pytest

from tests.properties.case_trials import CaseVerdict, case_verdicts
from tests.properties.mutants_edits import EditMutant, edit_mutants
from tests.properties.mutants_guard import GUARD_MUTANTS
from tests.properties.mutants_names import NAME_MUTANTS
from tests.properties.mutants_page import PAGE, Trial, page
from tests.properties.mutants_policy import POLICY_MUTANTS
from tests.properties.mutants_views import VIEW_MUTANTS
from tests.properties.mutation import Mutant, judged, order_joins
from tests.support.generator_house import House, house
from tests.support.generator_sharp import sharp_fleet

ROOT = Path(__file__).resolve().parent.parent.parent
KEPT = ROOT / ".fuzz" / "mutants.json"
QUERY_MUTANTS = (*GUARD_MUTANTS, *NAME_MUTANTS, *POLICY_MUTANTS, *VIEW_MUTANTS)


def built(*, is_join_ordered: bool) -> House:
    """Return a house in MySQL's dialect; a file is opened with one configuration, so each kind has its own."""
    folder = Path(tempfile.mkdtemp(prefix="mutants-"))
    with pytest.MonkeyPatch.context() as patch:
        if is_join_ordered:
            order_joins(patch)
        return house(sharp_fleet(), ROOT / "policies", folder, "mysql")


def title_of(mutant: Mutant) -> str:
    """Return how a defect of generated queries is called on the page."""
    return mutant.title.replace("_", " ")


def of_queries(mutants: list[Mutant]) -> Iterator[Trial]:
    """Yield what came of the defects that generated queries must meet."""
    houses: dict[bool, House] = {}
    try:
        for mutant in mutants:
            ordered = mutant.is_join_ordered
            if ordered not in houses:
                houses[ordered] = built(is_join_ordered=ordered)
            verdict = judged(houses[ordered], mutant)
            yield Trial(
                title=title_of(mutant),
                place=verdict.place,
                killer=verdict.killer,
                asked=verdict.asked,
                seconds=verdict.seconds,
                is_expected=verdict.by == mutant.by,
            )
    finally:  # an event loop left open would be the fault of the test that meets it
        for each in houses.values():
            each.close()


def of_cases(verdict: CaseVerdict) -> Trial:
    """Return what came of a defect that the suite's own tests must notice."""
    return Trial(
        title=verdict.mutant.title,
        place=verdict.place,
        killer=verdict.killer,
        asked=verdict.asked,
        seconds=verdict.seconds,
        is_expected=bool(verdict.killer) != bool(verdict.mutant.spare),
        spare=verdict.mutant.spare,
    )


def chosen_edits(match: str, *, is_sample: bool) -> list[EditMutant]:
    """Return the defects that a text names; of a sample, one for each source file."""
    found = [each for each in edit_mutants() if match in f"{each.title} {each.edits[0].file}"]
    if not is_sample:
        return found
    return list({each.edits[0].file: each for each in reversed(found) if not each.spare}.values())


def told(trial: Trial) -> None:
    """Print one line."""
    state = "" if trial.is_expected else "  NOT AS EXPECTED"
    killer = trial.killer or ("survives: spare" if trial.spare else "SURVIVES")
    print(
        f"{trial.title:55} {trial.place:45} {killer}  ({trial.asked}, {trial.seconds:.1f} s){state}",
        flush=True,
    )


def read_kept() -> dict[str, Trial]:
    """Return what earlier runs found, by title; defects that are gone are left out."""
    titles = {*(title_of(each) for each in QUERY_MUTANTS), *(each.title for each in edit_mutants())}
    found = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
    return {title: Trial(**entry) for title, entry in found.items() if title in titles}


def keep(trial: Trial, kept: dict[str, Trial]) -> None:
    """Tell what came of one defect, and remember it for the next run and the page."""
    told(trial)
    kept[trial.title] = trial
    KEPT.parent.mkdir(exist_ok=True)
    KEPT.write_text(json.dumps({title: asdict(each) for title, each in kept.items()}), encoding="utf-8")


def write_page(kept: dict[str, Trial]) -> None:
    """Write the page when every defect has been asked and came out as expected."""
    titles = [*(title_of(each) for each in QUERY_MUTANTS), *(each.title for each in edit_mutants())]
    if set(titles) == set(kept) and all(trial.is_expected for trial in kept.values()):
        (ROOT / PAGE).write_text(page([kept[title] for title in titles], date.today()), encoding="utf-8")


def main() -> int:
    """Run the chosen defects; return 1 when one is not noticed as it should be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--match", default="")
    parser.add_argument("--rest", action="store_true", help="those that earlier runs have not seen noticed")
    parser.add_argument(
        "--sample", action="store_true", help="one defect of each source file, by cases alone"
    )
    options = parser.parse_args()
    kept = {} if options.sample else read_kept()
    done = {title for title, trial in kept.items() if options.rest and trial.is_expected}
    edits = [each for each in chosen_edits(options.match, is_sample=options.sample) if each.title not in done]
    mutants = [each for each in QUERY_MUTANTS if options.match in each.title and title_of(each) not in done]
    trials: list[Trial] = []
    for trial in of_queries([] if options.sample else mutants):
        trials.append(trial)
        keep(trial, kept)

    def add(verdict: CaseVerdict) -> None:
        trials.append(of_cases(verdict))
        told(trials[-1]) if options.sample else keep(trials[-1], kept)

    if edits:
        case_verdicts(edits, add)
    wrong = [trial for trial in trials if not trial.is_expected]
    counted = len({trial.defect for trial in trials if not trial.spare})
    print(f"{counted} defects in {len(trials)} trials, {len(wrong)} not noticed as expected")
    if not options.sample:
        write_page(kept)
    return 1 if wrong else 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # open databases need no orderly end
