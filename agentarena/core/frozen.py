"""Frozen dataclasses at the speed of plain objects, for states of which every step builds new ones.

Calling a frozen dataclass sets every field through `object.__setattr__`, and `dataclasses.replace` looks up every field
by name. The functions made here fill an object of a mutable class with the same slots and then assign it the frozen
class, which takes a third to a sixth of the time. The class, its equality, hash and pickling are untouched.

They are compiled from the names of the fields, as `dataclasses` and `namedtuple` compile theirs; those names come from class
definitions and are identifiers, and nothing else is compiled: no value, and nothing out of a file. The classes need
`frozen=True, slots=True` and have no `__post_init__`, `InitVar` or default factory.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

__all__ = ["constructor", "replace", "replacer"]

P = ParamSpec("P")
T = TypeVar("T")


def constructor(cls: Callable[P, T]) -> Callable[P, T]:
    """A function that builds a frozen dataclass, with the parameters of the class itself.

    >>> @dataclasses.dataclass(frozen=True, slots=True)
    ... class Point:
    ...     x: int
    ...     y: int = 0
    >>> constructor(Point)(x=1) == Point(x=1)
    True
    """
    defaults = {f.name: f.default for f in dataclasses.fields(cast(Any, cls)) if f.default is not dataclasses.MISSING}
    values = {name: name for name in _names(cls)}
    return cast(Callable[P, T], _compiled(cls, list(values), defaults, values))


def replace(part: T, **changes: Any) -> T:
    """A copy of a frozen dataclass with some fields changed: `dataclasses.replace` at a fifth of its cost."""
    cls = part.__class__
    if cls not in _REPLACERS:
        _REPLACERS[cls] = replacer(cls)
    return cast(T, _REPLACERS[cls](part, **changes))


_REPLACERS: dict[type, Callable[..., Any]] = {}


def replacer(cls: type[T]) -> Callable[..., T]:
    """A function that copies a frozen dataclass with some fields changed, as `dataclasses.replace` does.

    >>> @dataclasses.dataclass(frozen=True, slots=True)
    ... class Point:
    ...     x: int
    ...     y: int = 0
    >>> replacer(Point)(Point(1, 2), y=3)
    Point(x=1, y=3)
    """
    names = _names(cls)
    values = {name: f"old.{name} if {name} is unchanged else {name}" for name in names}
    return cast(Callable[..., T], _compiled(cls, ["old", "/", "*", *names], dict.fromkeys(names, _UNCHANGED), values))


_UNCHANGED = object()


def _names(cls: Any) -> list[str]:
    return [field.name for field in dataclasses.fields(cls)]


def _compiled(cls: Any, parameters: list[str], defaults: dict[str, Any], values: dict[str, str]) -> Any:
    """The function with these parameters that sets the fields to these expressions."""
    mutable = type(f"Mutable{cls.__name__}", (), {"__slots__": tuple(values)})
    scope: dict[str, Any] = {"mutable": mutable, "cls": cls, "unchanged": _UNCHANGED}
    scope |= {f"default_{name}": value for name, value in defaults.items()}
    lines = [
        f"def build({', '.join(f'{name}=default_{name}' if name in defaults else name for name in parameters)}):",
        "    new = mutable()",
        *(f"    new.{name} = {value}" for name, value in values.items()),
        "    new.__class__ = cls",
        "    return new",
    ]
    exec("\n".join(lines), scope)
    return scope["build"]
