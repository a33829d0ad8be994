"""Matches: one or thousands, between agents of any kind, with records that replay.

    import agentarena as aa
    runs = aa.play("TicTacToe-v0", ["random", "random"], matches=200, seed=0)

The package is itself callable: `agentarena.play(...)` is `agentarena.play.play(...)`. (Importing any module of this
package sets the attribute `play` of `agentarena` to the package, so a plain function of that name could not last.)
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .api import play, run
    from .match import Match, OnUnreadable
    from .record import Record, Seat
    from .replay import Frame, frames, verify
    from .results import Ledger, Results
    from .seating import Fixture, rotation

__all__ = [
    "Fixture",
    "Frame",
    "Ledger",
    "Match",
    "OnUnreadable",
    "Record",
    "Results",
    "Seat",
    "frames",
    "play",
    "rotation",
    "run",
    "verify",
]

_HOMES = {
    "Fixture": "seating",
    "Frame": "replay",
    "Ledger": "results",
    "Match": "match",
    "OnUnreadable": "match",
    "Record": "record",
    "Results": "results",
    "Seat": "record",
    "frames": "replay",
    "play": "api",
    "rotation": "seating",
    "run": "api",
    "verify": "replay",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class _CallablePackage(ModuleType):
    """A package that can be called like its main function."""

    def __call__(self, *args: Any, **kwargs: Any) -> Results:
        """See `agentarena.play.api.play`."""
        return self.play(*args, **kwargs)


sys.modules[__name__].__class__ = _CallablePackage
