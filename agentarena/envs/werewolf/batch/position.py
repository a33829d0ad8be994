"""Many matches as arrays: what `state.State` and its log hold, as far as the games that array rules cover need it.

Axis letters: B matches, N seats, U rounds of speech a day, K symbols, T seats that can be named (N or 0).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from agentarena.core.errors import NotSupported
from agentarena.envs.werewolf.actions import Latent, space_of, speech
from agentarena.envs.werewolf.observation import RECENT, Layout
from agentarena.envs.werewolf.options import ROLES, Options

__all__ = ["NOBODY", "ONGOING", "VILLAGE", "WOLVES", "Position", "Tables"]

NOBODY, VILLAGE, WOLVES = range(3)
ONGOING = -1
"""Winners, and that there is none yet."""


@dataclass(frozen=True, slots=True)
class Position:
    """B matches. -1 stands for nobody and nothing.

    Attributes:
        roles: Shape (B, N), int8.
        alive: Shape (B, N), bool.
        phase: Phase number of `state.PHASES`. Shape (B,), int8.
        day: Shape (B,), int16.
        turn: Speeches so far today. Shape (B,), int16.
        order: Seats in the order of today's (or the last) speeches. Shape (B, N), int8.
        standing: Who stood in the last ballot. Shape (B, N), bool.
        hunts: Whom each wolf wants to attack tonight. Shape (B, N), int8.
        prey: Whom the wolves attacked last. Shape (B,), int8; -1 from nightfall on.
        tested: What the seer knows of each: 0 nothing, 1 no werewolf, 2 a werewolf. Shape (B, N), int8.
        shield: Whom the doctor protected last. Shape (B,), int8.
        signals: Symbol and seat named of each speaker and round of today. Shape (B, N, U, 2), int8.
        before: Counts of symbol and seat named on earlier days, the last column for nobody. Shape (B, N, K, T + 1), int16.
        votes: Votes of today, yesterday, the day before. Shape (B, 3, N), int8.
        died: 0 alive, 1 killed at night, 2 exiled. Shape (B, N), int8.
        when: Day of death. Shape (B, N), int16.
        winner: See above. Shape (B,), int8.
        rewards: What the last step credited. Shape (B, N), float64.
    """

    roles: np.ndarray
    alive: np.ndarray
    phase: np.ndarray
    day: np.ndarray
    turn: np.ndarray
    order: np.ndarray
    standing: np.ndarray
    hunts: np.ndarray
    prey: np.ndarray
    tested: np.ndarray
    shield: np.ndarray
    signals: np.ndarray
    before: np.ndarray
    votes: np.ndarray
    died: np.ndarray
    when: np.ndarray
    winner: np.ndarray
    rewards: np.ndarray


_COVERED = {
    "opening": ("night",), "majority": (False, 0), "abstain": (False, 0), "reveal": ("none",), "reveal_night": ("none", "same"),
    "tie": ("random", "nobody"), "discussion": ("random", "round_robin"), "hunter": (False, 0), "witch": (False, 0), "guard": (False, 0),
    "mason": (0,), "medium": (False, 0), "possessed": (False, 0), "seer_sees": ("wolf",), "wolf_rule": ("last",), "wolf_talk": (0,),
    "first_attack": (True, 1), "voting": ("simultaneous",), "ballots": ("public",), "straw": (False, 0), "reward": ("win",),
}  # fmt: skip
"""Option -> the values that array rules cover."""


class Tables:
    """What follows from the options, as arrays.

    Attributes:
        options: The options.
        layout: Where the parts of an observation lie.
        actions: Number of actions, A.
        symbols: Symbol of each speech move of each role. Shape (10, M), int8; -1 beyond a role's moves.
        targets: Seat that it names. Shape (10, M), int8.

    Raises:
        NotSupported: An option has a value that array rules do not cover.
    """

    def __init__(self, options: Options) -> None:
        for name, values in _COVERED.items():
            if getattr(options, name) not in values:
                allowed = " or ".join(map(repr, values))
                raise NotSupported(f"Werewolf: array rules need {name}={allowed}, and this game has {name}={getattr(options, name)!r}")
        spaces = {role: space_of(options, role) for role in options.roles_in_play}
        if not options.speech_rounds or not all(isinstance(space, Latent) for space in spaces.values()):
            raise NotSupported(f"Werewolf: array rules need latent speech of all roles and rounds of at least 1; speech={options.speech!r}")
        self.options, self.layout = options, Layout(options)
        most = max(space_of(options, role).size for role in range(len(ROLES)))
        self.actions = speech(options.players) + most
        self.symbols = np.full((len(ROLES), most), -1, np.int8)
        self.targets = np.full((len(ROLES), most), -1, np.int8)
        for role, space in spaces.items():
            for index in range(space.size):
                act = space.act(index)
                self.symbols[role, index], self.targets[role, index] = act.value, act.target

    @cached_property
    def named(self) -> int:
        """T: the seats that can be named, N or 0."""
        return self.layout.shapes["before"][2] - 1

    def dealt(self, roles: np.ndarray) -> Position:
        """Matches with these roles, before their first nightfall."""
        size, seats = roles.shape
        rounds = self.options.speech_rounds

        def nobody(*shape: int) -> np.ndarray:
            return np.full((size, *shape), -1, np.int8)

        return Position(
            roles=roles.astype(np.int8),
            alive=np.ones((size, seats), bool),
            phase=np.zeros(size, np.int8),
            day=np.zeros(size, np.int16),
            turn=np.zeros(size, np.int16),
            order=nobody(seats),
            standing=np.zeros((size, seats), bool),
            hunts=nobody(seats),
            prey=nobody(),
            tested=np.zeros((size, seats), np.int8),
            shield=nobody(),
            signals=nobody(seats, rounds, 2),
            before=np.zeros((size, seats, self.layout.symbols, self.named + 1), np.int16),
            votes=nobody(RECENT, seats),
            died=np.zeros((size, seats), np.int8),
            when=np.zeros((size, seats), np.int16),
            winner=nobody(),
            rewards=np.zeros((size, seats)),
        )

    @cached_property
    def own(self) -> np.ndarray:
        """Who one is. Shape (N, N), bool."""
        return np.eye(self.options.players, dtype=bool)
