"""Dhumbal in words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from agentarena.core.text import Unreadable
from agentarena.envs.dhumbal import Dhumbal, State

VARIANTS: list[dict[str, Any]] = [
    {},
    {"preset": "paper"},
    {"preset": "nepal"},
    {"preset": "yaniv"},
    {"pickup": "any", "pickup_after": 2, "empty": "takes", "reshuffle": False, "forced": "nobody", "ties": "seat", "broke": "plays"},
    {"pickup": "stock", "scoring": "points", "limit": 60, "exact": "half", "rounds": 3, "starter": "fixed"},
]


def at_random(game: Dhumbal, seed: int) -> list[State]:
    rng, choice = np.random.default_rng(seed), np.random.default_rng(seed + 1000)
    states = [game.start(rng)]
    while not states[-1].over:
        legal = states[-1].legal
        states.append(game.step(states[-1], {states[-1].seat: legal[int(choice.integers(len(legal)))]}, rng))
    return states


@pytest.mark.parametrize("options", VARIANTS, ids=str)
def test_every_text_is_plain_and_every_move_reads_back(options: dict[str, Any]) -> None:
    game = Dhumbal.build(**options)
    for seat in range(game.players):
        rules = game.text.rules(seat)
        assert rules.isascii()
        assert f"You are Player {seat}." in rules
        assert f"worth {game.threshold} or less" in rules
        assert isinstance(game.text.read(game.start(np.random.default_rng(0)), seat, rules), Unreadable)
    for state in at_random(game, 0)[::3]:
        for seat in range(game.players):
            news = [event for event in game.news(state) if event.visible_to(seat)]
            assert game.text.view(state, seat, news).isascii()
        for action in state.legal:
            assert game.text.read(state, state.seat, game.text.name(action)) == action
            assert game.text.read(state, state.seat, f"<answer> {game.text.name(action).lower()} </answer>") == action


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, ["J 11, Q 12, K 13", "the top card of the previous discard", "first after the caller in turn order"]),
        ({"preset": "paper"}, ["you have just discarded yourself", "the one with the lowest number"]),
        ({"preset": "yaniv"}, ["10 each", "Two jokers", "top or the bottom card", "plus 30", "Who reaches 200", "takes 50 points off"]),
        ({"preset": "nepal"}, ["plus 25", "Who reaches 100", "up to 100 rounds"]),
        ({"pickup": "stock"}, ["Nothing may be taken from the pile"]),
        ({"empty": "takes"}, ["you still take one"]),
        ({"reshuffle": False, "forced": "nobody"}, ["last card of the stock has been taken the round ends", "nobody counts as caller"]),
        ({"pickup_after": 2}, ["already dropped two or more cards"]),
    ],
)
def test_the_rules_say_what_the_options_say(options: dict[str, Any], words: list[str]) -> None:
    rules = Dhumbal.build(**options).text.rules(0)
    for word in words:
        assert word in rules


def test_a_whole_round_as_a_seat_reads_it() -> None:
    game = Dhumbal(players=2, starter="fixed")
    state = game.start(np.random.default_rng(1))
    hand = game.text.look(state, 0).split("Your hand: ")[1].split(" (value")[0]
    events = "\n".join(game.text.tell(event, 0) for event in game.news(state) if event.visible_to(0))
    assert f"You are dealt {hand}." in events
    assert events.startswith("Round 1: Player 0 starts. ")
    first = hand.split()[0]
    action = game.text.read(state, 0, f"discard {first}")
    assert isinstance(action, int)
    state = game.step(state, {0: action}, np.random.default_rng(0))
    assert [game.text.tell(e, 1) for e in game.news(state)] == [f"Player 0 discarded {first}."]
    view = game.text.view(state, 0)
    assert "You are to take a card. On offer from the pile: take discard = " in view
    assert view.endswith("Your move. Legal: take stock, take discard")
    state = game.step(state, {0: 316}, np.random.default_rng(0))
    mine = [game.text.tell(e, 0) for e in game.news(state) if e.visible_to(0)]
    theirs = [game.text.tell(e, 1) for e in game.news(state) if e.visible_to(1)]
    assert mine[-1].startswith("You drew ")
    assert theirs == ["Player 0 took a card from the stock."]


def test_the_showdown_is_told_with_hands_and_payments() -> None:
    game = Dhumbal(players=2, threshold=64, starter="fixed")
    state = game.start(np.random.default_rng(1))
    state = game.step(state, {0: 315}, np.random.default_rng(0))
    events = game.news(state)
    assert [event.kind for event in events] == ["call", "showdown"]
    data = events[1].data
    values = [game.deck.value(hand) for hand in state.hands.cards]
    assert data["values"] == values
    assert (data["how"], data["caller"], data["turns"], sum(data["payments"])) == ("call", 0, 1, 0)
    sentence = game.text.tell(events[1], 1)
    assert sentence.startswith("Showdown. Player 0 called. Player ")
    assert f"({values[1]}), {data['payments'][1]:+d} coins" in sentence
    assert "The match is over." in game.text.look(state, 1)


def test_unclear_replies_are_unreadable() -> None:
    game = Dhumbal()
    state = game.start(np.random.default_rng(0))
    for reply in (
        "",
        "discard",
        "discard 1S",
        "AS",
        "discard AS and take stock",
        "<answer>call</answer><answer>call</answer>",
        "take discard 9",
    ):
        assert isinstance(game.text.read(state, state.seat, reply), Unreadable), reply


def test_a_shut_pile_says_what_opens_it() -> None:
    game = Dhumbal(players=2, pickup_after=2, starter="fixed")
    state = game.start(np.random.default_rng(1))
    assert "On offer from the pile after a discard of two or more cards: " in game.text.view(state, 0)
    assert "On offer from the pile after the discard: " in game.text.view(replace(state, hands=replace(state.hands, dropped=1)), 0)
    assert "On offer" not in game.text.view(game.step(state, {0: state.legal[0]}, np.random.default_rng(0)), 0)


def test_the_cards_of_a_discard_are_read_in_any_order() -> None:
    game = Dhumbal.build("yaniv")
    state = game.start(np.random.default_rng(0))
    for action in range(int(game.action_space(0).n)):
        name = game.text.name(action)
        if name.startswith("discard "):
            backwards = "discard " + " ".join(reversed(name.split()[1:]))
            assert game.text.read(state, 0, backwards) == action
    for reply in ("discard 7H 6H", "discard 5H 5H", "discard AS discard 2S", "discard joker joker", "discard"):
        assert isinstance(game.text.read(state, 0, reply), Unreadable), reply
