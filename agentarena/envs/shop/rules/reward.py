"""What a purchase earns: WebShop's reward, word for word.

    total = type * (attributes matched + options matched + [price <= cap]) / (attributes wanted + options wanted + 1)

Source: Yao et al., "WebShop" (arXiv 2207.01206), with the details of its released code; where that code has a defect, `original_options` says so.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agentarena.core.display import shown
from agentarena.core.errors import UsageError

from .colours import COLOURS, colour_of
from .nouns import lexicon_nouns
from .similarity import token_set_ratio

__all__ = ["Nouns", "Reward", "reward", "type_reward"]

Nouns = Callable[[str], Sequence[str]]
"""From a title to its nouns in lower case, repeats included."""

_ALIKE = 85
"""Texts match above this token set ratio, which is a whole number: 85.4 is 85, and no match."""
_SEPARATOR = "\u203a"
"""Between the levels of a category; " > " separates nothing."""


@dataclass(frozen=True, slots=True)
class Reward:
    """What a purchase earns, and why.

    Attributes:
        total: The reward, from 0 to 1.
        attributes: Share of the wanted attributes that the product has.
        options: Share of the wanted options that were chosen; 1 where none are wanted.
        price: Whether the price is within the cap.
        type: What the kind of product is worth: 1, 0.5, 0.1 or 0.
    """

    total: float
    attributes: float
    options: float
    price: bool
    type: float


def reward(
    goal: Mapping[str, Any],
    product: Mapping[str, Any],
    chosen_options: Mapping[str, str] | Sequence[str],
    price: float,
    *,
    nouns: Nouns | None = None,
    original_options: bool = False,
) -> Reward:
    """What buying a product earns, given what was wanted.

    An attribute is matched by an attribute of the product with a token set ratio above 85, or where it stands, as it is written, in the
    lower-cased title, bullet points or description. An option is matched by any chosen value with a ratio above 85, both replaced by their
    colour where they have one; names of options do not count, and one chosen value may match several.

    Args:
        goal: `attributes`, `goal_options` (values, or a dict of them), `price_upper`, `name`, `query`, `product_category`; the names of the
            instruction files, `instruction_attributes` and `instruction_options`, do too.
        product: `name`, `small_description`, `full_description`, `attributes`, `query`, `product_category`, or the names that the original
            uses after loading: `Title`, `BulletPoints`, `Description`, `Attributes`.
        chosen_options: Option -> value chosen, or the values.
        price: What is paid.
        nouns: From a title to its nouns; `lexicon_nouns` by default. The original asks a model of spaCy (`nouns.spacy_nouns`).
        original_options: Compare wanted options that are given as a dict as the original does: name and value as one text, so that "rustic"
            does not match style: rustic, and "light green" matches color: dark green.

    Raises:
        UsageError: A field is missing, or of the wrong kind.

    >>> chair = {"name": "Oak Chair", "attributes": ["easy clean"], "query": "chairs", "product_category": "Home \u203a Chairs"}
    >>> wanted = {**chair, "goal_options": ["dark green"], "price_upper": 50.0}
    >>> reward(wanted, chair, {"color": "blue"}, 40.0)
    Reward(total=0.6666666666666666, attributes=1.0, options=0.0, price=True, type=1.0)
    """
    wanted = _texts(_field(goal, "goal", "attributes", "instruction_attributes"), "attributes of the goal")
    cap = _number(_field(goal, "goal", "price_upper"), "price_upper of the goal")
    paid = _number(price, "price")
    options = _wanted_options(_optional(goal, (), "goal_options", "instruction_options"), original_options)
    chosen = [colour_of(value) for value in _texts(_values(chosen_options), "chosen_options")]
    attribute_matches = _attribute_matches(wanted, product)
    option_matches = sum(any(token_set_ratio(value, option) > _ALIKE for value in chosen) for option in options)
    kind = type_reward(goal, product, nouns or lexicon_nouns)
    total = (attribute_matches + option_matches + (paid <= cap)) / (len(wanted) + len(options) + 1) * kind
    return Reward(
        total,
        attribute_matches / len(wanted) if wanted else 1.0,
        option_matches / len(options) if options else 1.0,
        paid <= cap,
        kind,
    )


def type_reward(goal: Mapping[str, Any], product: Mapping[str, Any], nouns: Nouns) -> float:
    """What the kind of product is worth.

    The title score is the number of different nouns that both titles have, over all nouns of the goal's title, repeats counted; 0.2 where it
    has none. A product fits with the same query, with two levels of its category in common wherever they stand, or with a title score above
    0.2: worth 1, else 0.5. A title score below 0.1 makes it 0.1, and of 0 makes it 0, whatever else fits.
    """
    target = list(nouns(_text(goal, "goal", "name", "Title")))
    title = _text(product, "product", "name", "Title")
    score = len(set(nouns(title)) & set(target)) / len(target) if target else 0.2
    if score == 0.0:
        return 0.0
    if score < 0.1:
        return 0.1
    query, other = _optional(goal, None, "query"), _optional(product, None, "query")
    same_query = query is not None and query == other
    common = _levels(goal) & _levels(product)
    return 1.0 if same_query or len(common) >= 2 or score > 0.2 else 0.5


def _levels(item: Mapping[str, Any]) -> set[str]:
    return {level.strip() for level in str(_optional(item, "", "product_category")).split(_SEPARATOR)}


def _attribute_matches(wanted: Iterable[str], product: Mapping[str, Any]) -> int:
    own = _texts(_optional(product, (), "Attributes", "attributes"), "attributes of the product")
    bullets = _texts(_optional(product, (), "BulletPoints", "small_description"), "small_description of the product")
    description = _optional(product, "", "Description", "full_description")
    places = (_text(product, "product", "Title", "name").lower(), " ".join(bullets).lower(), str(description).lower())
    return sum(
        any(token_set_ratio(attribute, want) > _ALIKE for attribute in own) or any(want in place for place in places) for want in wanted
    )


def _wanted_options(options: Any, original: bool) -> list[str]:
    """The wanted options as texts to compare with."""
    if not original or not isinstance(options, Mapping):
        return [colour_of(value) for value in _texts(_values(options), "goal_options of the goal")]
    pairs = [(str(name), str(value)) for name, value in options.items()]
    return [next((colour for colour in COLOURS if colour in pair), " ".join(pair)) for pair in pairs]


# --- fields -----------------------------------------------------------------------------------------------------------


def _values(options: Any) -> Any:
    return list(options.values()) if isinstance(options, Mapping) else options


def _optional(item: Mapping[str, Any], default: Any, *names: str) -> Any:
    value = next((item[name] for name in names if name in item), default)
    return default if value is None else value


def _field(item: Mapping[str, Any], what: str, *names: str) -> Any:
    if not isinstance(item, Mapping):
        raise UsageError(f"the {what} is {shown(item)}; expected a dict with {' or '.join(map(repr, names))}")
    for name in names:
        if item.get(name) is not None:
            return item[name]
    raise UsageError(f"the {what} lacks {' or '.join(map(repr, names))}; it has {shown(sorted(map(str, item)), 200)}")


def _text(item: Mapping[str, Any], what: str, *names: str) -> str:
    value = _field(item, what, *names)
    if not isinstance(value, str):
        raise UsageError(f"{names[0]} of the {what} is {shown(value)}; expected a string")
    return value


def _texts(values: Any, what: str) -> list[str]:
    if isinstance(values, str):
        return [values] if values else []
    if not isinstance(values, list | tuple) or not all(isinstance(value, str) for value in values):
        raise UsageError(f"{what}: got {shown(values)}; expected a list of strings")
    return list(values)


def _number(value: Any, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
        raise UsageError(f"{what} is {shown(value)}; expected a number")
    return float(value)
