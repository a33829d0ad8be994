"""Golden transcripts: one readable play a game, kept beside the tests and replayed byte for byte.

A transcript holds the view, the action and the events of every decision, so that a person can check that nothing leaks. Long plays show their beginning and their end.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from agentarena.core.actions import Legal, encode
from agentarena.core.game import Game
from agentarena.core.registry import env_id_of, game

from .subject import Moment, walk

__all__ = ["golden_path", "transcript", "write_golden"]

_WHOLE, _HEAD, _TAIL = 60, 40, 10
_SEATS_SHOWN = 4
_LEGAL_SHOWN = 40


def transcript(rules: str | Game[Any], seed: int = 0) -> str:
    """A random play in words, as text of ASCII lines; the same bytes for the same game and seed.

    Args:
        rules: An id or a game; an id stands for its default configuration.
        seed: Seed of the deal and of the random choices.
    """
    subject = game(rules)
    lines = [
        f"game: {env_id_of(subject)}",
        f"options: {json.dumps(subject.options, sort_keys=True)}",
        f"seed: {seed}",
        "",
        "rules for seat 0",
        *_indented(subject.text.rules(0)),
    ]
    steps, returns, last = _steps(subject, seed)
    if len(steps) > _WHOLE:
        steps = [*steps[:_HEAD], [f"... {len(steps) - _HEAD - _TAIL} steps left out ..."], *steps[-_TAIL:]]
    for block in steps:
        lines += ["", *block]
    return "\n".join([*lines, "", *_ending(subject, last, returns)]) + "\n"


def write_golden(env_id: str, folder: str | Path) -> Path:
    """Write the transcript of an environment into `folder`, as `<id>.txt`; returns its path."""
    path = golden_path(env_id, Path(folder))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(transcript(env_id).encode())
    return path


def golden_path(env_id: str, folder: Path) -> Path:
    """Where the transcript of an environment lies."""
    return folder / f"{env_id_of(game(env_id)).replace(':', '.')}.txt"


def _steps(subject: Game[Any], seed: int) -> tuple[list[list[str]], list[float], Moment]:
    blocks: list[list[str]] = []
    returns = [0.0] * subject.info.seats
    known = 0
    for moment in walk(subject, seed):
        rewards = subject.rewards(moment.state)
        returns = [total + reward for total, reward in zip(returns, rewards, strict=True)]
        head = f"step {moment.step}" + ("" if moment.to_move else ", the end")
        block = [head, *_events(moment, known)]
        known = len(moment.log)
        if any(rewards):
            block.append(f"  rewards: {_numbers(rewards)}")
        for seat in moment.to_move[:_SEATS_SHOWN]:
            block += _question(subject, moment, seat)
        if len(moment.to_move) > _SEATS_SHOWN:
            block.append(f"  and {len(moment.to_move) - _SEATS_SHOWN} more seats, actions digest {_digest(moment.actions)}")
        blocks.append(block)
    return blocks, returns, moment


def _events(moment: Moment, known: int) -> Iterator[str]:
    for event in moment.log[known:]:
        to = "all" if event.audience is None else "seats " + ",".join(map(str, event.audience)) if event.audience else "the record"
        yield f"  event {event.kind} to {to}: {json.dumps(event.data, sort_keys=True)}"


def _question(subject: Game[Any], moment: Moment, seat: int) -> list[str]:
    legal = subject.legal(moment.state, seat)
    reply = ascii(subject.text.write(moment.state, seat, moment.actions[seat]))
    return [
        f"  seat {seat} is asked, observation {_digest(subject.observe(moment.state, seat))}, legal {_legal(legal)}",
        *_indented(subject.text.view(moment.state, seat, moment.unread(seat))),
        f"  seat {seat} answers {reply}, action {json.dumps(encode(legal, moment.actions[seat]), sort_keys=True)}",
    ]


def _legal(legal: Legal) -> str:
    if not isinstance(legal, tuple):
        return type(legal).__name__
    return " ".join(map(str, legal[:_LEGAL_SHOWN])) + (f" and {len(legal) - _LEGAL_SHOWN} more" if len(legal) > _LEGAL_SHOWN else "")


def _ending(subject: Game[Any], last: Moment, returns: list[float]) -> Iterator[str]:
    if last.to_move:
        yield f"cut short after {last.step} steps"
    for seat in range(min(subject.info.seats, _SEATS_SHOWN)):
        yield f"what seat {seat} sees at the end, observation {_digest(subject.observe(last.state, seat))}"
        yield from _indented(subject.text.view(last.state, seat, last.unread(seat)))
    roles = [subject.role(last.state, seat) for seat in range(subject.info.seats)]
    if any(roles):
        yield f"roles: {', '.join(map(str, roles))}"
    yield f"returns: {_numbers(tuple(returns))}"
    yield f"winner: {None if last.to_move else subject.winner(last.state, tuple(returns))}"


def _numbers(values: tuple[float, ...]) -> str:
    text = " ".join(f"{value:.9g}" for value in values[:40])
    return text + (f" and {len(values) - 40} more, digest {_digest(np.asarray(values))}" if len(values) > 40 else "")


def _indented(text: str) -> list[str]:
    plain = text.encode("ascii", "backslashreplace").decode()
    return [f"    | {line}".rstrip() for line in plain.split("\n")]


def _digest(value: Any) -> str:
    """Ten hex digits of an observation or action; floats count to six decimals, so that they agree across machines."""
    return hashlib.sha256(_plain(value)).hexdigest()[:10]


def _plain(value: Any) -> bytes:
    if isinstance(value, dict):
        return b"".join(str(key).encode() + b"=" + _plain(value[key]) for key in sorted(value))
    if isinstance(value, str):
        return value.encode()
    array = np.asarray(value)
    if np.issubdtype(array.dtype, np.floating):
        array = np.round(array.astype(np.float64), 6) + 0.0  # turns -0.0 into 0.0
    return f"{array.dtype.str}{array.shape}".encode() + array.tobytes()
