"""The official simulator as an engine: Node processes that hold battles, and what Python says to them.

protocol.py    commands and replies, checked
journal.py     battles by their commands
process.py     one process        pool.py    many, with restarts        recorded.py    answers from a file, for tests without Node
client.py      Engine: what games and agents call
install.py     where Node and the simulator are, and how they get there
js/            the worker

engine = shared()
battle, update = engine.start(Setup("gen9championsvgc2026regmb", teams=(packed, packed)))
(update,) = engine.choose([(battle, ((1, 2, 3, 4), (1, 2, 3, 4)))])
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from .client import Engine, Pending
from .commands import Setup, seed_words
from .errors import EngineError
from .journal import Battle
from .protocol import Hello, Playout, Side, Update
from .recorded import RecordedEngine

__all__ = [
    "Battle",
    "Engine",
    "EngineError",
    "Hello",
    "Pending",
    "Playout",
    "RecordedEngine",
    "Setup",
    "Side",
    "Update",
    "seed_words",
    "shared",
    "use",
]

_shared: dict[tuple[int, bool], Engine] = {}
_in_use: list[Engine] = []


def shared(processes: int = 1, patch: bool = False) -> Engine:
    """The engine of this process with these settings; one for all games. It starts at its first call.

    A forked child has processes of its own: battles of its parent are rebuilt there when it needs them.
    """
    if _in_use:
        return _in_use[-1]
    return _shared.setdefault((processes, patch), Engine(processes, patch=patch))


@contextmanager
def use(engine: Engine) -> Iterator[Engine]:
    """Within the `with`, `shared()` is this engine, whatever the settings: a recorded one in tests, or one with a fake worker."""
    _in_use.append(engine)
    try:
        yield engine
    finally:
        _in_use.remove(engine)
