"""One count of wins: by hand, and figure by figure the same in the table of results, the standings, the report and the command line."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import fields

import numpy as np
import pytest
from evaluate.synthetic_records import make_record
from scipy import stats

from agentarena.core.errors import UsageError
from agentarena.core.intervals import mean_interval, wilson
from agentarena.core.record import Record
from agentarena.evaluate import shares, standings, win_interval
from agentarena.evaluate.share import Share
from agentarena.matches.results import Results


def _matches_with_draws(matches: int = 60) -> list[Record]:
    """60 matches of two agents on 30 deals, each deal from both seats: about a third are drawn."""
    rng = np.random.default_rng(7)
    records = []
    for match in range(matches):
        seats = ["a", "b"] if match % 2 == 0 else ["b", "a"]
        result = int(rng.integers(3))
        winner = None if result == 2 else result
        returns = [0.0, 0.0] if winner is None else [1.0 if seat == winner else -1.0 for seat in range(2)]
        records.append(
            make_record(seats, returns, match=match, deal=match // 2, winner=winner, indices=[0, 1] if match % 2 == 0 else [1, 0])
        )
    return records


def _crowd() -> list[Record]:
    """Four seats with teams and roles, an agent in two seats, a draw of three, a forfeit; duplicate deals."""
    roles, teams = ["mole", "dog", "mole", "cat"], ["moles", "farmers", "moles", "farmers"]
    fault = {"step": 0, "seat": 1, "kind": "raised", "reason": "boom", "then": "forfeit"}
    return [
        make_record(["a", "b", "a", "c"], [1, -1, 1, -1], winner="moles", teams=teams, roles=roles),
        make_record(["b", "a", "c", "a"], [1, -1, 1, -1], match=1, deal=0, winner="moles", teams=teams, roles=roles, indices=[1, 0, 2, 0]),
        make_record(["c", "a", "b", "a"], [2, 2, 2, 0], match=2, deal=1, roles=roles, indices=[2, 0, 1, 0]),
        make_record(["a", "b", "c", "a"], [0, -9, 1, 1], match=3, deal=1, outcome="forfeited", faults=[fault], indices=[0, 1, 2, 0]),
    ]


def _same(one: object, two: object) -> bool:
    return one == two or (isinstance(one, float) and isinstance(two, float) and math.isnan(one) and math.isnan(two))


@pytest.mark.parametrize(
    ("records", "by", "count"),
    [
        (_matches_with_draws(), None, 2),
        (_matches_with_draws(), "seat", 4),
        (_crowd(), None, 3),
        (_crowd(), "seat", 10),
        (_crowd(), "role", 7),
    ],
)
def test_table_and_standings_are_equal_figure_by_figure(records: Sequence[Record], by: str | None, count: int) -> None:
    table = Results(records).table(by_seat=by == "seat", by_role=by == "role")
    table_of_standings = standings(records, resamples=20)
    rows: Sequence[Share] = {None: table_of_standings.rows, "seat": table_of_standings.by_seat, "role": table_of_standings.by_role}[by]
    assert len(table) == len(rows) == count
    for mine, row in zip(table, rows, strict=True):
        for field in fields(Share):
            key = field.name if field.name != "place" else by
            if key is not None:
                assert _same(mine[key], getattr(row, field.name)), (row.agent, field.name)


def test_a_draw_of_two_is_half_a_win_each() -> None:
    records = _matches_with_draws()
    rows = Results(records).table()
    assert {row["matches"] for row in rows} == {60}
    assert {row["deals"] for row in rows} == {30}
    drawn = sum(record.winner is None for record in records)
    assert drawn > 10
    assert [row["draws"] for row in rows] == [drawn, drawn]
    assert sum(row["wins"] for row in rows) == 60 - drawn
    for row in rows:
        assert row["win_share"] == pytest.approx((row["wins"] + row["draws"] / 2) / 60)
    assert sum(row["win_share"] for row in rows) == pytest.approx(1)


def test_intervals_have_deals_as_clusters() -> None:
    records = _matches_with_draws()
    (first, _) = (row for row in sorted(Results(records).table(), key=lambda row: row["agent"]))
    scores = np.array([[0.5 if r.winner is None else float(r.winner == r.match % 2), r.returns[r.match % 2]] for r in records])
    deals = np.arange(60) // 2
    assert first["win_interval"] == win_interval(scores[:, 0], deals)
    mean, low, high = scores[:, 1].mean(), *mean_interval(scores[:, 1], deals)
    skew = stats.skew(scores[:, 1].reshape(30, 2).sum(1), bias=False) / math.sqrt(30)  # the longer end is longer by that share
    assert first["return_interval"].low == pytest.approx(mean - (mean - low) * (1 + max(0, -skew)), rel=1e-4)
    assert first["return_interval"].high == pytest.approx(mean + (high - mean) * (1 + max(0, skew)), rel=1e-4)
    assert first["return_interval"].low != pytest.approx(mean - (mean - mean_interval(scores[:, 1]).low) * (1 + max(0, -skew)), rel=1e-2)


def test_crowds_by_hand() -> None:
    """A win of one's side counts 1, a draw of three sides 1/3; several seats of one match count as their mean."""
    records = _crowd()
    rows = {row.agent: row for row in shares(records)}
    # a: won with both seats; lost with both; drew with one seat of two; led alone with one seat of two, level with c
    assert rows["a"].win_share == pytest.approx((1 + 0 + 1 / 6 + 1 / 4) / 4)
    assert (rows["a"].wins, rows["a"].draws, rows["a"].both_sides, rows["a"].forfeits) == (1, 0, 2, 0)
    assert rows["b"].win_share == pytest.approx((0 + 1 + 1 / 3 + 0) / 4)
    assert (rows["b"].wins, rows["b"].draws, rows["b"].forfeits) == (1, 1, 1)
    assert rows["c"].win_share == pytest.approx((0 + 1 + 1 / 3 + 1 / 2) / 4)
    assert (rows["c"].matches, rows["c"].deals) == (4, 2)
    by_role = {(row.agent, row.place): row for row in shares(records, by="role")}
    assert (by_role["a", "mole"].matches, by_role["a", "mole"].win_share) == (1, 1)
    assert (by_role["a", "dog"].matches, by_role["a", "dog"].win_share) == (2, pytest.approx(1 / 6))
    assert by_role["c", "cat"].wins == 0


def test_nothing_to_win() -> None:
    """In games of common payoff nobody wins, also where one match was cut short or forfeited."""
    records = [
        make_record(["a", "b"], [3, 3], env="MiniHanabi-v0", outcome="ended"),
        make_record(["a", "b"], [1, 1], env="MiniHanabi-v0", match=1, outcome="truncated"),
    ]
    for row in shares(records):
        assert math.isnan(row.win_share)
        assert math.isnan(row.win_interval.low)
        assert (row.wins, row.draws, row.mean_return) == (0, 0, 2)


def test_a_match_without_forfeits_or_deals_to_share_is_the_textbook() -> None:
    records = [make_record(["a", "b"], [1, -1] if m % 4 else [-1, 1], match=m, winner=0 if m % 4 else 1) for m in range(40)]
    best, worst = shares(records)
    assert best.win_interval == pytest.approx(wilson(30, 40))
    assert worst.win_share == 0.25
    assert Results(records).table(confidence=0.5)[0]["win_interval"] == pytest.approx(wilson(30, 40, 0.5))


def test_the_printed_figures_are_the_same() -> None:
    """The command line's table and the report's page show the figures of the standings."""
    from agentarena.leaderboard import report

    results = Results(_matches_with_draws())
    best = results.table()[0]
    page = report.render(results, replays=0)
    assert f"{best['win_share']:.1%}" in page
    assert f"{best['win_interval'].low:.1%}" in page


def test_wrong_questions_are_refused() -> None:
    with pytest.raises(UsageError, match="not both"):
        Results(_crowd()).table(by_seat=True, by_role=True)
    with pytest.raises(UsageError, match="no matches"):
        shares([])
