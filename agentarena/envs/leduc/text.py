"""Leduc poker in words. The moves are `fold`, `call` and `raise`, as in MARS."""

from __future__ import annotations

from typing import Any

from agentarena.core.events import Event
from agentarena.core.text import REPLY, ChoiceFace

__all__ = ["LeducText"]

_MOVES = ("fold", "call", "raise")


def _chips(number: float, sign: str = "") -> str:
    return f"{number:{sign}g} chip{'' if abs(number) == 1 else 's'}"


def _past(action: int, facing: bool) -> str:
    return ("folded", "called" if facing else "checked", "raised")[action]


class LeducText(ChoiceFace[Any]):
    """Text face. Seats are called player 0 and player 1."""

    def card(self, card: int) -> str:
        """The name of a rank."""
        return "JQK"[card]

    def rules(self, seat: int) -> str:
        return (
            "You play Leduc poker, player 0 against player 1. The deck has six cards: two jacks (J), two queens (Q), two kings (K); "
            "J is lowest, K highest. Each player pays 1 chip into the pot and is dealt one private card. There are two rounds of "
            "betting; between them one public card is turned. Player 0 opens both rounds. On your turn you call (match what the other has paid; "
            "with nothing to match this is a check), raise (match it and pay 2 chips more in the first round, 4 in the second; "
            "at most two raises a round), or, facing a raise, fold and give up the pot. A round ends when a raise is called or both have checked. "
            "After the second round a card that pairs the public card wins, otherwise the higher card; equal cards split the pot.\n"
            f"You are player {seat}. Your result is the chips you win or lose. "
            f"A move is one of the words fold, call and raise. {REPLY}"
        )

    def look(self, state: Any, seat: int) -> str:
        own, other, public = self.game.known(state, seat)
        over, paid = not self.game.to_move(state), self.game.paid(state)
        unturned = "was not turned" if over else "is not turned yet"
        table = f"the public card {'is ' + self.card(public) if public >= 0 else unturned}"
        lines = [f"You are player {seat} and hold {self.card(own)}; {table}."]
        for name, bets in zip(("First", "Second"), state.bets.split("/"), strict=False):
            acts = [f"player {index & 1} {_past('fcr'.index(letter), 'r' in bets[:index])}" for index, letter in enumerate(bets)]
            lines.append(f"{name} round: {', '.join(acts) or 'nobody has acted yet'}.")
        lines.append(f"Paid into the pot: you {paid[seat]}, the other player {paid[1 - seat]}.")
        if other >= 0:
            lines.append(f"The other player held {self.card(other)}.")
        if over:
            lines.append(f"The hand is over. Your result: {_chips(self.game.rewards(state)[seat], '+')}.")
        return "\n".join(lines)

    def tell(self, event: Event, seat: int) -> str:
        data = event.data
        if event.kind == "deal":
            return f"You are dealt {self.card(data['card'])}."
        if event.kind == "public":
            return f"The public card is {self.card(data['card'])}."
        if event.kind == "showdown":
            return f"Showdown: player 0 shows {self.card(data['cards'][0])}, player 1 shows {self.card(data['cards'][1])}."
        if event.kind == "win" and data["seat"] is None:
            return "The pot is split."
        who = "You" if data["seat"] == seat else f"Player {data['seat']}"
        if event.kind == "win":
            return f"{who} won {_chips(data['chips'])} from the other."
        return f"{who} {_past(data['action'], data['facing'])}."

    def name(self, action: int) -> str:
        return _MOVES[action]
