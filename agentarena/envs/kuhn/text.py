"""Kuhn poker in words. The moves are `pass` and `bet`, as in MARS."""

from __future__ import annotations

from typing import Any

from agentarena.core.events import Event
from agentarena.core.text import REPLY, ChoiceFace

__all__ = ["KuhnText"]

_RANKS = "3456789TJQK"
_MOVES = ("pass", "bet")


def _chips(number: float, sign: str = "") -> str:
    return f"{number:{sign}g} chip{'' if abs(number) == 1 else 's'}"


class KuhnText(ChoiceFace[Any]):
    """Text face. Seats are called player 0, player 1, ..."""

    def card(self, card: int) -> str:
        """The name of a card; the deck ends with the king."""
        return _RANKS[len(_RANKS) - self.game.players - 1 + card]

    def rules(self, seat: int) -> str:
        n = self.game.players
        deck = ", ".join(self.card(card) for card in range(n + 1))
        order = "player 0 and player 1" if n == 2 else f"player 0 to player {n - 1}"
        return (
            f"You play Kuhn poker with {n} players, called {order}. The deck has {n + 1} cards, lowest first: {deck}. "
            f"Everybody pays 1 chip into the pot and is dealt one card; one card stays unseen. Player 0 acts first, then the others "
            "in order. You pass or bet 1 chip. Once a player has bet, every other player has one more turn: to bet 1 chip as "
            "well and stay in, or to pass and give up the pot. If everybody passes, all show their cards; otherwise those who bet do. "
            "The highest card takes the pot; a player whom nobody else stayed in with takes it without showing.\n"
            f"You are player {seat}. Your result is the chips you win or lose. "
            f"A move is one of the two words pass and bet. {REPLY}"
        )

    def look(self, state: Any, seat: int) -> str:
        lines = [f"You are player {seat} and hold {self.card(state.cards[seat])}."]
        acts = [f"player {index % self.game.players} {'passed' if letter == 'p' else 'bet'}" for index, letter in enumerate(state.bets)]
        pot = self.game.players + state.bets.count("b")
        lines.append(f"Betting so far: {', '.join(acts) or 'none'}. Pot: {pot} chips.")
        if not self.game.to_move(state):
            showdown = self.game.showdown(state)
            if showdown:
                lines.append("Cards shown: " + ", ".join(f"player {other} {self.card(state.cards[other])}" for other in showdown) + ".")
            lines.append(f"The hand is over. Your result: {_chips(self.game.rewards(state)[seat], '+')}.")
        return "\n".join(lines)

    def tell(self, event: Event, seat: int) -> str:
        data = event.data
        if event.kind == "deal":
            return f"You are dealt {self.card(data['card'])}."
        if event.kind == "act":
            who = "You" if data["seat"] == seat else f"Player {data['seat']}"
            past = ("gave up the pot", "called the bet") if data["facing"] else ("passed", "bet 1 chip")
            return f"{who} {past[data['action']]}."
        if event.kind == "showdown":
            return "Showdown: " + ", ".join(f"player {other} shows {self.card(card)}" for other, card in data["cards"]) + "."
        who = "You win" if data["seat"] == seat else f"Player {data['seat']} wins"
        return f"{who} {_chips(data['chips'])} from the other{'' if self.game.players == 2 else 's'}."

    def name(self, action: int) -> str:
        return _MOVES[action]
