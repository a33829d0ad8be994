"""`Results.to_frame`: one row a match and seat, with the figures of the records, the ledger and the table."""

from __future__ import annotations

import math
import pickle
import sys

import pytest

import agentarena as aa
from agentarena.core.agent import Agent, Reply, View
from agentarena.core.errors import MissingExtra
from agentarena.matches.results import Results


class Counts(Agent):
    """Plays the first legal move and reports two tokens a decision."""

    name = "counts"

    def choose(self, view: View) -> Reply:
        assert isinstance(view.legal, tuple)
        return Reply(f"<answer>{view.write(view.legal[0])}</answer>", usage={"tokens": 2})


@pytest.fixture(scope="module")
def results() -> Results:
    return aa.play("TicTacToe-v0", [Counts(), "random"], matches=12, seed=4, duplicate=True)


def test_one_row_a_match_and_seat(results: Results) -> None:
    frame = results.to_frame()
    assert len(frame) == 24
    assert list(frame.columns) == [
        *("env", "seed", "match", "deal", "seat", "agent", "role", "team", "return", "win_share", "outcome", "winner", "forfeit"),
        *("turns", "steps", "decisions", "seconds", "usage.tokens"),
    ]
    for row in frame.to_dict("records"):
        record = results.records[row["match"]]
        seat = record.seats[row["seat"]]
        assert (row["agent"], row["return"], row["deal"]) == (seat.agent, seat.return_, record.deal)
        assert (row["outcome"], row["turns"], row["steps"]) == (record.outcome, record.turns, record.steps)
        assert row["usage.tokens"] == (2 * row["decisions"] if row["agent"] == "counts" else 0)


def test_the_frame_gives_the_figures_of_the_table_and_the_ledger(results: Results) -> None:
    frame = results.to_frame()
    grouped = frame.groupby("agent")
    for row in results.table():
        assert grouped["win_share"].mean()[row["agent"]] == pytest.approx(row["win_share"])
        assert grouped["return"].mean()[row["agent"]] == pytest.approx(row["mean_return"])
        assert grouped["forfeit"].sum()[row["agent"]] == row["forfeits"]
        assert grouped["decisions"].sum()[row["agent"]] == results.ledger[row["agent"]].decisions
        assert grouped["seconds"].sum()[row["agent"]] == pytest.approx(results.ledger[row["agent"]].seconds)


def test_records_without_costs_and_no_records(results: Results) -> None:
    frame = Results(results.records).to_frame()
    assert math.isnan(frame["seconds"].iloc[0])
    assert "usage.tokens" not in frame
    assert Results([]).to_frame().empty


def test_without_pandas_the_error_says_what_to_install(results: Results, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingExtra, match=r"pandas is not installed.*pip install .*\[frames\]") as caught:
        results.to_frame()
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
