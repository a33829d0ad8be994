"""Solving the latent game: trees from array rules, the gate, best responses, and sampling solvers beside exact values."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

import agentarena as aa
from agentarena.agents.search.array_tree import array_tree
from agentarena.agents.search.mmd import action_values
from agentarena.agents.search.tree import tree_of
from agentarena.core.errors import BadOption, NotSupported
from agentarena.core.rng import stream
from agentarena.core.speech import LatentMove
from agentarena.envs.werewolf import Werewolf
from agentarena.train.deep_cfr.lockstep import traverse_arrays
from agentarena.train.lspo.judging import Judge
from agentarena.train.lspo.playing import played_figures
from agentarena.train.lspo.policy import TablePolicy, load_policy
from agentarena.train.lspo.solving import SolveConfig, latent_tree, role_of, slots_of_policy, solve

LSPO4 = Werewolf.build("lspo4", speech="latent:0")


@pytest.fixture(scope="module")
def tree():
    return array_tree(LSPO4, LSPO4.lockstep())


def test_the_tree_of_arrays_is_the_tree_of_the_rules(tree):
    """The same histories, sets and values as from the scalar rules, whose keys are the whole log."""
    plain = Werewolf.build("lspo4", speech="latent:0", names="numbers")
    exact = tree_of(plain)
    assert tree.tree.histories == exact.histories == 10_380
    assert [len(side.sets) for side in tree.tree.sides] == [len(side.sets) for side in exact.sides] == [254] * 4
    assert len(tree.tree.last) == len(exact.last)
    uniform = [[side.normalised(np.zeros(side.size)) for side in one.sides] for one in (tree.tree, exact)]
    assert tree.tree.returns(uniform[0]) == pytest.approx(exact.returns(uniform[1]))
    assert tree.tree.nash_conv(uniform[0]) == pytest.approx(exact.nash_conv(uniform[1]))
    # best responses to one seat's information sets weigh every ending; sums differ in their order alone
    for seat in range(4):
        assert tree.tree.best(uniform[0], seat)[0] == pytest.approx(exact.best(uniform[1], seat)[0])
        assert np.sort(tree.tree.sides[seat].counts).tolist() == np.sort(exact.sides[seat].counts).tolist()
    assert sorted(tree.tree.chance.round(12)) == sorted(exact.chance.round(12))


def test_three_symbols_give_the_sets_of_the_specification():
    """Section "Measured for this project": 15,800 information sets."""
    game = Werewolf.build("lspo4", speech="latent:0.1.2")
    big = array_tree(game, game.lockstep()).tree
    assert sum(len(side.sets) for side in big.sides) == 15_800
    with pytest.raises(NotSupported, match="too many histories"):
        array_tree(game, game.lockstep(), 50_000)
    assert latent_tree(game, 50_000) is None
    assert latent_tree(Werewolf.build("lspo7", speech="latent:0"), 1_000_000) is None


def test_uniform_play_wins_a_third_and_no_wolf_gains_against_it(tree):
    judge = Judge(LSPO4, tree, role_of(LSPO4), restarts=1)
    assert list(judge.sides) == ["village", "wolves"]
    figures = judge.figures(judge.uniform)
    for name in ("self", "uniform", "against_uniform", "against_best_werewolf", "worst"):
        assert figures[f"village.{name}"] == pytest.approx(1 / 3)
    assert figures["wolves.self"] == pytest.approx(2 / 3)
    assert figures["wolves.against_together"] <= figures["wolves.worst"] + 1e-9
    assert figures["wolves.worst"] < figures["wolves.self"]
    assert figures["gate"] == 0.0


def test_a_best_response_is_no_worse_than_what_it_replaces(tree):
    judge = Judge(LSPO4, tree, role_of(LSPO4), restarts=1)
    rng = stream(4)
    slots = [side.normalised(rng.random(side.size) ** 4) for side in tree.tree.sides]
    figures = judge.figures(slots)
    assert figures["village.against_best_werewolf"] <= min(figures["village.self"], figures["village.against_uniform"])
    for role in ("seer", "villager"):
        assert figures[f"wolves.against_best_{role}"] <= figures["wolves.self"]
        assert figures["wolves.against_together"] <= figures[f"wolves.against_best_{role}"] + 1e-9


def test_the_gate_is_passed_by_tabular_solving(tmp_path):
    """The village's win rate against the wolf's exact best response is above uniform play's 1/3."""
    policy, figures = solve(LSPO4, SolveConfig(method="cfr+", iterations=60, restarts=0, starts=2))
    assert figures["gate"] == 1.0
    assert figures["village.worst"] > 0.38
    policy.save(tmp_path)
    again = load_policy(tmp_path)
    tree = latent_tree(LSPO4, 100_000)
    for one, other in zip(slots_of_policy(LSPO4, tree, policy), slots_of_policy(LSPO4, tree, again), strict=True):
        assert np.allclose(one, other, atol=1e-6)


def test_moves_that_are_heard_alike_are_solved_too():
    game = LSPO4.with_latent({"werewolf": [LatentMove(0), LatentMove(0)], "*": [LatentMove(0)]})
    policy, figures = solve(game, SolveConfig(method="dcfr", iterations=20, restarts=0, starts=1))
    assert isinstance(policy, TablePolicy)
    assert figures["village.self"] > 0.35


@pytest.mark.parametrize("sampling", ["external", "outcome"])
def test_traversals_on_arrays_are_right_in_expectation(tree, sampling):
    """Advantages of a random fixed policy, by what the seat sees, beside action values of the tree."""
    rng, seat = stream(1), 2
    slots = [side.normalised(rng.random(side.size)) for side in tree.tree.sides]
    rows = [dict(zip(map(bytes, one), range(len(one)), strict=True)) for one in tree.observations]
    probabilities = []
    for policy, masks in zip(slots, tree.masks, strict=True):
        table = np.zeros(masks.shape)
        table[masks] = policy[1:]
        probabilities.append(table)

    def decide(who, observations, masks):
        return probabilities[who][[rows[who][bytes(observation)] for observation in observations]]

    samples, others = traverse_arrays(LSPO4.lockstep(), seat, 2500, decide, stream(2), sampling)
    assert set(others) == {0, 1, 3}
    values = action_values(tree.tree, seat, slots)
    exact = np.zeros(tree.masks[seat].shape)
    exact[tree.masks[seat]] = values[1:]
    exact -= (exact * probabilities[seat]).sum(1, keepdims=True)
    observations = np.concatenate([batch.observations for batch in samples])
    targets = np.concatenate([batch.targets for batch in samples])
    of_row = np.array([rows[seat][bytes(observation)] for observation in observations])
    errors = []
    for index in range(len(exact)):
        here = of_row == index
        if here.sum() >= 30:
            deviation = targets[here].std(0) / here.sum() ** 0.5
            errors.append((targets[here].mean(0) - exact[index])[deviation > 0] / deviation[deviation > 0])
    scores = np.concatenate(errors)
    assert len(scores) > 40
    assert np.abs(scores).max() < 5.0
    assert np.mean(np.square(scores)) < 1.6


def test_sampling_solvers_near_the_exact_one():
    _, figures = solve(LSPO4, SolveConfig(method="mccfr", iterations=25, traversals=60, restarts=0))
    assert figures["village.self"] > 0.38
    assert figures["nash_conv"] < 0.5


def test_deep_cfr_gives_a_network_and_the_exact_average_beside_it(tmp_path):
    config = SolveConfig(method="deep-cfr", iterations=2, traversals=30, steps=5, average_steps=20, hidden=(8,), restarts=0)
    policy, figures = solve(LSPO4, config)
    assert {"village.worst", "iterates.village.worst", "gate", "iterates.gate"} <= set(figures)
    policy.save(tmp_path)
    assert set(load_policy(tmp_path).roles) == {"villager", "werewolf", "seer"}


def test_ppo_gives_a_network_that_the_seed_decides(tmp_path):
    pytest.importorskip("stable_baselines3")
    config = SolveConfig(method="ppo", iterations=2, decisions=256, batch_size=64, hidden=(8,), restarts=0)
    policy, figures = solve(LSPO4, config)
    assert {"village.worst", "gate", "cpu_seconds"} <= set(figures)
    again, _ = solve(LSPO4, config)
    policy.save(tmp_path)
    assert set(load_policy(tmp_path).roles) == {"villager", "werewolf", "seer"}
    rows = array_tree(LSPO4, LSPO4.lockstep())
    observations, masks = rows.observations[0], rows.masks[0]
    for other in (again, load_policy(tmp_path)):
        same = other.probabilities("villager", observations, masks)
        assert (policy.probabilities("villager", observations, masks) == same).all()


def test_ppo_learns():
    pytest.importorskip("stable_baselines3")
    game = aa.game("KuhnPoker-v0")
    config = SolveConfig(method="ppo", iterations=12, decisions=2048, entropy=0.1, learning_rate=3e-3, batch_size=256)
    _, figures = solve(game, config)
    assert figures["nash_conv"] < 0.5  # uniform play has .917


def test_other_games_are_solved_by_their_rules():
    policy, figures = solve(aa.game("KuhnPoker-v0"), SolveConfig(method="cfr+", iterations=100, starts=1))
    assert policy.roles == ("player",)
    assert figures["nash_conv"] < 0.05
    assert "gate" not in figures


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"method": "sarsa"}, "solve.method must be one of"),
        ({"sampling": "all"}, "solve.sampling must be one of"),
        ({"iterations": -1}, "solve.iterations must be"),
        ({"steps": True}, "solve.steps must be"),
        ({"learning_rate": "fast"}, "solve.learning_rate must be"),
        ({"reinitialise": 1}, "solve.reinitialise must be true or false"),
        ({"hidden": (0,)}, "solve.hidden must be a list"),
    ],
)
def test_settings_are_checked(settings, reason):
    with pytest.raises(BadOption, match=reason):
        SolveConfig(**settings)


def test_methods_that_do_not_suit_are_refused():
    with pytest.raises(NotSupported, match="needs the game's tree"):
        solve(Werewolf.build("lspo7", speech="latent:0"), SolveConfig(method="cfr+", max_histories=10_000))
    with pytest.raises(NotSupported, match="needs array rules"):
        solve(aa.game("KuhnPoker-v0"), SolveConfig(method="mccfr"))


def test_large_games_are_judged_by_matches():
    """Random play of lspo7: the village wins .12967385 (specification, section 3.4)."""
    game = Werewolf.build("lspo7", speech="latent:0.1@")
    figures = played_figures(game, game.lockstep(), role_of(game), TablePolicy({role: [] for role in game.speech_roles()}), 800, 0)
    for name in ("village.self", "village.uniform", "village.against_uniform"):
        assert abs(figures[name] - 343117 / 2646000) < 4.5 * figures["standard_error"]
    assert figures["wolves.uniform"] == pytest.approx(1 - 343117 / 2646000, abs=4.5 * figures["standard_error"])


def test_matches_on_arrays_agree_with_the_tree(tree):
    policy, figures = solve(LSPO4, SolveConfig(method="dcfr", iterations=30, restarts=0, starts=1))
    played = played_figures(LSPO4, LSPO4.lockstep(), role_of(LSPO4), policy, 2000, 1)
    for name in ("village.self", "village.against_uniform", "wolves.against_uniform"):
        assert abs(played[name] - figures[name]) < 4.5 * played["standard_error"]
