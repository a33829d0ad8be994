"""What an agent may put into a reply: everything is taken in plain types and within limits, on the way in."""

from __future__ import annotations

import enum
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from agentarena.core import limits
from agentarena.core.accounts import Accounts
from agentarena.core.config import Player
from agentarena.core.errors import UsageError
from agentarena.core.json_copy import json_copy
from agentarena.core.record import Fixture
from agentarena.core.reply import Reply, checked_reply, limited_reply, usage_of
from agentarena.core.samples import TokenSample


class Shouts(str):
    """A string whose every method lies."""

    def __str__(self) -> str:
        return "LOUD"

    def __len__(self) -> int:
        return 0

    def __getitem__(self, key: Any) -> str:
        return "LOUD"

    def __repr__(self) -> str:
        raise RuntimeError("no")


class Level(enum.IntEnum):
    HIGH = 3


class Liar(Mapping[str, Any]):
    """Says another thing each time it is asked, and never ends."""

    def __getitem__(self, key: str) -> Any:
        return object()

    def __iter__(self) -> Iterator[str]:
        number = 0
        while True:
            number += 1
            yield f"key {number}"

    def __len__(self) -> int:
        return 1


def deep(levels: int) -> Any:
    value: Any = 0
    for _ in range(levels):
        value = [value]
    return value


def endless() -> Any:
    value: list[Any] = []
    value.append(value)
    return value


def test_a_text_that_is_too_long_is_cut_to_one_character_more_than_is_read() -> None:
    reply = checked_reply(Reply("x" * (3 * limits.REPLY), thinking="y" * (2 * limits.THINKING)))
    assert len(reply.text) == limits.REPLY + 1
    assert len(reply.thinking) == limits.THINKING
    assert checked_reply(reply) == reply, "a record that is played again comes to the same text"


def test_subclasses_become_what_they_are_made_of() -> None:
    reply = checked_reply(Reply(Shouts("soft"), Shouts("thought"), {Shouts("n"): Level.HIGH}, {Shouts("a"): [Shouts("b"), Level.HIGH]}))
    assert (reply.text, reply.thinking, reply.usage, reply.extra) == ("soft", "thought", {"n": 3}, {"a": ["b", 3]})
    kinds = [
        type(reply.text),
        type(reply.thinking),
        *map(type, reply.usage),
        *map(type, reply.usage.values()),
        *map(type, reply.extra["a"]),
    ]
    assert kinds == [str, str, str, int, str, int]


@pytest.mark.parametrize(
    "reply",
    [
        Reply(None),  # type: ignore[arg-type]
        Reply("a", thinking=b"b"),  # type: ignore[arg-type]
        Reply("a", finish=["stop"]),  # type: ignore[arg-type]
        Reply("a", finish="x" * 10**6),  # type: ignore[arg-type]
        Reply("a", usage={"n": float("nan")}),
        Reply("a", usage={"n": float("inf")}),
        Reply("a", usage={"n": 1e300}),
        Reply("a", usage={"n": 10**5000}),
        Reply("a", usage={"n": -1}),
        Reply("a", usage={"n": True}),
        Reply("a", usage={"n" * 1000: 1}),
        Reply("a", usage={3: 1}),  # type: ignore[dict-item]
        Reply("a", usage=[1]),  # type: ignore[arg-type]
        Reply("a", usage=Liar()),
        Reply("a", extra={"x": float("nan")}),
        Reply("a", extra={"x": 10**5000}),
        Reply("a", extra={"x": deep(5000)}),
        Reply("a", extra={"x": endless()}),
        Reply("a", extra={"x": "y" * (limits.EXTRA + 1)}),
        Reply("a", extra={"x": ["y" * 100] * limits.EXTRA}),
        Reply("a", extra={"x": "\u1234" * (limits.EXTRA // 2)}),
        Reply("a", extra={1.5: 2}),  # type: ignore[dict-item]
        Reply("a", extra={"x": object()}),
        Reply("a", extra={"x": {1, 2}}),
        Reply("a", extra=[1, 2]),  # type: ignore[arg-type]
        Reply("a", extra=Liar()),
        Reply("a", samples=[]),  # type: ignore[arg-type]
        Reply("a", samples=(1,)),  # type: ignore[arg-type]
        Reply("a", samples=(TokenSample(range(limits.TOKENS + 1), ()),)),  # type: ignore[arg-type]
        Reply("a", samples=(TokenSample(None, ()),)),  # type: ignore[arg-type]
    ],
    ids=range(30),
)
def test_what_cannot_be_kept_is_refused_in_few_words(reply: Reply) -> None:
    with pytest.raises(ValueError, match=r"Reply|a Reply needs") as caught:
        checked_reply(reply)
    assert len(str(caught.value)) < 2 * limits.REASON


def test_extra_survives_a_round_trip_through_json() -> None:
    extra = checked_reply(Reply("a", extra={1: (1, 2), "x": {"y": [None, True, 1.5, "\ud800"]}})).extra  # type: ignore[dict-item]
    assert extra == {"1": [1, 2], "x": {"y": [None, True, 1.5, "\ud800"]}}
    assert json.loads(json.dumps(extra)) == extra
    assert json_copy(extra, limits.EXTRA) == extra


def test_a_reply_whose_own_methods_raise_is_refused() -> None:
    class Bomb(Reply):
        @property
        def text(self) -> str:  # type: ignore[override]
            raise MemoryError("boom")

    with pytest.raises(ValueError, match=r"check of replies .*MemoryError"):
        limited_reply(Bomb.__new__(Bomb), 1000)


def test_the_replies_of_a_seat_have_a_bounded_part_of_the_record() -> None:
    room = 1000
    reply, room = limited_reply(Reply("x" * 300, thinking="y" * 200), room)
    assert len(reply.thinking) == 200
    reply, room = limited_reply(Reply("x" * 300, thinking="y" * 200, extra={"a": 1}), room)
    assert (reply.thinking, dict(reply.extra)) == ("", {}), "thinking gives way to what is needed to play the match again"
    assert limited_reply(reply, room + 300 + 6) == (reply, room), "and the same is left when it is played again"
    with pytest.raises(ValueError, match="more of the record"):
        limited_reply(Reply("x" * 300), room)


def test_usage_never_sums_to_infinity() -> None:
    accounts = Accounts()
    accounts.add_time(0, 1.0)
    for _ in range(1000):
        usage = usage_of({"n": limits.USAGE, "m": 10**15})
        assert usage is not None
        accounts.add_usage(0, usage)
    (cost,) = accounts.entries(Fixture(0, 0, (0,)))
    assert json.loads(json.dumps(dict(cost.usage), allow_nan=False)) == {"n": 1e18, "m": 10**18}


def test_the_names_of_usage_are_few() -> None:
    accounts = Accounts()
    for number in range(limits.USAGE_NAMES):
        accounts.add_usage(0, {f"name {number}": 1})
    with pytest.raises(ValueError, match="more than 64 names"):
        accounts.add_usage(0, {"one more": 1})
    with pytest.raises(ValueError, match="more than 64 names"):
        accounts.add_usage(1, usage_of({f"name {number}": 1 for number in range(10**5)}) or {})


@pytest.mark.parametrize("name", ["a\x1b[31mb", "two\nlines", "\ud800", "x" * 501, 3, None, "\u202eabc"])
def test_names_and_versions_of_agents_are_short_printable_strings(name: Any) -> None:
    for fields in ((name, "1"), ("a", name)):
        with pytest.raises(UsageError, match="expected at most 500 printable characters"):
            Player(*fields)
    assert Player("openai:qwen?system=Du%20bist%20José", "").version == ""
