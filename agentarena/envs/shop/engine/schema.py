"""One record of the original's file of products, checked and made a product."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from agentarena.core.display import shown

from .catalogue import Product

__all__ = ["BadRecord", "product_of", "strings"]

_LONGEST_ASIN = 10
_LONGEST_TITLE = 2_000
_LONGEST_TEXT = 100_000
_MOST_TEXTS = 500
_MOST_OPTIONS = 100
_MOST_VALUES = 1_000
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_NO_NUMBER = re.compile(r"[^\d.]")


class BadRecord(Exception):
    """A record cannot be used; the message says why."""


def product_of(record: Any, attributes: Mapping[str, tuple[str, ...]], draw: Callable[[str], float]) -> Product:
    """The product that a record describes. Control characters become spaces.

    Args:
        record: One member of the file.
        attributes: Attributes by asin, from the other file; a product without any gets none.
        draw: A number in [0, 1) for an asin, which places its price within its range.

    Raises:
        BadRecord: A field is missing, of the wrong kind or too long.
    """
    if not isinstance(record, dict):
        raise BadRecord(f"it is {shown(record)}; expected an object")
    asin = _string(record, "asin", _LONGEST_ASIN)
    if asin == "nan" or not asin.strip() or not asin.isascii():
        raise BadRecord(f"asin is {shown(asin)}; expected up to {_LONGEST_ASIN} letters and digits")
    pricing = _pricing(record.get("pricing"))
    price = 100.0 if not pricing else pricing[0] if len(pricing) == 1 else pricing[0] + (pricing[1] - pricing[0]) * draw(asin)
    return Product(
        asin.upper(),
        _string(record, "name", _LONGEST_TITLE),
        _string({"full_description": "", **{k: v for k, v in record.items() if v is not None}}, "full_description", _LONGEST_TEXT),
        strings(record.get("small_description"), "small_description"),
        pricing,
        price,
        _options(record.get("customization_options")),
        _string(record, "category", _LONGEST_TITLE),
        _string(record, "query", _LONGEST_TITLE).lower().strip(),
        _string(record, "product_category", _LONGEST_TITLE),
        attributes.get(asin, ()),
    )


def strings(value: Any, name: str) -> tuple[str, ...]:
    """A list of strings, one string, or nothing, as a tuple of strings.

    Raises:
        BadRecord: It is none of these, or too long.
    """
    if value is None or value == "":
        return ()
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not all(isinstance(text, str) for text in values):
        raise BadRecord(f"{name} is {shown(value)}; expected a list of strings")
    if len(values) > _MOST_TEXTS or sum(map(len, values)) > _LONGEST_TEXT:
        raise BadRecord(f"{name} has {len(values)} texts; at most {_MOST_TEXTS} with {_LONGEST_TEXT:,} characters together are read")
    return tuple(_CONTROL.sub(" ", text) for text in values)


def _string(record: Mapping[str, Any], name: str, longest: int) -> str:
    value = record.get(name)
    if not isinstance(value, str):
        raise BadRecord(f"{name} is missing" if value is None else f"{name} is {shown(value)}; expected a string")
    if len(value) > longest:
        raise BadRecord(f"{name} has {len(value)} characters; at most {longest:,} are read")
    return _CONTROL.sub(" ", value)


def _pricing(value: Any) -> tuple[float, ...]:
    """The first two amounts of a price such as "$5.00 - $1,009.00"; `()` where there is none."""
    if value is None or value == "":
        return ()
    if not isinstance(value, str) or "$" not in value:
        raise BadRecord(f"pricing is {shown(value)}; expected a string such as '$5.00' or '$5.00 - $9.00'")
    try:
        amounts = tuple(float(_NO_NUMBER.sub("", part)) for part in value[:200].split("$")[1:3])
    except ValueError:
        raise BadRecord(f"pricing is {shown(value)}; expected an amount after each '$'") from None
    if not all(math.isfinite(amount) and 0 <= amount < 1e6 for amount in amounts) or list(amounts) != sorted(amounts):
        raise BadRecord(f"pricing is {shown(value)}; expected increasing amounts below a million")
    return amounts


def _options(value: Any) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if value is None or value == "":
        return ()
    if not isinstance(value, dict) or len(value) > _MOST_OPTIONS:
        raise BadRecord(f"customization_options is {shown(value)}; expected an object of at most {_MOST_OPTIONS} options")
    options = []
    for name, contents in value.items():
        if contents is None:
            continue
        if not isinstance(contents, list) or len(contents) > _MOST_VALUES:
            raise BadRecord(f"option {shown(name)} is {shown(contents)}; expected a list of at most {_MOST_VALUES:,} values")
        values = []
        for content in contents:
            text = content.get("value") if isinstance(content, dict) else None
            if not isinstance(text, str) or not text.strip() or len(text) > _LONGEST_TITLE:
                raise BadRecord(f"option {shown(name)} holds {shown(content)}; expected an object with a string as 'value'")
            values.append(_CONTROL.sub(" ", text).strip().replace("/", " | ").lower())
        options.append((_CONTROL.sub(" ", name).lower(), tuple(values)))
    return tuple(options)
