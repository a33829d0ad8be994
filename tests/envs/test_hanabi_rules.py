"""The rules of Hanabi, move by move."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from agentarena.core.errors import BadOption, IllegalAction
from agentarena.core.registry import game
from agentarena.envs.hanabi import FullHanabi, Hanabi, MiniHanabi, SimpleHanabi, State

RNG = np.random.default_rng(0)
# kinds of the mini game: red 1, red 2, yellow 1, yellow 2
R1, R2, Y1, Y2 = range(4)
DISCARD, PLAY = 0, 3
RED, YELLOW, ONE, TWO = 6, 7, 8, 9


def play(rules: Hanabi, state: State, *moves: int) -> State:
    for move in moves:
        state = rules.step(state, {state.seat: move}, RNG)
    return state


def mini(*kinds: int, **options: Any) -> tuple[MiniHanabi, State]:
    """A mini game with this deck: three cards of seat 0, three of seat 1, two of stock."""
    rules = MiniHanabi(**options)
    assert sorted(kinds) == list(rules.cards)
    return rules, rules.deal(bytes(kinds))


# --- decks and sizes --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rules", "cards", "stock", "actions"),
    [
        (MiniHanabi(), 8, 2, 10),  # the counts of MARS, arXiv 2510.15414
        (SimpleHanabi(), 12, 2, 15),
        (FullHanabi(), 18, 8, 16),
        (Hanabi(), 50, 40, 20),  # arXiv 1902.00506, section 2
        (Hanabi(players=5, hand=4), 50, 30, 48),
    ],
)
def test_decks_and_actions_have_their_published_sizes(rules: Hanabi, cards: int, stock: int, actions: int) -> None:
    assert len(rules.cards) == cards
    state = rules.start(RNG)
    assert len(state.deck) - state.drawn == stock
    assert rules.action_space(0).n == actions


def test_a_colour_has_three_ones_two_of_each_between_and_one_of_the_highest() -> None:
    assert [list(Hanabi().cards[:10]).count(rank) for rank in range(5)] == [3, 2, 2, 2, 1]
    assert [list(FullHanabi().cards[:6]).count(rank) for rank in range(3)] == [3, 2, 1]
    assert [list(MiniHanabi().cards[:4]).count(rank) for rank in range(2)] == [3, 1]


def test_presets_are_the_standard_games() -> None:
    assert game("FullHanabi-v0", preset="standard").options == Hanabi().options
    four = game("FullHanabi-v0", preset="standard4")
    assert (four.info.seats, four.info.high, four.action_space(0).n) == (4, 25, 38)


def test_a_deck_too_small_for_the_hands_is_refused() -> None:
    with pytest.raises(BadOption, match="4 hands of 3 cards need 12 cards, the deck has 8"):
        MiniHanabi(players=4)


def test_the_start_shows_nothing_and_the_first_seat_may_not_discard() -> None:
    _, state = mini(R1, R1, R2, Y1, Y1, Y2, R1, Y1)
    assert state.hands == ((0, 1, 2), (3, 4, 5))
    assert state.legal == (3, 4, 5, YELLOW, ONE, TWO)  # seat 1 holds no red card


# --- playing ----------------------------------------------------------------------------------------------------------


def test_a_fitting_card_scores_for_everybody_and_the_next_is_drawn() -> None:
    rules, state = mini(R1, R1, R2, Y1, Y1, Y2, R1, Y1)
    after = play(rules, state, PLAY + 0)
    assert rules.rewards(after) == (1.0, 1.0)
    assert after.fireworks == (1, 0)
    assert after.hands[0] == (1, 2, 6)
    assert (after.lives, after.tokens) == (3, 3)


def test_a_card_out_of_order_costs_a_life_and_is_gone() -> None:
    rules, state = mini(R1, R1, R2, Y1, Y1, Y2, R1, Y1)
    after = play(rules, state, PLAY + 2)
    assert rules.rewards(after) == (0.0, 0.0)
    assert (after.lives, after.fireworks, after.tokens) == (2, (0, 0), 3)
    assert after.used == bytes((2,))


def test_completing_a_pile_wins_a_token_back_but_never_more_than_the_most() -> None:
    rules, state = mini(R1, R1, R2, Y1, Y1, Y2, R1, Y1)
    with_all = play(rules, state, PLAY + 0, PLAY + 0, PLAY + 1)  # R1, Y1, R2
    assert with_all.fireworks == (2, 1)
    assert (with_all.tokens, with_all.token_won) == (3, False)
    after_hint = play(rules, state, PLAY + 0, ONE, PLAY + 1)
    assert (after_hint.tokens, after_hint.token_won) == (3, True)


def test_the_last_life_ends_the_match_and_takes_the_score_away() -> None:
    rules, state = mini(R1, R2, Y2, Y1, Y1, R1, R1, Y1, lives=1)
    after = play(rules, state, PLAY + 0, PLAY + 0, PLAY + 0)  # R1, Y1, R2
    assert (after.fireworks, after.lives, after.seat) == ((2, 1), 1, 1)
    lost = play(rules, after, PLAY + 0)  # a second Y1
    assert (lost.lives, lost.seat) == (0, -1)
    assert rules.rewards(lost) == (-3.0, -3.0)
    assert rules.score(lost) == 0


def test_three_lives_are_lost_one_by_one() -> None:
    rules, state = mini(R2, R1, R1, Y2, Y1, R1, Y1, Y1)
    assert [play(rules, state, *[PLAY, PLAY, PLAY + 2][:n]).lives for n in range(3)] == [3, 2, 1]


def test_keep_score_lets_the_score_stand() -> None:
    rules, state = mini(R2, R1, Y2, Y1, Y1, R1, R1, Y1, lives=1, keep_score=True)
    after = play(rules, state, ONE, PLAY + 0, PLAY + 0)
    assert after.seat == -1
    assert rules.rewards(after) == (0.0, 0.0)
    assert rules.score(after) == 1


def test_all_piles_complete_end_the_match() -> None:
    rules, state = mini(R1, R2, Y1, Y1, Y2, R1, R1, Y1)
    after = play(rules, state, PLAY + 0, PLAY + 0, PLAY + 0, PLAY + 0)  # R1, Y1, R2, Y2
    assert after.fireworks == (2, 2)
    assert (after.seat, rules.score(after), after.turns_left) == (-1, 4, 0)


# --- discarding and the end of the deck ------------------------------------------------------------------------------


def test_a_discard_wins_a_token_and_is_illegal_with_all_of_them() -> None:
    rules, state = mini(R1, R1, R2, Y1, Y1, Y2, R1, Y1)
    with pytest.raises(IllegalAction):
        play(rules, state, DISCARD + 0)
    after = play(rules, state, ONE, DISCARD + 1)
    assert after.tokens == 3
    assert after.hands[1] == (3, 5, 6)


def test_after_the_last_card_is_drawn_everybody_moves_once_more() -> None:
    rules, state = mini(R1, R1, R2, Y1, Y1, Y2, R1, Y1)
    state = play(rules, state, ONE, RED, DISCARD, ONE)
    assert (state.drawn, state.turns_left, state.seat) == (7, 2, 0)
    state = play(rules, state, DISCARD)  # seat 0 draws the last card
    assert (state.drawn, state.turns_left, state.seat) == (8, 2, 1)
    state = play(rules, state, DISCARD)
    assert (state.turns_left, state.seat, len(state.hands[1])) == (1, 0, 2)
    state = play(rules, state, ONE)
    assert (state.turns_left, state.seat) == (0, -1)


def test_the_longest_match_is_reached_and_never_passed() -> None:
    rules, state = mini(R1, R1, R2, Y1, Y1, Y2, R1, Y1)
    after = play(rules, state, ONE, RED, ONE, DISCARD, ONE, DISCARD, ONE, DISCARD)
    assert after.seat == -1
    assert len(after.moves) == rules.info.max_steps == 8


# --- hints ---------------------------------------------------------------------------------------------------------------


def test_a_hint_tells_what_a_card_is_and_what_others_are_not() -> None:
    rules, state = mini(R1, R1, Y1, R2, Y1, Y2, R1, Y1)
    after = play(rules, state, RED)
    possible = [known & 15 for known in after.known[1]]
    assert possible == [1 << R1 | 1 << R2, 1 << Y1 | 1 << Y2, 1 << Y1 | 1 << Y2]
    again = play(rules, after, ONE, TWO)  # seat 1 tells seat 0; seat 0 then tells ranks
    assert [known & 15 for known in again.known[1]] == [1 << R2, 1 << Y1, 1 << Y2]
    assert again.tokens == 0
    assert all(action < 6 for action in again.legal)


def test_hints_that_match_no_card_are_illegal() -> None:
    rules, state = mini(R1, R1, R2, Y1, Y1, Y2, R1, Y1)
    with pytest.raises(IllegalAction, match="not legal now"):
        play(rules, state, RED)


def test_knowledge_moves_with_the_cards() -> None:
    rules, state = mini(R1, R1, Y1, R2, Y1, Y2, R1, Y1)
    state = play(rules, state, RED, ONE, TWO, DISCARD + 1)
    assert state.hands[1] == (3, 5, 6)
    assert [known & 15 for known in state.known[1]] == [1 << R2, 1 << Y2, 15]


def test_hint_numbers_name_player_and_matter() -> None:
    rules = Hanabi(players=3, colors=4, ranks=3, hand=4)
    first = 2 * 4
    assert [rules.hint(first + i) for i in (0, 3, 4, 7)] == [(1, 0), (1, 3), (2, 0), (2, 3)]
    assert [rules.hint(first + 8 + i) for i in (0, 2, 3, 5)] == [(1, 4), (1, 6), (2, 4), (2, 6)]


# --- words ----------------------------------------------------------------------------------------------------------------


def test_moves_are_written_as_in_mars() -> None:
    rules = MiniHanabi()
    assert [rules.text.name(action) for action in (0, 4, RED, TWO)] == [
        "Discard card 0",
        "Play card 1",
        "Reveal player +1 color red",
        "Reveal player +1 rank 2",
    ]


def test_a_view_shows_other_hands_and_only_hints_about_ones_own() -> None:
    rules, state = mini(R1, R1, Y1, R2, Y1, Y2, R1, Y1)
    state = play(rules, state, RED)
    text = rules.text.view(state, 1, rules.news(state))
    assert "Seat 0 revealed to you that your card 0 is red, and no other." in text
    assert "  card 0: red, rank 1 or 2" in text
    assert "  card 0: red 1 (they know: red or yellow, rank 1 or 2)" in text
    own = text.partition("Your hand")[2].partition("Your move")[0]
    assert "they know" not in own
    assert "Discard card 0" in text


def test_the_last_turns_are_counted_and_the_score_is_told() -> None:
    rules, state = mini(R1, R1, R2, Y1, Y1, Y2, R1, Y1)
    state = play(rules, state, ONE, RED, DISCARD, ONE, DISCARD)
    assert "The deck is empty; 2 turns are left, this one included." in rules.text.look(state, 1)
    state = play(rules, state, DISCARD)
    assert "1 turn is left" in rules.text.look(state, 0)
    assert "The match is over. The final score is 0." in rules.text.look(play(rules, state, ONE), 0)
