"""The direction of preference pairs, and where they lead a model that learns from them."""

import numpy as np
import pytest

from agentarena.core.errors import BadOption
from agentarena.train.lspo.pairs import BETA, Frequencies, Pair, draw_pairs

PAYOFFS = np.array([1.0, 0.0, -1.0])
"""One node: what each of three moves is worth."""


def solved(payoffs, iterations=200):
    """The average policy of regret matching on one node, regret u(a) - u(policy)."""
    regrets, total = np.zeros(len(payoffs)), np.zeros(len(payoffs))
    for _ in range(iterations):
        positive = np.maximum(regrets, 0)
        policy = positive / positive.sum() if positive.sum() else np.full(len(payoffs), 1 / len(payoffs))
        regrets += payoffs - policy @ payoffs
        total += policy
    return total / total.sum()


def tuned(model, pairs_of, beta, prompts=4000, steps=3000, rate=0.5):
    """A model that is one table of logits, tuned by full-batch DPO to the pairs of its own candidates."""
    rng = np.random.default_rng(0)
    wins = np.zeros((len(model), len(model)))
    for _ in range(prompts):
        moves = rng.choice(len(model), size=4, p=model).tolist()
        for chosen, rejected in pairs_of(moves, rng):
            wins[moves[chosen], moves[rejected]] += 1
    share, logits = wins / wins.sum(), np.zeros(len(model))
    for _ in range(steps):
        gap = beta * (logits[:, None] - logits[None, :])  # of log-ratios to the model before
        pull = share / (1 + np.exp(gap)) * beta
        logits += rate / beta * (pull.sum(1) - pull.sum(0))
    weights = model * np.exp(logits - logits.max())
    return weights / weights.sum()


@pytest.mark.parametrize("rule", ["odds", "best-worst"])
def test_on_one_node_the_better_move_is_preferred(rule):
    policy, model = solved(PAYOFFS), np.full(3, 1 / 3)

    def pairs_of(moves, rng):
        return draw_pairs(moves, policy[moves], model[moves], rng, rule=rule)

    assert tuned(model, pairs_of, BETA[rule]) @ PAYOFFS > 0.95
    assert draw_pairs([0, 1, 2], policy, model, np.random.default_rng(0), rule="best-worst")[0].chosen == 0


@pytest.mark.parametrize("model", [(0.7, 0.2, 0.1), (0.2, 0.2, 0.6)])
def test_odds_with_beta_one_make_the_model_speak_as_the_policy(model):
    policy, model = np.array([0.25, 0.5, 0.25]), np.array(model)

    def pairs_of(moves, rng):
        return draw_pairs(moves, policy[moves], model[moves], rng, count=3)

    assert tuned(model, pairs_of, beta=1.0) == pytest.approx(policy, abs=0.03)


def test_a_model_that_speaks_as_the_policy_is_left_alone():
    rng = np.random.default_rng(1)
    policy = np.array([0.75, 0.25])
    chosen = [draw_pairs([0, 1], policy, policy, rng)[0].chosen for _ in range(2000)]
    assert np.mean(chosen) == pytest.approx(0.5, abs=0.04)


def test_best_against_worst_has_no_pair_where_all_are_equal():
    rng = np.random.default_rng(0)
    assert draw_pairs([0, 1], [0.5, 0.5], [0.9, 0.1], rng, rule="best-worst") == []
    assert draw_pairs([], [], [], rng, rule="best-worst") == []


def test_candidates_of_one_move_and_those_that_are_no_move_make_no_pair():
    rng = np.random.default_rng(0)
    assert draw_pairs([2, 2, None], [1.0, 1.0, 0.0], [0.5, 0.5, 0.5], rng) == []
    assert set(draw_pairs([2, None, 5], [1.0, 0.5, 0.0], [0.5] * 3, rng, count=20)) == {Pair(0, 2)}
    with pytest.raises(BadOption, match="expected one of odds, best-worst"):
        draw_pairs([0, 1], [1, 0], [1, 1], rng, rule="worst")


def test_frequencies_of_a_rare_situation_lean_on_all_of_them():
    frequencies = Frequencies(weight=10)
    for _ in range(90):
        frequencies.add("common", "a")
    for _ in range(10):
        frequencies.add("rare", "b")
    assert frequencies("unseen", "a", 2) == pytest.approx(91 / 102)
    assert frequencies("rare", "b", 2) == pytest.approx((10 + 10 * 11 / 102) / 20)
    assert frequencies("common", "never", 3) > 0
