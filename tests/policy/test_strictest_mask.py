"""The laws by which several masks become one: order and repetition never matter, and nothing is loosened."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from lucky_mcp.model.decision import MaskName
from lucky_mcp.policy.masks import strictest

MASKS = st.sampled_from([None, *MaskName])
RANK = {
    None: 0,
    **dict.fromkeys(MaskName, 1),
    MaskName.REDACT: 2,
    MaskName.NULL: 3,
    MaskName.DENY: 4,
}


def test_all_pairs() -> None:
    for left, right in itertools.product([None, *MaskName], repeat=2):
        both = strictest([left, right])
        if left == right or RANK[left] != RANK[right]:
            assert both == max(left, right, key=lambda mask: RANK[mask]), (left, right)
        else:
            assert both is MaskName.REDACT, (left, right)


@given(st.lists(MASKS), st.randoms(use_true_random=False))
def test_the_order_does_not_matter(masks: list[MaskName | None], random: object) -> None:
    shuffled = list(masks)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert strictest(masks) == strictest(shuffled)


@given(st.lists(MASKS), st.lists(MASKS))
def test_grouping_does_not_matter(left: list[MaskName | None], right: list[MaskName | None]) -> None:
    assert strictest([strictest(left), strictest(right)]) == strictest([*left, *right])


@given(st.lists(MASKS))
def test_repeating_changes_nothing(masks: list[MaskName | None]) -> None:
    assert strictest([*masks, *masks]) == strictest(masks)


@given(st.lists(MASKS), MASKS)
def test_one_mask_more_never_loosens(masks: list[MaskName | None], added: MaskName | None) -> None:
    assert RANK[strictest([*masks, added])] >= max(RANK[strictest(masks)], RANK[added])


@given(st.lists(MASKS))
def test_deny_wins(masks: list[MaskName | None]) -> None:
    assert strictest([*masks, MaskName.DENY]) is MaskName.DENY


def test_nothing_given_is_no_mask() -> None:
    assert strictest([]) is None
    assert strictest([None, None]) is None
