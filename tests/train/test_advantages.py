"""Advantage estimators: cases worked out by hand, the identities between them, and slow twins written as plain loops."""

from __future__ import annotations

import numpy as np
import pytest

from agentarena.core.errors import UsageError
from agentarena.train.advantages import Batch, equal_groups, gigpo, grpo, marshal, marshal_release, rae, team_baseline, turn_gae


def random_batch(seed: int, *, trajectories: int = 24, turns: int = 5, seats: int = 3, terminal: bool = False) -> Batch:
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, turns + 1, trajectories)
    mask = (np.arange(turns) < lengths[:, None]).astype(float)
    rewards = rng.normal(size=(trajectories, turns)) * mask
    if terminal:
        rewards *= np.arange(turns) == lengths[:, None] - 1
    names = [["nim", "kuhn"][i] for i in rng.integers(0, 2, trajectories)]
    anchors = [[f"key {i}" for i in row] for row in rng.integers(0, 3, (trajectories, turns))]
    return Batch(rewards, mask, rng.integers(0, seats, trajectories), names, rng.integers(0, 4, trajectories), anchors)


def to_go(rewards: np.ndarray, gamma: float = 1.0) -> np.ndarray:
    out = np.zeros_like(rewards)
    for e in range(rewards.shape[0]):
        for k in range(rewards.shape[1]):
            out[e, k] = sum(gamma ** (j - k) * rewards[e, j] for j in range(k, rewards.shape[1]))
    return out


def picked(b: Batch, rows: list[int]) -> Batch:
    columns = ([column[i] for i in rows] for column in (b.seats, b.games, b.groups, b.anchors))
    return Batch(b.rewards[rows], b.mask[rows], *columns)


@pytest.fixture(params=range(3))
def b(request: pytest.FixtureRequest) -> Batch:
    return random_batch(request.param)


# --- by hand ----------------------------------------------------------------------------------------------------------


def hand() -> Batch:
    """Two matches of one deal between two seats: seat 0 has two turns, seat 1 one."""
    rewards = np.array([[0.0, 1.0], [-1.0, 0.0], [0.5, -1.0], [0.5, 0.0]])
    mask = np.array([[1, 1], [1, 0], [1, 1], [1, 0]])
    return Batch(rewards, mask, [0, 1, 0, 1], ["g"] * 4, ["d", "d", "d", "d"], [["a", "b"], ["c", "c"], ["a", "b"], ["c", "c"]])


def test_grpo_by_hand():
    # returns 1, -1, -.5, .5: mean 0, population variance (1 + 1 + .25 + .25) / 4 = .625
    scale = np.sqrt(0.625)
    expected = np.array([[1, 1], [-1, 0], [-0.5, -0.5], [0.5, 0]])
    np.testing.assert_allclose(grpo(hand()), expected / scale)
    np.testing.assert_allclose(grpo(hand(), std=False), expected)


def test_marshal_by_hand():
    # seat 0: returns-to-go 1, 1, -.5, -1, mean .125; seat 1: -1, .5, mean -.25
    np.testing.assert_allclose(marshal(hand()), [[0.875, 0.875], [-0.75, 0], [-0.625, -1.125], [0.75, 0]])


def test_rae_by_hand():
    advantages, baselines = rae(hand(), {("g", 0): 0.4}, decay=0.5)
    # seat 0: 1 - .4 = .6, then b = .7; -.5 - .7 = -1.2, b = .1.  seat 1: -1 - 0, b = -.5; .5 + .5 = 1, b = 0
    np.testing.assert_allclose(advantages, [[0.6, 0.6], [-1, 0], [-1.2, -1.2], [1, 0]])
    assert baselines == pytest.approx({("g", 0): 0.1, ("g", 1): 0.0})


def test_gigpo_by_hand():
    # gamma .5: seat 0 goes 0 + .5 = .5, 1 and .5 - .5 = 0, -1; seat 1 -1 and .5. Anchors a: (.5, 0), b: (1, -1), c: (-1, .5)
    anchors = np.array([[0.25, 1], [-0.75, 0], [-0.25, -1], [0.75, 0]])
    np.testing.assert_allclose(gigpo(hand(), gamma=0.5, omega=2.0, std=False), grpo(hand(), std=False) + 2 * anchors)
    signs = np.array([[1, 1], [-1, 0], [-1, -1], [1, 0]])
    np.testing.assert_allclose(gigpo(hand(), gamma=0.5), grpo(hand()) + signs)  # two values standardise to plus and minus one


def test_turn_gae_by_hand():
    b = Batch(np.array([[1.0, 2.0]]), np.ones((1, 2)), [0], ["g"], [0])
    # deltas: 1 + .9 * 4 - 3 = 1.6, 2 - 4 = -2; A = 1.6 + .9 * .5 * -2 = .7
    np.testing.assert_allclose(turn_gae(b, np.array([[3.0, 4.0]]), gamma=0.9, lam=0.5), [[0.7, -2.0]])


def test_marshal_release_by_hand():
    b = Batch(np.array([[1.0, 1.0], [3.0, 3.0]]), np.ones((2, 2)), [0, 0], ["g", "g"], [0, 1])
    # centred rewards -1 -1 / 1 1, sample variance 4/3: -s -s / s s with s = sqrt(3)/2; sums -2s -s / 2s s; distinct values
    # centre at 0; sample variance (4 + 1 + 4 + 1) s^2 / 3 = 2.5
    s = np.sqrt(3) / 2
    np.testing.assert_allclose(marshal_release(b), np.array([[-2 * s, -s], [2 * s, s]]) / np.sqrt(2.5), rtol=1e-6)


def test_marshal_release_centres_on_distinct_values():
    """A return that is common weighs no more than one that is rare, unlike in the paper's form."""
    b = Batch(np.array([[0.0], [0.0], [0.0], [1.0]]), np.ones((4, 1)), [0] * 4, ["g"] * 4, [0] * 4)
    released = marshal_release(b)
    assert released[0, 0] == pytest.approx(-released[3, 0] / 3)  # whitening centres again
    two_seats = Batch(np.array([[0.0], [0.0], [1.0], [2.0], [4.0]]), np.ones((5, 1)), [0, 0, 0, 1, 1], ["g"] * 5, [0] * 5)
    centred = marshal_release(two_seats)
    assert centred[2, 0] + centred[0, 0] == pytest.approx(centred[3, 0] + centred[4, 0])  # midpoints of distinct values agree


def test_marshal_release_spreads_over_tokens():
    """With lengths, the whitened field is not 0 on the tokens without reward, so longer turns change the sums."""
    b = Batch(np.array([[1.0, 0.0], [0.0, 2.0]]), np.ones((2, 2)), [0, 1], ["g", "g"], [0, 0])
    lengths = np.array([[2, 1], [3, 2]])
    rewards = [np.array([0, 0.5, -0.5]), np.array([0, 0, -1.0, 0, 1.0])]
    flat = np.concatenate(rewards)
    flat = (flat - flat.mean()) / np.sqrt(flat.var(ddof=1) + 1e-8)
    sums = [flat[:3][::-1].cumsum()[::-1], flat[3:][::-1].cumsum()[::-1]]
    sums = [row - np.unique(row).mean() for row in sums]
    flat = np.concatenate(sums)
    flat = (flat - flat.mean()) / np.sqrt(flat.var(ddof=1) + 1e-8)
    np.testing.assert_allclose(marshal_release(b, lengths=lengths), [[flat[1], flat[2]], [flat[5], flat[7]]])


# --- identities -------------------------------------------------------------------------------------------------------


def test_masked_turns_have_no_advantage_and_no_influence(b: Batch):
    noisy = Batch(np.where(b.mask > 0, b.rewards, 1e6), b.mask, b.seats, b.games, b.groups, b.anchors)
    for estimate in (grpo, marshal, marshal_release, gigpo, lambda x: rae(x, {})[0], lambda x: turn_gae(x, np.ones_like(b.mask), 0.9, 0.8)):
        assert (estimate(b)[b.mask == 0] == 0).all()
        np.testing.assert_array_equal(estimate(b), estimate(noisy))


def test_marshal_is_its_slow_twin(b: Batch):
    sums, expected = to_go(b.rewards), np.zeros_like(b.rewards)
    for e, (game, seat) in enumerate(zip(b.games, b.seats, strict=True)):
        pool = [
            sums[i, k]
            for i in range(len(b.seats))
            for k in range(b.mask.shape[1])
            if b.mask[i, k] and b.games[i] == game and b.seats[i] == seat
        ]
        expected[e] = (sums[e] - np.mean(pool)) * b.mask[e]
    np.testing.assert_allclose(marshal(b), expected, atol=1e-12)


def test_marshal_is_gae_with_the_pools_mean_as_value(b: Batch):
    sums, values = to_go(b.rewards), np.zeros_like(b.rewards)
    for key in set(zip(b.games, b.seats, strict=True)):
        rows = [i for i, other in enumerate(zip(b.games, b.seats, strict=True)) if other == key]
        values[rows] = sums[rows][b.mask[rows] > 0].mean()
    np.testing.assert_allclose(marshal(b), turn_gae(b, values, 1.0, 1.0), atol=1e-12)


def test_marshals_advantages_add_up_to_nothing_in_every_pool(b: Batch):
    for key in set(zip(b.games, b.seats, strict=True)):
        rows = [i for i, other in enumerate(zip(b.games, b.seats, strict=True)) if other == key]
        assert marshal(b)[rows].sum() == pytest.approx(0, abs=1e-12)


def test_terminal_rewards_make_the_turns_of_marshal_alike():
    b = random_batch(5, terminal=True)
    advantage = marshal(b)
    for e in range(len(b.seats)):
        assert np.ptp(advantage[e][b.mask[e] > 0]) == pytest.approx(0, abs=1e-12)


def test_zero_sum_returns_need_no_pooled_baseline():
    """In a zero-sum game the mean over both seats is 0, so centring them together changes nothing."""
    returns = np.random.default_rng(0).normal(size=12)
    rewards = np.stack([returns, -returns], 1).reshape(-1, 1)
    b = Batch(rewards, np.ones_like(rewards), [0, 1] * 12, ["g"] * 24, [0] * 24)
    np.testing.assert_allclose(grpo(b, std=False), rewards, atol=1e-12)


def test_permuting_trajectories_permutes_advantages(b: Batch):
    order = np.random.default_rng(1).permutation(len(b.seats))
    moved = picked(b, list(order))
    for estimate in (grpo, marshal, marshal_release, gigpo):
        np.testing.assert_allclose(estimate(moved), estimate(b)[order], atol=1e-9)


def test_renaming_seats_changes_nothing(b: Batch):
    renamed = Batch(b.rewards, b.mask, [f"seat {s}" for s in b.seats], b.games, b.groups, b.anchors)
    for estimate in (marshal, marshal_release, lambda x: rae(x, {})[0]):
        np.testing.assert_allclose(estimate(renamed), estimate(b), atol=1e-12)


def test_groups_of_equal_returns_teach_nothing_and_are_counted():
    b = Batch(np.array([[0.1], [0.1], [0.0], [1.0]]), np.ones((4, 1)), [0] * 4, ["g"] * 4, [1, 1, 2, 2])
    assert (grpo(b)[:2] == 0).all()
    assert equal_groups(b) == (1, 2)
    lifted = grpo(b, virtual_maximum=1.0)
    # .1, .1, 1: mean .4, population deviation sqrt((.09 + .09 + .36) / 3)
    np.testing.assert_allclose(lifted[:2, 0], -0.3 / np.sqrt(0.18))
    np.testing.assert_array_equal(lifted[2:], grpo(b)[2:])


def test_gigpo_without_recurrence_is_grpo(b: Batch):
    alone = [[(e, k) for k in range(b.mask.shape[1])] for e in range(len(b.seats))]
    unique = Batch(b.rewards, b.mask, b.seats, b.games, b.groups, alone)
    np.testing.assert_allclose(gigpo(unique), grpo(b), atol=1e-12)
    np.testing.assert_allclose(gigpo(b, omega=0.0), grpo(b), atol=1e-12)


def test_gigpos_second_part_is_its_slow_twin(b: Batch):
    sums, part = to_go(b.rewards, 0.9), gigpo(b, gamma=0.9, std=False) - grpo(b, std=False)
    for e in range(len(b.seats)):
        for k in np.flatnonzero(b.mask[e]):
            same = [
                sums[i, j]
                for i in range(len(b.seats))
                for j in np.flatnonzero(b.mask[i])
                if b.groups[i] == b.groups[e] and b.anchors[i][j] == b.anchors[e][k]
            ]
            assert part[e, k] == pytest.approx(sums[e, k] - np.mean(same))


def test_rae_reads_each_baseline_before_its_update_and_leaves_the_old_ones_alone(b: Batch):
    before: dict = {}
    advantages, after = rae(b, before)
    assert before == {}
    first, rest = ([column[:7] for column in (b.rewards, b.mask, b.seats, b.games, b.groups)],
                   [column[7:] for column in (b.rewards, b.mask, b.seats, b.games, b.groups)])  # fmt: skip
    one, halfway = rae(Batch(*first), {})
    two, end = rae(Batch(*rest), halfway)
    np.testing.assert_allclose(np.concatenate([one, two]), advantages)
    assert end == pytest.approx(after)
    assert advantages[0, 0] == pytest.approx(b.rewards[0].sum())


def test_a_team_baseline_pools_the_seats_of_a_side(b: Batch):
    teams = ["wolves" if s else "villagers" for s in b.seats]
    sides = Batch(b.rewards, b.mask, teams, b.games, b.groups)
    np.testing.assert_allclose(team_baseline(b, teams), marshal(sides))


# --- matches that were cut short ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "estimate", [grpo, marshal, marshal_release, gigpo, lambda b: rae(b, {})[0], lambda b: turn_gae(b, b.mask, 0.9, 0.9)]
)
def test_a_truncated_match_is_no_end(b: Batch, estimate):
    """It has advantage 0 and the others have what they would have without it."""
    cut = np.arange(len(b.seats)) == 3
    truncated = Batch(b.rewards, b.mask, b.seats, b.games, b.groups, b.anchors, cut)
    rest = [i for i in range(len(b.seats)) if i != 3]
    without = picked(b, rest)
    assert (estimate(truncated)[3] == 0).all()
    np.testing.assert_allclose(estimate(truncated)[rest], estimate(without), atol=1e-9)


def test_turn_gae_bootstraps_a_truncated_match():
    b = Batch(np.array([[0.0, 1.0]]), np.ones((1, 2)), [0], ["g"], [0], truncated=[True])
    # deltas: 0 + .5 - .5 = 0, 1 + 2 - .5 = 2.5
    np.testing.assert_allclose(turn_gae(b, np.array([[0.5, 0.5]]), 1.0, 1.0, bootstrap=np.array([2.0])), [[2.5, 2.5]])
    ended = Batch(b.rewards, b.mask, [0], ["g"], [0])
    np.testing.assert_allclose(turn_gae(ended, np.array([[0.5, 0.5]]), 1.0, 1.0, bootstrap=np.array([2.0])), [[0.5, 0.5]])


# --- kinds of arrays, and mistakes ----------------------------------------------------------------------------------------


def test_torch_in_torch_out(b: Batch):
    torch = pytest.importorskip("torch")
    t = Batch(torch.tensor(b.rewards), torch.tensor(b.mask), torch.tensor(b.seats), b.games, torch.tensor(b.groups), b.anchors)
    for estimate in (grpo, marshal, marshal_release, gigpo, lambda x: rae(x, {})[0]):
        out = estimate(t)
        assert isinstance(out, torch.Tensor)
        np.testing.assert_allclose(out.numpy(), estimate(b))
    assert rae(t, {})[1] == pytest.approx(rae(b, {})[1])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rewards": np.zeros(3)}, r"shape \(E, K\)"),
        ({"mask": np.ones((2, 3))}, "mask must have the shape"),
        ({"seats": [0]}, "seats must have 4 entries"),
        ({"anchors": [["a"]] * 4}, "every row of anchors"),
        ({"rewards": np.full((4, 2), np.nan)}, "finite"),
    ],
)
def test_shapes_that_do_not_fit_are_named(change: dict, message: str):
    b = hand()
    fields = {name: getattr(b, name) for name in ("rewards", "mask", "seats", "games", "groups", "anchors")} | change
    with pytest.raises(UsageError, match=message):
        Batch(**fields)


def test_parameters_out_of_range_are_named():
    b = hand()
    bare = Batch(b.rewards, b.mask, b.seats, b.games, b.groups)
    for call, message in [
        (lambda: rae(b, {}, decay=1.0), "decay must be in"),
        (lambda: gigpo(b, gamma=1.5), "gamma must be in"),
        (lambda: gigpo(bare), "needs Batch.anchors"),
        (lambda: turn_gae(b, b.mask, 0.9, -1), "lam must be in"),
        (lambda: turn_gae(b, np.ones(4), 0.9, 1), "values must have the shape"),
        (lambda: marshal_release(b, lengths=np.zeros((4, 2))), "lengths must be at least 1"),
        (lambda: team_baseline(b, ["w"]), "teams must have 4"),
    ]:
        with pytest.raises(UsageError, match=message):
            call()
