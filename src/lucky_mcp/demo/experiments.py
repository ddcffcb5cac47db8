"""The A/B tests: which account saw which variant, and what was measured."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Final, NamedTuple

from lucky_mcp.demo.customers import Customer
from lucky_mcp.demo.world import World

_EXPERIMENTS: Final = 77
_METRICS: Final = (("conversion", 0.18), ("orders_per_user", 1.4), ("coupon_redemption", 0.05))


class Assignment(NamedTuple):
    """One account's part in one experiment."""

    number: int
    experiment_id: str
    customer: Customer
    variant: str
    metric_name: str
    metric_value: Decimal
    assigned_at: datetime


def assignments(world: World) -> Iterator[Assignment]:
    """Yield as many assignments as the scale wants; every third experiment has a treatment that helps."""
    rng = world.random("experiments")
    closing = datetime.combine(world.end, time(23))
    for number in range(1, world.scale.experiment_rows + 1):
        experiment = rng.randrange(_EXPERIMENTS)
        customer = world.customers[rng.randrange(len(world.customers))]
        treated = rng.random() < 0.5
        metric_name, mean = _METRICS[experiment % len(_METRICS)]
        lift = 1.15 if treated and experiment % 3 == 0 else 1.0
        span = (closing - customer.registered_at).total_seconds()
        yield Assignment(
            number=number,
            experiment_id=f"EXP{experiment + 1:03d}",
            customer=customer,
            variant="treatment" if treated else "control",
            metric_name=metric_name,
            metric_value=Decimal(int(rng.random() * 20_000 * mean * lift)).scaleb(-4),
            assigned_at=customer.registered_at + timedelta(seconds=int(rng.random() * max(span, 0))),
        )
