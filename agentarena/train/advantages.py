"""Advantage estimators for matches of many seats and turns: pure functions of a `Batch`.

    batch = Batch(rewards, mask, seats, games, groups)
    advantages = marshal(batch)                # (E, K), the same kind of array as `rewards`

Axis letters: E trajectories, one a seat and match; K turns of a trajectory. A turn is one whole reply of a language model
or one action; every token of a turn has the turn's advantage.

| estimator         | baseline                                                          | turns of one trajectory |
| ----------------- | ----------------------------------------------------------------- | ----------------------- |
| `grpo`            | mean return of the group                                          | alike                   |
| `marshal`         | mean return-to-go of the (game, seat)                             | by return-to-go         |
| `marshal_release` | as in the released code of MARSHAL: normalise, sum, centre, whiten | by return-to-go         |
| `rae`             | moving average of the returns of the (game, seat)                 | alike                   |
| `gigpo`           | mean of the group, and of the turns at one anchor in the group    | by anchor               |
| `turn_gae`        | a critic's values                                                 | by temporal differences |
| `team_baseline`   | mean return-to-go of the (game, team)                             | by return-to-go         |

A trajectory that was cut short (`Batch.truncated`) has no return: `turn_gae` bootstraps it from the value after its last
turn; every other estimator leaves it out of its means and gives it advantage 0.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

import numpy as np

from agentarena.core.errors import UsageError

from .batch import Array, Baselines, Batch, arrays, as_numpy, like, pairs, pools, returns_to_go, standardised

__all__ = [
    "Batch",
    "equal_group_members",
    "equal_groups",
    "gigpo",
    "grpo",
    "marshal",
    "marshal_release",
    "rae",
    "team_baseline",
    "turn_gae",
]

POOLS = ("game_seat", "game", "all")
"""Whose returns make a baseline of `marshal`: one seat's of one game, all seats' of a game, everybody's."""


def grpo(b: Batch, std: bool = True, *, virtual_maximum: float | None = None) -> Array:
    """How much better a trajectory's return was than its group's; the same for all its turns.

        R[e] = sum_k r[e, k],    A[e, k] = (R[e] - mean_group R) / std_group R

    Args:
        b: The trajectories.
        std: Whether to divide by the group's population standard deviation.
        virtual_maximum: A return that is added, as one more member, to the mean and deviation of groups whose returns are all
            equal, so that a group in which all failed still learns; by default such a group has advantage 0.

    Returns:
        Shape (E, K), 0 where the mask is 0. Groups of one, and without `virtual_maximum` groups of equal returns, give 0.

    Reference: GRPO (arXiv 2402.03300), eq. 4 with outcome supervision; the virtual maximum after NGRPO (second-hand, constants ours).

    >>> two = Batch(np.array([[0.0, 1.0], [0.0, 0.0]]), np.ones((2, 2)), [0, 0], ["nim", "nim"], [7, 7])
    >>> grpo(two).tolist()
    [[1.0, 1.0], [-1.0, -1.0]]
    """
    rewards, _, valid = arrays(b)
    returns = rewards.sum(1)
    advantage = np.zeros(len(returns))
    for members in pools(b.groups, valid.max(axis=1, initial=False)):
        values = returns[members]
        if virtual_maximum is not None and np.ptp(values) == 0:
            values = np.append(values, virtual_maximum)
        advantage[members] = standardised(values, std)[: len(members)]
    return like(advantage[:, None] * valid, b.rewards)


def equal_groups(b: Batch) -> tuple[int, int]:
    """Groups whose returns are all equal, and all groups: the share of an update of `grpo` that teaches nothing.

    >>> equal_groups(Batch(np.ones((3, 1)), np.ones((3, 1)), [0, 0, 0], ["nim"] * 3, [1, 1, 2]))
    (2, 2)
    """
    equal = equal_group_members(b)
    _, _, valid = arrays(b)
    return len(equal), len(pools(b.groups, valid.max(axis=1, initial=False)))


def equal_group_members(b: Batch) -> list[np.ndarray]:
    """The trajectories of each group whose returns are all equal, by their numbers.

    >>> [members.tolist() for members in equal_group_members(Batch(np.ones((3, 1)), np.ones((3, 1)), [0, 0, 0], ["nim"] * 3, [1, 1, 2]))]
    [[0, 1], [2]]
    """
    rewards, _, valid = arrays(b)
    returns = rewards.sum(1)
    return [members for members in pools(b.groups, valid.max(axis=1, initial=False)) if np.ptp(returns[members]) == 0]


def marshal(b: Batch, *, pool: str = "game_seat", turn_level: bool = True) -> Array:
    """How much better a turn's return-to-go was than is usual in its seat of its game: the form of MARSHAL's paper.

        G[e, k] = sum_{k' >= k} r[e, k'],    A[e, k] = G[e, k] - mean of G over all turns of the same (game, seat)

    Summed first and centred afterwards, without dividing by a deviation; every turn weighs the same in the mean. Equals
    `turn_gae` with gamma = lam = 1 and that mean as every value.

    Args:
        b: The trajectories.
        pool: Whose turns the mean is over: "game_seat", "game" (all seats together) or "all". For ablations.
        turn_level: Without it a trajectory's return, minus the mean return of its pool, is the advantage of all its turns.

    Returns:
        Shape (E, K), 0 where the mask is 0; the advantages of each (game, seat) add up to 0.

    Reference: MARSHAL (arXiv 2510.15414), eq. 7 and its agent-specific form, read second-hand.

    >>> pair = Batch(np.array([[1.0, 1.0], [0.0, 0.0]]), np.ones((2, 2)), [0, 0], ["nim", "nim"], [0, 1])
    >>> marshal(pair).tolist()
    [[1.25, 0.25], [-0.75, -0.75]]
    """
    if pool not in POOLS:
        raise UsageError(f"pool is {pool!r}; allowed: {', '.join(POOLS)}")
    nobody = [0] * len(b.games)
    keys = pairs(nobody if pool == "all" else b.games, b.seats if pool == "game_seat" else nobody)
    return _centred(b, keys, turn_level)


def team_baseline(b: Batch, teams: Sequence[Hashable]) -> Array:
    """`marshal` with a baseline a side of the game in place of a seat: for games whose seats change sides from match to match.

    Args:
        b: The trajectories.
        teams: The side each trajectory played for, e.g. "wolves". Shape (E,).

    >>> pair = Batch(np.array([[1.0], [0.0]]), np.ones((2, 1)), [3, 5], ["w", "w"], [0, 1])
    >>> team_baseline(pair, ["wolves", "wolves"]).tolist()
    [[0.5], [-0.5]]
    """
    if len(teams) != len(b.games):
        raise UsageError(f"teams must have {len(b.games)} entries, one a trajectory, got {len(teams)}")
    return _centred(b, pairs(b.games, teams))


def _centred(b: Batch, keys: Sequence[Hashable], turn_level: bool = True) -> Array:
    rewards, _, valid = arrays(b)
    to_go = returns_to_go(rewards)
    advantage = np.zeros_like(to_go)
    for members in pools(keys, valid.max(axis=1, initial=False)):
        turns = valid[members]
        if turn_level:
            centred = to_go[members] - to_go[members][turns].mean()
        else:
            centred = np.broadcast_to((to_go[members, 0] - to_go[members, 0].mean())[:, None], turns.shape)
        advantage[members] = np.where(turns, centred, 0.0)
    return like(advantage, b.rewards)


def marshal_release(b: Batch, *, lengths: Array | None = None) -> Array:
    """The released code's form of MARSHAL, which differs from its paper: normalise, sum, centre on distinct values, whiten.

        1.  r := r - mean of r over the turns of the same (game, seat)
        2.  r := z-score of r over all tokens of the batch, r being 0 but on each turn's last token
        3.  G := reverse cumulative sum over tokens
        4.  A := G - mean of the distinct values of G of the same seat, all games together
        5.  A := z-score of A over all tokens

    A z-score divides by the square root of the sample variance (n - 1) plus 1e-8. Kept for reproduction; `marshal` is the
    paper's form.

    Args:
        b: The trajectories.
        lengths: Tokens of each turn, at least 1. Shape (E, K); by default every turn is one token long.

    Returns:
        The advantage of each turn's last token. Shape (E, K), 0 where the mask is 0.

    Raises:
        UsageError: A length is below 1.

    Reference: github thu-nics/MARSHAL, roll/utils/functionals.py and roll/pipeline/agentic/agentic_pipeline.py.
    """
    rewards, _, valid = arrays(b)
    tokens = np.where(valid, 1 if lengths is None else as_numpy(lengths), 0).astype(int)
    if (tokens[valid] < 1).any():
        raise UsageError("lengths must be at least 1 where the mask is 1")
    turn_rewards = rewards.copy()
    for members in pools(pairs(b.games, b.seats), valid.max(axis=1, initial=False)):
        turn_rewards[members] -= rewards[members][valid[members]].mean()
    rows = [_per_token(turn_rewards[e][valid[e]], tokens[e][valid[e]]) for e in range(len(rewards))]
    flat = _whitened(np.concatenate(rows)) if any(map(len, rows)) else np.zeros(0)
    to_go = [row[::-1].cumsum()[::-1] for row in np.split(flat, np.cumsum([len(row) for row in rows])[:-1])]
    for members in pools(b.seats, valid.max(axis=1, initial=False)):
        centre = np.unique(np.concatenate([to_go[e] for e in members])).mean()
        for e in members:
            to_go[e] = to_go[e] - centre
    flat = _whitened(np.concatenate(to_go)) if len(flat) else flat
    advantage = np.zeros_like(rewards)
    advantage[valid] = flat[np.cumsum(tokens[valid]) - 1] if len(flat) else 0.0
    return like(advantage, b.rewards)


def _per_token(turn_rewards: np.ndarray, tokens: np.ndarray) -> np.ndarray:
    """Each turn's reward on its last token, 0 on the others."""
    row = np.zeros(int(tokens.sum()))
    row[np.cumsum(tokens) - 1] = turn_rewards
    return row


def _whitened(values: np.ndarray) -> np.ndarray:
    variance = values.var(ddof=1) if len(values) > 1 else 0.0
    return (values - values.mean()) / np.sqrt(variance + 1e-8)


def rae(b: Batch, baselines: Mapping[tuple[Hashable, Hashable], float], decay: float = 0.95) -> tuple[Array, Baselines]:
    """How much better a trajectory's return was than the moving average of its (game, seat): SPIRAL's role-conditioned advantages.

        A[e, k] = R[e] - b[game, seat],    then    b[game, seat] := decay * b[game, seat] + (1 - decay) * R[e]

    in the order of the trajectories: each baseline is read before its own update, and starts at 0.

    Args:
        b: The trajectories, in the order in which they ended.
        baselines: The averages so far; not changed.
        decay: Weight of the old average, in [0, 1).

    Returns:
        Advantages, shape (E, K), and the new baselines, which belong into the checkpoint.

    Reference: SPIRAL (arXiv 2506.24119); the order of reading and updating is that of its code.

    >>> once = Batch(np.array([[1.0], [1.0]]), np.ones((2, 1)), [0, 0], ["nim", "nim"], [0, 1])
    >>> advantages, after = rae(once, {}, decay=0.5)
    >>> advantages.tolist(), after
    ([[1.0], [0.5]], {('nim', 0): 0.75})
    """
    if not 0 <= decay < 1:
        raise UsageError(f"decay must be in [0, 1), got {decay!r}")
    rewards, _, valid = arrays(b)
    after: Baselines = dict(baselines)
    advantage = np.zeros(len(rewards))
    for e, key in enumerate(pairs(b.games, b.seats)):
        if valid[e].any():
            baseline, value = after.get(key, 0.0), float(rewards[e].sum())
            advantage[e] = value - baseline
            after[key] = decay * baseline + (1 - decay) * value
    return like(advantage[:, None] * valid, b.rewards), after


def gigpo(b: Batch, gamma: float = 0.95, omega: float = 1.0, std: bool = True) -> Array:
    """`grpo`, plus how much better a turn went on than others of its group that started from the same anchor.

        G[e, k] = sum_{k' >= k} gamma^(k' - k) r[e, k']
        A[e, k] = A_grpo[e] + omega * (G[e, k] - mean G) / std G,    mean and std over the turns of the same (group, anchor)

    Args:
        b: The trajectories, with `anchors`; where seats see different things, an anchor must say whose it is, as an
            information key does.
        gamma: Discount a turn, in [0, 1].
        omega: Weight of the anchor's part.
        std: Whether both parts are divided by their population standard deviations.

    Returns:
        Shape (E, K), 0 where the mask is 0. A turn whose anchor occurs once in its group has no second part.

    Reference: GiGPO (arXiv 2505.10978), eqs. 3 and 6 to 8. Its code takes the mean of the first part over turns; here every
    trajectory weighs the same, as in the paper.
    """
    if b.anchors is None:
        raise UsageError("gigpo needs Batch(anchors=...), e.g. the information key of every turn")
    if not 0 <= gamma <= 1:
        raise UsageError(f"gamma must be in [0, 1], got {gamma!r}")
    rewards, _, valid = arrays(b)
    to_go = returns_to_go(rewards, gamma)
    places = np.argwhere(valid)
    keys = pairs([b.groups[e] for e, _ in places], [b.anchors[e][k] for e, k in places])
    step = np.zeros_like(rewards)
    for members in pools(keys, np.ones(len(keys), bool)):
        rows, columns = places[members].T
        step[rows, columns] = standardised(to_go[rows, columns], std)
    return like(as_numpy(grpo(b, std)) + omega * step, b.rewards)


def turn_gae(b: Batch, values: Array, gamma: float, lam: float, *, bootstrap: Array | None = None) -> Array:
    """Generalised advantage estimation with turns as steps.

        delta[k] = r[k] + gamma * V[k + 1] - V[k],    A[k] = delta[k] + gamma * lam * A[k + 1]

    V after the last turn is 0 where the match ended.

    Args:
        b: The trajectories.
        values: The critic's value at each turn, in the unit of the rewards. Shape (E, K).
        gamma: Discount a turn, in [0, 1].
        lam: Weight of longer returns, in [0, 1].
        bootstrap: The critic's value after the last turn, shape (E,): used for truncated trajectories, which are masked out without it.

    Returns:
        Shape (E, K), 0 where the mask is 0.

    Reference: arXiv 1506.02438, eqs. 11 and 16.

    >>> one = Batch(np.array([[0.0, 1.0]]), np.ones((1, 2)), [0], ["nim"], [0])
    >>> turn_gae(one, np.array([[0.5, 0.5]]), gamma=1.0, lam=1.0).tolist()
    [[0.5, 0.5]]
    """
    for name, value in (("gamma", gamma), ("lam", lam)):
        if not 0 <= value <= 1:
            raise UsageError(f"{name} must be in [0, 1], got {value!r}")
    rewards, mask, valid = arrays(b)
    critic = as_numpy(values)
    if critic.shape != rewards.shape:
        raise UsageError(f"values must have the shape of rewards, {rewards.shape}, got {critic.shape}")
    if bootstrap is not None:
        valid, rewards = mask, np.where(mask, as_numpy(b.rewards), 0.0)
    truncated = np.zeros(len(rewards), bool) if b.truncated is None else np.asarray(b.truncated, bool)
    following = np.zeros(len(rewards)) if bootstrap is None else np.where(truncated, as_numpy(bootstrap), 0.0)
    advantage, later = np.zeros_like(rewards), np.zeros(len(rewards))
    for k in reversed(range(rewards.shape[1])):
        here = valid[:, k]
        delta = rewards[:, k] + gamma * following - critic[:, k]
        later = np.where(here, delta + gamma * lam * later, later)
        following = np.where(here, critic[:, k], following)
        advantage[:, k] = np.where(here, later, 0.0)
    return like(advantage, b.rewards)
