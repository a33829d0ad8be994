"""A board with its submissions and standings, in a folder of one's own.

    leaderboard = Leaderboard("tictactoe")
    placement = leaderboard.submit("examples/submissions/first")
    print(placement)

What happens is written to a signed log and to records; tables and pages are read from an index that is made of them.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from agentarena.agents.specs import agent as build
from agentarena.agents.subprocess import Isolated
from agentarena.core.agent import Agent
from agentarena.core.display import printable, shown
from agentarena.core.errors import UsageError
from agentarena.evaluate.tables import aligned
from agentarena.matches.api import Progress
from agentarena.matches.decision import Decision, Question
from agentarena.matches.results import Results

from .board import Board
from .contestant import Contestant
from .home import Edition, Home
from .projection import closed_runs, current_rows, project
from .ranking import rank
from .rows import BoardRow, board_rows, rank_text
from .run_log import Entrant, RunLog
from .runs import REFERENCE, expect_schedule, fixtures, load_records, play_run, run_seed
from .store import Store, boards, rows_of, submissions
from .submission import Submission
from .tables import board_table

__all__ = ["Leaderboard", "Placement", "SubmissionState", "submit"]


@dataclass(frozen=True)
class SubmissionState:
    """Where a submission stands.

    Attributes:
        name: Name and version.
        state: "received", "playing", "rated", "failed" or "withdrawn".
        reason: Why it failed or was withdrawn.
        stderr: The end of what the agent wrote on standard error.
        level: Isolation that it is played at.
    """

    name: str
    state: str
    reason: str
    stderr: str
    level: str


@dataclass(frozen=True)
class Placement:
    """What became of a submission.

    Attributes:
        board: The board.
        state: Its state, with the reason and its own standard error.
        row: Its row; `None` unless it is rated.
        rows: All rows of the board, best first.
    """

    board: Board
    state: SubmissionState
    row: BoardRow | None
    rows: tuple[BoardRow, ...]

    def __str__(self) -> str:
        if self.row is None:
            lines = [f"{self.state.name}: {self.state.state}: {self.state.reason}"]
            return "\n".join([*lines, *(["Its standard error ends with:", self.state.stderr] if self.state.stderr else [])])
        columns, cells = board_table(self.board, self.rows)
        status = "settled" if self.row.settled else "provisional"
        return "\n".join([f"{self.row.agent}: rank {rank_text(self.row)} of {len(self.rows)}, {status}", *aligned([columns, *cells])])


class Leaderboard:
    """A board in a home folder.

    Args:
        board: A board's name, the path of its TOML file, or a `Board`.
        home: The folder; see `Home.at`.
        store: Address of the index; by default an SQLite file in the home folder.
        trust: Whether the board's file may name code, models and addresses.

    Raises:
        UnknownName, UsageError, BadOption: There is no such board, or its definition is wrong; the index cannot be used.
    """

    def __init__(
        self, board: str | Path | Board, home: str | os.PathLike[str] | None = None, *, store: str | None = None, trust: bool = False
    ) -> None:
        self.board = board if isinstance(board, Board) else Board.load(board, trust=trust)
        self.home = Home.at(home)
        self.edition: Edition = self.home.edition(self.board)
        self.edition.open()
        self.store = Store(store or self.home.index)
        self._runs = RunLog(self.edition, self.store)
        project(self.edition, self.store)

    def close(self) -> None:
        """Close the index."""
        self.store.close()

    def __enter__(self) -> Leaderboard:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- reading ------------------------------------------------------------------------------------------------------

    @property
    def rows(self) -> list[BoardRow]:
        """The rows, best first."""
        with self.store.reading() as connection:
            return current_rows(connection, self.edition.key)

    @property
    def submissions(self) -> list[SubmissionState]:
        """All submissions of the board, by name."""
        with self.store.reading() as connection:
            listed = rows_of(connection, submissions, edition=self.edition.key)
        return [SubmissionState(**{name: row[name] for name in SubmissionState.__dataclass_fields__}) for row in listed]

    @property
    def other_editions(self) -> dict[str, list[BoardRow]]:
        """Rows of the board under other definitions or versions of the package, by edition; not to be compared with these."""
        with self.store.reading() as connection:
            keys = [row["edition"] for row in rows_of(connection, boards, board=self.board.name) if row["edition"] != self.edition.key]
            return {key: rows for key in keys if (rows := current_rows(connection, key))}

    def submission(self, name: str) -> SubmissionState:
        """A submission's state.

        Raises:
            UsageError: There is none of that name.
        """
        for one in self.submissions:
            if one.name == name:
                return one
        raise UsageError(
            f"board {self.board.name} has no submission {shown(name, 100)}. Submissions: {', '.join(s.name for s in self.submissions) or 'none'}"
        )

    # --- playing ------------------------------------------------------------------------------------------------------

    def play_references(self, progress: Progress | None = None) -> list[BoardRow]:
        """Play the reference agents' matches among themselves, unless they are played; the rows afterwards."""
        with contextlib.ExitStack() as stack:
            agents = [stack.enter_context(contextlib.closing(build(spec))) for spec in self.board.agents]
            entrants = [{"name": agent.name, "version": agent.version, "level": "package"} for agent in agents]
            if not self._runs.closed(REFERENCE) and len(self.board.agents) > (1 if self.board.protocol.tables == "meet" else 0):
                self._play(REFERENCE, None, agents, entrants, lambda row: True, progress)
        return self.rows

    def submit(
        self, folder: str | os.PathLike[str], *, level: str | None = None, trust: bool = False, progress: Progress | None = None
    ) -> Placement:
        """Receive a submission, try it, play it against the board's agents, and place it. Interrupted, the same call goes on.

        Args:
            folder: Its folder, with `agent.toml`.
            level: Isolation to play it at; by default the strongest that works here.
            trust: Whether it may be a spec that names a model, an address or code, which runs without isolation.
            progress: Called as `progress(done, total)` with the number of matches of the run.

        Raises:
            UsageError, BadOption: It is no submission, or its name and version are taken by other files.
            NotSupported: The isolation that the board demands is not to be had here.
            RunEnds: A service or a sandbox is out of order; the same call goes on from there.
        """
        submission = Submission.load(folder)
        self._expect_new(submission)
        copy = submission.copy_to(self._copies() / f"{submission.name}-{submission.digest[:12]}")
        self.play_references()
        with Contestant(self.board, copy, level=level, trust=trust) as contestant:
            self._receive(copy, contestant)
            if not self._runs.closed(copy.name):
                reason = None if self._runs.opened(copy.name) else contestant.trial()
                if reason:
                    self._runs.write("submission-failed", name=copy.name, reason=reason, stderr=contestant.stderr)
                    return self._placement(copy.name)
                self._play_submission(copy, contestant, progress)
        return self._placement(copy.name)

    def rank(
        self,
        question: Question = "ranks",
        *,
        agent: str | None = None,
        budget: int = 2000,
        margin_elo: float = 20.0,
        level: str | None = None,
        trust: bool = False,
        progress: Progress | None = None,
    ) -> Decision:
        """Let the board's agents meet where it informs, until a question about them is decided. Interrupted, the same call goes on.

        Args:
            question: "ranks", "top", "rank" (of `agent`) or "graph"; see `Scheduler`.
            agent: The agent, for "rank".
            budget: Most deals, earlier ones included.
            margin_elo: Agents that differ by less count as level.
            level: Isolation of submissions.
            trust: As in `submit`.
            progress: Called as `progress(done, total)` for each batch.

        Returns:
            The decision, which holds with the board's level however often it was looked at.

        Raises:
            UsageError: The agents of the board never meet, fewer than two have a row, or an argument is out of range.
        """
        self.play_references()
        question_of = {"question": question, "agent": agent, "budget": budget, "margin_elo": 0.0 if question == "graph" else margin_elo}
        names = sorted(row.agent for row in self.rows)
        with contextlib.ExitStack() as stack:
            agents, entrants = self._entrants(names, level, trust, stack)
            return rank(self.edition, self._runs, question_of, agents, entrants, progress)

    def withdraw(self, name: str, reason: str = "") -> None:
        """Take a submission off the board; its records stay, but count no more."""
        self.submission(name)
        self._runs.write("withdrawn", name=name, reason=printable(reason, 500))

    # --- checking -----------------------------------------------------------------------------------------------------

    def verify(self) -> int:
        """Check the log's signatures and play every recorded match again; the number of matches.

        Raises:
            RecordMismatch, CorruptRecord: Something is not as it was signed, or does not replay.
        """
        runs = closed_runs(self.edition, self.edition.log.read(), replay=True)
        return sum(len(results) for results in runs.values())

    def rerate(self) -> None:
        """Compute every rating of the board anew, from the records that the log has the digests of; matches are not played again.

        Raises:
            RecordMismatch, CorruptRecord: Records are not what was signed; the index stays as it was.
        """
        project(self.edition, self.store, anew=True)

    def rebuild(self) -> None:
        """Make the board's part of the index again from its log and records, after `verify`.

        Raises:
            RecordMismatch, CorruptRecord: As `verify`; the index stays as it was.
        """
        self.verify()
        self.rerate()

    # --- parts --------------------------------------------------------------------------------------------------------

    def _copies(self) -> Path:
        self.home.submissions.mkdir(parents=True, exist_ok=True)
        return self.home.submissions

    def _expect_new(self, submission: Submission) -> None:
        """Raise where the name and version belong to other files, or to a reference agent."""
        if submission.name in self.board.agents:
            raise UsageError(f"{submission.name} is a reference agent of the board {self.board.name}; choose another name in agent.toml")
        for entry in self._runs.entries("submission-received"):
            if entry["name"] == submission.name and entry["digest"] != submission.digest:
                raise UsageError(
                    f"{submission.name} is on the board {self.board.name} already, with other files (digest {entry['digest'][:12]}, these have "
                    f"{submission.digest[:12]}); raise `version` in agent.toml"
                )
        if any(entry["name"] == submission.name for entry in self._runs.entries("withdrawn")):
            raise UsageError(
                f"{submission.name} was withdrawn from the board {self.board.name}; raise `version` in agent.toml to enter again"
            )

    def _receive(self, submission: Submission, contestant: Contestant) -> None:
        manifest = asdict(submission.manifest)
        facts = {"name": submission.name, "digest": submission.digest, "level": contestant.level, "manifest": manifest}
        failed = {entry["name"] for entry in self._runs.entries("submission-failed")}

        def received(entries: list[dict[str, Any]]) -> bool:
            there = any(entry["event"] == "submission-received" and entry["name"] == submission.name for entry in entries)
            return there and submission.name not in failed

        self._runs.write_once("submission-received", facts, received)

    def _play_submission(self, submission: Submission, contestant: Contestant, progress: Progress | None) -> None:
        with contextlib.ExitStack() as stack:
            opponents = (
                []
                if self.board.protocol.tables == "self"
                else [stack.enter_context(contextlib.closing(build(spec))) for spec in self.board.agents]
            )
            agents = [contestant.agent, *opponents]
            levels = [contestant.level, *["package"] * len(opponents)]
            entrants = [{"name": agent.name, "version": agent.version, "level": level} for agent, level in zip(agents, levels, strict=True)]
            self._play(submission.name, contestant, agents, entrants, lambda row: row.settled, progress)

    def _play(
        self,
        run: str,
        contestant: Contestant | None,
        agents: Sequence[Agent | Isolated],
        entrants: list[Entrant],
        enough: Any,
        progress: Progress | None,
    ) -> None:
        """Play a run until its row is settled or has the most rounds, and close it."""
        reference, folder = run == REFERENCE, self.edition.run_folder(run)
        folder.mkdir(parents=True, exist_ok=True)
        seed = run_seed(self.board, folder, reference=reference)
        opened = self._runs.open(run, None if reference else run, entrants, seed)
        levels = {agent["name"]: agent["level"] for agent in [*entrants, *self._reference_agents()]}
        rounds, protocol = self.board.protocol.rounds, self.board.protocol
        while True:
            planned = fixtures(self.board, len(agents), rounds, reference=reference)
            results = play_run(self.board, agents, folder, planned, seed, progress)
            rows = board_rows(self.board, [results, *([] if reference else self._reference_results())], levels)
            mine = next(row for row in rows if row.agent == entrants[0]["name"])
            if enough(mine) or rounds >= protocol.most_rounds:
                break
            rounds = min(2 * rounds, protocol.most_rounds)
        expect_schedule(self.board, results, opened, seed, planned, run)
        self._runs.close(
            run, None if reference else run, results, seed, rounds=rounds, stderr="" if contestant is None else contestant.stderr
        )

    def _entrants(
        self, names: Sequence[str], level: str | None, trust: bool, stack: contextlib.ExitStack
    ) -> tuple[list[Agent], list[Entrant]]:
        """The board's agents by name, ready to play, and how the log names them; the stack closes them."""
        received = {entry["name"]: entry["digest"] for entry in self._runs.entries("submission-received")}
        agents: dict[str, tuple[Agent, str]] = {}
        for spec in self.board.agents:
            agent = stack.enter_context(contextlib.closing(build(spec)))
            agents[agent.name] = agent, "package"
        for name in names:
            if name in received:
                copy = Submission.load(self._copies() / f"{name}-{received[name][:12]}")
                contestant = stack.enter_context(Contestant(self.board, copy, level=level, trust=trust))
                agents[name] = contestant.agent, contestant.level
        return [agents[name][0] for name in names], [
            {"name": name, "version": agents[name][0].version, "level": agents[name][1]} for name in names
        ]

    def _reference_agents(self) -> list[Entrant]:
        opened = self._runs.opened(REFERENCE)
        return opened["agents"] if opened else []

    def _reference_results(self) -> list[Results]:
        return [load_records(self.edition.run_folder(REFERENCE))] if self._runs.closed(REFERENCE) else []

    def _placement(self, name: str) -> Placement:
        rows = self.rows
        state = self.submission(name)
        row = next((row for row in rows if row.agent == name), None) if state.state == "rated" else None
        return Placement(self.board, state, row, tuple(rows))


def submit(
    folder: str | os.PathLike[str],
    board: str | Path | Board,
    *,
    home: str | os.PathLike[str] | None = None,
    store: str | None = None,
    level: str | None = None,
    trust: bool = False,
    progress: Progress | None = None,
) -> Placement:
    """Submit an agent to a board: `Leaderboard(board, home).submit(folder)`."""
    with Leaderboard(board, home, store=store, trust=trust) as leaderboard:
        return leaderboard.submit(folder, level=level, trust=trust, progress=progress)
