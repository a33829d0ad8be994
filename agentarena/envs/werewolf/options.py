"""The options of Werewolf with their ranges, what follows from them, the presets; roles, sides and names."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from agentarena.core.game import option
from agentarena.core.speech import is_latent

__all__ = [
    "DOCTOR",
    "GUARD",
    "HUNTER",
    "MASON",
    "MEDIUM",
    "NAMES",
    "POSSESSED",
    "PRESETS",
    "ROLES",
    "SEER",
    "VILLAGER",
    "WITCH",
    "WOLF",
    "Options",
    "revealed",
    "side",
    "speech_pairs",
    "verdict",
]

VILLAGER, WOLF, SEER, DOCTOR, HUNTER, WITCH, GUARD, MASON, MEDIUM, POSSESSED = range(10)

ROLES = ("villager", "werewolf", "seer", "doctor", "hunter", "witch", "guard", "mason", "medium", "possessed")
"""Role number -> name."""

NAMES = [
    "Ada", "Ben", "Carl", "Dan", "Eve", "Finn", "Gina", "Hugo", "Iris", "Jack", "Kate", "Leo", "Mona", "Nils", "Olga",
    "Paul", "Quin", "Rosa", "Sam", "Tess", "Uma", "Vera", "Walt", "Xena", "Yann", "Zoe", "Amir", "Bela", "Cora", "Dora",
    "Emil", "Faye", "Gus", "Hana", "Ivan", "Jude", "Kira", "Lars", "Mina", "Noor", "Otto", "Pia", "Ravi", "Sven",
    "Tara", "Udo", "Vito", "Wanda", "Yuki", "Zeno",
]  # fmt: skip
"""Names are drawn from these, anew for each match; no name is part of another or of a role's name."""

_FLAG = (False, True, 0, 1)


def speech_pairs(option: str) -> list[tuple[str, str]]:
    """The option `speech` as pairs of a role, or `*`, and a space.

    >>> speech_pairs("werewolf=latent:0.1@,*=acts"), speech_pairs("silence")
    ([('werewolf', 'latent:0.1@'), ('*', 'acts')], [('*', 'silence')])
    """
    items = [item.partition("=") for item in option.replace(" ", "").split(",")]
    return [(role, space) if equals else ("*", role) for role, equals, space in items]


def _speech_is_code(option: str) -> bool:
    return any(":" in space and not is_latent(space) for _, space in speech_pairs(option))


def side(role: int) -> str:
    """The side a role wins with: the possessed is human, but wins with the wolves.

    >>> side(WOLF), side(POSSESSED), side(SEER)
    ('wolves', 'wolves', 'village')
    """
    return "wolves" if role in (WOLF, POSSESSED) else "village"


def revealed(reveal: str, role: int) -> int:
    """What a death reveals: -1 nothing, a role's number, or 10 for the village and 11 for the wolves."""
    if reveal == "none":
        return -1
    return role if reveal == "role" else len(ROLES) + (side(role) == "wolves")


def verdict(rule: str, wolves: int, others: int) -> str:
    """Who has won with so many werewolves and others alive: "village", "wolves" or "" for nobody yet.

    The village wins when no werewolf lives, even if nobody does. The wolves win by parity (as many as others), when they are
    "more" than the others, or by "extinction" of the others.

    >>> verdict("parity", 1, 1), verdict("more", 1, 1), verdict("extinction", 2, 1), verdict("parity", 0, 0)
    ('wolves', '', '', 'village')
    """
    if wolves == 0:
        return "village"
    won = wolves >= others if rule == "parity" else wolves > others if rule == "more" else others == 0
    return "wolves" if won else ""


@dataclass(frozen=True)
class Options:
    """The options. The game inherits them; rules, observations and texts take them as an argument."""

    players: int = option(7, "Number of seats.", low=3, high=24)
    wolves: int = option(2, "Werewolves.", low=1, high=12)
    seer: bool = option(True, "A seer, who tests one player each night.", choices=_FLAG)
    doctor: bool = option(True, "A doctor, who protects one player each night from the wolves.", choices=_FLAG)
    self_save: bool = option(True, "Whether the doctor may protect himself.", choices=_FLAG)
    opening: str = option(
        "night", "What comes first; also called `start`. Day 1 has no night before it when the day does.", choices=("night", "day")
    )
    tie: str = option(
        "random", "A tied vote: one of the tied, nobody, or a new ballot among the tied.", choices=("random", "nobody", "revote")
    )
    majority: bool = option(False, "Whether only votes of more than half the living exile; `tie` then never applies.", choices=_FLAG)
    abstain: bool = option(False, "Whether a vote may name nobody; if nobody is named nobody is exiled.", choices=_FLAG)
    reveal: str = option("none", "What a death tells about the dead.", choices=("none", "team", "role"))
    discussion: str = option(
        "random",
        "Who speaks: nobody; by seat; in an order drawn each day; all at once; or by bids of 0 to 4 for the floor.",
        choices=("none", "round_robin", "random", "simultaneous", "bidding"),
    )
    rounds: int = option(1, "Rounds of speech a day; under bidding the number of speeches.", low=0, high=50)
    max_days: int = option(0, "Days before the match is cut short, undecided; 0 for twice the players but at least 10.", low=0, high=1000)
    hunter: bool = option(False, "A hunter, who shoots one player when exiled or killed by the wolves.", choices=_FLAG)
    witch: bool = option(False, "A witch with one antidote and one poison; one potion a night.", choices=_FLAG)
    guard: bool = option(False, "A guard: a second protector, who may not protect the same player twice running.", choices=_FLAG)
    mason: int = option(0, "Masons, who know each other: none, or two and more.", low=0, high=8)
    medium: bool = option(False, "A medium, who learns whether the exiled was a werewolf.", choices=_FLAG)
    possessed: bool = option(False, "A possessed human, who counts and tests as no werewolf but wins with the wolves.", choices=_FLAG)
    repeat_save: bool = option(True, "Whether the doctor may protect the same player two nights running.", choices=_FLAG)
    guard_self: bool = option(True, "Whether the guard may protect himself.", choices=_FLAG)
    guard_repeat: bool = option(False, "Whether the guard may protect the same player two nights running.", choices=_FLAG)
    witch_self: bool = option(True, "Whether the witch may heal herself.", choices=_FLAG)
    seer_sees: str = option("wolf", "What a test tells: whether it is a werewolf, or the exact role.", choices=("wolf", "role"))
    seer_repeat: bool = option(True, "Whether the seer may test a player again.", choices=_FLAG)
    wolf_rule: str = option(
        "last",
        "Whose choice counts: the last wolf's after hearing the others', most votes (ties at random), most votes (ties to the first), "
        "or one wolf's drawn each night.",
        choices=("last", "vote", "first", "random"),
    )
    wolf_targets: str = option("village", "Whom wolves may attack: non-wolves, or any other player.", choices=("village", "others"))
    wolf_talk: int = option(0, "Rounds of talk among the wolves each night, when at least two live.", low=0, high=10)
    wolves_win: str = option(
        "parity",
        "When wolves win: as many as the others, more than the others, or no others left.",
        choices=("parity", "more", "extinction"),
    )
    first_attack: bool = option(True, "Whether the wolves attack in the first night; if not, only the seer acts in it.", choices=_FLAG)
    voting: str = option("simultaneous", "All votes at once, or one by one in the order of speech.", choices=("simultaneous", "sequential"))
    self_vote: bool = option(False, "Whether one may vote for oneself.", choices=_FLAG)
    revotes: int = option(1, 'New ballots a day under `tie="revote"`.', low=1, high=5)
    revote_tie: str = option("random", "A tie in the last ballot of a revote.", choices=("random", "nobody"))
    ballots: str = option(
        "public", "Whether votes become public, only their counts, or nothing but the exile.", choices=("public", "tally", "secret")
    )
    reveal_night: str = option("same", "What a death at night tells, if not the same as at day.", choices=("same", "none", "team", "role"))
    mention: str = option(
        "priority",
        "Under bidding, what being mentioned is worth among equal bids: the floor, a second lot, or nothing.",
        choices=("priority", "double", "none"),
    )
    straw: bool = option(False, "Whether all living cast a private vote without effect after each speech, for measurement.", choices=_FLAG)
    words: int = option(600, "Longest speech in free words, in characters.", low=0, high=10_000)
    speech: str = option(
        "acts",
        "What may be said by number: `acts`, `silence`, latent moves such as `latent:0.2@.1`, `package.module:Class`, or "
        "`role=space,...,*=space`.",
        imports=_speech_is_code,
    )
    reader: str = option(
        "keywords", "How free words are heard as a speech act: `keywords`, `nothing`, or `package.module:function`.", imports=True
    )
    names: str = option("drawn", "Whether players go by names drawn for each match or by their seat numbers.", choices=("drawn", "numbers"))
    reward: str = option("win", "Plus and minus 1 for the result, or 300 with shaped pay on the way.", choices=("win", "shaped"))

    @cached_property
    def deck(self) -> tuple[int, ...]:
        """The roles to be dealt, in increasing order."""
        counts = {
            WOLF: self.wolves, SEER: self.seer, DOCTOR: self.doctor, HUNTER: self.hunter, WITCH: self.witch, GUARD: self.guard,
            MASON: self.mason, MEDIUM: self.medium, POSSESSED: self.possessed,
        }  # fmt: skip
        special = [role for role, count in counts.items() for _ in range(int(count))]
        return tuple(sorted([VILLAGER] * (self.players - len(special)) + special))

    @cached_property
    def roles_in_play(self) -> tuple[int, ...]:
        """The roles that occur in the deck, in increasing order."""
        return tuple(dict.fromkeys(self.deck))

    @cached_property
    def memo(self) -> dict[Any, Any]:
        """What other modules work out once for these options and look up often; no part of what the options are."""
        return {}

    @cached_property
    def last_day(self) -> int:
        """After this day's vote an undecided match is cut short."""
        return self.max_days or max(10, 2 * self.players)

    @cached_property
    def first_night(self) -> int:
        """Number of the first night: that of the day after it."""
        return 1 if self.opening == "night" else 2

    @cached_property
    def night_reveal(self) -> str:
        """What a death at night tells."""
        return self.reveal if self.reveal_night == "same" else self.reveal_night

    @cached_property
    def speech_rounds(self) -> int:
        """Rounds of speech, or speeches under bidding, a day; 0 without a discussion."""
        return 0 if self.discussion == "none" else self.rounds

    @cached_property
    def win_reward(self) -> float:
        """What a win pays; a loss pays as much less than nothing."""
        return 300.0 if self.reward == "shaped" else 1.0

    @cached_property
    def no_rewards(self) -> tuple[float, ...]:
        """Zero for every seat."""
        return (0.0,) * self.players

    def attacks(self, day: int) -> bool:
        """Whether the wolves attack in the night before this day."""
        return self.first_attack or day > self.first_night

    def test_result(self, role: int) -> int:
        """What the seer learns of a player with this role: the role, or 1 for a werewolf and 0 for none."""
        return role if self.seer_sees == "role" else int(role == WOLF)

    @cached_property
    def max_steps(self) -> int:
        """Bound on the number of steps of a match."""
        night = self.wolf_talk * self.wolves + self.wolves + 2
        speeches = self.speech_rounds * {"simultaneous": 1, "bidding": 2}.get(self.discussion, self.players)
        straws = self.speech_rounds * (1 if self.discussion in ("simultaneous", "bidding") else self.players) if self.straw else 0
        ballots = self.revotes + 1 if self.tie == "revote" else 1
        return self.last_day * (night + speeches + straws + ballots * (self.players if self.voting == "sequential" else 1)) + 1


PRESETS: dict[str, dict[str, Any]] = {
    "lspo7": {"players": 7, "wolves": 2, "max_days": 10},
    "lspo4": {"players": 4, "wolves": 1, "doctor": False, "max_days": 10},
    "arena8": {
        "players": 8, "wolves": 2, "majority": True, "discussion": "bidding", "rounds": 8, "seer_sees": "role", "seer_repeat": False,
        "wolf_rule": "random",
    },
    "kaggle7": {
        "players": 7, "wolves": 2, "self_save": False, "wolf_rule": "vote", "voting": "sequential", "discussion": "round_robin",
        "reveal": "role", "seer_sees": "role",
    },
    "aiwolf5": {
        "players": 5, "wolves": 1, "doctor": False, "possessed": True, "first_attack": False, "tie": "revote", "wolf_rule": "vote",
        "discussion": "simultaneous", "rounds": 4,
    },
    "aiwolf13": {
        "players": 13, "wolves": 3, "doctor": False, "possessed": True, "medium": True, "guard": True, "guard_self": False,
        "guard_repeat": True, "first_attack": False, "tie": "revote", "wolf_rule": "vote", "discussion": "simultaneous", "rounds": 4,
    },
    "textarena7": {
        "players": 7, "wolves": 2, "self_save": False, "wolf_rule": "vote", "voting": "sequential", "rounds": 3,
    },
    "mini4": {"players": 4, "wolves": 1, "doctor": False, "seer": True, "discussion": "none", "names": "numbers", "max_days": 4},
}  # fmt: skip
"""Named settings: the games of papers and contests as far as their rules are known. The card says where each deviates."""
