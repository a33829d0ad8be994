"""One-ply search by forking: likely pairs of choices are tried in copies of the battle against replies of the other side.

Axis letters: A = 55 choices of a slot.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from agentarena.core.agent import Agent, Decision, View
from agentarena.core.errors import BadOption, NotSupported
from agentarena.envs.pokemon_vgc import information, rules
from agentarena.envs.pokemon_vgc.actions import SIZE
from agentarena.envs.pokemon_vgc.engine import Update
from agentarena.envs.pokemon_vgc.observation import member_slice
from agentarena.envs.pokemon_vgc.state import State

from .players import Heuristic
from .situation import Situation

__all__ = ["Search", "balance"]

_RANGES = {"candidates": (1, 64), "samples": (1, 64), "playouts": (0, 64), "turns": (1, 100)}
_WON = 3.0
"""Worth of a battle that is over; a Pokemon with all its hit points is worth 1, and as much again as `_STANDING` for standing."""
_STANDING = 0.3
_Pair = tuple[int, int]


class Search(Agent):
    """Tries the likeliest pairs against replies of the other side, each in a copy of the battle with chance drawn anew.

        value(pair) = mean over samples of [balance after the pair, the reply and what chance brings] + prior * heuristic(pair)

    Copies of one sample share chance and reply, so that pairs are compared alike. The preview, forced switches and team building are
    the heuristic's. Everything that is copied is released before the choice is made.

    Args:
        candidates: How many pairs are tried: those that the heuristic values most.
        samples: How many imagined battles, with one reply of the other side each.
        playouts: Random playouts within the simulator from each position that is reached; their balance counts half. 0 for none.
        turns: Turns of a playout.
        prior: Weight of the heuristic's own value, which knows what pays later (set-up, status, protection).
        temperature: Of the softmax over the heuristic's values that the other side's reply is drawn from, from the second sample on;
            in the first it plays the heuristic's best.
        determinize: Whether battles are imagined, everything that the seat cannot know being redrawn. `False` searches copies of the true
            battle, hidden parts included: **privileged**, for comparisons alone, and named so ("privileged" in its version).

    Raises:
        BadOption: A number is out of range.
    """

    def __init__(
        self,
        candidates: int = 8,
        samples: int = 2,
        playouts: int = 0,
        turns: int = 2,
        prior: float = 0.5,
        temperature: float = 0.15,
        determinize: bool = True,
    ) -> None:
        for name, value in (("candidates", candidates), ("samples", samples), ("playouts", playouts), ("turns", turns)):
            low, high = _RANGES[name]
            if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
                raise BadOption(f"pokemonvgc/search: {name} is {value!r:.60}; allowed: a whole number from {low} to {high}")
        if not 0 <= prior <= 100 or not 0 < temperature <= 100 or not isinstance(determinize, bool):
            got = f"prior={prior!r:.60}, temperature={temperature!r:.60}, determinize={determinize!r:.60}"
            raise BadOption(f"pokemonvgc/search: {got}; allowed: prior 0 to 100, temperature above 0, to 100, determinize true or false")
        self.candidates, self.samples, self.playouts, self.turns = candidates, samples, playouts, turns
        self.prior, self.temperature, self.determinize = prior, temperature, determinize
        self.version = "1" if determinize else "1-privileged"
        self._heuristic = Heuristic()

    def choose(self, view: View) -> Decision:
        situation = Situation(view.observation, view.mask)
        if not situation.decides("move"):
            return self._heuristic.pair(view.observation, view.mask)
        values = self._heuristic.values(situation)
        pairs = _best(values, self.candidates)
        if len(pairs) == 1:
            return pairs[0]
        total = np.zeros(len(pairs))
        for number in range(self.samples):
            total += self._sample(view, pairs, number)
        prior = np.array([values[pair] for pair in pairs])
        return pairs[int((total / self.samples + self.prior * prior).argmax())]

    def _sample(self, view: View, pairs: list[_Pair], number: int) -> np.ndarray:
        """The balance after each pair, in one imagined battle."""
        game: Any = view.game
        imagined = view.imagine(view.rng) if self.determinize else _true_copy(view)
        try:
            reply = self._reply(game, imagined, 1 - view.seat, view.rng, likeliest=number == 0)
            joints = [{view.seat: pair} | ({} if reply is None else {1 - view.seat: reply}) for pair in pairs]
            return self._balances(imagined, joints, view.seat, view.rng)
        finally:
            game.release(imagined)

    def _reply(self, game: Any, state: State, seat: int, rng: np.random.Generator, likeliest: bool) -> _Pair | None:
        """What the other side may do, as it sees the imagined battle; `None` where it is not asked."""
        if seat not in rules.to_move(game, state):
            return None
        situation = Situation(game.observe(state, seat), rules.legal(state, seat).mask((SIZE, SIZE)))
        if not situation.decides("move"):
            return self._heuristic.pair(game.observe(state, seat), situation.mask)
        values = self._heuristic.values(situation)
        if likeliest:
            return _best(values, 1)[0]
        pairs = _best(values, 16)
        weights = np.array([values[pair] for pair in pairs]) / self.temperature
        weights = np.exp(weights - weights.max())
        return pairs[int(rng.choice(len(pairs), p=weights / weights.sum()))]

    def _balances(self, state: State, joints: list[dict[int, _Pair]], seat: int, rng: np.random.Generator) -> np.ndarray:
        """The balance after each joint choice, each in a fork of its own with the same chance to come."""
        engine, battle, chance = state.run.engine, state.run.battle, rules.seed_from(rng)
        assert battle is not None  # a move is asked of battles that have begun
        seeds = [rules.seed_from(rng) for _ in range(self.playouts)]
        forks = [fork for fork in engine.fork_many([(battle, chance, None)] * len(joints)) if isinstance(fork, tuple)]
        battles = [battle for battle, _ in forks]
        try:
            if len(forks) < len(joints):
                raise NotSupported("PokemonVGC: the engine cannot copy this battle")
            choices = [(joint.get(0), joint.get(1)) for joint in joints]
            updates = engine.choose(list(zip(battles, choices, strict=True)))
            values = np.array([balance(update, seat) if isinstance(update, Update) else -_WON for update in updates])
            going = [row for row, update in enumerate(updates) if isinstance(update, Update) and not update.over]
            if seeds and going:
                values[going] += 0.5 * (self._played_out(engine, [battles[row] for row in going], seeds, seat) - values[going])
            return values
        finally:
            engine.drop(*battles)

    def _played_out(self, engine: Any, battles: list[Any], seeds: list[str], seat: int) -> np.ndarray:
        """The mean balance of hit points after random playouts of each battle. Shape (battles,)."""
        total = np.zeros(len(battles))
        for number, seed in enumerate(seeds):
            last = number == len(seeds) - 1
            copies = battles if last else [battle for battle, _ in engine.fork_many([(battle, None, None) for battle in battles])]
            try:
                for row, end in enumerate(engine.playout(copies, [seed] * len(copies), self.turns)):
                    total[row] += (1 if seat == 0 else -1) * (end.left[0] - end.left[1]) * (1 + _STANDING)
            finally:
                if not last:
                    engine.drop(*copies)
        return total / len(seeds)


def _true_copy(view: View) -> State:
    """A copy of the true battle, with its chance drawn anew: privileged."""
    return information.fork(view._state, rules.seed_from(view.rng))  # privileged on purpose: `determinize=False`


def _best(values: np.ndarray, count: int) -> list[_Pair]:
    """The legal pairs of greatest value, best first."""
    flat = values.ravel()
    order = np.argsort(-flat, kind="stable")[:count]
    rows = [int(index) for index in order if flat[index] > Heuristic.never]
    return [divmod(index, SIZE) for index in rows]


def balance(update: Update, seat: int) -> float:
    """How much better a side stands than the other, by hit points, Pokemon that stand and statuses: privileged, as both sides' own
    numbers are read. At most `_WON` plus the team's worth."""
    own, other = (_worth(update.sides[side].features) for side in (seat, 1 - seat))
    won = 0.0 if update.winner is None else _WON if update.winner == seat else -_WON
    return own - other + won


_ROWS = {name: [member_slice(index, name) for index in range(6)] for name in ("hp", "fainted", "left_out", "boost_atk", "boost_spa")}
_STATUS = [[member_slice(index, f"status_{name}") for name in ("brn", "par", "slp", "frz", "tox")] for index in range(6)]
_ACTIVE = [[member_slice(index, name) for name in ("slot_a", "slot_b")] for index in range(6)]


def _worth(features: np.ndarray) -> float:
    """What a side's own six are worth, those that stayed at home left out."""
    stands = (features[_ROWS["fainted"]] == 0) & (features[_ROWS["left_out"]] == 0)
    hp = features[_ROWS["hp"]] * stands
    status = 0.15 * (features[_STATUS].max(1) > 0)
    boosts = 0.3 * np.maximum(features[_ROWS["boost_atk"]], features[_ROWS["boost_spa"]]) * (features[_ACTIVE].max(1) > 0)
    return float((hp + stands * (_STANDING - status + boosts)).sum())
