"""Runs that decide a board's question: the agents of the board meet each other where it informs, until the question is decided."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from agentarena.core.agent import Agent
from agentarena.core.errors import UsageError
from agentarena.core.record import Record
from agentarena.evaluate.match_table import MatchTable
from agentarena.matches.adaptive import Scheduler
from agentarena.matches.api import Progress
from agentarena.matches.decision import Decision
from agentarena.matches.results import Results

from .deal_schedule import deal_fixtures, seats_of_deals
from .home import Edition
from .projection import closed_runs
from .run_log import Entrant, RunLog
from .runs import expect_schedule, load_records, play_run, records_digest, run_seed

__all__ = ["rank"]

_RANKING = "ranking@"
"""Beginning of the names of such runs; no submission has an "@" in its name."""


def rank(
    edition: Edition,
    runs: RunLog,
    question: Mapping[str, Any],
    agents: Sequence[Agent],
    entrants: list[Entrant],
    progress: Progress | None = None,
) -> Decision:
    """Play until a question about some agents is decided, or answer from the run that did so; see `Leaderboard.rank`.

    Args:
        edition: Where they play.
        runs: Its log.
        question: The scheduler's question, agent, budget and margin_elo.
        agents: The agents.
        entrants: The same as the log names them.
        progress: Called as `progress(done, total)` for each batch.
    """
    board = edition.board
    if board.protocol.tables == "self":
        raise UsageError(
            f"the agents of the board {board.name} never meet; its ranks are those of `agentarena leaderboard show {board.name}`"
        )
    earlier = {run: results for run, results in closed_runs(edition, edition.log.read()).items() if not run.startswith(_RANKING)}
    before = [record for results in earlier.values() for record in results.records]
    names = [entrant["name"] for entrant in entrants]
    scheduler = Scheduler(names, **question, level=board.level, seats=board.game().info.seats, before=MatchTable.of(before))
    run = _name(question, entrants, (records_digest(results) for results in earlier.values()))
    if not runs.closed(run):
        _play(edition, runs, run, scheduler, agents, entrants, before, progress)
    return scheduler.decided(MatchTable.of([*before, *load_records(edition.run_folder(run)).records]))


def _name(question: Mapping[str, Any], entrants: Sequence[Entrant], counted: Iterable[str]) -> str:
    """The name of the run that answers a question about some agents, given the runs that counted before: the same again for the same."""
    text = json.dumps([dict(question), entrants, sorted(counted)], sort_keys=True)
    return _RANKING + hashlib.sha256(text.encode()).hexdigest()[:12]


def _play(
    edition: Edition,
    runs: RunLog,
    run: str,
    scheduler: Scheduler,
    agents: Sequence[Agent],
    entrants: list[Entrant],
    before: Sequence[Record],
    progress: Progress | None,
) -> None:
    """Play batch after batch until the question is decided, and close the run."""
    board, folder, names = edition.board, edition.run_folder(run), [entrant["name"] for entrant in entrants]
    folder.mkdir(parents=True, exist_ok=True)
    seed = run_seed(board, folder, reference=False)
    opened = runs.open(run, None, entrants, seed)
    deals = seats_of_deals(load_records(folder).records)
    results = play_run(board, agents, folder, deal_fixtures(deals), seed, progress)  # what an interruption left half played
    while batch := _next_deals(scheduler, before, results, names):
        deals += batch
        results = play_run(board, agents, folder, deal_fixtures(deals), seed, progress)
    expect_schedule(board, results, opened, seed, deal_fixtures(deals), run)
    runs.close(run, None, results, seed, deals=[list(seats) for seats in deals], stderr="")


def _next_deals(scheduler: Scheduler, before: Sequence[Record], results: Results, names: Sequence[str]) -> list[tuple[int, ...]]:
    """The agents, by number, in the seats of each deal that is wanted next; none when the question is decided or the budget is spent."""
    wanted = scheduler.next_batch(MatchTable.of([*before, *results.records]))
    return [tuple(names.index(name) for name in pairing.seats) for pairing in wanted for _ in range(pairing.deals)]
