"""What configurations of training runs share: fields with ranges, TOML files with changes, and errors that name the setting."""

from __future__ import annotations

import dataclasses
import math
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from agentarena.core.display import shown
from agentarena.core.errors import BadOption, UsageError, suggest

__all__ = ["TRACKERS", "FromTOML", "check_fields", "check_number", "check_shares", "known_fields", "merged", "read_toml", "setting"]

TRACKERS = ("tensorboard", "wandb")
"""What a run's `report_to` may name."""
_MOST_LAYERS, _WIDEST = 32, 16_384


def setting(default: Any, *, low: float = -math.inf, high: float = math.inf, choices: tuple[str, ...] = ()) -> Any:
    """A field of a configuration, with its least and greatest value, or the words that it may be."""
    return dataclasses.field(default=default, metadata={"low": low, "high": high, "choices": choices})


class FromTOML:
    """A configuration that a TOML file may hold; a dataclass derives from it."""

    __slots__ = ()

    @classmethod
    def load(cls, path: str | Path, **changes: Any) -> Self:
        """Read a TOML file; `changes` override it, `{"model.hidden_size": 96}` one entry of a table.

        Raises:
            UsageError: The file is no TOML.
            BadOption: A setting is unknown or out of range; the message names it.
        """
        return cls.of(read_toml(path, changes))

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Self:
        """The configuration of these settings, as JSON or TOML have them; a name with a dot is one entry of a table.

        Raises:
            BadOption: A setting is unknown, missing or out of range; the message names it.
        """
        fields = known_fields(cls, merged({}, data))
        if "env" not in fields:
            raise BadOption('env is missing: which environment, e.g. env = "KuhnPoker-v0"')
        return cls(**fields)


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


def known_fields(cls: type[Any], data: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Settings as TOML and JSON have them, as arguments of `cls`: lists become tuples.

    Raises:
        BadOption: A setting is no field of `cls`; the message has `prefix` before its name and suggests one that is spelled alike.
    """
    names = [field.name for field in dataclasses.fields(cls)]
    for name in data:
        if name not in names:
            raise BadOption(f"unknown setting {shown(prefix + str(name))}.{suggest(str(name)[:100], names)}")
    return {name: tuple(value) if isinstance(value, list) else value for name, value in data.items()}


def check_fields(config: Any, prefix: str) -> None:
    """Types and ranges of the fields that are numbers, words, truth values, tables, or lists of words or layer sizes.

    A list stands in a field of type `tuple`.

    Raises:
        BadOption: A field is none of what its type and its `setting` allow; the message names it after `prefix` and a dot.
    """
    for field in dataclasses.fields(config):
        value, kind = getattr(config, field.name), str(field.type)
        name = f"{prefix}.{field.name}" if prefix else field.name
        choices = field.metadata.get("choices") or ()
        if value is None and "None" in kind:
            continue
        if kind.startswith(("int", "float")):
            check_number(name, value, kind.startswith("int"), field.metadata["low"], field.metadata["high"])
        elif kind.startswith("bool") and not isinstance(value, bool):
            raise BadOption(f"{name} must be true or false, got {shown(value)}")
        elif kind in ("str", "str | None") and (not isinstance(value, str) or (choices and value not in choices)):
            raise BadOption(f"{name} must be {'one of ' + ', '.join(choices) if choices else 'a string'}, got {shown(value)}")
        elif kind.startswith("tuple[str"):
            _check_words(name, value, choices)
        elif kind.startswith("tuple[int"):
            _check_layers(name, value)
        elif kind.startswith("Mapping") and not isinstance(value, Mapping):
            raise BadOption(f"{name} must be a table, of settings by name, got {shown(value)}")


def _check_words(name: str, value: Any, choices: tuple[str, ...]) -> None:
    if not isinstance(value, tuple) or not all(isinstance(one, str) for one in value):
        example = choices[0] if choices else "random"
        raise BadOption(f'{name} must be a list of strings (in Python a tuple), e.g. ["{example}"], got {shown(value)}')
    for one in value:
        if choices and one not in choices:
            raise BadOption(f"{name} has {shown(one)}; allowed: {', '.join(choices)}")


def _check_layers(name: str, value: Any) -> None:
    fits = isinstance(value, tuple) and all(isinstance(n, int) and not isinstance(n, bool) and 1 <= n <= _WIDEST for n in value)
    if not fits or len(value) > _MOST_LAYERS:
        raise BadOption(
            f"{name} must be a list of at most {_MOST_LAYERS} layer sizes from 1 to {_WIDEST} (in Python a tuple), got {shown(value)}"
        )


def check_number(name: str, value: Any, whole: bool, low: float, high: float) -> None:
    """Raise `BadOption` unless `value` is a number, or a whole one, within these bounds."""
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float) or not low <= value <= high:
        form = "," if whole else "g"
        bounds = f"of at least {low:{form}}" if high == math.inf else f"from {low:{form}} to {high:{form}}"
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
