"""The sequence form, exact values and tabular solvers, on games written apart from the package's own."""

import numpy as np
import pytest
from small_games import Bimatrix, Gamble, SmallKuhn

from agentarena.agents.search.cfr import CFR, solve
from agentarena.agents.search.graph import graph_of
from agentarena.agents.search.lp import solve_lp
from agentarena.agents.search.tree import tree_of
from agentarena.agents.specs import agent
from agentarena.core.agent import View
from agentarena.core.errors import BadOption, ContractError, NotSupported
from agentarena.evaluate.exact import best_response, expected_returns, nash_conv


def test_kuhn_has_the_shape_it_has_in_the_books():
    tree = tree_of(SmallKuhn())
    assert tree.histories == 6 * 9  # 6 deals of 4 decisions and 5 endings each
    assert [len(side.sets) for side in tree.sides] == [6, 6]
    assert tree.forgetful is None
    uniform = [side.normalised(np.zeros(side.size)) for side in tree.sides]
    reach = [side.reach(policy) for side, policy in zip(tree.sides, uniform, strict=True)]
    assert tree.others(-1, reach) @ tree.chance == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize(("n", "expected"), [(2, 11 / 12), (3, 2.0625), (4, 3.4760416667)])
def test_nash_conv_of_uniform_play_for_several_seats(n, expected):
    """Values of OpenSpiel's exploitability for kuhn_poker with 2, 3 and 4 players."""
    assert nash_conv(SmallKuhn(n), "uniform") == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("variant", "expected"),
    [
        ("cfr", {1: 0.916667, 10: 0.137398, 100: 0.016452, 1000: 0.001875}),
        ("plus", {1: 0.916667, 10: 0.0653742, 100: 0.0023888, 1000: 0.00017473}),
    ],
)
def test_cfr_follows_openspiel_iteration_by_iteration(variant, expected):
    """NashConv of the average policies of OpenSpiel's CFRSolver and CFRPlusSolver on kuhn_poker."""
    found = solve(SmallKuhn(), 1000, variant=variant, checkpoints=(1, 10, 100)).nash_conv
    assert found == pytest.approx(expected, abs=6e-7)


def test_linear_program_finds_the_value_of_kuhn():
    solution = solve_lp(SmallKuhn())
    assert solution.values == pytest.approx((-1 / 18, 1 / 18), abs=1e-9)
    assert nash_conv(SmallKuhn(), list(solution.policies)) == pytest.approx(0.0, abs=1e-9)


def test_simultaneous_moves_are_hidden_from_each_other():
    assert nash_conv(Bimatrix(), "uniform") == pytest.approx(0.0, abs=1e-12)
    always_rock = {"": {0: 1.0}}
    assert nash_conv(Bimatrix(), always_rock) == pytest.approx(2.0)
    value, policy = best_response(Bimatrix(), ["uniform", always_rock], 0)
    assert value == pytest.approx(1.0)
    assert policy == {"": {0: 0.0, 1: 1.0, 2: 0.0}}


def test_linear_program_on_a_matrix_with_a_known_mixture():
    """[[3, -1], [-2, 1]]: x = 3/7, y = 2/7, value 1/7 (a 2 x 2 game without a saddle, in closed form)."""
    game = Bimatrix(((3.0, -1.0), (-2.0, 1.0)))
    solution = solve_lp(game)
    assert solution.values[0] == pytest.approx(1 / 7, abs=1e-9)
    assert solution.policies[0][""] == pytest.approx({0: 3 / 7, 1: 4 / 7}, abs=1e-9)
    assert solution.policies[1][""] == pytest.approx({0: 2 / 7, 1: 5 / 7}, abs=1e-9)
    assert solve(game, 2000, variant="plus").nash_conv[2000] < 1e-2


def test_general_sum_best_responses():
    """Prisoner's dilemma 3, 0, 5, 1: against uniform play defecting earns 3, cooperating 1.5."""
    game = Bimatrix(((3.0, 0.0), (5.0, 1.0)), ((3.0, 5.0), (0.0, 1.0)))
    assert expected_returns(game, "uniform").tolist() == [2.25, 2.25]
    assert best_response(game, "uniform", 1).value == pytest.approx(3.0)
    assert nash_conv(game, "uniform") == pytest.approx(1.5)
    assert nash_conv(game, {"": {1: 1.0}}) == 0.0
    with pytest.raises(NotSupported, match="zero sum"):
        solve_lp(game)


def test_chance_in_the_middle_and_rewards_on_the_way():
    """Lottery 3/4 and a seat 1 that doubles losses and gives nothing more when seat 0 won: 3/4 - 2/4 = 1/4, no better than the sure 1/4."""
    game = Gamble()
    solution = solve_lp(game)
    assert solution.values[0] == pytest.approx(0.25, abs=1e-9)
    careful = {"": {1: 1.0}, "1.1": {0: 1.0}, "1.-1": {1: 1.0}}
    assert expected_returns(game, careful) == pytest.approx([0.25, -0.25])
    assert nash_conv(game, careful) == pytest.approx(0.0, abs=1e-12)
    # uniform: 1/2 * 1/4 + 1/2 * (3/4 * 1.5 - 1/4 * 1.5) = 0.5
    assert expected_returns(game, "uniform") == pytest.approx([0.5, -0.5])


def test_positions_and_histories_agree():
    """The graph of positions and the sequence form are two implementations of the same values."""
    game, tree, graph = Gamble(), tree_of(Gamble()), graph_of(Gamble())
    uniform = [side.normalised(np.zeros(side.size)) for side in tree.sides]
    assert tree.returns(uniform) == pytest.approx(expected_returns(game, "uniform"))
    assert tree.nash_conv(uniform) == pytest.approx(graph.nash_conv([[0.5, 0.5]] * len(graph.positions)))


def test_what_cannot_be_listed_is_refused():
    class Unlisted(Gamble):
        chance = None

    with pytest.raises(NotSupported, match="chance"):
        nash_conv(Unlisted(), "uniform")
    with pytest.raises(NotSupported, match="more than 20 histories"):
        nash_conv(SmallKuhn(), "uniform", max_histories=20)
    with pytest.raises(NotSupported, match="more than 1 positions"):
        nash_conv(Gamble(), "uniform", max_histories=1)


def test_forgetful_keys_are_refused_by_solvers_and_answered_by_values():
    """A seat that remembers its past can tell apart what the keys of this game do not."""
    game = SmallKuhn(forget=True)
    tree = tree_of(game)
    with pytest.raises(NotSupported, match="own past"):
        solve(SmallKuhn(3, forget=True), 5)
    assert tree.forgetful is None  # with two seats the number of bets tells all
    assert nash_conv(game, "uniform") == pytest.approx(11 / 12)
    with pytest.raises(NotSupported, match="own past"):
        best_response(SmallKuhn(3, forget=True), "uniform", 0)
    assert nash_conv(SmallKuhn(3, forget=True), "uniform") > 0


def test_information_sets_must_agree_on_the_legal_actions():
    class Liar(SmallKuhn):
        def legal(self, state, seat):
            return (0, 1) if state[0][1] else (0,)

    with pytest.raises(ContractError, match="legal actions"):
        nash_conv(Liar(), "uniform")


def test_cfr_plays_what_it_solved():
    bot = agent("cfr?iterations=200&variant=plus")
    game = SmallKuhn()
    table = solve(game, 200, variant="plus").policies
    view = View(game, ((2, 0), ()), 0, seed=4)
    assert bot.policy(view) == table[0]["2:"]
    assert nash_conv(game, bot) == pytest.approx(nash_conv(game, list(table)), abs=1e-12)
    drawn = np.bincount([bot.choose(View(game, ((0, 2), (1,)), 1, seed=7, match=m)) for m in range(400)], minlength=2) / 400
    p = table[1]["2:1"][1]
    assert abs(drawn[1] - p) <= 4 * (p * (1 - p) / 400) ** 0.5 + 1e-9
    assert bot.choose(view) == bot.choose(View(game, ((2, 0), ()), 0, seed=4))


@pytest.mark.parametrize("spec", ["cfr?iterations=0", "cfr?iterations=1.5", "cfr?variant=late"])
def test_cfr_refuses_bad_options(spec):
    with pytest.raises(BadOption):
        agent(spec)
    with pytest.raises(BadOption):
        CFR(iterations=True)
