"""Watches a run for stalls and collapses, in words, with what usually helps; where it is configured to, it does that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from agentarena.core.record import Record

from .checkpoint import State
from .config import SelfPlayConfig
from .rollout import SeatTrajectory

__all__ = ["Alert", "Monitor", "alerts", "entropy_coef", "game_signals", "last_good", "learning_rate_factor"]

LEAST_ENTROPY_COEF = 0.01
"""What a remedy raises an entropy coefficient of 0 from."""
MOST_RAISES = 4
"""Remedies of one run; what they do not help needs another configuration."""
MOST_RESTARTS = 3
"""Restarts of one run."""
COLLAPSE = ("entropy", "monopoly", "stall")
"""Signs that more entropy, or an earlier policy, helps against."""
_USUAL_OVER = 20
"""Updates that the moving means of reply length and gradient norm look back on, about."""
_USUAL_FROM = 10
"""Updates before anything counts as usual."""


@dataclass(frozen=True, slots=True)
class Alert:
    """What looks wrong, and what to do about it.

    Attributes:
        sign: Name of the signal.
        reason: What was measured, in a sentence.
        remedy: What usually helps, in a sentence.
    """

    sign: str
    reason: str
    remedy: str


def game_signals(records: Sequence[Record], trajectories: Sequence[SeatTrajectory]) -> dict[str, float]:
    """What the matches of an update say about themselves.

    Returns:
        draws: share of matches without a winner. monopoly: greatest share of decided self-play matches that one seat or side
        won. faults: share of replies that were not accepted. turns: mean turns of a trajectory. tokens: mean tokens of a reply.
    """
    winners = [record.winner for record in records if record.winner is not None]
    counts = [winners.count(winner) for winner in set(winners)]
    turns = [turn for one in trajectories for turn in one.turns]
    samples = [sample for turn in turns for sample in turn.samples]
    return {
        "draws": 1 - len(winners) / len(records) if records else 0.0,
        "monopoly": max(counts, default=0) / len(winners) if winners else 0.0,
        "faults": float(np.mean([turn.fault is not None for turn in turns])) if turns else 0.0,
        "turns": len(turns) / len(trajectories) if trajectories else 0.0,
        "tokens": float(np.mean([len(sample.token_ids) for sample in samples])) if samples else 0.0,
    }


def alerts(signals: Mapping[str, float]) -> list[Alert]:
    """What looks wrong in the signals of an update.

    Args:
        signals: By name; those that are missing are not judged. `entropy_ratio` is the entropy over that of uniform play.

    Thresholds are those at which runs of tiny models on tic-tac-toe and Kuhn poker were seen to be lost or about to be.
    """
    out = []
    get = signals.get
    if get("entropy_ratio", 1.0) < 0.6 and get("draws", 1.0) < 0.05 and get("kl_step", 0.0) > 0.05:
        out.append(
            Alert(
                "entropy",
                f"entropy is {signals['entropy_ratio']:.0%} of uniform play's, draws are {signals['draws']:.1%} and a step moves the policy by {signals['kl_step']:.2f} nats",
                "raise entropy_coef or lower learning_rate before one seat wins everything",
            )
        )
    if get("monopoly", 0.0) > 0.95:
        out.append(
            Alert(
                "monopoly",
                f"one seat won {signals['monopoly']:.0%} of the matches that were decided",
                "raise entropy_coef, add past checkpoints or other opponents, or go back to an earlier checkpoint",
            )
        )
    if get("zero_advantages", 0.0) > 0.9:
        out.append(
            Alert("stall", f"{signals['zero_advantages']:.0%} of the advantages are 0: nothing is learned", "as for a seat's monopoly")
        )
    if get("clip_ratio", 0.0) > 0.3:
        out.append(Alert("clipping", f"{signals['clip_ratio']:.0%} of the tokens are clipped", "lower learning_rate or num_iterations"))
    if get("faults", 0.0) > 0.5:
        out.append(
            Alert("faults", f"{signals['faults']:.0%} of the replies were not accepted", "constrain decoding, or clone legal play first")
        )
    return out + _drifts(signals)


def _drifts(signals: Mapping[str, float]) -> list[Alert]:
    """What is out of proportion to what was usual in this run, and what clipping takes away."""
    out = []
    length, gradient = signals.get("tokens_ratio", 1.0), signals.get("grad_norm_ratio", 1.0)
    if not 0.5 <= length <= 2.0:
        out.append(Alert("length", f"replies are {length:.1f} times as long as usual", "read samples; lower learning_rate or raise beta"))
    if gradient > 10.0:
        out.append(
            Alert("gradient", f"the gradient's norm is {gradient:.0f} times as large as usual", "lower learning_rate or max_grad_norm")
        )
    if signals.get("clipping_bias_norm", 0.0) > 1.0:
        out.append(
            Alert(
                "clipping_bias",
                f"clipping takes a gradient of norm {signals['clipping_bias_norm']:.2f} away",
                'set clipping_bias = "correct", or lower num_iterations',
            )
        )
    return out


class Monitor:
    """Watches a run update by update, and acts as `on_alert` says.

    All that it remembers is plain JSON in `state.statistics["monitor"]`, so a run that was killed goes on alike.

    Args:
        config: Its `on_alert`, `alert_patience`, `alert_entropy_factor`, `alert_learning_rate_factor`, `save_steps`.
        state: What the run has learned.

    Attributes:
        stopped_by: The sign that ends the run, in words; empty while there is none.
        restarts: Whether the run is to go back to `last_good` now.
    """

    def __init__(self, config: SelfPlayConfig, state: State) -> None:
        self._config, self._state = config, state
        self.stopped_by, self.restarts = "", False

    def watch(self, signals: dict[str, Any]) -> list[str]:
        """The alerts of an update, in words. Adds `tokens_ratio`, `grad_norm_ratio` and `entropy_coef` to its signals.

        A sign that stood for `alert_patience` updates in a row triggers the remedy, sets `restarts`, or names itself in `stopped_by`.
        """
        memory = self._state.statistics.setdefault("monitor", {"raises": 0, "standing": {}, "usual": {}})
        signals["entropy_coef"] = entropy_coef(self._config, self._state)
        for name in ("tokens", "grad_norm"):
            ratio = _against_usual(memory["usual"], name, signals.get(name))
            if ratio is not None:
                signals[f"{name}_ratio"] = ratio
        seen = alerts(signals)
        words = [f"{alert.sign}: {alert.reason}; {alert.remedy}" for alert in seen]
        standing = {alert.sign: memory["standing"].get(alert.sign, 0) + 1 for alert in seen}
        memory["standing"] = standing
        due = [sign for sign in COLLAPSE if standing.get(sign, 0) >= self._config.alert_patience]
        if due and self._config.on_alert == "stop":
            self.stopped_by = words[[alert.sign for alert in seen].index(due[0])]
        if due and self._config.on_alert == "remedy" and memory["raises"] < MOST_RAISES:
            memory["raises"] += 1
            for sign in due:
                standing[sign] = 0
            words.append(f"remedy: entropy_coef is {entropy_coef(self._config, self._state):.3g} from now on")
        self.restarts = bool(due) and self._config.on_alert == "restart" and memory.get("restarts", 0) < MOST_RESTARTS
        if self.restarts:
            memory["restarts"] = memory.get("restarts", 0) + 1
            memory["standing"] = {}
            factor = learning_rate_factor(self._config, self._state)
            words.append(f"restart: back to update {last_good(self._state)}, learning rates are {factor:.3g} of what they were from now on")
        elif not set(COLLAPSE) & set(standing) and self._config.save_steps and self._state.step % self._config.save_steps == 0:
            memory["good"] = self._state.step
        return words


def _against_usual(usual: dict[str, list[float]], name: str, value: float | None) -> float | None:
    """A figure over its moving mean so far, which then takes it in; `None` while nothing is usual, or where it is missing."""
    if value is None or not np.isfinite(value):
        return None
    mean, updates = usual.get(name, (0.0, 0))
    usual[name] = [mean + (value - mean) / min(updates + 1, _USUAL_OVER), updates + 1]
    return value / mean if updates >= _USUAL_FROM and mean > 0 else None


def entropy_coef(config: SelfPlayConfig, state: State) -> float:
    """The weight of the entropy bonus now: `entropy_coef`, raised by `alert_entropy_factor` for each remedy so far."""
    raises = state.statistics.get("monitor", {}).get("raises", 0)
    if not raises:
        return config.entropy_coef
    return float(max(config.entropy_coef, LEAST_ENTROPY_COEF) * config.alert_entropy_factor**raises)


def learning_rate_factor(config: SelfPlayConfig, state: State) -> float:
    """What the learning rate is multiplied by now: `alert_learning_rate_factor` for each restart so far."""
    return float(config.alert_learning_rate_factor ** state.statistics.get("monitor", {}).get("restarts", 0))


def last_good(state: State) -> int:
    """The newest update with a checkpoint of `save_steps` and no sign of a collapse; 0, the beginning, where there is none."""
    return int(state.statistics.get("monitor", {}).get("good", 0))
