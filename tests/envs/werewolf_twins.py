"""Twin matches of Werewolf: the same to one seat, with other hidden roles. Shared by the tests and `benchmarks/werewolf_leaks.py`."""

from __future__ import annotations

import numpy as np

from agentarena.core.agent import action_mask
from agentarena.core.frozen import replace
from agentarena.core.rng import stream
from agentarena.envs.werewolf import Werewolf
from agentarena.envs.werewolf.actions import speech
from agentarena.envs.werewolf.options import MASON, WOLF
from agentarena.envs.werewolf.rules import begin_night
from agentarena.envs.werewolf.state import BREW, HUNT, NIGHT, OVER, SPEAK, TALK, Deal, State, dealt

__all__ = ["compare"]


def compare(game: Werewolf, seed: int) -> int:
    """Play a random match and its twin side by side; the number of moments at which the seat's whole sight was equal.

    The twin's start differs in two hidden roles. By night the twin's players do what leads to the same dawn; by day they do the
    same as in the first match. The comparison ends when that is impossible, a private signal differs, or the match is over.

    Raises:
        AssertionError: The seat could tell the twins apart.
    """
    rng = stream(seed, 7)
    state = game.start(stream(seed))
    seat = int(rng.integers(game.players))
    twin = _swapped(game, state, seat, rng)
    if twin is None:
        return 0
    compared = 0
    while state.to_move and twin.to_move:
        shared = int(rng.integers(1 << 32))
        if (state.phase in _DARK) != (twin.phase in _DARK) or (state.phase in _DARK and not _same_part(game, state, twin, seat)):
            return compared
        first, second = sight(game, state, seat), sight(game, twin, seat)
        if state.phase not in _DARK or (seat in state.to_move) == (seat in twin.to_move):
            differs = [name for name in first if first[name] != second[name]]
            assert not differs, f"seed {seed}, seat {seat}: {differs} tell twins apart\n{first['prompt']}\n\n{second['prompt']}"
            compared += 1
        moves = {who: _random(game, state, who, rng) for who in state.to_move}
        others = _echo(game, state, twin, moves, rng)
        if others is None:
            return compared
        state = game.step(state, moves, stream(shared))
        twin = game.step(twin, others, stream(shared))
        if OVER in (state.phase, twin.phase) or signals(state, seat) != signals(twin, seat):
            return compared
    return compared


_DARK = (TALK, HUNT, NIGHT, BREW)


def signals(state: State, seat: int) -> list[tuple[object, ...]]:
    """What the seat was told in private, and who died: until these differ it must not be able to tell the twins apart."""
    private = ("check", "protect", "victim", "potion", "sense")
    return [
        entry
        for entry in state.log
        if (entry.kind in private and entry.seat == seat)
        or (entry.kind in ("hunt", "prey", "whisper") and state.roles[seat] == WOLF)
        or entry.kind
        in ("dawn", "order", "exile", "floor", "shot")  # public chance may differ, drawn from a shared stream after hidden draws
    ]


def sight(game: Werewolf, state: State, seat: int) -> dict[str, object]:
    """All that a seat is shown, by name."""
    moves = seat in state.to_move
    news = tuple(event for event in game.news(state) if event.visible_to(seat))
    return {
        "observation": game.observe(state, seat).tobytes(),
        "mask": action_mask(game.action_space(seat), game.legal(state, seat)).tobytes() if moves else b"",
        "prompt": game.text.view(state, seat, news),
        "options": game.text.options(state, seat) if moves else None,
        "key": game.information(state, seat),
    }


def _swapped(game: Werewolf, state: State, seat: int, rng: np.random.Generator) -> State | None:
    """The start, at nightfall, with the roles of two other seats exchanged; `None` when the seat knows better."""
    roles = list(state.roles)
    pairs = [(a, b) for a in range(len(roles)) for b in range(a) if seat not in (a, b) and roles[a] != roles[b]]
    if roles[seat] in (WOLF, MASON):  # they know their fellows
        pairs = [(a, b) for a, b in pairs if roles[seat] not in (roles[a], roles[b])]
    if not pairs:
        return None
    a, b = pairs[int(rng.integers(len(pairs)))]
    roles[a], roles[b] = roles[b], roles[a]
    deal = Deal(tuple(roles), state.deal.names, sum(1 << who for who, role in enumerate(roles) if role == WOLF))
    return begin_night(game, replace(state, deal=deal, day=0, log=dealt(game, deal), news_from=0), rng)


def _same_act(game: Werewolf, state: State, twin: State, seat: int, move: int) -> int:
    """The twin's move that means what a speech of the first match means; -1 where it has none."""
    first, second = game.space_of(state.roles[seat]), game.space_of(twin.roles[seat])
    if first is second:
        return move
    index = second.index(first.act(move - speech(game.players)))
    return -1 if index is None else speech(game.players) + index


def _same_part(game: Werewolf, state: State, twin: State, seat: int) -> bool:
    """Whether the seat is asked in both or neither, at the same point of the night."""
    return state.phase == twin.phase and (seat in state.to_move) == (seat in twin.to_move)


def _random(game: Werewolf, state: State, seat: int, rng: np.random.Generator) -> int:
    legal = game.legal(state, seat)
    return legal[int(rng.integers(len(legal)))]


def _echo(game: Werewolf, state: State, twin: State, moves: dict[int, int], rng: np.random.Generator) -> dict[int, int] | None:
    """The twin's moves: the same by day; by night role by role, so that wolves and doctor choose whom they chose before."""
    if state.phase == SPEAK:
        moves = {who: _same_act(game, state, twin, who, move) for who, move in moves.items()}
    if state.phase not in _DARK:
        return moves if all(who in twin.to_move and move in game.legal(twin, who) for who, move in moves.items()) else None
    by_role: dict[int, list[int]] = {}
    for who, move in moves.items():
        by_role.setdefault(state.roles[who], []).append(move)
    others: dict[int, int] = {}
    for who in twin.to_move:
        if who in moves and twin.roles[who] == state.roles[who]:
            move = moves[who]
        else:
            known = by_role.get(twin.roles[who])
            move = known[0] if known else _random(game, twin, who, rng)
        legal = game.legal(twin, who)
        if move not in legal:
            if state.phase in (TALK, HUNT) or twin.roles[who] not in (1, 3):
                move = legal[int(rng.integers(len(legal)))]
            else:
                return None
        others[who] = move
    return others
