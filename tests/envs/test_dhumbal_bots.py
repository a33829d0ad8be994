"""The paper's players decide as the paper says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from agentarena.agents.specs import agent
from agentarena.core.agent import Agent, View
from agentarena.core.errors import BadOption
from agentarena.envs.dhumbal import Dhumbal, State
from agentarena.envs.dhumbal.state import RANKS, SUITS, mask_of


def card(name: str) -> int:
    return 52 + ("RJ", "BJ").index(name) if name in ("RJ", "BJ") else SUITS.index(name[-1]) * 13 + RANKS.index(name[:-1])


def to_play(game: Dhumbal, hand: str, *, up: str = "KS", turn: int = 1, purses: tuple[int, ...] | None = None, took: bool = False) -> State:
    """Seat 0 with a hand at the start of its turn, or after a discard with `up` on offer."""
    start = game.start(np.random.default_rng(0))
    mine = mask_of([card(name) for name in hand.split()])
    state = replace(
        start,
        seat=0,
        taking=took,
        turn=turn,
        legal=(316, 317) if took else game.deck.moves(mine, game.threshold),
        hands=replace(start.hands, cards=(mine, *start.hands.cards[1:])),
        piles=replace(start.piles, newest=(card(up),), offer=(card(up),)),
    )
    return replace(state, table=replace(state.table, purses=purses)) if purses else state


def move(bot: str | Agent, state: State, game: Dhumbal | None = None, seed: int = 0) -> str:
    rules = game or Dhumbal()
    player = agent(bot) if isinstance(bot, str) else bot
    return rules.text.name(player.choose(View(rules, state, 0, seed=seed)))


@pytest.mark.parametrize(
    ("hand", "expected"),
    [
        ("KS 2H 3D 9C 5S", "discard KS"),  # the most points
        ("KS 7H 7D 3C 2S", "discard 7H 7D"),  # 14 + 4 beats 13, and leaves 18
        ("KS 5H 6H 7H 2S", "discard 5H 6H 7H"),  # 18 + 6 + 3 beats 13
        ("KS AH 2D 3C 4S", "discard KS"),  # 10 or less remains: + 50
        ("8S 2H 2D 2C 3S", "discard 8S"),  # both 8 and the three twos leave 11 or 9: 50 for ...
        ("5H 6H 7H 8H 9H", "discard 5H 6H 7H 8H 9H"),  # the whole run
    ],
)
def test_aggressive_discards(hand: str, expected: str) -> None:
    game = Dhumbal()
    state = to_play(game, hand)
    options = {action: score(game, state, action) for action in state.legal}
    longest = max((game.deck.counts[a] for a in state.legal if a >= 195), default=0)
    listed = [a for a in state.legal if a < 195 or game.deck.counts[a] == longest]
    assert move("dhumbal/aggressive", state) == game.text.name(max(listed, key=lambda a: options[a])) == expected


def score(game: Dhumbal, state: State, action: int) -> float:
    """The published score of a discard, hand priority 1 and risk 1.2, written out."""
    value, cards = game.deck.value(state.hands.cards[0]), game.deck.worth[action]
    count = game.deck.counts[action]
    several = 2 * count if count > 1 else 0
    run = 3 if action >= 195 else 0
    low = 50 if value - cards <= 10 else 0
    return (cards * 1.0 + several + run + low + 10 * cards / value) * 1.2


def test_hand_priority_weighs_the_cards() -> None:
    state = to_play(Dhumbal(), "KS 4H 4D 4C QS")  # 12 + 6 and 37 - 12 left, against 13
    assert move("dhumbal/aggressive", state) == "discard 4H 4D 4C"
    state = to_play(Dhumbal(), "KS 4H 4D QC QS")
    assert move("dhumbal/aggressive", state) == "discard QS QC"
    assert move("dhumbal/aggressive?hand_priority=9.0", to_play(Dhumbal(), "KS 4H 4D 4C QS")) == "discard KS"


def test_risk_changes_nothing() -> None:
    game, rng = Dhumbal(), np.random.default_rng(0)
    plain, bold = agent("dhumbal/aggressive?risk=1.0"), agent("dhumbal/aggressive?risk=3.7")
    for seed in range(200):
        state = game.start(np.random.default_rng(seed))
        view = View(game, state, state.seat)
        assert plain.choose(view) == bold.choose(view)
        game.step(state, {state.seat: plain.choose(view)}, rng)


@pytest.mark.parametrize(
    ("bot", "hand", "calls"),
    [
        ("aggressive", "4S 3H 3D", 1.0),
        ("aggressive?call=7", "4S 3H 3D", 0.0),
        ("aggressive?call=7", "4S 3H", 1.0),
        ("conservative", "4S 3H", 1.0),
        ("conservative", "4S 4H", 0.0),
        ("balanced", "4S AH", 1.0),
        ("balanced", "4S 2H", 0.7),
        ("balanced", "4S 4H", 0.7),
        ("balanced", "4S 5H", 0.4),
        ("balanced", "4S 6H", 0.4),
        ("opportunistic", "4S 3H", 1.0),
        ("opportunistic", "4S 4H", 0.3 + 0.05 * 2),
        ("opportunistic", "4S 6H", 0.3),
        ("random", "4S 6H", 0.5),
    ],
)
def test_calls(bot: str, hand: str, calls: float) -> None:
    state, player = to_play(Dhumbal(), hand), agent(f"dhumbal/{bot}")
    assert share(player, state) == pytest.approx(calls, abs=4 * np.sqrt(calls * (1 - calls) / 1500) + 1e-9)


def share(player: Agent, state: State, options: dict[str, Any] | None = None) -> float:
    game = Dhumbal.build(**(options or {}))
    return float(np.mean([move(player, state, game, seed) == "call" for seed in range(1500)]))


@pytest.mark.parametrize(
    ("purses", "turn", "calls"),
    [
        ((10_001, 9_999, 10_000, 10_000), 1, 0.8 + 0.05),
        ((10_001, 9_999, 10_000, 10_000), 20, 0.8 + 0.05),
        ((10_001, 9_999, 10_000, 10_000), 21, 1.0),
        ((10_000, 10_000, 10_000, 10_000), 21, 0.3 + 0.05 + 0.15),  # level is not ahead
        ((9_999, 10_001, 10_000, 10_000), 1, 0.3 + 0.05),
    ],
)
def test_opportunistic_looks_at_the_coins_and_the_clock(purses: tuple[int, ...], turn: int, calls: float) -> None:
    state = to_play(Dhumbal(), "4S 5H", purses=purses, turn=turn)
    measured = share(agent("dhumbal/opportunistic"), state)
    assert measured == pytest.approx(calls, abs=4 * np.sqrt(calls * (1 - calls) / 1500) + 1e-9)


@pytest.mark.parametrize(
    ("hand", "expected"),
    [
        ("6S AH 3D", "discard 6S"),  # the highest card that leaves 5 or less
        ("3S 3H 4D", "discard 3S 3H"),  # no single card does, the pair does
        ("2S 3H 5D", "discard 5D"),
        ("2S 4H 4D", "discard 4H 4D"),
        ("AS 4C 5D", "discard 5D"),
        ("2S 3H 4D", "discard 4D"),
    ],
)
def test_a_low_hand_that_does_not_call(hand: str, expected: str) -> None:
    assert move("dhumbal/conservative?call=2", to_play(Dhumbal(), hand)) == expected


def test_a_low_hand_with_nothing_safe_throws_its_lowest_card() -> None:
    state = to_play(Dhumbal(), "AS 2H 3D 4C")
    assert move("dhumbal/conservative?call=2", state) == "discard AS"


@pytest.mark.parametrize(
    ("bot", "hand", "up", "takes"),
    [
        ("aggressive", "KS AH", "4C", True),  # 14 left: 4 or less
        ("aggressive", "KS AH", "5C", False),
        ("aggressive", "KS 3H", "6C", True),  # 16 left: 6 or less
        ("aggressive", "KS 2H", "6C", False),
        ("aggressive", "KS 3H", "7C", False),
        ("aggressive", "QS", "3C", True),  # 12 left: 3 or less
        ("aggressive", "QS", "4C", False),
        ("aggressive?pickup=3", "KS AH", "4C", False),
        ("conservative", "KS AH", "3C", True),
        ("conservative", "KS AH", "4C", False),
        ("balanced", "KS AH", "4C", True),
        ("opportunistic", "KS AH", "4C", True),
    ],
)
def test_pick_ups(bot: str, hand: str, up: str, takes: bool) -> None:
    state = to_play(Dhumbal(), hand, up=up, took=True)
    assert move(f"dhumbal/{bot}", state) == ("take discard" if takes else "take stock")


def test_the_cheapest_of_several_cards_on_offer_is_taken() -> None:
    game = Dhumbal(pickup="any")
    state = to_play(game, "KS AH", took=True)
    state = replace(state, legal=(316, 317, 318, 319), piles=replace(state.piles, offer=(card("5C"), card("3D"), card("3C"))))
    assert move("dhumbal/aggressive", state, game) == "take discard 2"


def test_the_random_player_is_uniform_over_discards_and_even_over_cards() -> None:
    game, player = Dhumbal(), agent("dhumbal/random")
    state = to_play(game, "5H 6H 7H KD KC")
    moves = [move(player, state, game, seed) for seed in range(2800)]
    assert len(set(moves)) == 7
    assert max(abs(moves.count(m) - 400) for m in set(moves)) < 4 * np.sqrt(400 * 6 / 7)
    takes = [move(player, to_play(game, "KD KC", took=True), game, seed) for seed in range(1500)]
    assert abs(takes.count("take discard") - 750) < 4 * np.sqrt(375)


@pytest.mark.parametrize(
    "options", [{"preset": "yaniv", "rounds": 3}, {"preset": "nepal", "rounds": 3}, {"pickup": "stock"}, {"threshold": 40}]
)
def test_bots_play_every_variant(options: dict[str, Any]) -> None:
    game = Dhumbal.build(**options)
    names = ("aggressive", "conservative", "balanced", "opportunistic")
    players = [agent(f"dhumbal/{name}") for name in names]
    for match in range(5):
        rng, turn = np.random.default_rng(match), 0
        state = game.start(rng)
        while not state.over:
            state = game.step(state, {state.seat: players[state.seat].choose(View(game, state, state.seat, match=match, turn=turn))}, rng)
            turn += 1


def test_wild_parameters_are_refused() -> None:
    for spec in ("dhumbal/balanced?often=1.5", "dhumbal/opportunistic?ahead=-1", "dhumbal/random?call=2", "dhumbal/aggressive?risk=0"):
        with pytest.raises(BadOption):
            agent(spec)
    with pytest.raises(BadOption, match="pickup"):
        agent("dhumbal/aggressive?pick=3")
