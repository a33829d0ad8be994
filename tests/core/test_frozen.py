"""Objects built by `constructor` are those that the class itself builds."""

from __future__ import annotations

import dataclasses
import pickle

import pytest

from agentarena.core.frozen import constructor


@dataclasses.dataclass(frozen=True, slots=True)
class Point:
    x: int
    y: int
    label: str = "p"


new_point = constructor(Point)


def test_the_object_is_the_same_as_the_class_builds() -> None:
    built, called = new_point(x=1, y=2), Point(x=1, y=2)
    assert type(built) is Point
    assert built == called
    assert hash(built) == hash(called)
    assert repr(built) == repr(called)
    assert new_point(1, 2, "q") == Point(1, 2, "q")
    assert built != new_point(x=1, y=3)


def test_the_object_is_frozen_and_can_be_replaced_and_pickled() -> None:
    built = new_point(x=1, y=2)
    with pytest.raises(dataclasses.FrozenInstanceError):
        built.x = 3  # type: ignore[misc]  # that is what is tested
    assert dataclasses.replace(built, y=5) == Point(1, 5)
    assert pickle.loads(pickle.dumps(built)) == built


def test_missing_and_unknown_fields_are_refused() -> None:
    with pytest.raises(TypeError, match="y"):
        new_point(x=1)  # type: ignore[call-arg]  # that is what is tested
    with pytest.raises(TypeError, match="z"):
        new_point(x=1, y=2, z=3)  # type: ignore[call-arg]  # that is what is tested
