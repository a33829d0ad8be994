"""What a seat sees as a screen: blocks of words, buttons, lists, maps and pictures, for replays, terminals and the browser.

A game's `drawing.py` may have `screen(game, state, seat) -> Screen`, which shows no more than the seat may know. A viewer knows the kinds of
blocks and nothing of games; words are data to it, and it escapes them.

| kind | what its items are |
|---|---|
| `text` | paragraphs |
| `facts` | a name and a value each: `text` and `detail` |
| `field` | none: words are typed, and the command is `before`, the words, `after` |
| `buttons` | what can be pressed |
| `choice` | values of which one is taken, which is `on` |
| `list` | entries with a line of `detail`; those that were looked at are `on` |
| `map` | places with what is known of them in `detail`; `on` is where the seat is |
| `picture` | the same in words, for terminals; the picture itself is `marks` on a sheet of `size` |
| `chart` | values from 0 to 1: a name in `text`, the value now in `detail`; a viewer that knows earlier screens draws them over time |
"""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from .display import printable
from .marks import Mark, mark_data

__all__ = ["KINDS", "MOST_CHARS", "MOST_ITEMS", "MOST_MARKS", "Block", "Item", "Screen", "bounded", "screen_data", "screen_lines"]

KINDS = ("text", "facts", "field", "buttons", "choice", "list", "map", "picture", "chart")
MOST_ITEMS = 400
"""Items that a screen shows in all; the rest is left out."""
MOST_CHARS = 12_000
"""Characters of all items together."""
MOST_MARKS = 2000
"""Marks of all pictures together."""
_LONGEST, _LONGEST_TEXT = 300, 4000
"""Longest words of an item in characters, and those of a paragraph or a picture."""
_TOP = 2
_COLUMNS = 4


@dataclass(frozen=True, slots=True)
class Item:
    """One thing on a screen.

    Attributes:
        text: Its words.
        detail: A line about it.
        command: What choosing it plays; "" where it is only read.
        on: Whether it is chosen, was opened, or is where the seat is.
        mark: A word on how it is, e.g. "closed"; of a map it picks the colour where the viewer has one for it.
    """

    text: str
    detail: str = ""
    command: str = ""
    on: bool = False
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a screen.

    Attributes:
        kind: One of `KINDS`.
        items: What is in it.
        title: Its heading; "" for none.
        before: Of a field: what the command starts with.
        after: Of a field: what it ends with.
        marks: Of a picture: what is on it, in the order of drawing.
        size: Of a picture: width and height.
    """

    kind: str
    items: tuple[Item, ...] = ()
    title: str = ""
    before: str = ""
    after: str = ""
    marks: tuple[Mark, ...] = ()
    size: tuple[int, int] = (0, 0)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"a block is of kind {self.kind!r}; allowed: {', '.join(KINDS)}")


Screen = tuple[Block, ...]


def bounded(blocks: Iterable[Block]) -> Screen:
    """The screen with at most `MOST_ITEMS` items, `MOST_CHARS` characters and `MOST_MARKS` marks, long words cut; commands stay whole.

    >>> bounded([Block("text", (Item("x" * 5000),))])[0].items[0].text[-3:]
    'xx…'
    """
    items_left, chars_left, marks_left = MOST_ITEMS, MOST_CHARS, MOST_MARKS
    out = []
    for block in blocks:
        longest = _LONGEST_TEXT if block.kind in ("text", "picture") else _LONGEST
        items = []
        for item in block.items[: max(0, items_left)]:
            short = replace(item, text=_cut(item.text, longest), detail=_cut(item.detail, _LONGEST))
            chars_left -= len(short.text) + len(short.detail)
            if chars_left < 0:
                break
            items.append(short)
        items_left -= len(items)
        marks = tuple(
            replace(mark, words=_cut(mark.words, _LONGEST), title=_cut(mark.title, _LONGEST)) for mark in block.marks[:marks_left]
        )
        marks_left -= len(marks)
        out.append(replace(block, items=tuple(items), title=_cut(block.title, _LONGEST), marks=marks))
    return tuple(out)


def screen_data(screen: Screen) -> list[dict[str, Any]]:
    """The screen as JSON, without commands and what is empty, as replays hold it."""
    return [
        {
            "kind": block.kind,
            **({"title": block.title} if block.title else {}),
            "items": [{name: value for name in ("text", "detail", "mark", "on") if (value := getattr(item, name))} for item in block.items],
            **({"size": list(block.size), "marks": [mark_data(mark) for mark in block.marks]} if block.kind == "picture" else {}),
        }
        for block in screen
    ]


def screen_lines(screen: Screen, width: int = 100) -> str:
    """The screen for a terminal: what can be chosen stands in brackets, with a star where it is on.

    >>> print(screen_lines((Block("choice", (Item("red", command="r", on=True), Item("blue", command="b")), title="color"),)))
    color: [red]* [blue]
    """
    return "\n".join(line for block in screen for line in _WRITERS.get(block.kind, _words)(block, width))


# --- lines --------------------------------------------------------------------------------------------------------------


def _words(block: Block, width: int) -> list[str]:
    lines = [printable(block.title)] if block.title else []
    for item in block.items:
        for line in item.text.split("\n"):
            lines += textwrap.wrap(printable(line, MOST_CHARS), width) or [""]
    return lines


def _grid(block: Block, width: int) -> list[str]:
    """Lines of a picture in characters: they are cut, not wrapped."""
    lines = [printable(block.title)] if block.title else []
    return lines + [printable(line.rstrip(), width) for item in block.items for line in item.text.split("\n")]


def _facts(block: Block, width: int) -> list[str]:
    return [f"{printable(item.text)}: {printable(item.detail)}" for item in block.items]


def _field(block: Block, width: int) -> list[str]:
    return [f"{printable(block.title)}: {printable(block.before)}...{printable(block.after)}"]


def _row(block: Block, width: int) -> list[str]:
    head = f"{printable(block.title)}: " if block.title else ""
    return textwrap.wrap(head + " ".join(_choice(item) for item in block.items), width, subsequent_indent="  ") or [head]


def _row_of_values(block: Block, width: int) -> list[str]:
    head = f"{printable(block.title)}: " if block.title else ""
    values = ", ".join(f"{printable(item.text)} {printable(item.detail)}" for item in block.items)
    return textwrap.wrap(head + values, width, subsequent_indent="  ") or [head]


def _list(block: Block, width: int) -> list[str]:
    lines = [printable(block.title)] if block.title else []
    for item in block.items:
        lines += textwrap.wrap(f"{_choice(item)} {printable(item.detail)}".rstrip(), width, subsequent_indent="    ")
    return lines


def _map(block: Block, width: int) -> list[str]:
    """Places in columns, each with two lines of what is known of it."""
    columns = max(1, min(_COLUMNS, width // 24))
    room = width // columns - 1
    lines = [printable(block.title)] if block.title else []
    for first in range(0, len(block.items), columns):
        cells = [_cell(item, room) for item in block.items[first : first + columns]]
        rows = itertools.zip_longest(*cells, fillvalue="")
        lines += [" ".join(part.ljust(room) for part in row).rstrip() for row in rows]
    return lines


def _cell(item: Item, room: int) -> list[str]:
    head = f"{'>' if item.on else ' '}{printable(item.text)}{f' ({printable(item.mark)})' if item.mark else ''}"
    detail = textwrap.wrap(printable(item.detail), room - 2, max_lines=_TOP, placeholder=" …")
    return [_cut(head, room), *(f"  {line}" for line in detail)]


def _choice(item: Item) -> str:
    text = printable(item.text)
    return f"[{text}]{'*' if item.on else ''}" if item.command else f"{text}{'*' if item.on else ''}"


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"


_WRITERS = {
    "text": _words,
    "facts": _facts,
    "field": _field,
    "buttons": _row,
    "choice": _row,
    "list": _list,
    "map": _map,
    "picture": _grid,
    "chart": _row_of_values,
}
