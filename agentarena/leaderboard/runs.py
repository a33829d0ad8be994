"""Runs of a board: the matches of one submission against the reference agents, or of these among themselves.

A run is a schedule, a seed and a record file. The schedule follows from the board, the number of agents and the number of rounds; a
run that gets more rounds keeps its matches, and one that was interrupted goes on where it stopped.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from agentarena.core.agent import Agent
from agentarena.core.config import Player, RunConfig
from agentarena.core.display import printable, shown
from agentarena.core.errors import CorruptRecord, RecordMismatch
from agentarena.core.record_files import RECORDS
from agentarena.core.replay import verify
from agentarena.matches.api import Progress, run
from agentarena.matches.results import Results
from agentarena.matches.scheduling import SPACING, schedule
from agentarena.matches.seating import Fixture
from agentarena.matches.store import expect_same_run

from .board import Board
from .deal_schedule import deal_fixtures

__all__ = ["REFERENCE", "check_records", "fixtures", "load_records", "new_seed", "play_run", "records_digest", "run_seed", "seed_digest"]

REFERENCE = "reference"
"""Name of the run of the reference agents among themselves."""
_SEED = "seed"


def fixtures(board: Board, agents: int, rounds: int, *, reference: bool) -> list[Fixture]:
    """The matches of a run.

    Args:
        board: The board.
        agents: How many agents the run has; a submission is the first of them.
        rounds: How many rounds.
        reference: Whether it is the run of the reference agents: all of their tables instead of those of the first agent.
    """
    seats, protocol = board.game().info.seats, board.protocol
    if protocol.tables == "self":
        players = range(agents if reference else 1)
        return [Fixture(player * SPACING + turn, turn, (player,) * seats) for player in players for turn in range(rounds)]
    listed = schedule(
        agents,
        seats,
        rounds=rounds,
        duplicate=protocol.duplicate,
        tables_limit=protocol.tables_limit,
        seatings_limit=protocol.seatings_limit,
    )
    return listed if reference else [fixture for fixture in listed if 0 in fixture.seats]


def new_seed() -> int:
    """A secret seed of 128 bits."""
    return secrets.randbits(128)


def seed_digest(seed: int) -> str:
    """SHA-256 of a seed's decimal digits, published before the seed is."""
    return hashlib.sha256(str(seed).encode()).hexdigest()


def run_seed(board: Board, folder: Path, *, reference: bool) -> int:
    """The seed of a run: the board's where it is public, else a secret one, drawn once and kept in the run's folder."""
    if reference or board.protocol.seeds == "public":
        return board.protocol.seed
    path = folder / _SEED
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        text = path.read_text(encoding="utf-8").strip()
        if not text.isdecimal():
            raise CorruptRecord(f"{path} holds no seed; remove the folder {folder} to begin the run again") from None
        return int(text)
    seed = new_seed()
    with os.fdopen(descriptor, "w") as file:
        file.write(f"{seed}\n")
        file.flush()
        os.fsync(file.fileno())
    return seed


def play_run(
    board: Board, agents: Sequence[str | Agent], folder: Path, planned: Sequence[Fixture], seed: int, progress: Progress | None = None
) -> Results:
    """Play the matches planned, or the rest of them, into a run's folder. Few matches are open at once: each seat of an isolated agent is a process.

    Raises:
        RecordBusy: Another process is playing it.
        RunEnds: A service or a sandbox is out of order; what was played is kept.
    """
    return run(
        board.game(),
        list(agents),
        planned,
        seed=seed,
        out=folder / RECORDS,
        openings=board.protocol.openings,
        progress=progress,
        concurrency=2 * (os.cpu_count() or 1),
    )


def load_records(folder: Path) -> Results:
    """The records and costs of a run's folder; none before its first match."""
    return Results.load(folder / RECORDS) if (folder / RECORDS).is_file() else Results(())


def records_digest(results: Results) -> str:
    """SHA-256 over the records' lines in order."""
    whole = hashlib.sha256()
    for record in results.records:
        whole.update(record.line().encode() + b"\n")
    return whole.hexdigest()


def check_records(board: Board, folder: Path, opened: dict[str, Any], closed: dict[str, Any], *, replay: bool) -> Results:
    """The records of a closed run, after they were compared with the log and the schedule.

    Args:
        board: The board.
        folder: The run's folder.
        opened: The log's entry of its beginning.
        closed: The log's entry of its end.
        replay: Whether every match is played again, too.

    Raises:
        RecordMismatch: The records are not those that the log has the digest of, not those of the schedule, or do not replay.
        CorruptRecord: A line is damaged.
    """
    results = load_records(folder)
    where = printable(str(folder / RECORDS))
    if records_digest(results) != closed["records_sha256"]:
        raise RecordMismatch(f"{where}: the records are not those that were signed when the run was closed. Restore the file from a copy")
    if seed_digest(closed["seed"]) != opened["seed_sha256"]:
        raise RecordMismatch(f"{where}: the seed of the run is not the one whose hash was published when it was opened")
    agents, reference = len(opened["agents"]), opened["run"] == REFERENCE
    deals = closed.get("deals")
    planned = deal_fixtures(deals) if deals is not None else fixtures(board, agents, closed["rounds"], reference=reference)
    expect_schedule(board, results, opened, closed["seed"], planned, where)
    if replay:
        outcome = verify(folder / RECORDS)
        if not outcome.ok:
            raise RecordMismatch(f"{outcome.mismatches[0]}. The run does not count: restore its folder from a copy, or remove it")
    return results


def expect_schedule(board: Board, results: Results, opened: dict[str, Any], seed: int, planned: Sequence[Fixture], where: str) -> None:
    """Raise `RecordMismatch` unless the records are exactly the matches planned, by the run's agents."""
    players = tuple(Player(agent["name"], agent["version"]) for agent in opened["agents"])
    config = RunConfig(board.game(), players, seed, openings=board.protocol.openings)
    object.__setattr__(config, "package", opened["package"])
    expected = {fixture.match: fixture for fixture in planned}
    for record in results.records:
        expect_same_run(record, config, expected, f"{where}, match {shown(record.match)}")
    missing = len(expected) - len(results.records)
    if missing:
        raise RecordMismatch(f"{where}: {missing} of the {len(expected)} matches of the run are missing. Restore the file from a copy")
