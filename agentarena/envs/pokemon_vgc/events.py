"""News: what each side's own channel said since its last choice.

Channels differ: each side sees its own hit points exactly and those of the other side as percents. So each side has events of its own,
whose `data["lines"]` are lines of the simulator's protocol, those that say nothing to a player left out.
"""

from __future__ import annotations

from agentarena.core.events import Event

from .state import State

__all__ = ["SILENT", "news"]

SILENT = frozenset(
    (
        "",
        "t:",
        "gametype",
        "player",
        "gen",
        "tier",
        "rule",
        "rated",
        "teamsize",
        "start",
        "clearpoke",
        "poke",
        "teampreview",
        "showteam",
        "debug",
        "upkeep",
        "split",
        "request",
        "message",
        "-message",
        "-hint",
        "raw",
        "html",
        "uhtml",
        "uhtmlchange",
        "error",
        "bigerror",
        "inactive",
        "inactiveoff",
        "c",
        "chat",
        "j",
        "l",
        "n",
        "-anim",
        "-center",
        "init",
        "title",
        "-primal",
        "swap",
        "done",
    )
)
"""Kinds of lines that are left out: set-up, words of people, hints and animations."""


def news(state: State) -> tuple[Event, ...]:
    """What the last step made known."""
    update = state.update
    if update is None:
        if state.number:
            return ()
        return tuple(Event("offer", {"sets": [offer.packed for offer in sets]}, (seat,)) for seat, sets in enumerate(state.offers))
    if not state.fresh:
        return ()
    events = []
    for seat, side in enumerate(update.sides):
        if lines := [line for line in side.lines if _kind(line) not in SILENT]:
            events.append(Event("battle", {"lines": lines}, (seat,)))
        if side.again is not None:
            events.append(Event("refused", {"reason": side.again}, (seat,)))
    return tuple(events)


def _kind(line: str) -> str:
    """The kind of a line, `""` of one that has none."""
    return line.split("|", 2)[1] if line.startswith("|") else ""
