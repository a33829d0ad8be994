"""How many games are enough: counted against the binomial distribution, and what is refused."""

from __future__ import annotations

import math

import pytest

from agentarena.core.errors import UsageError
from agentarena.evaluate import power


def chance_to_detect(games: int, score: float, level: float = 0.95) -> float:
    """Power of the two-sided binomial test, by adding up its terms."""

    def at_least(wins: int, p: float) -> float:
        return math.fsum(math.comb(games, k) * p**k * (1 - p) ** (games - k) for k in range(wins, games + 1))

    critical = next((wins for wins in range(games + 1) if at_least(wins, 0.5) <= (1 - level) / 2), games + 1)
    return at_least(critical, score)


@pytest.mark.parametrize(
    ("elo", "eighty", "ninety_five"), [(50, 403, 656), (100, 108, 171), (200, 33, 49), (400, 12, 17), (800, 6, 9), (10_000, 6, 6)]
)
def test_few_games_reach_the_power_they_promise(elo: float, eighty: int, ninety_five: int) -> None:
    """The number given has the power asked for, so have the next, and the one before has not."""
    for target, games in ((0.8, eighty), (0.95, ninety_five)):
        assert power.games_needed(elo, power=target) == power.games_needed(-elo, power=target) == games
        score = power.expected_score(elo)
        assert chance_to_detect(games - 1, score) < target
        assert all(chance_to_detect(games + more, score) >= target for more in range(8))


def test_the_approximation_promised_too_much_for_200_points() -> None:
    """22 games, as the formula has it, detect 200 points in 3 of 4 runs at best; the function asks for more."""
    assert chance_to_detect(22, power.expected_score(200)) < 0.75
    assert power.games_needed(200) > 22


def test_many_games_are_near_the_exact_number() -> None:
    """Just above EXACT_GAMES the approximation is some 3 % short of the exact test, which is on the safe side of its level."""
    assert power.games_needed(30) == 1051
    assert power._exact_games(power.expected_score(30), 0.8, 0.95, 2500) == pytest.approx(1051, rel=0.04)
    assert power.games_needed(100, draws=0.5) == 43  # with draws, always the approximation: 93 (1/4 - ... - 1/8)


def test_expected_scores() -> None:
    assert power.expected_score(0) == 0.5
    assert power.expected_score(400) == pytest.approx(10 / 11)
    assert power.expected_score(-400) == pytest.approx(1 / 11)
    assert power.expected_score(1e9) == 1.0
    assert power.expected_score(-1e9) == 0.0
    assert power.expected_score(-8000) == pytest.approx(1e-20)


NAN = float("nan")


@pytest.mark.parametrize(
    "call",
    [
        lambda: power.expected_score(NAN),
        lambda: power.expected_score(math.inf),
        lambda: power.expected_score("100"),  # type: ignore[arg-type]
        lambda: power.games_needed(NAN),
        lambda: power.games_needed(math.inf),
        lambda: power.games_needed(1e-15),
        lambda: power.games_needed(True),
        lambda: power.games_needed(100, power=NAN),
        lambda: power.games_needed(100, power=80),
        lambda: power.games_needed(100, level=95),
        lambda: power.games_needed(100, level=NAN),
        lambda: power.games_needed(100, draws=NAN),
        lambda: power.games_needed(100, draws=-0.1),
        lambda: power.sprt_bounds(NAN),
        lambda: power.sprt_bounds(0.05, math.inf),
        lambda: power.sprt_games(0, NAN),
        lambda: power.sprt_games(0, 50, true_elo=NAN),
        lambda: power.sprt_games(0, 50, draws=NAN),
        lambda: power.sprt_games(0, 50, draws=1.0),
        lambda: power.gsprt([0.5, NAN], 0, 50),
        lambda: power.gsprt([0.5, 1.0], 0, NAN),
        lambda: power.gsprt("abc", 0, 50),
        lambda: power.gsprt([[0.5], [1.0]], 0, 50),
        lambda: power.gsprt([None, 1.0], 0, 50),
    ],
)
def test_what_is_out_of_range_is_refused(call: object) -> None:
    with pytest.raises(UsageError):
        call()  # type: ignore[operator]
