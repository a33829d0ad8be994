"""`agentarena replay`: a recorded match in the terminal."""

from __future__ import annotations

import sys
import time
from typing import Any

import click

from .common import console, trust_option


@click.command("replay")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.option("-m", "--match", default=0, show_default=True, type=click.IntRange(min=0), help="Number of the match in the file.")
@click.option("--seat", type=click.IntRange(min=0), help="See only what this seat saw; by default you are the referee and see everything.")
@click.option(
    "--delay", type=click.FloatRange(min=0), metavar="SECONDS", help="Go on by itself after this pause instead of waiting for Enter."
)
@trust_option
def command(file: str, match: int, seat: int | None, delay: float | None, trust: bool) -> None:
    """Step through a recorded match: Enter goes on, q stops. Without a terminal it prints everything.

    \b
    agentarena replay runs/kuhn.jsonl --match 3
    agentarena replay runs/kuhn.jsonl --seat 1 --delay 0.5
    """
    from agentarena.core.frames import frames
    from agentarena.matches.results import Results

    records = {record.match: record for record in Results.load(file, trust=trust).records}
    if match not in records:
        raise click.UsageError(
            f"{file} has no match {match}; it has {len(records)}, numbered {min(records, default=0)} to {max(records, default=0)}"
        )
    record = records[match]
    check_seat(seat, len(record.seats))
    for frame in frames(record):
        show_frame(frame, seat)
        if delay is not None:
            time.sleep(delay)
        elif sys.stdin.isatty() and click.prompt("", default="", show_default=False, prompt_suffix="").strip().lower() == "q":
            return
    show_ending(record)


def check_seat(seat: int | None, seats: int) -> None:
    """Raise `UsageError` unless the match has that seat."""
    if seat is not None and seat >= seats:
        raise click.UsageError(f"there is no seat {seat}; the seats are 0 to {seats - 1}")


def show_frame(frame: Any, seat: int | None) -> None:
    """One moment of a match: what was done, and what the seat, or the referee, sees."""
    console.rule(f"step {frame.step}", align="left", style="dim")
    for line in frame.news_for(seat):
        console.print(line, markup=False)
    console.print(frame.table if seat is None else frame.views[seat], markup=False)


def show_ending(record: Any) -> None:
    """How a match ended, seat by seat."""
    winner = "nobody" if record.winner is None else f"seat {record.winner}" if isinstance(record.winner, int) else record.winner
    console.print(f"[bold]{record.outcome}[/bold]; winner: {winner}")
    for number, one in enumerate(record.seats):
        console.print(f"  seat {number}  {one.agent}  {one['return']:g}", markup=False)
