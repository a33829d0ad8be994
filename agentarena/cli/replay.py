"""`agentarena replay`: a recorded match in the terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from agentarena.core.display import printable
from agentarena.core.screen import screen_lines

from .common import console, echo_json, json_option, say, trust_option


@click.command("replay")
@click.argument("records", type=click.Path(exists=True))
@click.option("-m", "--match", type=click.IntRange(min=0), help="Number of the match; by default the first.")
@click.option("--seat", type=click.IntRange(min=0), help="See only what this seat saw; by default you are the referee and see everything.")
@click.option(
    "--delay", type=click.FloatRange(min=0), metavar="SECONDS", help="Go on by itself after this pause instead of waiting for Enter."
)
@click.option(
    "--svg",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the match as an animated picture instead, of games that have one.",
)
@click.option("--still", is_flag=True, help="With --svg: the end and how it came about, without motion.")
@trust_option
@json_option
def command(
    records: str, match: int | None, seat: int | None, delay: float | None, svg: Path | None, still: bool, trust: bool, as_json: bool
) -> None:
    """Step through a recorded match: Enter goes on, q stops. Without a terminal it prints everything.

    RECORDS is a record file or the folder of a tournament. Each step shows what was thought, replied and played, then what is
    seen: as the referee in one block, in which the numbers at the left are the seats that see a line.

    \b
    agentarena replay runs/kuhn.jsonl --match 3
    agentarena replay runs/kuhn.jsonl --seat 1 --delay 0.5
    agentarena replay runs/football.jsonl --svg play.svg
    """
    from agentarena.core.frames import frames

    record = record_of(records, match, trust=trust)
    check_seat(seat, len(record.seats))
    if still and svg is None:
        raise click.UsageError("--still is for --svg FILE")
    if svg is not None:
        write_picture(record, svg, seat, still=still)
        return
    if as_json:
        echo_json(match_json(record, seat))
        return
    say(f"{record.env}, match {record.match}: " + ", ".join(f"seat {n} {printable(one.agent)}" for n, one in enumerate(record.seats)))
    for frame in frames(record):
        show_frame(frame, seat)
        if delay is not None:
            time.sleep(delay)
        elif sys.stdin.isatty() and click.prompt("", default="", show_default=False, prompt_suffix="").strip().lower() == "q":
            return
    show_ending(record)


def write_picture(record: Any, path: Path, seat: int | None, *, still: bool) -> None:
    """Write a match as an SVG, as a seat saw it, or the referee.

    Raises:
        NotSupported: The game has no picture.
    """
    from agentarena.core import animation
    from agentarena.core.frames import frames

    screens = [animation.together(frame.screens) if seat is None else frame.screens[seat] for frame in frames(record) if frame.screens]
    title = f"{record.env}, match {record.match}" + ("" if seat is None else f", seen by seat {seat}")
    draw = animation.still if still else animation.animated
    path.write_text(draw(screens, title=title), encoding="utf-8")
    say(f"wrote {path}")


def record_of(path: str, match: int | None, *, trust: bool = False) -> Any:
    """The record of a match in a file or folder; the first where no match is named.

    Raises:
        UsageError: There is no such match, or the folder holds several files.
    """
    from agentarena.core.record_files import record_files
    from agentarena.matches.results import Results

    files = record_files(path)
    if len(files) > 1:
        raise click.UsageError(f"{path} holds {len(files)} record files; name one of them: {', '.join(file.name for file in files[:10])}")
    records = {record.match: record for record in Results.load(files[0], trust=trust).records}
    if not records:
        raise click.UsageError(f"{files[0]} holds no finished match")
    number = min(records) if match is None else match
    if number not in records:
        raise click.UsageError(f"{files[0]} has no match {match}; it has {len(records)}: {_ranges(sorted(records))}")
    return records[number]


def _ranges(numbers: Sequence[int]) -> str:
    """Ascending numbers in short, e.g. "0 to 3, 8, 12 to 14"; the first few where there are many gaps."""
    ends = [i for i, number in enumerate(numbers) if i + 1 == len(numbers) or numbers[i + 1] != number + 1]
    starts = [0, *(i + 1 for i in ends[:-1])]
    runs = [f"{numbers[a]}" if a == b else f"{numbers[a]} to {numbers[b]}" for a, b in zip(starts, ends, strict=True)]
    return ", ".join(runs[:6]) + (", ..." if len(runs) > 6 else "")


def check_seat(seat: int | None, seats: int) -> None:
    """Raise `UsageError` unless the match has that seat."""
    if seat is not None and seat >= seats:
        raise click.UsageError(f"there is no seat {seat}; the seats are 0 to {seats - 1}")


_LONGEST = 4000
"""Longer replies and thinking are cut in the terminal."""


def show_frame(frame: Any, seat: int | None) -> None:
    """One moment of a match: what was said and done, and what the seat, or the referee, sees."""
    console.rule(f"step {frame.step}", align="left", style="dim")
    for speaker, attempts in frame.replies_for(seat).items():
        for attempt in attempts:
            if attempt["thinking"]:
                say(f"seat {speaker} thinks: {_cut(attempt['thinking'])}", style="dim")
            refused = "" if attempt["outcome"] == "read" else f" ({attempt['outcome']}: {attempt['reason']})"
            say(f"seat {speaker} replies{refused}: {_cut(attempt['text'])}")
    for line in frame.news_for(seat):
        say(line)
    if frame.screens and (seat is not None or len(frame.screens) == 1):
        say(screen_lines(frame.screens[seat or 0]))
    elif seat is None:
        say(frame.table, hanging=frame.table.find("| ") + 2 if len(set(frame.views)) > 1 else 0)
        pictures = tuple(block for block in frame.screens[0] if block.kind == "picture") if frame.screens else ()
        if pictures:
            say(screen_lines(pictures))
    else:
        say(frame.views[seat])


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}... ({len(text):,} characters; --json has them all)"


def show_ending(record: Any) -> None:
    """How a match ended, seat by seat."""
    winner = "nobody" if record.winner is None else f"seat {record.winner}" if isinstance(record.winner, int) else record.winner
    say(f"{record.outcome}; winner: {winner}", style="bold")
    for number, one in enumerate(record.seats):
        side = ", ".join(printable(part) for part in (one.role, one.team) if part)
        say(f"  seat {number}  {printable(one.agent)}{f' ({side})' if side else ''}  {one.return_:g}")


def match_json(record: Any, seat: int | None) -> dict[str, Any]:
    """A match step by step as `--json` prints it, for the referee or for one seat."""
    from agentarena.core.frames import frames

    return {
        "env": record.env,
        "options": record.options,
        "seed": record.seed,
        "match": record.match,
        "deal": record.deal,
        "seen_by": "referee" if seat is None else seat,
        "seats": [{"agent": one.agent, "role": one.role, "team": one.team, "return": one.return_} for one in record.seats]
        if seat is None
        else [{"agent": one.agent, "return": one.return_} for one in record.seats],
        "outcome": record.outcome,
        "winner": record.winner,
        "steps": [_frame_json(frame, seat) for frame in frames(record)],
    }


def _frame_json(frame: Any, seat: int | None) -> dict[str, Any]:
    shared = {
        "step": frame.step,
        "replies": frame.replies_for(seat),
        "news": frame.news_for(seat),
        "to_move": frame.to_move,
    }
    if seat is not None:
        return {**shared, "view": frame.views[seat]}
    return {**shared, "moves": frame.moves, "views": frame.views, "returns": frame.returns, "note": frame.note}
