"""ResponseGraphUCB: what each scheme plays next, when an edge is resolved, and that the graph comes out right."""

from __future__ import annotations

import math
from typing import Any, get_args

import numpy as np
import pytest

from agentarena.core.errors import UsageError
from agentarena.evaluate import ResponseGraphUCB
from agentarena.evaluate.response_graph import Sampling

DILEMMA = np.array([[0.6, 0.0], [1.0, 0.2]])


def play(sampler: ResponseGraphUCB, payoffs: list[np.ndarray], seed: int = 0, most: int = 20_000) -> list[tuple[int, ...]]:
    """Bernoulli matches until nothing is left to play."""
    rng, played = np.random.default_rng(seed), []
    while len(played) < most and (profile := sampler.next_profile(rng)) is not None:
        sampler.observe(profile, [float(rng.random() < table[profile]) for table in payoffs])
        played.append(profile)
    return played


@pytest.mark.parametrize("sampling", get_args(Sampling))
@pytest.mark.parametrize("bound", ["hoeffding", "clopper-pearson"])
def test_every_scheme_finds_the_graph(sampling: Sampling, bound: Any) -> None:
    sampler = ResponseGraphUCB((2, 2), sampling=sampling, bound=bound, delta=0.01, share="all", shrinking=True)
    played = play(sampler, [DILEMMA, DILEMMA.T])
    graph = sampler.graph()
    assert sampler.decided
    assert sorted(played[:4]) == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert graph.wrong([DILEMMA, DILEMMA.T]) == 0
    assert graph.recurrent_classes == ((3,),)
    assert graph.bounds()[3] == pytest.approx([0.9801, 0.9801], abs=1e-3)


@pytest.mark.parametrize("sampling", get_args(Sampling))
def test_three_populations(sampling: Sampling) -> None:
    rng = np.random.default_rng(3)
    tables = [rng.permutation(np.linspace(0.02, 0.98, 12)).reshape(3, 2, 2) for _ in range(3)]
    sampler = ResponseGraphUCB((3, 2, 2), sampling=sampling, bound="clopper-pearson", delta=0.05)
    play(sampler, tables)
    assert sampler.decided
    assert len(sampler.graph().first) == 24  # 12 profiles, each with 2 + 1 + 1 neighbours
    assert sampler.graph().wrong(tables) <= 1


@pytest.mark.parametrize("sampling", get_args(Sampling))
def test_one_population_plays_pairs(sampling: Sampling) -> None:
    """Rock, paper, scissors with noise: all three in one class; margins, not two payoffs, are compared."""
    wins = np.array([[0.5, 0.1, 0.9], [0.9, 0.5, 0.1], [0.1, 0.9, 0.5]])
    sampler = ResponseGraphUCB(3, sampling=sampling, bound="clopper-pearson", delta=0.05)
    rng = np.random.default_rng(1)
    while (pair := sampler.next_profile(rng)) is not None:
        won = float(rng.random() < wins[pair])
        sampler.observe(pair, (won, 1 - won))
    graph = sampler.graph()
    assert graph.recurrent_classes == ((0, 1, 2),)
    assert graph.wrong(wins) == 0
    assert sampler.games < 100


def test_valence_of_one_population_counts_both_strategies() -> None:
    sampler = ResponseGraphUCB(4, sampling="VW")
    for pair in ((0, 1), (0, 2), (0, 3)):  # strategy 0 is settled
        for _ in range(400):
            sampler.observe(pair, (1, 0))
    for pair in ((1, 2), (1, 3), (2, 3)):
        sampler.observe(pair, (1, 1))
    assert sampler._cells.valence(np.array([3, 4, 5])).tolist() == [0, 0, 0, 4, 4, 4]


def test_count_weighted_plays_the_least_played_open_profile() -> None:
    sampler = ResponseGraphUCB((2, 2), sampling="CW")
    rng = np.random.default_rng(0)
    for profile in ((0, 0), (0, 1), (1, 0), (1, 1), (0, 0), (0, 1), (1, 0)):
        sampler.observe(profile, (1, 1))
    assert sampler.next_profile(rng) == (1, 1)


def test_exhaustive_stays_with_its_edge_and_patience_moves_on() -> None:
    """A game of ties: without patience two profiles get all games."""
    stuck, patient = (ResponseGraphUCB((2, 2), sampling="UE", budget=400, seed=1, patience=p) for p in (None, 20))
    for sampler in (stuck, patient):
        rng = np.random.default_rng(0)
        while (profile := sampler.next_profile(rng)) is not None:
            sampler.observe(profile, (0.5, 0.5))
    assert sorted(stuck.counts)[:2] == [1, 1]
    assert patient.counts.min() > 50


def test_relaxed_hoeffding_is_quicker() -> None:
    """Twice the relaxation is the gap that noise-free means need less: sqrt(2 ln(2/d) / N) < gap + 2 relax."""
    needed = {}
    for relax in (0.0, 0.1):
        sampler = ResponseGraphUCB((2, 1), sampling="CW", relax=relax, delta=0.1)
        while (profile := sampler.next_profile(np.random.default_rng(0))) is not None:
            sampler.observe(profile, (0.7 if profile[0] else 0.4, 0.0))
        needed[relax] = sampler.games / 2
    assert needed[0.0] == math.ceil(2 * math.log(20) / 0.3**2)
    assert needed[0.1] == math.ceil(2 * math.log(20) / 0.5**2)


def test_delta_modes() -> None:
    plain, shared = (ResponseGraphUCB((2, 3), delta=0.1, share=share) for share in ("payoff", "all"))  # type: ignore[arg-type]
    assert (plain.delta, shared.delta) == (0.1, pytest.approx(0.1 / 12))
    shrinking = ResponseGraphUCB((2, 1), delta=0.1, shrinking=True)
    for _ in range(5):
        shrinking.observe((0, 0), (0.5, 0.5))
    half = math.sqrt(math.log(2 / (0.1 * 6 / (math.pi * 5) ** 2)) / 10)
    assert shrinking._ends[0, 0] == pytest.approx([0.5 - half, 0.5 + half])


def test_payoffs_are_scaled_by_their_bounds() -> None:
    scaled, plain = ResponseGraphUCB((2, 2), payoff_bounds=(-3, 1)), ResponseGraphUCB((2, 2))
    scaled.observe((0, 1), (-1, 1))
    plain.observe((0, 1), (0.5, 1))
    assert scaled._ends == pytest.approx(plain._ends)


def test_the_next_profile_depends_on_observations_and_generator_alone() -> None:
    one, other = (ResponseGraphUCB((2, 2), sampling="UE", seed=4) for _ in range(2))
    for profile in ((0, 0), (0, 1), (1, 0), (1, 1)):
        for sampler in (one, other):
            sampler.observe(profile, (0.5, 0.5))
    for _ in range(5):
        one.next_profile(np.random.default_rng(9))
    assert one.next_profile(np.random.default_rng(2)) == other.next_profile(np.random.default_rng(2))


def test_open_edges_widen_the_bounds() -> None:
    sampler = ResponseGraphUCB((2, 2), budget=4)
    play(sampler, [DILEMMA, DILEMMA.T])
    assert not sampler.decided
    assert sampler.next_profile(np.random.default_rng(0)) is None
    assert np.ptp(sampler.graph().bounds(), axis=1).min() > 0.5


def test_a_resolved_edge_keeps_its_direction() -> None:
    sampler = ResponseGraphUCB((2, 1), delta=0.5)
    for _ in range(60):
        sampler.observe((0, 0), (1, 0))
        sampler.observe((1, 0), (0, 0))
    assert sampler.decided
    for _ in range(1000):
        sampler.observe((0, 0), (0, 0))
        sampler.observe((1, 0), (1, 0))
    assert sampler.graph().favours.tolist() == [1]


@pytest.mark.parametrize(
    "arguments",
    [
        {"shape": 1},
        {"shape": ()},
        {"shape": (2, 0)},
        {"shape": (2, 1.5)},
        {"shape": (1001, 1001)},
        {"sampling": "X"},
        {"bound": "X"},
        {"share": "X"},
        {"delta": 0.0},
        {"delta": math.nan},
        {"relax": 0.5},
        {"payoff_bounds": (1, 1)},
        {"payoff_bounds": (0, math.inf)},
        {"budget": 0},
        {"patience": 3},
        {"sampling": "UE", "patience": 0},
        {"seed": -1},
    ],
)
def test_bad_options(arguments: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        ResponseGraphUCB(**{"shape": (2, 2), **arguments})


@pytest.mark.parametrize(
    ("profile", "payoffs"),
    [((0, 2), (0, 0)), ((0,), (0, 0)), ((0, 1), (0, 2)), ((0, 1), (0,)), ((0, 1), (0, math.nan)), ((0, 1), ("x", 0))],
)
def test_bad_observations(profile: Any, payoffs: Any) -> None:
    sampler = ResponseGraphUCB((2, 2))
    with pytest.raises(UsageError):
        sampler.observe(profile, payoffs)
    assert sampler.games == 0


def test_it_shows_itself() -> None:
    assert (
        repr(ResponseGraphUCB((2, 2))) == "<ResponseGraphUCB CW, hoeffding: 0 games, <ResponseGraph of 4 profiles, 0 of 4 edges resolved>>"
    )
