"""What a seat sees, as numbers: a float32 vector whose parts have names; and what one seat knows of another.

The round shown is the one under way once its harvest is in, else the one before. Seats stand in an order that begins with the observer's own and goes
round the table. -1 stands for "unknown" and "none".
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import gymnasium
import numpy as np

from agentarena.core.display import shown
from agentarena.core.errors import NotSupported, UsageError
from agentarena.core.speech import Heard

from .options import CommonsOptions
from .rules import dynamics
from .rules.harvest import gains, return_bounds
from .state import HARVEST, OVER, TALK, Round, State, Utterance, active_seats

__all__ = [
    "COLUMNS",
    "GENERAL",
    "Layout",
    "Observation",
    "heard_signals",
    "heard_utterances",
    "known_harvests",
    "knows_harvest",
    "knows_request",
]

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


def heard_signals(options: CommonsOptions, state: State, seat: int) -> tuple[Heard, ...]:
    """What a seat has heard as symbols."""
    heard, number, order = [], 0, 0
    for utterance in heard_utterances(options, state, seat):
        order = order + 1 if utterance.number == number else 0
        number = utterance.number
        if utterance.choice >= 2 + options.players:
            heard.append(Heard(number, order, utterance.seat, *options.meaning(utterance.choice)))
    return tuple(heard)


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
        self._table_end = _TABLE_START + self.seats * len(COLUMNS)
        self._said = (self.seats, options.talk, options.symbols + self.seats) if options.latent else (0, 0, 0)
        self._before = (self.seats, options.symbols, self.seats + 1) if options.latent else (0, 0, 0)
        size = self._table_end + math.prod(self._said) + math.prod(self._before)
        bound = _bound(options)
        self.space = gymnasium.spaces.Box(-bound, bound, (size,), np.float32)
        self._latest: tuple[State | None, np.ndarray] = (None, np.zeros(0))

    def read(self, vector: np.ndarray) -> Observation:
        """A vector with names."""
        general = dict(zip(GENERAL, vector[_GENERAL_START:_TABLE_START].tolist(), strict=True))
        return Observation(int(vector[:_GENERAL_START].argmax()), general, self._table_of(vector))

    def _table_of(self, vector: np.ndarray) -> np.ndarray:
        return vector[_TABLE_START : self._table_end].reshape(self.seats, len(COLUMNS))

    def signals(self, vector: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What was said by symbols, as views of a vector: two parts behind the table in games with latent speech.

        Returns:
            now: Shape (N, U, K + N): what each seat, own first, said in each of U turns of the latest conversation: its symbol of K, and
                the seat that it named, own first.
            before: Shape (N, K, N + 1): how often a seat said a symbol of a seat in earlier conversations, in quarters, 1 from 4 on; the
                last column names nobody.
        """
        middle = self._table_end + math.prod(self._said)
        return vector[self._table_end : middle].reshape(self._said), vector[middle:].reshape(self._before)

    def vector(self, state: State, seat: int) -> np.ndarray:
        """What `seat` sees. Shape (8 + 11 + 16 N,), float32; with latent speech the two parts of `signals` follow."""
        out = np.zeros(self.space.shape, np.float32)
        out[state.phase] = 1.0
        number = self._round_shown(state)
        out[_GENERAL_START:_TABLE_START] = self._general(state, seat, number)
        table, public = self._table_of(out), self._public(state, number)
        table[: self.seats - seat], table[self.seats - seat :] = public[seat:], public[:seat]
        self._add_private(state, seat, number, table)
        if self.options.latent:
            self._add_signals(out, heard_signals(self.options, state, seat), seat)
        return out

    def _add_signals(self, out: np.ndarray, heard: Sequence[Heard], seat: int) -> None:
        now, before = self.signals(out)
        phase, number = int(out[:_GENERAL_START].argmax()), int(out[_GENERAL_START])
        latest = max((signal.day for signal in heard), default=0)
        if phase == TALK:
            latest = number
        symbols, seats = self.options.symbols, self.seats
        turns = [0] * seats
        for signal in sorted(heard):
            speaker, target = (signal.speaker - seat) % seats, (signal.target - seat) % seats if signal.target >= 0 else -1
            if signal.day < latest:
                before[speaker, signal.symbol, target] = min(1.0, before[speaker, signal.symbol, target] + 0.25)
                continue
            turn = turns[speaker] if self.options.floor == "together" else sum(turns)
            if turn >= self.options.talk:
                raise UsageError(f"Commons: more speeches in round {signal.day} than its conversation of {self.options.talk} turns has")
            now[speaker, turn, signal.symbol] = 1.0
            if target >= 0:
                now[speaker, turn, symbols + target] = 1.0
            turns[speaker] += 1

    # --- the same seat's sight, from a game in which one speaks otherwise --------------------------------------------

    def translated(self, observation: np.ndarray, heard: Sequence[Heard], plain: Layout, seat: int) -> np.ndarray:
        """What `seat` sees here that sees `observation` in a game of the layout `plain` and heard these symbols.

        Raises:
            NotSupported: This game has no latent speech.
            UsageError: The games differ in more than speech, or a symbol, seat or number of speeches is out of range.
        """
        self.check_alike(plain)
        for signal in heard:
            in_range = 0 <= signal.speaker < self.seats and 0 <= signal.symbol < self.options.symbols and -1 <= signal.target < self.seats
            if not in_range or not 0 <= signal.order < self.options.talk * (self.seats if self.options.floor == "together" else 1):
                raise UsageError(
                    f"Commons: {shown(signal)} cannot be heard in this game: its speaker, symbol, target or order is out of range"
                )
        out = np.zeros(self.space.shape, np.float32)
        out[: self._table_end] = observation[: self._table_end]
        table = self._table_of(out)
        for name, value in (("named", -1.0), ("agreed", 0.0), ("blamed", 0.0)):
            table[:, COLUMNS.index(name)] = value
        self._add_signals(out, heard, seat)
        return out

    def check_alike(self, plain: Layout) -> None:
        """Raise unless observations of the other layout can be translated into this one."""
        if not self.options.latent:
            raise NotSupported("Commons: this game has no latent speech; make one with with_latent(moves)")
        one, other = self.options, plain.options
        if (one.players, one.talk, one.floor, one.num_amounts) != (other.players, other.talk, other.floor, other.num_amounts):
            raise UsageError("Commons: the two games may differ in speech alone; build the latent one from the other by with_latent(moves)")

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
            if 2 <= utterance.choice < 2 + self.seats:
                blamed[utterance.choice - 2] += 1.0
        return {"named": named, "agreed": agreed, "blamed": blamed}


def _bound(options: CommonsOptions) -> float:
    """More than any number in an observation: wealth, stocks, harvests, costs and counts."""
    wealth = options.endowment + max(map(abs, return_bounds(options)))
    grown = dynamics.highest_stock(options.growth, options.capacity)
    stock = grown if options.resource != "static" else float(options.tokens * options.players)
    return 10.0 + wealth + stock + options.rounds + options.players + options.talk + max(0.0, options.norm)
