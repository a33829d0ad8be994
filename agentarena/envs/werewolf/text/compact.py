"""A seat's view in a few short lines, for a model that words a speech: who it is, what it knows alone, who lives, what was said today."""

from __future__ import annotations

from agentarena.core.text import quote
from agentarena.envs.werewolf.actions import sentence_of
from agentarena.envs.werewolf.options import ROLES, WOLF, Options
from agentarena.envs.werewolf.state import HUNT, TALK, Entry, State, known_log, labels, seats_in

from .wording import role_phrase

__all__ = ["compact"]

LONGEST = 200
"""Characters of a speech that are shown; of the words of a day the last twelve speeches are."""
_SPEECHES = 12
_CLAIMS = 12


def compact(options: Options, state: State, seat: int) -> str:
    """What `seat` knows, without rules, question and legal moves."""
    names = labels(state.deal.names)
    log = known_log(options, state, seat)
    dead = [who for who in range(options.players) if not state.alive >> who & 1]
    when = "night" if state.phase in (TALK, HUNT) else "day"
    lines = [
        f"You are {names[seat]}, {role_phrase(ROLES[state.deal.roles[seat]])}. It is {when} {state.day}.",
        f"Alive: {', '.join(names[who] for who in seats_in(state.alive))}.",
    ]
    if dead:
        lines.append(f"Dead: {', '.join(names[who] for who in dead)}.")
    for title, items in (("You know", _known(options, log, names, seat)), ("Claims", _claims(log, names, state.day))):
        if items:
            lines.append(f"{title}: {'; '.join(items)}.")
    votes = [entry for entry in log if entry.kind == "vote"]
    if votes:
        lines.append(f"Votes: {', '.join(_vote(entry, names) for entry in votes[-options.players :])}.")
    return "\n".join([*lines, *_speeches(log, names, when, state.day)])


def _known(options: Options, log: list[Entry], names: tuple[str, ...], seat: int) -> list[str]:
    """What only this seat and its like know."""
    facts: dict[str, None] = {}
    for entry in log:
        if entry.kind in ("pack", "masons"):
            role = role_phrase("werewolf" if entry.kind == "pack" else "mason")
            facts |= dict.fromkeys(f"{names[other]} is {role}" for other in entry.items if other != seat)
        elif entry.kind == "check":
            wolf = entry.value == WOLF if options.seer_sees == "role" else bool(entry.value)
            facts[f"{names[entry.target]} is {'a werewolf' if wolf else 'no werewolf'}"] = None
        elif entry.kind == "sense":
            facts[f"{names[entry.target]} was {'a werewolf' if entry.value else 'no werewolf'}"] = None
        elif entry.kind == "protect":
            facts[f"you protected {names[entry.target]}"] = None
    return list(facts)


def _claims(log: list[Entry], names: tuple[str, ...], today: int) -> list[str]:
    """The claims and reports of the days before, latest last."""
    claims: dict[str, None] = {}
    day = 1
    for entry in log:
        day = entry.day if entry.kind == "night" else day
        if entry.kind != "speech" or entry.speech is None or day >= today:
            continue
        act = entry.speech.act
        if act.kind == "claim":
            claims[f"{names[entry.seat]} claims {ROLES[act.value]}"] = None
        elif act.kind == "result":
            claims[f"{names[entry.seat]} reports {names[act.target]} {'wolf' if act.value else 'clean'}"] = None
    return list(claims)[-_CLAIMS:]


def _vote(entry: Entry, names: tuple[str, ...]) -> str:
    return f"{names[entry.seat]} for {names[entry.target] if entry.target < len(names) else 'nobody'}"


def _speeches(log: list[Entry], names: tuple[str, ...], when: str, today: int) -> list[str]:
    """What was said since this day (or night) began, a line a speech."""
    kind, lines, day = ("whisper" if when == "night" else "speech"), [], 1
    for entry in log:
        day = entry.day if entry.kind == "night" else day
        if entry.kind == kind and entry.speech is not None and day == today:
            act, words, _, variant = entry.speech
            sentence = words or sentence_of(act, names.__getitem__, variant)
            lines.append(f"{names[entry.seat]}: {quote(sentence, LONGEST)}")
    return lines[-_SPEECHES:] or ["Nobody has spoken yet."]
