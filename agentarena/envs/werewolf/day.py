"""The day: bids for the floor, speech, straw votes, the vote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .chronicle import BIDDEN, EXILE, FLOOR, ORDER, REVOTE, SAID, SENSED, STRAWVOTE, TALLY, VOTED
from .ending import after_deaths, begin_shot, shown
from .moves import bid, speech
from .roles import HUNTER, MEDIUM, WOLF, side
from .state import BID, SPEAK, STRAW, VOTE, Draft, Script, State, moved, pick, seats_in, shuffled

if TYPE_CHECKING:
    from .game import Werewolf

__all__ = ["STEPS", "begin_day"]

Rng = np.random.Generator | Script


def begin_day(game: Werewolf, draft: Draft, rng: Rng) -> None:
    """The living gather; who speaks in what order is drawn and announced."""
    living = seats_in(draft.alive)
    draft.order, draft.turn, draft.speaker, draft.mentioned = living, 0, -1, 0
    if game.talks == 0:
        begin_vote(game, draft)
        return
    if game.discussion == "random":
        draft.order = shuffled(rng, living)
        draft.fresh.append((ORDER, draft.order))
    _next_speech(game, draft, living)


def _next_speech(game: Werewolf, draft: Draft, living: tuple[int, ...]) -> None:
    """The next to speak, or the vote when everybody has spoken."""
    style, turn = game.discussion, draft.turn
    if style == "bidding":
        if turn < game.rounds:
            draft.phase, draft.asked = BID, tuple(seat for seat in living if seat != draft.speaker)
            return
    elif style == "simultaneous":
        if turn < game.rounds:
            draft.phase, draft.asked = SPEAK, living
            return
    elif turn < game.rounds * len(draft.order):
        draft.phase, draft.asked = SPEAK, (draft.order[turn % len(draft.order)],)
        return
    begin_vote(game, draft)


def _bid(game: Werewolf, draft: Draft, actions: Mapping[int, Any], rng: Rng) -> None:
    zero = bid(game.players, 0)
    bids = {seat: int(actions[seat]) - zero for seat in draft.asked}
    draft.fresh.extend((BIDDEN, seat, amount) for seat, amount in bids.items())
    most = max(bids.values())
    draft.speaker = floor([seat for seat, amount in bids.items() if amount == most], draft.mentioned, game.mention, rng)
    draft.fresh.append((FLOOR, draft.speaker))
    draft.phase, draft.asked = SPEAK, (draft.speaker,)


def floor(leaders: list[int], mentioned: int, rule: str, rng: Rng) -> int:
    """Who gets the floor among the highest bidders.

    Those whom the last speaker mentioned come first ("priority", as the Werewolf Arena paper says), or have two lots instead of
    one ("double", as its code does), or no advantage ("none").
    """
    named = [seat for seat in leaders if mentioned >> seat & 1]
    if rule == "priority" and named:
        leaders = named
    elif rule == "double":
        leaders = leaders + named
    return leaders[pick(rng, len(leaders))]


def _speak(game: Werewolf, draft: Draft, actions: Mapping[int, Any], rng: Rng) -> None:
    said = [(SAID, seat, *game.spoken(seat, actions[seat], draft)) for seat in draft.asked]
    draft.fresh.extend(said)
    draft.turn += 1
    if game.discussion == "bidding":
        draft.mentioned = game.mentions(draft, said[0])
    living = seats_in(draft.alive)
    if game.straw:
        draft.phase, draft.asked = STRAW, living
    else:
        _next_speech(game, draft, living)


def _straw(game: Werewolf, draft: Draft, actions: Mapping[int, Any], rng: Rng) -> None:
    draft.fresh.extend((STRAWVOTE, seat, int(actions[seat])) for seat in draft.asked)
    _next_speech(game, draft, draft.asked)


def begin_vote(game: Werewolf, draft: Draft) -> None:
    """Everybody may be voted for."""
    draft.standing, draft.revotes = draft.alive, 0
    _begin_ballot(game, draft)


def _begin_ballot(game: Werewolf, draft: Draft) -> None:
    draft.phase, draft.ballot = VOTE, ()
    draft.asked = draft.order[:1] if game.voting == "sequential" else seats_in(draft.alive)


def _vote(game: Werewolf, draft: Draft, actions: Mapping[int, Any], rng: Rng) -> None:
    if game.voting == "sequential":
        (seat,) = draft.asked
        draft.fresh.append((VOTED, seat, int(actions[seat])))
        draft.ballot += (int(actions[seat]),)
        if len(draft.ballot) < len(draft.order):
            draft.asked = (draft.order[len(draft.ballot)],)
            return
        votes = list(zip(draft.order, draft.ballot, strict=True))
    else:
        votes = [(seat, int(actions[seat])) for seat in draft.asked]
        draft.fresh.extend((VOTED, seat, target) for seat, target in votes)
    _count(game, draft, votes, rng)


def _count(game: Werewolf, draft: Draft, votes: Sequence[tuple[int, int]], rng: Rng) -> None:
    counts = [0] * (game.players + 1)
    for _, target in votes:
        counts[target] += 1
    if game.ballots == "tally":
        draft.fresh.append((TALLY, tuple(counts)))
    most = max(counts[:-1])
    leaders = [seat for seat in range(game.players) if most and counts[seat] == most]
    if game.majority:
        leaders = leaders if 2 * most > len(votes) else []
    elif len(leaders) > 1:
        if game.tie == "revote" and draft.revotes < game.revotes:
            draft.fresh.append((REVOTE, tuple(leaders)))
            draft.standing, draft.revotes = sum(1 << seat for seat in leaders), draft.revotes + 1
            _begin_ballot(game, draft)
            return
        tie = game.revote_tie if game.tie == "revote" else game.tie
        leaders = [leaders[pick(rng, len(leaders))]] if tie == "random" else []
    _exile(game, draft, leaders[0] if leaders else -1, votes, rng)


def _exile(game: Werewolf, draft: Draft, exiled: int, votes: Sequence[tuple[int, int]], rng: Rng) -> None:
    draft.votes += 1
    if game.reward == "shaped":
        draft.rewards = shaped_vote(draft, exiled, votes)
    if exiled < 0:
        draft.fresh.append((EXILE, -1, -1, draft.day))
        after_deaths(game, draft, rng, evening=True)
        return
    role = draft.roles[exiled]
    draft.alive &= ~(1 << exiled)
    draft.fresh.append((EXILE, exiled, shown(game.reveal, role), draft.day))
    if game.medium:
        medium = draft.roles.index(MEDIUM)
        if draft.alive >> medium & 1:
            draft.fresh.append((SENSED, medium, exiled, int(role == WOLF)))
    if role == HUNTER and draft.alive:
        begin_shot(draft, exiled, evening=True)
    else:
        after_deaths(game, draft, rng, evening=True)


def wording(day: int, turn: int, seat: int) -> int:
    """The number that picks the wording of a speech: different from speaker to speaker, and no draw of the match's stream."""
    return day * 5 + turn * 3 + seat


def shaped_vote(draft: Draft, exiled: int, votes: Sequence[tuple[int, int]]) -> tuple[float, ...]:
    """Pay for a vote under `reward="shaped"`: voters of the village +20 for a werewolf and -20 for anyone else, the exiled -10,
    every survivor +5 when an opponent was exiled and -5 when it was one of its own side."""
    pay = list(draft.rewards)
    for seat, target in votes:
        if side(draft.roles[seat]) == "village" and target < len(pay):
            pay[seat] += 20.0 if draft.roles[target] == WOLF else -20.0
    if exiled >= 0:
        pay[exiled] -= 10.0
        for seat in seats_in(draft.alive & ~(1 << exiled)):
            pay[seat] += 5.0 if side(draft.roles[seat]) != side(draft.roles[exiled]) else -5.0
    return tuple(pay)


def _quick_speech(game: Werewolf, state: State, seat: int, action: int) -> State | None:
    """A speech in moves alone that another one follows; `None` for any other."""
    order, turn = state.order, state.turn + 1
    if not game.in_turn or turn >= game.rounds * len(order):
        return None
    space = game.space_of(state.roles[seat])
    if not space.plain:
        return None
    variant = wording(state.day, state.turn, seat)
    entry = (SAID, seat, space.act(action - speech(game.players)), "", False, variant)
    return moved(state, (order[turn % len(order)],), turn, (), entry, game.nothing)


def _quick_vote(game: Werewolf, state: State, seat: int, action: int) -> State | None:
    """One of the votes cast one by one that is not the last; `None` for any other."""
    cast = len(state.ballot) + 1
    if game.voting != "sequential" or cast >= len(state.order):
        return None
    return moved(state, (state.order[cast],), state.turn, (*state.ballot, action), (VOTED, seat, action), game.nothing)


QUICK = {SPEAK: _quick_speech, VOTE: _quick_vote}
"""Short cuts for the commonest steps; they do what `STEPS` does."""

STEPS = {BID: _bid, SPEAK: _speak, STRAW: _straw, VOTE: _vote}
"""What a step does in each phase of the day."""
