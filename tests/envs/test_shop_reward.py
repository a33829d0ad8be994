"""The shop's reward: against published rules, a slow twin, and the token set ratio against rapidfuzz."""

from __future__ import annotations

import random

import numpy as np
import pytest

from agentarena.core.errors import UsageError
from agentarena.envs.shop import Shop, reward, token_set_ratio
from agentarena.envs.shop.analysis.slow_reward import slow_ratio, slow_reward
from agentarena.envs.shop.engine.catalogue import NO_CAP, PRICE_STEPS, cap_above
from agentarena.envs.shop.rules.colours import COLOURS, colour_of
from agentarena.envs.shop.rules.nouns import lexicon_nouns

CHAIR = {
    "name": "Norvale Oak Chair",
    "Title": "Norvale Oak Chair",
    "Description": "A chair with Memory Foam inside.",
    "BulletPoints": ["Easy assembly", "holds 300 lbs"],
    "Attributes": ["easy clean", "solid wood"],
    "query": "chairs",
    "product_category": "Home \u203a Furniture \u203a Chairs",
}
GOAL = {
    "name": "Norvale Oak Chair",
    "attributes": ["easy clean", "memory foam"],
    "goal_options": ["dark green", "xl"],
    "price_upper": 50.0,
    "query": "chairs",
    "product_category": "Home \u203a Furniture \u203a Chairs",
}


def mutated(rng: random.Random) -> tuple[str, str]:
    """Two texts, often alike: words of a small list with letters changed."""
    words = ["water", "resistant", "x-large", "dark", "green", "café", "machine", "us_9", "cotton", "a", "12", "naïve", "İst", "oΣ", ""]
    letters = "abcdeé _-/'|›ß ÄİΣ12"

    def text() -> str:
        chars = list(" ".join(rng.choice(words) for _ in range(rng.randrange(6))))
        for _ in range(rng.randrange(5)):
            if chars:
                chars[rng.randrange(len(chars))] = rng.choice(letters)
        return "".join(chars)

    first = text()
    return first, first[: rng.randrange(len(first) + 1)] + text() if rng.random() < 0.6 else text()


def test_the_ratio_is_rapidfuzz() -> None:
    fuzz = pytest.importorskip("rapidfuzz.fuzz")
    process = pytest.importorskip("rapidfuzz.utils").default_process
    dropped = dict.fromkeys(range(128, 256))  # what thefuzz drops
    rng = random.Random(1)
    for _ in range(12_000):
        first, second = mutated(rng)
        expected = round(fuzz.token_set_ratio(process(first.translate(dropped)), process(second.translate(dropped))))
        assert token_set_ratio(first, second) == expected, (first, second)


def test_the_ratio_is_its_definition() -> None:
    rng = random.Random(2)
    for _ in range(1500):
        first, second = (text.replace("İ", "i").replace("Σ", "s") for text in mutated(rng))
        assert token_set_ratio(first, second) == slow_ratio(first, second), (first, second)


@pytest.mark.parametrize("goals", ["human", "synthetic"])
def test_the_reward_is_its_formula(goals: str) -> None:
    catalogue = Shop(goals=goals, split="all").catalogue
    rng = np.random.default_rng(3)
    for number in range(600):
        goal = catalogue.goal(int(rng.integers(len(catalogue.order))))
        near = max(0, min(len(catalogue) - 1, goal.product + int(rng.integers(-3, 4))))
        product = catalogue.product(near if number % 3 else int(rng.integers(len(catalogue))))
        chosen = {name: values[int(rng.integers(len(values)))] for name, values in product.options if rng.random() < 0.8}
        wanted, sold = goal.as_dict(catalogue.product(goal.product)), product.as_dict()
        for original in (False, True):
            quick = reward(wanted, sold, chosen, product.price, original_options=original)
            assert quick.total == slow_reward(wanted, sold, chosen, product.price, original_options=original)
            assert 0.0 <= quick.total <= 1.0


def test_the_target_with_its_options_earns_everything() -> None:
    catalogue = Shop(split="all").catalogue
    for number in range(0, len(catalogue.order), 25):
        goal = catalogue.goal(number)
        product = catalogue.product(goal.product)
        assert reward(goal.as_dict(product), product.as_dict(), list(goal.options), product.price).total == 1.0


def test_parts_of_a_reward() -> None:
    full = reward(GOAL, CHAIR, {"color": "dark red", "size": "xl"}, 50.0)
    assert (full.total, full.attributes, full.options, full.price, full.type) == (1.0, 1.0, 1.0, True, 1.0)  # dark is the colour of both
    less = reward(GOAL, CHAIR, {"size": "xl"}, 50.01)
    assert (less.attributes, less.options, less.price) == (1.0, 0.5, False)
    assert less.total == pytest.approx((2 + 1 + 0) / 5)
    assert reward({**GOAL, "goal_options": []}, CHAIR, {}, 1.0).options == 1.0


def test_attributes_stand_as_written() -> None:
    """A wanted attribute is not lower-cased for the search in the texts, which are."""
    assert reward({**GOAL, "attributes": ["Foam Inside"]}, CHAIR, {}, 1.0).attributes == 0.0
    assert reward({**GOAL, "attributes": ["foam inside"]}, CHAIR, {}, 1.0).attributes == 1.0


@pytest.mark.parametrize(("first", "second", "ratio"), [("75% linen", "75 linen", 100), ("x-large", "large", 100), ("red", "", 0)])
def test_ratios_by_hand(first: str, second: str, ratio: int) -> None:
    assert token_set_ratio(first, second) == ratio


def test_a_ratio_is_rounded_before_it_is_compared() -> None:
    """85.4 is no match: 14 edits of 96 letters."""
    first, second = "a" * 41 + "b" * 7, "a" * 41 + "c" * 7
    assert token_set_ratio(first, second) == 85
    goal = {**GOAL, "attributes": [first], "goal_options": []}
    assert reward(goal, {**CHAIR, "Attributes": [second]}, {}, 1.0).attributes == 0.0


def test_types_by_the_title() -> None:
    def kind(title: str, **fields: str) -> float:
        return reward(GOAL, {**CHAIR, "name": title, "Title": title, **fields}, {}, 1.0).type

    far = {"query": "lamps", "product_category": "Garden \u203a Lamps"}
    assert kind("Norvale Lamp", **far) == 1.0  # one of three nouns
    assert kind("Some Lamp", **far) == 0.0
    assert kind("Some Lamp") == 0.0  # no noun in common overrides query and category
    many = {**GOAL, "name": "Chair alpha beta gamma delta epsilon zeta theta iota kappa lambda"}
    product = {**CHAIR, "name": "Chair", "Title": "Chair"}
    assert reward(many, product, {}, 1.0).type == 0.1  # one of eleven, below a tenth, overrides too
    fewer = {**GOAL, "name": "Chair alpha beta gamma delta epsilon zeta"}
    assert reward(fewer, {**product, **far}, {}, 1.0).type == 0.5
    shared = {"query": "x", "product_category": "Chairs \u203a Sale \u203a Home"}
    assert reward(fewer, {**product, **shared}, {}, 1.0).type == 1.0  # two levels, wherever they stand
    assert reward(fewer, {**product, "query": "x", "product_category": "Home > Furniture > Chairs"}, {}, 1.0).type == 0.5


def test_repeated_nouns_count_in_the_denominator() -> None:
    goal = {**GOAL, "name": "chair chair chair chair oak", "query": "q"}
    sold = {**CHAIR, "name": "chair", "Title": "chair", "product_category": "x"}
    assert reward(goal, sold, {}, 1.0, nouns=str.split).type == 0.5  # 1 of 5, not 1 of 2
    assert reward(goal, {**sold, "name": "adverb"}, {}, 1.0, nouns=lambda title: []).type == 0.5  # no nouns: 0.2, not above


def test_the_original_matches_name_and_value() -> None:
    goal = {**GOAL, "goal_options": {"style": "rustic"}, "attributes": ["easy clean"]}
    assert reward(goal, CHAIR, {"style": "rustic"}, 1.0).options == 1.0
    assert reward(goal, CHAIR, {"style": "rustic"}, 1.0, original_options=True).options == 0.0
    goal = {**goal, "goal_options": {"color": "dark green"}}
    assert reward(goal, CHAIR, {"color": "light green"}, 1.0, original_options=True).options == 1.0
    assert reward(goal, CHAIR, {"color": "light green"}, 1.0).options == 0.0


def test_colours() -> None:
    assert len(COLOURS) == 102
    assert list(COLOURS) == sorted(set(COLOURS))
    assert [colour_of(word) for word in ("navy blue", "dark green", "standard", "rustic", "Navy Blue")] == [
        "blue", "dark", "tan", "rust", "Navy Blue",
    ]  # fmt: skip


def test_caps() -> None:
    rng = random.Random(0)
    assert {cap_above(42.5, rng.random(), rng.random()) for _ in range(300)} == {60.0, 70.0, 80.0}
    assert cap_above(970.0, 0.0, 0.0) == 990.0
    assert cap_above(980.0, 0.5, 0.5) == NO_CAP  # one multiple is left
    assert PRICE_STEPS[0] == 10.0
    assert PRICE_STEPS[-1] == 990.0


def test_nouns_of_titles() -> None:
    assert lexicon_nouns("Soft Wool Blanket with Wool Trim, Red") == ("wool", "blanket", "wool", "trim")
    assert lexicon_nouns("") == ()


@pytest.mark.parametrize(
    ("goal", "product", "chosen", "price", "words"),
    [
        ({}, CHAIR, {}, 1.0, "the goal lacks 'attributes'"),
        ({**GOAL, "price_upper": None}, CHAIR, {}, 1.0, "'price_upper'"),
        ({**GOAL, "attributes": [1]}, CHAIR, {}, 1.0, "expected a list of strings"),
        (GOAL, {"Title": 3}, {}, 1.0, "Title of the product is 3"),
        (GOAL, {}, {}, 1.0, "the product lacks"),
        (GOAL, CHAIR, {"color": 7}, 1.0, "chosen_options"),
        (GOAL, CHAIR, {}, "10", "price is '10'"),
        (GOAL, CHAIR, {}, float("nan"), "price is nan"),
        (None, CHAIR, {}, 1.0, "the goal is None"),
    ],
)
def test_bad_fields_are_named(goal, product, chosen, price, words) -> None:
    with pytest.raises(UsageError, match=words):
        reward(goal, product, chosen, price)
