"""Objects built by `constructor` and `replacer` are those that the class itself and `dataclasses.replace` build."""

from __future__ import annotations

import dataclasses
import pickle

import pytest

from agentarena.core.frozen import constructor, replace, replacer


@dataclasses.dataclass(frozen=True, slots=True)
class Point:
    x: int
    y: int
    label: str = "p"


new_point, replace_point = constructor(Point), replacer(Point)


def test_the_object_is_the_same_as_the_class_builds() -> None:
    built, called = new_point(x=1, y=2), Point(x=1, y=2)
    assert type(built) is Point
    assert built == called
    assert hash(built) == hash(called)
    assert repr(built) == repr(called)
    assert new_point(1, 2, "q") == Point(1, 2, "q")
    assert built != new_point(x=1, y=3)


def test_a_copy_is_the_same_as_replace_makes() -> None:
    point = Point(1, 2, "q")
    for changes in ({}, {"x": 5}, {"y": 0, "label": "r"}, {"x": None}):
        assert replace_point(point, **changes) == dataclasses.replace(point, **changes)
    assert point == Point(1, 2, "q")


def test_the_object_is_frozen_and_can_be_pickled() -> None:
    for built in (new_point(x=1, y=2), replace_point(Point(1, 1), y=2)):
        with pytest.raises(dataclasses.FrozenInstanceError):
            built.x = 3  # type: ignore[misc]  # that is what is tested
        assert pickle.loads(pickle.dumps(built)) == built == Point(1, 2)


def test_missing_and_unknown_fields_are_refused() -> None:
    with pytest.raises(TypeError, match="y"):
        new_point(x=1)  # type: ignore[call-arg]  # that is what is tested
    with pytest.raises(TypeError, match="z"):
        new_point(x=1, y=2, z=3)  # type: ignore[call-arg]  # that is what is tested
    with pytest.raises(TypeError, match="z"):
        replace_point(Point(1, 2), z=3)


def test_replace_is_that_of_dataclasses():
    @dataclasses.dataclass(frozen=True, slots=True)
    class Pair:
        left: int
        right: str = "r"

    pair = Pair(1)
    assert replace(pair, left=2) == dataclasses.replace(pair, left=2)
    assert type(replace(pair, right="x")) is Pair
    with pytest.raises(TypeError):
        replace(pair, middle=3)
