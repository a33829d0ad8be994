"""What can go wrong with the engine, as one tree; all are errors of `agentarena.core.errors` too.

EngineError (ArenaError)
├── EngineMissing                    something is not installed; the message names the next step
│   ├── NodeMissing
│   ├── NodeTooOld
│   └── ShowdownMissing
├── EngineCrashed                    a process ended, or the simulator threw, more often than it is tried again
│   └── EngineTimeout                no answer in time
├── EngineGarbage                    a process wrote something that is not a valid reply
├── InstallFailed                    the package cannot be installed
├── NotRecorded                      a recording does not hold this play
├── UnknownBattle (UsageError)       the battle was dropped, or belongs to another engine
├── BadTeam (UsageError)             a team that the format refuses
├── BadFormat (UsageError)           no such format, or no such rule
├── BadCommand (UsageError)          the engine does not take such a command
├── BadSnapshot (UsageError)         a saved battle that cannot be read
└── BadChoice (IllegalAction)        a choice that the simulator refuses; the battle is unchanged
"""

from __future__ import annotations

from agentarena.core.errors import ArenaError, IllegalAction, NotSupported, UsageError

__all__ = [
    "BadChoice",
    "BadCommand",
    "BadFormat",
    "BadSnapshot",
    "BadTeam",
    "EngineCrashed",
    "EngineError",
    "EngineGarbage",
    "EngineMissing",
    "EngineTimeout",
    "InstallFailed",
    "NodeMissing",
    "NodeTooOld",
    "NotRecorded",
    "ShowdownMissing",
    "UnknownBattle",
    "error_of_kind",
    "kind_of_error",
]


class EngineError(ArenaError):
    """Base of every error of the engine."""


class EngineMissing(EngineError, NotSupported):
    """Something the engine needs is not installed."""


class NodeMissing(EngineMissing):
    """There is no Node."""


class NodeTooOld(EngineMissing):
    """Node is of a version that is not supported."""


class ShowdownMissing(EngineMissing):
    """The simulator's package is not installed."""


class EngineCrashed(EngineError):
    """A process of the engine ended, or the simulator threw."""


class EngineTimeout(EngineCrashed):
    """A process of the engine did not answer in time, and was ended."""


class EngineGarbage(EngineError):
    """A process of the engine wrote something that is not a valid reply."""


class InstallFailed(EngineError):
    """The simulator's package cannot be installed."""


class NotRecorded(EngineError):
    """A recording does not hold this play."""


class UnknownBattle(EngineError, UsageError):
    """The battle was dropped, or belongs to another engine."""


class BadTeam(EngineError, UsageError):
    """A team that cannot be read, or that the format refuses."""


class BadFormat(EngineError, UsageError):
    """No such format, or no such rule."""


class BadCommand(EngineError, UsageError):
    """The engine does not take such a command."""


class BadSnapshot(EngineError, UsageError):
    """A saved battle that cannot be read."""


class BadChoice(EngineError, IllegalAction):
    """A choice that the simulator refuses. The battle is unchanged."""


_KINDS: dict[str, type[EngineError]] = {
    "unknown_battle": UnknownBattle,
    "bad_command": BadCommand,
    "bad_team": BadTeam,
    "bad_format": BadFormat,
    "bad_choice": BadChoice,
    "bad_snapshot": BadSnapshot,
    "crashed": EngineCrashed,
}


def error_of_kind(kind: str, message: str) -> EngineError:
    """The error for a reply `{"error": {"kind": kind, "message": message}}`."""
    if kind not in _KINDS:
        return EngineGarbage(f"the engine answered with an error of an unknown kind: {kind}: {message}")
    return _KINDS[kind](message)


def kind_of_error(error: EngineError) -> str:
    """The kind under which such an error is written down.

    >>> kind_of_error(BadTeam("no moves"))
    'bad_team'
    """
    return next((kind for kind, cls in _KINDS.items() if isinstance(error, cls)), "crashed")
