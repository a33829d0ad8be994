"""Certainty is never printed: few deals, one cluster, no variance, copies of one game and self-play have no interval, and a reason."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np
import pytest
from evaluate.synthetic_records import make_record

import agentarena as aa
from agentarena.core.agent import Agent, View
from agentarena.core.record import Record
from agentarena.evaluate import contrasts, shares, standings, wilson
from agentarena.leaderboard import report
from agentarena.matches.results import Results


class First(Agent):
    """Takes the first legal move."""

    name = "first"

    def choose(self, view: View) -> int:
        assert isinstance(view.legal, tuple)
        return int(view.legal[0])


class Last(Agent):
    """Takes the last legal move."""

    name = "last"

    def choose(self, view: View) -> int:
        assert isinstance(view.legal, tuple)
        return int(view.legal[-1])


def _played(results: Sequence[float], *, agents: tuple[str, str] = ("a", "b"), deal: int | None = None) -> list[Record]:
    """Two-seat matches by the first agent's return, seats by turns."""
    return [
        make_record(
            agents if m % 2 == 0 else agents[::-1],
            [value, -value] if m % 2 == 0 else [-value, value],
            match=m,
            deal=m if deal is None else deal,
            winner=None if value == 0 else (m % 2) ^ (value < 0),
        )
        for m, value in enumerate(results)
    ]


@pytest.mark.parametrize(
    "records",
    [
        _played([1.0]),
        _played([1.0, -1.0]),
        _played([1.0, 1.0, 1.0, 1.0]),
        _played([0.0] * 30),
        _played([1.0] * 30),
        _played([1.0, -1.0] * 15, deal=3),
        _played([0.5]),
    ],
    ids=["one deal", "two deals", "four equal", "all drawn", "all won", "one cluster", "half"],
)
def test_no_table_claims_certainty(records: list[Record]) -> None:
    """No interval of width 0, no infinity and no nan is printed; each missing interval has its reason in the notes."""
    result = standings(records, resamples=20)
    text = str(result) + report.render(Results(records), replays=0)
    assert not re.search(r"\binf\b|\bnan\b", text)
    assert not re.search(r"\[([^\],]+), \1\]", text)
    for row in result.rows:
        for interval, reason in (
            (row.return_interval, row.return_reason),
            (row.win_interval, row.win_reason),
            (row.elo_interval, row.elo_reason),
            (row.mass_interval, row.mass_reason),
        ):
            assert math.isnan(interval.low) == math.isnan(interval.high) == bool(reason)
            assert interval.low < interval.high or reason
            assert not reason or any(reason in note for note in result.notes)
    for pair in contrasts(records):
        assert math.isnan(pair.interval.low) == bool(pair.reason)
        assert not math.isinf(pair.t)
        assert not math.isinf(pair.d)


def test_one_round_has_figures_and_no_intervals() -> None:
    result = aa.tournament("KuhnPoker-v0", ["random", "kuhnpoker/nash"], rounds=1).standings
    assert "[" not in "".join(cell for row in result.tables()[0][2] for cell in row)
    assert any("1 deal, intervals start at 15" in note for note in result.notes)


@pytest.mark.parametrize(("deals", "elo", "returns"), [(4, False, False), (5, True, False), (14, True, False), (15, True, True)])
def test_the_number_of_deals_at_which_intervals_start(deals: int, elo: bool, returns: bool) -> None:
    values = [1.0, -1.0, 1.0, 1.0, -1.0, 1.0, -1.0, -1.0, 1.0, 1.0, -1.0, 1.0, 1.0, -1.0, 1.0][:deals]
    result = standings(_played(values), resamples=20)
    assert [not math.isnan(row.elo_interval.low) for row in result.rows] == [elo] * 2
    assert [not math.isnan(row.return_interval.low) for row in result.rows] == [returns] * 2
    assert [not math.isnan(pair.interval.low) for pair in contrasts(_played(values))] == [returns]


def test_intervals_stay_within_what_the_game_allows() -> None:
    """TicTacToe pays -1 to 1: fourteen wins and a draw say at most 1, and a difference at most 2."""
    best, worst = shares(_played([1.0] * 14 + [0.0]))
    assert best.return_interval.high == 1.0
    assert worst.return_interval.low == -1.0
    assert contrasts(_played([1.0] * 14 + [0.0]))[0].interval.high == 2.0


def test_elo_has_no_interval_where_a_prior_sets_the_gaps() -> None:
    result = standings(_played([1.0] * 12), resamples=20)
    assert all(math.isfinite(row.elo) and math.isnan(row.elo_interval.low) for row in result.rows)
    assert all("prior" in row.elo_reason for row in result.rows)


# --- copies of one game -------------------------------------------------------------------------------------------------------------


def test_deterministic_agents_in_a_game_without_chance_play_two_games_not_a_hundred() -> None:
    results = aa.play("TicTacToe-v0", [First(), Last()], matches=100, seed=0)
    records = results.records
    result = standings(records, resamples=20)
    assert (result.matches, result.courses) == (100, 2)
    assert [row.courses for row in result.rows] == [2, 2]
    assert all(math.isnan(row.win_interval.low) and math.isnan(row.elo_interval.low) for row in result.rows)
    assert "100 matches are 2 distinct games" in result.notes[0]
    assert "openings" in result.notes[0]
    title, columns, rows = result.tables()[0]
    assert "2 distinct games" in title
    assert {row[columns.index("games")] for row in rows} == {"2"}
    page = report.render(results, replays=0)
    assert "100 matches are 2 distinct games" in page


def test_agents_that_vary_repeat_short_games_by_chance_and_keep_their_intervals() -> None:
    """Random play of a one-move game: nine courses in 200 matches, but no seating always takes the same one."""
    records = []
    rng = np.random.default_rng(0)
    for match in range(200):
        first, second = rng.integers(0, 3, 2)
        value = float((first - second) % 3 - 3 * ((first - second) % 3 == 2))
        record = make_record(["a", "b"], [value, -value], match=match, winner=None if value == 0 else int(value < 0))
        record.actions = [((0, int(first)), (1, int(second)))]
        records.append(record)
    result = standings(records, resamples=20)
    assert result.courses == 9
    assert not any("over again" in note for note in result.notes)
    assert all(not math.isnan(row.win_interval.low) for row in result.rows)


def test_a_game_with_chance_has_no_copies() -> None:
    records = [make_record(["a", "b"], [1, -1], match=m, env="KuhnPoker-v0", winner=0) for m in range(12)]
    for record in records:
        record.actions = [((0, 0),)]
    result = standings(records, resamples=20)
    assert result.courses == 12
    assert result.rows[0].win_interval == wilson(12, 12)


def test_an_opponent_that_repeats_itself_leaves_the_others_intervals() -> None:
    """a meets b in copies and c in games that vary: a's interval is of the latter, and b has none."""
    records = [make_record(["a", "b"], [1, -1], match=m, winner=0) for m in range(40)]
    for record in records:
        record.actions = [((0, 4),)]
    varied = _played([1.0, -1.0, -1.0, 1.0, 1.0] * 6, agents=("a", "c"))
    for match, record in enumerate(varied):
        record.match = record.deal = 100 + match
        record.actions = [((0, match),)]
    rows = {row.agent: row for row in standings([*records, *varied], resamples=20).rows}
    assert not math.isnan(rows["a"].return_interval.low)
    assert rows["b"].win_reason == "the 40 matches are 1 distinct game over again"
    assert rows["a"].courses == 31


# --- self-play ----------------------------------------------------------------------------------------------------------------------


def test_self_play_has_whole_counts_and_is_shown_by_side() -> None:
    """One agent in all seven seats of one Werewolf match: one match, not won and not lost; its sides apart; nothing infinite."""
    results = aa.play("Werewolf-v0", ["werewolf/scripted"], matches=1, seed=0)
    (row,) = results.table()
    assert (row["matches"], row["wins"] + row["draws"], row["both_sides"]) == (1, 0, 1)
    assert isinstance(row["wins"], int)
    assert math.isnan(row["win_interval"].low)
    assert math.isnan(row["return_interval"].low)
    sides = results.table(by_side=True)
    assert len(sides) == 2
    assert sum(side["wins"] for side in sides) == 1
    result = standings(results.records, resamples=20)
    assert [place.place for place in result.by_side] == [side["side"] for side in sides]
    assert any(title.startswith("By side") for title, _, _ in result.tables())
    assert "By side" in report.render(results, replays=0)


def test_no_side_table_without_self_play() -> None:
    assert standings(_played([1.0, -1.0]), resamples=20).by_side == ()


# --- what is printed ----------------------------------------------------------------------------------------------------------------


def test_standings_print_small_and_str_gives_the_tables() -> None:
    result = standings(_played([1.0, -1.0] * 300), resamples=20)
    assert len(repr(result)) < 120
    assert len(repr(result.head_to_head)) < 120
    assert len(repr(result.ratings)) < 200
    assert len(repr(result.evolution)) < 200
    text = str(result)
    assert all(title in text for title, _, _ in result.tables())
    assert all(line in text for line in (*result.legend, *result.notes))


def test_every_column_is_explained_where_it_is_shown() -> None:
    result = standings(_played([1.0, -1.0, 1.0] * 10), resamples=20, unit="win")
    _, columns, _ = result.tables()[0]
    explained = {line.partition(":")[0] for line in result.legend}
    assert explained >= {column.split(" (")[0] for column in columns} - {"agent", "matches"}
    page = report.render(Results(_played([1.0, -1.0, 1.0] * 10)), replays=0)
    assert "Nobody better than anybody" in page


def test_names_in_tables_are_one_line_without_escapes() -> None:
    records = _played([1.0, -1.0], agents=("x\x1b[31m[/]\ny", "b"))
    text = "".join(cell for _, columns, rows in standings(records, resamples=20).tables() for line in (columns, *rows) for cell in line)
    assert "\x1b" not in text
    assert "\n" not in text
    assert "[/]" in text
