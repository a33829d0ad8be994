"""A submission's agent as it plays: isolated where it brings code of its own, else an agent of the package by its spec."""

from __future__ import annotations

from types import TracebackType

from agentarena.agents.subprocess import Isolated
from agentarena.agents.suitability import check_suitable
from agentarena.core.agent import Agent
from agentarena.core.display import shown
from agentarena.core.errors import NotSupported, UsageError
from agentarena.matches.api import run

from .board import LEVELS, Board
from .runs import fixtures, new_seed
from .submission import Submission

__all__ = ["Contestant"]


class Contestant:
    """The agent of a submission. A context manager; leaving it ends the agent's processes.

    Args:
        board: What it plays.
        submission: The submission's copy.
        level: Isolation to play at; by default the strongest that works here.
        trust: Whether its spec may name a model, an address or code.

    Attributes:
        agent: The agent, by the submission's name; its version is the beginning of the submission's digest.
        level: Isolation that it plays at; "package" for an agent of the package, "none" for a trusted spec of another.

    Raises:
        NotSupported: The isolation is not to be had here, or weaker than the board demands; or the agent cannot play the game.
        UsageError: Its spec is not to be trusted.
    """

    def __init__(self, board: Board, submission: Submission, *, level: str | None = None, trust: bool = False) -> None:
        self._board, self._submission = board, submission
        if submission.own_code:
            self.agent, self.level = _isolated(board, submission, level)
        else:
            self.agent, self.level = _from_spec(board, submission, trust)
        self.agent.name, self.agent.version = submission.name, submission.digest[:12]
        check_suitable((self.agent,), board.game())

    def __enter__(self) -> Contestant:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.agent.close()

    @property
    def stderr(self) -> str:
        """The end of what the agent wrote on standard error."""
        return str(getattr(self.agent, "stderr_tail", ""))

    def trial(self) -> str:
        """Why the agent cannot be played: the fault of its first match, which does not count; "" where it played without one."""
        opponents = [] if self._board.protocol.tables == "self" else list(self._board.agents)
        first = fixtures(self._board, 1 + len(opponents), 1, reference=False)[:1]
        results = run(self._board.game(), [self.agent, *opponents], first, seed=new_seed())
        own = {seat for seat, holder in enumerate(first[0].seats) if holder == 0}
        faults = [fault for record in results.records for fault in record.faults if fault["seat"] in own and fault["then"] == "forfeit"]
        return f"its first match, which does not count, ended by its fault ({faults[0]['kind']}): {faults[0]['reason']}" if faults else ""


def _from_spec(board: Board, submission: Submission, trust: bool) -> tuple[Agent, str]:
    spec = str(submission.manifest.spec)
    if not submission.trusted_spec and not trust:
        raise UsageError(
            f"{submission.name} names a model, an address or code in its spec, which would run without isolation. If you trust it, say so "
            "with --trust (trust=True in Python)"
        )
    level = "package" if submission.trusted_spec else "none"
    if level == "none" and board.protocol.isolation != "none":
        raise NotSupported(
            f"the board {board.name} demands isolation {board.protocol.isolation!r}, and a model or a service has none; submit it to a board "
            'with isolation = "none"'
        )
    return Isolated(spec, deadline_s=board.protocol.deadline_s, game=board.game()), level


def _isolated(board: Board, submission: Submission, level: str | None) -> tuple[Agent, str]:
    from agentarena.agents.sandbox.agent import CommandAgent
    from agentarena.agents.sandbox.limits import Limits
    from agentarena.agents.sandbox.python import python_command

    if level is not None and level not in LEVELS:
        raise UsageError(f"there is no isolation level {shown(level, 100)}. Levels: {', '.join(LEVELS[1:])}")
    manifest = submission.manifest
    command = python_command(manifest.entry, submission.folder) if manifest.entry else list(manifest.command)
    limits = Limits(answer_s=board.protocol.deadline_s) if board.protocol.deadline_s else Limits()
    agent = CommandAgent(
        command,
        submission.folder,
        name=submission.name,
        version=submission.digest[:12],
        limits=limits,
        level=level,
        minimum=None if board.protocol.isolation == "none" else board.protocol.isolation,
    )
    return agent, agent.level
