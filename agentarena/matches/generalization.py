"""The same agents under two lists of settings: matches for `agentarena.evaluate.generalization_gaps`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from agentarena.core import registry
from agentarena.core.agent import Agent
from agentarena.core.display import shown
from agentarena.core.errors import UsageError
from agentarena.evaluate.generalization import Generalization, Measure, generalization_gaps

from .api import play
from .results import Results

__all__ = ["GeneralizationResults", "generalize", "setting_name"]


class GeneralizationResults(NamedTuple):
    """What `generalize` gives.

    Attributes:
        rows: One for each agent.
        train: Results under each setting that was trained on, by its name.
        held_out: Results under the others.
    """

    rows: tuple[Generalization, ...]
    train: dict[str, Results]
    held_out: dict[str, Results]


def setting_name(options: Mapping[str, Any]) -> str:
    """How a setting is called: its options, "defaults" without any.

    >>> setting_name({"players": 3, "threshold": 5})
    'players=3 threshold=5'
    """
    return " ".join(f"{name}={value}" for name, value in options.items()) or "defaults"


def generalize(
    env: str,
    agents: Sequence[str | Agent],
    train: Sequence[Mapping[str, Any]],
    held_out: Sequence[Mapping[str, Any]],
    *,
    matches: int = 200,
    seed: int = 0,
    measure: Measure = "win_share",
    level: float = 0.95,
    out: str | os.PathLike[str] | None = None,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> GeneralizationResults:
    """Play the same agents under every setting and compare.

    Args:
        env: Id of the environment.
        agents: As many as seats, or fewer: then they fill the table in turn, under every setting anew.
        train: Settings that the agents were trained on: the environment's options by name, "preset" among them.
        held_out: Settings that they were not trained on.
        matches: Matches under each setting; the agents move on by one seat from match to match.
        seed: Of the run. Setting number n, counted over both lists, is played with seed + n, so that deals are independent.
        measure: What is averaged (`evaluate.generalization.Measure`). With different numbers of seats "win_share" falls by itself;
            "relative_win_share" does not.
        level: Coverage of the intervals.
        out: Folder for the records, a file for each setting; files that are there already are continued.
        workers: Processes to play in.
        progress: Called as `progress(done, total)`, over all settings.

    Raises:
        UsageError: A setting is listed twice, a list is empty, or as in `agentarena.play`.
    """
    settings = [*map(dict, train), *map(dict, held_out)]
    names = [setting_name(options) for options in settings]
    if not train or not held_out or len(set(names)) < len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise UsageError(f"need different settings in two lists, got {len(train)} and {len(held_out)}, twice: {shown(twice, 200)}")
    games = [registry.game(env, preset=options.pop("preset", None), options=options) for options in settings]
    results: dict[str, Results] = {}
    for number, (name, game) in enumerate(zip(names, games, strict=True)):
        results[name] = play(
            game,
            agents,
            matches=matches,
            seed=seed + number,
            out=None if out is None else Path(out) / f"setting-{number}.jsonl",
            workers=workers,
            progress=None if progress is None else _part(progress, number * matches, len(names) * matches),
        )
    parts = [{name: results[name] for name in some} for some in (names[: len(train)], names[len(train) :])]
    records = [{name: one.records for name, one in part.items()} for part in parts]
    return GeneralizationResults(generalization_gaps(*records, measure=measure, level=level), *parts)


def _part(progress: Callable[[int, int], None], before: int, total: int) -> Callable[[int, int], None]:
    return lambda done, _: progress(before + done, total)
