"""The heuristics' tables against an independent re-simulation, and the figures derived from event logs.

The expected figures come from a separate implementation of arXiv 2510.11736 and carry a stated error of +-0.65
percentage points (95 %). Tolerances are four standard errors of the difference to our sample.
"""

from __future__ import annotations

import importlib.util
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agentarena.core.events import Event
from agentarena.envs.dhumbal.analysis import published
from agentarena.envs.dhumbal.analysis.metrics import Tally, tally

THEIR_ERROR = 0.0065 / 1.96
"""Standard error of an expected win share."""


def benchmark() -> Any:
    path = Path(__file__).parents[2] / "benchmarks" / "dhumbal_table.py"
    spec = importlib.util.spec_from_file_location("dhumbal_table", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["dhumbal_table"] = module
    spec.loader.exec_module(module)
    return module


TABLE = benchmark()


def error_of_difference(share: float, rounds: int) -> float:
    return math.sqrt(share * (1 - share) / rounds + THEIR_ERROR**2)


def agree(counts: Tally, wins: tuple[float, ...]) -> None:
    for row, expected in zip(counts.seats, wins, strict=False):
        share = expected / 100
        assert row.win_share == pytest.approx(share, abs=4 * error_of_difference(share, row.rounds))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("setting", "rounds"),
    [
        ("paper", 10_000),
        ("previous", 10_000),
        ("weak", 6000),
        ("weak-previous", 6000),
        ("duel", 8000),
        ("duel-previous", 8000),
        ("weak-5", 4000),
    ],
)
def test_win_shares(setting: str, rounds: int) -> None:
    counts = TABLE.run(setting, rounds, 0, rounds, 1)
    agree(counts, TABLE.SETTINGS[setting].wins)
    for row, expected in zip(counts.seats, TABLE.SETTINGS[setting].coins, strict=False):
        # the expected coins come from 17,000 rounds, as their stated error says, and are rounded to a tenth
        error = row.gain_interval / 1.96 * math.sqrt(1 + rounds / 17_000)
        assert row.gain_per_round == pytest.approx(expected, abs=4 * error + 0.05)
    assert sum(row.gains for row in counts.seats) == 0
    if setting == "paper":
        assert counts.mean_turns == pytest.approx(22.5, abs=4 * 14 / math.sqrt(rounds))  # turns have a spread of about 14
        assert counts.mean_least == pytest.approx(7.6, abs=4 * 2 / math.sqrt(rounds))
        assert counts.called_share == pytest.approx(0.988, abs=4 * math.sqrt(0.988 * 0.012 / rounds))


@pytest.mark.slow
@pytest.mark.parametrize("setting", ["paper-rotate", "previous-rotate"])
def test_win_shares_under_a_rotating_start(setting: str) -> None:
    """Opportunistic plays one way when ahead and another when behind; the expected run was a mixture of both."""
    rounds = 6000
    ahead, behind = (TABLE.run(f"{setting}-{state}", rounds, 0, rounds, 1) for state in ("ahead", "behind"))
    for one, other, expected in zip(ahead.seats, behind.seats, TABLE.SETTINGS[setting].wins, strict=True):
        share = expected / 100
        error = error_of_difference(share, rounds)
        low, high = sorted((one.win_share, other.win_share))
        assert low - 4 * error <= share <= high + 4 * error


@pytest.mark.slow
def test_identical_players_show_the_advantage_of_the_fixed_first_seat() -> None:
    counts = TABLE.run("identical", 6000, 1, 3000, 1)
    agree(counts, (30.0, 26.0, 22.5, 21.0))
    assert counts.seats[0].win_share > 0.25 + 4 * math.sqrt(0.25 * 0.75 / 6000)


@pytest.mark.parametrize(("setting", "turns", "called"), [("random", 87, 0.37), ("random-previous", 79, 0.60)])
def test_random_players(setting: str, turns: float, called: float) -> None:
    rounds = 400
    counts = TABLE.run(setting, rounds, 0, 200, 1)
    agree(counts, (25.0,) * 4)
    assert counts.mean_turns == pytest.approx(turns, abs=4 * 30 / math.sqrt(rounds) + 0.5)  # a spread of less than 30 turns
    assert counts.called_share == pytest.approx(called, abs=4 * math.sqrt(called * (1 - called) / rounds) + 0.005)


def showdown(values: list[int], payments: list[int], caller: int | None, winner: int, how: str = "call") -> Event:
    data = {"how": how, "caller": caller, "winner": winner, "values": values, "payments": payments, "turns": 10}
    return Event("showdown", {**data, "hands": [["AS"] if value else [] for value in values]})


def test_tally_of_a_hand_made_log() -> None:
    log = [
        Event("discard", {"seat": 0, "cards": ["KS", "KH"]}),
        Event("draw", {"seat": 0}),
        showdown([9, 20, 30], [50, -20, -30], 0, 0),
        showdown([10, 8, 30], [-48, 48, 0], 0, 1),
        showdown([5, 20, 30], [50, -20, -30], 0, 0),
        showdown([5, 20, 30], [50, -20, -30], 0, 0, how="turns"),
    ]
    counts = tally([log[:4], log[4:]], 3)
    first = counts.seats[0]
    assert (first.rounds, first.wins, first.calls, first.successes) == (4, 3, 3, 2)
    assert first.gain_per_round == (50 - 48 + 50 + 50) / 4
    assert first.cards_per_round == 0.5
    assert first.risk_correlation == pytest.approx(np.corrcoef([9, 10, 5], [1, 0, 1])[0, 1])
    assert counts.seats[1].win_share == 0.25
    assert counts.seats[1].win_interval == pytest.approx(1.96 * math.sqrt(0.25 * 0.75 / 4), rel=1e-3)
    assert first.gain_interval == pytest.approx(1.96 * np.std([50, -48, 50, 50]) / 2, rel=1e-3)
    assert math.isnan(counts.seats[2].call_success)
    assert math.isnan(counts.seats[2].risk_correlation)
    assert (counts.mean_turns, counts.mean_least, counts.called_share) == (10.0, (9 + 8 + 5 + 5) / 4, 0.75)


def test_an_empty_tally_is_nan_not_an_error() -> None:
    counts = tally([], 2)
    assert math.isnan(counts.mean_turns)
    assert math.isnan(counts.seats[0].win_share)
    assert math.isnan(counts.seats[0].win_interval)


def test_published_tables_are_whole() -> None:
    for table in (published.CHAMPIONSHIP, published.CHAMPIONSHIP_RERUN, published.RULE_BASED, published.SEARCHERS, published.LEARNERS):
        assert sum(row.win for row in table) == pytest.approx(100, abs=0.2)
    for table in (published.CHAMPIONSHIP, published.RULE_BASED, published.LEARNERS):
        assert sum(row.coins or 0.0 for row in table) == pytest.approx(0, abs=0.15)
    # the half-widths are those of 1024 rounds
    for row in (*published.CHAMPIONSHIP, *published.RULE_BASED):
        share = row.win / 100
        assert row.win_interval == pytest.approx(196 * math.sqrt(share * (1 - share) / published.ROUNDS), abs=0.06)
