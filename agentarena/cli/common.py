"""What several commands share: options, record files, progress bars, and output: words, tables, JSON.

Names, replies and reasons come from agents, records and files: `say`, `show_table` and `echo_json` print them as they are, never
as markup or as commands to the terminal.
"""

from __future__ import annotations

import ast
import dataclasses
import json
import math
import re
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import click
import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from agentarena.core.display import printable, printable_lines, wrapped

__all__ = [
    "console",
    "echo_json",
    "env_options",
    "expect_agents",
    "json_option",
    "key_values",
    "match_options",
    "named_values",
    "progress_bar",
    "say",
    "show_table",
    "trust_option",
]

console = Console(highlight=False, width=None if sys.stdout.isatty() else 140)


def key_values(pairs: Sequence[str]) -> dict[str, Any]:
    """What `--set` says of a game, as keywords of whatever takes one: its options apart, so that they may be named like anything.

    `["players=4", "preset=paper"]` gives `{"options": {"players": 4}, "preset": "paper"}`; values are Python literals where they
    are ones.
    """
    options = named_values(pairs)
    return {"preset": options.pop("preset", None), "options": options}


def named_values(pairs: Sequence[str]) -> dict[str, Any]:
    """What `--set` says: `["players=4", "beta=0.5"]` gives `{"players": 4, "beta": 0.5}`."""
    options: dict[str, Any] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key.isidentifier():
            raise click.BadParameter(f"{printable(pair, 100)!r} is not name=value", param_hint="--set")
        if key in options:
            raise click.BadParameter(f"{printable(key, 100)!r} is given twice; give it once", param_hint="--set")
        options[key] = _value(value)
    return options


def _value(text: str) -> Any:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
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


def expect_agents(env: str, agents: Sequence[str], settings: Sequence[str]) -> None:
    """Refuse a command that names no agents, with how to find some."""
    if not agents:
        from agentarena.core import registry

        seats = registry.game(env, **key_values(settings)).info.seats
        raise click.UsageError(f"name up to {seats} agents; `agentarena agents --env {shlex.quote(env)}` lists those that can play")


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


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, and nothing else, on stdout.")
"""Adds `--json`, the argument `as_json`, to a command that reports something; it prints by `echo_json`."""


trust_option = click.option("--trust", is_flag=True, help="Let the files name code of their own (module:Class), which is then run.")
"""Adds `--trust` to a command that reads records, for those of games that are not registered."""


def echo_json(value: Any) -> None:
    """A value as one JSON document on stdout: dataclasses as objects, arrays as lists, numbers that are not finite as null."""
    click.echo(json.dumps(_jsonable(value), indent=2, allow_nan=False))


def _jsonable(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _jsonable(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _jsonable(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return _jsonable(value.tolist())
    if isinstance(value, list | tuple | set | frozenset):
        return [_jsonable(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def say(text: str, style: str = "", *, hanging: int = 0) -> None:
    """Words on stdout, in a terminal broken between words (see `wrapped`); nothing in them is markup or a command to it."""
    text = printable_lines(text)
    console.print(Text(wrapped(text, console.width, hanging=hanging) if console.is_terminal else text, style=style), soft_wrap=True)


@contextmanager
def progress_bar(what: str, quiet: bool = False) -> Iterator[Callable[[int, int], None] | None]:
    """A bar on stderr, moved by `progress(done, total)`; nothing when `quiet` or when stderr is no terminal."""
    if quiet:
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    terminal = Console(stderr=True)
    with Progress(*columns, console=terminal, transient=True, disable=not terminal.is_terminal) as bar:
        task = bar.add_task(printable(what, 60), total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


_UNBROKEN = 12
"""Words up to this length are not broken in a narrow terminal."""


def show_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], *, caption: str = "") -> None:
    """A table on stdout; numbers are right-aligned. Cells, title and caption are shown as they are, each cell on one line.

    Where the terminal is too narrow, intervals go below their numbers, then their bounds below each other; where it is narrower
    still, each row is a list.
    """
    names, texts = [printable(name) for name in columns], [[printable(str(cell)) for cell in row] for row in rows]
    for breaks in ((), (" [",), (" [", ", ")):
        cells = [[_broken(cell, breaks) for cell in row] for row in texts]
        table = _table(title, [_broken(name, breaks[:1]) for name in names], cells, caption)
        size = console.measure(table, options=console.options.update(width=_ROOM))
        if (size.minimum if breaks else size.maximum) <= console.width:
            console.print(table)
            console.print()
            return
    say(title, "italic")
    for row in texts:
        say("")
        for name, cell in zip(names, row, strict=True):
            say(f"{name}: {cell}", "bold" if name is names[0] else "", hanging=2)
    say(f"\n{caption}" if caption else "", "dim italic")


_ROOM = 10_000
"""A width that every table fits."""
_INTERVAL = re.compile(r" \[[^\[\]]*\]$")


def _broken(cell: str, breaks: Sequence[str]) -> str:
    """A cell whose interval goes on in new lines at the places named."""
    interval = _INTERVAL.search(cell)
    if interval is None:
        return cell
    tail = interval[0]
    for place in breaks:
        tail = tail.replace(place, place.rstrip("[ ") + "\n" + place.lstrip(", "))
    return cell[: interval.start()] + tail


def _table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], caption: str) -> Table:
    table = Table(
        box=box.SIMPLE_HEAD,
        title=Text(printable(title), style="italic") if title else None,
        caption=Text(printable_lines(caption), style="dim italic") if caption else None,
        title_justify="left",
        caption_justify="left",
        header_style="bold",
        pad_edge=False,
        collapse_padding=True,
        show_edge=False,
    )
    for i, name in enumerate(columns):
        cells = [row[i] for row in rows]
        right = bool(cells) and all(map(_is_number, cells))
        parts = [part for cell in (name, *cells) for part in cell.split("\n")]
        longest = max(
            len(part) if part.startswith("[") and "\n" in name + "".join(cells) else min(_UNBROKEN, max(map(len, part.split() or [""])))
            for part in parts
        )
        table.add_column(Text(name), justify="right" if right else "left", overflow="fold", min_width=longest)
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def _is_number(cell: Any) -> bool:
    text = str(cell).strip()
    return bool(text) and (text[0].isdigit() or text[0] in "+-.–")
