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
from .phases import gains
from .state import HARVEST, OVER, TALK, Said, State

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
        self._kept: tuple[State | None, np.ndarray] = (None, np.zeros(0))
        self.space = gymnasium.spaces.Box(-_bound(game), _bound(game), (size,), np.float32)

    def read(self, observation: np.ndarray) -> Sight:
        """An observation, taken apart."""
        head = OVER + 1 + len(GENERAL)
        general = dict(zip(GENERAL, observation[OVER + 1 : head].tolist(), strict=True))
        return Sight(int(observation[: OVER + 1].argmax()), general, observation[head:].reshape(self.seats, len(COLUMNS)))

    def vector(self, state: State, seat: int) -> np.ndarray:
        """What `seat` sees. Shape (8 + 11 + 16 N,), float32."""
        out = np.zeros(self.space.shape, np.float32)
        out[state.phase] = 1.0
        head, shown = OVER + 1 + len(GENERAL), self._shown(state)
        out[OVER + 1 : head] = self._general(state, seat, shown)
        table, public = out[head:].reshape(self.seats, len(COLUMNS)), self._public(state, shown)
        table[: self.seats - seat], table[self.seats - seat :] = public[seat:], public[:seat]
        self._private(state, seat, shown, table)
        return out

    def _shown(self, state: State) -> int:
        """Number of the round shown; 0 for none."""
        return len(state.past) if state.phase in (HARVEST, OVER) or max(state.now.taken) < 0 else state.number

    def _general(self, state: State, seat: int, shown: int) -> tuple[float, ...]:
        game = self.game
        done = state.record(shown) if shown else state.now
        share = dynamics.share(int(state.stock), max(1, len(game.active(state))), game.factor) if game.resource == "doubling" else -1.0
        return (
            state.number, game.rounds, state.stock, state.norm, state.wealth[seat], state.turn if state.phase == TALK else 0.0, shown,
            done.stock if shown else -1.0, done.total if shown else -1.0, done.norm if shown else -1.0, share,
        )  # fmt: skip

    def _public(self, state: State, shown: int) -> np.ndarray:
        """What everybody sees of each seat, in seat order; kept for the state looked at last, since all seats look at it. Shape (N, C)."""
        kept, table = self._kept
        if kept is state:
            return table
        done = state.record(shown) if shown else state.now
        columns = {name: [0.0] * self.seats for name in COLUMNS}
        for seat in self.game.active(state):
            columns["active"][seat] = 1.0
        unknown = [-1.0] * self.seats
        columns.update(asked=unknown, taken=unknown, model_cap=unknown, cost=list(done.cost), proposed=list(done.proposed))
        if self.game.open:
            columns["taken"] = list(done.taken)
            if self.game.resource != "doubling":
                columns["asked"] = list(done.asked)
        if self.game.resource == "doubling" and self.game.allocation == "proportional":
            columns["asked"] = list(done.asked)
        for by, target in enumerate(done.fined):
            if target >= 0:
                columns["fines"][by] = 1.0
                columns["fined_by"][target] += 1.0
        columns["watches"] = [float(other >= 0) for other in done.watched]
        for chosen in done.ballots:
            if chosen >= 0:
                columns["votes"][chosen] += 1.0
        self._talk(state.speech, shown, columns)
        table = np.array([columns[name] for name in COLUMNS], np.float32).T.copy()
        self._kept = (state, table)
        return table

    def _private(self, state: State, seat: int, shown: int, table: np.ndarray) -> None:
        """What only `seat` sees, entered into its table, own seat first."""
        game, done = self.game, state.record(shown) if shown else state.now
        watched, model = done.watched[seat], done.model[seat]
        for other in (seat, watched, model):
            if other >= 0:
                row = table[(other - seat) % self.seats]
                if knows_taken(game, done, seat, other):
                    row[_TAKEN] = done.taken[other]
                if knows_asked(game, done, seat, other):
                    row[_ASKED] = done.asked[other]
        if watched >= 0:
            table[(watched - seat) % self.seats, _WATCHED] = 1.0
        if model >= 0:
            row = table[(model - seat) % self.seats]
            row[_MODEL], row[_MODEL_GAIN] = 1.0, gains(game, done)[model] - done.cost[model]
            row[_MODEL_CAP] = state.record(shown - 1).proposed[model] if shown > 1 else -1.0
        if game.newcomer and seat == game.players - 1:
            said: dict[str, list[float]] = {}
            self._talk(heard(game, state, seat), shown, said)
            for name, values in said.items():
                table[:, COLUMNS.index(name)] = values[seat:] + values[:seat]

    def _talk(self, speech: tuple[Said, ...], shown: int, columns: dict[str, list[float]]) -> None:
        """What was said since the harvest of the round shown."""
        named, agreed, blamed = [-1.0] * self.seats, [0.0] * self.seats, [0.0] * self.seats
        columns.update(named=named, agreed=agreed, blamed=blamed)
        for said in reversed(speech):
            if said.number < max(1, shown):
                break
            if said.amount > 0 and named[said.seat] < 0:
                named[said.seat] = said.amount
            agreed[said.seat] = max(agreed[said.seat], float(said.choice == 1))
            if said.choice >= 2:
                blamed[said.choice - 2] += 1.0


def _bound(game: Commons) -> float:
    """More than any number in an observation: wealth, stocks, harvests, costs and counts."""
    wealth = game.endowment + max(map(abs, (game.info.low, game.info.high)))
    stock = dynamics.highest_stock(game.growth, game.capacity) if game.resource != "static" else float(game.tokens * game.players)
    return 10.0 + wealth + stock + game.rounds + game.players + game.talk + max(0.0, game.norm)


_ASKED, _TAKEN, _WATCHED, _MODEL, _MODEL_GAIN, _MODEL_CAP = map(
    COLUMNS.index, ("asked", "taken", "watched", "model", "model_gain", "model_cap")
)
