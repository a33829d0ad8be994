"""Events as sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from agentarena.core.events import Event
from agentarena.core.speech import signal
from agentarena.core.text import quote
from agentarena.envs.commons.options import CommonsOptions

from .vocabulary import MOST_SEATS, VOCABULARY, listed, number, who

__all__ = ["ending", "sentence"]


def sentence(options: CommonsOptions, event: Event, seat: int) -> str:
    """An event as the sentence that `seat` reads."""
    return _SENTENCES[event.kind](options, event.data, seat)


def _round(options: CommonsOptions, data: Mapping[str, Any], seat: int) -> str:
    words = VOCABULARY[options.scenario]
    joins = f" {who(data['joins'], seat, True)} join{'' if data['joins'] == seat else 's'}." if "joins" in data else ""
    stock = "" if options.resource == "static" else f" There are {number(data['stock'])} {words.unit}."
    return f"{words.span.capitalize()} {data['number']} begins.{stock}{joins}"


def _own(options: CommonsOptions, data: Mapping[str, Any], seat: int) -> str:
    words = VOCABULARY[options.scenario]
    if options.resource == "static":
        return f"You invested {number(data['taken'])} tokens and earned {number(data['gain'])} cents."
    effort = f"with effort {number(data['asked'])}" if options.resource == "logistic" else f"of {number(data['asked'])} wanted"
    return f"You {words.took} {number(data['taken'])} {words.unit} {effort}."


def _harvest(options: CommonsOptions, data: Mapping[str, Any], seat: int) -> str:
    words = VOCABULARY[options.scenario]
    each = f": {listed(data['taken'], seat)}" if "taken" in data else ""
    left = f" {number(data['left'])} {words.unit} are left." if "left" in data else ""
    wanted = f" Wanted: {listed(data['asked'], seat)}." if "asked" in data else ""
    return f"All together {words.took} {number(data['total'])} {words.unit} in {words.span} {data['number']}{each}.{wanted}{left}"


def _starved(options: CommonsOptions, data: Mapping[str, Any], seat: int) -> str:
    return " ".join(f"{who(other, seat, True)} starved." for other in data["seats"])


def _said(options: CommonsOptions, data: Mapping[str, Any], seat: int) -> str:
    speaker, acts = who(data["seat"], seat, True), []
    if data["amount"]:
        acts.append(f"named a cap of {number(data['amount'])}")
    if data["choice"] == 1:
        acts.append("agreed")
    if "symbol" in data:
        acts.append(f"gave {signal(data['symbol'], who(data['target'], seat) if data['target'] >= 0 else '')}")
    elif data["choice"] >= 2:
        acts.append(f"blamed {who(data['choice'] - 2, seat)}")
    wordless = not data["words"].strip()
    if not wordless:
        acts.append(f"said: {quote(data['words'], options.words)}")
    return f"{speaker} {' and '.join(acts)}{'.' if wordless else ''}" if acts else f"{speaker} said nothing."


def _pairs(pairs: list[list[int]], seat: int, verb: str) -> str:
    return ", ".join(f"{who(by, seat)} {verb} {who(other, seat)}" for by, other in pairs[:MOST_SEATS])


def _watch(options: CommonsOptions, data: Mapping[str, Any], seat: int) -> str:
    return f"Watching: {_pairs(data['pairs'], seat, 'watched')}." if data["pairs"] else "Nobody watched."


def _seen(options: CommonsOptions, data: Mapping[str, Any], seat: int) -> str:
    words = VOCABULARY[options.scenario]
    norm = f"; the norm is {number(data['norm'])}" if data["norm"] >= 0 else ""
    return f"You watched {who(data['seat'], seat)}, who {words.took} {number(data['taken'])} {words.unit}{norm}."


def _sanction(options: CommonsOptions, data: Mapping[str, Any], seat: int) -> str:
    if not data["pairs"]:
        return "Nobody was punished."
    own = data["cost"][seat]
    return f"Punished: {_pairs(data['pairs'], seat, 'punished')}." + (
        f" Watching and punishing cost you {number(own)} this {VOCABULARY[options.scenario].span}." if own else ""
    )


def _learned(options: CommonsOptions, data: Mapping[str, Any], seat: int) -> str:
    words = VOCABULARY[options.scenario]
    effort = f" with effort {number(data['effort'])}" if options.resource == "logistic" else ""
    cap = f" It last proposed a norm of {number(data['proposed'])}." if data["proposed"] >= 0 else ""
    note = f" Its last note: {quote(data['note'], options.words)}" if data["note"] else ""
    change = f"gained {number(data['gain'])}" if data["gain"] >= 0 else f"lost {number(-data['gain'])}"
    return f"You learn from player {data['seat']}, who {words.took} {number(data['taken'])} {words.unit}{effort} and {change} in all.{cap}{note}"


def _proposed(options: CommonsOptions, data: Mapping[str, Any], seat: int) -> str:
    return f"Proposed norms: {listed(data['caps'], seat)}."


def _norm(options: CommonsOptions, data: Mapping[str, Any], seat: int) -> str:
    words = VOCABULARY[options.scenario]
    votes = (
        f" Votes: {', '.join(f'{who(int(by), seat)} for {who(other, seat)}' for by, other in data['ballots'].items())}."
        if data["ballots"]
        else ""
    )
    return f"{votes.strip()} The norm is now that nobody should {words.take} more than {number(data['norm'])} {words.unit} a {words.span}.".strip()


def _end(options: CommonsOptions, data: Mapping[str, Any], seat: int) -> str:
    return ending(options, data["cause"], data["rounds"])


def ending(options: CommonsOptions, cause: str, rounds: int) -> str:
    """Why the match is over."""
    words = VOCABULARY[options.scenario]
    if cause == "collapse":
        return f"{words.pool[0].upper()}{words.pool[1:]} has collapsed after {rounds} {words.span}{'s' if rounds != 1 else ''}."
    return f"All {rounds} {words.span}s are over." if cause == "time" else "Nobody is left."


_SENTENCES: dict[str, Callable[[CommonsOptions, Mapping[str, Any], int], str]] = {
    "round": _round,
    "own": _own,
    "harvest": _harvest,
    "starved": _starved,
    "said": _said,
    "watch": _watch,
    "seen": _seen,
    "sanction": _sanction,
    "learned": _learned,
    "proposed": _proposed,
    "norm": _norm,
    "end": _end,
}
