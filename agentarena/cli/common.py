"""What several commands share: options, progress bars and tables."""

from __future__ import annotations

import ast
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.table import Table

__all__ = ["console", "env_options", "interval", "key_values", "match_options", "progress_bar", "show_table"]

console = Console(highlight=False, width=None if sys.stdout.isatty() else 140)


def key_values(pairs: Sequence[str]) -> dict[str, Any]:
    """`["players=4", "preset=paper"]` as `{"players": 4, "preset": "paper"}`; values are Python literals where they are ones."""
    out: dict[str, Any] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key.isidentifier():
            raise click.BadParameter(f"{pair!r} is not name=value", param_hint="--set")
        out[key] = _value(value)
    return out


def _value(text: str) -> Any:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def env_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Adds `--set NAME=VALUE` for the options of an environment."""
    return click.option(
        "-s",
        "--set",
        "settings",
        multiple=True,
        metavar="NAME=VALUE",
        help="Option of the environment, e.g. preset=paper; may be repeated.",
    )(function)


def match_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options of every command that plays matches."""
    options = (
        click.option("--seed", default=0, show_default=True, type=click.IntRange(min=0), help="Seed of the run: same seed, same records."),
        click.option(
            "--openings",
            default=0,
            show_default=True,
            type=click.IntRange(min=0),
            help="First moves played at random, the same in every seating of a deal: for agents that always play alike.",
        ),
        click.option("--workers", type=click.IntRange(min=1), help="Processes to play in; by default this one."),
        click.option(
            "--deadline",
            "deadline_s",
            type=click.FloatRange(min=0, min_open=True),
            metavar="SECONDS",
            help="Per move; a slower agent loses its match.",
        ),
        click.option("--quiet", is_flag=True, help="No progress bar."),
    )
    for option in reversed(options):
        function = option(function)
    return env_options(function)


@contextmanager
def progress_bar(what: str, quiet: bool = False) -> Iterator[Callable[[int, int], None] | None]:
    """A bar on stderr, moved by `progress(done, total)`; nothing when `quiet` or when stderr is no terminal."""
    if quiet:
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    terminal = Console(stderr=True)
    with Progress(*columns, console=terminal, transient=True, disable=not terminal.is_terminal) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


_UNBROKEN = 12
"""Words up to this length are not broken in a narrow terminal."""


def show_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], *, caption: str = "") -> None:
    """A table on stdout; numbers are right-aligned."""
    table = Table(
        box=box.SIMPLE_HEAD,
        title=title or None,
        caption=caption or None,
        title_justify="left",
        caption_justify="left",
        header_style="bold",
        pad_edge=False,
        collapse_padding=True,
    )
    for i, name in enumerate(columns):
        cells = [str(row[i]) for row in rows]
        right = bool(cells) and all(map(_is_number, cells))
        words = max(len(word) for cell in (name, *cells) for word in (cell.split() or [""]))
        table.add_column(
            name, justify="right" if right else "left", overflow="fold", no_wrap=name == columns[0], min_width=min(words, _UNBROKEN)
        )
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    console.print(table)


def interval(value: float, bounds: tuple[float, float], digits: int = 3) -> str:
    """A number with its interval, e.g. "0.480 [0.431, 0.529]"; "–" for nan."""
    if math.isnan(value):
        return "–"
    return f"{value:.{digits}f} [{bounds[0]:.{digits}f}, {bounds[1]:.{digits}f}]"


def _is_number(cell: Any) -> bool:
    text = str(cell).strip()
    return bool(text) and (text[0].isdigit() or text[0] in "+-.–")
