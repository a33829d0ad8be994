"""Moves in words: how an action is written, how a reply is read, and the pattern of all replies that can be read.

A move is a number, `level 3`, `yes`, `pass` or `player 3`. Words go before it between <say> and </say>. In them a numeric character reference such
as `&#60;` stands for a character that would get lost: an angle bracket, white space at either end, or the `&` of what looks like a reference.
"""

from __future__ import annotations

import math
import re

from agentarena.core.actions import Action, Spoken
from agentarena.core.speech import signal
from agentarena.core.text import Choices, Pattern, Unreadable, answer_in, parts_in, quote, tags_in, words_in
from agentarena.envs.commons.actions import amount_of, legal, signals
from agentarena.envs.commons.options import CommonsOptions
from agentarena.envs.commons.state import HARVEST, PROPOSE, REFLECT, SANCTION, TALK, VOTE, WATCH, WORDY, Move, State, active_seats

from .vocabulary import number

__all__ = ["read", "reply_options", "write"]

_REFERENCE = re.compile(r"&#(\d{1,5});")
_TO_ESCAPE = re.compile(r"[<>]|&(?=#\d{1,5};)|\A\s+|\s+\Z")
_WORDS = r"(?:[^<>&]|&(?:#\d{1,5};)?)"
"""One character of words, as it is written."""
_LONGEST_ESCAPE = len("&#12345;")
_LONGEST_MOVE = 200
_NUMBER = r"\d+(?:\.\d+)?(?:e-?\d+)?"
_WRITTEN_NUMBER = r"\d{1,15}(?:\.\d{1,20})?(?:e-?\d{1,2})?"
"""Numbers offered to guided decoding: finite, however many digits a model likes to write."""
_MOVE = re.compile(
    rf"(?:(?P<pass>pass|no|none|nobody|nothing|silent)|(?P<yes>yes|agree|watch|punish)|(?:(?:punish|blame|vote|vote for) )?player (?P<seat>\d{{1,9}}))"
    rf"(?: (?P<also>{_NUMBER}))?|(?:(?:effort|take|cap|at most) )?(?P<number>{_NUMBER})|level (?P<level>\d{{1,9}})"
)
_SIGNAL = re.compile(r"signal (\d{1,2})(?: about player (\d{1,9}))?", re.ASCII)
_EXAMPLES = {
    TALK: "pass, yes, player 1, or a number",
    WATCH: "yes or pass",
    SANCTION: "yes, pass or player 1",
    REFLECT: "pass",
    VOTE: "player 1",
}

# --- writing -------------------------------------------------------------------------------------------------------------


def write(options: CommonsOptions, state: State, action: Action) -> str:
    """The reply that `read` reads as an action that is legal at a state."""
    if options.harvest_only and not options.num_amounts:
        return repr(_not_negative(action))
    if options.num_amounts:
        move = _flat_name(options, int(action))
        words = action.words if isinstance(action, Spoken) else ""
    else:
        move, words = _product_name(options, _not_negative(action["amount"]), int(action["choice"])), str(action["words"])
    if not words or state.phase not in WORDY:
        return move
    return f"<say>{_escape(words)}</say><answer>{move}</answer>"


def _not_negative(amount: Action) -> float:
    """An amount without the rounding error below 0 that a box of actions tolerates."""
    return max(0.0, float(amount))


def _flat_name(options: CommonsOptions, action: int) -> str:
    if action < options.num_amounts:
        return f"level {action}" if options.levels else str(action)
    return _choice_name(options, action - options.num_amounts)


def _choice_name(options: CommonsOptions, choice: int) -> str:
    if choice >= 2 + options.players:
        symbol, target = options.meaning(choice)
        return signal(symbol, f"player {target}" if target >= 0 else "")
    return ("pass", "yes")[choice] if choice < 2 else f"player {choice - 2}"


def _product_name(options: CommonsOptions, amount: float, choice: int) -> str:
    if not choice:
        return repr(amount) if amount else "pass"
    return f"{_choice_name(options, choice)} {amount!r}" if amount else _choice_name(options, choice)


def _escape(words: str) -> str:
    """Words as they are written between the tags; `_unescape` is the inverse."""
    return _TO_ESCAPE.sub(lambda match: "".join(f"&#{ord(char)};" for char in match[0]), words)


def _unescape(words: str) -> str:
    def character(match: re.Match[str]) -> str:
        char = chr(int(match[1]))
        return char if char in "<>&" or char.isspace() else match[0]

    return _REFERENCE.sub(character, words)


# --- what can be replied -------------------------------------------------------------------------------------------------


def reply_options(options: CommonsOptions, state: State, seat: int) -> Choices | Pattern:
    """Replies of a seat that is to move, for guided decoding."""
    wordy = state.phase in WORDY
    allowed = legal(options, state, seat)
    if isinstance(allowed, tuple):
        names = tuple(_flat_name(options, action) for action in allowed)
        if not wordy:
            return Choices(names)
        moves = "|".join(map(re.escape, names))
    elif options.harvest_only:
        return Pattern(_WRITTEN_NUMBER)
    elif options.latent and state.phase == TALK:
        moves = "|".join(_choice_name(options, choice) for choice in signals(options, active_seats(options, state), seat))
    else:
        moves = rf"(?:pass|yes|player \d+)(?: {_WRITTEN_NUMBER})?|{_WRITTEN_NUMBER}"
    say = rf"(?:<say>{_WORDS}{{1,{options.words}}}</say>)?" if wordy else ""
    return Pattern(rf"{say}(?:<answer>(?:{moves})</answer>|(?:{moves}))")


# --- reading -------------------------------------------------------------------------------------------------------------


def read(options: CommonsOptions, state: State, seat: int, reply: str) -> Action | Unreadable:
    """The action that a reply names, legal now or not, or why it names none."""
    words = words_in(reply)
    if isinstance(words, Unreadable):
        return words
    rest = parts_in(reply, "say")[1]
    if tags_in(rest, "say"):
        return Unreadable("a <say> was opened or closed without its partner", "truncated")
    wordy = state.phase in WORDY
    if len(words) <= _LONGEST_ESCAPE * options.words:  # longer words are too long in any case
        words = _unescape(words)
    if wordy and words and not rest.strip():
        move: Move | Unreadable = _wordy_move(options, state, seat)  # words alone are a move where one speaks
    else:
        answer = answer_in(rest)
        move = answer if isinstance(answer, Unreadable) else _read_move(options, state, answer)
    if isinstance(move, Unreadable):
        return move
    if wordy and len(words) > options.words:
        return Unreadable(f"the words are {len(words)} characters long, at most {options.words} are heard; say it shorter")
    return _action(options, state, move, words if wordy else "")


def _wordy_move(options: CommonsOptions, state: State, seat: int) -> Move:
    """The move of a seat that says nothing but words: none, or its first signal."""
    if not options.latent or state.phase != TALK:
        return Move()
    return Move(0.0, signals(options, active_seats(options, state), seat)[0])


def _read_signal(options: CommonsOptions, symbol: int, target: int) -> Move | None:
    for at, choice in enumerate(options.signals):
        if (options.latent[choice[0]].symbol, choice[1]) == (symbol, target):
            return Move(0.0, 2 + options.players + at)
    return None


def _read_move(options: CommonsOptions, state: State, answer: str) -> Move | Unreadable:
    answer_words = " ".join(answer.lower().split()) if len(answer) <= _LONGEST_MOVE else ""
    match = _SIGNAL.fullmatch(answer_words) if options.latent and state.phase == TALK else None
    if match is not None:
        move = _read_signal(options, int(match[1]), int(match[2]) if match[2] else -1)
        return _unclear(options, state, answer) if move is None else move
    match = _MOVE.fullmatch(answer_words)
    if match is None or (match["also"] and options.num_amounts) or (match["level"] and not options.levels):
        return _unclear(options, state, answer)
    if match["level"]:
        level = int(match["level"])
        return Move(amount_of(options, state.phase, level)) if level <= options.levels else _unclear(options, state, answer)
    amount = float(match["number"] or match["also"] or 0.0)
    if not math.isfinite(amount):
        return _unclear(options, state, answer)
    if match["seat"]:
        other = int(match["seat"])
        return Move(amount, 2 + other) if other < options.players else _unclear(options, state, answer)
    return Move(amount, 1 if match["yes"] else 0)


def _action(options: CommonsOptions, state: State, move: Move, words: str) -> Action | Unreadable:
    if not options.num_amounts:
        if not options.harvest_only:
            return {"amount": move.amount, "choice": move.choice, "words": words}
        return float(move.amount)
    takes_number = state.phase in (HARVEST, PROPOSE)
    index = options.num_amounts + move.choice
    if takes_number or move.amount:
        step = amount_of(options, state.phase, 1)
        index = round(min(move.amount / step, options.num_amounts))
        if abs(index * step - move.amount) > 1e-9 or index >= options.num_amounts:
            return Unreadable(f"{number(move.amount)} is no amount here; {_example(options, state)}")
        if move.choice:
            return Unreadable(f"a move is one thing; {_example(options, state)}")
    return Spoken(index, words) if words else index


def _unclear(options: CommonsOptions, state: State, answer: str) -> Unreadable:
    return Unreadable(f"{quote(answer, 60)} is not exactly one move; {_example(options, state)}")


def _example(options: CommonsOptions, state: State) -> str:
    if options.latent and state.phase == TALK:
        return f"a move looks like {_choice_name(options, 2 + options.players)}"
    if state.phase in _EXAMPLES:
        return f"a move looks like {_EXAMPLES[state.phase]}"
    if options.levels:
        return f"a move looks like level 1, up to level {options.levels}"
    return f"a move is a whole number up to {options.num_amounts - 1}" if options.num_amounts else "a move is a number such as 0.25"
