"""The choices of a slot and which of them go together, beside the rules spelled out."""

from __future__ import annotations

import numpy as np
import pytest

from agentarena.core.actions import Product, joint_mask
from agentarena.envs.pokemon_vgc.actions import SIZE, Pair, choice, joint_masks, number, option_index, second_mask, space

SLOTS = (
    ((1, 4, 5, 8, 9, 10, 24, 25, 26, 41), (4, 5, 12, 13, 28, 29, 44), None),
    ((0, 3), (0, 3), 1),
    ((0, 3, 5), (0, 3, 5), 1),
    ((2, 6), (0,), None),
    ((3, 4), (3, 4), None),
)


def go_together(first: int, second: int, passes: int | None) -> bool:
    """The rules as the interface states them."""
    one_switch = first == second and 1 <= first <= 6
    gimmicks = first >= 23 and second >= 23
    return not one_switch and not gimmicks and (passes is None or (first == 0) + (second == 0) == passes)


@pytest.mark.parametrize(("first", "second", "passes"), SLOTS)
def test_pairs_are_those_of_the_plain_product(first: tuple[int, ...], second: tuple[int, ...], passes: int | None) -> None:
    pair = Pair(first, second, passes)
    plain = Product((first, second), allowed=lambda action: go_together(*action, passes))
    assert pair.listed == plain.listed
    assert np.array_equal(joint_mask(pair, (SIZE, SIZE)), joint_mask(plain, (SIZE, SIZE)))
    rng = np.random.default_rng(0)
    assert {pair.sample(rng) for _ in range(2000)} == set(plain.listed or ())
    for one in range(-1, SIZE + 1):
        for other in (*second, 7, 54):
            assert pair.contains((one, other)) == plain.contains((one, other)), (one, other)
    assert space().contains(np.array(pair.sample(rng)))


def test_masks_of_many_decisions_are_those_of_each() -> None:
    allowed, passes = np.zeros((len(SLOTS) + 1, 2, SIZE), bool), np.full(len(SLOTS) + 1, -1)
    for row, (first, second, must_pass) in enumerate(SLOTS):
        allowed[row, 0, list(first)] = allowed[row, 1, list(second)] = True
        passes[row] = -1 if must_pass is None else must_pass
    masks = joint_masks(allowed, passes)
    for row, parts in enumerate(SLOTS):
        expected = Pair(*parts).mask((SIZE, SIZE))
        assert np.array_equal(masks[row], expected)
        for first in parts[0]:
            assert np.array_equal(second_mask(expected, first), expected[first])
    assert not masks[-1].any(), "a seat that waits has no choice"


def test_a_refused_pair_says_why() -> None:
    assert "cannot switch to one member" in str(Pair((3, 4), (3, 4)).violation((3, 3)))
    assert "exactly 1 of the two must pass" in str(Pair((0, 3), (0, 3), 1).violation((0, 0)))
    assert "not legal now" in str(Pair((3, 4), (3, 4)).violation((5, 4)))


def test_every_number_has_one_meaning() -> None:
    meanings = [choice(action) for action in range(SIZE)]
    assert len(set(meanings)) == SIZE
    for action, what in enumerate(meanings):
        if what.kind == "move":
            assert number(what.move, what.target, what.gimmick) == action
            assert option_index(action) == 4 * what.move + what.target
    assert [what.kind for what in meanings[:7]] == ["pass", *["switch"] * 6]
