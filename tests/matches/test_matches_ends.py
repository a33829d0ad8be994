"""Back-ends that cannot go on end the run, wherever they live, and what is finished is kept; no other agent can."""

from __future__ import annotations

import asyncio

import pytest

from agentarena.adapters.solo import ArenaSolo
from agentarena.agents import boundary
from agentarena.agents.llm.agent import LanguageAgent
from agentarena.core.agent import Agent, Reply
from agentarena.core.errors import AgentRaised, BudgetSpent, RunEnds, ServiceGone
from agentarena.core.record import Fixture
from agentarena.core.registry import game
from agentarena.matches.api import play
from agentarena.matches.results import Results

HERE = __file__


class Tires(LanguageAgent):
    """A language model whose back-end has had enough in match 5; plays at random before."""

    def __init__(self):
        self.name = "tires"

    version = "1"

    def cannot_play(self, game):
        return None

    def submit(self, views, answer):
        for index, view in enumerate(views):
            answer(index, BudgetSpent("had enough") if view.match == 5 else view.sample())

    def close(self):
        pass


class Quits(Agent):
    """A stranger's agent that would end the run in match 5; plays at random before."""

    def choose(self, view):
        if view.match == 5:
            raise ServiceGone("I want to go home")
        return view.sample()


class QuitsInBatches(Quits):
    def act(self, views):
        return [self.choose(view) for view in views]


class QuitsInThreads(QuitsInBatches):
    asynchronous = 1


class QuitsByReturning(Agent):
    def choose(self, view):
        return RunEnds("enough") if view.match == 5 else view.sample()


class QuitsLater(Agent):
    def submit(self, views, answer):
        for index, view in enumerate(views):
            answer(index, BudgetSpent("enough") if view.match == 5 else view.sample())


class QuitsOnSubmit(Agent):
    def submit(self, views, answer):
        if any(view.match == 5 for view in views):
            raise RunEnds("enough")
        for index, view in enumerate(views):
            answer(index, view.sample())


STRANGERS = [Quits, QuitsInBatches, QuitsInThreads, QuitsByReturning, QuitsLater, QuitsOnSubmit]


@pytest.mark.parametrize(
    ("agent", "apart"),
    [(f"{HERE}:Tires", {}), (f"{HERE}:Tires", {"workers": 1}), (Tires(), {"isolate": True})],
    ids=["here", "in workers", "in a process of its own"],
)
def test_a_back_end_ends_the_run_which_goes_on_later(agent, apart, tmp_path):
    path = tmp_path / "runs.jsonl"
    with pytest.raises(BudgetSpent, match=r"^had enough\. \d of 9 matches are finished and kept in .*; the same call goes on") as caught:
        play("TicTacToe-v0", [agent, "random"], matches=9, out=path, concurrency=1, **apart)
    kept = Results.load(path)
    assert [record.match for record in kept.records] == [0, 1, 2, 3, 4]
    assert caught.value.results.records == kept.records
    assert not [record for record in kept.records if record.faults]
    with pytest.raises(BudgetSpent, match="5 of 9"):
        play("TicTacToe-v0", [agent, "random"], matches=9, out=path, concurrency=1)


def test_without_a_file_the_error_has_the_results():
    with pytest.raises(RunEnds, match="kept in its `results`") as caught:
        play("TicTacToe-v0", [Tires(), "random"], matches=9, concurrency=1)
    assert len(caught.value.results) == 5


@pytest.mark.parametrize("stranger", STRANGERS, ids=lambda cls: cls.__name__)
@pytest.mark.parametrize("concurrency", [1, 4])
def test_a_strangers_agent_cannot_end_the_run(stranger, concurrency):
    results = play("TicTacToe-v0", [stranger(), "random"], matches=9, concurrency=concurrency)
    faults = {record.match: fault["kind"] for record in results.records for fault in record.faults}
    if stranger is QuitsOnSubmit and concurrency > 1:  # it drops all questions of that moment
        assert faults[5] == "raised" == "".join(set(faults.values()))
    else:
        assert faults == {5: "raised"}


@pytest.mark.parametrize("apart", [{"isolate": True}, {"workers": 1}], ids=str)
@pytest.mark.parametrize("name", ["Quits", "QuitsLater", "QuitsByReturning"])
def test_a_strangers_agent_cannot_end_the_run_from_another_process(name, apart):
    results = play("TicTacToe-v0", [f"{HERE}:{name}", "random"], matches=7, **apart)
    assert [(record.match, fault["kind"]) for record in results.records for fault in record.faults] == [(5, "raised")]


def test_a_file_cannot_end_the_run_from_a_process_of_its_own_by_calling_itself_a_language_model():
    """What may end a run is known to the parent: a file is a stranger's, whatever its class derives from."""
    results = play("TicTacToe-v0", [f"{HERE}:Tires", "random"], matches=7, isolate=True)
    assert [(record.match, fault["kind"]) for record in results.records for fault in record.faults] == [(5, "raised")]


@pytest.mark.parametrize("agent", [Quits(), QuitsLater(), QuitsOnSubmit()], ids=lambda agent: type(agent).__name__)
def test_a_stranger_as_opponent_cannot_end_an_environment(agent):
    env = ArenaSolo(game("TicTacToe-v0"), opponents=[agent], seat=0)
    env.reset(seed=0)
    env.match.fixture = Fixture(5, 5, ())
    *_, terminated, _, _ = env.step(0)
    assert terminated
    assert list(env.match.failed) == [1]
    env.close()


def test_a_back_end_as_opponent_ends_an_environment():
    env = ArenaSolo(game("TicTacToe-v0"), opponents=[Tires()], seat=0)
    env.reset(seed=0)
    env.match.fixture = Fixture(5, 5, ())
    with pytest.raises(BudgetSpent):
        env.step(0)
    env.close()


def test_an_installed_package_may_end_the_run(monkeypatch):
    monkeypatch.setattr(boundary, "entry_point_names", lambda group: {"ours": f"{__name__}:Quits"})
    with pytest.raises(ServiceGone):
        play("TicTacToe-v0", [Quits(), "random"], matches=9)


@pytest.mark.parametrize("error", [SystemExit, GeneratorExit, asyncio.CancelledError, KeyboardInterrupt], ids=lambda cls: cls.__name__)
def test_no_exception_of_an_agents_thread_ends_the_run(error):
    class Throws(Agent):
        asynchronous = 1

        def choose(self, view):
            raise error("out")

    results = play("TicTacToe-v0", [Throws(), "random"], matches=2)
    assert [fault["kind"] for record in results.records for fault in record.faults] == ["raised", "raised"]


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
