"""A run in which an agent forfeits most of its matches says so, with the commonest reason."""

from __future__ import annotations

import logging

from agentarena.core.agent import Agent, Reply
from agentarena.matches.api import play


class Raises(Agent):
    """Raises in some matches, and answers with a wrong word in others."""

    name = "raises"

    def __init__(self, raising: int = 10, wrong: int = 0) -> None:
        self._raising, self._wrong = raising, wrong

    def choose(self, view):
        if view.match < self._raising:
            raise ConnectionError("no\x1b[31m route")
        return Reply("nowhere") if view.match < self._raising + self._wrong else view.choices[0]


def test_most_matches_forfeited_are_said_with_the_commonest_reason(caplog):
    with caplog.at_level(logging.WARNING, logger="agentarena.matches.api"):
        results = play("TicTacToe-v0", [Raises(5, 2), "random"], matches=10)
    (sentence,) = results.warnings()
    assert sentence == "raises forfeited 7 of 10 matches, 5 of them as 'raised': ConnectionError: no\\x1b[31m route"
    assert sentence in [record.getMessage() for record in caplog.records]


def test_half_of_them_or_fewer_are_not(caplog):
    with caplog.at_level(logging.WARNING, logger="agentarena.matches.api"):
        results = play("TicTacToe-v0", [Raises(5), "random"], matches=10)
    assert results.warnings() == []
    assert not [record for record in caplog.records if "forfeited" in record.getMessage()]


def test_an_agent_in_several_seats_forfeits_a_match_once():
    results = play("TicTacToe-v0", [Raises(9)], matches=4)
    (sentence,) = results.warnings()
    assert sentence.startswith("raises forfeited 4 of 4 matches as 'raised'")
