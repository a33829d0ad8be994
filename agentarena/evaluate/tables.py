"""Standings as text: cells, tables, what their columns mean, and why an interval is missing. One place for every printer."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from agentarena.core.display import printable
from agentarena.core.intervals import Interval

from .rows import HeadToHead, Row
from .share import Share

__all__ = ["Table", "aligned", "cell", "head_table", "legend", "place_table", "reasons", "result_cells", "standings_table"]

Table = tuple[str, list[str], list[list[str]]]
"""Title, columns, rows."""

_MEANING = {
    "rank": "places in mean return that the agent may have, for all agents at once",
    "games": "different games among the matches; matches with the same seats, moves and result are one",
    "won": "matches it won, alone or with its side",
    "drawn": "matches whose win it shared",
    "both sides": "matches in which it held seats of several sides, as in self-play; neither won nor drawn. See by seat or side",
    "return": "mean return of a match, the game's own measure, by which the rows are sorted",
    "win %": "share of the wins; a draw of k sides counts 1/k. Nobody better than anybody: one over the number of sides",
    "Elo": "Bradley-Terry rating; 400 points more are odds of 10 to 1. Nobody better than anybody: all at 1000",
    "alpha-Rank": "share of the long run when agents copy what pays, cycles included. Nobody better than anybody: equal shares",
    "Nash": "weight in the mix of agents that none of them beats; agents entered twice share it",
    "forfeits": "matches it forfeited",
}
_NAME_SHOWN = 80


def cell(value: float, interval: Interval, form: str, scale: float = 1.0) -> str:
    """A figure with its interval where it has one, "-" where there is no figure.

    >>> cell(0.297, Interval(0.269, 0.325), ".1f", 100), cell(0.5, Interval(math.nan, math.nan), ".2f"), cell(math.nan, Interval(0, 1), ".2f")
    ('29.7 [26.9, 32.5]', '0.50', '-')
    """
    if math.isnan(value):
        return "-"
    ends = "" if math.isnan(interval.low) else f" [{scale * interval.low:{form}}, {scale * interval.high:{form}}]"
    return f"{scale * value:{form}}{ends}"


def result_cells(row: Share) -> tuple[str, str]:
    """The columns "return" and "win %", as every table prints them."""
    return cell(row.mean_return, row.return_interval, "+.3f"), cell(row.win_share, row.win_interval, ".1f", 100)


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of text as lines, each column as wide as its longest cell.

    >>> aligned([["agent", "won"], ["random", "1"]])
    ['agent   won', 'random  1']
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _name(agent: str) -> str:
    return printable(agent, _NAME_SHOWN)


def _rank(rank: tuple[int, int]) -> str:
    return f"{rank[0]}-{rank[1]}" if rank[0] != rank[1] else str(rank[0])


def _columns(unit: str) -> list[tuple[str, Callable[[Row], str]]]:
    return [
        ("rank", lambda row: _rank(row.rank)),
        ("agent", lambda row: _name(row.agent)),
        ("matches", lambda row: str(row.matches)),
        ("games", lambda row: str(row.courses) if row.courses < row.matches else "-"),
        (f"return ({unit})" if unit else "return", lambda row: result_cells(row)[0]),
        ("win %", lambda row: result_cells(row)[1]),
        ("both sides", lambda row: str(row.both_sides)),
        ("Elo", lambda row: cell(row.elo, row.elo_interval, ".0f")),
        ("alpha-Rank", lambda row: cell(row.mass, row.mass_interval, ".3f")),
        ("Nash", lambda row: "-" if math.isnan(row.nash) else f"{row.nash:.3f}"),
        ("forfeits", lambda row: str(row.forfeits)),
    ]


def _shown(rows: Sequence[Row], unit: str) -> list[tuple[str, Callable[[Row], str]]]:
    """The columns that say something."""
    return [(name, write) for name, write in _columns(unit) if not all(write(row) in ("-", "0") for row in rows)]


def standings_table(title: str, rows: Sequence[Row], unit: str) -> Table:
    """One row an agent, best first."""
    columns = _shown(rows, unit)
    return title, [name for name, _ in columns], [[write(row) for _, write in columns] for row in rows]


def legend(rows: Sequence[Row], unit: str) -> tuple[str, ...]:
    """One line for each column of `standings_table` that needs one."""
    names = [name.split(" (")[0] for name, _ in _shown(rows, unit)]
    return tuple(f"{name}: {_MEANING[name]}." for name in names if name in _MEANING)


def head_table(rows: Sequence[Row], head_to_head: HeadToHead) -> Table:
    """Who did better against whom."""
    names = [_name(row.agent) for row in rows]
    cells = [["-" if math.isnan(value) else f"{100 * value:.1f}" for value in line] for line in head_to_head.score]
    title = "Head to head: % of matches in which the row did better than the column, ties half"
    return title, ["agent", *names], [[name, *line] for name, line in zip(names, cells, strict=True)]


def place_table(what: str, rows: Sequence[Share]) -> Table:
    """One row an agent and seat, role or side."""
    lines = [
        [
            _name(row.agent),
            printable(str(row.place), _NAME_SHOWN),
            str(row.matches),
            *result_cells(row),
        ]
        for row in rows
    ]
    return f"By {what}: figures of the matches in which the agent held that {what}", ["agent", what, "matches", "return", "win %"], lines


def reasons(rows: Sequence[Share]) -> tuple[str, ...]:
    """Why intervals are missing in the rows of standings or of `shares`, one line for each reason."""
    missing: dict[str, dict[str, list[str]]] = {}
    for row in rows:
        figures = [("return", row.mean_return, row.return_reason), ("win %", row.win_share, row.win_reason)]
        if isinstance(row, Row):
            figures += [("Elo", row.elo, row.elo_reason), ("alpha-Rank", row.mass, row.mass_reason)]
        for figure, value, reason in figures:
            if reason and not math.isnan(value):
                missing.setdefault(reason, {}).setdefault(figure, []).append(_name(row.agent))
    return tuple(_reason(reason, figures, len(rows)) for reason, figures in missing.items())


def _reason(reason: str, figures: dict[str, list[str]], agents: int) -> str:
    whose = list(dict.fromkeys(name for names in figures.values() for name in names))
    of = "" if len(whose) == agents else f" for {', '.join(whose[:5])}{' and others' if len(whose) > 5 else ''}"
    return f"No interval of {', '.join(figures)}{of}: {reason}."
