"""Dataclasses read from TOML: each error names the file, the line, what is allowed and the remedy; and the same as a JSON schema."""

from __future__ import annotations

import dataclasses
import math
import re
import tomllib
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from agentarena.core.display import printable, shown
from agentarena.core.errors import BadOption, UsageError, suggest

__all__ = ["LONGEST_FILE", "json_schema", "load", "parse", "setting"]

LONGEST_FILE = 100_000
"""Bytes of a definition that is read."""
LONGEST_TEXT = 2000
"""Characters of a string in it."""
MOST_ITEMS = 1000
"""Entries of a list or table in it."""

_T = TypeVar("_T")


def setting(
    help: str, default: Any = dataclasses.MISSING, *, low: float = -math.inf, high: float = math.inf, pattern: str = "", example: str = ""
) -> Any:
    """A field of a definition.

    Args:
        help: One sentence for the schema and the documentation.
        default: Its value where the file has none; a field without a default is required.
        low: Least number allowed.
        high: Greatest number allowed.
        pattern: Regular expression that a string matches as a whole.
        example: One value, as it is written in TOML, to show in errors.
    """
    metadata = {"help": help, "low": low, "high": high, "pattern": pattern, "example": example}
    if isinstance(default, dict | list):
        return dataclasses.field(default_factory=lambda: type(default)(default), metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def load(cls: type[_T], path: Path) -> _T:
    """The dataclass that a TOML file describes.

    Raises:
        UsageError: There is no such file, it is too long, or no TOML.
        BadOption: A field is missing, unknown or out of range; the message names the line.
    """
    where = printable(str(path))
    if not path.is_file():
        raise UsageError(f"{where} is no file")
    if path.stat().st_size > LONGEST_FILE:
        raise UsageError(f"{where} has {path.stat().st_size:,} bytes; at most {LONGEST_FILE:,} are read")
    try:
        return parse(cls, path.read_text(encoding="utf-8"), where)
    except UnicodeDecodeError as error:
        raise UsageError(f"{where} is not UTF-8: {error}") from None


def parse(cls: type[_T], text: str, where: str) -> _T:
    """The dataclass that a TOML text describes; `where` names it in errors. Errors are those of `load`."""
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{where} is no TOML: {printable(str(error), 200)}") from None
    return _Reader(text, where).table(cls, data, ())


@dataclasses.dataclass(frozen=True)
class _Reader:
    text: str
    where: str

    def table(self, cls: type[_T], data: Mapping[str, Any], path: tuple[str, ...]) -> _T:
        fields = {field.name: field for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
        hints = get_type_hints(cls)
        for name in data:
            if name not in fields:
                self.refuse((*path, str(name)), f"there is no such field.{suggest(str(name)[:100], fields)} Fields: {', '.join(fields)}")
        values = {}
        for name, field in fields.items():
            place = (*path, name)
            if name in data:
                values[name] = self.value(hints[name], data[name], place, field.metadata)
            elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
                example = field.metadata.get("example")
                self.refuse(
                    place, f"it is missing: {field.metadata.get('help', '')}{f' Add: {name} = {example}' if example else ''}", parent=True
                )
        try:
            return cls(**values)
        except BadOption as error:
            raise BadOption(f"{self.place(path)}: {error}") from None

    def value(self, kind: Any, value: Any, path: tuple[str, ...], metadata: Mapping[str, Any]) -> Any:
        origin, arguments = get_origin(kind), get_args(kind)
        if origin in (Union, types.UnionType):
            kind = next(one for one in arguments if one is not type(None))
            return self.value(kind, value, path, metadata)
        if origin is Literal:
            if value not in arguments:
                self.refuse(path, f"it must be one of {', '.join(map(str, arguments))}, got {shown(value, 100)}")
            return value
        if origin is tuple:
            if not isinstance(value, list) or len(value) > MOST_ITEMS:
                self.refuse(path, f"it must be a list of at most {MOST_ITEMS} entries, got {shown(value, 100)}")
            return tuple(self.value(arguments[0], one, path, metadata) for one in value)
        if dataclasses.is_dataclass(kind):
            if not isinstance(value, Mapping):
                self.refuse(path, f"it must be a table, got {shown(value, 100)}")
            return self.table(kind, value, path)  # type: ignore[arg-type]
        if origin is not None and issubclass(origin, Mapping):
            if not isinstance(value, Mapping) or len(value) > MOST_ITEMS:
                self.refuse(path, f"it must be a table, got {shown(value, 100)}")
            return dict(value)
        return self.plain(kind, value, path, metadata)

    def plain(self, kind: Any, value: Any, path: tuple[str, ...], metadata: Mapping[str, Any]) -> Any:
        if kind is str:
            pattern = metadata.get("pattern", "")
            if not isinstance(value, str) or len(value) > LONGEST_TEXT:
                self.refuse(path, f"it must be a string of at most {LONGEST_TEXT} characters, got {shown(value, 100)}")
            if pattern and not re.fullmatch(pattern, value):
                self.refuse(path, f"{shown(value, 100)} is not allowed; {metadata.get('help', '')} E.g. {metadata.get('example', '')}")
        elif kind is bool:
            if not isinstance(value, bool):
                self.refuse(path, f"it must be true or false, got {shown(value, 100)}")
        elif isinstance(value, bool) or not isinstance(value, int if kind is int else int | float):
            self.refuse(path, f"it must be a {'whole ' if kind is int else ''}number, got {shown(value, 100)}")
        elif not metadata.get("low", -math.inf) <= value <= metadata.get("high", math.inf):
            low, high = metadata["low"], metadata["high"]
            bounds = f"at least {low:g}" if high == math.inf else f"from {low:g} to {high:g}"
            self.refuse(path, f"it must be {bounds}, got {shown(value, 100)}")
        return value

    def refuse(self, path: tuple[str, ...], problem: str, *, parent: bool = False) -> None:
        raise BadOption(f"{self.place(path[:-1] if parent else path)}, {printable('.'.join(path), 100)}: {problem.strip()}")

    def place(self, path: tuple[str, ...]) -> str:
        """The file and the line that a field stands in, as far as the text tells."""
        line = _line(self.text, path)
        return f"{self.where}, line {line}" if line else self.where


def _line(text: str, path: tuple[str, ...]) -> int:
    """Number of the line that a field stands in, from 1; 0 where it cannot be told."""
    table: tuple[str, ...] = ()
    best = 0
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if stripped.startswith("[") and stripped.rstrip().endswith("]") and "=" not in stripped:
            table = tuple(part.strip(" \"'") for part in stripped.strip("[]").split("."))
            if path[: len(table)] == table:
                best = number
            continue
        key = table + tuple(part.strip(" \"'") for part in stripped.split("=", 1)[0].split(".")) if "=" in stripped else ()
        if key and key == path[: len(key)]:
            return number
    return best


def json_schema(cls: type[Any]) -> dict[str, Any]:
    """The JSON schema (draft 2020-12) of what `load` reads into a dataclass.

    >>> from dataclasses import dataclass
    >>> @dataclass
    ... class Point:
    ...     x: int = setting("Column.", 0, low=0)
    >>> json_schema(Point)["properties"]["x"]
    {'type': 'integer', 'minimum': 0, 'default': 0, 'description': 'Column.'}
    """
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": cls.__name__, **_object_schema(cls)}


def _object_schema(cls: type[Any]) -> dict[str, Any]:
    hints, properties, required = get_type_hints(cls), {}, []
    for field in dataclasses.fields(cls):
        schema = _type_schema(hints[field.name], field.metadata)
        if field.default is not dataclasses.MISSING and isinstance(field.default, str | int | float):
            schema["default"] = field.default
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            required.append(field.name)
        if field.metadata.get("help"):
            schema["description"] = field.metadata["help"]
        properties[field.name] = schema
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _type_schema(kind: Any, metadata: Mapping[str, Any]) -> dict[str, Any]:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return _type_schema(next(one for one in arguments if one is not type(None)), metadata)
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin is tuple:
        return {"type": "array", "items": _type_schema(arguments[0], metadata), "maxItems": MOST_ITEMS}
    if dataclasses.is_dataclass(kind):
        return _object_schema(kind)  # type: ignore[arg-type]
    if origin is not None and issubclass(origin, Mapping):
        return {"type": "object", "maxProperties": MOST_ITEMS}
    schema: dict[str, Any] = {"type": {str: "string", bool: "boolean", int: "integer", float: "number"}[kind]}
    if kind is str:
        schema["maxLength"] = LONGEST_TEXT
        if metadata.get("pattern"):
            schema["pattern"] = metadata["pattern"]
    for key, name in (("low", "minimum"), ("high", "maximum")):
        if math.isfinite(metadata.get(key, math.inf)):
            schema[name] = metadata[key]
    return schema
