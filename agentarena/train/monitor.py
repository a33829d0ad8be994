"""Watches a run for stalls and collapses, in words, with what usually helps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from agentarena.core.record import Record

from .rollout import SeatTrajectory

__all__ = ["Alert", "alerts", "game_signals"]


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
    return out
