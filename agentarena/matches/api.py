"""`play`: matches of one environment between some agents. `run`: the same for any list of fixtures, as tournaments need it."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from agentarena.core import registry
from agentarena.core.agent import Agent
from agentarena.core.display import shown
from agentarena.core.errors import RunEnds, UsageError, WrongSeats
from agentarena.core.game import Game
from agentarena.core.match import OnUnreadable, Player, RunConfig
from agentarena.core.record import Cost, Finished, Record

from .arguments import above_zero, flag, output_file, whole
from .arguments import on_unreadable as read_policy
from .arguments import progress as watcher
from .backends import Job, backend, seated
from .results import Results
from .runner import default_concurrency
from .seating import Fixture, rotation
from .store import RecordFile

__all__ = ["Entered", "Progress", "listed", "play", "run"]

_log = logging.getLogger(__name__)

Progress = Callable[[int, int], None]
"""Called as `progress(done, total)` with the number of matches, at the start and after each match."""
Entered = Callable[[Sequence[Player]], Callable[[], None]]


def play(
    env: str | Game[Any],
    agents: Sequence[str | Agent],
    *,
    matches: int,
    seed: int = 0,
    backend: str = "local",
    workers: int | None = None,
    out: str | os.PathLike[str] | None = None,
    rotate: bool = True,
    duplicate: bool | None = None,
    openings: int = 0,
    deadline_s: float | None = None,
    isolate: bool = False,
    on_unreadable: OnUnreadable | None = None,
    progress: Progress | None = None,
    on_match: Callable[[Record], None] | None = None,
    resume: bool = True,
    concurrency: int | None = None,
    record_samples: bool = False,
    preset: str | None = None,
    options: Mapping[str, Any] | None = None,
    **env_options: Any,
) -> Results:
    """Play matches and give back their records.

    The records depend on the environment, the agents, the seed and the number of matches alone: not on workers,
    concurrency, or the order in which matches end (deadlines excepted, which depend on the machine).

    Args:
        env: An environment's id, or a game.
        agents: Spec strings or agents. As many as seats, or fewer: then they fill the table in turn.
        matches: How many matches.
        seed: Non-negative seed of the run.
        backend: Where to play; "local" is this machine.
        workers: Processes to play in; `None` for this process.
        out: Record file (`.jsonl`), written as matches finish. One that is there already is continued.
        rotate: Whether the agents move on by one seat from match to match (`seating.rotation`).
        duplicate: Whether each deal is played in every rotation of the seats; by default where there are openings.
        openings: Steps that the referee plays at random before anybody is asked, alike in all matches of a deal (`core.openings`).
        deadline_s: Seconds for each decision; with it, as with `isolate`, agents live in processes of their own.
        on_unreadable: What happens to replies in words that name no legal move; by default two more tries, then forfeit.
        progress: Called as `progress(done, total)`.
        on_match: Called with the record of each match as it ends, in this process. What it raises ends the run.
        resume: Whether an existing `out` may be continued.
        concurrency: Matches kept open in each process; by default many where an agent gains from batches, else one.
        record_samples: Whether records on disk hold the tokens that language models sampled, for training.
        preset: A named setting of the environment's options.
        options: The environment's options, also those that are named like an argument here; others may be given as keywords.

    Raises:
        UnknownName: No such environment, option, preset, agent or backend.
        WrongSeats, UsageError, NotSupported: No agents, or more than seats, or one that cannot play the game; an argument is out of range.
        RecordBusy, RecordMismatch, CorruptRecord, OSError: `out` cannot be written or continued; what was recorded is kept.
        RunEnds: An agent cannot go on: `BudgetSpent`, `ServiceGone`. Its `results` are the matches finished so far.

    >>> play("TicTacToe-v0", ["random", "random"], matches=4, seed=1).returns.shape
    (4, 2)
    """
    game, openings = registry.game(env, preset=preset, options=options, **env_options), whole("openings", openings)
    duplicate = (rotate and openings > 0) if duplicate is None else flag("duplicate", duplicate)
    fixtures = rotation(len(listed(agents)), game.info.seats, whole("matches", matches), rotate=flag("rotate", rotate), duplicate=duplicate)
    return run(
        game,
        agents,
        fixtures,
        seed=seed,
        backend=backend,
        workers=workers,
        out=out,
        deadline_s=deadline_s,
        isolate=isolate,
        on_unreadable=on_unreadable,
        progress=progress,
        on_match=on_match,
        resume=resume,
        concurrency=concurrency,
        record_samples=record_samples,
        openings=openings,
    )


def run(
    game: str | Game[Any],
    agents: Sequence[str | Agent],
    fixtures: Sequence[Fixture],
    *,
    seed: int = 0,
    backend: str = "local",
    workers: int | None = None,
    out: str | os.PathLike[str] | None = None,
    deadline_s: float | None = None,
    isolate: bool = False,
    on_unreadable: OnUnreadable | None = None,
    progress: Progress | None = None,
    on_match: Callable[[Record], None] | None = None,
    resume: bool = True,
    concurrency: int | None = None,
    record_samples: bool = False,
    openings: int = 0,
    entered: Entered | None = None,
) -> Results:
    """Play the given fixtures: `play` without its own seating. Arguments are those of `play`.

    Args:
        game: The game, or its id with default options.
        agents: All agents of the run; a fixture names the holder of each seat by its index here.
        fixtures: The matches; their numbers must differ.
        entered: Called with the agents as records name them, once they are made and before anything is written; what it gives
            back is called once `out` is open.

    Raises:
        WrongSeats: A fixture does not seat exactly the game's seats with agents of the list.
    """
    rules = registry.game(game)
    path = None if out is None else output_file("out", out)
    seed = whole("seed", seed)
    workers = None if workers is None else whole("workers", workers, 1)
    concurrency = None if concurrency is None else whole("concurrency", concurrency, 1)
    deadline_s = None if deadline_s is None else above_zero("deadline_s", deadline_s)
    isolate, resume, record_samples = flag("isolate", isolate), flag("resume", resume), flag("record_samples", record_samples)
    unreadable, report = read_policy(on_unreadable), watcher(progress)
    _check(rules, len(listed(agents)), fixtures)
    place = _backend(backend, workers)
    ready, owned = seated(agents, isolate=isolate, deadline_s=deadline_s, game=rules)
    try:
        players = tuple(Player(agent.name or _class_name(agent), agent.version) for agent in ready)
        config = RunConfig(rules, players, seed, unreadable, record_samples, whole("openings", openings))
        job = Job(config, tuple(agents), concurrency or default_concurrency(ready), deadline_s, isolate)
        begin = entered(players) if entered else None
        if not place.here:
            _close(owned)

        def play_all(fixtures: Sequence[Fixture], finished: Callable[[Finished], None]) -> None:
            def ended(done: Finished) -> None:
                finished(done)
                if on_match is not None:
                    on_match(done.record)

            place.play(job, ready, fixtures, ended)

        if path is None:
            return _warned(_in_memory(fixtures, play_all, report))
        with RecordFile(path, config, fixtures, resume=resume) as file:
            if begin:
                begin()
            return _warned(_in_file(file, fixtures, play_all, report))
    finally:
        _close(owned)


def _close(owned: list[Agent]) -> None:
    while owned:
        owned.pop().close()


_backend = backend  # the arguments of `play` and `run` carry the same name
_PlayAll = Callable[[Sequence[Fixture], Callable[[Finished], None]], None]


def _in_memory(fixtures: Sequence[Fixture], play_all: _PlayAll, report: Progress) -> Results:
    records: list[Record] = []
    costs: list[Cost] = []
    report(0, len(fixtures))

    def finished(done: Finished) -> None:
        records.append(done.record)
        costs.extend(done.costs)
        report(len(records), len(fixtures))

    try:
        play_all(fixtures, finished)
    except RunEnds as end:
        raise _ended(end, Results(records, costs), len(fixtures), "in its `results`") from end.__cause__
    return Results(records, costs)


def _in_file(file: RecordFile, fixtures: Sequence[Fixture], play_all: _PlayAll, report: Progress) -> Results:
    report(len(file.records), len(fixtures))

    def finished(done: Finished) -> None:
        file.add(done)
        report(len(file.records), len(fixtures))

    try:
        play_all([fixture for fixture in fixtures if fixture.match not in file.records], finished)
    except RunEnds as end:
        place = f"in {file.path}; the same call goes on from there"
        raise _ended(end, file.finish(), len(fixtures), place) from end.__cause__
    return file.finish()


def _ended(end: RunEnds, results: Results, total: int, place: str) -> RunEnds:
    """The error that ends a run early, with what was finished and where it is."""
    error = type(end)(f"{end}. {len(results)} of {total} matches are finished and kept {place}")
    error.results = results
    return error


def _warned(results: Results) -> Results:
    """Log what should not be overlooked, at the end of a run."""
    for sentence in results.warnings():
        _log.warning("%s", sentence)
    return results


def listed(agents: Sequence[str | Agent]) -> Sequence[str | Agent]:
    """A list of agents.

    Raises:
        UsageError: It is one agent, or no list.
    """
    if isinstance(agents, str | Agent) or not isinstance(agents, Sequence):
        one = isinstance(agents, str | Agent)
        raise UsageError(f"agents must be a list, got {'one agent; write [agent, ...]' if one else shown(agents)}")
    return agents


def _check(game: Game[Any], agents: int, fixtures: Sequence[Fixture]) -> None:
    for fixture in fixtures:
        if len(fixture.seats) != game.info.seats or not all(0 <= index < agents for index in fixture.seats):
            raise WrongSeats(
                f"match {fixture.match} seats the agents {fixture.seats}; expected {game.info.seats} seats, each held by one of "
                f"the {agents} agents (0 to {agents - 1})"
            )
    if len({fixture.match for fixture in fixtures}) != len(fixtures):
        raise UsageError("two fixtures have the same match number; number them apart")


def _class_name(agent: Agent) -> str:
    return f"{type(agent).__module__}:{type(agent).__qualname__}"
