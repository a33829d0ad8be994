"""A training run on vectors, top to bottom: draw opponents, play and learn for a stage, save, evaluate.

A stage is a pure function of the checkpoint before it, the configuration and its number: it begins fresh matches, and every random
number comes from streams of (seed, rounds so far). So a run that was killed anywhere goes on to the same weights, and no environment
has to be saved.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from agentarena.agents.rl.policy_file import load_policy, save_policy
from agentarena.core import registry
from agentarena.core.errors import BadOption
from agentarena.core.rng import stream
from agentarena.train.logs import LOG, cut_log, log_lines
from agentarena.train.trackers import trackers

from . import checkpoint
from .config import RLConfig
from .dqn import dqn_round, make_dqn
from .env import ArenaVecEnv, Finished, Group
from .evaluate import check_exact, judged
from .opponents import SELF, Pool, check_opponents, groups_of, points
from .policies import export, install
from .ppo import make_ppo, ppo_round

__all__ = ["RLRun", "train"]

INITIAL, TORCH, BATCHES, MATCHES, OPPONENTS = range(11, 16)
"""First steps of the paths of a run's streams: first weights, torch's generator, batches and exploration, matches, opponents."""

Report = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class RLRun:
    """A run as it ended.

    Attributes:
        policy: Its last policy file.
        steps: Decisions that it learned from.
        figures: The last line of its log: figures of the last round, and what evaluations said.
    """

    policy: Path
    steps: int
    figures: dict[str, Any]


def train(config: RLConfig, report: Report | None = None, stop: Callable[[], bool] | None = None) -> RLRun:
    """Train a policy on vectors; a run that is there already in `output_dir` goes on.

    Args:
        config: Everything that shapes the run.
        report: Called with the figures of every round, which also go to `output_dir/log.jsonl` and the trackers of `report_to`.
        stop: Asked after every stage; `True` ends the run there. It has been saved.

    Returns:
        The run, with the path of the last policy file in `.policy`, e.g. for `agentarena play` as `rl:<path>`.

    Raises:
        UsageError: The folder holds another run, or a damaged one.
        BadOption: A setting does not fit the game, or needs a package that is not installed.
        NotSupported: The game's actions are not `Discrete`, or its observations have no flat form.
    """
    with _alone():
        run = _Run(config)
        logged = max((line["step"] for line in log_lines(run.folder)), default=0)
        cut_log(run.folder, run.progress.steps)
        with trackers(config, run.progress.steps, logged) as track:
            while run.progress.rounds < config.rounds:
                for figures in run.stage():
                    run.log(figures)
                    track(figures)
                    if report is not None:
                        report(figures)
                if stop is not None and stop():
                    break
    return RLRun(run.progress.pool.path(run.progress.steps), run.progress.steps, (log_lines(run.folder) or [{}])[-1])


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """One thread, because the networks are small; and torch's generator left as it was."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            yield
    finally:
        torch.set_num_threads(threads)


class _Run:
    """A run under way; it begins at its checkpoint.

    Attributes:
        config: Everything that shapes it.
        game: The rules.
        folder: Where it keeps everything.
        model: What learns.
        progress: How far it is.
    """

    def __init__(self, config: RLConfig) -> None:
        self.config, self.folder = config, Path(config.output_dir)
        self.game = registry.game(config.env, preset=config.preset, options=config.options)
        check_opponents(config, self.game)
        check_exact(config, self.game)
        torch.manual_seed(self._seed(INITIAL))
        shape = ArenaVecEnv(self.game, [Group("random", config.num_envs, "random")], seat=config.seat)
        self.model: Any = (make_ppo if config.algorithm == "ppo" else make_dqn)(config, shape)
        shape.close()
        self.progress = checkpoint.load(self.model, config, self.game) or self._begin()

    def _begin(self) -> checkpoint.Progress:
        """The first checkpoint: the policy before any step."""
        config = self.config
        if config.init_from is not None:
            policy = load_policy(config.init_from)
            reason = policy.refusal(self.game, self._seats()[0])
            if reason is not None:
                raise BadOption(f"init_from={config.init_from!r} cannot be trained on {config.env}: {reason}")
            install(self.model, policy.network)
        progress = checkpoint.Progress(Pool(self.folder))
        self._save(progress)
        return progress

    def _seats(self) -> tuple[int, ...]:
        """The seats that the policy is trained for."""
        seat = self.config.seat
        return (seat,) if isinstance(seat, int) and not self.config.opponents.get(SELF) else tuple(range(self.game.info.seats))

    def _seed(self, purpose: int, *path: int) -> int:
        return int(self._stream(purpose, *path).integers(2**63))

    def _stream(self, purpose: int, *path: int) -> np.random.Generator:
        return stream(self.config.seed, purpose, *path)

    def stage(self) -> Iterator[dict[str, Any]]:
        """One stage, round by round; the last round's figures are there once the stage is saved and evaluated."""
        config, progress = self.config, self.progress
        first = progress.rounds
        groups = groups_of(config, self.game, progress.pool, self._stream(OPPONENTS, first))
        env = ArenaVecEnv(self.game, groups, seat=config.seat, seed=self._seed(MATCHES, first), reward_scale=config.reward_scale)
        try:
            env.reset()
            self._reseed(env, first)
            rounds = min(config.stage_rounds, config.rounds - first)
            for number in range(rounds):
                figures = self._round(env)
                last = number == rounds - 1
                if last:
                    progress.stages += 1
                    figures |= {"opponents": {group.name: group.slots for group in groups}} | self._saved()
                yield figures
        finally:
            env.close()

    def _reseed(self, env: ArenaVecEnv, first: int) -> None:
        model = self.model
        torch.manual_seed(self._seed(TORCH, first))
        model.env = env
        if self.config.algorithm == "ppo":
            model.rollout_buffer.rng = self._stream(BATCHES, first)
        else:
            model.rng = self._stream(BATCHES, first)
            model.fresh(env)

    def _round(self, env: ArenaVecEnv) -> dict[str, Any]:
        config, progress, model = self.config, self.progress, self.model
        began = time.perf_counter()
        model._current_progress_remaining = left = max(0.0, 1 - progress.steps / config.total_steps)
        if config.algorithm == "ppo":
            model.ent_coef = config.ent_coef * (left if config.ent_schedule == "linear" else 1.0)
        learned = ppo_round(model) if config.algorithm == "ppo" else dqn_round(model, config)
        progress.rounds += 1
        progress.steps = int(model.num_timesteps)
        progress.pool.count(env.groups, env.finished)
        figures: dict[str, Any] = {"step": progress.steps, **learned, **_played(env.groups, env.finished)}
        env.finished.clear()
        spent = time.perf_counter() - began
        return figures | {"seconds": spent, "steps_per_second": config.round_steps / spent}

    def _saved(self) -> dict[str, Any]:
        """Save the checkpoint, and evaluate its policy where it is time to."""
        config, progress = self.config, self.progress
        path = self._save_policy(progress)
        due = progress.rounds >= config.rounds or (config.eval_every and progress.stages % config.eval_every == 0)
        figures = judged(config, self.game, path) if due else {}
        checkpoint.save(self.model, config, self.game, progress)
        return figures

    def _save(self, progress: checkpoint.Progress) -> None:
        self._save_policy(progress)
        checkpoint.save(self.model, self.config, self.game, progress)

    def _save_policy(self, progress: checkpoint.Progress) -> Path:
        config = self.config
        path = progress.pool.path(progress.steps)
        digest = save_policy(
            path,
            export(self.model, config),
            self.game,
            seats=self._seats(),
            algorithm=config.algorithm,
            steps=progress.steps,
            greedy=config.algorithm == "dqn",
            about={"seed": config.seed, "opponents": dict(config.opponents)},
        )
        progress.pool.policies.append((progress.steps, digest))
        return path

    def log(self, figures: dict[str, Any]) -> None:
        """Append a round's figures to the log."""
        with (self.folder / LOG).open("a", encoding="utf-8") as file:
            file.write(json.dumps(figures) + "\n")


def _played(groups: Sequence[Group], matches: Sequence[Finished]) -> dict[str, Any]:
    """What the matches of a round came to: the learner's mean return and points with others; seat 0's, and draws, with itself."""
    figures: dict[str, Any] = {"matches": len(matches), "faults": int(sum(match.forfeits.any() for match in matches))}
    others = [match for match in matches if match.seat >= 0]
    if others:
        figures["return"] = float(np.mean([match.returns[match.seat] for match in others]))
        figures["points"] = float(np.mean([points(match.returns, match.seat) for match in others]))
    own = [match.returns for match in matches if match.seat < 0]
    if own:
        figures["return_first_seat"] = float(np.mean([returns[0] for returns in own]))
        figures["draws"] = float(np.mean([bool((returns == returns[0]).all()) for returns in own]))
    return figures
