"""The contract every game keeps: which checks there are, and running them. No game is known here by name."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from agentarena.core.errors import UsageError
from agentarena.core.game import Game
from agentarena.core.registry import env_id_of, game_class, resolve

from .report import Report, Result, Status
from .subject import Subject

__all__ = ["CHECKS", "Broken", "Check", "NotApplicable", "check", "contract", "expect", "run"]

_MODULES = (
    "game_info",
    "playthroughs",
    "illegal_actions",
    "observations",
    "information_leaks",
    "text",
    "chance",
    "side_effects",
    "arrays",
    "card",
)
_PRESET_SEEDS = (0, 1)


class Broken(Exception):
    """A clause of the contract does not hold; the message says where and how."""


class NotApplicable(Exception):
    """The check has nothing to test in this game; the message says why."""


def expect(holds: bool, message: str) -> None:
    """Fail the running check unless `holds`."""
    if not holds:
        raise Broken(message)


@dataclass(frozen=True, slots=True)
class Check:
    """One clause of the contract.

    Attributes:
        name: What a reader sees.
        test: Raises `Broken` or `NotApplicable`, or returns.
        forkable: Whether it steps a state twice and so needs a forkable game.
        presets: Whether it runs under every preset as well.
    """

    name: str
    test: Callable[[Subject], None]
    forkable: bool = False
    presets: bool = False


CHECKS: list[Check] = []
"""Every check, in order; filled by the modules of this package."""


def contract(
    name: str, *, forkable: bool = False, presets: bool = False
) -> Callable[[Callable[[Subject], None]], Callable[[Subject], None]]:
    """Enter a function into the table of checks."""

    def enter(test: Callable[[Subject], None]) -> Callable[[Subject], None]:
        CHECKS.append(Check(name, test, forkable, presets))
        return test

    return enter


def check(
    game_or_id: str | Game[Any] | type[Game[Any]],
    *,
    seeds: Sequence[int] | None = None,
    golden: str | Path | None = None,
    only: Iterable[str] | None = None,
) -> Report:
    """Test a game against the contract.

    Args:
        game_or_id: An id or `"package.module:Class"` (every preset is checked, and the card), a `Game` subclass (every
            preset, but no card), or a `Game` (that one configuration).
        seeds: Seeds of the random plays; by default as many as a small game plays in a second or two.
        golden: Folder of golden transcripts; without one the transcript is not checked.
        only: Names of the checks to run; all by default.

    Returns:
        The report; it does not raise for failures, `raise_for_failures` does.

    Raises:
        UnknownName: No such environment or check.
    """
    table = _chosen(only)
    name = resolve(game_or_id) if isinstance(game_or_id, str) else _name_of(game_or_id)
    folder = None if golden is None else Path(golden)
    if isinstance(game_or_id, Game):
        return Report(name, tuple(_run(Subject(name, game_or_id, seeds=seeds, golden=folder), table)))
    kind = game_class(name) if isinstance(game_or_id, str) else game_or_id
    try:
        subject = Subject(name, kind.build(), seeds=seeds, golden=folder, registered=isinstance(game_or_id, str))
    except Exception as error:  # the boundary: whatever building raises is a finding
        return Report(name, (Result("builds", "fail", f"cannot be built with its defaults: {_told(error)}"),))
    results = _run(subject, table)
    for preset in kind.presets:
        results += _run_preset(name, kind, preset, seeds, [clause for clause in table if clause.presets])
    return Report(name, tuple(results))


def run(spec: str, *, seeds: Sequence[int] | None = None, golden: str | Path | None = None) -> Report:
    """What `agentarena check SPEC` does: `check` of an id or a `"package.module:Class"`."""
    return check(spec, seeds=seeds, golden=golden)


def _name_of(game: Game[Any] | type[Game[Any]]) -> str:
    if isinstance(game, Game):
        return env_id_of(game)
    if not (isinstance(game, type) and issubclass(game, Game)):
        raise UsageError(f"expected an environment id, a Game or a subclass of Game, got {game!r:.100}")
    return f"{game.__module__}:{game.__qualname__}"


def _chosen(only: Iterable[str] | None) -> list[Check]:
    for module in _MODULES:
        import_module(f"{__package__}.{module}")
    if only is None:
        return CHECKS
    from agentarena.core.errors import UnknownName

    wanted = set(only)
    names = [clause.name for clause in CHECKS]
    for name in sorted(wanted):
        if name not in names:
            raise UnknownName("check", name, names)
    return [clause for clause in CHECKS if clause.name in wanted]


def _run_preset(name: str, kind: type[Game[Any]], preset: str, seeds: Sequence[int] | None, table: list[Check]) -> list[Result]:
    try:
        game = kind.build(preset)
    except Exception as error:  # the boundary: whatever building raises is a finding
        return [Result("builds", "fail", f"cannot be built: {_told(error)}", preset)]
    subject = Subject(name, game, seeds=_PRESET_SEEDS if seeds is None else seeds)
    return _run(subject, table, preset)


def _run(subject: Subject, table: list[Check], preset: str = "") -> list[Result]:
    return [Result(clause.name, *_outcome(clause, subject), preset) for clause in table]


def _outcome(clause: Check, subject: Subject) -> tuple[Status, str]:
    """The one boundary: whatever a game raises while it is looked at is a failure of that check."""
    try:
        if clause.forkable and not subject.game.info.forkable:
            return "n/a", "the state lives in an outside engine and cannot be stepped twice"
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            clause.test(subject)
    except NotApplicable as why:
        return "n/a", str(why)
    except Broken as why:
        return "fail", str(why)
    except Exception as error:  # the boundary
        return "fail", _told(error)
    return "pass", ""


def _told(error: Exception) -> str:
    where = error.__traceback__
    while where is not None and where.tb_next is not None:
        where = where.tb_next
    place = f" ({Path(where.tb_frame.f_code.co_filename).name}:{where.tb_lineno})" if where is not None else ""
    return f"{type(error).__name__}: {str(error)[:400]}{place}"
