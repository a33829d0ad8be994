"""Figures of recorded battles for reports: how much is left of each side, turn by turn. They are played again in the engine for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agentarena.core.replay import steps
from agentarena.plots import lines

from .game import PokemonVGC
from .state import views

__all__ = ["figures"]

_MOST = 4
"""Battles that are drawn."""


def figures(records: Sequence[Any]) -> list[tuple[str, str]]:
    """Figures for a report: (title, SVG) each; none where the simulator is not installed.

    Args:
        records: Matches of PokemonVGC-v0 (`agentarena.matches.Record`).
    """
    if PokemonVGC.missing() is not None:
        return []
    return [
        (f"Battle {record.match}: {' against '.join(seat.agent for seat in record.seats)}", _battle(record)) for record in records[:_MOST]
    ]


def _battle(record: Any) -> str:
    """What is left of each side, in Pokemon, over the turns of one battle."""
    left: dict[int, tuple[float, float]] = {}
    for match, _ in steps(record):
        state = match.episode.state
        if state.update is not None and state.update.turn:
            own, foe = views(state)
            left[state.update.turn] = (_left(own), _left(foe))
    curves = {f"{record.seats[seat].agent} (seat {seat})": [(float(turn), left[turn][seat]) for turn in sorted(left)] for seat in (0, 1)}
    return lines(curves, x="turn", y="Pokemon left", low=0.0)


def _left(view: Any) -> float:
    """Sum of the shares of hit points that are left to a side."""
    return sum(float(mon.get("percent") or 0.0) / 100.0 for mon in view["own"]["team"] if mon.get("brought") is not False)
