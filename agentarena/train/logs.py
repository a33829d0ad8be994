"""What a run leaves to read beside its figures: a log with each update once, and matches of the policy with itself in words."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from agentarena.core.display import printable, printable_lines
from agentarena.core.frames import Frame, frames
from agentarena.core.game import Game
from agentarena.core.record import Fixture, Record

from .player import PolicyPlayer
from .rollout import play

__all__ = ["LOG", "cut_log", "log_lines", "transcript", "write_samples"]

LOG = "log.jsonl"
"""Name of the log in a run's folder."""
FIRST = 1 << 41
"""Numbers of the matches of samples begin here, apart from those of training and of judges."""
LONGEST_REPLY = 4000
"""Characters of a reply in a transcript; the records beside it have all of them."""
MOST_STEPS = 300
"""Steps in a transcript."""


def log_lines(folder: Path) -> list[dict[str, Any]]:
    """The figures of each update of a run, in order; a line that was broken off is left out."""
    path = folder / LOG
    return [line for line in map(_parsed, path.read_text(encoding="utf-8").splitlines()) if line] if path.is_file() else []


def _parsed(line: str) -> dict[str, Any]:
    try:
        figures = json.loads(line)
    except ValueError:
        return {}
    return figures if isinstance(figures, dict) and isinstance(figures.get("step"), int) else {}


def cut_log(folder: Path, step: int) -> None:
    """Take the updates after `step` out of the log: a run that goes on from there makes them again."""
    path = folder / LOG
    if path.is_file():
        left = folder / f"{LOG}.part"
        left.write_text("".join(json.dumps(line) + "\n" for line in log_lines(folder) if line["step"] <= step), encoding="utf-8")
        os.replace(left, path)


def write_samples(player: PolicyPlayer, games: Mapping[str, Game[Any]], folder: Path, step: int, seed: int) -> None:
    """One whole match of each game, the policy in every seat: `step-<N>-<game>.txt` to read, `.jsonl` to replay and verify."""
    folder.mkdir(parents=True, exist_ok=True)
    own = PolicyPlayer.like(player)
    own.renew(player.version)
    for name, game in games.items():
        (finished,) = play(game, [own], [Fixture(FIRST + step, FIRST + step, (0,) * game.info.seats)], seed=seed)
        path = folder / f"step-{step}-{name}"
        path.with_name(f"{path.name}.jsonl").write_text(finished.record.line() + "\n", encoding="utf-8")
        path.with_name(f"{path.name}.txt").write_text(transcript(finished.record), encoding="utf-8")


def transcript(record: Record) -> str:
    """A match in words, as its referee sees it: what was replied, what happened, how things stand. Safe to print."""
    lines = [f"{record.env}, match {record.match}: " + ", ".join(f"seat {n} {one.agent}" for n, one in enumerate(record.seats))]
    whole = frames(record)
    for frame in whole[:MOST_STEPS]:
        lines += _frame(frame)
    if len(whole) > MOST_STEPS:
        lines.append(f"... {len(whole) - MOST_STEPS} more steps")
    winner = "nobody" if record.winner is None else f"seat {record.winner}" if isinstance(record.winner, int) else record.winner
    lines.append(f"{record.outcome}; winner: {winner}; returns: " + ", ".join(f"{one.return_:g}" for one in record.seats))
    return printable_lines("\n".join(lines)) + "\n"


def _frame(frame: Frame) -> Iterator[str]:
    yield f"--- step {frame.step}"
    for seat, attempts in frame.replies.items():
        for attempt in attempts:
            refused = "" if attempt["outcome"] == "read" else f" ({attempt['outcome']}: {attempt['reason']})"
            yield f"seat {seat} replies{refused}: {printable(attempt['text'], LONGEST_REPLY)}"
    yield from frame.news_for()
    yield frame.table
