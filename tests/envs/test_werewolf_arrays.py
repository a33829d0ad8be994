"""Array rules of Werewolf: equal to the scalar rules step by step, random play's exact win rates, all outcomes with their chances."""

from __future__ import annotations

import math

import numpy as np
import pytest

from agentarena.core.errors import NotSupported
from agentarena.core.frozen import replace
from agentarena.core.rng import stream
from agentarena.envs.werewolf import Werewolf
from agentarena.envs.werewolf.batch import VILLAGE, WerewolfBatch
from agentarena.envs.werewolf.batch.transitions import advance, leaders
from agentarena.envs.werewolf.rules import begin_night, step
from agentarena.envs.werewolf.solver import village_win
from agentarena.envs.werewolf.state import SPEAK, VOTE, Deal, Night, Outcome, Script, State, dealt

GAMES = [
    {"preset": "lspo4", "speech": "latent:0.1.2"},
    {"preset": "lspo7", "speech": "werewolf=latent:0.2@.1,seer=latent:1@.0@,*=latent:0.1@"},
    {
        "preset": "lspo7",
        "speech": "latent:3@.1",
        "self_save": False,
        "repeat_save": False,
        "seer_repeat": False,
        "tie": "nobody",
        "max_days": 3,
    },
    {
        "players": 8,
        "wolves": 3,
        "speech": "latent:0@",
        "rounds": 2,
        "discussion": "round_robin",
        "wolves_win": "extinction",
        "self_vote": True,
    },
    {"players": 6, "wolves": 2, "doctor": False, "seer": False, "wolf_targets": "others", "wolves_win": "more", "speech": "latent:1.0"},
]


def scalar_start(game: Werewolf, roles: tuple[int, ...]) -> State:
    """The scalar rules' start with these roles."""
    deal = Deal(roles, (-1,) * len(roles), sum(1 << seat for seat, role in enumerate(roles) if role == 1))
    state = State(deal, (1 << len(roles)) - 1, 9, 0, Outcome(game.no_rewards), dealt(game, deal), Night())
    return begin_night(game, state, Script(()))


def choices(order: list[int]) -> list[int]:
    """What `shuffled` must draw to bring increasing seats into this order."""
    out, drawn = sorted(order), []
    for i in range(len(order) - 1, 0, -1):
        j = out.index(order[i])
        drawn.append(j)
        out[i], out[j] = out[j], out[i]
    return drawn


def script(before, after, actions, draws, index: int) -> Script:
    """The scalar rules' draws of one match in one step."""
    drawn: list[int] = []
    if before.phase[index] == VOTE:
        tied = int(leaders(before, actions, np.array([index])).sum())
        drawn += [int(draws.ties[index] * tied)] if tied > 1 else []
    if before.phase[index] not in (SPEAK, VOTE) and after.phase[index] == SPEAK:
        drawn += choices([int(seat) for seat in after.order[index] if seat >= 0])
    return Script(tuple(drawn))


@pytest.mark.parametrize("options", GAMES, ids=str)
def test_array_rules_are_the_scalar_rules(options):
    game = Werewolf.build(**options, names="numbers")
    batch, rng = WerewolfBatch(game), stream(3)
    position = batch.start(12, rng)
    states = [scalar_start(game, tuple(roles.tolist())) for roles in position.roles]
    for _ in range(game.max_steps):
        compare(game, batch, position, states)
        legal = batch.legal(position)
        actions = (rng.random(legal.shape) * legal).argmax(2)
        draws = batch.draw(len(states), rng)
        after = advance(batch.tables, position, actions, draws)
        for index, state in enumerate(states):
            if state.to_move:
                moves = {seat: int(actions[index, seat]) for seat in state.to_move}
                states[index] = step(game, state, moves, script(position, after, actions, draws, index))
            else:
                states[index] = replace(state, outcome=replace(state.outcome, rewards=game.no_rewards))
        position = after
        if batch.over(position).all():
            compare(game, batch, position, states)
            return
    raise AssertionError("the matches did not end")


def compare(game, batch, position, states):
    moving, legal, seen = batch.to_move(position), batch.legal(position), batch.observe_all(position)
    for index, state in enumerate(states):
        assert tuple(np.flatnonzero(moving[index])) == state.to_move
        assert tuple(batch.rewards(position)[index]) == state.rewards
        assert batch.truncated(position)[index] == game.truncated(state)
        assert batch.over(position)[index] == (not state.to_move)
        for seat in range(game.players):
            if seat in state.to_move:
                assert tuple(np.flatnonzero(legal[index, seat])) == game.legal(state, seat)
            expected, own = game.layout.parts(game.observe(state, seat)), game.layout.parts(seen[index, seat])
            assert not [name for name in expected if not np.array_equal(own[name], expected[name])]
            assert seen[index, seat].tobytes() == game.observe(state, seat).tobytes()


@pytest.mark.parametrize(("preset", "win"), [("lspo7", 343117 / 2646000), ("lspo4", 1 / 3)])
def test_random_play_wins_as_often_as_it_should(preset, win):
    """Specification, section 3.4: .12967385 and 1/3, within 4.5 standard errors of 20,000 matches."""
    game = Werewolf.build(preset, speech="latent:0.1@")
    assert village_win(preset) == pytest.approx(win)
    batch, rng = WerewolfBatch(game), stream(1)
    position = batch.start(20_000, rng)
    while not batch.over(position).all():
        legal = batch.legal(position)
        position = batch.step(position, (rng.random(legal.shape, np.float32) * legal).argmax(2), rng)
    share = float((position.winner == VILLAGE).mean())
    assert abs(share - win) < 4.5 * math.sqrt(win * (1 - win) / 20_000)


def test_all_outcomes_have_their_chances():
    game = Werewolf.build("lspo4", speech="latent:0")
    batch, rng = WerewolfBatch(game), stream(2)
    chances, position = batch.deals()
    assert len(chances) == 12
    assert chances.sum() == pytest.approx(1.0)
    weights = chances
    village = 0.0
    while len(weights):
        over = batch.over(position)
        village += float(weights[over & (position.winner == VILLAGE)].sum())
        weights, position = weights[~over], batch.select(position, ~over)
        legal = batch.legal(position)
        actions = (rng.random(legal.shape) * legal).argmax(2)
        outcomes = batch.outcomes(position, actions)
        assert np.allclose(np.bincount(outcomes.parents, outcomes.chances), 1.0)
        weights, position = weights[outcomes.parents] * outcomes.chances, outcomes.state
    assert 0.0 < village < 1.0


@pytest.mark.parametrize(
    ("options", "reason"),
    [({"preset": "lspo4"}, "latent speech"), ({"preset": "arena8"}, "need majority")],
)
def test_other_games_are_refused(options, reason):
    with pytest.raises(NotSupported, match=reason):
        WerewolfBatch(Werewolf.build(**options))
