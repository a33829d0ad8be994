"""Figures of recorded matches for reports: where everybody went, and beliefs and chances over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agentarena.core.animation import still, together
from agentarena.core.frames import frames

__all__ = ["figures"]

_MOST = 2


def figures(records: Sequence[Any]) -> list[tuple[str, str]]:
    """The field at the end of the first match of each type, with everybody's way: (title, SVG) each.

    Args:
        records: Matches of one of the games on the field (`agentarena.matches.Record`).
    """
    by_play: dict[str, tuple[str, str]] = {}
    for record in records:
        if record.actions and len(by_play) < _MOST:
            steps = [together(frame.screens) for frame in frames(record)]
            play = next((item.detail for item in steps[-1][0].items if item.text == "Play"), "")
            if play not in by_play:
                by_play[play] = (f"Match {record.match}, play: {play}", still(steps, inline=True))
    return list(by_play.values())
