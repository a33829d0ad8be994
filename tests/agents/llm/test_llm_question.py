"""Every question of a language agent is answered, and once, whatever strategies and engines do."""

from __future__ import annotations

import logging
import threading

import pytest
from test_llm_agent import Scripted, legal

from agentarena.agents.llm.agent import LanguageAgent
from agentarena.agents.llm.engine import Completion
from agentarena.core import faults as core_faults
from agentarena.core.errors import AgentRaised, BadOption, MissingExtra, ServiceGone
from agentarena.matches.api import play


def played(strategy="direct", says=legal, engine=None, matches=2, **settings):
    model = LanguageAgent.of(engine or Scripted(says), name="scripted", strategy=strategy, **settings)
    outcome: list = []

    def run():
        try:
            outcome.append(play("TicTacToe-v0", [model, "random"], matches=matches, rotate=False, seed=3))
        except Exception as error:
            outcome.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(60)
    assert outcome, "a question was never answered"
    if isinstance(outcome[0], Exception):
        raise outcome[0]
    return outcome[0]


def faults(results):
    return [(fault["kind"], fault["reason"]) for record in results.records for fault in record.faults]


def raises(view, prompt):
    yield [prompt.ask()]
    raise ZeroDivisionError("oops")


def leaves(view, prompt):
    yield [prompt.ask()]
    raise SystemExit(3)


def asks_nothing(view, prompt):
    yield []


def asks_nonsense(view, prompt):
    yield ["a request"]


def yields_a_number(view, prompt):
    yield 5


def no_generator(view, prompt):
    return 4


@pytest.mark.parametrize(
    ("strategy", "reason"),
    [
        (raises, "ZeroDivisionError: oops"),
        (leaves, "SystemExit: 3"),
        (asks_nothing, "must yield a list of requests"),
        (asks_nonsense, "must yield a list of requests"),
        (yields_a_number, "TypeError"),
        (no_generator, "TypeError"),
    ],
)
def test_a_strategy_that_misbehaves_costs_its_matches_and_never_hangs(strategy, reason):
    found = faults(played(strategy))
    assert len(found) == 2
    assert all(reason in one for _, one in found)


def test_a_strategys_exception_is_logged_once_with_its_traceback(caplog, monkeypatch):
    monkeypatch.setattr(core_faults, "_logged", set())
    with caplog.at_level(logging.WARNING):
        played(raises, matches=3)
    logged = [record for record in caplog.records if "scripted failed in match" in record.getMessage()]
    assert len(logged) == 1
    assert "ZeroDivisionError: oops" in logged[0].getMessage()
    assert "in raises" in logged[0].getMessage()


class Raising(Scripted):
    def submit(self, request, done):
        raise OSError("no engine")


class Twice(Scripted):
    def submit(self, request, done):
        super().submit(request, done)
        super().submit(request, done)
        done(AgentRaised("too late"))


@pytest.mark.parametrize("said", [None, "words", 5])
def test_an_engine_that_answers_with_nonsense_costs_its_matches(said):
    class Nonsense(Scripted):
        def submit(self, request, done):
            done(said)

    assert [kind for kind, _ in faults(played(engine=Nonsense(legal)))] == ["nonsense"] * 2


def test_an_engine_that_raises_or_answers_twice():
    assert all("no engine" in reason for _, reason in faults(played(engine=Raising(legal))))
    assert not faults(played(engine=Twice(legal)))


def test_a_completion_with_numbers_that_are_none_never_hangs():
    assert len(faults(played(says=lambda request: Completion(legal(request), prompt_tokens="many")))) == 2  # type: ignore[arg-type]


@pytest.mark.parametrize("error", [MissingExtra("llguidance", "llm"), BadOption("no adapter can be loaded from 'x'")])
def test_what_is_wrong_with_an_engine_in_every_match_ends_the_run(error):
    with pytest.raises(ServiceGone, match=str(error)[:20]):
        played(says=lambda request: error)


def test_a_model_that_cannot_be_used_any_more_ends_the_run(monkeypatch):
    """Errors of a GPU stay: every later step fails as well."""
    pytest.importorskip("torch")
    from small_model import engine

    backend = engine()
    answered = play("TicTacToe-v0", [LanguageAgent.of(backend, name="m", max_tokens=4, release=lambda: None), "random"], matches=1)
    assert len(answered) == 1

    def broken(*args, **kwargs):
        raise RuntimeError("CUDA error: device-side assert triggered")

    monkeypatch.setattr(backend._model, "forward", broken)  # the model is shared with other tests
    with pytest.raises(ServiceGone, match="device-side assert"):
        play("TicTacToe-v0", [LanguageAgent.of(backend, name="m", max_tokens=4, release=lambda: None), "random"], matches=3)
    backend.close()
