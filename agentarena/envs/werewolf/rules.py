"""What happens in each phase: the night, its deaths, the day's talk, the vote, the end.

`step` hands the actions to the function of the phase. Each such function takes a state and returns the next one in which somebody
is to move (or the last one), going through whatever follows of itself: after the last vote somebody is exiled, the end is tested,
night falls, and the wolves are asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agentarena.core.actions import Spoken
from agentarena.core.frozen import replace

from .actions import antidote, beliefs_in, bid, named_in, night_movers, pass_, space_of, speech
from .options import GUARD, HUNTER, MEDIUM, SEER, WITCH, WOLF, Options, revealed, side, verdict
from .state import (
    BID,
    BREW,
    HUNT,
    NIGHT,
    OVER,
    SHOT,
    SPEAK,
    STRAW,
    TALK,
    VOTE,
    WINNERS,
    Ballot,
    Discussion,
    Entry,
    Night,
    Rng,
    Shot,
    State,
    Utterance,
    labels,
    pay_for_votes,
    pick,
    seats_in,
    shuffled,
)

__all__ = ["begin_day", "begin_night", "floor", "stated_beliefs", "step"]

Actions = Mapping[int, Any]
Votes = Sequence[tuple[int, int]]


def step(options: Options, before: State, actions: Actions, rng: Rng, beliefs: tuple[Entry, ...] = ()) -> State:
    """The state after these actions, which are known to be legal; `beliefs` are those stated with them."""
    state = replace(before, log=before.log + beliefs) if beliefs else before
    if options.reward == "shaped":  # else nothing is paid before the end
        state = replace(state, outcome=replace(state.outcome, rewards=options.no_rewards))
    after = _STEPS[state.phase](options, state, actions, rng)
    object.__setattr__(after, "news_from", len(before.log))  # a new state that nobody has seen yet
    return after


def stated_beliefs(state: State, actions: Actions) -> tuple[Entry, ...]:
    """The beliefs that seats state with their actions."""
    speakers = [seat for seat in state.to_move if isinstance(actions[seat], Spoken) and "wolves" in actions[seat].notes]
    return tuple(Entry("guess", seat, items=beliefs_in(actions[seat].notes)) for seat in speakers)


# --- the night ---------------------------------------------------------------------------------------------------------------


def begin_night(options: Options, state: State, rng: Rng) -> State:
    """Night falls before the next day."""
    state = replace(
        state,
        day=state.day + 1,
        turn=0,
        night=replace(state.night, victim=-1, decider=-1),
        log=(*state.log, Entry("night", day=state.day + 1)),
    )
    wolves = seats_in(state.alive & state.deal.wolves)
    if not options.attacks(state.day):
        return _begin_choices(options, state, state.night, state.log, rng, ())
    if options.wolf_talk and len(wolves) > 1:
        return replace(state, phase=TALK, to_move=wolves[:1])
    return _begin_hunt(options, state, rng, wolves)


def _talk(options: Options, state: State, actions: Actions, rng: Rng) -> State:
    (seat,) = state.to_move
    wolves, turn = seats_in(state.alive & state.deal.wolves), state.turn + 1
    log = (*state.log, *spoken(options, state, seat, actions[seat], "whisper"))
    state = replace(state, log=log, turn=turn, to_move=(wolves[turn % len(wolves)],))
    return state if turn < options.wolf_talk * len(wolves) else _begin_hunt(options, state, rng, wolves)


def _begin_hunt(options: Options, state: State, rng: Rng, wolves: tuple[int, ...]) -> State:
    rule = options.wolf_rule
    if rule == "last" and len(wolves) > 1:
        return replace(state, phase=HUNT, to_move=wolves[:1], night=replace(state.night, decider=wolves[-1]))
    if rule in ("last", "random"):
        decider = wolves[pick(rng, len(wolves))]
        return _begin_choices(options, state, replace(state.night, decider=decider), state.log, rng, (decider,))
    return _begin_choices(options, state, state.night, state.log, rng, wolves)


def _hunt(options: Options, state: State, actions: Actions, rng: Rng) -> State:
    (seat,) = state.to_move
    wolves = seats_in(state.alive & state.deal.wolves)
    following = wolves[wolves.index(seat) + 1]
    log = (*state.log, Entry("hunt", seat, int(actions[seat])))
    if following == state.night.decider:
        return _begin_choices(options, state, state.night, log, rng, (following,))
    return replace(state, log=log, to_move=(following,))


def _begin_choices(options: Options, state: State, night: Night, log: tuple[Entry, ...], rng: Rng, wolves: tuple[int, ...]) -> State:
    state = replace(state, phase=NIGHT, to_move=night_movers(options, state, wolves), night=night, log=log)
    return state if state.to_move else _choose(options, state, {}, rng)


def _choose(options: Options, state: State, actions: Actions, rng: Rng) -> State:
    roles, log = state.deal.roles, list(state.log)
    proposals: list[int] = []
    protected = [-1, -1]
    tested = state.night.tested
    for seat in state.to_move:
        role, target = roles[seat], int(actions[seat])
        if role == WOLF:
            proposals.append(target)
            log.append(Entry("hunt", seat, target))
        elif role == SEER:
            tested |= 1 << target
            log.append(Entry("check", seat, target, options.test_result(roles[target])))
        else:
            protected[role == GUARD] = target
            log.append(Entry("protect", seat, target))
    victim = victim_of(options, proposals, rng) if proposals else state.night.victim
    night = replace(state.night, protected=(protected[0], protected[1]), tested=tested, victim=victim)
    if proposals:
        log.append(Entry("prey", target=victim))
        witch = living_witch(state)
        if witch >= 0:
            if night.potions & 1:
                log.append(Entry("victim", witch, victim))
            return replace(state, night=night, log=tuple(log), phase=BREW, to_move=(witch,))
    return _dawn(options, state, night, log, rng, healed=False, poisoned=-1)


def living_witch(state: State) -> int:
    """The seat of a living witch who has a potion left; -1 when there is none."""
    if not state.night.potions:
        return -1
    witch = state.deal.roles.index(WITCH)
    return witch if state.alive >> witch & 1 else -1


def victim_of(options: Options, proposals: list[int], rng: Rng) -> int:
    """The wolves' victim by their rule: the only proposal, or the most frequent; ties at random or to the first made."""
    if len(proposals) == 1:
        return proposals[0]
    most = max(map(proposals.count, proposals))
    leaders = [target for target in dict.fromkeys(proposals) if proposals.count(target) == most]
    return leaders[0] if options.wolf_rule == "first" else sorted(leaders)[pick(rng, len(leaders))]


def _brew(options: Options, state: State, actions: Actions, rng: Rng) -> State:
    (witch,) = state.to_move
    entry, potions = potion_given(options, state, witch, int(actions[witch]))
    night, poisoned = replace(state.night, potions=potions), entry.target if entry.value == 2 else -1
    return _dawn(options, state, night, [*state.log, entry], rng, healed=entry.value == 1, poisoned=poisoned)


def potion_given(options: Options, state: State, witch: int, action: int) -> tuple[Entry, int]:
    """What the witch's action does, as a log entry, and the potions she has left."""
    potions = state.night.potions
    if action == antidote(options.players):
        return Entry("potion", witch, state.night.victim, 1), potions & ~1
    if action < pass_(options.players):
        return Entry("potion", witch, action, 2), potions & ~2
    return Entry("potion", witch, value=0), potions


def _dawn(options: Options, state: State, night: Night, log: list[Entry], rng: Rng, *, healed: bool, poisoned: int) -> State:
    roles = state.deal.roles
    deaths = {poisoned} - {-1}
    if night.victim >= 0 and not healed and night.victim not in night.protected:
        deaths.add(night.victim)
    dead = tuple((seat, revealed(options.night_reveal, roles[seat])) for seat in sorted(deaths))
    alive = state.alive & ~sum(1 << seat for seat in deaths)
    log.append(Entry("dawn", day=state.day, items=dead))
    state = replace(state, alive=alive, turn=0, night=night, log=tuple(log))
    if night.victim in deaths and night.victim != poisoned and roles[night.victim] == HUNTER and alive:
        return replace(state, phase=SHOT, to_move=(night.victim,), shot=Shot(night.victim, exiled=False))
    return _after_deaths(options, state, rng, evening=False)


# --- deaths and the end --------------------------------------------------------------------------------------------------------


def _shoot(options: Options, state: State, actions: Actions, rng: Rng) -> State:
    hunter, evening = state.shot.hunter, state.shot.exiled
    target = int(actions[hunter])
    reveal = revealed(options.reveal if evening else options.night_reveal, state.deal.roles[target])
    entry = Entry("shot", hunter, target, reveal, state.day)
    state = replace(state, alive=state.alive & ~(1 << target), log=(*state.log, entry), shot=Shot(-1, evening))
    return _after_deaths(options, state, rng, evening=evening)


def _after_deaths(options: Options, state: State, rng: Rng, *, evening: bool) -> State:
    """The test for the end; then the day begins, or the night, or the last day is over."""
    wolves = (state.alive & state.deal.wolves).bit_count()
    winner = verdict(options.wolves_win, wolves, state.alive.bit_count() - wolves)
    if evening and options.reward == "shaped":  # every survivor earns 5 for the day
        rewards = tuple(pay + 5.0 * (state.alive >> seat & 1) for seat, pay in enumerate(state.rewards))
        state = replace(state, outcome=replace(state.outcome, rewards=rewards))
    if winner:
        return _finish(options, state, winner)
    if not evening:
        return begin_day(options, state, rng)
    return _finish(options, state, "nobody") if state.day >= options.last_day else begin_night(options, state, rng)


def _finish(options: Options, state: State, winner: str) -> State:
    """The match is over: all roles become known, and the winners are paid, the dead among them."""
    roles, rewards = state.deal.roles, state.rewards
    if options.reward == "shaped":
        rewards = tuple(pay + late for pay, late in zip(rewards, pay_for_votes(options, state.log, roles), strict=True))
    if winner != "nobody":
        rewards = tuple(pay + (1 if side(role) == winner else -1) * options.win_reward for role, pay in zip(roles, rewards, strict=True))
    entry = Entry("end", value=WINNERS.index(winner), items=roles)
    outcome = replace(state.outcome, winner=winner, rewards=rewards)
    return replace(state, phase=OVER, to_move=(), log=(*state.log, entry), outcome=outcome)


# --- the day's talk --------------------------------------------------------------------------------------------------------------


def begin_day(options: Options, state: State, rng: Rng) -> State:
    """The living gather; who speaks in what order is drawn and announced."""
    order, log = seats_in(state.alive), state.log
    if options.speech_rounds and options.discussion == "random":
        order = shuffled(rng, order)
        log = (*log, Entry("order", items=order))
    return _next_speech(options, state, Discussion(order), 0, log)


def _next_speech(options: Options, state: State, discussion: Discussion, turn: int, log: tuple[Entry, ...]) -> State:
    """The next to bid or to speak is asked, or all to vote when everybody has spoken."""
    order, phase, turns = discussion.order, SPEAK, options.speech_rounds
    to_move = order
    if options.discussion == "bidding":
        phase, to_move = BID, tuple(seat for seat in order if seat != discussion.speaker)
    elif options.discussion != "simultaneous":
        turns *= len(order)
        to_move = (order[turn % len(order)],)
    if turn >= turns:
        return _begin_ballot(options, replace(state, discussion=discussion, turn=turn, log=log), state.alive, 0)
    return replace(state, discussion=discussion, turn=turn, log=log, phase=phase, to_move=to_move)


def _bid(options: Options, state: State, actions: Actions, rng: Rng) -> State:
    bids = {seat: int(actions[seat]) - bid(options.players, 0) for seat in state.to_move}
    most = max(bids.values())
    leaders = [seat for seat, amount in bids.items() if amount == most]
    speaker = floor(leaders, state.discussion.mentioned, options.mention, rng)
    log = (*state.log, *(Entry("bid", seat, value=amount) for seat, amount in bids.items()), Entry("floor", speaker))
    return replace(state, log=log, phase=SPEAK, to_move=(speaker,), discussion=replace(state.discussion, speaker=speaker))


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


def _speak(options: Options, state: State, actions: Actions, rng: Rng) -> State:
    discussion, turn, log = state.discussion, state.turn, state.log
    for seat in state.to_move:
        log += spoken(options, state, seat, actions[seat], "speech")
    if options.discussion == "bidding":
        discussion = replace(discussion, mentioned=mentions(state, log[-1]))
    if options.straw:
        return replace(state, discussion=discussion, log=log, turn=turn + 1, phase=STRAW, to_move=seats_in(state.alive))
    return _next_speech(options, state, discussion, turn + 1, log)


def _straw(options: Options, state: State, actions: Actions, rng: Rng) -> State:
    votes = [Entry("straw", seat, int(actions[seat])) for seat in state.to_move]
    return _next_speech(options, state, state.discussion, state.turn, (*state.log, *votes))


def spoken(options: Options, state: State, seat: int, action: int, kind: str) -> tuple[Entry, ...]:
    """What a speech leaves in the log; the speech comes last."""
    entry = Entry(kind, seat, speech=utterance(options, state, seat, action, state.turn))
    if not space_of(options, state.deal.roles[seat]).ambiguous:
        return (entry,)
    return Entry("move", seat, value=int(action) - speech(options.players)), entry


def utterance(options: Options, state: State, seat: int, action: int, turn: int) -> Utterance:
    """What a speech action says. The wording differs from speaker to speaker and is no draw of the match's stream."""
    space = space_of(options, state.deal.roles[seat])
    index, variant = action - speech(options.players), state.day * 5 + turn * 3 + seat
    words, heard = "", False
    if action.__class__ is not int and isinstance(action, Spoken):
        words, heard = action.words, bool(action.notes.get("heard"))
    if not words and not space.plain:
        words = space.sentence(index, labels(state.deal.names).__getitem__, variant)
    return Utterance(space.act(index), words, heard, variant)


def mentions(state: State, entry: Entry) -> int:
    """Whom a speech mentions, by its meaning or by name in its words, as a bit set."""
    assert entry.speech is not None
    target, words = entry.speech.act.target, entry.speech.words
    named = named_in(words, labels(state.deal.names)) if words else 0
    return (named | (1 << target if target >= 0 else 0)) & state.alive & ~(1 << entry.seat)


# --- the vote --------------------------------------------------------------------------------------------------------------------


def _begin_ballot(options: Options, state: State, candidates: int, revotes: int) -> State:
    voters = state.discussion.order[:1] if options.voting == "sequential" else seats_in(state.alive)
    return replace(state, phase=VOTE, to_move=voters, cast=(), ballot=Ballot(candidates, revotes))


def _vote(options: Options, state: State, actions: Actions, rng: Rng) -> State:
    log, cast, order = state.log, state.cast, state.to_move
    for seat in order:
        log += (Entry("vote", seat, int(actions[seat])),)
        cast += (int(actions[seat]),)
    if options.voting == "sequential":
        order = state.discussion.order
        if len(cast) < len(order):
            return replace(state, log=log, cast=cast, to_move=(order[len(cast)],))
    return _count(options, state, log, list(zip(order, cast, strict=True)), rng)


def count_votes(options: Options, votes: Sequence[int]) -> tuple[list[int], list[int], bool]:
    """Votes by seat, last those for nobody; who has the most, empty when nobody has any; whether that is more than half."""
    counts = [0] * (options.players + 1)
    for target in votes:
        counts[target] += 1
    most = max(counts[:-1])
    return counts, [seat for seat in range(options.players) if most and counts[seat] == most], 2 * most > len(votes)


def _count(options: Options, state: State, log: tuple[Entry, ...], votes: Votes, rng: Rng) -> State:
    counts, leaders, majority = count_votes(options, [target for _, target in votes])
    if options.ballots == "tally":
        log += (Entry("tally", items=tuple(counts)),)
    if options.majority:
        leaders = leaders if majority else []
    elif len(leaders) > 1:
        revotes = state.ballot.revotes
        if options.tie == "revote" and revotes < options.revotes:
            state = replace(state, log=(*log, Entry("revote", items=tuple(leaders))))
            return _begin_ballot(options, state, sum(1 << seat for seat in leaders), revotes + 1)
        tie = options.revote_tie if options.tie == "revote" else options.tie
        leaders = [leaders[pick(rng, len(leaders))]] if tie == "random" else []
    return _exile(options, state, log, leaders[0] if leaders else -1, rng)


def _exile(options: Options, state: State, log: tuple[Entry, ...], exiled: int, rng: Rng) -> State:
    roles, alive = state.deal.roles, state.alive if exiled < 0 else state.alive & ~(1 << exiled)
    log += (Entry("exile", exiled, value=revealed(options.reveal, roles[exiled]) if exiled >= 0 else -1, day=state.day),)
    if exiled >= 0 and options.medium and alive >> roles.index(MEDIUM) & 1:
        log += (Entry("sense", roles.index(MEDIUM), exiled, int(roles[exiled] == WOLF)),)
    rewards = state.rewards
    if options.reward == "shaped" and exiled >= 0:
        rewards = tuple(pay - 10.0 * (seat == exiled) for seat, pay in enumerate(rewards))
    outcome = replace(state.outcome, votes_held=state.outcome.votes_held + 1, rewards=rewards)
    state = replace(state, alive=alive, cast=(), log=log, outcome=outcome)
    if exiled >= 0 and roles[exiled] == HUNTER and alive:
        return replace(state, phase=SHOT, to_move=(exiled,), shot=Shot(exiled, exiled=True))
    return _after_deaths(options, state, rng, evening=True)


_STEPS = {
    TALK: _talk, HUNT: _hunt, NIGHT: _choose, BREW: _brew, SHOT: _shoot,
    BID: _bid, SPEAK: _speak, STRAW: _straw, VOTE: _vote,
}  # fmt: skip
"""What a step does in each phase."""
