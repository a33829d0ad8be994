"""Every error a user can meet, as one tree.

    ArenaError
    ├── UsageError (ValueError)         the caller asked for something that cannot be
    │   ├── UnknownName (LookupError)   no such environment, agent, option or preset
    │   ├── BadOption                   an option's value is outside its range
    │   └── WrongSeats                  too many or too few agents for the game
    ├── PlayError (ValueError)          a move that the rules refuse; the state is unchanged
    │   ├── IllegalAction               not among the legal actions
    │   ├── OutOfTurn                   a seat moved that was not asked, or one that was asked did not
    │   └── MatchOver                   the match has finished
    ├── NotSupported (TypeError)        the game lacks a capability that was asked for
    ├── AgentFault                      an agent failed; costs it the match, never the run
    │   ├── AgentRaised                 its code raised
    │   ├── AgentTimeout                no answer before the deadline
    │   ├── AgentDied                   its process ended
    │   └── AgentNonsense               it answered with something that is no decision
    ├── RunEnds                         an agent or an engine cannot go on; the run ends, what is recorded is kept, and it can be resumed
    │   ├── BudgetSpent                 its tokens, money or time are spent
    │   └── ServiceGone                 its service, or the engine of a game, is out of reach, or refuses every request
    ├── RecordError (ValueError)        a file of records cannot be used
    │   ├── CorruptRecord               a line is damaged
    │   ├── RecordMismatch              the file belongs to another run, or replays differently
    │   ├── UntrustedRecord             it names code that is not registered
    │   └── RecordBusy                  another run is writing the file
    ├── WeightsMismatch                 a model's new weights do not give the log-probabilities they must
    ├── ContractError                   a game breaks the contract that `agentarena check` tests
    └── MissingExtra (ImportError)      an optional dependency is not installed

A message says what was asked, what was got, what is allowed, and what to do next.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from .display import shown
from .distribution import install_command

__all__ = [
    "AgentDied",
    "AgentFault",
    "AgentNonsense",
    "AgentRaised",
    "AgentTimeout",
    "ArenaError",
    "BadOption",
    "BudgetSpent",
    "ContractError",
    "CorruptRecord",
    "IllegalAction",
    "MatchOver",
    "MissingExtra",
    "NotSupported",
    "OutOfTurn",
    "PlayError",
    "RecordBusy",
    "RecordError",
    "RecordMismatch",
    "RunEnds",
    "ServiceGone",
    "UnknownName",
    "UntrustedRecord",
    "UsageError",
    "WeightsMismatch",
    "WrongSeats",
    "needs_posix",
    "suggest",
]


class ArenaError(Exception):
    """Base of every error this package raises on purpose."""


class UsageError(ArenaError, ValueError):
    """The caller asked for something that cannot be."""


class UnknownName(UsageError, LookupError):
    """No such environment, agent, option or preset; the message suggests near misses."""

    def __init__(self, what: str, got: str, known: Iterable[str], hint: str = "") -> None:
        self.what, self.got, self.known, self.hint = what, got, tuple(known), hint
        super().__init__(f"unknown {what} {shown(got, 200)}.{suggest(got, self.known)}{' ' + hint if hint else ''}")

    def __reduce__(self) -> tuple[object, ...]:
        return (type(self), (self.what, self.got, self.known, self.hint))


class BadOption(UsageError):
    """An option's value is outside its range."""


class WrongSeats(UsageError):
    """Too many or too few agents for the game."""


class PlayError(ArenaError, ValueError):
    """A move that the rules refuse. The state it was tried on is unchanged."""


class IllegalAction(PlayError):
    """The action is not among the legal ones."""


class OutOfTurn(PlayError):
    """A seat moved that was not asked, or a seat that was asked did not move."""


class MatchOver(PlayError):
    """The match has finished; start another."""


class NotSupported(ArenaError, TypeError):
    """The game, or the system it runs on, lacks a capability that was asked for."""


class AgentFault(ArenaError):
    """An agent failed. It costs the agent its match, never the run.

    Attributes:
        usage: What the failed decision used, e.g. tokens, to be summed in the ledger like `Reply.usage`.
    """

    usage: Mapping[str, float] = MappingProxyType({})


class AgentRaised(AgentFault):
    """The agent's code raised."""


class AgentTimeout(AgentFault):
    """No answer came before the deadline."""


class AgentDied(AgentFault):
    """The agent's process ended."""


class AgentNonsense(AgentFault):
    """The agent answered with something that is no decision."""


class RunEnds(ArenaError):
    """An agent or an engine cannot go on, through no fault of a match: the run ends, what is recorded is kept, and it can be resumed.

    Attributes:
        results: The matches that were finished (`agentarena.matches.Results`); `None` outside of a run.
    """

    results: Any = None


class BudgetSpent(RunEnds):
    """An agent's tokens, money or time are spent."""


class ServiceGone(RunEnds):
    """An agent's service or a game's engine is out of reach, or refuses every request."""


class RecordError(ArenaError, ValueError):
    """A file of records cannot be used."""


class CorruptRecord(RecordError):
    """A line of a record file is damaged."""


class RecordMismatch(RecordError):
    """The file belongs to another run, or a record replays differently."""


class UntrustedRecord(RecordError):
    """A file names code that is not registered, and whoever reads it did not say that the file is trusted."""


class RecordBusy(RecordError):
    """Another run is writing the file."""


class WeightsMismatch(ArenaError):
    """After an update of weights, a model does not give a fixed text the log-probabilities that it must."""


class ContractError(ArenaError):
    """A game breaks the contract that `agentarena check` tests."""


class MissingExtra(ArenaError, ImportError):
    """An optional dependency is not installed."""

    def __init__(self, package: str, extra: str) -> None:
        self.package, self.extra = package, extra
        super().__init__(f"{package} is not installed. It comes with an extra: {install_command(extra)}")

    def __reduce__(self) -> tuple[object, ...]:
        return (type(self), (self.package, self.extra))


def needs_posix(what: str, function: str) -> NotSupported:
    """The error for what cannot be done on this system, because a function that Linux and macOS have is missing.

    >>> print(needs_posix("a record file", "fcntl.flock"))
    a record file needs fcntl.flock, which this system does not have. On Windows use WSL; matches without out, workers, deadline and isolation run anywhere
    """
    return NotSupported(
        f"{what} needs {function}, which this system does not have. On Windows use WSL; matches without out, workers, deadline and isolation run anywhere"
    )


_COMPARED = 200
"""How much of a misspelt name is compared: comparing takes time that grows with the square of its length."""


def suggest(got: str, known: Iterable[str]) -> str:
    """A sentence with the names nearest to `got`, or all of them when they are few.

    >>> suggest("TicTacTo-v0", ["TicTacToe-v0", "Leduc-v0"])
    ' Did you mean TicTacToe-v0?'
    >>> suggest("Kunh", ["TicTacToe-v0", "KuhnPoker-v0"])
    ' Did you mean KuhnPoker-v0?'
    """
    names = sorted(known)
    folded = {name.lower(): name for name in names}
    near = [folded[key] for key in difflib.get_close_matches(got[:_COMPARED].lower(), folded, n=3, cutoff=0.6)]
    if not near and len(got) >= 3:  # a part of a longer name
        near = [name for key, name in folded.items() if got[:_COMPARED].lower() in key][:3]
    if not near and len(got) >= 4:  # a misspelt beginning of one
        begins = {key[: len(got)]: name for key, name in folded.items()}
        near = [begins[key] for key in difflib.get_close_matches(got[:_COMPARED].lower(), begins, n=2, cutoff=0.7)]
    if near:
        return f" Did you mean {' or '.join(near)}?"
    if names and len(names) <= 20:
        return f" Known: {', '.join(names)}."
    return ""
