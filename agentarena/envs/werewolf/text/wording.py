"""The wording of the text face: the rules, the questions, the events; and free words read as speech acts.

A reader takes an utterance and the players' names, by seat, and gives the one act it is understood as. It is named by the option
`reader`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from agentarena.core.display import shown
from agentarena.core.errors import BadOption
from agentarena.core.events import Event
from agentarena.core.registry import load
from agentarena.core.text import quote
from agentarena.envs.werewolf.actions import named_in, space_of, speech
from agentarena.envs.werewolf.options import DOCTOR, GUARD, HUNTER, MASON, MEDIUM, POSSESSED, ROLES, SEER, VILLAGER, WITCH, WOLF, Options
from agentarena.envs.werewolf.state import BID, BREW, HUNT, NIGHT, OVER, SHOT, SPEAK, STRAW, TALK, VOTE, Act, State, labels

__all__ = ["Reader", "event_line", "hear", "keywords", "nothing", "question", "reader_named", "role_phrase", "rules", "time_line", "was"]


def role_phrase(role: str) -> str:
    """A role with its article.

    >>> role_phrase("seer"), role_phrase("werewolf"), role_phrase("villager")
    ('the seer', 'a werewolf', 'a villager')
    """
    return f"{'a' if role in ('villager', 'werewolf', 'mason') else 'the'} {role}"


def was(revealed: str) -> str:
    """What a death revealed, as the end of a sentence."""
    if not revealed:
        return ""
    return f", who was {'on the side of the ' + revealed if revealed in ('village', 'wolves') else role_phrase(revealed)}"


# --- the rules as configured -----------------------------------------------------------------------------------------------------


def rules(options: Options) -> str:
    """The rules under these options."""
    lines = [
        f"You play Werewolf with {options.players} players. Each is secretly dealt a role: {_deck(options)}. "
        "You are told your name and your role when the match begins.",
        *(f"- {line}" for line in _roles(options)),
        _night_rules(options),
        _day_rules(options),
        _vote_rules(options),
        _end_rules(options),
        _reply_rules(options),
    ]
    return "\n".join(line for line in lines if line)


def _deck(options: Options) -> str:
    counts = {role: options.deck.count(role) for role in dict.fromkeys((WOLF, *options.deck))}
    plural = {1: "werewolves"}
    return ", ".join(f"{n} {ROLES[role] if n == 1 else plural.get(role, ROLES[role] + 's')}" for role, n in counts.items())


def _roles(options: Options) -> list[str]:
    attack = "any other player" if options.wolf_targets == "others" else "a player who is no werewolf"
    decide = {
        "last": "they propose in turn, and the last one's choice counts",
        "vote": "the most votes decide, ties at random",
        "first": "the most votes decide, ties for the proposal made first",
        "random": "one of them, drawn each night, decides",
    }[options.wolf_rule]
    sees = "whether it is a werewolf" if options.seer_sees == "wolf" else "its role"
    again = "" if options.seer_repeat else ", nobody twice"
    lines = {
        WOLF: f"Werewolves know each other and kill together: each night they attack {attack}; {decide}.",
        SEER: f"The seer tests another player each night and learns {sees}{again}.",
        DOCTOR: f"The doctor protects a player each night from the werewolves{_limits(options.self_save, options.repeat_save)}.",
        GUARD: f"The guard protects a player each night from the werewolves{_limits(options.guard_self, options.guard_repeat)}.",
        WITCH: "The witch has one antidote and one poison. While she has the antidote she is told each night who is attacked. "
        f"She may heal that player{'' if options.witch_self else ', not herself'}, or poison another, or do nothing.",
        HUNTER: "The hunter, when exiled or killed by the werewolves, shoots a player at once; not when poisoned.",
        MASON: "Masons know each other.",
        MEDIUM: "The medium learns after each exile whether the exiled was a werewolf.",
        POSSESSED: "The possessed is human and tests as no werewolf, but wins with the werewolves, whom it does not know.",
        VILLAGER: "Villagers have no power but their voice and vote.",
    }
    return [lines[role] for role in lines if role in options.deck]


def _limits(own: bool, repeat: bool) -> str:
    return ("" if own else ", never itself") + ("" if repeat else ", nobody two nights running")


def _night_rules(options: Options) -> str:
    first = (
        "The match begins at night. "
        if options.opening == "night"
        else "The match begins with day 1; a night comes before each later day. "
    )
    quiet = "" if options.first_attack else "In the first night nobody is attacked and only the seer acts. "
    learned = {"none": "nothing of their roles", "team": "their sides", "role": "their roles"}[options.night_reveal]
    return f"{first}{quiet}At dawn all learn who died in the night and {learned}, but not who was attacked in vain."


def _day_rules(options: Options) -> str:
    rounds = f"{options.rounds} time{'s' if options.rounds != 1 else ''}"
    how = {
        "round_robin": f"each living player speaks {rounds}, by seat.",
        "random": f"each living player speaks {rounds}, in an order drawn each day.",
        "simultaneous": f"all living players speak at once, {rounds}.",
        "bidding": f"{options.rounds} speeches are made. For each, all but the last speaker secretly bid 0 to 4, and the highest bidder has the floor"
        + {"priority": "; equal bids go to those just mentioned", "double": "; those just mentioned have two lots", "none": ""}[
            options.mention
        ]
        + ".",
    }
    talk = "" if options.speech_rounds == 0 else f"By day {how[options.discussion]} "
    straw = "After each speech all cast a private straw vote, which has no effect. " if options.straw and options.speech_rounds else ""
    return f"{talk}{straw}".strip()


def _vote_rules(options: Options) -> str:
    how = "at once" if options.voting == "simultaneous" else "one by one"
    who = "any living player" if options.self_vote else "another living player"
    nobody = ", or for nobody with pass" if options.abstain else ""
    need = "Whoever has the votes of more than half the living is exiled, else nobody."
    if not options.majority:
        last = {"random": "one of the tied, drawn at random", "nobody": "nobody"}
        tie = last.get(options.tie) or f"after {options.revotes} new ballot(s) among the tied, {last[options.revote_tie]}"
        need = f"Whoever has the most votes is exiled; in a tie, {tie}."
    open_ = {"public": "Votes are public.", "tally": "Only the counts are told.", "secret": "Votes are secret."}[options.ballots]
    learned = {"none": "A role is not told.", "team": "The side of the exiled is told.", "role": "The role of the exiled is told."}[
        options.reveal
    ]
    return f"Then the living vote {how} for {who}{nobody}. {need} {open_} {learned}"


def _end_rules(options: Options) -> str:
    wolves = {
        "parity": "as many werewolves as others live",
        "more": "more werewolves than others live",
        "extinction": "only werewolves live",
    }
    return (
        f"After every death: the village wins when no werewolf lives; the werewolves win when {wolves[options.wolves_win]}. "
        f"After the vote of day {options.last_day} an undecided match ends without a winner. The dead win and lose with their side."
    )


def _reply_rules(options: Options) -> str:
    lines = "Name a player by name or as seat 3. "
    if options.speech_rounds or options.wolf_talk:
        lines += (
            f"When you may speak, say up to {options.words} characters as <say>WORDS</say>, with or without an answer; the answer then tells in a "
            "fixed form what you mean. Words are heard at no other time. "
            if options.words
            else "You speak by moves alone. "
        )
    return lines + "At any time you may add <guess>NAME 0.7, NAME 0.1</guess>: how likely you think each is a werewolf. Nobody hears it."


_QUESTIONS = {
    HUNT: "Whom do you propose to attack?",
    BREW: "Do you use a potion? Name a player to poison, or",
    SHOT: "You die. Whom do you shoot?",
    BID: "How much do you want the floor?",
    STRAW: "Straw vote: whom would you exile now?",
    VOTE: "Whom do you vote to exile?",
}
_AT_NIGHT = {WOLF: "Whom do you attack?", SEER: "Whom do you test?", DOCTOR: "Whom do you protect?", GUARD: "Whom do you protect?"}


def question(options: Options, phase: int, role: int, legal: str) -> str:
    """The closing question to a seat with this role; `legal` lists its legal moves by name."""
    if phase not in (SPEAK, TALK):
        return f"{_AT_NIGHT[role] if phase == NIGHT else _QUESTIONS[phase]} Legal: {legal}"
    listeners = "The other werewolves hear you." if phase == TALK else "It is your turn to speak; all hear you."
    words = f" Say up to {options.words} characters, make a move, or both." if options.words else " Make a move."
    return f"{listeners} You are {role_phrase(ROLES[role])}.{words} Legal: {legal}"


def time_line(options: Options, state: State) -> str:
    """Where the match stands."""
    phase, day = state.phase, state.day
    if phase == OVER:
        result = {"village": "the village has won", "wolves": "the werewolves have won"}.get(state.winner, "nobody has won")
        return f"The match is over: {result}."
    if phase in (TALK, HUNT, NIGHT, BREW):
        return f"It is night {day}."
    if phase == SHOT:
        return f"It is day {day}. A hunter dies and shoots."
    if phase == SPEAK and options.discussion in ("random", "round_robin"):
        return f"It is day {day}, speech {state.turn + 1} of {options.rounds * len(state.discussion.order)}."
    return f"It is day {day}: {'vote' if phase == VOTE else 'discussion'}."


# --- events ------------------------------------------------------------------------------------------------------------------------


def event_line(event: Event, seat: int) -> str:
    """An event as one line for `seat`; "" for what needs no line."""
    wording = _LINES.get(event.kind)
    return wording(event.data, event.data.get("seat") == seat) if wording else ""


Data = Mapping[str, Any]


def _names(names: list[str]) -> str:
    return ", ".join(names)


def _who(data: Data, me: bool) -> str:
    return "You" if me else str(data["name"])


def _dawn(data: Data, me: bool) -> str:
    if not data["deaths"]:
        return f"Day {data['day']} breaks. Nobody was killed in the night."
    dead = " and ".join(death["name"] + was(death["shown"]) for death in data["deaths"])
    return f"Day {data['day']} breaks. Killed in the night: {dead}."


def _exile(data: Data, me: bool) -> str:
    if data["seat"] is None:
        return "The vote exiles nobody."
    return f"The vote exiles {data['name']}{was(data['shown'])}."


@lru_cache(maxsize=4096)
def _quoted(words: str) -> str:
    return quote(words)


def _speech(verb: str) -> Callable[[Data, bool], str]:
    return lambda data, me: f"{_who(data, me)} {verb}: {_quoted(data['words'])}"


def _vote(what: str) -> Callable[[Data, bool], str]:
    def line(data: Data, me: bool) -> str:
        target = data.get("target_name")
        who = "You cast" if me else f"{data['name']} casts"
        return f"{who} {what} for {target}." if target else f"{who} {what} for nobody."

    return line


def _potion(data: Data, me: bool) -> str:
    if data["potion"] == "nothing":
        return "You leave your potions corked."
    return f"You give the {data['potion']} to {data['target_name']}."


def _tally(data: Data, me: bool) -> str:
    counts = [f"{name} {votes}" for name, votes in zip(data["names"], data["votes"], strict=True) if votes]
    counts += [f"nobody {data['abstained']}"] if data["abstained"] else []
    return f"Votes: {', '.join(counts) or 'none'}."


def _end(data: Data, me: bool) -> str:
    result = {"village": "The village wins.", "wolves": "The werewolves win."}.get(data["winner"], "The last day is over: nobody wins.")
    roles = ", ".join(f"{name} {role}" for name, role in zip(data["names"], data["roles"], strict=True))
    return f"{result} The roles were: {roles}."


_LINES: dict[str, Callable[[Data, bool], str]] = {
    "names": lambda data, me: f"The players are, by seat from 0: {_names(data['names'])}.",
    "role": lambda data, me: f"Your name is {data['name']}. Your role: you are {role_phrase(data['role'])}.",
    "pack": lambda data, me: f"The werewolves: {_names(data['names'])}.",
    "masons": lambda data, me: f"The masons: {_names(data['names'])}.",
    "night": lambda data, me: f"Night {data['day']} falls.",
    "whisper": _speech("told the wolves"),
    "hunt": lambda data, me: f"{'You want' if me else data['name'] + ' wants'} to attack {data['target_name']}.",
    "prey": lambda data, me: f"The werewolves attack {data['target_name']}.",
    "check": lambda data, me: f"You test {data['target_name']}: {data['result']}.",
    "protect": lambda data, me: f"You protect {data['target_name']}.",
    "victim": lambda data, me: f"Tonight the werewolves attack {data['target_name']}.",
    "potion": _potion,
    "dawn": _dawn,
    "order": lambda data, me: f"Order of speech today: {_names(data['names'])}.",
    "bid": lambda data, me: f"You bid {data['bid']} for the floor.",
    "floor": lambda data, me: f"{'You have' if me else data['name'] + ' has'} the floor.",
    "speech": _speech("said"),
    "move": lambda data, me: f"You speak by your move {data['move']}.",
    "straw": _vote("a straw vote"),
    "vote": _vote("a vote"),
    "tally": _tally,
    "revote": lambda data, me: f"The vote is tied between {_names(data['names'])}. They stand in a new ballot.",
    "exile": _exile,
    "sense": lambda data, me: f"You sense that {data['target_name']} was {'a werewolf' if data['wolf'] else 'no werewolf'}.",
    "shot": lambda data, me: f"{data['name']} was the hunter and shoots {data['target_name']}{was(data['shown'])}.",
    "end": _end,
}


# --- free words --------------------------------------------------------------------------------------------------------------------

Reader = Callable[[str, tuple[str, ...]], Act]

_SENTENCE = re.compile(r"[^.!?\n]+[.!?\n]*")
_ROLE = "|".join(ROLES) + "|wolf"
_CLAIM = re.compile(rf"\b(?:i am|i'm|im|my role is)\s+(?:really\s+)?(?:(?:the|a|an)\s*)?({_ROLE})\b", re.IGNORECASE)
_CLAUSE = re.compile(r"[,;]")
_DENIAL = re.compile(r"\b(?:not|isn't|isnt|never|no)\b", re.IGNORECASE)
_DENIED = re.compile(r"\b(?:wolf|werewolf|evil|suspicious|guilty)\b", re.IGNORECASE)
_CHECKED = re.compile(r"\b(?:check|checked|tested|investigated|inspected|looked|saw|divined|result|vision)\b", re.IGNORECASE)
_GUILTY = re.compile(
    r"\b(?:wolf|werewolf|evil|guilty|suspicious|suspect|suspicion|lying|liar|lies|vote for|vote out|eliminate|exile)\b", re.IGNORECASE
)
_CLEAN = re.compile(r"\b(?:clean|innocent|clear|cleared|good|village|villager|human|trust|honest|town)\b", re.IGNORECASE)
_AGREE = re.compile(r"\b(?:agree|agreed|right|makes sense|support|am with|i'm with)\b", re.IGNORECASE)


def keywords(words: str, names: tuple[str, ...]) -> Act:
    """The most telling act that simple patterns find: a reported result, else a claim, an accusation, a defence, agreement, a question.

    A plain reader that never asks a model; words it does not understand are silence.

    >>> keywords("I am the seer. I checked Ben last night: he is a werewolf!", ("Ada", "Ben", "Cy"))
    Act(kind='result', target=1, value=1)
    >>> keywords("Ben is not a wolf, I trust him.", ("Ada", "Ben", "Cy")).kind
    'defend'
    """
    acts = [act for sentence in _SENTENCE.findall(words) for act in _acts_in(sentence, names)]
    return min(acts, key=lambda act: _WEIGHT[act.kind], default=Act("silent"))


_WEIGHT = {kind: at for at, kind in enumerate(("result", "claim", "accuse", "defend", "agree", "question"))}


def _acts_in(sentence: str, names: tuple[str, ...]) -> list[Act]:
    acts = []
    claim = _CLAIM.search(sentence)
    if claim:
        role = claim[1].lower()
        acts.append(Act("claim", value=ROLES.index("werewolf" if role == "wolf" else role)))
    named = named_in(sentence, names)
    if not named:
        return acts
    target = (named & -named).bit_length() - 1
    denied = any((no := _DENIAL.search(clause)) and _DENIED.search(clause, no.end()) for clause in _CLAUSE.split(sentence))
    rest = _CLAIM.sub("", sentence)
    guilty, clean = bool(_GUILTY.search(rest)) and not denied, bool(_CLEAN.search(rest)) or denied
    if _CHECKED.search(rest) and guilty != clean:
        acts.append(Act("result", target, int(guilty)))
    elif "?" in sentence or "hear from" in sentence.lower():
        acts.append(Act("question", target))
    elif guilty:
        acts.append(Act("accuse", target))
    elif clean:
        acts.append(Act("defend", target))
    elif _AGREE.search(rest):
        acts.append(Act("agree", target))
    return acts


def nothing(words: str, names: tuple[str, ...]) -> Act:
    """The reader that understands nothing: words are silence to seats that play by numbers."""
    return Act("silent")


_READERS: dict[str, Reader] = {"keywords": keywords, "nothing": nothing}


@lru_cache(maxsize=64)
def reader_named(name: str) -> Reader:
    """The reader of the option's value: "keywords", "nothing" or "package.module:function".

    Raises:
        BadOption: There is none of that name.
    """
    reader: Reader | None = _READERS.get(name) or (load(name) if ":" in name else None)
    if not callable(reader):
        raise BadOption(f"Werewolf: option 'reader' is {shown(name)}; allowed: {', '.join(_READERS)}, or 'package.module:function'")
    return reader


def hear(options: Options, state: State, seat: int, words: str) -> int:
    """The action as which free words of a seat are understood, by the option `reader`."""
    space = space_of(options, state.deal.roles[seat])
    index = space.index(reader_named(options.reader)(words, labels(state.deal.names)))
    legal = space.legal(seat, state.alive)
    if index is None or not legal >> index & 1:
        index = (legal & -legal).bit_length() - 1
    return speech(options.players) + index
