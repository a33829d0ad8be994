"""The household's players, and the prompts for language models."""

from __future__ import annotations

import pytest

import agentarena as aa
from agentarena.core.errors import BadOption, NotSupported
from agentarena.envs.text_prompts import PROMPTS, chat_prompt, react_prompt, read_verl, steps_of, verl_prompt


@pytest.mark.parametrize("split", ["valid_seen", "valid_unseen"])
def test_the_players_stand_as_they_should(split: str) -> None:
    """The expert does every task, the searcher nearly every one, the rule most, random play next to none."""
    done = {}
    for name, options in (("household/expert", {"hints": True}), ("household/searcher", {}), ("household/rule", {}), ("random", {})):
        returns = [record.returns[0] for record in aa.play("Household-v0", [name], matches=40, seed=1, split=split, **options).records]
        done[name] = sum(returns) / len(returns)
    assert done["household/expert"] == 1.0
    assert done["household/searcher"] >= 0.95
    assert 0.8 <= done["household/rule"] <= done["household/searcher"]
    assert done["random"] <= 0.1


@pytest.mark.parametrize("profile", ["0.3", "0.4"])
def test_the_searcher_knows_both_wordings(profile: str) -> None:
    records = aa.play("Household-v0", ["household/searcher"], matches=10, seed=2, profile=profile, admissible=False).records
    assert sum(record.returns[0] for record in records) >= 9
    assert all(record.options["profile"] == profile for record in records), "the wording stands in every record"


def test_the_expert_needs_hints() -> None:
    with pytest.raises(NotSupported, match="hints=True"):
        aa.play("Household-v0", ["household/expert"], matches=1)
    with pytest.raises(BadOption, match="order"):
        aa.agent("household/searcher?order=best")


# --- prompts ----------------------------------------------------------------------------------------------------------------------

TASK = "Your task is to: put a mug in desk."
SEEN = ["You are in the middle of a room.", "You arrive at desk 1.", "You arrive at shelf 1."]
HISTORY = steps_of([*SEEN, "You arrive at bed 1."], ["go to desk 1", "go to shelf 1", "go to bed 1"])


def test_one_message_a_step_shows_the_last_steps_and_the_list() -> None:
    (message,) = verl_prompt(TASK, HISTORY, "You arrive at bed 1.", ["go to desk 1", "help", "look"])
    text = message["content"]
    assert "[Observation 2: 'You arrive at desk 1.', Action 2: 'go to shelf 1']" in text
    assert "[Observation 1:" not in text
    assert "'go to desk 1'\n 'look'" in text
    assert "help" not in text
    assert "taken 3 step(s)" in text
    (first,) = verl_prompt(TASK, [], SEEN[0], ["look"])
    assert "Observation 1" not in first["content"]


def test_a_transcript_grows_by_a_line() -> None:
    (message,) = react_prompt(TASK, HISTORY, "You arrive at bed 1.", examples=["> look\nnothing"])
    assert message["content"].endswith("You arrive at bed 1.\n>")
    assert message["content"].count("> go to") == 3


def test_a_chat_has_a_turn_for_each_step_and_is_bounded() -> None:
    messages = chat_prompt(TASK, HISTORY * 20, "You arrive at bed 1.", most_steps=16)
    assert [message["role"] for message in messages[:3]] == ["system", "user", "assistant"]
    assert len(messages) == 1 + 2 * 16 + 1


@pytest.mark.parametrize("form", PROMPTS)
def test_prompts_are_pure(form: str) -> None:
    build, _ = PROMPTS[form]
    history = list(HISTORY)
    assert build(TASK, history, SEEN[0], ["look"]) == build(TASK, history, SEEN[0], ["look"])
    assert history == HISTORY


def test_a_reply_without_an_action_sends_its_end() -> None:
    assert read_verl("x" * 100) == ("x" * 30, False)
    assert read_verl("<think>a</think><action>One</action><action>two</action>") == ("one", True)
    assert read_verl("<think>去</think><action>look</action>") == ("look", False)
