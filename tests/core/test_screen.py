"""Screens: bounded, as lines, as data."""

from __future__ import annotations

import json

import pytest

from agentarena.core.screen import KINDS, MOST_CHARS, MOST_ITEMS, Block, Item, bounded, screen_data, screen_lines

SCREEN = (
    Block("text", (Item("Two lines\nof words"),), "Heading"),
    Block("facts", (Item("Price", "$5.0"),)),
    Block("field", title="Search", before="search[", after="]"),
    Block("buttons", (Item("Buy", command="buy"), Item("not yet"))),
    Block("choice", (Item("red", command="r", on=True), Item("blue", command="b")), "color"),
    Block("list", (Item("A chair", "12 dollars", "open", on=True), Item("A desk")), "Results"),
    Block("map", (Item("fridge 1", "apple 1, " * 30, on=True, mark="closed"), Item("sink 1", mark="not seen")), "Map"),
)


def test_a_screen_as_lines() -> None:
    lines = screen_lines(SCREEN, width=60).split("\n")
    assert lines[:8] == [
        "Heading",
        "Two lines",
        "of words",
        "Price: $5.0",
        "Search: search[...]",
        "[Buy] not yet",
        "color: [red]* [blue]",
        "Results",
    ]
    assert "[A chair]* 12 dollars" in lines
    assert any(line.startswith(">fridge 1 (closed)") and "sink 1 (not seen)" in line for line in lines)
    assert max(map(len, lines)) <= 60


def test_words_cannot_steer_a_terminal() -> None:
    lines = screen_lines(tuple(Block(kind, (Item("\x1b[31m", "\x07"),), "\x1b]0;x") for kind in KINDS))
    assert "\x1b" not in lines
    assert "\x07" not in lines


def test_a_screen_is_bounded() -> None:
    many = bounded([Block("list", (Item("x"),) * 1000), Block("buttons", (Item("y"),))])
    assert sum(len(block.items) for block in many) == MOST_ITEMS
    long = bounded(
        [Block("text", (Item("x" * 10**6, command="c" * 900),) * 100, "t" * 10**6), Block("list", (Item("z" * 1000, "d" * 1000),))]
    )
    assert sum(len(item.text) + len(item.detail) for block in long for item in block.items) <= MOST_CHARS
    assert len(long[0].title) < 1000
    assert long[0].items[0].command == "c" * 900, "what is played is not cut"


def test_a_screen_as_data() -> None:
    data = json.loads(json.dumps(screen_data(SCREEN)))
    assert data[4] == {"kind": "choice", "title": "color", "items": [{"text": "red", "on": True}, {"text": "blue"}]}
    assert "command" not in json.dumps(data)


def test_a_block_is_of_a_known_kind() -> None:
    with pytest.raises(ValueError, match="allowed: text, facts"):
        Block("html")
