"""The JSON schema of a specification, and a check against it that names what is wrong; no outside validator is needed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from agentarena.core.display import shown

__all__ = ["BUILT_IN", "SKILLS_SCHEMA", "schema_problems"]

BUILT_IN = ("go", "take", "drop", "look", "inventory")
"""Verbs that every world has."""

_NAME: dict[str, Any] = {"type": "string", "pattern": "^[a-z][a-z0-9' -]{0,30}$"}
_NAMES: dict[str, Any] = {"type": "array", "items": _NAME, "maxItems": 60}
_SOME: dict[str, Any] = {**_NAMES, "minItems": 1}
_STATES: dict[str, Any] = {"type": "array", "items": _NAME, "maxItems": 14}
_SENTENCE: dict[str, Any] = {"type": "string", "maxLength": 200}
_REWARD: dict[str, Any] = {"type": "number", "minimum": 0, "maximum": 100}


def _record(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


_KIND = _record(["names"], names=_SOME, portable={"type": "boolean"}, found_in=_NAMES, opens=_NAME, start=_STATES)
_SKILL = _record(
    ["verb", "object", "adds"],
    verb={"type": "string", "pattern": "^[a-z]{2,20}$"},
    object=_NAME,
    tool=_NAME,
    station=_NAME,
    needs=_STATES,
    lacks=_STATES,
    adds=_STATES,
    removes=_STATES,
    reward=_REWARD,
    says=_SENTENCE,
)
_GOAL = _record(["object"], object=_NAME, states=_STATES, at=_NAME, held={"type": "boolean"})
SKILLS_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "A world of skills",
    **_record(
        ["name", "rooms", "objects", "goals"],
        name=_NAME,
        introduction=_SENTENCE,
        rooms={**_SOME, "minItems": 2},
        stations={"type": "object", "additionalProperties": _NAMES, "maxProperties": 30},
        states=_STATES,
        exclusive={"type": "array", "items": {**_STATES, "minItems": 2}, "maxItems": 14},
        objects={"type": "object", "additionalProperties": _KIND, "minProperties": 1, "maxProperties": 40},
        skills={"type": "array", "items": _SKILL, "maxItems": 60},
        goals={"type": "array", "items": _GOAL, "minItems": 1, "maxItems": 60},
        reward=_REWARD,
        hands={"type": "integer", "minimum": 2, "maximum": 10},
    ),
}
"""Types of objects, their states, the skills that change them, and the goals that games ask for."""

_TYPES: dict[str, Any] = {"object": dict, "array": list, "string": str, "boolean": bool, "number": (int, float), "integer": int}
_WORDS = {
    "object": "an object",
    "array": "a list",
    "string": "a text",
    "boolean": "true or false",
    "number": "a number",
    "integer": "a whole number",
}


def schema_problems(value: Any, schema: dict[str, Any] = SKILLS_SCHEMA, where: str = "") -> Iterator[str]:
    """What of a JSON value does not fit the schema, one sentence each.

    >>> list(schema_problems({"name": "x", "rooms": ["a"], "objects": {}, "goals": 3}))[:2]
    ['rooms: has 1 entries, expected at least 2', 'objects: has 0 entries, expected at least 1']
    """
    kind = schema.get("type", "")
    if not isinstance(value, _TYPES[kind]) or (isinstance(value, bool) and kind != "boolean"):
        yield f"{where or 'specification'}: is {shown(value, 60)}, expected {_WORDS[kind]}"
        return
    if isinstance(value, str):
        yield from _text(value, schema, where)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        low, high = schema.get("minimum", value), schema.get("maximum", value)
        if not low <= value <= high:
            yield f"{where}: is {shown(value, 60)}, expected a number from {low} to {high}"
    elif isinstance(value, list):
        yield from _size(len(value), schema, "Items", where)
        for at, item in enumerate(value[:1000]):
            yield from schema_problems(item, schema["items"], f"{where}[{at}]")
    elif isinstance(value, dict):
        yield from _object(value, schema, where)


def _text(value: str, schema: dict[str, Any], where: str) -> Iterator[str]:
    if len(value) > schema.get("maxLength", len(value)) or any(char in value for char in "<>\n\r"):
        yield f"{where}: is {shown(value, 60)}, expected at most {schema.get('maxLength', 200)} characters on one line, without < and >"
    elif "pattern" in schema and not re.fullmatch(schema["pattern"].strip("^$"), value):
        yield f"{where}: is {shown(value, 60)}, expected lower-case letters, e.g. 'frying pan'; the pattern is {schema['pattern']}"


def _size(size: int, schema: dict[str, Any], unit: str, where: str) -> Iterator[str]:
    if size < schema.get(f"min{unit}", 0):
        yield f"{where}: has {size} entries, expected at least {schema[f'min{unit}']}"
    if size > schema.get(f"max{unit}", size):
        yield f"{where}: has {size} entries, expected at most {schema[f'max{unit}']}"


def _object(value: dict[str, Any], schema: dict[str, Any], where: str) -> Iterator[str]:
    yield from _size(len(value), schema, "Properties", where)
    known, others = schema.get("properties", {}), schema["additionalProperties"]
    prefix = f"{where}." if where else ""
    for key in schema.get("required", ()):
        if key not in value:
            yield f"{prefix}{key}: is missing"
    for key, item in list(value.items())[:1000]:
        part = known.get(key, others)
        if part is False:
            yield f"{prefix}{shown(key, 40)}: is unknown; known: {', '.join(known)}"
        else:
            if not known:
                yield from _text(key, _NAME, f"{prefix}{shown(key, 40)}")
            yield from schema_problems(item, part, f"{prefix}{key}")
