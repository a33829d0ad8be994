"""Games whose states hold a process open: whoever starts one releases it, on every way out."""

from __future__ import annotations

import pytest
from fixtures.games import Engine, Outside
from rascals import Batches, Slow

import agentarena as aa
from agentarena.adapters.solo import ArenaSolo
from agentarena.agents.random import RandomAgent
from agentarena.core.agent import Agent, View
from agentarena.core.errors import BudgetSpent, MatchOver
from agentarena.core.frames import frames
from agentarena.core.match import Match, RunConfig
from agentarena.core.record import Fixture
from agentarena.core.replay import replay
from agentarena.matches.api import play


@pytest.fixture(autouse=True)
def no_process_left():
    _stop_all()  # of tests that do not close their environments
    yield
    left = len(Engine.running)
    _stop_all()
    assert left == 0


def _stop_all():
    for engine in list(Engine.running):
        engine.stop()


class Fails(RandomAgent):
    """Raises in every seventh match."""

    def choose(self, view: View):
        if view.match % 7 == 0 and view.turn == 1:
            raise ZeroDivisionError
        return super().choose(view)


@pytest.mark.parametrize("concurrency", [1, 8])
def test_a_thousand_matches_some_of_them_forfeited_leave_no_process(concurrency):
    runs = play(Outside(), [Fails(), "random"], matches=500, concurrency=concurrency)
    assert len(runs) == 500
    assert sum(record.outcome == "forfeited" for record in runs.records) > 40


@pytest.mark.parametrize("kind", [RandomAgent, Batches, Slow])
def test_a_run_that_ends_early_leaves_no_process(kind, monkeypatch):
    monkeypatch.setattr("agentarena.agents.boundary.may_end_run", lambda agent: True)  # as of a language model

    class Spends(kind):
        def act(self, views):
            if any(view.match == 5 for view in views):
                raise BudgetSpent("nothing is left")
            return super().act(views)

    with pytest.raises(BudgetSpent):
        play(Outside(), [Spends(), "random"], matches=20, concurrency=4)


def test_an_interrupt_leaves_no_process():
    class Interrupts(Agent):
        def choose(self, view):
            raise KeyboardInterrupt

    for concurrency in (1, 4):
        with pytest.raises(KeyboardInterrupt):
            play(Outside(), [Interrupts(), "random"], matches=8, concurrency=concurrency)


def test_environments_release_on_reset_and_close():
    for make in (aa.make, aa.make_parallel):
        env = make(Outside())
        for _ in range(3):
            env.reset(seed=1)
            assert len(Engine.running) == 1
        env.close()
        env.close()
        assert not Engine.running
    solo = ArenaSolo(Outside())
    for _ in range(3):
        solo.reset(seed=1)
        solo.step(1)
        assert len(Engine.running) == 1
    solo.close()


def test_vectors_release_on_restart_and_close():
    many = aa.make_vec(Outside(), 3, opponents="random")
    many.reset(seed=0)
    for _ in range(20):
        many.step([0, 1, 1])
        assert len(Engine.running) == 3
    many.close()


def test_replays_release():
    (record,) = play(Outside(), ["random", "random"], matches=1).records
    assert replay(record) == record
    assert frames(record)[-1].note


def test_a_view_does_not_read_a_state_that_was_spent():
    with Match(RunConfig(Outside()), Fixture(0, 0, ())) as match:
        view = match.view(0)
        legal = view.legal
        late = match.view(0)
        match.act(0, 1)
        assert view.legal == legal
        with pytest.raises(MatchOver, match="keeps no past states"):
            _ = late.text


def test_legal_is_worked_out_once_a_decision():
    calls = []

    class Counted(Outside):
        def legal(self, state, seat):
            calls.append(seat)
            return super().legal(state, seat)

        def check(self, state, actions):
            """The engine says what is legal."""

    with Match(RunConfig(Counted()), Fixture(0, 0, ())) as match:
        while not match.over:
            (seat,) = match.pending()
            views = [match.view(seat), match.view(seat)]
            match.act(seat, views[0].legal[-1] if views[1].legal else 0)
        assert len(calls) == match.episode.steps
