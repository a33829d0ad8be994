"""Lines of the simulator's protocol as plain words, from one side's point of view.

|move|p2a: Hawlucha|Protect|p2a: Hawlucha      their Hawlucha used Protect
|-damage|p1b: Carbink|64/100                   your Carbink at 64/100
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from agentarena.core.charset import fold

__all__ = ["in_words"]

_Words = Sequence[str]


def in_words(lines: Sequence[str], seat: int) -> str:
    """Lines of one side's channel, a paragraph a turn.

    >>> in_words(["|move|p2a: Hawlucha|Brick Break|p1b: Carbink", "|-resisted|p1b: Carbink", "|-damage|p1b: Carbink|64/100"], 0)
    'Their Hawlucha used Brick Break on your Carbink; resisted; your Carbink at 64/100.'
    """
    paragraphs: list[list[str]] = [[]]
    for line in lines:
        words = line.split("|")[1:]
        if words[0] == "turn":
            paragraphs.append([f"turn {words[1]}"])
            continue
        if sentence := _sentence(words, seat):
            paragraphs[-1].append(sentence)
    if len(paragraphs) > 1 and len(paragraphs[-1]) == 1:
        paragraphs.pop()  # the turn that begins now
    return "\n".join(_capital("; ".join(part)) + "." for part in paragraphs if part)


def _sentence(words: _Words, seat: int) -> str:
    teller = _TELLERS.get(words[0])
    if teller is None:
        return ""
    try:
        return fold(teller(words, seat))
    except IndexError:  # a line shorter than its kind says: nothing that can be told
        return ""


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def who(ident: str, seat: int) -> str:
    """A Pokemon by its mention.

    >>> who("p2a: Iron Hands", 0)
    'their Iron Hands'
    """
    side, _, name = ident.partition(": ")
    return f"{'your' if side[:2] == f'p{seat + 1}' else 'their'} {name}"


def _side(ident: str, seat: int) -> str:
    return "your side" if ident[:2] == f"p{seat + 1}" else "their side"


def _plain(effect: str) -> str:
    """An effect without its kind: "move: Protect" is Protect."""
    kind, colon, name = effect.partition(": ")
    return name if colon and kind in ("move", "ability", "item", "pokemon") else effect


def _cause(words: _Words) -> str:
    """Where an effect comes from, in brackets."""
    for word in words:
        if word.startswith("[from] "):
            return f" ({_plain(word[7:])})"
    return ""


def _hp(condition: str) -> str:
    """A condition: "64/100 brn" is "64/100 brn", "0 fnt" is "0"."""
    return condition.removesuffix(" fnt")


# --- one function a kind of line ----------------------------------------------------------------------------------------------


def _move(words: _Words, seat: int) -> str:
    target = words[3] if len(words) > 3 and words[3] and words[3] != words[1] else ""
    spread = any(word.startswith("[spread]") for word in words[4:])
    where = " on both" if spread else f" on {who(target, seat)}" if target else ""
    return f"{who(words[1], seat)} used {words[2]}{where}{_cause(words)}"


def _comes(verb: str) -> Callable[[_Words, int], str]:
    return lambda words, seat: f"{who(words[1], seat)} {verb} ({_hp(words[3])})" if len(words) > 3 else f"{who(words[1], seat)} {verb}"


def _state(words: _Words, seat: int) -> str:
    return f"{who(words[1], seat)} at {_hp(words[2])}{_cause(words)}"


def _boost(sign: int) -> Callable[[_Words, int], str]:
    return lambda words, seat: f"{who(words[1], seat)} {words[2]} {sign * int(words[3] or 0):+d}" if words[3].isdigit() else ""


def _with(template: str) -> Callable[[_Words, int], str]:
    """A sentence about a Pokemon and the thing that the line names."""
    return lambda words, seat: template.format(who(words[1], seat), _plain(words[2]) if len(words) > 2 else "") + _cause(words)


def _weather(words: _Words, seat: int) -> str:
    if any(word == "[upkeep]" for word in words):
        return ""
    return "the weather ended" if words[1] == "none" else f"weather: {words[1]}{_cause(words)}"


def _on_side(template: str) -> Callable[[_Words, int], str]:
    return lambda words, seat: template.format(_side(words[1], seat), _plain(words[2]))


def _mega(words: _Words, seat: int) -> str:
    return f"{who(words[1], seat)} Mega Evolved"


def _cant(words: _Words, seat: int) -> str:
    return f"{who(words[1], seat)} could not move ({_plain(words[2])})"


def _win(words: _Words, seat: int) -> str:
    return "you won" if words[1] == f"Player {seat + 1}" else "the other side won"


_TELLERS: dict[str, Callable[[_Words, int], str]] = {
    "move": _move,
    "switch": _comes("came in"),
    "drag": _comes("was dragged in"),
    "replace": _comes("was the one there"),
    "detailschange": lambda words, seat: f"{who(words[1], seat)} became {words[2].partition(',')[0]}",
    "-formechange": lambda words, seat: f"{who(words[1], seat)} changed into {words[2].partition(',')[0]}",
    "-transform": lambda words, seat: f"{who(words[1], seat)} transformed into {who(words[2], seat)}",
    "faint": _with("{0} fainted"),
    "cant": _cant,
    "-damage": _state,
    "-heal": _state,
    "-sethp": _state,
    "-boost": _boost(1),
    "-unboost": _boost(-1),
    "-setboost": lambda words, seat: f"{who(words[1], seat)} {words[2]} set to {words[3]}",
    "-clearboost": _with("{0}: stat changes gone"),
    "-clearnegativeboost": _with("{0}: lowered stats restored"),
    "-clearallboost": lambda words, seat: "all stat changes gone",
    "-swapboost": _with("{0}: stat changes swapped"),
    "-copyboost": _with("{0}: stat changes copied"),
    "-invertboost": _with("{0}: stat changes inverted"),
    "-status": _with("{0} got {1}"),
    "-curestatus": _with("{0} cured of {1}"),
    "-weather": _weather,
    "-fieldstart": lambda words, seat: f"{_plain(words[1])} began{_cause(words)}",
    "-fieldend": lambda words, seat: f"{_plain(words[1])} ended",
    "-sidestart": _on_side("{0}: {1} began"),
    "-sideend": _on_side("{0}: {1} ended"),
    "-swapsideconditions": lambda words, seat: "side conditions swapped",
    "-start": _with("{0}: {1} began"),
    "-end": _with("{0}: {1} ended"),
    "-activate": _with("{0}: {1} took effect"),
    "-ability": _with("{0} has {1}"),
    "-endability": _with("{0} lost its ability"),
    "-item": _with("{0} holds {1}"),
    "-enditem": _with("{0} used up or lost {1}"),
    "-terastallize": _with("{0} Terastallized: {1}"),
    "-mega": _mega,
    "-crit": lambda words, seat: "critical hit",
    "-supereffective": lambda words, seat: "super effective",
    "-resisted": lambda words, seat: "resisted",
    "-immune": _with("{0} is immune"),
    "-miss": lambda words, seat: f"missed {who(words[2], seat)}" if len(words) > 2 and words[2] else "missed",
    "-fail": _with("it failed for {0}"),
    "-block": _with("{0}: {1} blocked it"),
    "-hitcount": lambda words, seat: f"hit {words[2]} times",
    "-prepare": _with("{0} prepares {1}"),
    "-mustrecharge": _with("{0} must recharge"),
    "-notarget": lambda words, seat: "no target",
    "-fieldactivate": lambda words, seat: _plain(words[1]),
    "win": _win,
    "tie": lambda words, seat: "a tie",
}
