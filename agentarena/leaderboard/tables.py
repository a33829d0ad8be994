"""A board's rows as a table of text."""

from __future__ import annotations

import math
from collections.abc import Sequence

from .board import Board
from .rows import BoardRow, rank_text

__all__ = ["board_markdown", "board_table"]


def board_table(board: Board, rows: Sequence[BoardRow]) -> tuple[list[str], list[list[str]]]:
    """Columns and cells of a board's table; columns that say nothing are left out."""
    unit = "Elo" if board.rating == "elo" else f"return ({board.game().info.unit or 'units'})"
    columns: list[tuple[str, list[str]]] = [
        ("rank", [rank_text(row) for row in rows]),
        ("agent", [row.agent for row in rows]),
        (f"{unit} [{100 * board.level:g} %]", [_interval(row.rating, row.interval, board.rating == "elo") for row in rows]),
        ("return", [_number(row.mean_return, 3) for row in rows] if board.rating == "elo" else []),
        ("wins %", [_number(100 * row.win_share, 1) for row in rows]),
        ("matches", [str(row.matches) for row in rows]),
        ("deals", [str(row.deals) for row in rows]),
        ("forfeits", [str(row.forfeits) for row in rows] if any(row.forfeits for row in rows) else []),
        ("tokens", [f"{row.tokens:.0f}" for row in rows] if any(row.tokens for row in rows) else []),
        ("cost ($)", [f"{row.cost_usd:.2f}" for row in rows] if any(row.cost_usd for row in rows) else []),
        ("isolation", [row.level for row in rows]),
        ("status", ["settled" if row.settled else "provisional" for row in rows]),
    ]
    columns = [(name, cells) for name, cells in columns if cells and set(cells) != {"–"}]
    return [name for name, _ in columns], [list(cells) for cells in zip(*(cells for _, cells in columns), strict=True)]


def board_markdown(board: Board, rows: Sequence[BoardRow], key: str) -> str:
    """A page of text with a board's table, which shows a change as a change: no clocks, one row a line."""
    columns, cells = board_table(board, rows)
    protocol = board.protocol
    options = ", ".join(f"`{name} = {value}`" for name, value in board.options.items())
    lines = [
        f"# {board.title or board.name}",
        "",
        f"`{board.env}`{' with ' + options if options else ''}. Edition `{key}`. Ordered by {board.rating}; ranks are simultaneous "
        f"{100 * board.level:g} % spans, agents whose spans meet are tied.",
        "",
        f"A submission plays {protocol.rounds} to {protocol.most_rounds} rounds "
        + ("in every seat by itself" if protocol.tables == "self" else "against the reference agents")
        + f", {'secret' if protocol.seeds == 'secret' else 'public'} seeds"
        + (f", {protocol.openings} random opening moves" if protocol.openings else "")
        + (f", {protocol.deadline_s:g} s a decision" if protocol.deadline_s else "")
        + f", isolation at least `{protocol.isolation}`.",
        "",
        "| " + " | ".join(columns) + " |",
        "|" + "|".join(" --- " for _ in columns) + "|",
        *("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in cells),
        "",
        f"Made by `make boards`. Enter with `agentarena submit FOLDER --board {board.name}`.",
    ]
    return "\n".join(lines) + "\n"


def _number(value: float, digits: int) -> str:
    return "–" if math.isnan(value) else f"{value:.{digits}f}"


def _interval(value: float, interval: tuple[float, float], elo: bool) -> str:
    digits = 0 if elo else 3
    if any(map(math.isnan, interval)):
        return f"{_number(value, digits)} [no interval]"
    return f"{value:.{digits}f} [{interval[0]:.{digits}f}, {interval[1]:.{digits}f}]"
