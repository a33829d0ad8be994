"""Where a game's text comes from: a file, the option itself, or the example."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from agentarena.core.display import shown
from agentarena.core.errors import BadOption, UsageError

from .played import Played
from .reader import LONGEST, read_efg

__all__ = ["EXAMPLE", "played_of", "text_of"]

EXAMPLE = """EFG 2 R "one-card poker" { "Dealt" "Other" }
"Both pay 1. Dealt sees a card: high wins, low loses. Dealt shows it for the 1, or raises by 1; Other then calls or folds."

c "" 1 "the card" { "high" 1/2 "low" 1/2 } 0
p "" 1 1 "high" { "raise" "show" } 0
p "" 2 1 "raised" { "call" "fold" } 0
t "" 1 "" { 2 -2 }
t "" 2 "" { 1 -1 }
t "" 3 "" { 1 -1 }
p "" 1 2 "low" { "raise" "show" } 0
p "" 2 1 0
t "" 4 "" { -2 2 }
t "" 5 "" { 1 -1 }
t "" 6 "" { -1 1 }
"""
"""The game that is played by default. Its value is 1/3: Dealt raises with every high card and a third of the low ones, Other calls two in
three times."""


def text_of(source: str) -> str:
    """The text that an option names.

    Raises:
        BadOption: There is no such file, or it is too large.
    """
    if not source:
        return EXAMPLE
    if source.removeprefix("\ufeff").lstrip().startswith("EFG "):
        return source
    path = Path(os.path.expanduser(source))
    try:
        if not path.is_file():
            raise BadOption(f"there is no file {shown(source, 200)}; give the path of an .efg file, or its text, which begins with EFG")
        if path.stat().st_size > LONGEST:
            raise BadOption(f"{shown(source, 200)} has {path.stat().st_size} bytes; allowed: up to {LONGEST}")
        return path.read_text(encoding="utf-8", errors="replace")
    except (OSError, ValueError) as error:
        raise BadOption(f"{shown(source, 200)} cannot be read: {shown(str(error), 200)}") from None


def played_of(source: str) -> Played:
    """The tree of a source, ready for play.

    Raises:
        BadOption: It cannot be read; of a broken text the message names the line and the reason.
    """
    text = text_of(source)
    try:
        return _played(text)
    except UsageError as error:
        where = "the text" if text == source or not source else shown(source, 200)
        raise BadOption(f"EFG: {where}, {error}") from None


@lru_cache(maxsize=16)
def _played(text: str) -> Played:
    return Played(read_efg(text))
