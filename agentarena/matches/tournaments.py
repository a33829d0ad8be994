"""Tournaments: every table of agents in every seating, with standings. One that was broken off goes on where it stopped."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from agentarena.core import registry
from agentarena.core.agent import Agent
from agentarena.core.errors import RecordMismatch, UsageError
from agentarena.core.game import Game
from agentarena.core.match import OnUnreadable
from agentarena.evaluate.standing import Standings, standings

from .api import Progress, run
from .results import Results
from .scheduling import schedule

__all__ = ["Tournament", "tournament"]

RECORDS = "records.jsonl"
"""Name of the record file in a tournament's folder."""
ABOUT = "tournament.json"
"""Name of the file that says what the tournament is."""


@dataclass(frozen=True, eq=False)
class Tournament:
    """A finished tournament.

    Attributes:
        results: Its records, returns and costs.
        about: What it is, JSON-ready: env, options, agents, rounds, seed, duplicate, openings, alpha, level.
    """

    results: Results
    about: dict[str, Any]

    @cached_property
    def standings(self) -> Standings:
        """The standings; computed at first use."""
        return standings(
            self.results.records,
            agents=self.about["agents"],
            unit=self.about.get("unit", ""),
            alpha=float(self.about["alpha"]),
            level=float(self.about["level"]),
            rng=int(self.about["seed"]),
        )

    def tables(self) -> list[tuple[str, list[str], list[list[str]]]]:
        """Title, columns and rows of text of each table."""
        return self.standings.tables()

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write the records and what the tournament is into a folder."""
        target = Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        _write_about(target, self.about)
        self.results.save(target / RECORDS)

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> Tournament:
        """Read the folder of a tournament, finished or not.

        Raises:
            UsageError: The folder holds none.
            CorruptRecord: A record is damaged.
        """
        target = Path(folder)
        if not (target / ABOUT).is_file() or not (target / RECORDS).is_file():
            raise UsageError(f"{target} holds no tournament (no {ABOUT} and {RECORDS}); `agentarena tournament --out` makes one")
        return cls(Results.load(target / RECORDS), _read_about(target))


def tournament(
    env: str | Game[Any],
    agents: Sequence[str | Agent],
    *,
    rounds: int | None = None,
    matches: int | None = None,
    seed: int = 0,
    out: str | os.PathLike[str] | None = None,
    workers: int | None = None,
    deadline_s: float | None = None,
    duplicate: bool = True,
    openings: int = 0,
    on_unreadable: OnUnreadable | None = None,
    progress: Progress | None = None,
    alpha: float = 10.0,
    level: float = 0.95,
    preset: str | None = None,
    **env_options: Any,
) -> Tournament:
    """Let agents meet at every table in every seating, and rank them with intervals.

    Two seats: all pairs, both ways round. More seats than agents: the agents share the seats evenly. More agents than
    seats: all tables, or a balanced choice of 500. See `agentarena.matches.scheduling`.

    Args:
        env: An environment's id, or a game.
        agents: Spec strings or agents with different names, at least two.
        rounds: How often each table plays every seating.
        matches: Instead: how many matches at least, rounded up to whole rounds.
        seed: Seed of the run. The same arguments give the same records.
        out: Folder for the records. A tournament that is there already is continued; it may have got more rounds, or
            more agents at the end of the list.
        workers: As in `agentarena.play`, like `openings`, `deadline_s`, `on_unreadable` and `progress`.
        duplicate: Whether the seatings of one round of a table share one deal.
        on_unreadable: What happens to replies in words that name no legal move.
        alpha: Strength of selection of alpha-Rank on mean margins (see `standings`).
        level: Coverage of the intervals.
        preset: A named setting of the environment's options.
        env_options: The environment's options.

    Raises:
        UsageError: Two agents have one name, or the sizes do not fit.
        RecordBusy, RecordMismatch, CorruptRecord: `out` cannot be written or continued.

    >>> finished = tournament("TicTacToe-v0", ["random", "random?"], rounds=2)
    >>> finished.standings.matches
    4
    """
    game = registry.game(env, preset=preset, **env_options)
    names = _names(agents)
    fixtures = schedule(len(names), game.info.seats, rounds=rounds, matches=matches, duplicate=duplicate)
    about = {
        "env": registry.env_id_of(game),
        "options": game.options,
        "agents": names,
        "matches": len(fixtures),
        "rounds": len(fixtures) // len(schedule(len(names), game.info.seats, rounds=1)),
        "seed": seed,
        "duplicate": duplicate,
        "openings": openings,
        "alpha": alpha,
        "level": level,
        "unit": game.info.unit,
    }
    about = json.loads(json.dumps(about))
    target = None if out is None else _folder(Path(out), about)
    results = run(
        game,
        agents,
        fixtures,
        seed=seed,
        out=None if target is None else target / RECORDS,
        workers=workers,
        deadline_s=deadline_s,
        on_unreadable=on_unreadable,
        progress=progress,
        openings=openings,
    )
    return Tournament(results, about)


def _names(agents: Sequence[str | Agent]) -> list[str]:
    if isinstance(agents, str | Agent) or len(agents) < 2:
        raise UsageError(f"a tournament takes a list of at least two agents, got {agents!r:.100}")
    names = [one if isinstance(one, str) else one.name or f"{type(one).__module__}:{type(one).__qualname__}" for one in agents]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"agents are distinguished by name, and two are called {name!r}; enter it once, or give each its own `name`")
    return names


def _folder(target: Path, about: dict[str, Any]) -> Path:
    """The folder of a new tournament, or of one that this one continues."""
    target.mkdir(parents=True, exist_ok=True)
    if (target / ABOUT).is_file():
        before = _read_about(target)
        before.setdefault("openings", 0)  # as in folders that say nothing of them
        for key in ("env", "options", "seed", "duplicate", "openings"):
            if before.get(key) != about[key]:
                raise RecordMismatch(
                    f"{target} holds another tournament: {key} {before.get(key)!r} there, {about[key]!r} here. Give another folder"
                )
        if about["agents"][: len(before["agents"])] != before["agents"]:
            raise RecordMismatch(
                f"{target} holds another tournament: agents {before['agents']} there. Add new agents at the end of the list"
            )
    _write_about(target, about)
    return target


def _write_about(target: Path, about: dict[str, Any]) -> None:
    partial = target / f"{ABOUT}.part"
    partial.write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    partial.replace(target / ABOUT)


def _read_about(target: Path) -> dict[str, Any]:
    try:
        about = json.loads((target / ABOUT).read_text(encoding="utf-8"))
    except ValueError as error:
        raise UsageError(f"{target / ABOUT} is not JSON: {error}") from None
    if not isinstance(about, dict) or not {"env", "options", "agents", "seed", "duplicate", "alpha", "level"} <= set(about):
        raise UsageError(f"{target / ABOUT} does not describe a tournament")
    return about
