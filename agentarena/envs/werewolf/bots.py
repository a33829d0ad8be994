"""Reference players. They act on the observation's parts and the legal moves, never on prose, and remember nothing else.

`silent` knows nothing; `truthful` is the village that trusts its seer; `naive` are wolves who agree on nothing; `pack` are wolves who
act as one; `bayes` weighs all statements and votes; `scripted` is `bayes` in the village and `pack` among the wolves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import combinations
from math import comb

import numpy as np

from agentarena.core.actions import Action, Spoken
from agentarena.core.agent import Agent, View

from .actions import Act, antidote, bid, pass_, speech
from .game import Werewolf
from .options import DOCTOR, HUNTER, POSSESSED, SEER, VILLAGER, WOLF
from .state import PHASES

__all__ = ["BOTS", "Bayes", "Naive", "Pack", "Scripted", "Sight", "Silent", "Truthful", "deals", "wolf_beliefs"]


class Sight:
    """A decision as a bot sees it.

    Attributes:
        game: The rules.
        parts: The observation by parts.
        legal: The legal moves.
        rng: The bot's stream for this decision.
    """

    def __init__(self, view: View) -> None:
        assert isinstance(view.game, Werewolf)
        self.game, self.legal, self.rng = view.game, view.legal, view.rng
        self.parts = view.game.layout.parts(view.observation)
        self.me = int(self.parts["self"].argmax())
        self.role = int(self.parts["role"].argmax())
        self.phase = PHASES[int(self.parts["phase"].argmax())]
        self.day = round(float(self.parts["day"][0]) * view.game.last_day)

    @cached_property
    def targets(self) -> list[int]:
        """The seats that may be named."""
        assert isinstance(self.legal, tuple)
        return [action for action in self.legal if action < self.game.players]

    @cached_property
    def pack(self) -> frozenset[int]:
        """The werewolves, as a werewolf knows them."""
        return frozenset(np.flatnonzero(self.parts["known"][:, WOLF]).tolist())

    @cached_property
    def seers(self) -> list[int]:
        """Living others who say that they are the seer."""
        spoke = (self.parts["claims"][:, SEER] > 0) | (self.parts["wolves"] + self.parts["cleans"]).any(axis=1)
        return [int(who) for who in np.flatnonzero(spoke * self.parts["alive"]) if who != self.me]

    def any_of(self, seats: Sequence[int]) -> int:
        """A random one of these seats, or of all that may be named when none of them may."""
        options = [seat for seat in self.targets if seat in seats] or self.targets
        return options[int(self.rng.integers(len(options)))]

    def say(self, act: Act) -> int:
        """The move that means `act`, or the first legal one where there is none."""
        assert isinstance(self.legal, tuple)
        index = self.game.space_of(self.role).index(act)
        action = speech(self.game.players) + index if index is not None else -1
        return action if action in self.legal else self.legal[0]


class Silent(Agent):
    """Says nothing and chooses at random; never bids for the floor, never wastes a potion. The base of the others."""

    def choose(self, view: View) -> Action:
        sight = Sight(view)
        action: Action = getattr(self, f"on_{sight.phase}")(sight)
        return action

    def on_talk(self, sight: Sight) -> int:
        """To the other wolves at night."""
        return sight.say(Act("silent"))

    def on_hunt(self, sight: Sight) -> int:
        """A wolf's proposal."""
        return self.attack(sight)

    def on_night(self, sight: Sight) -> int:
        """The choice of a wolf, seer, doctor or guard."""
        if sight.role == WOLF:
            return self.attack(sight)
        return self.test(sight) if sight.role == SEER else self.protect(sight)

    def attack(self, sight: Sight) -> int:
        """Whom a wolf attacks."""
        return sight.any_of([seat for seat in sight.targets if seat not in sight.pack])

    def test(self, sight: Sight) -> int:
        """Whom the seer tests: somebody not yet tested."""
        return sight.any_of(np.flatnonzero(sight.parts["tested"] == 0).tolist())

    def protect(self, sight: Sight) -> int:
        """Whom the doctor or guard protects."""
        return sight.any_of(sight.targets)

    def on_brew(self, sight: Sight) -> int:
        """The witch heals whoever is attacked while she can."""
        assert isinstance(sight.legal, tuple)
        heal = antidote(sight.game.players)
        return heal if heal in sight.legal else pass_(sight.game.players)

    def on_shot(self, sight: Sight) -> int:
        """Whom the dying hunter shoots."""
        return self.on_vote(sight)

    def on_bid(self, sight: Sight) -> int:
        """How much it wants to speak."""
        return bid(sight.game.players, 0)

    def on_speak(self, sight: Sight) -> Action:
        """What it says."""
        return sight.say(Act("silent"))

    def on_straw(self, sight: Sight) -> Action:
        """As it would vote."""
        return self.on_vote(sight)

    def on_vote(self, sight: Sight) -> Action:
        """Whom it votes for."""
        return sight.any_of(sight.targets)


class Truthful(Silent):
    """The village that trusts its seer: the seer reports every result, and all follow the reports of whoever claims to be it."""

    def on_bid(self, sight: Sight) -> int:
        return bid(sight.game.players, 4 if self._report(sight) else 1)

    def on_speak(self, sight: Sight) -> Action:
        report = self._report(sight)
        return sight.say(report or Act("silent"))

    def _report(self, sight: Sight) -> Act | None:
        """What a seer has to say: a result not yet reported, wolves first, else that it is the seer."""
        if sight.role != SEER:
            return None
        parts, me = sight.parts, sight.me
        for known, reported, wolf in (("wolf", "wolves", 1), ("clean", "cleans", 0)):
            for target in np.flatnonzero((parts[known] > 0) & (parts["tested"] > 0) & (parts[reported][me] == 0)):
                return Act("result", int(target), wolf)
        return None if parts["claims"][me, SEER] else Act("claim", value=SEER)

    def on_vote(self, sight: Sight) -> Action:
        parts = sight.parts
        known = np.flatnonzero(parts["wolf"]).tolist()
        voices = [sight.me] if sight.role == SEER else sight.seers
        reported = [seat for seat in sight.targets if any(parts["wolves"][who, seat] for who in voices)]
        cleared = {seat for who in voices for seat in np.flatnonzero(parts["cleans"][who]).tolist()} | set(voices)
        cleared |= set(np.flatnonzero(parts["clean"]).tolist())
        suspects = [seat for seat in sight.targets if seat not in cleared]
        alive = [seat for seat in known if seat in sight.targets]
        return sight.any_of(alive or [seat for seat in reported if seat not in cleared] or suspects)


class Naive(Truthful):
    """Wolves without a plan: they attack at random, keep silent and vote for any non-wolf. In the village it is `Truthful`."""

    def on_vote(self, sight: Sight) -> Action:
        if sight.role == WOLF:
            return sight.any_of([seat for seat in sight.targets if seat not in sight.pack])
        return super().on_vote(sight)


class Bayes(Naive):
    """Votes for whom it believes most likely to be a werewolf, and states its beliefs with every vote. As a wolf it is `Naive`.

    Args:
        sure: How likely a wolf somebody must be before it accuses.
    """

    def __init__(self, sure: float = 0.5) -> None:
        self.sure = sure

    def beliefs(self, sight: Sight) -> np.ndarray:
        """Probability that each seat is a wolf. Shape (N,)."""
        return wolf_beliefs(sight.parts, sight.game.wolves, seer=bool(sight.game.seer))

    def on_bid(self, sight: Sight) -> int:
        if self._report(sight):
            return bid(sight.game.players, 4)
        return bid(sight.game.players, 2 if self._suspect(sight) is not None else 1)

    def on_speak(self, sight: Sight) -> Action:
        report = self._report(sight)
        suspect = self._suspect(sight)
        if report is None and suspect is not None:
            report = Act("accuse", suspect)
        return sight.say(report or Act("silent"))

    def _suspect(self, sight: Sight) -> int | None:
        """The living other most likely to be a wolf, if likely enough; a wolf suspects nobody."""
        if sight.role == WOLF:
            return None
        chances = self.beliefs(sight) * sight.parts["alive"]
        chances[sight.me] = 0
        most = int(chances.argmax())
        return most if chances[most] >= self.sure else None

    def test(self, sight: Sight) -> int:
        """The seer tests whom it suspects most of those whose side it does not know."""
        chances = self.beliefs(sight)
        chances[(sight.parts["tested"] > 0) | (sight.parts["clean"] > 0)] = -1
        return self._most(sight, chances)

    def protect(self, sight: Sight) -> int:
        """The doctor protects a living claimed seer whom it believes, else one it believes to be no wolf."""
        return self._most(sight, -self.beliefs(sight) + np.isin(np.arange(sight.game.players), sight.seers))

    def on_vote(self, sight: Sight) -> Action:
        if sight.role in (WOLF, POSSESSED):
            return super().on_vote(sight)
        chances = self.beliefs(sight)
        stated = {str(seat): round(float(chance), 4) for seat, chance in enumerate(chances) if seat != sight.me}
        return Spoken(self._most(sight, chances), "", {"wolves": stated})

    def on_shot(self, sight: Sight) -> int:
        return self._most(sight, self.beliefs(sight))

    def on_brew(self, sight: Sight) -> int:
        """She heals whoever is attacked, and poisons when she is sure enough."""
        healing = super().on_brew(sight)
        suspect = self._suspect(sight)
        sure = suspect is not None and suspect in sight.targets and self.beliefs(sight)[suspect] > 0.9
        return suspect if healing == pass_(sight.game.players) and sure and suspect is not None else healing

    def _most(self, sight: Sight, scores: np.ndarray) -> int:
        """The nameable seat with the highest score; ties at random."""
        if not sight.targets:
            assert isinstance(sight.legal, tuple)
            return sight.legal[0]
        best = max(scores[seat] for seat in sight.targets)
        return sight.any_of([seat for seat in sight.targets if scores[seat] >= best - 1e-9])


class Pack(Bayes):
    """Wolves who act as one without a word: each works out the same plan from what all of them know.

    They attack claimed seers first, one of them counters a seer's claim, and all vote for the non-wolf most under suspicion. In the
    village it is `Bayes`.
    """

    def attack(self, sight: Sight) -> int:
        parts = sight.parts
        score = 4.0 * np.isin(np.arange(sight.game.players), sight.seers) + 2 * parts["claims"][:, [DOCTOR, HUNTER]].any(axis=1)
        score += parts["accuse"][:, sorted(sight.pack)].sum(axis=1)
        return self._planned(sight, score)

    def on_speak(self, sight: Sight) -> Action:
        if sight.role != WOLF:
            return super().on_speak(sight)
        parts, rivals = sight.parts, [who for who in sight.seers if who not in sight.pack]
        voice = min((wolf for wolf in sight.pack if parts["alive"][wolf]), default=sight.me)
        claimed = any(parts["claims"][wolf, SEER] for wolf in sight.pack)
        if rivals and sight.me == voice and not claimed:
            return sight.say(Act("claim", value=SEER))
        if rivals and parts["claims"][sight.me, SEER] and not parts["wolves"][sight.me, rivals[0]]:
            return sight.say(Act("result", rivals[0], 1))
        target = self._planned(sight, self._blame(sight), range(sight.game.players))
        return sight.say(Act("accuse", target))

    def _blame(self, sight: Sight) -> np.ndarray:
        """How easily the village could be turned against each seat."""
        parts = sight.parts
        today = parts["votes"][0, :, : sight.game.players].sum(axis=0)
        return np.asarray(parts["accuse"].sum(axis=0) + 4 * parts["wolves"].sum(axis=0) - parts["cleans"].sum(axis=0) + today)

    def on_vote(self, sight: Sight) -> Action:
        return self._planned(sight, self._blame(sight)) if sight.role == WOLF else super().on_vote(sight)

    def on_bid(self, sight: Sight) -> int:
        return bid(sight.game.players, 3) if sight.role == WOLF and sight.seers else super().on_bid(sight)

    def _planned(self, sight: Sight, score: np.ndarray, among: Sequence[int] | range | None = None) -> int:
        """The living non-wolf of highest score; ties by a number that all wolves share and nobody else knows."""
        alive = sight.parts["alive"]
        options = [seat for seat in (sight.targets if among is None else among) if alive[seat] and seat not in sight.pack]
        if not options:
            return sight.any_of(sight.targets)
        shared = sum(1 << wolf for wolf in sight.pack) * 7919 + sight.day
        return max(options, key=lambda seat: (round(float(score[seat]), 6), _mixed(seat, shared)))


def _mixed(seat: int, shared: int) -> int:
    """A number that looks random and is the same for all who know `shared`."""
    x = (seat + 1) * 0x9E3779B1 ^ shared * 0x85EBCA77
    x = (x ^ x >> 15) * 0xC2B2AE3D & 0xFFFFFFFF
    return (x ^ x >> 13) * 0x27D4EB2F & 0xFFFFFFFF


class Scripted(Pack):
    """A sensible player of any role: `Bayes` in the village, `Pack` among the wolves. The possessed plays a false seer."""

    def on_speak(self, sight: Sight) -> Action:
        if sight.role == POSSESSED and not sight.parts["claims"][sight.me, SEER]:
            return sight.say(Act("claim", value=SEER))
        if sight.role == VILLAGER and sight.seers and self._suspect(sight) is None:
            return sight.say(Act("agree", sight.seers[0]))
        return super().on_speak(sight)


BOTS: dict[str, type[Agent]] = {
    "werewolf/bayes": Bayes,
    "werewolf/naive": Naive,
    "werewolf/pack": Pack,
    "werewolf/scripted": Scripted,
    "werewolf/silent": Silent,
    "werewolf/truthful": Truthful,
}


# --- who is a werewolf, by Bayes' rule over deals ----------------------------------------------------------------------------------
#
# A hypothesis is a set of wolves. Its weight is the uniform prior over deals, restricted to what the player knows for certain, times
# the likelihood of statements and votes under a simple model of play, summed over who the seer is. The model's numbers are chosen by
# hand: how much likelier a wolf is to do something than a villager. Axis letters: H hypotheses, N seats.

_MOST = 20_000
# log odds of doing it to a wolf, by a wolf and by a villager, against doing it to a villager
_WOLF_ON_WOLF, _VILLAGE_ON_WOLF = np.log(0.4), np.log(1.3)
# log likelihood of claiming the seer: the true seer, a wolf, anybody else
_CLAIM = {"seer": np.log(0.6), "wolf": np.log(0.08), "other": np.log(0.01)}
_LIE = np.log(0.01)  # a true seer's report that is wrong
_FALSE_ACCUSATION, _FALSE_DEFENCE, _TRUE = np.log(0.7), np.log(0.7), np.log(0.3)  # a wolf's report about a villager, about a wolf


@lru_cache(maxsize=64)
def deals(players: int, wolves: int) -> np.ndarray:
    """All sets of `wolves` of `players` seats, or 20,000 of them drawn once when there are more. Shape (H, N), bool; read only."""
    if comb(players, wolves) <= _MOST:
        sets = np.zeros((comb(players, wolves), players), bool)
        for row, members in enumerate(combinations(range(players), wolves)):
            sets[row, list(members)] = True
    else:
        keys = np.random.Generator(np.random.PCG64(players * 100 + wolves)).random((_MOST, players))
        sets = keys.argsort(axis=1).argsort(axis=1) < wolves
    sets.setflags(write=False)
    return sets


def wolf_beliefs(parts: Mapping[str, np.ndarray], wolves: int, *, seer: bool) -> np.ndarray:
    """Probability that each seat is a werewolf, for a player with this observation (`Layout.parts`), of so many wolves dealt.

    Shape (N,); adds up to `wolves`. Seats known for certain have 0 or 1.
    """
    n = len(parts["alive"])
    sets = deals(n, wolves)
    sure_wolf = (parts["wolf"] > 0) | (parts["known"][:, WOLF] > 0)
    sure_clean = ((parts["clean"] > 0) | ((parts["known"].sum(axis=1) > 0) & ~sure_wolf)) & ~sure_wolf
    fits = ~(sets & sure_clean).any(axis=1) & (sets | ~sure_wolf).all(axis=1)
    if not fits.any():  # the drawn sample of deals holds none that fits
        return np.where(sure_wolf, 1.0, np.where(sure_clean, 0.0, wolves / n))
    sets = sets[fits]
    log_weights = _from_deeds(sets, parts) + (_from_claims(sets, parts) if seer else 0.0)
    weights = np.exp(log_weights - log_weights.max())
    return np.asarray(weights @ sets / weights.sum())


def _from_deeds(sets: np.ndarray, parts: Mapping[str, np.ndarray]) -> np.ndarray:
    """Log likelihood of votes, accusations and defences. Shape (H,)."""
    n = sets.shape[1]
    against = parts["votes"][:, :, :n].sum(axis=0) + 2 * parts["accuse"] - 2 * parts["defend"]
    hits = against @ sets.T.astype(np.float64)  # (N, H): what each did against the wolves of each hypothesis
    by_wolves = (hits.T * sets).sum(axis=1)
    by_others = (hits.T * ~sets).sum(axis=1)
    return np.asarray(_WOLF_ON_WOLF * by_wolves + _VILLAGE_ON_WOLF * by_others)


def _from_claims(sets: np.ndarray, parts: Mapping[str, np.ndarray]) -> np.ndarray:
    """Log likelihood of claims to be the seer and of reports, summed over who the seer is. Shape (H,)."""
    n = sets.shape[1]
    reports = parts["wolves"] - parts["cleans"]  # (N, N): 1 reported as a wolf, -1 as clean
    spoke = (parts["claims"][:, SEER] > 0) | (reports != 0).any(axis=1)
    wrong = ((reports > 0) @ ~sets.T) + ((reports < 0) @ sets.T)  # (N, H): reports that would be false
    as_seer = _CLAIM["seer"] + _LIE * wrong.T
    as_wolf = _CLAIM["wolf"] + _FALSE_ACCUSATION * ((reports > 0) @ ~sets.T).T + _FALSE_DEFENCE * ((reports < 0) @ sets.T).T
    as_wolf = as_wolf + _TRUE * (((reports > 0) @ sets.T) + ((reports < 0) @ ~sets.T)).T
    otherwise = np.where(sets, as_wolf, _CLAIM["other"]) * spoke  # (H, N): each speaker's likelihood when not the seer
    total = otherwise.sum(axis=1)
    gain = np.where(spoke, as_seer - otherwise, 0.0)  # in place of that, were the speaker the seer
    known = parts["known"][:, SEER] > 0
    may_be = ~sets & (known if known.any() else parts["known"].sum(axis=1) == 0)
    score = np.where(may_be, gain, -np.inf)
    best = score.max(axis=1, keepdims=True)
    safe = np.where(np.isfinite(best), best, 0.0)
    seers = safe[:, 0] + np.log(np.maximum(np.exp(score - safe).sum(axis=1), 1e-12))
    return np.asarray(total + seers - np.log(n))
