"""One match as a state machine: the one decision loop, which `agentarena.play`, the environments and trainers all drive.

    match = Match(RunConfig(game), Fixture(match=0, deal=0))
    while not match.over:
        for seat in match.pending():
            match.answer(seat, agent.choose(match.view(seat)))
    match.record()

It says which seats it waits for, shows each its view, and takes their answers. Nothing an agent does can break it: an answer that
is no legal move is asked for again or is a typed fault with a price. Recording, processes, deadlines and batching stand around it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from . import limits
from .accounts import Accounts
from .actions import Action, Legal, canonical, first_legal, sample
from .agent import Decision, View
from .config import OnUnreadable, Player, RunConfig
from .display import is_a
from .episode import Episode
from .errors import AgentFault, AgentNonsense, AgentRaised, IllegalAction, OutOfTurn, RunEnds, UsageError
from .faults import FAULTS, checked_action, error_message, kind_of, log_failure
from .record import Finished, Fixture, Moves, Outcome, Record, stable
from .reply import Reply, attempt_of, limited_reply, outcome_of, retry_reason
from .result import forfeit_rewards, record_of, result_of
from .rng import REFEREE, stream
from .scalars import plain, plain_in
from .trajectory import Trajectory, TurnLog, turn_of

__all__ = ["FAULTS", "Match", "OnUnreadable", "Player", "RunConfig"]


class Match:
    """A match under way. A context manager: leaving it releases what the game holds open.

    Args:
        config: What it shares with the other matches of its run.
        fixture: Its number, deal and seating.
        limit: Steps after which it is truncated; the game's own limit by default.
        rng: The match's stream of chance; by default that of its deal.
        trace: Whether to keep every turn for `trajectory`.

    Attributes:
        config: See above.
        fixture: See above.
        episode: State, log and returns.
        memory: Each seat's notebook. Shape (S,).
        turns: How many decisions each seat has made. Shape (S,).
        failed: Seats that forfeited, with the fault.
        accounts: What its decisions took.
        openings: How many steps the referee played before anybody was asked.
        actions: The moves of every step taken, encoded as JSON, as in `Record.actions`.
        replies: Every decision in words, as in `Record.replies`.
    """

    __slots__ = (
        "_aborted", "_attempts", "_chosen", "_faults", "_issued", "_legal", "_moving", "_news", "_room", "_samples", "_to_move", "_turn_log",
        "accounts", "actions", "config", "episode", "failed", "fixture", "memory", "openings", "replies", "turns",
    )  # fmt: skip

    def __init__(
        self, config: RunConfig, fixture: Fixture, *, limit: int | None = None, rng: np.random.Generator | None = None, trace: bool = False
    ) -> None:
        self.config, self.fixture = config, fixture
        rng = config.chance(fixture.deal) if rng is None else rng
        opening = config.opening(fixture.deal, rng)
        self.episode = Episode(config.game, rng, limit)
        seats = config.game.info.seats
        self.memory: list[dict[str, Any]] = [{} for _ in range(seats)]
        self.turns = [0] * seats
        self.failed: dict[int, AgentFault] = {}
        self._to_move = self.episode.to_move
        self._moving: frozenset[int] = frozenset()  # the same as a set, worked out where it is asked for
        self.actions: list[Moves] = []
        self._aborted: Moves = ()
        self.replies: list[dict[str, Any]] = []
        self._room = [limits.REPLIES // seats] * seats  # what the replies of each seat may still take of the record
        self._samples: list[dict[str, Any]] = []
        self._faults: list[dict[str, Any]] = []
        self.accounts = Accounts()
        # of the step under way, by seat
        self._chosen: dict[int, tuple[Action, Any]] = {}
        self._attempts: dict[int, list[dict[str, Any]]] = {}
        self._news: dict[int, tuple[int, int]] = {}
        self._legal: dict[int, Legal] = {}
        self._issued: list[View] | None = None if config.game.info.forkable else []
        self._turn_log = TurnLog(self.episode.rewards) if trace else None
        self.openings = 0
        for actions in opening:
            self.open(actions)

    def __enter__(self) -> Match:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Release what the game holds open (`HasResources`). May be called twice; the record can still be had."""
        self._expire_views()
        self.episode.close()

    # --- what is awaited ------------------------------------------------------------------------------------------

    @property
    def over(self) -> bool:
        """Whether nobody will be asked again."""
        return not self._to_move

    @property
    def to_move(self) -> tuple[int, ...]:
        """The seats that move in this step, whether they have answered or not; `()` when the match is over."""
        return self._to_move

    def pending(self) -> tuple[int, ...]:
        """The seats whose answer is awaited now."""
        if not self._chosen and not self.failed:
            return self._to_move
        return tuple(seat for seat in self._to_move if seat not in self._chosen and seat not in self.failed)

    def legal(self, seat: int) -> Legal:
        """What a seat that is to move may do; worked out once a decision."""
        legal = self._legal.get(seat)
        if legal is None:
            legal = self._legal[seat] = self.config.game.legal(self.episode.state, seat)
        return legal

    def view(self, seat: int) -> View:
        """What a pending seat is shown. Asking twice gives equal views."""
        if seat not in self._news:
            self._news[seat] = self.episode.mark_read(seat)
        config = self.config
        view = View(
            config.game,
            self.episode.state,
            seat,
            news=(self.episode, *self._news[seat]),
            seed=config.agents_seed,
            match=self.fixture.match,
            turn=self.turns[seat],
            memory=self.memory[seat],
            legal=self._legal,
        )
        if attempts := self._attempts.get(seat):
            view.retry_reason, view.attempt = retry_reason(attempts[-1]), len(attempts)
        if self._issued is not None:
            self._issued.append(view)
        return view

    @property
    def faults(self) -> list[dict[str, Any]]:
        """What went wrong, as in `Record.faults`."""
        return sorted(self._faults, key=lambda fault: (fault["step"], fault["seat"])) if self._faults else []

    # --- answers --------------------------------------------------------------------------------------------------

    def answer(self, seat: int, decision: Decision | Exception) -> tuple[int, ...]:
        """Take the answer of a pending seat: an action, a `Reply`, or the fault that came in its place.

        Whatever goes wrong with an answer is a fault of its seat; nothing an agent hands over raises.

        Returns:
            The seats to ask next: `(seat,)` when it is asked again, the next step's seats when this answer completed
            a step, `()` while others are awaited and at the end.

        Raises:
            OutOfTurn: The seat's answer is not awaited.
        """
        try:
            if type(decision) is int and len(self._to_move) == 1 and self.config.discrete[seat]:
                return self._act_alone(seat, decision)
            if is_a(decision, Reply):
                return self._read(seat, decision)
            return self.fail(seat, decision) if is_a(decision, Exception) else self.act(seat, decision)
        except IllegalAction as error:
            return self.fail(seat, AgentNonsense(error_message(error)))

    def act(self, seat: int, action: Action) -> tuple[int, ...]:
        """Play an action of a pending seat; returns the seats to ask next, as `answer` does.

        Raises:
            IllegalAction: It is not legal. Nothing has changed.
            OutOfTurn: The seat's answer is not awaited.
        """
        if len(self._to_move) == 1 and self.config.discrete[seat]:
            action = action if type(action) is int else plain(action, True)
            if type(action) is int:  # one seat to move: the rules themselves decide, once
                return self._act_alone(seat, action)
        self._expect(seat)
        return self._accept(seat, *checked_action(legal := self.legal(seat), plain_in(legal, action)))

    def _expect(self, seat: int) -> None:
        """Raise `OutOfTurn` unless the seat's answer is awaited."""
        if not self._moving:
            self._moving = frozenset(self._to_move)
        if seat not in self._moving or seat in self._chosen or seat in self.failed:
            raise OutOfTurn(f"seat {seat} answered, awaited are {list(self.pending())}")

    def act_together(self, actions: Mapping[int, Action]) -> tuple[int, ...]:
        """Play a whole step: the actions of all seats to move, each of which `violation(match.legal(seat), action)` has passed.

        Raises:
            OutOfTurn: They are not the actions of exactly the seats to move.
            IllegalAction: The rules forbid what they are together.
        """
        if set(actions) != set(self._to_move) or self._chosen or self.failed:
            raise OutOfTurn(f"seats {sorted(actions)} acted, awaited are {list(self.pending())}")
        if self._turn_log is not None or len(actions) == 1:
            for seat in self._to_move:
                self.act(seat, actions[seat])
            return self._to_move
        for seat in self._to_move:
            self._chosen[seat] = canonical(self.legal(seat), actions[seat])
        try:
            following = self._settle()
        except IllegalAction:
            self._chosen = {}
            raise
        for seat in actions:
            self.turns[seat] += 1
        return following

    def _act_alone(self, seat: int, action: int) -> tuple[int, ...]:
        try:
            if self._turn_log is None:
                self.episode.step({seat: action})
            else:
                self._note(seat, action=action)
                self._turn_log.credit(self.episode.step({seat: action}))
        except Exception as error:
            if self._turn_log is not None:
                self._turn_log.undo()
            if isinstance(error, IllegalAction | RunEnds) or seat not in self._to_move:
                raise
            return self._accept(seat, *checked_action(self.legal(seat), action))
        self.actions.append(((seat, action),))
        self.turns[seat] += 1
        if self._attempts:
            self._keep_attempts(seat, len(self.actions) - 1)
        return self._begin_step()

    def open(self, actions: Mapping[int, Action]) -> None:
        """Play a step of an opening: the referee's, no turn of any seat."""
        self.actions.append(tuple([(seat, canonical(self.legal(seat), action)[1]) for seat, action in actions.items()]))
        self.openings += 1
        rewards = self.episode.step(actions)
        if self._turn_log is not None:
            self._turn_log.credit(rewards)
        self._begin_step()

    def _begin_step(self) -> tuple[int, ...]:
        self._news, self._legal = {}, {}
        if self._issued:
            self._expire_views()
        self._to_move, self._moving = self.episode.to_move, frozenset()
        return self._to_move

    def _expire_views(self) -> None:
        if self._issued:
            for view in self._issued:
                view.expire()
            self._issued.clear()

    def _read(self, seat: int, reply: Reply) -> tuple[int, ...]:
        """An answer in words."""
        self._expect(seat)
        try:
            reply, self._room[seat] = limited_reply(reply, self._room[seat], with_samples=self.config.record_samples)
            self.accounts.add_usage(seat, reply.usage)
        except ValueError as error:
            return self.fail(seat, AgentNonsense(str(error)))
        legal = self.legal(seat)
        action, outcome, reason = outcome_of(self.config.game, self.episode.state, seat, legal, reply)
        attempts = self._attempts.setdefault(seat, [])
        attempts.append(attempt_of(reply, outcome, reason))
        if reply.samples:
            self._samples.append({"step": len(self.actions), "seat": seat, "attempt": len(attempts) - 1, "samples": reply.samples})
        if outcome == "read":
            return self._accept(seat, *checked_action(legal, action), reply)
        policy = self.config.on_unreadable
        again = len(attempts) <= policy.retries
        if again or policy.then == "forfeit":
            self._note(seat, attempt=len(attempts) - 1, reply=reply, fault=outcome)
        if again:
            return (seat,)
        self._add_fault(seat, outcome, reason, policy.then)
        if policy.then == "forfeit":
            return self._forfeit(seat, AgentNonsense(reason))
        rng = stream(self.config.seed, REFEREE, self.fixture.match, seat, self.turns[seat])
        action = sample(legal, rng) if policy.then == "random" else first_legal(legal)
        return self._accept(seat, *canonical(legal, action), reply, outcome)

    def fail(self, seat: int, fault: Exception) -> tuple[int, ...]:
        """The agent of a pending seat failed; the seat forfeits once the other seats of this step have answered."""
        self._expect(seat)
        fault = fault if is_a(fault, AgentFault) else AgentRaised(error_message(fault))
        self.accounts.add_usage_of(seat, fault)
        kind = kind_of(fault)
        self._note(seat, attempt=len(self._attempts.get(seat, ())), fault=kind)
        self._add_fault(seat, kind, stable(error_message(fault)), "forfeit")
        return self._forfeit(seat, fault)

    def _forfeit(self, seat: int, fault: AgentFault) -> tuple[int, ...]:
        self.failed[seat] = fault
        return self._settle()

    def _add_fault(self, seat: int, kind: str, reason: str, then: str) -> None:
        self._faults.append({"step": len(self.actions), "seat": seat, "kind": kind, "reason": reason, "then": then})

    def _accept(self, seat: int, action: Action, data: Any, reply: Reply | None = None, fault: str | None = None) -> tuple[int, ...]:
        self._chosen[seat] = (action, data)
        self.turns[seat] += 1
        attempt = max(0, len(self._attempts.get(seat, ())) - (reply is not None))
        self._note(seat, attempt=attempt, action=action, reply=reply, fault=fault)
        try:
            return self._settle()
        except IllegalAction:  # the rules forbid what the actions of this step are together: the last one does not stand
            del self._chosen[seat]
            self.turns[seat] -= 1
            if self._turn_log is not None:
                self._turn_log.undo()
            raise

    def _settle(self) -> tuple[int, ...]:
        """Step, once every seat of this step has answered; end, if one of them failed."""
        if len(self._chosen) + len(self.failed) < len(self._to_move):
            return ()
        moves = tuple([(seat, self._chosen[seat][1]) for seat in self._to_move if seat in self._chosen])
        if not self.failed:
            self._step()
        for seat in sorted(self._attempts):
            self._keep_attempts(seat, len(self.actions))
        if self.failed:
            self._aborted, self._to_move = moves, ()
            self._expire_views()
            if self._turn_log is not None:
                self._turn_log.credit(forfeit_rewards(self.config.game, self.episode, self.failed))
            return ()
        self.actions.append(moves)
        self._chosen = {}
        if self._turn_log is not None:
            self._turn_log.credit(self.episode.rewards)
        return self._begin_step()

    def _step(self) -> None:
        """Step. Where the rules fail on legal moves, the seats that gave more than a listed move forfeit, or else all of them."""
        try:
            self.episode.step({seat: self._chosen[seat][0] for seat in self._to_move})
        except (IllegalAction, RunEnds):
            raise
        except Exception as error:
            reason = log_failure(f"the rules of {type(self.config.game).__name__}", error)
            listed = {seat for seat, (action, data) in self._chosen.items() if action is data and isinstance(self.legal(seat), tuple)}
            for seat in sorted(set(self._to_move) - listed) or self._to_move:
                self._add_fault(seat, "nonsense", reason, "forfeit")
                self.failed[seat] = AgentNonsense(reason)

    def _keep_attempts(self, seat: int, step: int) -> None:
        if attempts := self._attempts.pop(seat, None):
            self.replies.append({"step": step, "seat": seat, "attempts": attempts})

    # --- turns with their rewards -------------------------------------------------------------------------------------

    def _note(self, seat: int, *, attempt: int = 0, action: Action = None, reply: Reply | None = None, fault: str | None = None) -> None:
        """Keep an answer as a turn, where turns are kept."""
        if self._turn_log is not None:
            self._turn_log.append(turn_of(self.episode, seat, len(self.actions), attempt, action, reply, fault))

    def trajectory(self) -> Trajectory:
        """The turns so far with their rewards.

        Raises:
            UsageError: The match keeps no turns; make it with `trace=True`.
        """
        if self._turn_log is None:
            raise UsageError("this match keeps no turns; make it with Match(..., trace=True)")
        returns, _, outcome = self.result() if self.over else (self.episode.returns, None, "")
        return self._turn_log.trajectory(self.fixture, returns, self.episode.truncated, outcome)

    # --- what is left of it ---------------------------------------------------------------------------------------------

    def finished(self) -> Finished:
        """The record of a match that is over, with its costs."""
        return Finished(self.record(), self.accounts.entries(self.fixture))

    def record(self) -> Record:
        """The record of a match that is over; every seat needs a player in `config.players`."""
        moves = {"turns": sum(self.turns), "openings": self.openings, "actions": self.actions, "aborted": self._aborted}
        words = {"replies": self.replies, "faults": self.faults, "samples": self._samples}
        return record_of(self.config, self.fixture, self.episode, self.result(), **moves, **words)

    def result(self) -> tuple[list[float], int | str | None, Outcome]:
        """Returns so far, winner and outcome; of a match that some seats forfeited, those of `forfeits`."""
        return result_of(self.config.game, self.episode, self.failed)
