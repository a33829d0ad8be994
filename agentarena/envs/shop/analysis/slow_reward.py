"""The reward once more, slowly and straight from the formula: what the quick one is compared with.

Nothing of `rules.reward` and `rules.similarity` is used; only the words that are a matter of choice, colours and nouns, are shared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from agentarena.envs.shop.rules.colours import COLOURS
from agentarena.envs.shop.rules.nouns import lexicon_nouns

__all__ = ["slow_ratio", "slow_reward"]


def slow_ratio(first: str, second: str) -> int:
    """The token set ratio by its definition: three whole texts compared in pairs, subsequences by the textbook's table."""
    tokens = [sorted(set(_processed(text).split())) for text in (first, second)]
    if not tokens[0] or not tokens[1]:
        return 0
    common = [token for token in tokens[0] if token in tokens[1]]
    rests = [[token for token in own if token not in common] for own in tokens]
    if common and (not rests[0] or not rests[1]):
        return 100
    base = " ".join(common)
    texts = [" ".join([*common, *rest]) for rest in rests]
    pairs = [(texts[0], texts[1])] + ([(base, texts[0]), (base, texts[1])] if base else [])
    best = max(Fraction(200 * _subsequence(a, b), len(a) + len(b)) for a, b in pairs)
    return round(float(best))


def _processed(text: str) -> str:
    dropped = "".join(char for char in text if not 128 <= ord(char) < 256)
    return "".join(char if char.isalnum() else " " for char in dropped).lower()


def _subsequence(first: str, second: str) -> int:
    """Length of the longest common subsequence."""
    row = [0] * (len(second) + 1)
    for char in first:
        above = list(row)
        for j, other in enumerate(second, 1):
            row[j] = above[j - 1] + 1 if char == other else max(above[j], row[j - 1])
    return row[-1]


def slow_reward(
    goal: Mapping[str, Any], product: Mapping[str, Any], chosen: Mapping[str, str], price: float, *, original_options: bool = False
) -> float:
    """The reward of dicts as the catalogue's `as_dict` makes them."""
    attributes = 0
    for wanted in goal["attributes"]:
        alike = [slow_ratio(own, wanted) > 85 for own in product["attributes"]]
        texts = [product["name"].lower(), " ".join(product["small_description"]).lower(), product["full_description"].lower()]
        attributes += bool(any(alike) or any(wanted in text for text in texts))
    options = 0
    goal_options = _goal_options(goal["goal_options"], original_options)
    for wanted in goal_options:
        alike = [slow_ratio(_colour(value), wanted) > 85 for value in chosen.values()]
        options += any(alike)
    within = 1 if price <= goal["price_upper"] else 0
    share = (attributes + options + within) / (len(goal["attributes"]) + len(goal_options) + 1)
    return _type(goal, product) * share


def _goal_options(options: Mapping[str, str] | Sequence[str], original: bool) -> list[str]:
    if isinstance(options, Mapping) and original:
        texts = []
        for name, value in options.items():
            whole = [colour for colour in COLOURS if colour in (name, value)]
            texts.append(whole[0] if whole else f"{name} {value}")
        return texts
    return [_colour(value) for value in (options.values() if isinstance(options, Mapping) else options)]


def _colour(text: str) -> str:
    inside = [colour for colour in COLOURS if text.find(colour) >= 0]
    return inside[0] if inside else text


def _type(goal: Mapping[str, Any], product: Mapping[str, Any]) -> float:
    target, own = list(lexicon_nouns(goal["name"])), list(lexicon_nouns(product["name"]))
    score = len({noun for noun in target if noun in own}) / len(target) if target else 0.2
    levels = [{part.strip() for part in item["product_category"].split("\u203a")} for item in (goal, product)]
    fits = goal["query"] == product["query"] or len(levels[0] & levels[1]) >= 2 or score > 0.2
    kind = 1.0 if fits else 0.5
    if score < 0.1:
        kind = 0.1
    if score == 0.0:
        kind = 0.0
    return kind
