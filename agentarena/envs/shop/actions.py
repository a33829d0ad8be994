"""Commands: how they are written and read.

    search[words]     click[label]

Read as the original reads them: names in lower case alone, the last closing bracket ends the argument, what follows it is ignored, the
argument is made lower case, nothing is stripped.
"""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["BACK", "BUY", "MAX_CHARS", "NEXT", "PREVIOUS", "TABS", "Command", "parse"]

MAX_CHARS = 1000
"""Longest command in characters."""
BACK, PREVIOUS, NEXT, BUY = "back to search", "< prev", "next >", "buy now"
"""Labels of buttons, as commands name them."""
TABS = ("description", "features", "reviews", "attributes")
"""Labels of the tabs of a product; the last is an option."""
_COMMAND = re.compile(r"(.+)\[(.+)\]")


class Command(NamedTuple):
    """A command in parts.

    Attributes:
        name: "search", "click", or whatever was written before the bracket; "" where there is none.
        argument: In lower case.
    """

    name: str
    argument: str


def parse(text: str) -> Command:
    """The parts of a command.

    >>> parse("click[Buy Now]"), parse("search[red [shoes] now"), parse("buy it")
    (Command(name='click', argument='buy now'), Command(name='search[red ', argument='shoes'), Command(name='', argument=''))
    """
    match = _COMMAND.match(text)
    return Command(match[1], match[2].lower()) if match else Command("", "")
