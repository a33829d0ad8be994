"""Dhumbal in words. Cards are written rank and suit (`AS`, `10H`), moves as `discard 5H 6H 7H`, `call`, `take stock`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import Any

from agentarena.core.events import Event
from agentarena.core.text import ChoiceFace, Unreadable, answer_in

from .actions import CALL, DISCARDS, TAKE, action_name, is_discard
from .state import State, card_name, card_names, mask_of

__all__ = ["DhumbalText"]

_PICKUPS = {
    "previous": "the top card of the previous discard (or, on the first turn, the card turned up at the deal)",
    "ends": "the top or the bottom card of the previous discard (or, on the first turn, the card turned up at the deal)",
    "any": "any card of the previous discard (or, on the first turn, the card turned up at the deal)",
    "own_top": "the top card of the pile, which is the last card you have just discarded yourself",
}
_LONGEST = 200
"""Longest discard that is read with its cards in any order, in characters."""
_HOW = {
    "call": "called",
    "empty": "has no cards left and counts as caller",
    "turns": "The round reached its last turn",
    "stock": "The stock has run out",
}


def _in_order(cards: tuple[int, ...]) -> str:
    return " ".join([card_name(card) for card in cards]) or "none"


@lru_cache(maxsize=1024)
def _standings(unit: str, purses: tuple[int, ...]) -> str:
    """The line of coins or points, which changes only between rounds."""
    return f"{unit.capitalize()}: {', '.join(f'Player {seat} {purse}' for seat, purse in enumerate(purses))}."


class DhumbalText(ChoiceFace[State]):
    """Text face. Seats are called Player 0, Player 1, ...; the cards of a discard are read in any order."""

    def rules(self, seat: int) -> str:
        game = self.game
        parts = [self._deck(), self._turn(), self._end(), self._scoring()]
        if game.rounds > 1:
            parts.append(f"The match has up to {game.rounds} rounds; {self._starts()}")
        parts.append(
            f"You are Player {seat}. Cards are written as rank and suit: AS is the ace of spades, 10H the ten of hearts. Your moves: "
            f"<answer>{action_name(CALL)}</answer>, or a discard such as <answer>{action_name(26)}</answer> or "
            f"<answer>{action_name(len(DISCARDS) - 1)}</answer> (cards in any order), "
            f"and then <answer>take stock</answer>{self._take_forms()}. Reply with exactly one move in this form."
        )
        return "\n".join(parts)

    def _deck(self) -> str:
        game = self.game
        court = "J 11, Q 12, K 13" if game.court == "rank" else "J, Q and K 10 each"
        jokers = (
            " Two jokers (red RJ, black BJ) count 0 and stand for any card in a run that has at least two other cards."
            if game.jokers
            else ""
        )
        return (
            f"You play Dhumbal (Jhyap) with {game.players} players and one pack of {game.deck.size} cards. Everyone is dealt 5 cards and one "
            f"card is turned up. Your hand's value is the sum of its cards: A counts 1, 2 to 10 their number, {court}.{jokers} "
            "You want a low hand."
        )

    def _turn(self) -> str:
        game = self.game
        lines = [
            f"At the start of your turn, if your hand is worth {game.threshold} or less, you may call, which ends the round. Otherwise "
            "you discard one card, or a set of 2 to 4 cards of one rank, or a run of 3 to 5 consecutive cards of one suit (the ace is low "
            "only), and then take one card: the top of the stock, unseen by the others"
        ]
        lines.append(f", or {_PICKUPS[game.pickup]}." if game.pickup != "stock" else ". Nothing may be taken from the pile.")
        if game.jokers:
            lines.append(" In a discard a joker is written joker; if you hold both, the red one goes first.")
        if game.pickup_after > 1:
            lines.append(" You may take from the pile only in a round in which you have already dropped two or more cards at once.")
        return "".join(lines)

    def _end(self) -> str:
        game = self.game
        empty = (
            "If your discard leaves you without cards the round ends at once and you count as the caller."
            if game.empty == "ends"
            else "If your discard leaves you without cards you still take one."
        )
        stock = (
            "When the stock is empty, the pile without its top is shuffled to become the stock."
            if game.reshuffle
            else "When the last card of the stock has been taken the round ends."
        )
        forced = "the player with the lowest hand counts as the caller" if game.forced == "caller" else "nobody counts as caller"
        return (
            f"{empty} {stock} A round {'that ends so, or ' if not game.reshuffle else ''}that has not ended after {game.turn_cap} turns ends "
            f"with a showdown, and {forced}."
        )

    def _scoring(self) -> str:
        game = self.game
        ties = "the first after the caller in turn order" if game.ties == "turn" else "the one with the lowest number"
        winner = (
            "At the end all hands are shown. The caller wins if its hand is lower than every other hand; otherwise the call has failed and "
            f"the player with the lowest hand wins (among equals that did not call, {ties})."
        )
        if game.scoring == "coins":
            broke = "is out" if game.broke == "out" else "plays on; the match ends when fewer than two players have coins"
            return (
                f"{winner} A winning caller gets from each other player coins to the value of that player's hand. A failed caller alone "
                "pays the winner the value of all hands together, its own included. "
                f"Everyone starts with {game.coins} coins; who has none left {broke}."
            )
        limit = {"out": "", "half": "; landing exactly on it halves your points", "minus50": "; landing exactly on it takes 50 points off"}
        out = f" Who reaches {game.limit} points is out{limit[game.exact]}." if game.limit else ""
        return (
            f"{winner} A winning caller scores 0 points, a failed caller its hand plus {game.penalty}, everyone else their hand. "
            f"Points are bad.{out}"
        )

    def _starts(self) -> str:
        return {
            "rotate": "the start of a round passes on from player to player.",
            "fixed": "the lowest-numbered player in the round starts.",
            "winner": "the winner of a round starts the next one.",
        }[self.game.starter]

    def _take_forms(self) -> str:
        forms = {"stock": "", "previous": " or <answer>take discard</answer>", "own_top": " or <answer>take discard</answer>"}
        more = " or <answer>take discard</answer>, or <answer>take discard 2</answer> for the next card on offer, and so on"
        return forms.get(self.game.pickup, more)

    def look(self, state: State, seat: int) -> str:
        table, over = state.table, state.over
        lines = [f"You are Player {seat}."]
        if self.game.rounds > 1:
            lines.append(f"Round {table.number} of at most {self.game.rounds}.")
        if over:
            lines.append("The match is over.")
        elif seat in table.alive:
            hand = state.hands.cards[seat]
            lines.append(f"Your hand: {card_names(hand)} (value {self.game.deck.value(hand)}).")
        else:
            lines.append("You are out.")
        if not over:
            lines.append(self._piles(state))
            lines += [self._other(state, other) for other in table.alive if other != seat]
        lines.append(_standings(self._unit, table.purses))
        if not over:
            lines.append(self._situation(state, seat))
        return "\n".join(lines)

    @property
    def _unit(self) -> str:
        return "coins" if self.game.scoring == "coins" else "points"

    def _piles(self, state: State) -> str:
        piles = state.piles
        rest = piles.discards & ~mask_of(piles.newest)
        return (
            f"Stock: {piles.left} cards. Newest discard, bottom to top: {_in_order(piles.newest)}. "
            f"Rest of the pile, sorted: {card_names(rest)}."
        )

    def _other(self, state: State, seat: int) -> str:
        size, known = state.hands.cards[seat].bit_count(), state.hands.known[seat]
        if not known:
            return f"Player {seat} holds {size} cards."
        return f"Player {seat} holds {size} cards, among them {card_names(known)}."

    def _situation(self, state: State, seat: int) -> str:
        who = "You are" if state.seat == seat else f"Player {state.seat} is"
        what = "take a card" if state.taking else "call or discard"
        return f"Turn {state.turn} of {self.game.turn_cap}: {who} to {what}.{self._offer(state)}"

    def _offer(self, state: State) -> str:
        if not state.piles.offer:
            return ""
        cards = ", ".join([f"{action_name(TAKE + i)} = {card_name(card)}" for i, card in enumerate(state.piles.offer)])
        if state.taking:
            return f" On offer from the pile: {cards}."
        closed = self.game.pickup_after > 1 and not state.hands.dropped >> state.seat & 1
        return f" On offer from the pile after {'a discard of two or more cards' if closed else 'the discard'}: {cards}."

    def tell(self, event: Event, seat: int) -> str:
        kind, data = event.kind, event.data
        if kind == "showdown":
            return self._tell_showdown(data)
        if kind == "deal":
            return f"Round {data['round']}: Player {data['first']} starts. {data['up']} is turned up."
        if kind == "hand":
            return f"You are dealt {' '.join(data['cards'])}."
        if kind == "drawn":
            return f"You drew {data['card']}."
        if kind == "reshuffle":
            return "The pile is shuffled to become the stock."
        own = data["seat"] == seat
        who = "You" if own else f"Player {data['seat']}"
        if kind == "discard":
            return f"{who} discarded {' '.join(data['cards'])}."
        if kind == "draw":
            return "" if own else f"{who} took a card from the stock."
        return f"{who} took {data['card']} from the pile." if kind == "pick" else f"{who} called."

    def _tell_showdown(self, data: Mapping[str, Any]) -> str:
        unit = self._unit
        sign = 1 if unit == "coins" else -1
        how, caller, winner = data["how"], data["caller"], data["winner"]
        first = f"Player {caller} {_HOW[how]}." if how in ("call", "empty") else f"{_HOW[how]}."
        if how in ("turns", "stock") and caller is not None:
            first += f" Player {caller} counts as caller."
        hands = "; ".join(
            f"Player {seat} {' '.join(hand) or 'nothing'} ({value}), {sign * gain:+d} {unit}"
            for seat, (hand, value, gain) in enumerate(zip(data["hands"], data["values"], data["payments"], strict=True))
            if hand or gain or seat in (caller, winner)
        )
        return f"Showdown. {first} Player {winner} wins round {data['round']}. {hands}."

    @cached_property
    def _discards(self) -> dict[tuple[str, ...], int]:
        """The discards by their words in alphabetical order, so that cards are read in any order."""
        actions = filter(is_discard, range(int(self.game.action_space(0).n)))
        return {tuple(sorted(action_name(action).lower().split())): action for action in actions}

    def read(self, state: State, seat: int, reply: str) -> int | Unreadable:
        answer = answer_in(reply)
        if isinstance(answer, str) and len(answer) <= _LONGEST:
            first, *cards = answer.lower().split()
            action = self._discards.get(tuple(sorted((first, *cards)))) if first == "discard" else None
            if action is not None:
                return action
        return super().read(state, seat, reply)

    def name(self, action: int) -> str:
        return action_name(action)
