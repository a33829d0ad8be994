"""Agents that cannot go on end the run, wherever they live, and what is finished is kept."""

from __future__ import annotations

import pytest

from agentarena.core.agent import Agent, Reply
from agentarena.core.errors import AgentRaised, BudgetSpent, RunEnds
from agentarena.matches.api import play
from agentarena.matches.results import Results

HERE = __file__


class Tires(Agent):
    """Plays at random and has had enough in match 5."""

    def choose(self, view):
        if view.match == 5:
            raise BudgetSpent("had enough")
        return view.sample()


class TiresInBatches(Tires):
    def act(self, views):
        return [self.choose(view) for view in views]


class TiresInThreads(TiresInBatches):
    asynchronous = 1


@pytest.mark.parametrize("name", ["Tires", "TiresInBatches", "TiresInThreads"])
@pytest.mark.parametrize("apart", [{}, {"isolate": True}, {"workers": 1}], ids=str)
def test_the_run_ends_and_goes_on_later(name, apart, tmp_path):
    path = tmp_path / "runs.jsonl"
    with pytest.raises(BudgetSpent, match=r"^had enough\. \d of 9 matches are finished and kept in .*; the same call goes on") as caught:
        play("TicTacToe-v0", [f"{HERE}:{name}", "random"], matches=9, out=path, concurrency=1, **apart)
    kept = Results.load(path)
    assert [record.match for record in kept.records] == [0, 1, 2, 3, 4]
    assert caught.value.results.records == kept.records
    assert not [record for record in kept.records if record.faults]
    with pytest.raises(BudgetSpent, match="5 of 9"):
        play("TicTacToe-v0", [f"{HERE}:{name}", "random"], matches=9, out=path, concurrency=1)


def test_without_a_file_the_error_has_the_results():
    with pytest.raises(RunEnds, match="kept in its `results`") as caught:
        play("TicTacToe-v0", [Tires(), "random"], matches=9)
    assert len(caught.value.results) == 5


def test_what_a_fault_used_is_paid():
    class Pays(Agent):
        def choose(self, view):
            fault = AgentRaised("broken")
            fault.usage = {"prompt_tokens": 7}
            raise fault

    results = play("TicTacToe-v0", [Pays(), "random"], matches=2)
    assert next(iter(results.ledger.values())).usage == {"prompt_tokens": 14}


@pytest.mark.parametrize(("finish", "outcome"), [("length", "truncated"), ("refusal", "refused"), ("nonsense", "nonsense")])
def test_how_a_reply_ended_names_what_went_wrong(finish, outcome):
    class Ends(Agent):
        def choose(self, view):
            return Reply("well", finish=finish)

    results = play("TicTacToe-v0", [Ends(), "random"], matches=1)
    assert [fault["kind"] for fault in results.records[0].faults] == [outcome]


def test_how_a_readable_reply_ended_does_not_matter():
    class Ends(Agent):
        def choose(self, view):
            return Reply(view.write(view.choices[0]), finish="length")

    results = play("TicTacToe-v0", [Ends(), "random"], matches=2)
    assert not [record for record in results.records if record.faults]
