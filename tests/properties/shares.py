"""What the examples of a property were about: a property that only sees easy queries proves nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from tests.support.generator_queries import Query

LEAST = {"join": 0.30, "nest": 0.20, "touch": 0.50, "view": 0.08}
FAILED_MOST, UNDECIDED_MOST, REFUSED_MOST, DISTINCT_LEAST = 0.25, 0.03, 0.01, 0.90


@dataclass
class Shares:
    """Counts of examples by what they hold and what came of them."""

    title: str
    asked: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)
    texts: set[str] = field(default_factory=set)

    def add(self, query: Query, *outcomes: str) -> None:
        """Count one example."""
        self.asked += 1
        self.texts.add(query.sql)
        self.counts.update(query.seen)
        self.counts.update(outcomes)

    def share(self, name: str) -> float:
        """Return how much of the examples `name` makes up."""
        return self.counts[name] / max(self.asked, 1)

    def check(self, *names: str) -> None:
        """Print the shares; fail when `names` have too little of them or too many queries came to nothing."""
        shown = ", ".join(f"{name} {self.share(name):.0%}" for name, _ in self.counts.most_common())
        print(f"{self.title}: {len(self.texts)} distinct of {self.asked}; {shown}")
        assert len(self.texts) >= DISTINCT_LEAST * self.asked, "too many examples are alike"
        for name in names:
            assert self.share(name) >= LEAST[name], f"only {self.share(name):.0%} {name}"
        assert self.share("failed") <= FAILED_MOST, f"{self.share('failed'):.0%} of the queries fail"
        assert self.share("undecided") <= UNDECIDED_MOST, f"{self.share('undecided'):.0%} say nothing"
        assert self.share("refused") <= REFUSED_MOST, "refused:\n" + "\n".join(self.refused)
