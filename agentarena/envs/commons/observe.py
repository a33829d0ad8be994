"""What a seat sees, as numbers: a float32 vector whose parts have names.

The round shown is the one under way once its harvest is in, else the one before. Seats stand in an order that begins with one's own and goes
round the table. -1 stands for "unknown" and "none".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import gymnasium
import numpy as np

from . import dynamics
from .hidden import heard, knows_asked, knows_taken
from .state import HARVEST, OVER, TALK, State

if TYPE_CHECKING:
    from .game import Commons

__all__ = ["COLUMNS", "GENERAL", "Layout", "Sight"]

GENERAL = ("round", "rounds", "stock", "norm", "wealth", "turn", "shown", "before", "total", "shown_norm", "share")
"""Numbers about the whole: the round and how many there are, the stock now, the cap in force, own wealth, utterances so far, the round shown (0 for
none) with its stock before the harvest, its total harvest and its cap, and the equal part of what can be taken (doubling pools)."""
COLUMNS = (
    "active", "asked", "taken", "cost", "fined_by", "fines", "watches", "watched", "model", "model_gain", "model_cap", "proposed", "votes",
    "named", "agreed", "blamed",
)  # fmt: skip
"""Numbers about each seat: whether it takes part; in the round shown its effort (or units wanted, or tokens) and harvest, what sanctions cost
it, how many punished it, whether it punished and watched; whether I watched it, whether I learn from it, its gain and last proposal then; its proposal and the votes
for it; the cap it named last, whether it agreed, and how many blamed it in the last conversation."""


class Sight(NamedTuple):
    """An observation taken apart.

    Attributes:
        phase: Number of the phase.
        general: Values by name of `GENERAL`.
        table: Shape (N, C): one row a seat, own first; columns as in `COLUMNS`.
    """

    phase: int
    general: dict[str, float]
    table: np.ndarray

    def column(self, name: str) -> np.ndarray:
        """One number of every seat, own first. Shape (N,)."""
        return np.asarray(self.table[:, COLUMNS.index(name)])


class Layout:
    """Where things stand in an observation of one configuration.

    Attributes:
        space: The observation space.
    """

    def __init__(self, game: Commons) -> None:
        self.game = game
        self.seats = game.players
        size = OVER + 1 + len(GENERAL) + self.seats * len(COLUMNS)
        self.space = gymnasium.spaces.Box(-np.inf, np.inf, (size,), np.float32)

    def read(self, observation: np.ndarray) -> Sight:
        """An observation, taken apart."""
        head = OVER + 1 + len(GENERAL)
        general = dict(zip(GENERAL, observation[OVER + 1 : head].tolist(), strict=True))
        return Sight(int(observation[: OVER + 1].argmax()), general, observation[head:].reshape(self.seats, len(COLUMNS)))

    def vector(self, state: State, seat: int) -> np.ndarray:
        """What `seat` sees. Shape (8 + 11 + 16 N,), float32."""
        out = np.zeros(self.space.shape, np.float32)
        out[state.phase] = 1.0
        head = OVER + 1 + len(GENERAL)
        out[OVER + 1 : head] = self._general(state, seat)
        columns = self._columns(state, seat)
        order = [*range(seat, self.seats), *range(seat)]
        out[head:].reshape(self.seats, len(COLUMNS))[:] = np.array(columns, np.float64).T[order]
        return out

    def _shown(self, state: State) -> int:
        """Number of the round shown; 0 for none."""
        return len(state.past) if state.phase in (HARVEST, OVER) or max(state.now.taken) < 0 else state.number

    def _general(self, state: State, seat: int) -> tuple[float, ...]:
        game, shown = self.game, self._shown(state)
        done = state.record(shown) if shown else state.now
        share = dynamics.share(int(state.stock), max(1, len(game.active(state))), game.factor) if game.resource == "doubling" else -1.0
        return (
            state.number, game.rounds, state.stock, state.norm, state.wealth[seat], state.turn if state.phase == TALK else 0.0, shown,
            done.stock if shown else -1.0, done.total if shown else -1.0, done.norm if shown else -1.0, share,
        )  # fmt: skip

    def _columns(self, state: State, seat: int) -> list[list[float]]:
        game, seats, shown = self.game, range(self.seats), self._shown(state)
        active = set(game.active(state))
        done = state.record(shown) if shown else state.now
        table = {name: [0.0] * self.seats for name in COLUMNS}
        table["active"] = [float(other in active) for other in seats]
        table["asked"] = [done.asked[other] if knows_asked(game, done, seat, other) else -1.0 for other in seats]
        table["taken"] = [done.taken[other] if knows_taken(game, done, seat, other) else -1.0 for other in seats]
        table["cost"] = list(done.cost)
        for by, target in enumerate(done.fined):
            if target >= 0:
                table["fines"][by] = 1.0
                table["fined_by"][target] += 1.0
        table["watches"] = [float(other >= 0) for other in done.watched]
        if done.watched[seat] >= 0:
            table["watched"][done.watched[seat]] = 1.0
        self._model(state, seat, shown, table)
        table["proposed"] = list(done.proposed)
        for chosen in done.ballots:
            if chosen >= 0:
                table["votes"][chosen] += 1.0
        self._talk(state, seat, shown, table)
        return [table[name] for name in COLUMNS]

    def _model(self, state: State, seat: int, shown: int, table: dict[str, list[float]]) -> None:
        """Whom the seat learns from: what it was told of that seat's gain and proposal."""
        table["model_cap"] = [-1.0] * self.seats
        if not shown:
            return
        done = state.record(shown)
        other = done.model[seat]
        if other >= 0:
            from .phases import gains

            table["model"][other] = 1.0
            table["model_gain"][other] = gains(self.game, done)[other] - done.cost[other]
            table["model_cap"][other] = state.record(shown - 1).proposed[other] if shown > 1 else -1.0

    def _talk(self, state: State, seat: int, shown: int, table: dict[str, list[float]]) -> None:
        table["named"] = [-1.0] * self.seats
        if not state.speech:
            return
        for said in heard(self.game, state, seat)[::-1]:
            if said.number < max(1, shown):
                break
            if said.amount > 0 and table["named"][said.seat] < 0:
                table["named"][said.seat] = said.amount
            table["agreed"][said.seat] = max(table["agreed"][said.seat], float(said.choice == 1))
            if said.choice >= 2:
                table["blamed"][said.choice - 2] += 1.0
