"""The player at the terminal, with scripted input."""

import io

import pytest

from agentarena.agents.human import Human
from agentarena.core.agent import View
from agentarena.core.errors import AgentFault
from agentarena.core.registry import game
from agentarena.core.rng import stream
from agentarena.core.text import REPLY

RULES = game("TicTacToe-v0").text.rules(1).replace(REPLY, "Type one move and press Enter.")


def asked(typed, memory=None):
    rules = game("TicTacToe-v0")
    state = rules.step(rules.start(stream(0)), {0: 4}, stream(0))
    sink = io.StringIO()
    view = View(rules, state, 1, news=rules.news(state), memory=memory)
    return Human(io.StringIO(typed), sink), view, sink


def test_a_typed_move_is_played():
    person, view, sink = asked("(0,0)\n")
    assert person.choose(view) == 0
    assert RULES in sink.getvalue()
    assert view.text in sink.getvalue()


def test_rules_are_shown_once_a_match():
    memory = {}
    person, view, _ = asked("(0,0)\n", memory)
    person.choose(view)
    person, view, sink = asked("(0,0)\n", memory)
    person.choose(view)
    assert RULES not in sink.getvalue()


def test_nonsense_and_taken_cells_are_asked_again():
    person, view, sink = asked("centre please\n(1,1)\n<answer>(2,2)</answer>\n")
    assert person.choose(view) == 8
    assert "not exactly one move" in sink.getvalue()
    assert f"(1,1) is not legal now. Legal: {', '.join(view.options.replies)}" in sink.getvalue()


def test_help_lists_the_legal_moves_and_rules_can_be_read_again():
    person, view, sink = asked("?\nrules\n(0,1)\n")
    assert person.choose(view) == 1
    assert "Legal: " + ", ".join(view.options.replies) in sink.getvalue()
    assert sink.getvalue().count(RULES) == 2


@pytest.mark.parametrize("typed", ["quit\n", "QUIT\n", ""])
def test_quitting_and_the_end_of_the_input_give_the_match_up(typed):
    person, view, _ = asked(typed)
    with pytest.raises(AgentFault, match="up"):
        person.choose(view)
