"""One match as a state machine: it says which seats it waits for, shows each its view, and takes their answers.

    match = Match(terms, fixture)
    while not match.over:
        for seat in match.pending():
            match.answer(seat, agent.choose(match.view(seat)))
    match.record()

Nothing an agent does can break it: an answer that is no legal move is a typed fault with a price.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from .actions import Action, Box, Legal, Product, Text, decode, encode, sample, violation
from .agent import Decision, Reply, View
from .config import OnUnreadable, Player, RunConfig
from .episode import Episode
from .errors import AgentDied, AgentFault, AgentNonsense, AgentRaised, AgentTimeout, IllegalAction
from .game import Game
from .record import Cost, Finished, Fixture, Outcome, Record, Seat, stable
from .rng import CHANCE, REFEREE, stream
from .text import Unreadable

__all__ = ["Match", "OnUnreadable", "Player", "RunConfig"]

_KINDS: dict[type[AgentFault], str] = {
    AgentRaised: "raised",
    AgentTimeout: "timeout",
    AgentDied: "died",
    AgentNonsense: "nonsense",
    AgentFault: "resigned",
}
FAULTS = {kind: error for error, kind in _KINDS.items()}
"""Kind of a fault in a record -> the error it stands for."""


class Match:
    """A match under way.

    Attributes:
        terms: What it shares with the other matches of its run.
        fixture: Its number, deal and seating.
        episode: State, log and returns.
    """

    __slots__ = (
        "_aborted",
        "_actions",
        "_asked",
        "_attempts",
        "_chosen",
        "_costs",
        "_failed",
        "_faults",
        "_news",
        "_replies",
        "episode",
        "fixture",
        "memory",
        "terms",
        "turns",
    )

    def __init__(self, terms: RunConfig, fixture: Fixture) -> None:
        self.terms, self.fixture = terms, fixture
        self.episode = Episode(terms.game, stream(terms.seed, CHANCE, fixture.deal))
        seats = terms.game.info.seats
        self.memory: list[dict[str, Any]] = [{} for _ in range(seats)]
        self.turns = [0] * seats
        self._asked = self.episode.to_move
        self._actions: list[list[list[Any]]] = []
        self._aborted: list[list[Any]] = []
        self._replies: list[dict[str, Any]] = []
        self._faults: list[dict[str, Any]] = []
        self._costs: list[list[Any]] = [[0, 0.0, {}] for _ in range(seats)]
        # of the step under way, by seat
        self._chosen: dict[int, tuple[Action, Any]] = {}
        self._failed: dict[int, AgentFault] = {}
        self._attempts: dict[int, list[dict[str, Any]]] = {}
        self._news: dict[int, tuple[Any, ...]] = {}

    @property
    def over(self) -> bool:
        """Whether nobody will be asked again."""
        return not self._asked

    def pending(self) -> tuple[int, ...]:
        """The seats whose answer is awaited now."""
        return tuple(seat for seat in self._asked if seat not in self._chosen and seat not in self._failed)

    def view(self, seat: int) -> View:
        """What a pending seat is shown. Asking twice gives equal views."""
        news = self._news.get(seat)
        if news is None:
            news = self._news[seat] = self.episode.unread(seat)
            self.episode.mark_read(seat)
        attempts = self._attempts.get(seat)
        return View(
            self.terms.game,
            self.episode.state,
            seat,
            news=news,
            seed=self.terms.agents_seed,
            match=self.fixture.match,
            turn=self.turns[seat],
            memory=self.memory[seat],
            retry_reason=_retry_reason(attempts[-1]) if attempts else "",
            attempt=len(attempts) if attempts else 0,
        )

    def answer(self, seat: int, decision: Decision | Exception) -> tuple[int, ...]:
        """Take the answer of a pending seat: an action, a `Reply`, or the fault that came in its place.

        Returns:
            The seats to ask next: `(seat,)` when it is asked again, the next step's seats when this answer completed
            a step, `()` while others are awaited and at the end.
        """
        if self.terms.discrete[seat] and (decision.__class__ is int or isinstance(decision, np.integer)):
            return self._answer_int(seat, int(decision))
        if isinstance(decision, Reply):
            return self._hear(seat, decision)
        if isinstance(decision, Exception):
            return self.fail(seat, decision)
        legal = self.terms.game.legal(self.episode.state, seat)
        reason = violation(legal, decision)
        if reason:
            return self.fail(seat, AgentNonsense(reason))
        return self._accept(seat, *_canonical(legal, decision))

    def _answer_int(self, seat: int, action: int) -> tuple[int, ...]:
        if len(self._asked) > 1:
            reason = violation(self.terms.game.legal(self.episode.state, seat), action)
            return self.fail(seat, AgentNonsense(reason)) if reason else self._accept(seat, action, action)
        try:  # one seat to move: the rules themselves decide, once
            self.episode.step({seat: action})
        except IllegalAction as error:
            return self.fail(seat, AgentNonsense(str(error)))
        self._actions.append([[seat, action]])
        self._news.pop(seat, None)
        self.turns[seat] += 1
        if self._attempts:
            self._keep_attempts(seat, len(self._actions) - 1)
        self._asked = self.episode.to_move
        return self._asked

    def _hear(self, seat: int, reply: Reply) -> tuple[int, ...]:
        problem = _malformed(reply)
        if problem:
            return self.fail(seat, AgentNonsense(problem))
        self.add_usage(seat, reply.usage)
        game, state = self.terms.game, self.episode.state
        legal = game.legal(state, seat)
        action = game.text.read(state, seat, reply.text)
        if isinstance(action, Unreadable):
            outcome, reason = _unread(action, reply.finish)
        else:
            refused = violation(legal, action)
            outcome, reason = ("illegal", _in_words(game, state, seat, legal, action, refused)) if refused else ("read", "")
        attempts = self._attempts.setdefault(seat, [])
        kept = {"text": reply.text, "thinking": reply.thinking, "outcome": outcome, "reason": reason, "extra": dict(reply.extra)}
        attempts.append(kept if reply.finish == "stop" else {**kept, "finish": reply.finish})
        if outcome == "read":
            return self._accept(seat, *_canonical(legal, action))
        policy = self.terms.on_unreadable
        if len(attempts) <= policy.retries:
            return (seat,)
        self._fault(seat, outcome, reason, policy.then)
        if policy.then == "forfeit":
            return self._give_up(seat, AgentNonsense(reason))
        if policy.then == "random":
            rng = stream(self.terms.seed, REFEREE, self.fixture.match, seat, self.turns[seat])
            return self._accept(seat, *_canonical(legal, sample(legal, rng)))
        return self._accept(seat, *_canonical(legal, first_legal(legal)))

    def fail(self, seat: int, fault: Exception) -> tuple[int, ...]:
        """The agent of a pending seat failed; the seat forfeits once the other seats of this step have answered."""
        if not isinstance(fault, AgentFault):
            fault = AgentRaised(f"{type(fault).__name__}: {fault}")
        if _countable(fault.usage):
            self.add_usage(seat, fault.usage)
        kind = next(_KINDS[cls] for cls in type(fault).__mro__ if cls in _KINDS)
        self._fault(seat, kind, stable(str(fault)), "forfeit")
        return self._give_up(seat, fault)

    def _give_up(self, seat: int, fault: AgentFault) -> tuple[int, ...]:
        self._failed[seat] = fault
        return self._settle()

    def _fault(self, seat: int, kind: str, reason: str, then: str) -> None:
        self._faults.append({"step": len(self._actions), "seat": seat, "kind": kind, "reason": reason, "then": then})

    def _accept(self, seat: int, action: Action, encoded: Any) -> tuple[int, ...]:
        self._chosen[seat] = (action, encoded)
        self.turns[seat] += 1
        return self._settle()

    def _settle(self) -> tuple[int, ...]:
        """Step, once every seat of this step has answered; end, if one of them failed."""
        if len(self._chosen) + len(self._failed) < len(self._asked):
            return ()
        for seat in sorted(self._attempts):
            self._keep_attempts(seat, len(self._actions))
        self._news.clear()
        moves = [[seat, self._chosen[seat][1]] for seat in self._asked if seat in self._chosen]
        if self._failed:
            self._aborted = moves
            self._asked = ()
            return ()
        self.episode.step({seat: self._chosen[seat][0] for seat in self._asked})
        self._actions.append(moves)
        self._chosen.clear()
        self._asked = self.episode.to_move
        return self._asked

    def _keep_attempts(self, seat: int, step: int) -> None:
        attempts = self._attempts.pop(seat, None)
        if attempts:
            self._replies.append({"step": step, "seat": seat, "attempts": attempts})

    # --- accounts -----------------------------------------------------------------------------------------------

    def add_time(self, seat: int, seconds: float) -> None:
        """Count one answer of `seat` and how long it took."""
        cost = self._costs[seat]
        cost[0] += 1
        cost[1] += seconds

    def add_usage(self, seat: int, usage: Mapping[str, float]) -> None:
        """Add to what the answers of `seat` used, e.g. tokens."""
        sums = self._costs[seat][2]
        for name, value in usage.items():
            sums[name] = sums.get(name, 0) + value

    def finished(self) -> Finished:
        """The record of a match that is over, with its costs."""
        seats = self.fixture.seats
        costs = (Cost(self.fixture.match, seat, seats[seat], *cost) for seat, cost in enumerate(self._costs) if cost[0])
        return Finished(self.record(), tuple(costs))

    def record(self) -> Record:
        """The record of a match that is over."""
        terms, fixture, state = self.terms, self.fixture, self.episode.state
        returns, winner, outcome = self._result()
        game, players = terms.game, terms.players
        seats = tuple(
            Seat(players[index].name, index, players[index].version, game.role(state, s), game.team(state, s), returns[s])
            for s, index in enumerate(fixture.seats)
        )
        return Record(
            env=terms.env,
            options=terms.options,
            package=terms.package,
            seed=terms.seed,
            match=fixture.match,
            deal=fixture.deal,
            policy=terms.policy,
            seats=seats,
            actions=self._actions,
            aborted=self._aborted,
            replies=self._replies,
            faults=sorted(self._faults, key=lambda fault: (fault["step"], fault["seat"])),
            winner=winner,
            outcome=outcome,
            turns=sum(self.turns),
            steps=self.episode.steps,
        )

    def _result(self) -> tuple[list[float], int | str | None, Outcome]:
        returns = [float(value) for value in self.episode.returns]
        info = self.terms.game.info
        if self._failed:
            for seat in self._failed:
                returns[seat] = float(info.forfeit_return)
            return returns, self._other_side(), "forfeited"
        if self.episode.truncated:
            return returns, None, "truncated"
        winner = self.terms.game.winner(self.episode.state, tuple(returns))
        if winner is not None:
            return returns, winner, "won"
        return returns, None, "ended" if info.sum == "common" or info.seats == 1 else "drawn"

    def _other_side(self) -> int | str | None:
        """The side that did not forfeit, where there are two sides."""
        game, state = self.terms.game, self.episode.state
        sides: list[int | str] = []
        for seat in range(game.info.seats):
            team = game.team(state, seat)
            sides.append(seat if team is None else team)
        left = set(sides) - {sides[seat] for seat in self._failed}
        return left.pop() if len(set(sides)) == 2 and len(left) == 1 else None


def _canonical(legal: Legal, action: Action) -> tuple[Action, Any]:
    """A legal action as it will be replayed, and its JSON: what is played is what is recorded."""
    data = encode(legal, action)
    return decode(legal, data), data


_ADVICE = {
    "unreadable": "Write your move exactly as the rules say, and only one.",
    "empty": "Reply with one move; an empty reply is no move.",
    "truncated": "Be brief: say your move first, before anything else.",
    "illegal": "Choose a move that the rules allow in this position.",
    "refused": "This is a game with invented stakes; declining to move loses it. Reply with one move.",
}
"""Outcome of a reply that was not accepted -> what to do about it."""


def _retry_reason(attempt: Mapping[str, Any]) -> str:
    outcome = attempt["outcome"]
    return f"Your last reply was not accepted ({outcome}): {attempt['reason']}. {_ADVICE[outcome]}"


def _unread(action: Unreadable, finish: str) -> tuple[str, str]:
    """Outcome and reason of a reply that names no move."""
    if finish == "refusal":
        return "refused", "the reply was a refusal and names no move"
    if finish == "length":
        return "truncated", "the reply was cut off at its greatest length before it named a move"
    return str(action.kind), action.reason


def _in_words(game: Game[Any], state: Any, seat: int, legal: Legal, action: Action, refused: str) -> str:
    # the list of legal moves stays out: whether it is shown is the agent's choice of view
    return f"{game.text.write(state, seat, action)} is not legal now" if isinstance(legal, tuple) else refused


def _countable(usage: Any) -> bool:
    """Whether it can be added up: names and finite numbers, no integer beyond those that floats reach."""
    numbers = usage.values() if isinstance(usage, Mapping) else [None]
    return all(isinstance(value, int | float) and abs(value) <= sys.float_info.max for value in numbers)


def _malformed(reply: Reply) -> str | None:
    if not isinstance(reply.text, str) or not isinstance(reply.thinking, str):
        return f"a Reply needs text and thinking as strings, got {type(reply.text).__name__} and {type(reply.thinking).__name__}"
    if reply.finish not in ("stop", "length", "refusal"):
        return f"Reply.finish must be 'stop', 'length' or 'refusal', got {reply.finish!r}"
    if not _countable(reply.usage):
        return "Reply.usage must map names to finite numbers"
    try:
        json.dumps(dict(reply.extra), allow_nan=False)
    except (TypeError, ValueError) as error:
        return f"Reply.extra must be JSON-ready: {error}"
    return None


def first_legal(legal: Legal) -> Action:
    """The move of a seat that passes: the first legal int, the point of a box nearest zero, silence, or these by parts.

    >>> first_legal((2, 5))
    2
    """
    if isinstance(legal, tuple):
        return legal[0]
    if isinstance(legal, Box):
        return np.clip(0.0, legal.low, legal.high)
    if isinstance(legal, Text):
        return ""
    if isinstance(legal, Product):
        return {name: first_legal(part) for name, part in legal.parts.items()}
    return legal.sample(stream(0, REFEREE))
