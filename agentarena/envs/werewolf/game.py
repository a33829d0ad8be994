"""Werewolf: a hidden pack kills by night, the village votes by day, and everybody talks.

Rules and options after the sources that specs of LSPO (arXiv 2502.04686), SLA (arXiv 2310.18940), Werewolf Arena
(arXiv 2407.13943), Kaggle's environment and the AIWolf contest describe; each is a preset. `night.py`, `day.py` and `ending.py`
hold what happens in each phase, `moves.py` what is legal, `chronicle.py` the log from which every view is filtered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import gymnasium
import numpy as np

from agentarena.core.actions import Action, Spoken
from agentarena.core.errors import BadOption, IllegalAction
from agentarena.core.events import Event
from agentarena.core.game import Game, GameInfo, option

from . import day, ending, hearing, night, observe, redraw
from .chronicle import DEALT, GUESS, MASONS, NAMED, PACK, event, known_log, label_of, phase_shown
from .listing import outcomes
from .moves import legal_bits, speech, tuple_of
from .presets import PRESETS
from .roles import DOCTOR, GUARD, HUNTER, MASON, MEDIUM, NAMES, POSSESSED, ROLES, SEER, VILLAGER, WITCH, WOLF, side
from .speech import Act, SpeechSpace, spaces_for
from .state import OVER, Draft, Entry, Script, State, pick, seats_in, shuffled
from .text import WerewolfText

__all__ = ["State", "Werewolf"]

_FLAG = (False, True, 0, 1)
_STEPS = {**night.STEPS, **ending.STEPS, **day.STEPS}


@dataclass(frozen=True)
class Werewolf(Game[State]):
    """The rules. A win is worth +1 to every member of the winning side, dead or alive, and -1 to every other seat."""

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
    speech: str = option("acts", "What may be said by number: `acts`, `silence`, `package.module:Class`, or `role=space,...,*=space`.")
    reader: str = option("keywords", "How free words are heard as a speech act: `keywords`, `nothing`, or `package.module:function`.")
    names: str = option("drawn", "Whether players go by names drawn for each match or by their seat numbers.", choices=("drawn", "numbers"))
    reward: str = option("win", "Plus and minus 1 for the result, or 300 with shaped pay on the way.", choices=("win", "shaped"))

    presets = PRESETS

    def __post_init__(self) -> None:
        super().__post_init__()
        gifted = len(self._deck) - self._deck.count(VILLAGER)
        if gifted > self.players:
            raise BadOption(f"Werewolf: {self.players} players cannot hold the {gifted} roles asked for; raise players or leave roles out")
        if self.mason == 1:
            raise BadOption("Werewolf: option 'mason' is 1; a mason needs another: 0, or 2 and more")
        if ending.verdict(self.wolves_win, self.wolves, self.players - self.wolves):
            raise BadOption(
                f"Werewolf: option 'wolves' is {self.wolves} of {self.players} players, and the wolves would have won before the first move "
                f"(wolves_win={self.wolves_win!r}); lower wolves"
            )
        _ = self._spaces, self._reader  # raise now if they cannot be had

    @classmethod
    def build(cls, preset: str | None = None, **options: Any) -> Werewolf:
        """The game with a preset's options; `start` is another name of `opening` here, since every game has a method `start`."""
        if "start" in options:
            if "opening" in options:
                raise BadOption("Werewolf: options 'start' and 'opening' are the same; give one of them")
            options["opening"] = options.pop("start")
        made = super().build(preset, **options)
        assert isinstance(made, Werewolf)
        return made

    # --- what the options amount to -------------------------------------------------------------------------------

    @cached_property
    def _deck(self) -> tuple[int, ...]:
        """The roles to be dealt, in increasing order."""
        counts = {
            WOLF: self.wolves, SEER: self.seer, DOCTOR: self.doctor, HUNTER: self.hunter, WITCH: self.witch, GUARD: self.guard,
            MASON: self.mason, MEDIUM: self.medium, POSSESSED: self.possessed,
        }  # fmt: skip
        gifted = [role for role, count in counts.items() for _ in range(int(count))]
        return tuple(sorted([VILLAGER] * (self.players - len(gifted)) + gifted))

    @property
    def deck(self) -> tuple[int, ...]:
        """The roles to be dealt, in increasing order."""
        return self._deck

    @cached_property
    def _spaces(self) -> tuple[SpeechSpace, ...]:
        return spaces_for(self.speech, self.players, tuple(dict.fromkeys(self._deck)))

    @cached_property
    def _reader(self) -> hearing.Reader:
        return hearing.reader_named(self.reader)

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
    def talks(self) -> int:
        """Rounds of speech, or speeches under bidding, a day; 0 without a discussion."""
        return 0 if self.discussion == "none" else self.rounds

    @cached_property
    def stake(self) -> float:
        """Pay of a win."""
        return 300.0 if self.reward == "shaped" else 1.0

    @cached_property
    def in_turn(self) -> bool:
        """Whether one speaks after the other in a fixed order, with nothing in between."""
        return self.discussion in ("random", "round_robin") and not self.straw

    @cached_property
    def nothing(self) -> tuple[float, ...]:
        return (0.0,) * self.players

    @cached_property
    def info(self) -> GameInfo:
        low, high, unit = -1.0, 1.0, "win"
        if self.reward == "shaped":
            low, high, unit = -310.0 - 25.0 * self.last_day, 300.0 + 30.0 * self.last_day, "point"
        return GameInfo(
            seats=self.players,
            low=low,
            high=high,
            unit=unit,
            sum="general",
            simultaneous=True,
            hidden=True,
            chance=True,
            max_steps=self._max_steps(),
        )

    def _max_steps(self) -> int:
        most = self.players
        night = self.wolf_talk * self.wolves + self.wolves + 2
        speeches = self.talks * {"simultaneous": 1, "bidding": 2}.get(self.discussion, most)
        straws = self.talks * (1 if self.discussion in ("simultaneous", "bidding") else most) if self.straw else 0
        vote = (self.revotes + 1 if self.tie == "revote" else 1) * (most if self.voting == "sequential" else 1)
        return self.last_day * (night + speeches + straws + vote) + 1

    @cached_property
    def text(self) -> WerewolfText:
        return WerewolfText(self)

    @cached_property
    def _action_space(self) -> gymnasium.spaces.Discrete:
        return gymnasium.spaces.Discrete(speech(self.players) + max(space.size for space in self._spaces))

    def action_space(self, seat: int) -> gymnasium.spaces.Discrete:
        """Seats, pass, antidote, bids, then speech moves; see `moves.py`."""
        return self._action_space

    @cached_property
    def _observation_space(self) -> gymnasium.spaces.Box:
        return gymnasium.spaces.Box(0.0, 1.0, (self.layout.size,), np.float32)

    def observation_space(self, seat: int) -> gymnasium.spaces.Box:
        """A float32 vector of numbers from 0 to 1; `observe.Layout` names its parts."""
        return self._observation_space

    # --- play --------------------------------------------------------------------------------------------------------

    def start(self, rng: np.random.Generator) -> State:
        return self._start(rng)

    def _start(self, rng: np.random.Generator | Script) -> State:
        roles = shuffled(rng, self._deck)
        names = draw_names(rng, self.players) if self.names == "drawn" else (-1,) * self.players
        pack = sum(1 << seat for seat, role in enumerate(roles) if role == WOLF)
        everyone = (1 << self.players) - 1
        potions = 3 if self.witch else 0
        log: list[Entry] = [(NAMED, names)]
        log += [(DEALT, seat, role) for seat, role in enumerate(roles)]
        log.append((PACK, seats_in(pack)))
        if self.mason:
            log.append((MASONS, tuple(seat for seat, role in enumerate(roles) if role == MASON)))
        empty = State(
            roles, names, pack, everyone, OVER, 0, (), -1, -1, (-1, -1), potions, 0, 0, 0, 0, -1, -1, False, 0, "", (), 0, (), (), 0,
            self.nothing,
        )  # fmt: skip
        draft = Draft(empty)
        draft.fresh = log
        if self.opening == "night":
            self.begin_night(draft, rng)
        else:
            draft.day = 1
            self.begin_day(draft, rng)
        return draft.done()

    def to_move(self, state: State) -> tuple[int, ...]:
        return state.asked

    def legal(self, state: State, seat: int) -> tuple[int, ...]:
        return tuple_of(legal_bits(self, state, seat)) if seat in state.asked else ()

    def check(self, state: State, actions: Mapping[int, Action]) -> None:
        super().check(state, actions)
        for seat, action in actions.items():
            reason = hearing.objection(self, action) if isinstance(action, Spoken) else None
            if reason:
                raise IllegalAction(f"Werewolf: seat {seat} played {action!r:.200}: {reason}")

    def step(self, state: State, actions: Mapping[int, Action], rng: np.random.Generator) -> State:
        asked = state.asked
        if len(actions) != len(asked) or not asked:
            self.check(state, actions)
        for seat in asked:
            action = actions.get(seat)
            if action.__class__ is not int or action < 0 or not legal_bits(self, state, seat) >> action & 1:
                self.check(state, actions)
                return self._step(state, actions, rng)
        if len(asked) == 1:
            quick = day.QUICK.get(state.phase)
            made = quick(self, state, asked[0], actions[asked[0]]) if quick else None
            if made is not None:
                return made
        return self._step(state, actions, rng)

    def _step(self, state: State, actions: Mapping[int, Any], rng: np.random.Generator | Script) -> State:
        """`step` without its checks."""
        draft = Draft(state)
        draft.rewards = self.nothing
        for seat in state.asked:
            action = actions[seat]
            if action.__class__ is Spoken and "wolves" in action.notes:
                draft.fresh.append((GUESS, seat, hearing.beliefs_in(action.notes)))
        _STEPS[state.phase](self, draft, actions, rng)
        return draft.done()

    def begin_night(self, draft: Draft, rng: np.random.Generator | Script) -> None:
        """Night falls."""
        night.begin_night(self, draft, rng)

    def begin_day(self, draft: Draft, rng: np.random.Generator | Script) -> None:
        """The day begins."""
        day.begin_day(self, draft, rng)

    def pay_day(self, draft: Draft) -> None:
        """Under shaped pay every survivor earns 5 for the day."""
        if self.reward == "shaped":
            draft.rewards = tuple(pay + 5.0 * (draft.alive >> seat & 1) for seat, pay in enumerate(draft.rewards))

    def rewards(self, state: State) -> tuple[float, ...]:
        return state.rewards

    def truncated(self, state: State) -> bool:
        return state.winner == "nobody"

    def winner(self, state: State, returns: tuple[float, ...]) -> str | None:
        return state.winner if state.winner in ("village", "wolves") else None

    def role(self, state: State, seat: int) -> str:
        return ROLES[state.roles[seat]]

    def team(self, state: State, seat: int) -> str:
        return side(state.roles[seat])

    # --- speech --------------------------------------------------------------------------------------------------------

    def space_of(self, role: int) -> SpeechSpace:
        """The speech space of a role, 0 to 9."""
        return self._spaces[role]

    @cached_property
    def _speech_bits(self) -> dict[tuple[int, int, int], int]:
        return {}

    def speech_bits(self, role: int, seat: int, alive: int) -> int:
        """The speech moves of a seat, as a bit set over the whole action space."""
        key = (role, seat, alive)
        bits = self._speech_bits.get(key)
        if bits is None:
            bits = self._speech_bits[key] = self._spaces[role].legal(seat, alive) << speech(self.players)
        return bits

    def spoken(self, seat: int, action: int, draft: Draft) -> tuple[Act, str, bool, int]:
        """What a speech action says: its public meaning, the words, whether the meaning was only heard in them, a wording number.

        The words are "" where they are `sentence_of` the meaning, which is then written when somebody reads it.
        """
        space = self._spaces[draft.roles[seat]]
        index = int(action) - speech(self.players)
        variant = day.wording(draft.day, draft.turn, seat)
        words, heard = "", False
        if isinstance(action, Spoken):
            words, heard = action.words, bool(action.notes.get("heard"))
        if not words and not space.plain:
            words = space.sentence(index, lambda other: label_of(draft, other), variant)
        return space.act(index), words, heard, variant

    def mentions(self, draft: Draft, said: Entry) -> int:
        """Whom a speech mentions, by its meaning or by name in its words, as a bit set."""
        _, seat, act, words, *_ = said
        named = hearing.named_in(words, [label_of(draft, other) for other in range(self.players)]) if words else 0
        return (named | (1 << act.target if act.target >= 0 else 0)) & draft.alive & ~(1 << seat)

    def hear(self, state: State, seat: int, words: str) -> int:
        """The action as which free words of a seat are heard, by the option `reader`."""
        space = self._spaces[state.roles[seat]]
        act = self._reader(words, tuple(label_of(state, other) for other in range(self.players)))
        index = space.index(act)
        legal = space.legal(seat, state.alive)
        found = index is not None and legal >> index & 1
        return speech(self.players) + (index if found and index is not None else (legal & -legal).bit_length() - 1)

    # --- what a seat may know --------------------------------------------------------------------------------------------

    def news(self, state: State) -> tuple[Event, ...]:
        return tuple(event(self, state, entry) for entry in state.log[state.mark :])

    @cached_property
    def layout(self) -> observe.Layout:
        """Where the parts of an observation are."""
        return observe.Layout(self)

    def observe(self, state: State, seat: int) -> np.ndarray:
        return self.layout.vector(state, seat)

    def information(self, state: State, seat: int) -> str:
        asked = "asked" if seat in state.asked else "waits"
        return f"{seat} {asked} {phase_shown(state, seat)} {';'.join(map(repr, known_log(self, state, seat)))}"

    def resample(self, state: State, seat: int, rng: np.random.Generator) -> State:
        return redraw.resample(self, state, seat, rng)

    def chance(self, state: State | None, actions: Mapping[int, Action] | None) -> tuple[tuple[float, State], ...]:
        """See `Chance`; every draw of this game is a uniform choice, and all their combinations are tried.

        Raises:
            NotSupported: There are too many, as when names are drawn or seven players' roles and order of speech.
        """
        if state is None:
            return outcomes(self._start)
        self.check(state, actions or {})
        return outcomes(lambda script: self._step(state, actions or {}, script))


def draw_names(rng: np.random.Generator | Script, seats: int) -> tuple[int, ...]:
    """Distinct names, drawn without replacement."""
    pool = list(range(len(NAMES)))
    return tuple(pool.pop(pick(rng, len(pool))) for _ in range(seats))
