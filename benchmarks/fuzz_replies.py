"""Replies that no player would write, read by every game: none may crash a reader, or take it long.

python -m benchmarks.fuzz_replies --count 1000000

Legal replies are cut, doubled and misspelt; tags are nested, left open and repeated; numbers have thousands of digits; letters are of
every script, combining or half a pair. Some are 100,000 characters long. Each is read in a state of random play as a match reads it.
"""

from __future__ import annotations

import argparse
import heapq
import random
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from agentarena.core import limits
from agentarena.core.actions import canonical, sample, violation
from agentarena.core.game import Game
from agentarena.core.registry import ENVS, game, game_class
from agentarena.core.text import Unreadable

SETTINGS: dict[str, list[dict[str, Any]]] = {
    "Commons-v0": [{"levels": 5}, {"preset": "govsim_fishery"}, {"preset": "owg_both"}, {"preset": "rich_selfish"}],
    "Economist-v0": [{"preset": "bounded"}, {"preset": "democracy"}, {"preset": "platforms"}, {"preset": "paper_async"}],
    "Werewolf-v0": [{"preset": "lspo7"}, {"preset": "kaggle7"}, {"preset": "aiwolf13"}, {"preset": "textarena7"}],
    "Dhumbal-v0": [{"preset": "yaniv"}, {"preset": "nepal"}],
    "FullHanabi-v0": [{"preset": "standard4"}],
}
"""Settings that are read besides the default: those that have replies of their own."""

Position = tuple[Game[Any], Any, int]
"""A game, a state and a seat to move."""


def positions(rules: Game[Any], rng: np.random.Generator, matches: int = 6, most: int = 60) -> list[Position]:
    """States of random play, from the start to the end of matches; the first of every phase first. Where a step spends a state, states of
    matches that were left at different times."""
    if not rules.info.forkable:
        return [spot for steps in range(matches) for spot in _left_after(rules, rng, steps)]
    found: dict[Any, Position] = {}
    for _ in range(matches):
        state, step = rules.start(rng), 0
        while (seats := rules.to_move(state)) and step < 400:
            key = getattr(state, "phase", None)
            for seat in seats:
                spot = (key, seat == 0) if (key, seat == 0) not in found else (key, step, seat)
                if len(found) < most or spot[1:] == (seat == 0,):
                    found.setdefault(spot, (rules, state, seat))
            state = rules.step(state, {seat: sample(rules.legal(state, seat), rng) for seat in seats}, rng)
            step += 1
    return list(found.values())


def _left_after(rules: Game[Any], rng: np.random.Generator, steps: int) -> list[Position]:
    """The decisions of a match that is left after so many steps."""
    state = rules.start(rng)
    for _ in range(steps):
        if seats := rules.to_move(state):
            state = rules.step(state, {seat: sample(rules.legal(state, seat), rng) for seat in seats}, rng)
    return [(rules, state, seat) for seat in rules.to_move(state)]


# --- replies ------------------------------------------------------------------------------------------------------------

_TAGS = [
    "<answer>",
    "</answer>",
    "<say>",
    "</say>",
    "<guess>",
    "</guess>",
    "<ANSWER>",
    "</Answer>",
    "<answer",
    "</",
    "<",
    ">",
    "<say",
    "< answer >",
]
_WORDS = [
    "player", "level", "seat", "vote", "discard", "rates", "work", "pass", "yes", "no", "not", "I am", "the wolf", "Ada", "0.5", "50%", ";",
    ",", ":", "=", "&#60;", "&#99999;", "5H", "(0,2)", "\n", "\t", " ", "-", "+", "e", ".", "changes", "nothing", "cap", "punish player",
]  # fmt: skip
_ODD = [
    "\ufdfa",
    "\u0301",
    "\u0316\u0301",
    "\ud800",
    "\U0001f43a",
    "\u202e",
    "\x00",
    "\x1b[31m",
    "\u0660",
    "\uff11",
    "\u017f",
    "\u2028",
    "\u00df",
    "\uff1canswer\uff1e",
]
_NUMBERS = ["1e999", "-1e999", "nan", "inf", "-0.0", "1e-400", "0x10", "1_000", "\u0663", "00000003", "1e5", "3.", ".5", "+3"]


def _digits(draw: random.Random) -> str:
    return draw.choice("123456789") + "".join(draw.choices("0123456789", k=draw.choice([1, 3, 20, 310, 5000])))


def _soup(draw: random.Random) -> str:
    pieces = [*_TAGS, *_WORDS]
    return "".join(draw.choices(pieces, k=draw.randint(1, 40)))


def _odd(draw: random.Random) -> str:
    return "".join(draw.choices([*_ODD, *_WORDS, *_TAGS[:6]], k=draw.randint(1, 40)))


def _number(draw: random.Random) -> str:
    number = draw.choice([_digits(draw), draw.choice(_NUMBERS)])
    form = draw.choice(
        ["{}", "player {}", "level {}", "seat {}", "work {}", "vote {}", "rates {0}, {0}", "punish player {}", "pass {}", "effort {}"]
    )
    return form.format(number)


def _letters(draw: random.Random) -> str:
    return "".join(chr(draw.randrange(0x110000)) for _ in range(draw.randint(1, 60)))


def _mutated(draw: random.Random, legal: str) -> str:
    text = legal
    for _ in range(draw.randint(0, 3)):
        at, to = sorted((draw.randint(0, len(text)), draw.randint(0, len(text))))
        new = draw.choice([*_TAGS, *_WORDS, *_ODD, *_NUMBERS, text[at:to]])
        text = draw.choice([text[:at] + text[to:], text[:at] + new + text[at:], text[:at] + new + text[to:], text.upper(), text + text])[
            :5000
        ]
    return text


def _wrapped(draw: random.Random, text: str) -> str:
    forms = [
        "{}",
        "<answer>{}</answer>",
        "<say>{}</say>",
        "<say>{0}</say><answer>{0}</answer>",
        "<guess>{}</guess>",
        "<answer>{}",
        "{}</answer>",
    ]
    return draw.choice(forms).replace("{0}", text).replace("{}", text)


def replies(draw: random.Random, legal: list[str], longest: int, long_share: float) -> Iterator[str]:
    """Replies without end.

    Args:
        draw: Chance.
        legal: Replies that are moves, to start from.
        longest: Length of the long ones.
        long_share: Share of those.
    """
    makers: list[Callable[[random.Random], str]] = [_soup, _odd, _number, _letters, lambda draw: _mutated(draw, draw.choice(legal))]
    while True:
        text = _wrapped(draw, draw.choice(makers)(draw))
        if draw.random() < long_share:
            piece = (
                draw.choice([text, draw.choice(_TAGS), draw.choice(_WORDS), draw.choice(_ODD), "<say></say>", "<answer>1</answer>", "9"])
                or " "
            )
            long = (piece * (longest // len(piece) + 1))[:longest]
            text = draw.choice(
                [long, _wrapped(draw, long)[:longest], (text + long)[:longest], (long[: -len(text) or None] + text)[:longest]]
            )
        yield text


# --- reading ------------------------------------------------------------------------------------------------------------


@dataclass
class Tally:
    """What was measured.

    Attributes:
        count: Replies read.
        moves: How many named an action.
        crashes: What raised: environment, beginning of the reply, traceback.
        times: CPU time of each in milliseconds.
        slowest: The slowest ones: milliseconds, environment, length, beginning.
    """

    count: int = 0
    moves: int = 0
    crashes: list[tuple[str, str, str]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    slowest: list[tuple[float, str, int, str]] = field(default_factory=list)

    def read(self, name: str, position: Position, reply: str) -> None:
        """Read one reply as a match does, and judge the move."""
        rules, state, seat = position
        legal = rules.legal(state, seat)
        start = time.process_time()
        try:
            action = rules.text.read(state, seat, reply)
            if not isinstance(action, Unreadable):
                self.moves += 1
                if violation(legal, action) is None:
                    canonical(legal, action)
                elif isinstance(legal, tuple):
                    rules.text.write(state, seat, action)
        except Exception:
            self.crashes.append((name, ascii(reply[:100]), traceback.format_exc()))
        spent = (time.process_time() - start) * 1e3
        self.count += 1
        self.times.append(spent)
        entry = (spent, name, len(reply), ascii(reply[:60]))
        heapq.heappush(self.slowest, entry) if len(self.slowest) < 10 else heapq.heappushpop(self.slowest, entry)


def fuzz(count: int, seed: int = 0, longest: int = limits.REPLY, long_share: float = 0.02) -> Tally:
    """Read `count` replies, as many in each setting of each environment."""
    draw, rng, tally = random.Random(seed), np.random.default_rng(seed), Tally()
    names = [name for name in ENVS if not game_class(name).missing()]
    settings = [(name, options) for name in names for options in [{}, *SETTINGS.get(name, [])]]
    for number, (name, options) in enumerate(settings):
        rules = game(name, **options)
        spots = positions(rules, rng)
        legal = [rules.text.write(state, seat, sample(rules.legal(state, seat), rng)) for rules, state, seat in spots]
        source = replies(draw, legal, longest, long_share)
        for _ in range(count * (number + 1) // len(settings) - count * number // len(settings)):
            tally.read(name, draw.choice(spots), next(source))
    return tally


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--longest", type=int, default=limits.REPLY)
    parser.add_argument("--long-share", type=float, default=0.02)
    arguments = parser.parse_args()
    tally = fuzz(arguments.count, arguments.seed, arguments.longest, arguments.long_share)
    mean, high, worst = np.mean(tally.times), np.quantile(tally.times, 0.999), max(tally.times)
    print(f"{tally.count:,} replies, {tally.moves:,} of them moves, {len(tally.crashes)} crashes")
    print(f"CPU time a reply: mean {mean:.4f} ms, 99.9 % under {high:.3f} ms, longest {worst:.3f} ms")
    for spent, name, length, beginning in sorted(tally.slowest, reverse=True):
        print(f"  {spent:7.3f} ms  {name}, {length:,} characters: {beginning}")
    for name, reply, trace in tally.crashes[:10]:
        print(f"\n{name}: {reply}\n{trace}")


if __name__ == "__main__":
    main()
