"""Sets of actions at their edges: bounds with their slack, words of the greatest length, products at the limit of listing."""

from __future__ import annotations

import numpy as np
import pytest

from agentarena.core import actions
from agentarena.core.actions import MOST_JOINT, Box, Product, Spoken, Text, canonical, first_legal, joint_mask, sample, violation
from agentarena.core.errors import NotSupported


@pytest.mark.parametrize("shape", [(), (2,)])
def test_a_box_allows_the_rounding_of_float32_and_no_more(shape: tuple[int, ...]) -> None:
    """A millionth of the range, or of 1 where the range is less."""
    for low, high, slack in ((0.0, 0.1, 1e-6), (-5.0, 5.0, 1e-5)):
        box = Box(low, high, shape)
        for edge, sign in ((low, -1), (high, 1)):
            assert box.contains(np.full(shape, edge))
            assert box.contains(np.full(shape, edge + sign * 0.9 * slack))
            assert "out of bounds" in (box.violation(np.full(shape, edge + sign * 1.1 * slack)) or "")


@pytest.mark.parametrize("action", [True, "0.5", None, [0.5], np.nan, np.inf, 1j, object()])
def test_a_number_is_no_truth_value_word_list_or_nan(action: object) -> None:
    assert Box(0, 1).violation(action) is not None


def test_words_of_the_greatest_length() -> None:
    assert Text(3).violation("abc") is None
    assert Text(3).violation("abcd") == "too long: 4 characters, at most 3 allowed"
    assert Text(3).violation(5) == "expected a string, got int"
    assert Text(3).sample(np.random.default_rng(0)) == ""
    assert {Text(9, ("a", "b")).sample(np.random.default_rng(n)) for n in range(20)} == {"a", "b"}


def test_products_are_listed_up_to_their_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    side = int(MOST_JOINT**0.5)
    assert len(Product([tuple(range(side))] * 2).listed or ()) == MOST_JOINT
    assert Product([tuple(range(side)), tuple(range(side + 1))]).listed is None
    with pytest.raises(NotSupported, match="joint mask"):
        joint_mask(Product([(0, 1), Text(3)]), (2, 2))
    monkeypatch.setattr(actions, "_MOST_TRIES", 5)
    with pytest.raises(NotSupported, match="5 draws"):
        Product([(0, 1), Text(3)], allowed=lambda _: False).sample(np.random.default_rng(0))
    with pytest.raises(NotSupported, match="no combination"):
        Product([(0, 1)], allowed=lambda _: False).sample(np.random.default_rng(0))


def test_random_members_are_drawn_from_all_allowed_ones() -> None:
    pairs = Product([(0, 1, 2), (0, 1, 2)], allowed=lambda action: action[0] != action[1], reason="twins")
    rng = np.random.default_rng(0)
    counts = np.zeros((3, 3), int)
    for _ in range(3000):
        counts[sample(pairs, rng)] += 1
    assert np.diag(counts).tolist() == [0, 0, 0]
    assert np.abs(counts[~np.eye(3, dtype=bool)] - 500).max() < 4 * (3000 * 1 / 6 * 5 / 6) ** 0.5
    assert pairs.violation((1, 1)) == "twins, got (1, 1)"
    assert joint_mask(pairs, (3, 4)).tolist() == [[0, 1, 1, 0], [1, 0, 1, 0], [1, 1, 0, 0]]


def test_parts_are_named_in_what_is_said_of_them() -> None:
    assert (Product([(0, 1), (0, 1)]).violation((0, 2)) or "").startswith("part 1: not legal now; legal: 0, 1")
    assert (Product({"a": (0, 1)}).violation({"a": 2}) or "").startswith("a: not legal now")
    assert (Product([(0, 1)]).violation("0") or "").startswith("expected 1 parts")
    assert (Product({"a": (0, 1)}).violation({"b": 0}) or "").startswith("expected the parts ['a']")


def test_a_long_list_of_legal_actions_is_cut_after_24() -> None:
    assert (violation(tuple(range(24)), 99) or "").endswith(", 22, 23")
    assert (violation(tuple(range(25)), 99) or "").endswith(", 22, 23, ...")
    assert violation((), 0) == "not legal now; legal: nothing"


def test_passing_is_the_first_the_nearest_to_zero_or_silence() -> None:
    assert first_legal(Box(2, 5)) == 2
    assert first_legal(Box(-5, -2)) == -2
    assert first_legal(Box(-5, 2)) == 0
    assert first_legal(Product([(3, 4), Text(5)])) == (3, "")
    assert first_legal(Product([(3, 4), (3, 4)], allowed=lambda action: action[0] != action[1])) == (3, 4)


def test_words_ride_on_an_action_through_a_record() -> None:
    said, data = canonical((1, 3), Spoken(3, "yes", {"sure": 1}))
    assert (said, said.words, said.notes) == (3, "yes", {"sure": 1})
    assert data == {"action": 3, "words": "yes", "notes": {"sure": 1}}
    assert canonical((1, 3), Spoken(3))[1] == {"action": 3, "words": ""}
