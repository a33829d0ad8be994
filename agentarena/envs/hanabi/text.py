"""Hanabi in words. Moves are written as in MARS: `Play card 0`, `Discard card 2`, `Reveal player +1 color red`, `Reveal player +1 rank 2`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from agentarena.core.events import Event
from agentarena.core.text import ChoiceFace

from .state import State

__all__ = ["COLORS", "HanabiText"]

COLORS = ("red", "yellow", "green", "white", "blue")


class HanabiText(ChoiceFace[State]):
    """Text face; colours by name, ranks from 1, cards by position from 0 (the oldest), players by distance."""

    def rules(self, seat: int) -> str:
        game = self.game
        colors = COLORS[: game.colors]
        copies = {rank: game.cards.count(rank) for rank in range(game.ranks)}
        deck = ", ".join(f"{count} of rank {rank + 1}" for rank, count in copies.items())
        bomb = (
            "the match ends with the score as it is" if game.keep_score else "the match ends and the score falls to 0, whatever was played"
        )
        return (
            f"You play Hanabi with {game.players} players who work together. The deck has {len(game.cards)} cards in {game.colors} "
            f"color{'s' * (game.colors > 1)} ({', '.join(colors)}) and ranks 1 to {game.ranks}; of each color there are {deck}. "
            f"Everybody holds {game.hand} cards and sees the cards of all others but not their own. "
            f"For each color you build a pile from rank 1 up to rank {game.ranks}; the score, shared by all, is the number of cards on the piles.\n"
            "Players take turns; a turn is one of three moves.\n"
            "- Play a card from your hand, known or not. If it is the next rank of its color's pile it is added to the pile; "
            f"completing a pile wins back one information token. Otherwise the card is lost and so is a life; when all {game.lives} are lost, {bomb}.\n"
            f"- Discard a card to win back one information token; not possible with all {game.tokens} tokens there.\n"
            "- Reveal to one other player all cards of one color or of one rank in their hand, at the price of one information token; "
            "at least one card must match, and it is told which cards match and so which do not.\n"
            "Whoever plays or discards draws a new card while the deck lasts; it becomes their newest, and the cards after the used one move "
            "down by one number. When the last card is drawn every "
            "player has one more turn; the match also ends when all piles are complete.\n"
            f"You are seat {seat}. Player +1 is the next to move after you"
            + (", player +2 the one after that, and so on" if game.players > 2 else "")
            + f". Cards in a hand are numbered from 0, the oldest, to {game.hand - 1}. "
            f"Moves are written like {self.name(game.hand)}, {self.name(0)}, {self.name(2 * game.hand)}, "
            f"or {self.name(2 * game.hand + (game.players - 1) * game.colors)}. Reply with exactly one move, written as <answer>MOVE</answer>."
        )

    def look(self, state: State, seat: int) -> str:
        game = self.game
        piles = ", ".join([f"{color} {height}" for color, height in zip(COLORS, state.fireworks, strict=False)])
        stock, score = len(state.deck) - state.drawn, game.score(state)
        lines = [
            f"Piles: {piles}. Score {score}. Information tokens {state.tokens} of {game.tokens}. "
            f"Lives {state.lives} of {game.lives}. Deck {stock} card{'s' * (stock != 1)}.",
            f"Discarded: {self._discarded(state)}.",
        ]
        for offset in range(1, game.players):
            other = (seat + offset) % game.players
            lines.append(f"Player +{offset} (seat {other}) holds:")
            lines += self._open_hand(state, other)
        lines.append("Your hand, as far as you were told:")
        lines += [f"  card {slot}: {self._knowledge(known)}" for slot, known in enumerate(state.known[seat])] or ["  nothing"]
        if state.over:
            lines.append(f"The match is over. The final score is {score}.")
        elif not stock:
            last = "turns are" if state.turns_left != 1 else "turn is"
            lines.append(f"The deck is empty; {state.turns_left} {last} left, this one included.")
        return "\n".join(lines)

    def _discarded(self, state: State) -> str:
        """The used cards that lie on no pile, in the order of kinds."""
        ranks = self.game.ranks
        used = sorted([state.deck[place] for place in state.used])
        for color, height in enumerate(state.fireworks):
            for kind in range(color * ranks, color * ranks + height):
                used.remove(kind)
        return ", ".join([self._kinds[kind] for kind in used]) or "nothing"

    def _open_hand(self, state: State, seat: int) -> list[str]:
        """The cards of another player, with what that player knows of them."""
        cards = enumerate(zip(state.hands[seat], state.known[seat], strict=True))
        return [
            f"  card {slot}: {self._kinds[state.deck[place]]} (they know: {self._knowledge(known)})" for slot, (place, known) in cards
        ] or ["  nothing"]

    @cached_property
    def _kinds(self) -> tuple[str, ...]:
        """Names of the kinds."""
        return tuple(f"{color} {rank + 1}" for color in COLORS[: self.game.colors] for rank in range(self.game.ranks))

    def _knowledge(self, known: int) -> str:
        """What hints leave possible for a card; the few forms that come up are remembered."""
        words = self._known_words.get(known)
        if words is None:
            words = self._known_words[known] = _possible(known, self.game.colors, self.game.ranks)
        return words

    @cached_property
    def _known_words(self) -> dict[int, str]:
        return {}

    def tell(self, event: Event, seat: int) -> str:
        data = event.data
        who = "You" if data["seat"] == seat else f"Seat {data['seat']}"
        if event.kind == "hint":
            return self._tell_hint(data, who, seat)
        if event.kind == "play":
            result = "It was added to its pile" if data["success"] else "It did not fit: a life is lost"
            return f"{who} played card {data['position']}, a {_card(data['card'])}. {result}."
        if event.kind == "discard":
            return f"{who} discarded card {data['position']}, a {_card(data['card'])}."
        if event.kind == "draw":
            return f"{who} drew a {_card(data['card'])}."
        return ""  # a first hand is in the view already

    def _tell_hint(self, data: Mapping[str, Any], who: str, seat: int) -> str:
        what = COLORS[data["color"]] if "color" in data else f"rank {data['rank'] + 1}"
        whom, whose = ("you", "your") if data["target"] == seat else (f"seat {data['target']}", "their")
        cards = data["cards"]
        numbers = f"card{'s' * (len(cards) > 1)} {' and '.join(map(str, cards))}"
        return f"{who} revealed to {whom} that {whose} {numbers} {'are' if len(cards) > 1 else 'is'} {what}, and no other."

    @cached_property
    def _move_names(self) -> tuple[str, ...]:
        return tuple(map(self._action_name, range(int(self.game.action_space(0).n))))

    def name(self, action: int) -> str:
        return self._move_names[action]

    def _action_name(self, action: int) -> str:
        game = self.game
        if action < game.hand:
            return f"Discard card {action}"
        if action < 2 * game.hand:
            return f"Play card {action - game.hand}"
        offset, what = game.hint(action)
        return f"Reveal player +{offset} " + (f"color {COLORS[what]}" if what < game.colors else f"rank {what - game.colors + 1}")


def _possible(known: int, colors: int, ranks: int) -> str:
    """The colours and ranks of the kinds in a bit set."""
    kinds = [kind for kind in range(colors * ranks) if known >> kind & 1]
    of_color = " or ".join(COLORS[color] for color in sorted({kind // ranks for kind in kinds}))
    of_rank = " or ".join(str(rank + 1) for rank in sorted({kind % ranks for kind in kinds}))
    return f"{of_color}, rank {of_rank}"


def _card(card: list[int]) -> str:
    return f"{COLORS[card[0]]} {card[1] + 1}"
