"""The night: the wolves agree, the seer tests, doctor and guard protect, the witch brews; then the dawn is announced."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .chronicle import CHECK, DAWN, HUNTED, NIGHTFALL, POTION, PREY, SHIELD, VICTIM, WHISPER
from .ending import after_deaths, begin_shot, shown
from .moves import antidote, pass_, targets
from .roles import DOCTOR, GUARD, HUNTER, SEER, WITCH, WOLF
from .state import BREW, HUNT, NIGHT, TALK, Draft, Script, pick, seats_in

if TYPE_CHECKING:
    from .game import Werewolf

__all__ = ["STEPS", "begin_night"]

Rng = np.random.Generator | Script


def begin_night(game: Werewolf, draft: Draft, rng: Rng) -> None:
    """Night falls before the next day."""
    draft.day += 1
    draft.fresh.append((NIGHTFALL, draft.day))
    draft.prey = draft.decider = -1
    draft.turn = 0
    wolves = seats_in(draft.alive & draft.pack)
    if not attacks(game, draft.day):
        _begin_choices(game, draft, rng, ())
    elif game.wolf_talk and len(wolves) > 1:
        draft.phase, draft.asked = TALK, wolves[:1]
    else:
        _begin_hunt(game, draft, rng, wolves)


def attacks(game: Werewolf, day: int) -> bool:
    """Whether the wolves attack in the night before this day."""
    return game.first_attack or day > game.first_night


def _talk(game: Werewolf, draft: Draft, actions: Mapping[int, Any], rng: Rng) -> None:
    (seat,) = draft.asked
    draft.fresh.append((WHISPER, seat, *game.spoken(seat, actions[seat], draft)))
    draft.turn += 1
    wolves = seats_in(draft.alive & draft.pack)
    if draft.turn < game.wolf_talk * len(wolves):
        draft.asked = (wolves[draft.turn % len(wolves)],)
    else:
        _begin_hunt(game, draft, rng, wolves)


def _begin_hunt(game: Werewolf, draft: Draft, rng: Rng, wolves: tuple[int, ...]) -> None:
    rule = game.wolf_rule
    if rule == "last" and len(wolves) > 1:
        draft.decider = wolves[-1]
        draft.phase, draft.asked = HUNT, wolves[:1]
    elif rule == "last" or rule == "random":
        draft.decider = wolves[pick(rng, len(wolves))]
        _begin_choices(game, draft, rng, (draft.decider,))
    else:
        _begin_choices(game, draft, rng, wolves)


def _hunt(game: Werewolf, draft: Draft, actions: Mapping[int, Any], rng: Rng) -> None:
    (seat,) = draft.asked
    draft.fresh.append((HUNTED, seat, int(actions[seat])))
    wolves = seats_in(draft.alive & draft.pack)
    following = wolves[wolves.index(seat) + 1]
    if following == draft.decider:
        _begin_choices(game, draft, rng, (following,))
    else:
        draft.asked = (following,)


def _begin_choices(game: Werewolf, draft: Draft, rng: Rng, wolves: tuple[int, ...]) -> None:
    draft.phase = NIGHT
    draft.asked = asked_at_night(game, draft, wolves)
    if not draft.asked:
        _choose(game, draft, {}, rng)


def asked_at_night(game: Werewolf, draft: Draft, wolves: tuple[int, ...]) -> tuple[int, ...]:
    """Who chooses tonight, at once: these wolves, the seer, and when there is an attack the doctor and the guard."""
    acting = (SEER, DOCTOR, GUARD) if attacks(game, draft.day) else (SEER,)
    gifted = [
        seat for seat, role in enumerate(draft.roles) if role in acting and draft.alive >> seat & 1 and targets(game, draft, seat, role)
    ]
    return tuple(sorted((*wolves, *gifted))) if gifted else wolves


def _choose(game: Werewolf, draft: Draft, actions: Mapping[int, Any], rng: Rng) -> None:
    proposals: list[tuple[int, int]] = []
    shields = [-1, -1]
    for seat in draft.asked:
        role, target = draft.roles[seat], int(actions[seat])
        if role == WOLF:
            proposals.append((seat, target))
            draft.fresh.append((HUNTED, seat, target))
        elif role == SEER:
            draft.seen |= 1 << target
            seen = draft.roles[target] if game.seer_sees == "role" else int(draft.roles[target] == WOLF)
            draft.fresh.append((CHECK, seat, target, seen))
        else:
            shields[role == GUARD] = target
            draft.fresh.append((SHIELD, seat, target))
    draft.shields = (shields[0], shields[1])
    if proposals:
        draft.prey = prey_of(game, [target for _, target in proposals], rng)
        draft.fresh.append((PREY, draft.prey))
        if draft.potions:
            witch = draft.roles.index(WITCH)
            if draft.alive >> witch & 1:
                if draft.potions & 1:
                    draft.fresh.append((VICTIM, witch, draft.prey))
                draft.phase, draft.asked = BREW, (witch,)
                return
    _dawn(game, draft, rng, healed=False, poisoned=-1)


def prey_of(game: Werewolf, proposals: list[int], rng: Rng) -> int:
    """The wolves' victim by their rule: the only proposal, or the most frequent; ties at random or to the first made."""
    if len(proposals) == 1:
        return proposals[0]
    most = max(map(proposals.count, proposals))
    leaders = [target for target in dict.fromkeys(proposals) if proposals.count(target) == most]
    return leaders[0] if game.wolf_rule == "first" else sorted(leaders)[pick(rng, len(leaders))]


def _brew(game: Werewolf, draft: Draft, actions: Mapping[int, Any], rng: Rng) -> None:
    (seat,) = draft.asked
    action = int(actions[seat])
    healed = action == antidote(game.players)
    poisoned = action if action < pass_(game.players) else -1
    draft.potions &= ~1 if healed else ~2 if poisoned >= 0 else ~0
    draft.fresh.append((POTION, seat, 1 if healed else 2 if poisoned >= 0 else 0, draft.prey if healed else poisoned))
    _dawn(game, draft, rng, healed=healed, poisoned=poisoned)


def _dawn(game: Werewolf, draft: Draft, rng: Rng, *, healed: bool, poisoned: int) -> None:
    prey, draft.turn = draft.prey, 0
    deaths = {poisoned} - {-1}
    if prey >= 0 and not healed and prey not in draft.shields:
        deaths.add(prey)
    dead = tuple(sorted(deaths))
    for seat in dead:
        draft.alive &= ~(1 << seat)
    draft.fresh.append((DAWN, draft.day, tuple((seat, shown(game.night_reveal, draft.roles[seat])) for seat in dead)))
    hunter = prey if prey in deaths and prey != poisoned and draft.roles[prey] == HUNTER else -1
    if hunter >= 0 and draft.alive:
        begin_shot(draft, hunter, evening=False)
    else:
        after_deaths(game, draft, rng, evening=False)


STEPS = {TALK: _talk, HUNT: _hunt, NIGHT: _choose, BREW: _brew}
"""What a step does in each phase of the night."""
