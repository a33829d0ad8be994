"""Small games of the kinds that the adapters must carry: simultaneous, spoken, real-valued, one seat, uneven turns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from fixtures.games import GAMES
from gymnasium import Space, spaces

from agentarena.core.actions import Action, ActionSet, Box, Legal, Product, Text
from agentarena.core.batch import Batch
from agentarena.core.events import Event
from agentarena.core.game import Game, GameInfo, option
from agentarena.core.namespace import Arrays
from agentarena.core.text import CHARSET, ChoiceFace, Options, Pattern, TextFace, Unreadable, answer_in, quote, words_in


class Face(ChoiceFace[Any]):
    """Moves are written as their numbers."""

    def rules(self, seat: int) -> str:
        return f"You are seat {seat}. Reply with exactly one number in <answer> tags."

    def look(self, state: Any, seat: int) -> str:
        return f"Seen: {np.asarray(self.game.observe(state, seat)).tolist()}"

    def tell(self, event: Event, seat: int) -> str:
        return f"{event.kind} {dict(event.data)}"

    def name(self, action: int) -> str:
        return str(action)


@dataclass(frozen=True)
class Round:
    number: int
    asked: tuple[int, ...]
    last: tuple[int, ...]
    paid: tuple[float, ...]


@dataclass(frozen=True)
class Majority(Game[Round]):
    """Three seats name 0 or 1 at once; those in the majority get 1. Under `resting`, one seat sits out each round."""

    rounds: int = option(5, "Number of rounds.", low=1, high=50)
    resting: bool = option(False, "Whether a random seat sits out each round.", choices=(True, False))

    @cached_property
    def info(self) -> GameInfo:
        return GameInfo(
            seats=3,
            low=0.0,
            high=float(self.rounds),
            unit="point",
            sum="general",
            simultaneous=True,
            lockstep=not self.resting,
            chance=True,
            max_steps=self.rounds,
        )

    @cached_property
    def text(self) -> Face:
        return Face(self)

    @cached_property
    def _space(self) -> Space[Any]:
        return spaces.Box(-1.0, 50.0, (5,), np.float32)

    @cached_property
    def _actions(self) -> Space[Any]:
        return spaces.Discrete(2)

    def action_space(self, seat: int) -> Space[Any]:
        return self._actions

    def observation_space(self, seat: int) -> Space[Any]:
        return self._space

    def _asked(self, rng: np.random.Generator) -> tuple[int, ...]:
        out = int(rng.integers(3)) if self.resting else 3
        return tuple(seat for seat in range(3) if seat != out)

    def start(self, rng: np.random.Generator) -> Round:
        return Round(0, self._asked(rng), (-1, -1, -1), (0.0, 0.0, 0.0))

    def to_move(self, state: Round) -> tuple[int, ...]:
        return state.asked

    def legal(self, state: Round, seat: int) -> Legal:
        return (0, 1)

    def step(self, state: Round, actions: Mapping[int, Action], rng: np.random.Generator) -> Round:
        self.check(state, actions)
        votes = tuple(int(actions[seat]) if seat in actions else -1 for seat in range(3))
        most = int(sum(vote == 1 for vote in votes) > sum(vote == 0 for vote in votes))
        number = state.number + 1
        asked = self._asked(rng) if number < self.rounds else ()
        return Round(number, asked, votes, tuple(float(vote == most) for vote in votes))

    def rewards(self, state: Round) -> tuple[float, ...]:
        return state.paid

    def observe(self, state: Round, seat: int) -> np.ndarray:
        return np.array([state.number, seat, *state.last], np.float32)

    def news(self, state: Round) -> tuple[Event, ...]:
        return (Event("votes", {"votes": list(state.last)}),) if state.number else ()


@dataclass(frozen=True)
class MajorityTables:
    """Array state: rounds (B,), votes (B, 3)."""

    number: Any
    last: Any


class MajorityBatch(Batch[MajorityTables]):
    """Array rules of `Majority` without resting, on numpy or torch."""

    def __init__(self, rounds: int, xp: Any = np, device: Any = None) -> None:
        self.rounds, self.arrays = rounds, Arrays(xp, device)

    def start(self, size: int, rng: np.random.Generator) -> MajorityTables:
        full, int64 = self.arrays.full, self.arrays.xp.int64
        return MajorityTables(full(size, 0, int64), full((size, 3), -1, int64))

    def over(self, state: MajorityTables) -> Any:
        return state.number >= self.rounds

    def to_move(self, state: MajorityTables) -> Any:
        return self.arrays.xp.stack([~self.over(state)] * 3, 1)

    def legal(self, state: MajorityTables) -> Any:
        return self.arrays.cast(self.arrays.xp.stack([self.to_move(state)] * 2, 2), self.arrays.xp.int8)

    def step(self, state: MajorityTables, actions: Any, rng: np.random.Generator) -> MajorityTables:
        where, over = self.arrays.xp.where, self.over(state)
        return MajorityTables(where(over, state.number, state.number + 1), where(over[:, None], -1, actions))

    def rewards(self, state: MajorityTables) -> Any:
        most = self.arrays.cast((state.last == 1).sum(1) > (state.last == 0).sum(1), self.arrays.xp.int64)
        return self.arrays.cast((state.last == most[:, None]) & (state.last >= 0), self.arrays.xp.float64)

    def observe(self, state: MajorityTables, seats: Any) -> Any:
        who = self.arrays.asarray(seats, self.arrays.xp.int64) + 0 * state.number
        columns = [state.number, who, *(state.last[:, seat] for seat in range(3))]
        return self.arrays.cast(self.arrays.xp.stack(columns, 1), self.arrays.xp.float32)

    def unbatch(self, state: MajorityTables, index: int) -> Round:
        number, votes = int(state.number[index]), tuple(int(vote) for vote in state.last[index])
        paid = tuple(float(reward) for reward in self.rewards(state)[index])
        return Round(number, (0, 1, 2) if number < self.rounds else (), votes, paid)


@dataclass(frozen=True)
class FastMajority(Majority):
    """`Majority` with array rules."""

    def batch(self, xp: Any = np, device: Any = None) -> MajorityBatch:
        return MajorityBatch(self.rounds, xp, device)


@dataclass(frozen=True)
class Bid:
    made: tuple[float, ...]


@dataclass(frozen=True)
class Bids(Game[Bid]):
    """Two seats bid a real number in turn; the higher bid wins, and both pay theirs."""

    @cached_property
    def info(self) -> GameInfo:
        return GameInfo(seats=2, low=-1.0, high=1.0, unit="coin", sum="general", hidden=True, max_steps=2)

    @cached_property
    def text(self) -> BidFace:
        return BidFace(self)

    @cached_property
    def _actions(self) -> Space[Any]:
        return spaces.Box(0.0, 1.0, (1,), np.float32)

    @cached_property
    def _space(self) -> Space[Any]:
        return spaces.Box(-1.0, 1.0, (3,), np.float32)

    def action_space(self, seat: int) -> Space[Any]:
        return self._actions

    def observation_space(self, seat: int) -> Space[Any]:
        return self._space

    def start(self, rng: np.random.Generator) -> Bid:
        return Bid(())

    def to_move(self, state: Bid) -> tuple[int, ...]:
        return (len(state.made),) if len(state.made) < 2 else ()

    def legal(self, state: Bid, seat: int) -> Legal:
        return Box(0.0, 1.0, (1,))

    def step(self, state: Bid, actions: Mapping[int, Action], rng: np.random.Generator) -> Bid:
        self.check(state, actions)
        return Bid((*state.made, float(np.asarray(actions[len(state.made)])[0])))

    def rewards(self, state: Bid) -> tuple[float, ...]:
        if len(state.made) < 2:
            return (0.0, 0.0)
        first, second = state.made
        return ((1.0 if first > second else 0.0) - first, (1.0 if second > first else 0.0) - second)

    def observe(self, state: Bid, seat: int) -> np.ndarray:
        own = state.made[seat] if len(state.made) > seat else -1.0
        return np.array([seat, len(state.made) / 2, own], np.float32)


class BidFace(TextFace[Any]):
    def rules(self, seat: int) -> str:
        return "Bid a number from 0 to 1."

    def look(self, state: Bid, seat: int) -> str:
        return f"You are seat {seat}; your bid: {state.made[seat] if len(state.made) > seat else 'none'}"

    def options(self, state: Bid, seat: int) -> Options:
        return Pattern(r"<answer>[01]\.[0-9]{1,3}</answer>")

    def read(self, state: Bid, seat: int, reply: str) -> Action | Unreadable:
        answer = answer_in(reply)
        if isinstance(answer, Unreadable):
            return answer
        try:
            return np.array([float(answer)])
        except ValueError:
            return Unreadable(f"{quote(answer, 60)} is no number")

    def write(self, state: Any, seat: int, action: Action) -> str:
        return f"{float(np.asarray(action)[0])!r}"


@dataclass(frozen=True)
class Said:
    words: tuple[str, ...]
    votes: tuple[int, ...]


@dataclass(frozen=True)
class Talk(Game[Said]):
    """Two seats each say something and name 0 or 1 in turn; both get 1 when they agree. Observations hold words."""

    @cached_property
    def info(self) -> GameInfo:
        return GameInfo(seats=2, low=0.0, high=1.0, unit="point", sum="common", max_steps=2)

    @cached_property
    def text(self) -> TalkFace:
        return TalkFace(self)

    @cached_property
    def _legal(self) -> ActionSet:
        return Product({"vote": (0, 1), "words": Text(40)})

    @cached_property
    def _actions(self) -> Space[Any]:
        return self._legal.space()

    @cached_property
    def _space(self) -> Space[Any]:
        heard = spaces.Text(40, min_length=0, charset=CHARSET)
        return spaces.Dict({"turn": spaces.Discrete(3), "heard": heard, "vote": spaces.Box(-1, 1, (1,), np.int8)})

    def action_space(self, seat: int) -> Space[Any]:
        return self._actions

    def observation_space(self, seat: int) -> Space[Any]:
        return self._space

    def start(self, rng: np.random.Generator) -> Said:
        return Said((), ())

    def to_move(self, state: Said) -> tuple[int, ...]:
        return (len(state.words),) if len(state.words) < 2 else ()

    def legal(self, state: Said, seat: int) -> Legal:
        return self._legal

    def step(self, state: Said, actions: Mapping[int, Action], rng: np.random.Generator) -> Said:
        self.check(state, actions)
        action = actions[len(state.words)]
        return Said((*state.words, action["words"]), (*state.votes, int(action["vote"])))

    def rewards(self, state: Said) -> tuple[float, ...]:
        agreed = float(len(state.votes) == 2 and state.votes[0] == state.votes[1])
        return (agreed, agreed)

    def observe(self, state: Said, seat: int) -> dict[str, Any]:
        heard = state.words[-1] if state.words else ""
        vote = state.votes[-1] if state.votes else -1
        return {"turn": len(state.words), "heard": heard, "vote": np.array([vote], np.int8)}


class TalkFace(TextFace[Any]):
    def rules(self, seat: int) -> str:
        return "Say something in <say> tags and answer 0 or 1."

    def look(self, state: Said, seat: int) -> str:
        said = zip(state.words, state.votes, strict=True)
        return "\n".join(f"seat {who}: {quote(words)}, {vote}" for who, (words, vote) in enumerate(said)) or "Nobody has spoken."

    def options(self, state: Said, seat: int) -> Options:
        return Pattern(r"(<say>[^<]{0,40}</say>)?<answer>[01]</answer>")

    def read(self, state: Said, seat: int, reply: str) -> Action | Unreadable:
        answer, words = answer_in(reply), words_in(reply)
        for part in (answer, words):
            if isinstance(part, Unreadable):
                return part
        if answer not in ("0", "1"):
            return Unreadable("the answer is neither 0 nor 1")
        return {"vote": int(answer), "words": words}

    def write(self, state: Any, seat: int, action: Action) -> str:
        return f"<say>{action['words']}</say><answer>{action['vote']}</answer>"


@dataclass(frozen=True)
class Walk:
    at: int
    steps: int
    paid: float


@dataclass(frozen=True)
class Climb(Game[Walk]):
    """One seat walks up from 0 to `top`; each step up pays a tenth, and the wind may blow it one down."""

    top: int = option(4, "Height to reach.", low=1, high=20)

    @cached_property
    def info(self) -> GameInfo:
        return GameInfo(seats=1, low=-4.0, high=4.0, unit="point", sum="general", chance=True, max_steps=12)

    @cached_property
    def text(self) -> Face:
        return Face(self)

    @cached_property
    def _actions(self) -> Space[Any]:
        return spaces.Discrete(3)

    @cached_property
    def _space(self) -> Space[Any]:
        return spaces.Discrete(21)

    def action_space(self, seat: int) -> Space[Any]:
        return self._actions

    def observation_space(self, seat: int) -> Space[Any]:
        return self._space

    def start(self, rng: np.random.Generator) -> Walk:
        return Walk(int(rng.integers(0, 2)), 0, 0.0)

    def to_move(self, state: Walk) -> tuple[int, ...]:
        return (0,) if state.at < self.top else ()

    def legal(self, state: Walk, seat: int) -> Legal:
        return (0, 2) if state.at else (2,)

    def step(self, state: Walk, actions: Mapping[int, Action], rng: np.random.Generator) -> Walk:
        self.check(state, actions)
        at = max(0, state.at + int(actions[0]) - 1 - int(rng.random() < 0.25))
        return Walk(at, state.steps + 1, 0.1 * (at - state.at))

    def rewards(self, state: Walk) -> tuple[float, ...]:
        return (state.paid,)

    def observe(self, state: Walk, seat: int) -> int:
        return state.at


@dataclass(frozen=True)
class Coin:
    turn: int
    order: tuple[int, ...]
    paid: tuple[float, ...]


@dataclass(frozen=True)
class Tips(Game[Coin]):
    """Three seats act in a random order, some twice and perhaps one never; each action gives 0.1 to each other seat."""

    @cached_property
    def info(self) -> GameInfo:
        return GameInfo(seats=3, low=0.0, high=0.4, unit="coin", sum="general", chance=True, max_steps=4)

    @cached_property
    def text(self) -> Face:
        return Face(self)

    @cached_property
    def _actions(self) -> Space[Any]:
        return spaces.Discrete(4)

    @cached_property
    def _space(self) -> Space[Any]:
        return spaces.Box(0, 4, (2,), np.int8)

    def action_space(self, seat: int) -> Space[Any]:
        return self._actions

    def observation_space(self, seat: int) -> Space[Any]:
        return self._space

    def start(self, rng: np.random.Generator) -> Coin:
        return Coin(0, tuple(int(seat) for seat in rng.integers(0, 3, 4)), (0.0, 0.0, 0.0))

    def to_move(self, state: Coin) -> tuple[int, ...]:
        return (state.order[state.turn],) if state.turn < 4 else ()

    def legal(self, state: Coin, seat: int) -> Legal:
        return (1, 3)

    def step(self, state: Coin, actions: Mapping[int, Action], rng: np.random.Generator) -> Coin:
        self.check(state, actions)
        giver = state.order[state.turn]
        return Coin(state.turn + 1, state.order, tuple(0.0 if seat == giver else 0.1 for seat in range(3)))

    def rewards(self, state: Coin) -> tuple[float, ...]:
        return state.paid

    def observe(self, state: Coin, seat: int) -> np.ndarray:
        return np.array([state.turn, seat], np.int8)

    def news(self, state: Coin) -> tuple[Event, ...]:
        return (Event("tip", {"from": state.order[state.turn - 1]}),) if state.turn else ()


OURS: tuple[Game[Any], ...] = (Majority(), Majority(resting=True), FastMajority(), Bids(), Talk(), Climb(), Tips())
FIXTURES: tuple[Game[Any], ...] = (*OURS, *(kind() for kind in GAMES))
