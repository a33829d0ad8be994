"""Matrix games in words: the table of payoffs in full, the last rounds, one name as a move."""

from __future__ import annotations

import itertools
from typing import Any

from agentarena.core.events import Event
from agentarena.core.text import REPLY, ChoiceFace

__all__ = ["MatrixText"]

_MAX_ROUNDS = 10
"""Most rounds that are listed."""


class MatrixText(ChoiceFace[Any]):
    """Text face. Seats are called player 0, player 1, ... and "you"."""

    def rules(self, seat: int) -> str:
        game, seats = self.game, self.game.info.seats
        rounds = "once" if game.rounds == 1 else f"{game.rounds} times"
        cases = [self._case(profile, seat) for profile in itertools.product(*(range(count) for count in game.table.shape[:-1]))]
        own = ", ".join(game.names[: game.table.shape[seat]])
        return (
            f"You are player {seat} of {seats} (numbered from 0). All players choose an action at the same time, without seeing the others' choices; "
            f"then everybody sees them and each gets the payoff below. This is played {rounds}. Your result is the sum of your payoffs.\n"
            "Payoffs:\n" + "\n".join(cases) + f"\nYour actions are {own}. A move is the name of one of them. {REPLY}"
        )

    def _who(self, player: int, seat: int) -> str:
        return "you" if player == seat else f"player {player}"

    def _case(self, profile: tuple[int, ...], seat: int) -> str:
        order = [seat, *(player for player in range(len(profile)) if player != seat)]
        choices = ", ".join(f"{self._who(player, seat)} {self.game.names[profile[player]]}" for player in order)
        payoffs = ", ".join(f"{self._who(player, seat)} {self.game.table[profile][player]:+g}" for player in order)
        return f"- {choices}: {payoffs}"

    def look(self, state: Any, seat: int) -> str:
        game, count = self.game, len(state.history)
        totals = [sum(game.table[profile][player] for profile in state.history) for player in range(game.info.seats)]
        lines = [f"Round {count + 1} of {game.rounds}." if count < game.rounds else "All rounds are played."]
        if count:
            lines.append("Totals: " + ", ".join(f"{self._who(player, seat)} {total:+g}" for player, total in enumerate(totals)) + ".")
            lines.append("Last rounds, latest first:")
            latest = range(count, max(0, count - _MAX_ROUNDS), -1)
            lines += [f"- round {number}{self._case(state.history[number - 1], seat)[1:]}" for number in latest]
        return "\n".join(lines)

    def compact(self, state: Any, seat: int) -> str:
        own = ", ".join(self.game.names[: self.game.table.shape[seat]])
        rounds = [", ".join(self.game.names[action] for action in profile) for profile in state.history[-_MAX_ROUNDS:]]
        past = f"\nPlayed before: {'; '.join(rounds)}." if rounds else ""
        return f"Round {len(state.history) + 1} of {self.game.rounds}. You choose one of {own}.{past}"

    def tell(self, event: Event, seat: int) -> str:
        choices = ", ".join(f"{self._who(player, seat)} {self.game.names[action]}" for player, action in enumerate(event.data["actions"]))
        return f"Round {event.data['number']}: {choices}."

    def name(self, action: int) -> str:
        name: str = self.game.names[action]
        return name
