"""docs/mutants.md: every known defect, where it was put, and the check that notices it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

PAGE = "docs/mutants.md"
UNVERIFIED = " unverified"
HEAD = """# Mutants

Written by `make mutants`, which breaks the guard in one known way after another and asks who notices. A defect
that survived would be a check too many or a test too few; the run ends with exit code 1 then.

- `verify`: the verification refuses the text by itself.
- `transparency`, `non-interference`, `refusal`: a generated query is answered otherwise than by the clean twin, tells
  two databases apart that differ only in what is hidden, or is refused for no reason. Where the title ends in
  "unverified", the verification was stubbed as well, so that the answers alone had to tell.
- Anything else is the test of the suite that failed, with its case; without the defect it passes before and after.
"""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What came of one defect: who noticed after how many queries or tests; `spare` says why nobody can."""

    title: str
    place: str
    killer: str
    asked: int
    seconds: float
    is_expected: bool
    spare: str = ""

    @property
    def defect(self) -> str:
        """The defect itself: some are tried a second time with the verification stubbed."""
        return self.title.removesuffix(UNVERIFIED)

    @property
    def check(self) -> str:
        """The check that noticed: one of the properties, or a file of tests."""
        file, found, _ = self.killer.partition("::")
        return f"tests/{file}" if found else file


def page(trials: Sequence[Trial], day: date) -> str:
    """Return the page of a whole run."""
    counted = [trial for trial in trials if not trial.spare]
    spares = [trial for trial in trials if trial.spare]
    checks = Counter(trial.check for trial in counted)
    defects, seconds = len({trial.defect for trial in counted}), sum(trial.seconds for trial in trials)
    lines = [
        HEAD,
        f"{day.isoformat()}: {defects} defects in {len(counted)} trials, every one noticed; {seconds:.0f} seconds.\n",
        "## By check\n",
        "| check | trials |",
        "|---|---|",
        *(f"| `{check}` | {count} |" for check, count in checks.most_common()),
        "\n## Defects\n",
        "| defect | where | noticed by |",
        "|---|---|---|",
        *(f"| {trial.title} | `{trial.place}` | {_cell(trial.killer)} |" for trial in counted),
        "\n## Spare locks\n",
        "Giving one of these up changes nothing, because another check does the same. They are not counted.\n",
        "| given up | where | what else stands there |",
        "|---|---|---|",
        *(f"| {trial.title} | `{trial.place}` | {trial.spare} |" for trial in spares),
    ]
    return "\n".join(lines) + "\n"


def _cell(killer: str) -> str:
    return killer.replace("|", "\\|").replace("\n", " ").replace("`", "'")
