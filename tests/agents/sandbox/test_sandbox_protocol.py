"""Messages: what an agent is shown, what it may answer, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from agentarena.agents.sandbox import protocol
from agentarena.core import registry
from agentarena.core.actions import Box, Product, Spoken, Text, contains, encode, sample
from agentarena.core.agent import View
from agentarena.core.episode import Episode
from agentarena.core.errors import AgentNonsense, AgentRaised
from agentarena.core.reply import Reply
from agentarena.core.rng import CHANCE, stream


def _view(env: str = "TicTacToe-v0", seed: int = 5, **more: Any) -> View:
    rng = stream(seed, CHANCE, 0)
    episode = Episode(registry.game(env), rng)
    return View(episode.game, episode.state, episode.to_move[0], seed=987654321, match=41, **more)


def _answer(**fields: Any) -> bytes:
    return json.dumps({"id": 3, **fields}).encode()


ASKED = protocol.question(_view())


def test_the_start_says_what_is_played_and_nothing_of_the_match() -> None:
    message = json.loads(protocol.start(_view()))
    assert set(message) == {"type", "protocol", "environment", "options", "seat", "seats", "rules"}
    assert (message["environment"], message["seat"], message["seats"], message["options"]) == ("TicTacToe-v0", 0, 2, {"draw": 0.0})


def test_no_message_hints_at_the_match_or_its_seed() -> None:
    """Two matches of other numbers and seeds, alike in what is seen, give the same lines."""
    view = _view()
    other = View(view.game, view._state, 0, seed=1, match=2)
    assert protocol.start(view) == protocol.start(other)
    assert protocol.question(view).line(0, None, 5.0) == protocol.question(other).line(0, None, 5.0)


def test_a_question_lists_actions_and_how_they_are_written() -> None:
    line = ASKED.line(3, {"plan": 1}, 5.0)
    message = json.loads(line)
    assert line.endswith(b"}\n")
    assert line.count(b"\n") == 1
    assert message["type"], message["id"] == ("question", 3)
    assert message["actions"] == list(range(9))
    assert message["legal"][4] == "(1,1)"
    assert np.shape(message["observation"]) == (3, 3, 2)
    assert (message["memory"], message["time_s"], message["news"]) == ({"plan": 1}, 5.0, [])
    assert "retry_reason" not in message


def test_a_question_that_is_asked_again_says_why() -> None:
    view = _view(attempt=1, retry_reason="Your last reply was not accepted.")
    assert json.loads(protocol.question(view).line(0, None, 5.0))["retry_reason"] == "Your last reply was not accepted."


@pytest.mark.parametrize("env", registry.env_ids())
def test_every_game_can_be_asked_and_answered_in_json(env: str) -> None:
    """A legal action that goes out as JSON and comes back is the same action."""
    view = _view(env)
    asked = protocol.question(view)
    json.loads(protocol.start(view))
    message = json.loads(asked.line(0, None, 1.0))
    if isinstance(asked.legal, tuple):
        assert len(message["legal"]) == len(message["actions"]) == len(asked.legal)
    action = sample(asked.legal, np.random.default_rng(2))
    data = encode(asked.legal, action)
    decision, _ = protocol.read_answer(json.dumps({"id": 0, "action": data}).encode(), 0, asked)
    assert contains(asked.legal, decision)
    assert encode(asked.legal, decision) == data


def test_answers() -> None:
    assert protocol.read_answer(_answer(reply="<answer>(1,1)</answer>"), 3, ASKED) == (Reply("<answer>(1,1)</answer>"), None)
    assert protocol.read_answer(_answer(reply="(1,1)", thought="the centre"), 3, ASKED)[0] == Reply("(1,1)", thinking="the centre")
    assert protocol.read_answer(_answer(action=4, memory=[1]), 3, ASKED) == (4, [1])
    assert protocol.read_answer(_answer(action=4, thought="the centre"), 3, ASKED)[0] == Reply("(1,1)", thinking="the centre")
    assert protocol.read_answer(_answer(action=99, thought="none such"), 3, ASKED)[0] == 99


def test_actions_of_every_kind_come_back_in_the_types_of_games() -> None:
    named = Product({"rate": Box(0, 1), "pair": Product([(0, 1), Text(5)])})
    action = protocol.to_action(named, {"rate": 0.5, "pair": [1, "hi"]})
    assert contains(named, action)
    assert action["pair"] == (1, "hi")
    spoken = protocol.to_action((0, 4), {"action": 4, "words": "mine", "notes": {"sure": 0.9}})
    assert isinstance(spoken, Spoken)
    assert (spoken, spoken.words, spoken.notes) == (4, "mine", {"sure": 0.9})


@pytest.mark.parametrize(
    ("legal", "data"),
    [
        ((0, 1), True),
        ((0, 1), 1.0),
        ((0, 1), "1"),
        ((0, 1), None),
        ((0, 1), {"action": "1"}),
        ((0, 1), {"action": 1, "words": 5}),
        ((0, 1), {"action": 1, "more": 2}),
        (Box(-1, 1, (2,)), [0.5]),
        (Box(-1, 1, (2,)), [0.5, [0.5]]),
        (Box(-1, 1, (2,)), [True, False]),
        (Box(-1, 1, (2,)), ["0", "1"]),
        (Box(-1, 1, (2,)), [10**70, 0]),
        (Product([(0, 1), (0, 1)]), [0]),
        (Product([(0, 1), (0, 1)]), {"0": 1}),
        (Product({"a": (0, 1)}), {"a": 0, "b": 1}),
        (Text(3), "long words"),
    ],
)
def test_what_is_no_action_is_left_to_be_refused(legal: Any, data: Any) -> None:
    assert not contains(legal, protocol.to_action(legal, data))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"", "no JSON"),
        (b"hello", "no JSON"),
        (b"[1, 2]", "expected a JSON object"),
        (b'{"id": 3, "reply": "\xff"}', "no JSON"),
        (b'{"id": 3, "reply": "\\ud800"}', "no JSON"),
        (b'{"id": 3, "action": NaN}', "NaN"),
        (b'{"id": 3, "action": 1e999}', "not finite"),
        (b'{"id": 3, "action": ' + b"9" * 3000 + b"}", "3000 digits"),
        (b'{"id": 3, "id": 3, "action": 1}', "stands twice"),
        (b'{"id": 3, "memory": ' + b"[" * 25 + b"]" * 25 + b', "action": 1}', "nested deeper"),
        (b'{"id": 3, "memory": ' + b"[" * 90_000 + b"]" * 90_000 + b"}", "nested too deep"),
        (_answer(), 'either "reply" or "action"'),
        (_answer(reply="a", action=1), 'either "reply" or "action"'),
        (_answer(reply=7), '"reply" is 7'),
        (_answer(reply="a", thought=7), '"thought" is 7'),
        (_answer(action=1, winner=0), "'winner'"),
        (_answer(action=1, memory="x" * 200_000), '"memory"'),
        (b'{"id": 4, "action": 1}', "answered the question 4"),
        (b'{"id": true, "action": 1}', "answered the question True"),
        (b'{"id": 3.0, "action": 1}', "answered the question 3.0"),
        (b'{"action": 1}', "answered the question None"),
    ],
)
def test_what_is_no_answer_is_nonsense(line: bytes, words: str) -> None:
    with pytest.raises(AgentNonsense) as caught:
        protocol.read_answer(line, 3, ASKED)
    assert words in str(caught.value)
    assert len(str(caught.value)) < 1000


def test_an_agent_may_say_that_it_failed() -> None:
    with pytest.raises(AgentRaised, match="no move"):
        protocol.read_answer(_answer(error="no move"), 3, ASKED)
    with pytest.raises(AgentRaised, match="no model"):
        protocol.read_ready(b'{"error": "no model"}')


@pytest.mark.parametrize("line", [b"{}", b'{"type": "go"}', b'{"type": "ready", "protocol": 2}', b'{"type": "ready", "id": 0}', b"ready"])
def test_ready_is_said_in_one_way(line: bytes) -> None:
    protocol.read_ready(b'{"type": "ready"}')
    protocol.read_ready(b'{"type": "ready", "protocol": 1}\r')
    with pytest.raises(AgentNonsense):
        protocol.read_ready(line)


def test_sets_of_actions_are_described() -> None:
    numbers = Box(-1, [1, 2], (2,))
    assert protocol.described(numbers) == {"kind": "numbers", "shape": [2], "low": [-1.0, -1.0], "high": [1.0, 2.0]}
    assert protocol.described(Text(9, ["look"])) == {"kind": "words", "max_chars": 9, "suggestions": ["look"]}
    slots = Product([(0, 1), (0, 1)], allowed=lambda action: action[0] != action[1], reason="two slots may not do the same")
    assert protocol.described(slots) == {
        "kind": "parts",
        "parts": [{"kind": "listed", "actions": [0, 1]}] * 2,
        "constraint": "two slots may not do the same",
        "allowed": [[0, 1], [1, 0]],
    }
