"""`Results.decisions`: how agents decided, and what they were at fault for."""

from __future__ import annotations

import math

import agentarena as aa
from agentarena.core.agent import Agent, Reply, View
from agentarena.core.errors import AgentFault
from agentarena.matches.results import Results


class Stumbles(Agent):
    """Every second question is answered wrongly at first; reports what it used."""

    name = "stumbles"

    def choose(self, view: View) -> Reply:
        assert isinstance(view.legal, tuple)
        text = "hm" if view.turn % 2 and not view.attempt else view.write(view.legal[0])
        return Reply(text, usage={"prompt_tokens": 10, "completion_tokens": 2, "cost": 0.25})


class Babbles(Agent):
    """Never names a move."""

    name = "babbles"

    def choose(self, view: View) -> Reply:
        return Reply("hm" if view.match % 3 else "")


class Resigns(Agent):
    name = "resigns"

    def choose(self, view: View) -> Reply:
        raise AgentFault("no more")


def test_replies_read_at_once_retries_tokens_and_cost_are_counted_by_agent() -> None:
    results = aa.play("TicTacToe-v0", [Stumbles(), "random"], matches=10, seed=1)
    row, other = results.decisions()
    attempts = [len(entry["attempts"]) for record in results.records for entry in record.replies]
    assert row["agent"] == "stumbles"
    assert row["replies"] == len(attempts)
    assert row["read_at_once"] == attempts.count(1) / len(attempts)
    assert row["retries"] == sum(attempts) - len(attempts) > 0
    assert (row["prompt_tokens"], row["completion_tokens"]) == (10 * sum(attempts), 2 * sum(attempts))
    assert row["cost_usd"] == 0.25 * sum(attempts)
    assert row["seconds_per_decision"] > 0
    assert (row["forfeits"], row["faults"]) == (0, [])
    assert other["replies"] == 0
    assert math.isnan(other["read_at_once"])
    assert math.isnan(other["cost_usd"])


def test_faults_are_listed_by_kind_with_the_commonest_reason() -> None:
    results = aa.play("TicTacToe-v0", [Babbles(), "random"], matches=9, seed=1)
    row = next(row for row in results.decisions() if row["agent"] == "babbles")
    assert row["forfeits"] == 9
    assert [(fault["kind"], fault["then"], fault["count"]) for fault in row["faults"]] == [
        ("unreadable", "forfeit", 6),
        ("empty", "forfeit", 3),
    ]
    assert "hm" in row["faults"][0]["example"]


def test_what_an_agent_gave_up_itself_is_a_fault_with_its_words() -> None:
    row = aa.play("TicTacToe-v0", [Resigns(), "random"], matches=4).decisions()[0]
    assert row["faults"] == [{"kind": "resigned", "then": "forfeit", "count": 4, "example": "no more"}]


def test_moves_in_place_of_unreadable_replies_are_no_forfeits() -> None:
    rows = aa.play("TicTacToe-v0", [Babbles(), "random"], matches=2, on_unreadable=aa.OnUnreadable(retries=0, then="random")).decisions()
    row = next(row for row in rows if row["agent"] == "babbles")
    assert row["forfeits"] == 0
    assert {fault["then"] for fault in row["faults"]} == {"random"}


def test_two_of_one_name_have_two_rows_and_no_records_none() -> None:
    assert [row["agent"] for row in aa.play("TicTacToe-v0", ["random", "random"], matches=2).decisions()] == ["random", "random #2"]
    assert Results([]).decisions() == []
