"""Cicero-like, ReCon-style and SLA-style agents: what they ask, who decides, what is said; on the back-ends of tests."""

from __future__ import annotations

import numpy as np
import pytest
from fake_server import FakeServer, Say
from test_llm_agent import Scripted, legal, played

from agentarena.agents.llm.agent import LanguageAgent
from agentarena.agents.llm.strategies import STRATEGIES, default_n
from agentarena.agents.llm.strategies.base import EXCERPT
from agentarena.agents.llm.strategies.choosing import deductions
from agentarena.agents.random import RandomAgent
from agentarena.core.agent import Agent, HasPolicy
from agentarena.core.errors import BadOption
from agentarena.core.match import OnUnreadable
from agentarena.core.registry import game
from agentarena.envs.werewolf.text.intents import SPEECH_ACTS, intent, speech_act
from agentarena.matches.api import play

ACTS = "agentarena.envs.werewolf.text.intents:intent"


def last(request) -> str:
    return request.messages[-1]["content"]


def werewolf(says, matches=4, **settings):
    engine = Scripted(says)
    results = play("Werewolf-v0", [LanguageAgent.of(engine, name="scripted", **settings)], preset="lspo4", matches=matches, seed=3)
    return engine, results


# --- ReCon ----------------------------------------------------------------------------------------------------------------


def test_recon_thinks_for_itself_then_for_the_others_then_moves():
    def says(request):
        if "final move" in last(request):
            return legal(request)
        return "they will wonder" if "Second perspective" in last(request) else "x" * (EXCERPT + 500)

    engine, results = played(says, strategy="recon")
    first, second, third = (last(request) for request in engine.requests[:3])
    assert "First perspective" in first
    assert "Second perspective" in second
    assert "they will wonder" in third
    assert second.count("x") < EXCERPT + 100, "what a prompt quotes is bounded"
    attempt = results.records[0].replies[0]["attempts"][0]
    assert attempt["outcome"] == "read"
    assert attempt["thinking"].endswith("they will wonder")
    assert not any("Second perspective" in message["content"] for message in engine.requests[3].messages), "the chat keeps moves alone"


# --- SLA ------------------------------------------------------------------------------------------------------------------


def test_deductions_are_lines_of_role_and_confidence_the_surest_first():
    text = "Well.\nAnn: seer, confidence 5 - she said so\n- Bob: werewolf, confidence: 10\nCy: nobody, confidence 11"
    assert deductions(text) == "Bob: werewolf, confidence 10\nAnn: seer, confidence 5 - she said so"
    assert deductions(" no idea ") == "no idea"
    assert len(deductions("word " * 2000)) < EXCERPT + 10


@pytest.mark.parametrize("n", [None, 2])
def test_sla_lists_what_was_proposed_and_a_policy_chooses(n):
    moves = iter(["(0,1)", "(1,1)", "(0,2)"][: n or 3] * 9)
    settings = {} if n is None else {"n": n}
    engine, results = played(
        lambda request: "You: careful, confidence 7" if "deduce" in last(request) else next(moves),
        strategy="sla",
        policy="tictactoe/tactical",
        **settings,
    )
    assert default_n("sla") == 3
    prompts = [last(request) for request in engine.requests[: 1 + (n or 3)]]
    assert "already proposed" not in prompts[1]
    assert "1. (0,1)" in prompts[2]
    assert all("You: careful, confidence 7" in one for one in prompts[1:])
    assert list(results.records[0].actions[0]) == [(0, 4)], "the policy likes the centre"
    assert results.records[0].replies[0]["attempts"][0]["thinking"] == "You: careful, confidence 7"


class Prefers(Agent, HasPolicy):
    """Gives the last legal action nearly everything."""

    def policy(self, view):
        return {action: 1.0 if action == view.legal[-1] else 0.0 for action in view.legal}


def test_sla_takes_the_likeliest_candidate_of_a_policy_with_probabilities():
    moves = iter(["(0,0)", "(2,2)", "(1,1)"] * 9)
    _, results = played(lambda request: "?" if "deduce" in last(request) else next(moves), strategy="sla", policy=Prefers())
    assert list(results.records[0].actions[0]) == [(0, 8)]


# --- Cicero ---------------------------------------------------------------------------------------------------------------


def test_cicero_moves_as_its_policy_and_says_what_the_model_words():
    engine, results = werewolf(lambda request: "<say>Hear me out.</say>", strategy="cicero", policy="werewolf/scripted", acts=ACTS)
    same = play("Werewolf-v0", ["werewolf/scripted"], preset="lspo4", matches=4, seed=3)
    for words, bare in zip(results.records, same.records, strict=True):
        assert not words.faults
        assert words.winner == bare.winner
    spoken = [one["attempts"][0]["text"] for record in results.records for one in record.replies if "<say>" in str(one)]
    assert len(spoken) == len(engine.requests), "the model is asked where words can be said, and nowhere else"
    assert all(text.startswith("<say>Hear me out.</say><answer>") for text in spoken)
    assert all("You have decided: " in last(request) for request in engine.requests)


@pytest.mark.parametrize("words", ["", "<say></say>", "just words", "<say>a</say><say>b</say>", "<answer>claim seer</answer>", "w" * 5000])
def test_cicero_plays_its_move_whatever_the_model_says(words):
    _, results = werewolf(lambda request: words, strategy="cicero", policy="werewolf/scripted")
    same = play("Werewolf-v0", ["werewolf/scripted"], preset="lspo4", matches=4, seed=3)
    assert [record.winner for record in results.records] == [record.winner for record in same.records]
    assert not any(record.faults for record in results.records)


def test_cicero_in_a_game_without_words_is_its_policy():
    engine, results = played(strategy="cicero", policy="tictactoe/tactical")
    assert not engine.requests
    assert list(results.records[0].actions[0]) == [(0, 4)]


def test_the_speech_acts_are_thirteen_and_each_is_said():
    assert len(SPEECH_ACTS) == 13
    rules = game("Werewolf-v0", preset="lspo7")
    seen, rng = set(), np.random.default_rng(0)

    class Notes(RandomAgent):
        def choose(self, view):
            parts = rules.layout.parts(view.observation)
            for action in view.legal:
                words = intent(view, action)
                assert (words is None) == (action < rules.players + 7)
                if words is not None:
                    act = rules.space_of(int(parts["role"].argmax())).act(action - rules.players - 7)
                    seen.add(speech_act(act, parts))
            return int(rng.choice(view.legal))

    play(rules, [Notes()], matches=20, seed=1)
    assert seen == set(SPEECH_ACTS)


# --- all of them ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["cicero", "sla"])
def test_who_decides_must_be_named_and_answer_at_once(name):
    with pytest.raises(BadOption, match=f"strategy={name} needs policy"):
        LanguageAgent.of(Scripted(legal), strategy=name)
    with pytest.raises(BadOption, match="in its own time"):
        LanguageAgent.of(Scripted(legal), strategy=name, policy=LanguageAgent(Scripted(legal), name="other"))
    with pytest.raises(BadOption, match="expected a function of a view and a move"):
        LanguageAgent.of(Scripted(legal), strategy="cicero", policy="random", acts="math:pi")


@pytest.mark.parametrize("query", ["recon", "sla&policy=werewolf%2Fbayes", f"cicero&policy=werewolf%2Fbayes&acts={ACTS}"])
def test_they_play_through_a_server_from_a_spec_string(query):
    with FakeServer(lambda number, body: Say("I trust you all.")) as server:
        spec = f"openai:m?base_url={server.url}&memory=state&strategy={query}"
        results = play(
            "Werewolf-v0", [spec, "werewolf/bayes"], preset="lspo4", matches=2, seed=1, on_unreadable=OnUnreadable(retries=0, then="random")
        )
    assert len(results) == 2
    assert query.partition("&")[0] in STRATEGIES
