"""What each private play is worth to the attackers, in units gained: the types of football.

A play has a carrier, whom the defenders bring down with some chance in each moment. Where they do, the play ends and is worth where
the carrier is; what is left of the chance at the horizon is worth the play's own worth there. The attackers pay the negative.

    run           the carrier is the RB; worth where it is
    sweep_left    the RB, worth where it is, less `lane` times its squared distance from y = +LANE
    sweep_right   the same with y = -LANE
    pass          the carrier is the QB until the horizon; then worth the best receiver, the freer the better
"""

from __future__ import annotations

from typing import Any

import numpy as np

from agentarena.core.namespace import Arrays

from .contact import sigmoid
from .roster import Roster
from .system import Motion

__all__ = ["LANE", "LANES", "PLAYS", "carrier", "receivers", "throw_shares", "worth"]

PLAYS = ("run", "pass", "sweep_left", "sweep_right")
LANE = 0.8
"""How far from the middle a sweep goes."""
LANES = {"sweep_left": LANE, "sweep_right": -LANE}
"""Where the lane of each sweep is, y."""
_SOFT = 0.15
"""How soft the choice of the best receiver is, in units."""
_FREE, _FREE_AT, _FREE_SHARP = 0.4, 0.3, 20.0
"""What being free adds to a receiver's worth, and up to how strongly it may be held to be free."""


def carrier(play: str, roster: Roster) -> int:
    """Who carries the ball."""
    return roster.number("QB" if play == "pass" else "RB")


def worth(play: str, roster: Roster, motion: Motion, weights: Any, receivers: Any, *, lane: float, completion: float) -> Any:
    """What a play that still goes on at the horizon is worth, (...).

    Args:
        play: Its name.
        roster: Who plays.
        motion: At the horizon.
        weights: How players hold each other then.
        receivers: `receivers` of the roster as an array of the motion's namespace.
        lane: What leaving the lane of a sweep costs.
        completion: Length over which the chance of catching a throw falls; 0 for throws that never fail.
    """
    if play == "pass":
        return _best_receiver(roster, motion, weights, receivers, completion)
    at = motion.position[..., 0, carrier(play, roster), :]
    if play == "run":
        return at[..., 0]
    return at[..., 0] - lane * (at[..., 1] - LANES[play]) ** 2


def receivers(roster: Roster, completion: float) -> np.ndarray:
    """Which attackers a throw may go to, (N,), bool: not the RB, and not the QB where distance from it counts."""
    return np.array([role.name not in ("RB", "QB") if completion else role.name != "RB" for role in roster.attack])


def throw_shares(roster: Roster, motion: Motion, weights: Any, completion: float) -> Any:
    """How much of a throw's worth hangs on each attacker, (..., N): the chances of the soft choice, which add up to 1."""
    catch = Arrays.of(motion.position).asarray(receivers(roster, completion))
    _, part = _throws(roster, motion, weights, catch, completion)
    return part / part.sum(-1)[..., None]


def _best_receiver(roster: Roster, motion: Motion, weights: Any, receivers: Any, completion: float) -> Any:
    """The soft greatest of what a throw to each receiver is worth."""
    a = Arrays.of(motion.position)
    most, part = _throws(roster, motion, weights, receivers, completion)
    return _SOFT * (most + a.xp.log(a.xp.clip(part.sum(-1), 1e-300, None)))


def _throws(roster: Roster, motion: Motion, weights: Any, receivers: Any, completion: float) -> tuple[Any, Any]:
    """The greatest worth of a throw, over `_SOFT`, (...), and the weight of each attacker against it, (..., N).

    With `completion` 0 a free receiver is worth its place and `_FREE` more, as in the authors' code. Else its place times the chance
    that it catches, which falls with its distance from the QB and where it is held.
    """
    a = Arrays.of(motion.position)
    free = sigmoid(a.xp, _FREE_SHARP * (_FREE_AT - weights.sum(-1)))
    ahead = motion.position[..., 0, :, 0]
    if completion:
        apart = motion.position[..., 0, :, :] - motion.position[..., 0, carrier("pass", roster), None, :]
        value = ahead * free * a.xp.exp(-a.xp.sqrt((apart**2).sum(-1) + 1e-6) / completion) / _SOFT
    else:
        value = (ahead + _FREE * free) / _SOFT
    most = value.max(-1) if a.numpy else value.amax(-1)
    return most, a.xp.where(receivers, a.xp.exp(value - most[..., None]), a.xp.zeros_like(value))
