"""Matches that people play in a browser: games of one seat, each bound to one browser's cookie, bounded in number and forgotten when idle.

They live in memory, and nothing of them is written: whoever wants to keep one takes its record from the page.
"""

from __future__ import annotations

import functools
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from agentarena.agents.human import listed_moves, typed_action
from agentarena.core import registry
from agentarena.core.actions import Action, violation
from agentarena.core.agent import View
from agentarena.core.config import Player, RunConfig
from agentarena.core.display import shown
from agentarena.core.distribution import version
from agentarena.core.errors import ArenaError, IllegalAction, UsageError
from agentarena.core.game import Game
from agentarena.core.match import Match
from agentarena.core.record import Fixture, Record
from agentarena.core.screen import Screen
from agentarena.core.text import Unreadable

__all__ = ["MOST_DEALS", "Visit", "Visits", "solo_games"]

MOST_DEALS = 10**6
"""Deals are numbered below this."""
_MOST_VISITS, _MOST_OF_ONE = 64, 8
_IDLE_S = 3600.0
_MOST_STEPS_SHOWN, _LONGEST = 100, 4000
_LONGEST_MOVE = 1000


@functools.cache
def solo_games() -> Mapping[str, Game[Any]]:
    """The games of one seat by their ids, under their default options; those that live in outside engines are left out."""
    games = {}
    for env in registry.env_ids():
        try:
            game = registry.game(env)
        except (ArenaError, ImportError):  # of another package, which is its own affair
            continue
        if game.info.seats == 1 and game.info.forkable:
            games[env] = game
    return games


@dataclass
class Visit:
    """One match of one person.

    Attributes:
        id: Its random name.
        cookie: The cookie of the browser that plays it.
        env: Id of the environment.
        preset: Name of its options; "" for the defaults.
        deal: Number of its deal.
        match: The match.
        course: What was played and what became known, a step each: the move in words, and lines; the start first.
        message: What was wrong with the last move; "" where nothing was.
        used: When it was last looked at, by the monotonic clock.
        lock: Held while it is read or moved on.
    """

    id: str
    cookie: str
    env: str
    preset: str
    deal: int
    match: Match
    course: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    message: str = ""
    used: float = field(default_factory=time.monotonic)
    lock: threading.Lock = field(default_factory=threading.Lock)
    _read: int = 0

    def __post_init__(self) -> None:
        self._note("")

    @property
    def game(self) -> Game[Any]:
        """The rules."""
        return self.match.config.game

    @property
    def step(self) -> int:
        """How many steps were taken."""
        return self.match.episode.steps

    @property
    def over(self) -> bool:
        """Whether there is nothing left to play."""
        return self.match.over

    @property
    def view(self) -> View:
        """What the person is shown; only while there is something to play."""
        return self.match.view(0)

    def screen(self) -> Screen:
        """The screen; `()` of a game that has none."""
        as_screen = registry.screen(self.game)
        return () if as_screen is None else as_screen(self.game, self.match.episode.state, 0)

    def look(self) -> str:
        """What is seen in words."""
        return self.game.text.look(self.match.episode.state, 0)

    def commands(self, screen: Screen) -> list[str]:
        """The listed moves that the screen does not offer."""
        if self.over:
            return []
        offered = {item.command for block in screen for item in block.items}
        return [move for move in listed_moves(self.view) or () if move not in offered]

    def record(self) -> Record:
        """The record of a visit that is over."""
        return self.match.record()

    # --- moves ----------------------------------------------------------------------------------------------------------

    def press(self, command: str) -> None:
        """Play what a button says."""
        legal = self.view.legal
        if violation(legal, command) is None:
            self._play(command)
        else:
            self.type(command)

    def fill(self, words: str) -> None:
        """Play what is typed into the screen's field."""
        block = next((block for block in self.screen() if block.kind == "field"), None)
        if block is None or not words.strip():
            self.message = "Type words to search for." if block is not None else "There is no such field on this page."
            return
        self.press(f"{block.before}{' '.join(words.split())}{block.after}")

    def type(self, words: str) -> None:
        """Play a move as people type it."""
        words = " ".join(words.split())
        if len(words) > _LONGEST_MOVE:
            self.message = f"A move has at most {_LONGEST_MOVE} characters."
            return
        action = typed_action(self.view, words) if words else Unreadable("Type a move.")
        if isinstance(action, Unreadable):
            self.message = action.reason[:_LONGEST]
        else:
            self._play(action)

    def _play(self, action: Action) -> None:
        move = self.view.write(action)
        try:
            self.match.act(0, action)
        except IllegalAction as error:
            self.message = str(error)[:_LONGEST]
            return
        self.message = ""
        self._note(move)

    def _note(self, move: str) -> None:
        """Add a step to the course: the move and what it made known."""
        log = self.match.episode.log
        lines = [self.game.text.tell(event, 0) for event in log[self._read :] if event.visible_to(0)]
        self._read = len(log)
        self.course.append((move[:_LONGEST], tuple(line[:_LONGEST] for line in lines if line)))
        del self.course[: max(0, len(self.course) - _MOST_STEPS_SHOWN)]


class Visits:
    """The visits under way, the least recently used first.

    Args:
        most: Most visits in all; the one that was used longest ago makes room.
        idle_s: Seconds after which one that nobody looked at is forgotten.
    """

    def __init__(self, most: int = _MOST_VISITS, idle_s: float = _IDLE_S) -> None:
        self._most, self._idle_s = most, idle_s
        self._visits: OrderedDict[str, Visit] = OrderedDict()
        self._lock = threading.Lock()

    def open(self, cookie: str, env: str, preset: str = "", deal: int | None = None) -> Visit:
        """A new visit.

        Args:
            cookie: Whose it is.
            env: Id of a game of one seat.
            preset: Name of its options; "" for the defaults.
            deal: Number of the deal; drawn where left out.

        Raises:
            UsageError: There is no such game, preset or deal.
        """
        game = solo_games().get(env)
        if game is None:
            raise UsageError(f"choose a game of the list: {', '.join(solo_games())}")
        if preset and preset not in type(game).presets:
            raise UsageError(f"{env} has no preset {shown(preset)}; it has {', '.join(type(game).presets) or 'none'}")
        if deal is not None and not 0 <= deal < MOST_DEALS:
            raise UsageError(f"the deal is a number from 0 to {MOST_DEALS - 1:,}, or left empty")
        number = secrets.randbelow(MOST_DEALS) if deal is None else deal
        config = RunConfig(registry.game(env, preset=preset) if preset else game, (Player("human", version()),))
        visit = Visit(secrets.token_urlsafe(16), cookie, env, preset, number, Match(config, Fixture(0, number, (0,))))
        with self._lock:
            self._visits[visit.id] = visit
            self._forget(cookie)
        return visit

    def get(self, cookie: str, name: str) -> Visit | None:
        """A visit of this browser, if it is still there."""
        with self._lock:
            visit = self._visits.get(name)
            if visit is None or not secrets.compare_digest(visit.cookie.encode(), cookie.encode()):
                return None
            visit.used = time.monotonic()
            self._visits.move_to_end(name)
            return visit

    def of(self, cookie: str) -> list[Visit]:
        """The visits of a browser, the last one first."""
        with self._lock:
            self._forget(cookie)
            return [visit for visit in reversed(self._visits.values()) if visit.cookie == cookie]

    def __len__(self) -> int:
        return len(self._visits)

    def _forget(self, cookie: str) -> None:
        """Drop what is idle, and the oldest where there are too many, of this browser or in all."""
        now = time.monotonic()
        own = [visit.id for visit in self._visits.values() if visit.cookie == cookie]
        gone = {visit.id for visit in self._visits.values() if now - visit.used > self._idle_s} | set(own[:-_MOST_OF_ONE])
        gone |= set(list(self._visits)[: max(0, len(self._visits) - self._most)])
        for name in gone:
            self._visits.pop(name).match.close()
