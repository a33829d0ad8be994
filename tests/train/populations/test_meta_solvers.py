"""Meta-solvers against closed forms, and the identities that each keeps."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq

from agentarena.core.errors import BadOption, UnknownName, UsageError
from agentarena.evaluate import solve_zero_sum
from agentarena.train.populations.arrays import deviation_payoffs, expected_payoffs, fold_copies, nash_gap
from agentarena.train.populations.bimatrix import best_equilibrium, lemke_howson
from agentarena.train.populations.meta_solvers import META_SOLVERS, meta_solver, nash, prd, prioritized, rectified_targets
from agentarena.train.populations.risk import mean_variance_response, risk_adjusted_values, risk_averse, tremble

RPS = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]], float)
BIASED = np.array([[0, -25, 50], [25, 0, -5], [-50, 5, 0]], float)
HUNT = np.array([[4, 0], [3, 3]], float)
"""Stag and hare: both hunt the stag 4, a lone stag hunter 0, a hare 3."""
FAST = {"prd": "prd?steps=2000", "risk_averse": "risk_averse?steps=200"}


def zero_sum(table: np.ndarray) -> np.ndarray:
    return np.stack([table, -table])


def symmetric(table: np.ndarray) -> np.ndarray:
    return np.stack([table, table.T])


def fast(name: str):
    return meta_solver(FAST.get(name, name))


@pytest.mark.parametrize("name", META_SOLVERS)
def test_one_policy_a_side_has_all_the_mass(name):
    assert [m.tolist() for m in fast(name)([[[3.0]], [[-3.0]]])] == [[1.0], [1.0]]


@pytest.mark.parametrize("name", META_SOLVERS)
def test_mixtures_are_distributions_of_the_right_lengths(name):
    table = np.random.default_rng(0).uniform(-1, 1, (3, 4))
    mixtures = fast(name)(zero_sum(table))
    assert [len(m) for m in mixtures] == [3, 4]
    for mixture in mixtures:
        assert mixture.min() >= 0
        assert mixture.sum() == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("name", ["uniform", "latest", "alpharank", "prd", "risk_averse", "prioritized"])
def test_three_players(name):
    tensor = np.random.default_rng(1).uniform(size=(3, 2, 3, 2))
    assert [len(m) for m in fast(name)(tensor)] == [2, 3, 2]


def test_nash_is_for_two():
    with pytest.raises(UsageError, match="2 players"):
        nash(np.zeros((3, 1, 1, 1)))


def test_biased_rock_paper_scissors():
    for mixture in nash(zero_sum(BIASED)):
        assert mixture == pytest.approx([1 / 16, 10 / 16, 5 / 16], abs=1e-12)


@pytest.mark.parametrize("axis", [0, 1])
def test_a_copied_policy_leaves_the_value_and_splits_its_mass(axis):
    table = np.random.default_rng(2).uniform(-1, 1, (5, 4))
    before = nash(zero_sum(table))
    copied = int(before[axis].argmax())
    more = np.concatenate([table, np.take(table, [copied], axis)], axis)
    after = nash(zero_sum(more))
    assert after[0] @ more @ after[1] == pytest.approx(solve_zero_sum(table).value, abs=1e-12)
    assert after[axis][copied] == pytest.approx(before[axis][copied] / 2, abs=1e-12)
    assert after[axis][-1] == after[axis][copied]
    with_clone = nash(zero_sum(RPS[np.ix_([0, 1, 2, 2], [0, 1, 2, 2])]))
    assert with_clone[0] == pytest.approx([1 / 3, 1 / 3, 1 / 6, 1 / 6], abs=1e-12)


def test_folding_keeps_what_is_no_copy():
    tensor = np.random.default_rng(3).uniform(size=(2, 3, 3))
    smaller, places = fold_copies(tensor)
    assert smaller.shape == tensor.shape
    assert [place.tolist() for place in places] == [[0, 1, 2], [0, 1, 2]]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("size", [2, 4, 9])
def test_general_sum_equilibria(size, seed):
    first, second = np.random.default_rng(seed).integers(0, 5, (2, size, size)).astype(float)  # with ties
    assert nash_gap([first, second], best_equilibrium(first, second)) < 1e-9
    for label in range(2 * size):
        assert nash_gap([first, second], lemke_howson(first, second, label)) < 1e-9


def test_the_equilibrium_of_greatest_payoff_is_chosen():
    assert [m.tolist() for m in nash(symmetric(HUNT))] == [[1.0, 0.0], [1.0, 0.0]]
    battle = np.stack([[[3, 0], [0, 2]], [[2, 0], [0, 3]]]).astype(float)  # both meetings pay 5 in all: the first stands
    assert nash_gap(battle, nash(battle)) < 1e-12


def test_projected_replicators_average_to_the_centre():
    start = [[0.8, 0.1, 0.1], [0.2, 0.5, 0.3]]
    for mixture in prd(zero_sum(RPS), start=start):
        assert mixture == pytest.approx([1 / 3] * 3, abs=0.01)


def test_projected_replicators_keep_every_policy_alive():
    dominated = zero_sum(np.array([[1.0, 1.0], [0.0, 0.0]]))
    row = prd(dominated, floor=0.01, steps=5000)[0]
    assert 0.01 <= row[1] < 0.05


def test_alpharank_marginals_of_a_dilemma():
    dilemma = symmetric(np.array([[3.0, 0.0], [5.0, 1.0]]))
    assert [m.round(9).tolist() for m in fast("alpharank")(dilemma)] == [[0.0, 1.0], [0.0, 1.0]]


def test_rectified_targets_are_the_beaten():
    targets = rectified_targets(zero_sum(BIASED), 0)
    assert [target.round(9).tolist() for target in targets] == [[0, 0, 1], [1, 0, 0], [0, 1, 0]]
    assert len(rectified_targets(zero_sum(np.array([[1.0]])), 0)) == 1  # beats nobody: the equilibrium itself


def test_prioritized_prefers_who_wins():
    row, column = prioritized(zero_sum(np.array([[1.0, -1.0], [0.0, -1.0]])), exponent=1.0)
    assert column.tolist() == pytest.approx([1 / 3, 2 / 3], abs=1e-6)  # the newest row is level with the one, loses to the other
    assert row[0] == pytest.approx(0.5)


def test_deviation_payoffs_by_hand():
    tensor = np.random.default_rng(4).uniform(size=(3, 2, 3, 4))
    mixtures = [np.random.default_rng(k).dirichlet(np.ones(size)) for k, size in enumerate((2, 3, 4))]
    twin = np.einsum("abc,a,c->b", tensor[1], mixtures[0], mixtures[2])
    assert deviation_payoffs(tensor, mixtures, 1) == pytest.approx(twin)
    assert expected_payoffs(tensor, mixtures)[1] == pytest.approx(twin @ mixtures[1])


# --- risk ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("eps", "threshold"), [(0.05, 1.052632), (0.01, 6.060606)])
def test_from_which_gamma_the_hare_is_worth_more(eps, threshold):
    """Stag 4(1 - eps) - 16 gamma eps(1 - eps), hare 3: specs by hand."""

    def difference(gamma: float) -> float:
        stag, hare = risk_adjusted_values(HUNT, tremble(np.array([1.0, 0.0]), eps), gamma)
        return float(stag - hare)

    assert brentq(difference, 0.0, 100.0, xtol=1e-12) == pytest.approx(threshold, abs=1e-6)
    assert risk_adjusted_values(HUNT, tremble(np.array([1.0, 0.0]), eps), threshold + 1e-5).argmax() == 1
    assert risk_adjusted_values(HUNT, tremble(np.array([1.0, 0.0]), eps), threshold - 1e-5).argmax() == 0


def test_the_risk_dominant_choice_in_a_trust_dilemma():
    trust = [[1.0, 0.0], [1.0, 0.0]]
    assert risk_averse(symmetric(HUNT), 0.0, start=trust)[0].tolist() == [1.0, 0.0]  # the payoff-dominant one stands
    assert risk_averse(symmetric(HUNT), 2.0, start=trust)[0] == pytest.approx([0.0, 1.0], abs=1e-3)
    assert risk_averse(symmetric(HUNT), 2.0)[0] == pytest.approx([0.0, 1.0], abs=1e-3)


@pytest.mark.parametrize("seed", range(5))
def test_the_quadratic_program_meets_its_conditions(seed):
    rng = np.random.default_rng(seed)
    mean, root = rng.normal(size=6), rng.normal(size=(6, 4))  # singular
    covariance, gamma = root @ root.T, float(rng.uniform(0.05, 3))
    x = mean_variance_response(mean, covariance, gamma)
    gradient = mean - 2 * gamma * covariance @ x
    assert x.min() >= 0
    assert x.sum() == pytest.approx(1.0)
    assert gradient[x > 1e-9] == pytest.approx(gradient.max(), abs=1e-6)


def test_without_risk_aversion_it_is_the_best_response():
    assert mean_variance_response(np.array([1.0, 3.0, 2.0]), np.eye(3), 0.0).tolist() == [0.0, 1.0, 0.0]


# --- names --------------------------------------------------------------------------------------------------------------


def test_misspelt_meta_solvers_and_parameters_are_named():
    with pytest.raises(UnknownName, match="nash"):
        meta_solver("nahs")
    with pytest.raises(BadOption, match="floor"):
        meta_solver("prd?flor=0.1")
    with pytest.raises(BadOption, match="number"):
        meta_solver("prd?floor=big")
    with pytest.raises(UsageError, match="shape"):
        nash([[0, 1], [1, 0]])
    with pytest.raises(UsageError, match="finite"):
        nash([[[np.nan]], [[0.0]]])
