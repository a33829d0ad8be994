"""LSPO from beginning to end: T + 1 iterations of generate, cluster, solve, pairs and tune.

    for t in 0..T:
        generate   matches of the model with itself; N candidates a turn, one uttered at random
        cluster    all candidates of a role, by what they say
        solve      the game in which clusters take the place of words
        pairs      which of two candidates the policy would rather have had (not in the last iteration)
        tune       the model on these pairs, by DPO                        (not in the last iteration)

Every stage leaves files with digests (`artefacts`): a run that was broken off goes on, and a damaged file is made anew.

Reference: Z. Xu et al., "Learning Strategic Language Agents in the Werewolf Game with Iterative Latent Space Policy Optimization"
(arXiv 2502.04686), read second-hand. Deviations: clusters are heard as symbols common to all roles; pairs are drawn by odds of policy
to model (see `pairs`); an utterance's target is kept apart from its cluster.
"""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agentarena.core.display import shown
from agentarena.core.errors import UsageError

from .artefacts import STAGES, Iteration, read_json, write_json
from .config import FREE, LSPOConfig
from .speaker import load_speaker
from .stages import RUN_STAGE, Context, Load, Tune, domain_of, solve_config, tune_by_dpo, tune_config, tuned_speaker

__all__ = ["SETTINGS", "LSPORun", "Progress", "run"]

SETTINGS = "run.json"
"""Name of the file of settings in a run's folder."""


@dataclass(frozen=True)
class LSPORun:
    """A run as far as it has come.

    Attributes:
        folder: Where it lies.
        figures: Of each iteration, stage -> its figures.
        finished: Whether all iterations are done.
    """

    folder: Path
    figures: tuple[dict[str, dict[str, Any]], ...]
    finished: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """What has just happened.

    Attributes:
        iteration: Number of the iteration.
        stage: The stage.
        event: "begin", "done" (it was so already), "damaged" (it is done again) or "end".
        reason: Why it is done again, for "damaged".
        figures: Of the stage, for "done" and "end".
        seconds: How long it took, for "end".
    """

    iteration: int
    stage: str
    event: str
    reason: str = ""
    figures: dict[str, Any] = dataclasses.field(default_factory=dict)
    seconds: float = 0.0


def run(
    config: LSPOConfig,
    report: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
    *,
    load: Load = load_speaker,
    tune: Tune = tune_by_dpo,
    progress: Callable[[int, int], None] | None = None,
) -> LSPORun:
    """Do what is not done yet of a run.

    Args:
        config: The settings; in a folder that has a run, they must be that run's, apart from `FREE`.
        report: Called at every step.
        stop: Asked after every stage whether to end.
        load: Makes a speaker of a spec.
        tune: Tunes the model behind a spec.
        progress: Called within stages with parts done and all parts.

    Raises:
        UsageError: The folder has a run of other settings; nothing is said; no pairs can be drawn.
        MissingExtra: A package of the extra `lspo` is not installed.
    """
    folder = Path(config.output_dir)
    domain_of(config.speech, config.game())
    tune_config(config.tune)
    if config.speech == "turns":
        solve_config(config.solve)
    _settle(folder, config)
    say = report or (lambda _: None)
    figures: list[dict[str, dict[str, Any]]] = []
    earlier: tuple[Iteration, ...] = ()
    for number in range(config.iterations + 1):
        iteration = Iteration(folder / f"iteration-{number}", _digest(earlier))
        speaker = tuned_speaker(config.speaker, earlier[-1]) if earlier else config.speaker
        context = Context(config, number, iteration, earlier, speaker, load, tune, progress)
        figures.append({})
        for stage in STAGES if number < config.iterations else STAGES[:3]:
            figures[-1][stage] = _do(context, stage, say)
            if stop is not None and stop():
                return LSPORun(folder, tuple(figures), False)
        earlier = (*earlier, iteration)
    return LSPORun(folder, tuple(figures), True)


def _do(context: Context, stage: str, say: Callable[[Progress], None]) -> dict[str, Any]:
    """One stage, unless it is done; its figures."""
    iteration, number = context.folder, context.number
    entry, reason = iteration.entry(stage), iteration.why_not_done(stage)
    if entry is not None and reason is None:
        say(Progress(number, stage, "done", figures=dict(entry.figures)))
        return dict(entry.figures)
    if entry is not None or iteration.problem is not None:
        say(Progress(number, stage, "damaged", reason=str(reason)))
    say(Progress(number, stage, "begin"))
    began = time.monotonic()
    iteration.begin(stage)
    figures = RUN_STAGE[stage](context)
    seconds = time.monotonic() - began
    iteration.finish(stage, figures, seconds)
    say(Progress(number, stage, "end", figures=figures, seconds=seconds))
    return figures


def _digest(earlier: tuple[Iteration, ...]) -> str:
    """What an iteration stands on: the last stage of the one before."""
    entry = earlier[-1].entry(STAGES[-1]) if earlier else None
    return "" if entry is None else entry.digest


def _settle(folder: Path, config: LSPOConfig) -> None:
    """Write the settings, or compare them with those of the run that lies there."""
    own = json.loads(json.dumps(dataclasses.asdict(config)))
    path = folder / SETTINGS
    if path.is_file():
        saved = read_json(path)
        for name in own:
            if name not in FREE and isinstance(saved, dict) and saved.get(name) != own[name]:
                raise UsageError(
                    f"{shown(str(path), 300)} has {name} = {shown(saved.get(name))}, and this run {shown(own[name])}; "
                    "give another output_dir, or the same settings"
                )
    write_json(path, own)
