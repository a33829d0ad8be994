"""What a step made known, as events with audiences."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from agentarena.core.events import Event
from agentarena.core.speech import Remark, signal

from .options import CommonsOptions
from .rules.harvest import gains
from .state import Round, State

__all__ = ["events", "remarks"]


def events(options: CommonsOptions, state: State) -> tuple[Event, ...]:
    """The news of the step that led to a state."""
    return tuple(event for kind, number in state.news for event in _EVENTS_OF[kind](options, state, number))


def remarks(options: CommonsOptions, news: Iterable[Event]) -> tuple[Remark, ...]:
    """All utterances among what a seat was told since the match began; what was said without words is put into some, silence is ""."""
    speeches: list[Remark] = []
    for event in news:
        if event.kind == "said":
            data = event.data
            order = speeches[-1].order + 1 if speeches and speeches[-1].day == data["number"] else 0
            words = data["words"] or _in_words(data)
            named = sorted({int(seat) for seat in _PLAYER.findall(words) if int(seat) < options.players})
            speeches.append(Remark(data["number"], order, data["seat"], words, tuple(named)))
    return tuple(speeches)


_PLAYER = re.compile(r"\bplayer (\d{1,9})\b", re.IGNORECASE | re.ASCII)


def _in_words(data: Mapping[str, Any]) -> str:
    """An act without words as its speaker might say it."""
    if "symbol" in data:
        return signal(data["symbol"], f"player {data['target']}" if data["target"] >= 0 else "")
    if data["choice"] >= 2:
        return f"I blame player {data['choice'] - 2}."
    if data["choice"]:
        return "I agree."
    return f"Nobody should take more than {data['amount']:g}." if data["amount"] else ""


def _round(options: CommonsOptions, state: State, number: int) -> Iterator[Event]:
    joins = bool(options.newcomer) and number == options.newcomer
    yield Event("round", {"number": number, "stock": state.stock, "norm": state.norm, **({"joins": options.players - 1} if joins else {})})


def _by_seat(done: Round) -> dict[str, float]:
    return {str(seat): got for seat, got in enumerate(done.harvested) if got >= 0}


def _harvest(options: CommonsOptions, state: State, number: int) -> Iterator[Event]:
    done = state.round(number)
    public: dict[str, Any] = {"number": number, "total": done.total}
    if options.public_harvests:
        public["taken"] = _by_seat(done)
    if options.resource == "doubling":
        public["left"] = done.left
        if options.public_requests:
            public["asked"] = {str(seat): want for seat, want in enumerate(done.requested) if want >= 0}
    worth = gains(options, done)
    for seat, got in enumerate(done.harvested):
        if got >= 0:
            yield Event("own", {"number": number, "asked": done.requested[seat], "taken": got, "gain": worth[seat]}, (seat,))
    yield Event("harvest", public)


def _starved(options: CommonsOptions, state: State, number: int) -> Iterator[Event]:
    done = state.round(number)
    yield Event("starved", {"seats": [seat for seat, got in enumerate(done.harvested) if got >= 0 and not state.alive[seat]]})


def _said(options: CommonsOptions, state: State, count: int) -> Iterator[Event]:
    for utterance in state.utterances[-count:]:
        unheard = bool(options.newcomer) and utterance.number < options.newcomer
        audience = tuple(range(options.players - 1)) if unheard else None
        data = {
            "number": utterance.number,
            "seat": utterance.seat,
            "amount": utterance.amount,
            "choice": utterance.choice,
            "words": utterance.words,
        }
        if utterance.choice >= 2 + options.players:
            data["symbol"], data["target"] = options.meaning(utterance.choice)
        yield Event("said", data, audience)


def _watch(options: CommonsOptions, state: State, number: int) -> Iterator[Event]:
    done = state.round(number)
    yield Event("watch", {"pairs": [[seat, other] for seat, other in enumerate(done.watched) if other >= 0]})
    for seat, other in enumerate(done.watched):
        if other >= 0:
            yield Event("seen", {"seat": other, "taken": done.harvested[other], "norm": done.norm}, (seat,))


def _sanction(options: CommonsOptions, state: State, number: int) -> Iterator[Event]:
    done = state.round(number)
    yield Event("sanction", {"pairs": [[seat, other] for seat, other in enumerate(done.punished) if other >= 0], "cost": list(done.cost)})


def _learned(options: CommonsOptions, state: State, number: int) -> Iterator[Event]:
    done = state.round(number)
    worth = gains(options, done)
    before = state.round(number - 1).proposed if number > 1 else (-1.0,) * options.players
    for seat, other in enumerate(done.model):
        if other >= 0:
            data = {
                "seat": other,
                "effort": done.requested[other],
                "taken": done.harvested[other],
                "gain": worth[other] - done.cost[other],
                "proposed": before[other],
                "note": done.model_note[seat],
            }
            if options.resource == "doubling":
                del data["effort"]
            yield Event("learned", data, (seat,))


def _proposed(options: CommonsOptions, state: State, number: int) -> Iterator[Event]:
    yield Event("proposed", {"caps": {str(seat): cap for seat, cap in enumerate(state.round(number).proposed) if cap >= 0}})


def _norm(options: CommonsOptions, state: State, number: int) -> Iterator[Event]:
    ballots = state.round(number).ballots
    yield Event("norm", {"norm": state.norm, "ballots": {str(seat): other for seat, other in enumerate(ballots) if other >= 0}})


def _end(options: CommonsOptions, state: State, number: int) -> Iterator[Event]:
    yield Event("end", {"cause": state.cause, "rounds": number, "stock": state.stock})


_EVENTS_OF: dict[str, Callable[[CommonsOptions, State, int], Iterator[Event]]] = {
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
