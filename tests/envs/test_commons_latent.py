"""Latent speech in the commons: what is heard, seen and written, and a plain table's sight translated."""

from __future__ import annotations

import numpy as np
import pytest

from agentarena.check import check
from agentarena.core.actions import Spoken
from agentarena.core.errors import BadOption, NotSupported, UsageError
from agentarena.core.rng import stream
from agentarena.core.speech import Heard, LatentMove
from agentarena.core.text import Unreadable
from agentarena.envs.commons import Commons
from agentarena.envs.commons.state import TALK

VILLAGE = {"players": 3, "rounds": 3, "talk": 4, "reflection": False, "speech": "latent:2.0@"}


def to_talk(game):
    state = game.start(stream(0))
    while state.phase != TALK:
        state = game.step(state, {seat: game.legal(state, seat)[1] for seat in state.to_move}, stream(1))
    return state


def test_signals_are_heard_seen_and_written():
    game = Commons.build("govsim_fishery", **VILLAGE)
    state = to_talk(game)
    (speaker,) = state.to_move
    first = game.num_amounts + 2 + 3
    others = [other for other in range(3) if other != speaker]
    assert game.legal(state, speaker) == (first, *(first + 1 + other for other in others))
    about = game.latent_action("player", 1, others[1])
    assert game.latent_move("player", about) == (1, others[1])
    assert game.text.write(state, speaker, about) == f"signal 0 about player {others[1]}"
    assert game.text.read(state, speaker, f"signal 0 about player {others[1]}") == about
    assert game.text.read(state, speaker, "<say>Only ten each.</say>") == Spoken(first, "Only ten each.")
    for reply in ("signal 1", "signal 2 about player 0", "yes please", "signal 99"):
        assert isinstance(game.text.read(state, speaker, reply), Unreadable)
    assert game.speech_role(state, speaker) == "player"
    assert game.speech_role(state, others[0]) is None
    after = game.step(state, {speaker: about}, stream(2))
    (event,) = game.news(after)
    assert (event.data["symbol"], event.data["target"]) == (0, others[1])
    assert game.text.tell(event, others[0]) == f"Player {speaker} gave signal 0 about player {others[1]}."
    assert game.heard(after, others[0]) == (Heard(1, 0, speaker, 0, others[1]),)
    for seat in range(3):
        now, before = game.layout.signals(game.observe(after, seat))
        expected = np.zeros((3, 4, 3 + 3))
        expected[(speaker - seat) % 3, 0, [0, 3 + (others[1] - seat) % 3]] = 1
        assert np.array_equal(now, expected)
        assert not before.any()


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"speech": "words"}, "allowed: acts, or latent moves"),
        ({"speech": "latent:0.0"}, "heard alike"),
        ({"speech": "latent:64"}, "symbol 64 is not allowed"),
        ({"speech": "latent:0@", "players": 1000, "talk": 100, "alpha": 0.001}, "lower players or talk"),
    ],
)
def test_bad_options_are_refused(options, reason):
    with pytest.raises(BadOption, match=reason):
        Commons.build(**options)


@pytest.mark.parametrize("floor", ["turns", "together"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_the_view_of_a_plain_table_is_translated(floor, when):
    plain = Commons.build("govsim_fishery", players=3, rounds=4, talk=2, reflection=False, floor=floor, talk_when=when, newcomer=2)
    game = plain.with_latent({"player": [LatentMove(1), LatentMove(0, True)]})
    rng = stream(5)
    state, twin = game.start(stream(0)), plain.start(stream(0))
    news, steps = list(plain.news(twin)), 0
    while state.to_move:
        for seat in range(3):
            seen = game.latent_observation(plain.observe(twin, seat), game.heard(state, seat), plain, seat)
            assert seen.tobytes() == game.observe(state, seat).tobytes()
        for seat in state.to_move:
            mask = game.latent_mask(plain.observe(twin, seat), plain.legal(twin, seat), plain, seat)
            assert np.flatnonzero(mask).tolist() == list(game.legal(state, seat))
        remarks = list(game.remarks(news))
        assert [(one.day, one.order, one.speaker) for one in remarks] == [signal[:3] for signal in game.heard(state, 0)]
        moves = {seat: int(rng.choice(game.legal(state, seat)[:3])) for seat in state.to_move}
        words = {seat: int(rng.choice(plain.legal(twin, seat)[1:])) if state.phase == TALK else move for seat, move in moves.items()}
        state, twin = game.step(state, moves, stream(steps)), plain.step(twin, words, stream(steps))
        news += plain.news(twin)
        steps += 1
    assert steps > 4


def test_translation_is_checked():
    plain = Commons.build("govsim_fishery", players=3)
    game = plain.with_latent({"*": [LatentMove(0)]})
    observation = plain.observe(plain.start(stream(0)), 0)
    for heard in (Heard(1, 0, 3, 0), Heard(1, 0, 0, 1), Heard(1, 10, 0, 0)):
        with pytest.raises(UsageError, match="out of range"):
            game.latent_observation(observation, [heard], plain, 0)
    with pytest.raises(NotSupported, match="no latent speech"):
        plain.latent_observation(observation, [], game, 0)
    with pytest.raises(BadOption, match="the only role is 'player'"):
        plain.with_latent({"werewolf": [LatentMove(0)]})
    with pytest.raises(NotSupported, match="have no mask"):
        Commons.build(talk=2, speech="latent:0").latent_mask(observation, (), Commons.build(talk=2), 0)


@pytest.mark.parametrize(
    "options",
    [{"preset": "govsim_fishery", **VILLAGE}, {"players": 4, "rounds": 3, "talk": 2, "floor": "together", "speech": "latent:0.1@"}],
)
def test_the_contract_is_kept(options):
    check(Commons.build(**options)).raise_for_failures()


def test_records_of_games_without_it_stay_as_they_are():
    assert "speech" not in Commons.build().options
    assert Commons.build(**VILLAGE).options["speech"] == "latent:2.0@"
