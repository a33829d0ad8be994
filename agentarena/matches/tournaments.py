"""Tournaments: every table of agents in every seating, with standings. One that was broken off goes on where it stopped."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from agentarena.agents.specs import harmless
from agentarena.agents.spelling import kept
from agentarena.core import registry
from agentarena.core.agent import Agent
from agentarena.core.display import printable, shown
from agentarena.core.errors import RecordMismatch, UsageError
from agentarena.core.game import Game
from agentarena.core.match import OnUnreadable, Player
from agentarena.core.record_files import RECORDS
from agentarena.evaluate.standing import Standings, standings

from .about import ABOUT, read_about, write_about
from .api import Progress, listed, run
from .arguments import above_zero, flag, fraction, output_folder, whole
from .results import Results
from .scheduling import schedule
from .seating import Fixture

__all__ = ["Tournament", "extend", "tournament"]


@dataclass(frozen=True, eq=False)
class Tournament:
    """A finished tournament.

    Attributes:
        results: Its records, returns and costs.
        about: What it is, JSON-ready: env, options, agents by name, their specs without secrets, rounds, seed, duplicate,
            openings, alpha, level.
    """

    results: Results
    about: dict[str, Any]

    def __str__(self) -> str:
        return str(self.standings)

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
        write_about(target, self.about)
        self.results.save(target / RECORDS)

    @classmethod
    def load(cls, folder: str | os.PathLike[str], *, trust: bool = False) -> Tournament:
        """Read the folder of a tournament, finished or not.

        Args:
            folder: The folder.
            trust: Whether its records may name code of their own, as in `Results.load`.

        Raises:
            UsageError: The folder holds none.
            CorruptRecord: A record, or what says what the tournament is, is damaged.
            RecordMismatch: The records are of another tournament.
        """
        target = _tournament_in(Path(folder))
        about = read_about(target)
        results = Results.load(target / RECORDS, trust=trust)
        _expect_same(results, about, target)
        return cls(results, about)


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
    options: Mapping[str, Any] | None = None,
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
        duplicate: Whether the seatings of one round of a table share one deal; in a game of one seat, whether all agents do.
        on_unreadable: What happens to replies in words that name no legal move.
        alpha: Strength of selection of alpha-Rank on mean margins (see `standings`).
        level: Coverage of the intervals.
        preset: A named setting of the environment's options.
        options: The environment's options by name, also those that are named like an argument here, e.g. "rounds".
        env_options: More of them, as keywords.

    Raises:
        UsageError: Two agents have one name, or an argument is out of range.
        NotSupported: An agent cannot play the game.
        RecordBusy, RecordMismatch, CorruptRecord: `out` cannot be written or continued.

    >>> finished = tournament("TicTacToe-v0", ["random", "random?name=another"], rounds=2)
    >>> finished.standings.matches
    4
    """
    game = registry.game(env, preset=preset, options=options, **env_options)
    rounds, matches = _sizes(agents, rounds, matches)
    target = None if out is None else output_folder("out", out)
    fixtures = schedule(len(agents), game.info.seats, rounds=rounds, matches=matches, duplicate=flag("duplicate", duplicate))
    about = {**_about(game, agents, fixtures, seed, bool(duplicate), alpha, level), "openings": whole("openings", openings)}
    if target is not None:
        _continues(target, about, ("env", "options", "seed", "duplicate", "openings"))

    def entered(players: Sequence[Player]) -> Callable[[], None]:
        about["agents"] = _names(players)
        if target is not None:
            _continues(target, about, ("agents",))
        return lambda: None if target is None else write_about(target, about)

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
        entered=entered,
    )
    return Tournament(results, about)


def _sizes(agents: Sequence[str | Agent], rounds: Any, matches: Any) -> tuple[int | None, int | None]:
    """The sizes of a tournament, checked."""
    if len(listed(agents)) < 2:
        raise UsageError(f"a tournament takes at least two agents, got {len(agents)}; a single one plays itself with agentarena.play")
    if (rounds is None) == (matches is None):
        raise UsageError(f"give either rounds or matches, got {'neither' if rounds is None else 'both'}")
    return None if rounds is None else whole("rounds", rounds, 1), None if matches is None else whole("matches", matches, 1)


def extend(
    out: str | os.PathLike[str],
    add: Sequence[str | Agent] = (),
    *,
    env: str | None = None,
    rounds: int | None = None,
    workers: int | None = None,
    deadline_s: float | None = None,
    progress: Progress | None = None,
    trust: bool = False,
) -> Tournament:
    """Go on with the tournament in a folder, with its own environment, options, agents and seed; agents and rounds may be added.

    Secrets are not kept in the folder: an agent that needs one reads it from the environment.

    Args:
        out: The folder.
        add: Agents to add at the end of the list.
        env: The environment, where it is to be checked.
        rounds: How often each table plays each seating; by default as before.
        workers: As in `agentarena.play`, like `deadline_s` and `progress`.
        deadline_s: Seconds for each decision.
        progress: Called as `progress(done, total)`.
        trust: Whether the folder may name code, models and addresses; else only agents and environments that come with the
            package, with numbers and plain words as parameters.

    Raises:
        UsageError: The folder holds no tournament, or one with agents that were given as objects or are not to be trusted.
        UntrustedRecord: It names code as its environment or in its options, and is not trusted.
        RecordBusy, RecordMismatch, CorruptRecord: The folder cannot be written or continued.
    """
    target = _tournament_in(output_folder("out", out))
    about = read_about(target)
    if env is not None and registry.resolve(env) != about["env"]:
        raise RecordMismatch(f"{target} holds a tournament of {shown(about['env'])}, not of {shown(env)}. Give another folder")
    return tournament(
        registry.recorded_game(about["env"], about["options"], trust=flag("trust", trust)),
        [*_specs(target, about, trust), *listed(add)],
        rounds=about["rounds"] if rounds is None else rounds,
        seed=about["seed"],
        out=out,
        workers=workers,
        deadline_s=deadline_s,
        duplicate=about["duplicate"],
        openings=about["openings"],
        progress=progress,
        alpha=about["alpha"],
        level=about["level"],
    )


def _specs(target: Path, about: Mapping[str, Any], trust: bool) -> list[str]:
    """The spec strings of a folder's agents, when all of them have one, and none of them can do harm unless the folder is trusted."""
    specs = about.get("specs", about["agents"])
    again = "Repeat the call that began it, with the new agents at the end of the list"
    if not all(isinstance(one, str) for one in specs) or len(specs) != len(about["agents"]):
        raise UsageError(f"{target} has agents that no spec string makes. {again}")
    doubtful = [one for one in specs if not harmless(one)]
    if doubtful and not trust:
        raise UsageError(
            f"{target} names {shown(doubtful[0], 200)}: code, a model or an address that a stranger's folder could have put there. "
            f"If it is your own, say so with --trust (trust=True in Python). {again}"
        )
    return list(specs)


def _about(
    game: Game[Any], agents: Sequence[str | Agent], fixtures: Sequence[Fixture], seed: int, duplicate: bool, alpha: float, level: float
) -> dict[str, Any]:
    """What the tournament is, but for its agents' names, which are known once they are made."""
    about = {
        "env": registry.env_id_of(game),
        "options": game.options,
        "agents": [],
        "specs": [_spec(one) for one in agents],
        "matches": len(fixtures),
        "rounds": len(fixtures) // len(schedule(len(agents), game.info.seats, rounds=1)),
        "seed": whole("seed", seed),
        "duplicate": duplicate,
        "alpha": above_zero("alpha", alpha),
        "level": fraction("level", level),
        "unit": game.info.unit,
    }
    return dict(json.loads(json.dumps(about)))


def _spec(agent: str | Agent) -> str | None:
    """The spec string that makes an agent again; `None` for an object, and where a secret is written within an address."""
    return None if isinstance(agent, Agent) else kept(agent)


def _expect_same(results: Results, about: dict[str, Any], target: Path) -> None:
    """Raise `RecordMismatch` unless the records are those of the tournament."""
    names = set(about["agents"])
    for record in results.records:
        strangers = [seat.agent for seat in record.seats if seat.agent not in names]
        there = (record.env, record.options, record.seed)
        if strangers or there != (about["env"], about["options"], about["seed"]):
            what = f"agent {shown(strangers[0])}" if strangers else "environment, options or seed"
            raise RecordMismatch(
                f"{printable(str(target / RECORDS))}: match {record.match} is of another tournament than {ABOUT} describes: {what}. "
                "Load the records alone with Results.load"
            )


def _names(players: Sequence[Player]) -> list[str]:
    names = [player.name for player in players]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(
                f"agents are distinguished by name, and two are called {shown(name)}; enter it once, or name one of them apart: "
                f"'{str(name).partition('?')[0]}?name=another' (in Python, its attribute `name`)"
            )
    return names


def _continues(target: Path, about: Mapping[str, Any], keys: Sequence[str]) -> None:
    """Raise unless this tournament is the one in the folder, where there is one: what `keys` say is the same, with no fewer rounds or agents."""
    if not (target / ABOUT).is_file():
        return
    before = read_about(target)
    if about["rounds"] < before["rounds"]:
        raise RecordMismatch(
            f"{target} has {before['rounds']} rounds already, and {about['rounds']} are asked for; ask for as many, or more"
        )
    for key in keys:
        ours, theirs = about[key], before.get(key)
        if key == "agents" and isinstance(theirs, list):
            ours = ours[: len(theirs)]
        if ours != theirs:
            advice = "Add new agents at the end of the list" if key == "agents" else "Give another folder"
            raise RecordMismatch(
                f"{target} holds another tournament: {key} {shown(theirs, 500)} there, {shown(about[key], 500)} here. {advice}"
            )


def _tournament_in(target: Path) -> Path:
    if not (target / ABOUT).is_file() or not (target / RECORDS).is_file():
        raise UsageError(f"{target} holds no tournament (no {ABOUT} and {RECORDS}); `agentarena tournament --out` makes one")
    return target
