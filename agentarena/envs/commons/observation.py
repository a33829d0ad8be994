"""What a seat sees, as numbers: a float32 vector whose parts have names; and what one seat knows of another.

The round shown is the one under way once its harvest is in, else the one before. Seats stand in an order that begins with the observer's own and goes
round the table. -1 stands for "unknown" and "none".
"""

from __future__ import annotations

from typing import NamedTuple

import gymnasium
import numpy as np

from .options import CommonsOptions
from .rules import dynamics
from .rules.harvest import gains, return_bounds
from .state import HARVEST, OVER, TALK, Round, State, Utterance, active_seats

__all__ = ["COLUMNS", "GENERAL", "Layout", "Observation", "heard_utterances", "known_harvests", "knows_harvest", "knows_request"]

GENERAL = ("round", "rounds", "stock", "norm", "wealth", "turn", "shown", "before", "total", "shown_norm", "share")
"""Numbers about the whole: the round and how many there are, the stock now, the cap in force, own wealth, utterances so far, the round shown (0 for
none) with its stock before the harvest, its total harvest and its cap, and the equal part of what can be taken (doubling pools)."""
COLUMNS = (
    "active", "requested", "harvested", "cost", "fined_by", "fines", "watches", "watched", "model", "model_gain", "model_cap", "proposed", "votes",
    "named", "agreed", "blamed",
)  # fmt: skip
"""Numbers about each seat: whether it takes part; in the round shown its effort (or units wanted, or tokens) and harvest, what sanctions cost
it, how many punished it, whether it punished and watched; whether I watched it, whether I learn from it, its gain and last proposal then; its proposal and the votes
for it; the cap it named last, whether it agreed, and how many blamed it in the last conversation."""

_GENERAL_START = OVER + 1
_TABLE_START = _GENERAL_START + len(GENERAL)
_REQUESTED, _HARVESTED, _WATCHED, _MODEL, _MODEL_GAIN, _MODEL_CAP = map(
    COLUMNS.index, ("requested", "harvested", "watched", "model", "model_gain", "model_cap")
)

# --- what one seat knows of another --------------------------------------------------------------------------------------


def knows_harvest(options: CommonsOptions, done: Round, seat: int, other: int) -> bool:
    """Whether `seat` knows what `other` harvested in a round."""
    return options.public_harvests or other in (seat, done.watched[seat], done.model[seat])


def known_harvests(options: CommonsOptions, done: Round, seat: int) -> dict[int, float]:
    """The harvests of a round that `seat` knows, by seat in increasing order, without seats that did not harvest."""
    if options.public_harvests:
        known = options.all_seats
    else:
        known = tuple(sorted({other for other in (seat, done.watched[seat], done.model[seat]) if other >= 0}))
    return {other: done.harvested[other] for other in known if done.harvested[other] >= 0}


def knows_request(options: CommonsOptions, done: Round, seat: int, other: int) -> bool:
    """Whether `seat` knows the effort, the units wanted or the tokens of `other`."""
    if options.resource == "doubling":
        return other == seat or options.public_requests
    return knows_harvest(options, done, seat, other)


def heard_utterances(options: CommonsOptions, state: State, seat: int) -> tuple[Utterance, ...]:
    """What a seat has heard: everything said since it joined."""
    if not options.is_newcomer(seat):
        return state.utterances
    return tuple(utterance for utterance in state.utterances if utterance.number >= options.newcomer)


# --- the vector ----------------------------------------------------------------------------------------------------------


class Observation(NamedTuple):
    """An observation with names.

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

    def __init__(self, options: CommonsOptions) -> None:
        self.options = options
        self.seats = options.players
        size = _TABLE_START + self.seats * len(COLUMNS)
        bound = _bound(options)
        self.space = gymnasium.spaces.Box(-bound, bound, (size,), np.float32)
        self._latest: tuple[State | None, np.ndarray] = (None, np.zeros(0))

    def read(self, vector: np.ndarray) -> Observation:
        """A vector with names."""
        general = dict(zip(GENERAL, vector[_GENERAL_START:_TABLE_START].tolist(), strict=True))
        return Observation(int(vector[:_GENERAL_START].argmax()), general, vector[_TABLE_START:].reshape(self.seats, len(COLUMNS)))

    def vector(self, state: State, seat: int) -> np.ndarray:
        """What `seat` sees. Shape (8 + 11 + 16 N,), float32."""
        out = np.zeros(self.space.shape, np.float32)
        out[state.phase] = 1.0
        number = self._round_shown(state)
        out[_GENERAL_START:_TABLE_START] = self._general(state, seat, number)
        table, public = out[_TABLE_START:].reshape(self.seats, len(COLUMNS)), self._public(state, number)
        table[: self.seats - seat], table[self.seats - seat :] = public[seat:], public[:seat]
        self._add_private(state, seat, number, table)
        return out

    def _round_shown(self, state: State) -> int:
        """Number of the round shown; 0 for none."""
        return len(state.past) if state.phase in (HARVEST, OVER) or not state.current.is_harvested else state.number

    def _general(self, state: State, seat: int, number: int) -> tuple[float, ...]:
        options = self.options
        done = state.round(number) if number else state.current
        share = -1.0
        if options.resource == "doubling":
            share = dynamics.share(int(state.stock), max(1, len(active_seats(options, state))), options.factor)
        return (
            state.number, options.rounds, state.stock, state.norm, state.wealth[seat], state.turn if state.phase == TALK else 0.0, number,
            done.stock if number else -1.0, done.total if number else -1.0, done.norm if number else -1.0, share,
        )  # fmt: skip

    def _public(self, state: State, number: int) -> np.ndarray:
        """What everybody sees of each seat, in seat order. Shape (N, C); kept for the latest state, at which every seat looks."""
        latest, table = self._latest
        if latest is state:
            return table
        options = self.options
        done = state.round(number) if number else state.current
        columns = {name: [0.0] * self.seats for name in COLUMNS}
        for seat in active_seats(options, state):
            columns["active"][seat] = 1.0
        unknown = [-1.0] * self.seats
        columns.update(requested=unknown, harvested=unknown, model_cap=unknown, cost=list(done.cost), proposed=list(done.proposed))
        if options.public_harvests:
            columns["harvested"] = list(done.harvested)
        if options.public_requests or (options.public_harvests and options.resource != "doubling"):
            columns["requested"] = list(done.requested)
        for by, target in enumerate(done.punished):
            if target >= 0:
                columns["fines"][by] = 1.0
                columns["fined_by"][target] += 1.0
        columns["watches"] = [float(other >= 0) for other in done.watched]
        for chosen in done.ballots:
            if chosen >= 0:
                columns["votes"][chosen] += 1.0
        columns.update(self._talk(state.utterances, number))
        table = np.array([columns[name] for name in COLUMNS], np.float32).T.copy()
        self._latest = (state, table)
        return table

    def _add_private(self, state: State, seat: int, number: int, table: np.ndarray) -> None:
        """Enter what only `seat` sees into its table, own seat first."""
        options, done = self.options, state.round(number) if number else state.current
        watched, model = done.watched[seat], done.model[seat]
        for other in (seat, watched, model):
            if other >= 0:
                row = table[(other - seat) % self.seats]
                if knows_harvest(options, done, seat, other):
                    row[_HARVESTED] = done.harvested[other]
                if knows_request(options, done, seat, other):
                    row[_REQUESTED] = done.requested[other]
        if watched >= 0:
            table[(watched - seat) % self.seats, _WATCHED] = 1.0
        if model >= 0:
            row = table[(model - seat) % self.seats]
            row[_MODEL], row[_MODEL_GAIN] = 1.0, gains(options, done)[model] - done.cost[model]
            row[_MODEL_CAP] = state.round(number - 1).proposed[model] if number > 1 else -1.0
        if options.is_newcomer(seat):
            for name, values in self._talk(heard_utterances(options, state, seat), number).items():
                table[:, COLUMNS.index(name)] = values[seat:] + values[:seat]

    def _talk(self, utterances: tuple[Utterance, ...], number: int) -> dict[str, list[float]]:
        """What was said since the harvest of round `number`, by column."""
        named, agreed, blamed = [-1.0] * self.seats, [0.0] * self.seats, [0.0] * self.seats
        for utterance in reversed(utterances):
            if utterance.number < max(1, number):
                break
            speaker = utterance.seat
            if utterance.amount > 0 and named[speaker] < 0:
                named[speaker] = utterance.amount
            agreed[speaker] = max(agreed[speaker], float(utterance.choice == 1))
            if utterance.choice >= 2:
                blamed[utterance.choice - 2] += 1.0
        return {"named": named, "agreed": agreed, "blamed": blamed}


def _bound(options: CommonsOptions) -> float:
    """More than any number in an observation: wealth, stocks, harvests, costs and counts."""
    wealth = options.endowment + max(map(abs, return_bounds(options)))
    grown = dynamics.highest_stock(options.growth, options.capacity)
    stock = grown if options.resource != "static" else float(options.tokens * options.players)
    return 10.0 + wealth + stock + options.rounds + options.players + options.talk + max(0.0, options.norm)
