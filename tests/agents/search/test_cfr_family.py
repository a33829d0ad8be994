"""The tabular solvers beside published values, closed forms and each other, on games written apart from the package's own."""

import numpy as np
import pytest
from small_games import Bimatrix, SmallKuhn

import agentarena as aa
from agentarena.agents.search.cfr import VARIANTS, Discount, solve
from agentarena.agents.search.mccfr import Sampler, solve_mccfr
from agentarena.agents.search.mmd import action_values, solve_mmd
from agentarena.agents.search.tabular import slots_of
from agentarena.agents.search.tree import tree_of
from agentarena.agents.search.xfp import solve_xfp
from agentarena.agents.specs import agent
from agentarena.core.errors import BadOption, NotSupported
from agentarena.core.rng import stream
from agentarena.evaluate.exact import nash_conv

DOMINANT = Bimatrix(((3.0, 0.0), (5.0, 1.0)), ((3.0, 5.0), (0.0, 1.0)))
"""A prisoner's dilemma: action 1 is better whatever the other seat does."""


def test_discounts_of_the_variants():
    assert [VARIANTS["dcfr"].factors(t) for t in (1, 4)] == [(0.5, 0.5), (8 / 9, 0.5)]
    assert VARIANTS["cfr"].factors(7) == (1.0, 1.0)
    assert VARIANTS["plus"].factors(7) == (1.0, 0.0)
    own = solve(SmallKuhn(), 50, variant=Discount(1.5, 0.0, 2.0)).nash_conv
    assert own == solve(SmallKuhn(), 50, variant="dcfr").nash_conv


@pytest.mark.parametrize(
    ("variant", "expected"),
    [
        ("dcfr", {1: 0.916666666667, 2: 0.516666666667, 3: 0.266369047619, 10: 0.045557567852, 100: 0.003332683941}),
        ("linear", {1: 0.916666666667, 2: 0.527777777778, 3: 0.28125, 10: 0.042501461224, 100: 0.002178054730}),
    ],
)
def test_discounted_variants_follow_openspiel_iteration_by_iteration(variant, expected):
    """NashConv of the average policies of OpenSpiel 2.0.2's DCFRSolver and LCFRSolver on kuhn_poker."""
    assert solve(SmallKuhn(), 100, variant=variant, checkpoints=(1, 2, 3, 10)).nash_conv == pytest.approx(expected, abs=1e-10)


def test_fictitious_play_follows_openspiel():
    """NashConv of OpenSpiel's XFPSolver on kuhn_poker; at 1000 exact ties are broken by rounding, differently in both."""
    curve = solve_xfp(SmallKuhn(), 1000, checkpoints=(1, 2, 3, 10, 100)).nash_conv
    expected = {1: 0.625, 2: 0.4166667, 3: 0.3541667, 10: 0.1666667, 100: 0.0478548}
    assert {t: curve[t] for t in expected} == pytest.approx(expected, abs=1e-6)
    assert curve[1000] == pytest.approx(0.0134033, abs=2e-4)


def test_magnetic_mirror_descent_with_a_fixed_temperature_ends_at_a_quantal_response_equilibrium():
    """The fixed point: every seat plays action a in proportion to exp(q[a] / temperature)."""
    tree = tree_of(SmallKuhn())
    policies = slots_of(tree, solve_mmd(SmallKuhn(), 4000, temperature=0.3, step_size=0.2).policies)
    for seat, side in enumerate(tree.sides):
        weights = np.exp(action_values(tree, seat, policies) / 0.3)
        assert policies[seat] == pytest.approx(side.normalised(weights), abs=1e-9)


def test_quantal_response_of_one_decision_has_a_closed_form():
    """Defection is worth 2 more against cooperation and 1 more against defection: p = 1 / (1 + exp(-(2 - p) / temperature))."""
    p = solve_mmd(DOMINANT, 2000, temperature=1.0, step_size=0.5).policies[0][""][1]
    assert p == pytest.approx(1.0 / (1.0 + np.exp(-(2.0 - p))), abs=1e-12)


def test_magnetic_mirror_descent_with_a_falling_temperature_nears_an_equilibrium():
    curve = solve_mmd(SmallKuhn(), 1000, checkpoints=(10, 100)).nash_conv
    assert curve[10] > 2 * curve[100] > 8 * curve[1000]
    assert curve[1000] < 0.01


@pytest.mark.parametrize("sampling", ["external", "outcome"])
def test_sampled_regrets_are_right_in_expectation(sampling):
    """Mean regrets of many first iterations beside those of one sweep over the tree, all seats playing uniformly."""
    game, runs = SmallKuhn(), 3000
    tree = tree_of(game)
    uniform = [side.normalised(np.zeros(side.size)) for side in tree.sides]
    reach = [side.reach(policy) for side, policy in zip(tree.sides, uniform, strict=True)]
    value, of_set = tree.sides[0].values(tree.gains(0, reach), uniform[0])
    exact = (value - of_set) * (np.arange(len(value)) > 0)  # slot 0 is no choice
    sums, squares = np.zeros(len(exact)), np.zeros(len(exact))
    for run in range(runs):
        sampler = Sampler(game, stream(run), sampling=sampling)
        sampler._traverse(game.start(sampler.rng), 0, 1.0)
        sampled = np.zeros(len(exact))
        for information_set, first in zip(tree.sides[0].sets, tree.sides[0].first.tolist(), strict=True):
            node = sampler.tables[0].get(information_set.key)
            sampled[first : first + 2] = 0.0 if node is None else node.regrets
        sums, squares = sums + sampled, squares + sampled**2
    mean = sums / runs
    error = np.sqrt(np.maximum(squares / runs - mean**2, 0.0) / runs)
    assert np.all(np.abs(mean - exact) <= 4.5 * error + 1e-12)


@pytest.mark.parametrize(("sampling", "iterations", "bound"), [("external", 3000, 0.08), ("outcome", 20_000, 0.12)])
def test_sampling_nears_an_equilibrium(sampling, iterations, bound):
    solution = solve_mccfr(SmallKuhn(), iterations, sampling=sampling, checkpoints=(iterations,))
    assert solution.nash_conv[iterations] < bound
    again = solve_mccfr(SmallKuhn(), iterations, sampling=sampling)
    assert again.policies == solution.policies


@pytest.mark.parametrize("sampling", ["external", "outcome"])
def test_sampling_with_simultaneous_moves_and_a_third_seat(sampling):
    """Rock, paper, scissors has its one equilibrium at 1/3 each; dominated actions vanish; with three seats regrets fall."""
    policy = solve_mccfr(Bimatrix(), 20_000, sampling=sampling).policies
    assert [list(side[""].values()) for side in policy] == [pytest.approx([1 / 3] * 3, abs=0.05)] * 2
    assert solve_mccfr(DOMINANT, 500, sampling=sampling).policies[1][""][1] > 0.95
    curve = solve_mccfr(SmallKuhn(3), 2000, sampling=sampling, checkpoints=(10, 2000)).nash_conv
    assert curve[2000] < 0.3 * curve[10]


@pytest.mark.parametrize("spec", ["cfr?iterations=50&variant=dcfr", "mccfr?iterations=2000", "xfp?iterations=50", "mmd?iterations=50"])
def test_agents_play_their_policies(spec):
    assert nash_conv("KuhnPoker-v0", spec) < 0.3
    assert aa.play("KuhnPoker-v0", [spec, "random"], matches=4, seed=0).records[3].returns


def test_what_cannot_be_solved_is_refused():
    assert "visit about" in agent("mccfr").cannot_play(aa.game("Dhumbal-v0"))
    assert agent("mccfr").cannot_play(aa.game("Werewolf-v0")) is not None
    assert "histories" in agent("mmd").cannot_play(aa.game("ConnectFour-v0"))
    with pytest.raises(NotSupported, match="needs"):
        solve_mccfr("Economist-v0", 1)


@pytest.mark.parametrize(
    "spec",
    [
        "mccfr?sampling=inner",
        "mccfr?epsilon=0",
        "mccfr?gamma=-1",
        "mccfr?seed=-1",
        "mccfr?iterations=0",
        "xfp?iterations=0",
        "mmd?temperature=0",
        "mmd?step_size=high",
    ],
)
def test_bad_parameters_are_refused(spec):
    with pytest.raises(BadOption):
        agent(spec)
