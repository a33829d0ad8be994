"""Checks of the text face: what is written can be read, and nothing else; words of players stay quotations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from agentarena.core.actions import ActionSet, Product, Text, violation
from agentarena.core.text import Choices, Options, Pattern, Schema, Unreadable

from .clauses import NotApplicable, contract, expect
from .fingerprint import fingerprint
from .subject import Moment, Subject

_QUOTED = re.compile(r'"[^"\n]*"')
_MOST_MOVES = 60


def _decisions(subject: Subject, most: int, seats: int = 2) -> Iterator[tuple[Moment, int, Any]]:
    """Sampled decisions: a moment, a seat to move, and its legal actions."""
    for moment in subject.moments(most):
        for seat in subject.movers(moment, seats):
            yield moment, seat, subject.game.legal(moment.state, seat)


@contract("rules text", presets=True)
def rules_in_words(subject: Subject) -> None:
    """Every seat has rules, in ASCII, the same each time."""
    for seat in {0, subject.game.info.seats - 1}:
        rules = subject.game.text.rules(seat)
        expect(isinstance(rules, str) and bool(rules.strip()), f"the rules for seat {seat} are {rules!r:.60}, expected text")
        _check_ascii(rules, f"the rules for seat {seat}")
        expect(subject.game.text.rules(seat) == rules, f"the rules for seat {seat} differ when read twice")


@contract("view text", presets=True)
def views_in_words(subject: Subject) -> None:
    """Every seat's view is ASCII text (but for quotations), with and without the list of moves, and every event is a string."""
    face = subject.game.text
    for moment in subject.moments(150):
        for seat in subject.seats(moment, 4):
            where = f"{moment}, the view of seat {seat}"
            for choices in (True, False):
                text = face.view(moment.state, seat, moment.unread(seat), choices=choices)
                expect(isinstance(text, str) and bool(text.strip()), f"{where} is {text!r:.60}, expected text")
                _check_ascii(text, where)
            for event in moment.unread(seat):
                line = face.tell(event, seat)
                expect(isinstance(line, str), f"{where}: tell({event.kind!r}) gives a {type(line).__name__}, expected a string")


def _check_ascii(text: str, where: str) -> None:
    rest = _QUOTED.sub("", text)
    if rest.isascii() and rest.replace("\n", "").isprintable():
        return
    odd = sorted({char for char in rest if not (char.isascii() and (char.isprintable() or char in "\n\t"))})
    expect(not odd, f"{where} holds {odd[:5]} outside quotations, expected ASCII")


@contract("read inverts write", presets=True)
def reads_what_it_writes(subject: Subject) -> None:
    """`read(write(a))` is `a` for each legal move, bare and after thinking aloud."""
    face = subject.game.text
    for moment, seat, legal in _decisions(subject, 60):
        moves = legal[:: max(1, len(legal) // _MOST_MOVES)] if isinstance(legal, tuple) else (moment.actions[seat],)
        for action in moves:
            reply = face.write(moment.state, seat, action)
            where = f"{moment}, seat {seat}: {reply!r:.100}"
            expect(
                isinstance(reply, str), f"{moment}, seat {seat}: write({action!r:.60}) gives a {type(reply).__name__}, expected a string"
            )
            for said in (reply, f"Let me think.\n{reply if '<answer>' in reply else f'<answer>{reply}</answer>'}"):
                if said is not reply and _free(legal):
                    continue
                got = face.read(moment.state, seat, said)
                expect(
                    not isinstance(got, Unreadable),
                    f"{where} was written for {action!r:.100} but cannot be read: {getattr(got, 'reason', '')}",
                )
                if isinstance(legal, ActionSet):
                    same = violation(legal, got) is None and _close(legal, action, got)
                else:
                    same = type(got) is type(action) and got == action
                expect(same, f"{where} was written for {action!r:.100} but read as {got!r:.100}")


def _free(legal: Any) -> bool:
    """Whether any words are a move, as in a text adventure."""
    return isinstance(legal, Text)


def _close(legal: ActionSet, action: Any, got: Any) -> bool:
    """Whether an action of an `ActionSet` came back from words: numbers exactly, plain speech up to white space."""
    if isinstance(legal, Text):
        return isinstance(got, str) and (got.split() == str(action).split() or "<" in action or not action.strip())
    if isinstance(legal, Product):
        return all(
            _close(part, action[name], got[name]) if isinstance(part, ActionSet) else action[name] == got[name]
            for name, part in legal.parts.items()
        )
    return fingerprint(legal.encode(action)) == fingerprint(legal.encode(got))


@contract("reply options match legal actions", presets=True)
def offers_what_is_legal(subject: Subject) -> None:
    """`options` are `Choices` that read as exactly the legal moves, or a schema or pattern."""
    face = subject.game.text
    for moment, seat, legal in _decisions(subject, 60):
        options = face.options(moment.state, seat)
        expect(
            isinstance(options, Options),
            f"{moment}, seat {seat}: options is a {type(options).__name__}, expected Choices, Schema or Pattern",
        )
        if isinstance(options, Choices) and isinstance(legal, tuple):
            got = [face.read(moment.state, seat, reply) for reply in options.replies]
            expect(
                sorted(map(repr, got)) == sorted(map(repr, legal)),
                f"{moment}, seat {seat}: the choices read as {got[:10]}, legal is {legal[:10]}",
            )
        elif isinstance(options, Pattern):
            reply = face.write(moment.state, seat, moment.actions[seat])
            expect(
                re.fullmatch(options.regex, reply, re.DOTALL) is not None,
                f"{moment}, seat {seat}: {reply!r:.100} does not match {options.regex!r:.100}",
            )
        elif isinstance(options, Schema):
            expect(
                isinstance(options.schema, dict), f"{moment}, seat {seat}: the schema is a {type(options.schema).__name__}, expected a dict"
            )


@contract("unclear replies are unreadable", presets=True)
def refuses_to_guess(subject: Subject) -> None:
    """No reply, two moves, an endless reply, the rules themselves, or prose about a move are `Unreadable`, with a reason."""
    face = subject.game.text
    for moment, seat, legal in _decisions(subject, 25):
        reply = face.write(moment.state, seat, moment.actions[seat])
        tagged = reply if "<answer>" in reply else f"<answer>{reply}</answer>"
        cases = {
            "an empty reply": "",
            "white space": " \n\t",
            "two answers": f"{tagged} or {tagged}",
            "an answer left open": "<answer>" + reply,
        }
        if not _free(legal):
            cases["the rules as a reply"] = face.rules(seat)
            cases["a flood of letters"] = "x" * 50_000
            cases["nonsense"] = "<answer>zqx zqx</answer>"
        if isinstance(legal, tuple):
            cases["prose about a move"] = f"I could play {reply}, but then again I might not."
            cases["two bare moves"] = f"{reply} {reply}"
            cases["the view as a reply"] = face.view(moment.state, seat, moment.unread(seat))
        for name, words in cases.items():
            _expect_unreadable(subject, moment, seat, legal, name, words)


def _expect_unreadable(subject: Subject, moment: Moment, seat: int, legal: Any, name: str, words: str) -> None:
    got = subject.game.text.read(moment.state, seat, words)
    where = f"{moment}, seat {seat}: {name} ({words[-200:]!r})"
    if not isinstance(got, Unreadable):
        named = isinstance(legal, tuple) and not isinstance(legal[0], str)  # any words may be a command, if none that is legal
        expect(violation(legal, got) is not None and not named, f"{where} was read as {got!r:.80}, expected Unreadable")
        return
    expect(isinstance(got.reason, str) and bool(got.reason.strip()), f"{where} is Unreadable without a reason")
    if not words.strip():
        expect(got.kind == "empty", f"{where} is of kind {got.kind!r}, expected 'empty'")


@contract("player text is quoted", presets=True)
def quotes_what_players_say(subject: Subject) -> None:
    """Players' words stand in double quotes on one line in every view, and cannot leave them."""
    spoke = False
    for moment in subject.moments(400):
        for seat in subject.seats(moment, 4):
            legal = subject.game.legal(moment.state, seat) if seat in moment.to_move else None
            spoke |= isinstance(legal, Text) or (
                isinstance(legal, Product) and any(isinstance(part, Text) for part in legal.parts.values())
            )
            text = subject.game.text.view(moment.state, seat, moment.unread(seat))
            loose = "Zqx" in _QUOTED.sub("", text)
            expect(not loose, f"{moment}, seat {seat}: a player's words left their quotation; write them with quote():\n{text:.600}")
    if not spoke:
        raise NotApplicable("nobody speaks in this game")
