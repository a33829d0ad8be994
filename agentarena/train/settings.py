"""What configurations of training runs share: fields with ranges, TOML files with changes, and errors that name the setting."""

from __future__ import annotations

import dataclasses
import math
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agentarena.core.display import shown
from agentarena.core.errors import BadOption, UsageError, suggest

__all__ = ["check_fields", "check_known", "check_number", "check_shares", "merged", "read_toml", "setting"]


def setting(default: Any, *, low: float = -math.inf, high: float = math.inf, choices: tuple[str, ...] = ()) -> Any:
    """A field of a configuration, with its least and greatest value, or the words that it may be."""
    return dataclasses.field(default=default, metadata={"low": low, "high": high, "choices": choices})


def read_toml(path: str | Path, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a TOML file; `changes` override it, `{"model.hidden_size": 96}` one entry of a table.

    Raises:
        UsageError: The file is no TOML.
    """
    try:
        data = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{shown(str(path))} is no TOML file: {shown(str(error))}") from None
    return merged(data, changes)


def merged(data: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with changes; a change whose name has a dot is one entry of a table.

    Raises:
        BadOption: An entry is set of what is no table.

    >>> merged({"model": {"layers": 2}}, {"seed": 1, "model.width": 96})
    {'model': {'layers': 2, 'width': 96}, 'seed': 1}
    """
    out = {**data, **{name: value for name, value in changes.items() if "." not in name}}
    for name, value in changes.items():
        table, dot, entry = name.partition(".")
        if dot:
            before = out.get(table, {})
            if not isinstance(before, Mapping):
                raise BadOption(f"{shown(table)} is {shown(before)}, so {shown(name)} cannot be set")
            out[table] = {**before, entry: value}
    return out


def check_known(cls: type[Any], data: Mapping[str, Any], prefix: str) -> None:
    """Raise `BadOption` where a setting is no field of `cls`; the message suggests one that is spelled alike."""
    names = [field.name for field in dataclasses.fields(cls)]
    for name in data:
        if name not in names:
            raise BadOption(f"unknown setting {shown(prefix + str(name))}.{suggest(str(name)[:100], names)}")


def check_fields(config: Any, prefix: str) -> None:
    """Types and ranges of the plain fields."""
    for field in dataclasses.fields(config):
        value, kind = getattr(config, field.name), str(field.type)
        name = f"{prefix}.{field.name}" if prefix else field.name
        if value is None and "None" in kind:
            continue
        if kind.startswith(("int", "float")):
            check_number(name, value, kind.startswith("int"), field.metadata["low"], field.metadata["high"])
        elif kind.startswith("bool") and not isinstance(value, bool):
            raise BadOption(f"{name} must be true or false, got {shown(value)}")
        elif kind == "str":
            choices = field.metadata.get("choices") or ()
            if not isinstance(value, str) or (choices and value not in choices):
                raise BadOption(f"{name} must be {'one of ' + ', '.join(choices) if choices else 'a string'}, got {shown(value)}")


def check_number(name: str, value: Any, whole: bool, low: float, high: float) -> None:
    """Raise `BadOption` unless `value` is a number, or a whole one, within these bounds."""
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float) or not low <= value <= high:
        bounds = f"of at least {low:g}" if high == math.inf else f"from {low:g} to {high:g}"
        raise BadOption(f"{name} must be {'a whole number' if whole else 'a number'} {bounds}, got {shown(value)}")


def check_shares(name: str, shares: Any) -> None:
    """Raise `BadOption` unless `shares` maps names to finite numbers of at least 0, one of them positive."""
    if not isinstance(shares, Mapping) or not shares:
        raise BadOption(f"{name} must be a table of names and shares, got {shown(shares)}")
    for key, share in shares.items():
        check_number(f"{name}[{shown(key)}]", share, False, 0.0, math.inf)
        if not math.isfinite(share):
            raise BadOption(f"{name}[{shown(key)}] must be finite, got {shown(share)}")
    if sum(shares.values()) <= 0:
        raise BadOption(f"{name}: some share must be positive, got {shown(dict(shares))}")
