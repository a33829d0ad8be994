"""What a step made known, as events with audiences."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from agentarena.core.events import Event

from .phases import gains
from .state import Round, State

if TYPE_CHECKING:
    from .game import Commons

__all__ = ["events"]


def events(game: Commons, state: State) -> tuple[Event, ...]:
    """The news of the step that led to a state."""
    return tuple(event for kind, number in state.fresh for event in _TELLERS[kind](game, state, number))


def _round(game: Commons, state: State, number: int) -> Iterator[Event]:
    joins = bool(game.newcomer) and number == game.newcomer
    yield Event("round", {"number": number, "stock": state.stock, "norm": state.norm, **({"joins": game.players - 1} if joins else {})})


def _by_seat(done: Round) -> dict[str, float]:
    return {str(seat): got for seat, got in enumerate(done.taken) if got >= 0}


def _harvest(game: Commons, state: State, number: int) -> Iterator[Event]:
    done = state.record(number)
    public: dict[str, Any] = {"number": number, "total": done.total}
    if game.open:
        public["taken"] = _by_seat(done)
    if game.resource == "doubling":
        public["left"] = done.left
        if game.allocation == "proportional":
            public["asked"] = {str(seat): want for seat, want in enumerate(done.asked) if want >= 0}
    worth = gains(game, done)
    for seat, got in enumerate(done.taken):
        if got >= 0:
            yield Event("own", {"number": number, "asked": done.asked[seat], "taken": got, "gain": worth[seat]}, (seat,))
    yield Event("harvest", public)


def _starved(game: Commons, state: State, number: int) -> Iterator[Event]:
    done = state.record(number)
    yield Event("starved", {"seats": [seat for seat, got in enumerate(done.taken) if got >= 0 and not state.alive[seat]]})


def _said(game: Commons, state: State, count: int) -> Iterator[Event]:
    for said in state.speech[-count:]:
        away = bool(game.newcomer) and said.number < game.newcomer
        audience = tuple(range(game.players - 1)) if away else None
        data = {"number": said.number, "seat": said.seat, "amount": said.amount, "choice": said.choice, "words": said.words}
        yield Event("said", data, audience)


def _watch(game: Commons, state: State, number: int) -> Iterator[Event]:
    done = state.record(number)
    yield Event("watch", {"pairs": [[seat, other] for seat, other in enumerate(done.watched) if other >= 0]})
    for seat, other in enumerate(done.watched):
        if other >= 0:
            yield Event("seen", {"seat": other, "taken": done.taken[other], "norm": done.norm}, (seat,))


def _sanction(game: Commons, state: State, number: int) -> Iterator[Event]:
    done = state.record(number)
    yield Event("sanction", {"pairs": [[seat, other] for seat, other in enumerate(done.fined) if other >= 0], "cost": list(done.cost)})


def _learned(game: Commons, state: State, number: int) -> Iterator[Event]:
    done = state.record(number)
    worth = gains(game, done)
    before = state.record(number - 1).proposed if number > 1 else (-1.0,) * game.players
    for seat, other in enumerate(done.model):
        if other >= 0:
            data = {
                "seat": other,
                "effort": done.asked[other],
                "taken": done.taken[other],
                "gain": worth[other] - done.cost[other],
                "proposed": before[other],
                "note": done.told[seat],
            }
            if game.resource == "doubling":
                del data["effort"]
            yield Event("learned", data, (seat,))


def _proposed(game: Commons, state: State, number: int) -> Iterator[Event]:
    yield Event("proposed", {"caps": {str(seat): cap for seat, cap in enumerate(state.record(number).proposed) if cap >= 0}})


def _norm(game: Commons, state: State, number: int) -> Iterator[Event]:
    ballots = state.record(number).ballots
    yield Event("norm", {"norm": state.norm, "ballots": {str(seat): other for seat, other in enumerate(ballots) if other >= 0}})


def _end(game: Commons, state: State, number: int) -> Iterator[Event]:
    yield Event("end", {"cause": state.cause, "rounds": number, "stock": state.stock})


_TELLERS: dict[str, Callable[[Commons, State, int], Iterator[Event]]] = {
    "round": _round,
    "harvest": _harvest,
    "starved": _starved,
    "said": _said,
    "watch": _watch,
    "sanction": _sanction,
    "learned": _learned,
    "proposed": _proposed,
    "norm": _norm,
    "end": _end,
}
