"""Every number that a public function of `agentarena.evaluate` takes: out of its range, or no number, it is a typed error."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from evaluate.synthetic_records import make_record

from agentarena import evaluate as ev
from agentarena.core.errors import UsageError
from agentarena.evaluate.arguments import finite_array, number, whole_number, whole_numbers
from agentarena.evaluate.pair_contrasts import mean_gap, rank_spans

RPS = [[0.0, -1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 1.0, 0.0]]
WINS = [[0, 3], [2, 0]]
GAMES = ([0, 1, 0], [1, 0, 1], [1.0, 0.0, 0.5])
VALUES = [1.0, 2.0, 4.0]
RECORDS = [make_record(["a", "b"], [1, -1] if m % 3 else [-1, 1], match=m, winner=0 if m % 3 else 1) for m in range(12)]
NAN, INF = math.nan, math.inf

LEVELS = (0.0, 1.0, 95, -0.5, NAN, INF, "0.95", None, True)
FINITE = (NAN, INF, -INF, "1", None, True, 10**400)
POSITIVE = (*FINITE, 0.0, -1.0)
NUMBERS = ("x", None, True, NAN, 10**400)
WHOLE = (NAN, INF, 2.5, "3", None, True)
SEEDS = (-1, 1.5, "x", NAN)

PARAMETERS: list[tuple[str, Callable[[Any], Any], tuple[Any, ...]]] = [
    *(
        (f"level of {name}", call, LEVELS)
        for name, call in [
            ("wilson", lambda v: ev.wilson(1, 2, v)),
            ("clopper_pearson", lambda v: ev.clopper_pearson(1, 2, v)),
            ("bootstrap", lambda v: ev.bootstrap(VALUES, level=v)),
            ("welch", lambda v: ev.welch(VALUES, VALUES, v)),
            ("win_interval", lambda v: ev.win_interval(np.array([1.0, 0.0]), np.arange(2), v)),
            ("bradley_terry", lambda v: ev.bradley_terry(WINS, level=v)),
            ("bradley_terry_pairs", lambda v: ev.bradley_terry_pairs(*GAMES, players=2, level=v)),
            ("elo_spread", lambda v: ev.elo_spread(*GAMES, level=v)),
            ("shares", lambda v: ev.shares(RECORDS, level=v)),
            ("standings", lambda v: ev.standings(RECORDS, level=v)),
            ("contrasts", lambda v: ev.contrasts(RECORDS, level=v)),
            ("generalization_gaps", lambda v: ev.generalization_gaps({"a": RECORDS}, {"b": RECORDS}, level=v)),
            ("confidence_sequence", lambda v: ev.confidence_sequence(0.0, 1.0, v, scale=1.0)),
            ("elo_ranks", lambda v: ev.elo_ranks(ev.bradley_terry(WINS), np.array([5, 5]), v)),
            ("mean_gap", lambda v: mean_gap(np.array(VALUES), np.arange(3), np.array(VALUES), np.arange(3), v)),
            ("rank_spans", lambda v: rank_spans([], ["a"], v)),
        ]
    ),
    ("elo of games_needed", lambda v: ev.games_needed(v), NUMBERS),
    ("elo of expected_score", lambda v: ev.expected_score(v), NUMBERS),
    ("elo0 of gsprt", lambda v: ev.gsprt([1, 0, 1], v, 50), NUMBERS),
    ("score of gsprt", lambda v: ev.gsprt([1, 0, v], 0, 50), ("x", NAN, 10**400, [1])),
    ("elo1 of sprt_games", lambda v: ev.sprt_games(0, v), NUMBERS),
    ("true_elo of sprt_games", lambda v: ev.sprt_games(0, 50, true_elo=v), ("x", True, NAN, 10**400)),
    ("win of win_interval", lambda v: ev.win_interval([1.0, 0.0, v], [0, 1, 2]), ("x", [1], 10**400, 2, -1)),  # type: ignore[arg-type]
    ("m of alpharank", lambda v: ev.alpharank(RPS, m=v), (*WHOLE, 1, 10**400)),
    ("resamples of bootstrap", lambda v: ev.bootstrap(VALUES, resamples=v), (*WHOLE, 0, 10**400)),
    ("k of elo", lambda v: ev.elo(*GAMES, k=v), POSITIVE),
    ("k of elo_spread", lambda v: ev.elo_spread(*GAMES, k=v), POSITIVE),
    ("init of elo", lambda v: ev.elo(*GAMES, init=v), FINITE),
    ("init of elo_spread", lambda v: ev.elo_spread(*GAMES, init=v), FINITE),
    ("resamples of elo_spread", lambda v: ev.elo_spread(*GAMES, resamples=v), (*WHOLE, 0)),
    ("rng of elo_spread", lambda v: ev.elo_spread(*GAMES, rng=v), SEEDS),
    ("players of elo", lambda v: ev.elo(*GAMES, players=v), (2.5, "2", NAN, 1, True)),
    ("first of elo", lambda v: ev.elo(v, [1], [1.0]), ([0.9], [NAN], ["a"], [-1], [None])),
    ("second of elo", lambda v: ev.elo([0], v, [1.0]), ([1.9], [INF], ["b"], [-1])),
    ("score of elo", lambda v: ev.elo([0], [1], v), ([NAN], [INF], [-0.1], [1.5], ["w"])),
    ("ridge of bradley_terry", lambda v: ev.bradley_terry(WINS, ridge=v), (NAN, INF, -1.0, "1", True)),
    ("ridge of bradley_terry_pairs", lambda v: ev.bradley_terry_pairs(*GAMES, players=2, ridge=v), (NAN, INF, -1.0, "1", True)),
    ("centre of bradley_terry", lambda v: ev.bradley_terry(WINS, centre=v), FINITE),
    ("centre of bradley_terry_pairs", lambda v: ev.bradley_terry_pairs(*GAMES, players=2, centre=v), FINITE),
    ("players of bradley_terry_pairs", lambda v: ev.bradley_terry_pairs(*GAMES, players=v), (*WHOLE, 1)),
    ("first of bradley_terry_pairs", lambda v: ev.bradley_terry_pairs(v, [1], [1.0], players=2), ([0.9], [NAN], [-1], [7], ["a"])),
    ("score of bradley_terry_pairs", lambda v: ev.bradley_terry_pairs([0], [1], v, players=2), ([NAN], [0.3], [2.0], ["w"])),
    ("clusters of bradley_terry_pairs", lambda v: ev.bradley_terry_pairs(*GAMES, players=2, clusters=v), ([0], [[0, 1, 2]])),
    ("wins of bradley_terry", lambda v: ev.bradley_terry([[0, v], [1, 0]]), (NAN, INF, -1, "x")),
    ("draws of bradley_terry", lambda v: ev.bradley_terry(WINS, [[0, v], [v, 0]]), (NAN, INF, -1)),
    ("alpha of alpharank", lambda v: ev.alpharank(RPS, alpha=v), (NAN, -1.0, "1", None)),
    ("m of alpharank", lambda v: ev.alpharank(RPS, m=v), (*WHOLE, 1)),
    ("epsilon of alpharank", lambda v: ev.alpharank(RPS, alpha=INF, epsilon=v), (NAN, -0.1, 0.5, INF, "0")),
    ("memory_gib of alpharank", lambda v: ev.alpharank(RPS, memory_gib=v), (NAN, 0.0, -1.0, "4")),
    ("payoffs of alpharank", lambda v: ev.alpharank([[0, v], [0, 0]]), (NAN, INF, "x")),
    ("epsilon of alpharank_bounds", lambda v: ev.alpharank_bounds(np.array(RPS), np.array(RPS), epsilon=v), (NAN, 0.0, 0.5, -1, INF, "0")),
    ("low of alpharank_bounds", lambda v: ev.alpharank_bounds([[0, v], [0, 0]], [[0, 1], [1, 0]]), (NAN, INF, "x")),
    ("low of alpharank_bounds, several", lambda v: ev.alpharank_bounds([[[0, v]], [[0, 0]]], [[[1, 1]], [[1, 1]]]), (NAN, INF, "x", 2)),
    ("bounds of alpharank_ranks", lambda v: ev.alpharank_ranks([[0.1, v]]), (NAN, INF, 0.0, "x")),
    ("se of confidence_sequence", lambda v: ev.confidence_sequence(0.0, v, scale=1.0), (NAN, INF, 0.0, -1, "1")),
    ("scale of confidence_sequence", lambda v: ev.confidence_sequence(0.0, 1.0, scale=v), POSITIVE),
    ("scale of mixture_log_e", lambda v: ev.mixture_log_e(0.0, 1.0, v), POSITIVE),
    ("scores of betting_log_e", lambda v: ev.betting_log_e([v]), (NAN, INF, -0.1, 1.1, "x")),
    ("deals of elo_ranks", lambda v: ev.elo_ranks(ev.bradley_terry(WINS), v), ([NAN, 5], [5], ["x", 5])),
    ("mean of payoff_intervals", lambda v: ev.payoff_intervals([v], [3], 0.1, bound="hoeffding"), (NAN, INF, -0.1, 1.1, "x")),
    ("count of payoff_intervals", lambda v: ev.payoff_intervals([0.5], [v], 0.1, bound="hoeffding"), (NAN, INF, -1, "x")),
    ("delta of payoff_intervals", lambda v: ev.payoff_intervals([0.5], [3], v, bound="hoeffding"), (NAN, INF, 0.0, 1.0, "x")),
    ("relax of payoff_intervals", lambda v: ev.payoff_intervals([0.5], [3], 0.1, bound="hoeffding", relax=v), (NAN, INF, -0.1, 0.5, "x")),
    ("delta of ResponseGraphUCB", lambda v: ev.ResponseGraphUCB((2, 2), delta=v), (NAN, INF, 0.0, 1.0, "x")),
    ("shape of ResponseGraphUCB", lambda v: ev.ResponseGraphUCB((2, v)), (*WHOLE, 0, -1)),
    ("budget of ResponseGraphUCB", lambda v: ev.ResponseGraphUCB((2, 2), budget=v), (NAN, INF, 2.5, "3", True, 0)),
    ("alpha of standings", lambda v: ev.standings(RECORDS, alpha=v), (NAN, -1.0, "1", None)),
    ("resamples of standings", lambda v: ev.standings(RECORDS, resamples=v), (*WHOLE, 0)),
    ("rng of standings", lambda v: ev.standings(RECORDS, rng=v), SEEDS),
    ("by of shares", lambda v: ev.shares(RECORDS, by=v), ("agent", 1)),
    ("successes of wilson", lambda v: ev.wilson(v, 4), (NAN, INF, -1, 5, "1")),
    ("trials of wilson", lambda v: ev.wilson(1, v), (NAN, INF, 0, -1, "4")),
    ("trials of clopper_pearson", lambda v: ev.clopper_pearson(1, v), (NAN, INF, 0, -1, "4")),
    ("values of bootstrap", lambda v: ev.bootstrap(v), ([], [NAN, 1.0], [INF, 1.0], ["a"], [[1.0], [2.0]])),
    ("clusters of bootstrap", lambda v: ev.bootstrap(VALUES, clusters=v), ([0], [[0, 1, 2]])),
    ("resamples of bootstrap", lambda v: ev.bootstrap(VALUES, resamples=v), (*WHOLE, 0)),
    ("rng of bootstrap", lambda v: ev.bootstrap(VALUES, rng=v), SEEDS),
    ("a of welch", lambda v: ev.welch(v, VALUES), ([1.0], [NAN, 1.0], [INF, 1.0], ["a", "b"])),
    ("a of cohens_d", lambda v: ev.cohens_d(v, VALUES), ([1.0], [NAN, 1.0])),
    ("ddof of cohens_d", lambda v: ev.cohens_d(VALUES, VALUES, ddof=v), (2, -1, 0.5)),
    *((f"p of {f.__name__}", f, ([NAN], [-0.1], [1.1], [[0.5]], ["x"])) for f in (ev.bonferroni, ev.holm, ev.benjamini_hochberg)),
    ("wins of win_interval", lambda v: ev.win_interval(np.array(v), np.arange(2)), ([2.0, 0.0], [-1.0, 0.0], [1.0])),
    ("a of mean_gap", lambda v: mean_gap(np.array(v), np.arange(2), np.array(VALUES), np.arange(3)), ([NAN, 1.0], [INF, 1.0], [1.0], [])),
]


@pytest.mark.parametrize(("call", "value"), [pytest.param(c, v, id=f"{n} {v!r:.20}") for n, c, values in PARAMETERS for v in values])
def test_numbers_out_of_range_are_usage_errors(call: Callable[[Any], Any], value: Any) -> None:
    with pytest.raises(UsageError):
        call(value)


@pytest.mark.parametrize("value", [3, 3.0, np.float32(3), np.int64(3)])
def test_numbers_of_any_kind_are_taken(value: Any) -> None:
    assert number("k", value, above=0) == 3.0
    assert number("alpha", INF, least=0, infinite=True) == INF


def test_whole_numbers_are_taken_from_numpy_and_not_cut() -> None:
    assert whole_number("m", np.int64(7), 2) == 7
    assert whole_numbers("first", [0.0, 2.0]).tolist() == [0, 2]
    for wrong in ([0.9], [1e300]):
        with pytest.raises(UsageError, match="whole"):
            whole_numbers("first", wrong)
    with pytest.raises(UsageError, match="finite"):
        finite_array("values", [1.0, NAN])


def test_every_function_with_a_level_is_in_the_table() -> None:
    """`games_needed` has its own tests, with the rest of `power`."""
    takes = {
        name for name in ev.__all__ if inspect.isfunction(getattr(ev, name)) and "level" in inspect.signature(getattr(ev, name)).parameters
    }
    assert takes - {"games_needed"} <= {name.removeprefix("level of ") for name, _, _ in PARAMETERS}
