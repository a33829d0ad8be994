"""Matches of a run to look at: records that `agentarena replay` and `verify` read, and the same as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from agentarena.core.display import printable, printable_lines
from agentarena.core.frames import frames
from agentarena.core.record import Record

__all__ = ["newest_sample", "save_samples", "transcript"]

_LONGEST = 20_000
"""Characters of a transcript."""
_REPLY = 1_000
"""Characters of a reply in it."""


def save_samples(folder: Path, step: int, records: Sequence[Record]) -> None:
    """Write the first match of each game: its record to `samples/step-N.jsonl`, its transcript to `samples/step-N-<game>.txt`."""
    first: dict[str, Record] = {}
    for record in records:
        first.setdefault(record.env, record)
    target = folder / "samples"
    target.mkdir(parents=True, exist_ok=True)
    for env, record in first.items():
        name = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in env)[:80]
        (target / f"step-{step}-{name}.jsonl").write_text(record.line() + "\n", encoding="utf-8")
        (target / f"step-{step}-{name}.txt").write_text(transcript(record), encoding="utf-8")


def transcript(record: Record) -> str:
    """A match as text, as the referee sees it."""
    parts = [f"{record.env}, match {record.match}: " + ", ".join(f"seat {n} {printable(one.agent)}" for n, one in enumerate(record.seats))]
    for frame in frames(record):
        parts.append(f"--- step {frame.step}")
        for speaker, attempts in frame.replies_for(None).items():
            parts += [f"seat {speaker} replies{_outcome(attempt)}: {printable(str(attempt['text']), _REPLY)}" for attempt in attempts]
        parts += [printable_lines(line) for line in frame.news_for(None)]
        parts.append(printable_lines(frame.table))
    parts.append(f"{record.outcome}: " + ", ".join(f"seat {n} {one.return_:g}" for n, one in enumerate(record.seats)))
    text = "\n".join(parts) + "\n"
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "\n...\n"


def _outcome(attempt: Mapping[str, object]) -> str:
    return "" if attempt["outcome"] == "read" else f" ({attempt['outcome']}: {printable(str(attempt['reason']), 200)})"


def newest_sample(folder: Path) -> str:
    """The transcript of a run's newest sample; `""` where there is none."""
    samples = [path for path in (folder / "samples").glob("step-*.txt") if path.name.split("-")[1].isdecimal()]
    newest = max(samples, key=lambda path: (int(path.name.split("-")[1]), path.name), default=None)
    return newest.read_text(encoding="utf-8")[: 2 * _LONGEST] if newest else ""
