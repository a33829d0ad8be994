"""Running the checks of the contract that every game keeps. No game is known here by name."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from agentarena.core.errors import UnknownName, UsageError
from agentarena.core.game import Game
from agentarena.core.registry import env_id_of, game_class, resolve

from . import (
    arrays,
    card,
    chance,
    game_info,
    illegal_actions,
    information_leaks,
    observations,
    playthroughs,
    side_effects,
    text,
)
from .clauses import CHECKS, Check, CheckFailed, NotApplicable
from .report import Report, Result, Status
from .subject import Subject

__all__ = ["check", "run"]

_MODULES = (game_info, playthroughs, illegal_actions, observations, information_leaks, text, chance, side_effects, arrays, card)
"""The modules that hold the checks, in the order of reports."""
_PRESET_SEEDS = (0, 1)


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
    table = _select(only)
    name = resolve(game_or_id) if isinstance(game_or_id, str) else _name_of(game_or_id)
    folder = None if golden is None else Path(golden)
    if isinstance(game_or_id, Game):
        return Report(name, tuple(_run(Subject(name, game_or_id, seeds=seeds, golden=folder), table)))
    kind = game_class(name) if isinstance(game_or_id, str) else game_or_id
    try:
        subject = Subject(name, kind.build(), seeds=seeds, golden=folder, registered=isinstance(game_or_id, str))
    except Exception as error:  # the boundary: an error in building is a failure of the game
        return Report(name, (Result("builds", "fail", f"cannot be built with its defaults: {_describe(error)}"),))
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


def _select(only: Iterable[str] | None) -> list[Check]:
    """The checks of these names, all by default, in the order of `_MODULES`."""
    order = {module.__name__: position for position, module in enumerate(_MODULES)}
    clauses = sorted(CHECKS, key=lambda clause: order.get(clause.test.__module__, len(order)))
    if only is None:
        return clauses
    wanted = set(only)
    names = [clause.name for clause in clauses]
    for name in sorted(wanted):
        if name not in names:
            raise UnknownName("check", name, names)
    return [clause for clause in clauses if clause.name in wanted]


def _run_preset(name: str, kind: type[Game[Any]], preset: str, seeds: Sequence[int] | None, table: list[Check]) -> list[Result]:
    try:
        game = kind.build(preset)
    except Exception as error:  # the boundary: an error in building is a failure of the game
        return [Result("builds", "fail", f"cannot be built: {_describe(error)}", preset)]
    subject = Subject(name, game, seeds=_PRESET_SEEDS if seeds is None else seeds)
    return _run(subject, table, preset)


def _run(subject: Subject, table: list[Check], preset: str = "") -> list[Result]:
    return [Result(clause.name, *_outcome(clause, subject), preset) for clause in table]


def _outcome(clause: Check, subject: Subject) -> tuple[Status, str]:
    """The status of one check and its reason. Whatever the game raises is a failure of that check."""
    try:
        if clause.forkable and not subject.game.info.forkable:
            return "n/a", "the state lives in an outside engine and cannot be stepped twice"
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            clause.test(subject)
    except NotApplicable as reason:
        return "n/a", str(reason)
    except CheckFailed as failure:
        return "fail", str(failure)
    except Exception as error:  # the boundary
        return "fail", _describe(error)
    return "pass", ""


def _describe(error: Exception) -> str:
    where = error.__traceback__
    while where is not None and where.tb_next is not None:
        where = where.tb_next
    place = f" ({Path(where.tb_frame.f_code.co_filename).name}:{where.tb_lineno})" if where is not None else ""
    return f"{type(error).__name__}: {str(error)[:400]}{place}"
