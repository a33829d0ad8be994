"""Fast construction of frozen dataclasses, for states that are built at every step."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

__all__ = ["constructor"]

P = ParamSpec("P")
T = TypeVar("T")


def constructor(cls: Callable[P, T]) -> Callable[P, T]:
    """A function with the signature of a frozen dataclass with slots that builds the same object about three times as fast.

    Calling such a class sets every field through `object.__setattr__`, and keyword arguments to a class are slower
    than to a function. This function fills an object of a mutable class with the same slots and then assigns it the
    frozen class. The class itself, its equality, hash, pickling and `dataclasses.replace` are untouched.

    The function is compiled from the names of the fields, as `dataclasses` and `namedtuple` compile theirs.

    Args:
        cls: A dataclass with `frozen=True, slots=True`, without `__post_init__`, `InitVar` and default factories.

    >>> @dataclasses.dataclass(frozen=True, slots=True)
    ... class Point:
    ...     x: int
    ...     y: int = 0
    >>> constructor(Point)(x=1) == Point(1)
    True
    """
    fields = dataclasses.fields(cast(Any, cls))
    names = [field.name for field in fields]
    mutable = type(f"Mutable{cast(type, cls).__name__}", (), {"__slots__": tuple(names)})
    defaults = {f"default_{field.name}": field.default for field in fields if field.default is not dataclasses.MISSING}
    parameters = [f"{name}=default_{name}" if f"default_{name}" in defaults else name for name in names]
    lines = [
        f"def build({', '.join(parameters)}):",
        "    new = mutable()",
        *(f"    new.{name} = {name}" for name in names),
        "    new.__class__ = cls",
        "    return new",
    ]
    scope: dict[str, Any] = {"mutable": mutable, "cls": cls, **defaults}
    exec("\n".join(lines), scope)
    return cast(Callable[P, T], scope["build"])
