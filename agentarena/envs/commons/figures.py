"""Figures of recorded matches for reports: stock, harvests, norms and sanctions over time, and who harvested how much."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from agentarena.plots import lines

from .analysis.metrics import final_state, gini
from .game import Commons
from .state import Round, State
from .text.vocabulary import VOCABULARY

__all__ = ["figures"]

_MOST_SOCIETIES, _MOST_MATCHES, _MOST_SEATS = 6, 20, 8


def figures(records: Sequence[Any]) -> list[tuple[str, str]]:
    """Figures for a report: (title, SVG) each.

    Curves of a society (the same agents in whatever seats) are means over its matches that still went on; those by seat are of the first match.

    Args:
        records: Matches of Commons-v0 (`agentarena.matches.Record`).
    """
    societies: dict[str, list[tuple[Commons, State]]] = {}
    for record in records:
        if not record.actions:
            continue
        group = societies.setdefault(_society(record), [])
        if len(group) < _MOST_MATCHES:
            group.append((record.game(), final_state(record)))
    if not societies:
        return []
    selected = dict(list(societies.items())[:_MOST_SOCIETIES])
    game, state = next(iter(selected.values()))[0]
    words = VOCABULARY[game.scenario]
    first = next(iter(selected))
    titled = [
        (
            f"Stock at the beginning of a {words.span}, mean of a society's matches",
            _mean(selected, lambda done: done.stock, words.span, words.unit, 0.0),
        ),
        ("Harvest of all together", _mean(selected, lambda done: done.total, words.span, words.unit, 0.0)),
        ("The cap in force", _mean(selected, lambda done: done.norm if done.norm >= 0 else math.nan, words.span, words.unit, 0.0)),
        (
            "Punishments",
            _mean(selected, lambda done: float(sum(other >= 0 for other in done.punished)), words.span, f"a {words.span}", 0.0),
        ),
        ("Inequality of a round's harvests (Gini coefficient)", _mean(selected, _unequal, words.span, "Gini coefficient", 0.0)),
        (f"Harvest by seat in one match: {first}", _by_seat(game, state)),
    ]
    if game.resource == "static":
        titled = titled[1:]
    if game.sanction == "none":
        titled = [(title, svg) for title, svg in titled if title != "Punishments"]
    return [(title, svg) for title, svg in titled if svg]


def _society(record: Any) -> str:
    """Who played, whatever the seats: names with their numbers."""
    names = sorted(str(seat.agent) for seat in record.seats)
    return ", ".join(f"{names.count(name)} {name}" for name in dict.fromkeys(names))


def _unequal(done: Round) -> float:
    return gini([got for got in done.harvested if got >= 0])


def _mean(societies: dict[str, list[tuple[Commons, State]]], figure: Callable[[Round], float], x: str, y: str, low: float) -> str:
    series = {}
    for name, group in societies.items():
        curves = [[figure(done) for done in state.past] for _, state in group]
        points = []
        for index in range(max(len(curve) for curve in curves)):
            values = [curve[index] for curve in curves if len(curve) > index and math.isfinite(curve[index])]
            if values:
                points.append((index + 1.0, float(np.mean(values))))
        series[name] = points
    return lines(series, x=x, y=y, low=low)


def _by_seat(game: Commons, state: State) -> str:
    words = VOCABULARY[game.scenario]
    series = {
        f"player {seat}": [(float(done.number), done.harvested[seat]) for done in state.past if done.harvested[seat] >= 0]
        for seat in range(min(game.players, _MOST_SEATS))
    }
    return lines(series, x=words.span, y=words.unit, low=0.0)
