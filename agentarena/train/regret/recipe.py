"""Fine-tuning by the regret loss, top to bottom: play, work out what every action would have lost, descend the regret, measure.

    agentarena train regret --config recipes/pennies_regret.toml

A model plays a repeated matrix game in words. In each round the others' actions say what each of its own would have lost, so that the
regret of its play has an exact gradient in its probabilities: no advantage is estimated and nothing is learned from luck in its own
draws. What it was shown is a constant: that its play changes what the others do later is left out, as in the published loss.

Left out on purpose: general rewards (no action's loss is known in games with hidden state) and resuming; a run takes minutes.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from agentarena.agents.specs import agent
from agentarena.agents.suitability import refusal
from agentarena.core import registry
from agentarena.core.agent import Agent
from agentarena.core.errors import BadOption, UsageError
from agentarena.core.game import Game
from agentarena.core.rng import stream
from agentarena.evaluate.regret import external_regret, hedge, regression_test, trend_test
from agentarena.train import checkpoint
from agentarena.train.config import SelfPlayConfig
from agentarena.train.player import PolicyPlayer
from agentarena.train.policy import Policy

from .config import RegretConfig
from .loss import regret_loss
from .plays import MixedAtRandom, Play, plays, policies

__all__ = ["RegretRun", "measure", "regret"]

MEASURED = 1 << 40
"""Numbers of the matches of measurements begin here, apart from those of training."""
SCHEDULE = 30
"""First step of the path of the stream that draws opponents: `stream(seed, SCHEDULE, step)`."""
_SWITCH = 0.1
LEVEL = 0.05
"""Below this p a trend test says that the mean regret falls."""


@dataclass(frozen=True, slots=True)
class RegretRun:
    """A finished run.

    Attributes:
        policy: The fine-tuned model.
        before: What `measure` said before the first step, by opponent.
        after: What it said after the last.
    """

    policy: Policy
    before: dict[str, dict[str, float]]
    after: dict[str, dict[str, float]]


def regret(config: RegretConfig, *, report: Callable[[dict[str, Any]], None] | None = None) -> RegretRun:
    """Fine-tune a model; it is saved into `output_dir` and is then `hf:FOLDER`, or the `model` of self-play.

    Args:
        config: Everything that shapes the run.
        report: Called with the figures of every step, which also go to `output_dir/log.jsonl`.

    Raises:
        BadOption: The game is no repeated matrix game, or an opponent cannot play it.
        UsageError: The folder holds a run already.
    """
    game, folder = _game(config), Path(config.output_dir)
    if (folder / "log.jsonl").exists():
        raise UsageError(f"{folder} holds a run already; give another output_dir")
    others = {name: _opponent(name, game) for name in config.opponents}
    policy = checkpoint.model(SelfPlayConfig({config.game: 1.0}, model=config.model, seed=config.seed), [game])
    player = PolicyPlayer(policy, temperature=config.temperature)
    optimizer = torch.optim.Adam(policy.model.parameters(), lr=config.learning_rate)
    folder.mkdir(parents=True, exist_ok=True)
    before = _measured(config, game, player, others)
    _log(folder, {"step": 0, "measured": before}, report)
    for step in range(config.max_steps):
        player.renew(str(step))
        for group in optimizer.param_groups:
            group["lr"] = config.learning_rate * (1 - 0.9 * step / config.max_steps)
        own = _played(config, game, player, others, step)
        figures: dict[str, Any] = {"step": step + 1, **_descend(config, policy, optimizer, own)}
        if step + 1 == config.max_steps or (config.eval_steps and (step + 1) % config.eval_steps == 0):
            player.renew(str(step + 1))
            figures["measured"] = _measured(config, game, player, others)
        _log(folder, figures, report)
    policy.model.save_pretrained(folder)
    policy.tokenizer.save_pretrained(folder)
    return RegretRun(policy, before, figures["measured"])


def _game(config: RegretConfig) -> Game[Any]:
    game = registry.game(config.game, **config.options)
    if not isinstance(getattr(game, "table", None), np.ndarray) or not game.info.simultaneous or game.info.max_steps < 2:
        raise BadOption(
            f"game is {config.game}; expected a matrix game of two or more seats and rounds, e.g. MatrixGame-v0 with rounds = 25"
        )
    return game


def _opponent(name: str, game: Game[Any]) -> Agent | None:
    """Who an opponent is; `None` for the model itself."""
    if name == "self":
        return None
    if name in ("drawn", "switching"):
        return MixedAtRandom(name, _SWITCH if name == "switching" else 0.0)
    other = agent(name)
    reason = refusal(other, game)
    if reason is not None:
        raise BadOption(f"opponents: {name!r} cannot play {type(game).__name__}: {reason}")
    return other


def _played(config: RegretConfig, game: Game[Any], player: PolicyPlayer, others: dict[str, Agent | None], step: int) -> list[Play]:
    """The plays of one step: opponents by their shares, drawn."""
    names = list(config.opponents)
    shares = np.array([config.opponents[name] for name in names], float)
    counts = stream(config.seed, SCHEDULE, step).multinomial(config.matches, shares / shares.sum())
    out, first = [], step * config.matches
    for name, count in zip(names, counts.tolist(), strict=True):
        if count:
            out += plays(game, player, others[name], range(first, first + count), config.seed)
        first += count
    return out


def _descend(config: RegretConfig, policy: Policy, optimizer: torch.optim.Optimizer, own: list[Play]) -> dict[str, float]:
    """One optimizer step on the regret of some plays."""
    losses = torch.tensor(np.stack([one.losses for one in own]), dtype=torch.float32)
    loss = regret_loss(torch.stack(policies(policy, own, config.temperature)), losses, sharpness=config.sharpness, positive=config.positive)
    optimizer.zero_grad()
    loss.backward()
    norm = float(torch.nn.utils.clip_grad_norm_(policy.model.parameters(), config.max_grad_norm))
    optimizer.step()
    return {"loss": float(loss.detach()), "grad_norm": norm}


def _measured(config: RegretConfig, game: Game[Any], player: PolicyPlayer, others: dict[str, Agent | None]) -> dict[str, dict[str, float]]:
    matches = range(MEASURED, MEASURED + config.eval_matches)
    return {name: measure(game, player, other, matches, config.seed, config.temperature) for name, other in others.items()}


def measure(
    game: Game[Any], player: PolicyPlayer, other: Agent | None, matches: range, seed: int, temperature: float = 1.0
) -> dict[str, float]:
    """The regret of a model's plays, from its probabilities.

    Returns:
        "regret" after the last round, mean over plays, losses scaled to 0 to 1; "regret deviation" over plays; "falling", the share of
        plays in which the trend test finds a falling mean regret (p < 0.05); "slope", the median slope of the regression test where
        there is one; "hedge" and "uniform", the mean regret of Hedge and of uniform play on the same losses; "plays".
    """
    from_model = _plays_and_policies(game, player, other, matches, seed, temperature)
    series = [external_regret(chances, one.losses) for one, chances in from_model]
    slopes = [regression_test(one).slope for one in series]
    slopes = [slope for slope in slopes if np.isfinite(slope)]
    last = np.array([one[-1] for one in series])
    every = [one.losses for one, _ in from_model]
    return {
        "regret": float(last.mean()),
        "regret deviation": float(last.std(ddof=1)),
        "falling": float(np.mean([trend_test(one).p < LEVEL for one in series])),
        "slope": float(np.median(slopes)) if slopes else float("nan"),
        "hedge": float(np.mean([external_regret(hedge(losses), losses)[-1] for losses in every])),
        "uniform": float(np.mean([external_regret(np.full(losses.shape, 1 / losses.shape[1]), losses)[-1] for losses in every])),
        "plays": float(len(series)),
    }


def _plays_and_policies(
    game: Game[Any], player: PolicyPlayer, other: Agent | None, matches: range, seed: int, temperature: float
) -> list[tuple[Play, np.ndarray]]:
    own = plays(game, player, other, matches, seed)
    with torch.no_grad():
        chances = policies(player.policy, own, temperature)
    return [(one, rows.double().cpu().numpy()) for one, rows in zip(own, chances, strict=True)]


def _log(folder: Path, figures: dict[str, Any], report: Callable[[dict[str, Any]], None] | None) -> None:
    with (folder / "log.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(figures) + "\n")
    if report is not None:
        report(figures)
