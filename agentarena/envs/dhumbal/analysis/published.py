"""The published figures of Dhumbal's championship, as data, for reports that print ours beside them.

Source: S. R. Malla, arXiv 2510.11736 v1 (10 October 2025), tables of the tournaments, and the result files of its
public repository (sahajrajmalla/dhumbal-ai), which agree with them. Every tournament is 1024 rounds with seed 42 in
which seat 0, the first player of its table, starts every round. `card.md` says what these figures measure.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "ABLATIONS",
    "CHAMPIONSHIP",
    "CHAMPIONSHIP_EFFECTS",
    "CHAMPIONSHIP_RERUN",
    "LEARNERS",
    "ROUNDS",
    "RULE_BASED",
    "SEARCHERS",
    "Ablation",
    "Effect",
    "Row",
]

ROUNDS = 1024
"""Rounds of each published tournament."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One player's line of a published table; `None` where the paper gives no figure.

    Attributes:
        name: The player as the paper names it.
        spec: Our agent of the same name, where there is one.
        win: Rounds won, in percent.
        win_interval: Half-width of its 95 % interval, in percentage points.
        coins: Coins won a round.
        call_success: Calls that won, in percent.
        cards: Cards discarded a round: really discarded in the championship, the size of one hypothetical discard
            from the final hand in the rule-based tournament.
        risk: Correlation of the caller's hand value and success.
        ms: Milliseconds a decision.
    """

    name: str
    spec: str | None = None
    win: float
    win_interval: float | None = None
    coins: float | None = None
    call_success: float | None = None
    cards: float | None = None
    risk: float | None = None
    ms: float | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """Cohen's d between two players of the championship, in wins and in coins a round."""

    first: str
    second: str
    wins: float
    coins: float


@dataclass(frozen=True, slots=True)
class Ablation:
    """A changed parameter of Aggressive in the rule-based tournament.

    Attributes:
        change: What was changed.
        spec: Our agent with the same change; the same player as Aggressive where the paper's parameter is dead.
        win: Its win %, against 35.06 unchanged.
        p: Welch's p against the unchanged player.
    """

    change: str
    spec: str
    win: float
    p: float


CHAMPIONSHIP = (
    Row(
        name="Aggressive",
        spec="dhumbal/aggressive",
        win=88.3,
        win_interval=2.0,
        coins=70.1,
        call_success=92.6,
        cards=9.5,
        risk=-0.11,
        ms=0.0,
    ),
    Row(name="ISMCTS", spec="ismcts", win=9.0, win_interval=1.8, coins=-12.8, call_success=100.0, cards=9.3, ms=1450.7),
    Row(name="PPO", win=1.5, win_interval=0.7, coins=-29.2, call_success=87.5, cards=8.2, risk=-0.23, ms=2.4),
    Row(name="Random", spec="dhumbal/random", win=1.3, win_interval=0.7, coins=-28.0, call_success=81.8, cards=8.3, risk=-0.12, ms=0.0),
)
"""The championship of the abstract: seats 0 to 3 in this order."""

CHAMPIONSHIP_RERUN = (
    Row(name="Aggressive", spec="dhumbal/aggressive", win=88.9, coins=69.3, call_success=92.9),
    Row(name="ISMCTS", spec="ismcts", win=9.3, coins=-12.4, call_success=96.0),
    Row(name="PPO", win=0.2, coins=-29.6, call_success=50.0),
    Row(name="Random", spec="dhumbal/random", win=1.7, coins=-27.3, call_success=83.3),
)
"""A later run in the repository (commit db02eaf)."""

CHAMPIONSHIP_EFFECTS = (
    Effect("Aggressive", "ISMCTS", 2.606, 2.073),
    Effect("Aggressive", "PPO", 3.576, 2.759),
    Effect("Aggressive", "Random", 3.613, 2.740),
    Effect("ISMCTS", "PPO", 0.343, 0.682),
    Effect("ISMCTS", "Random", 0.355, 0.639),
    Effect("PPO", "Random", 0.017, -0.076),
)

RULE_BASED = (
    Row(
        name="Aggressive",
        spec="dhumbal/aggressive",
        win=35.06,
        win_interval=2.92,
        coins=6.16,
        call_success=76.17,
        cards=1.10,
        risk=-0.18,
    ),
    Row(
        name="Conservative",
        spec="dhumbal/conservative",
        win=19.43,
        win_interval=2.42,
        coins=-2.23,
        call_success=93.65,
        cards=1.11,
        risk=-0.18,
    ),
    Row(name="Balanced", spec="dhumbal/balanced", win=25.10, win_interval=2.66, coins=0.07, call_success=80.59, cards=1.11, risk=-0.28),
    Row(
        name="Opportunistic",
        spec="dhumbal/opportunistic",
        win=20.41,
        win_interval=2.47,
        coins=-4.00,
        call_success=72.10,
        cards=1.13,
        risk=-0.34,
    ),
)
"""The rule-based tournament: seats 0 to 3 in this order."""

SEARCHERS = (
    Row(name="MCTS", win=47.1, win_interval=3.1, call_success=97.7, ms=2469.0),
    Row(name="ISMCTS", spec="ismcts", win=52.9, win_interval=3.1, call_success=98.2, ms=2775.0),
)
"""Two players."""

LEARNERS = (
    Row(name="PPO", win=55.4, win_interval=3.0, coins=4.8, call_success=0.0, ms=2.4),
    Row(name="DQN", win=44.6, win_interval=3.0, coins=-4.8, call_success=0.0, ms=2.3),
)
"""Two players; the recorded call success is 0."""

ABLATIONS = (
    Ablation("pick-up threshold 3 instead of 4", "dhumbal/aggressive?pickup=3", 31.54, 0.0915),
    Ablation("hand priority 0.8 instead of 1.0", "dhumbal/aggressive?hand_priority=0.8", 34.18, 0.676),
    Ablation("risk adjustment 1.0 instead of 1.2", "dhumbal/aggressive?risk=1.0", 35.06, 1.0),
    Ablation("call threshold 7 instead of 10 (not read by its code)", "dhumbal/aggressive", 35.06, 1.0),
    Ablation("base probability of a call 0.6 instead of 0.8 (not read by its code)", "dhumbal/aggressive", 35.06, 1.0),
)
"""Aggressive with one parameter changed, in the rule-based tournament."""
