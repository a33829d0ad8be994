"""Latent speech in Werewolf: what is heard, seen and written, and that nothing of it tells a role."""

from __future__ import annotations

import numpy as np
import pytest
from werewolf_table import Table
from werewolf_twins import compare

from agentarena.check import check
from agentarena.core.actions import Spoken
from agentarena.core.errors import BadOption, NotSupported, UsageError
from agentarena.core.rng import stream
from agentarena.core.speech import Heard, LatentMove
from agentarena.core.text import Unreadable
from agentarena.envs.werewolf import Werewolf
from agentarena.envs.werewolf.actions import speech
from agentarena.envs.werewolf.options import ROLES
from agentarena.envs.werewolf.state import SPEAK

SPACES = "werewolf=latent:0.2@.1,*=latent:0.1@"


def first_speech(roles="W S V V", **options):
    """The first day of a scripted match: the wolf kills the last seat."""
    table = Table(roles, discussion="round_robin", **{"speech": SPACES, **options})
    seats = len(roles.split())
    return table(**{f"s{seat}": seats - 1 if role == "W" else 0 for seat, role in enumerate(roles.split()) if role in "WS"})


def test_moves_are_numbered_role_by_role():
    game = Werewolf.build("lspo4", speech=SPACES)
    assert game.speech_roles() == ("villager", "werewolf", "seer")
    assert game.latent_action("werewolf", 1, 2) == speech(4) + 3
    assert game.latent_action("werewolf", 2) == speech(4) + 5
    assert game.latent_move("seer", speech(4) + 1) == (1, 0)
    assert game.action_space(0).n == speech(4) + 6
    for role, move, target in (("seer", 1, -1), ("seer", 0, 2), ("seer", 5, -1), ("seer", 1, 4)):
        with pytest.raises(UsageError, match="no latent move"):
            game.latent_action(role, move, target)
    with pytest.raises(NotSupported, match="no latent moves"):
        Werewolf.build("lspo4").latent_action("seer", 0)


@pytest.mark.parametrize("value", ["latent:", "werewolf=latent:70,*=acts", "*=latent:0@@", "ghost=latent:0", "*=latent:0,*=latent:1"])
def test_bad_spaces_are_refused(value):
    with pytest.raises(BadOption, match="Werewolf: option 'speech'"):
        Werewolf.build("lspo4", speech=value)


def test_signals_are_heard_seen_and_written():
    table = first_speech()
    game, state = table.game, table.state
    assert game.speech_role(state, 0) == "werewolf"
    assert game.speech_role(state, 1) is None
    assert game.text.read(state, 0, "signal 2 about Player 1") == speech(4) + 2
    assert game.text.write(state, 0, speech(4) + 2) == "signal 2 about seat 1"
    assert game.text.read(state, 0, "signal 2 about seat 1") == speech(4) + 2
    assert isinstance(game.text.read(state, 0, "signal 1 about seat 1"), Unreadable)
    legal = game.legal(state, 0)
    assert [game.text.name(state, 0, action) for action in legal] == [
        "signal 0",
        "signal 2 about Player 1",
        "signal 2 about Player 2",
        "signal 1",
    ]
    table(s0=speech(4) + 2)
    assert table.events("speech")[-1] | {"variant": None} == {
        "seat": 0, "act": "talk", "target": 1, "value": 2, "words": "signal 2 about Player 1", "own_words": False, "heard": False,
        "name": "Player 0", "target_name": "Player 1", "variant": None,
    }  # fmt: skip
    assert "Signals on day 1: Player 0 2 about Player 1." in game.text.look(table.state, 2)
    assert 'Player 0 said: "signal 2 about Player 1"' in game.text.view(table.state, 1, game.news(table.state))
    assert game.heard(table.state, 1) == (Heard(1, 0, 0, 2, 1),)
    parts = game.layout.parts(game.observe(table.state, 1))
    assert parts["signals"][0, 0].tolist() == [0, 0, 1, 0, 1, 0, 0]
    assert parts["signals"][1:].sum() == 0
    table(s1=speech(4) + 0)(s2=speech(4) + 1 + 0)
    parts = game.layout.parts(game.observe(table.state, 3))
    assert parts["signals"][1, 0].tolist() == [1, 0, 0, 0, 0, 0, 0]
    assert parts["signals"][2, 0].tolist() == [0, 1, 0, 1, 0, 0, 0]


def test_yesterdays_signals_are_counts():
    table = first_speech("W S V V V V V", wolves_win="extinction")
    for _ in range(6):
        table(**{f"s{table.state.to_move[0]}": speech(7)})
    table.vote(2)
    while table.state.phase != SPEAK:
        table()
    parts = table.game.layout.parts(table.game.observe(table.state, 0))
    assert parts["signals"].sum() == 0
    assert parts["before"][:, 0, -1].tolist() == [0.25] * 6 + [0.0]
    assert parts["before"].sum() == 1.5


def test_words_ride_on_a_signal():
    table = first_speech()
    table(s0=Spoken(speech(4) + 2, "I saw nothing."))
    event = table.events("speech")[-1]
    assert (event["words"], event["value"], event["target"]) == ("I saw nothing.", 2, 1)
    assert table.game.heard(table.state, 2) == (Heard(1, 0, 0, 2, 1),)


def test_moves_that_are_heard_alike_are_told_apart_by_the_speaker_alone():
    table = first_speech(speech="latent:0.0.1")
    game = table.game
    assert [game.text.name(table.state, 0, action) for action in game.legal(table.state, 0)] == [
        "signal 0",
        "signal 0 variant 1",
        "signal 1",
    ]
    one, other = (game.step(table.state, {0: speech(4) + move}, stream(1)) for move in (0, 1))
    assert game.information(one, 0) != game.information(other, 0)
    for seat in (1, 2, 3):
        assert game.information(one, seat) == game.information(other, seat)
        news = [[event for event in game.news(state) if event.visible_to(seat)] for state in (one, other)]
        assert game.text.view(one, seat, news[0]) == game.text.view(other, seat, news[1])
        assert game.observe(one, seat).tobytes() == game.observe(other, seat).tobytes()


LATENT = [
    {"discussion": "random", "speech": SPACES},
    {"discussion": "simultaneous", "rounds": 2, "speech": "werewolf=latent:1@.0.2,seer=latent:2.0.1@,*=latent:0.1@.2"},
    {"discussion": "bidding", "rounds": 4, "speech": "werewolf=latent:2.2.0,*=latent:0.1.2", "wolf_talk": 1},
]


@pytest.mark.parametrize("options", LATENT, ids=lambda options: options["discussion"])
def test_twins_look_alike(options):
    """Equal signals from other hidden roles leave no trace, whatever moves they are in the speakers' own spaces."""
    compared = sum(compare(Werewolf.build(players=7, **options), seed) for seed in range(100))
    assert compared > 300


def test_a_signal_tells_neither_role_nor_move():
    """One symbol from each role: the same act, event and words."""
    game = Werewolf.build("lspo7", speech="werewolf=latent:3.2@.1,seer=latent:1.2@.3,*=latent:2@.1.3")
    for symbol, target in ((1, -1), (3, -1), (2, 4)):
        acts = set()
        for role in range(4):
            space = game.space_of(role)
            move = [kind.symbol for kind in game.speech_moves(ROLES[role])].index(symbol)
            acts.add((space.act(space.number(move, target)), space.name(space.number(move, target), str)))
        assert len(acts) == 1


@pytest.mark.parametrize("preset", ["lspo4", "lspo7"])
def test_the_view_of_a_plain_table_is_translated(preset):
    """Two matches that differ in speech alone: the words of one, heard as the symbols of the other, give the same sight and mask."""
    plain = Werewolf.build(preset)
    game = plain.with_latent({"werewolf": [LatentMove(0), LatentMove(2, True)], "*": [LatentMove(1), LatentMove(0)]})
    assert game.speech == "*=latent:1.0,werewolf=latent:0.2@"
    for seed in range(12):
        rng = stream(seed, 3)
        state, twin = game.start(stream(seed)), plain.start(stream(seed))
        news, draws = list(plain.news(twin)), stream(seed, 1)
        while state.to_move:
            heard = game.heard(state, 0)
            remarks = list(game.remarks(news))
            assert [(one.day, one.order, one.speaker) for one in remarks] == [signal[:3] for signal in heard]
            for seat in range(game.players):
                seen = game.latent_observation(plain.observe(twin, seat), heard, plain, seat)
                assert seen.tobytes() == game.observe(state, seat).tobytes()
            for seat in state.to_move:
                mask = game.latent_mask(plain.observe(twin, seat), plain.legal(twin, seat), plain, seat)
                assert np.flatnonzero(mask).tolist() == list(game.legal(state, seat))
            moves = {seat: int(rng.choice(game.legal(state, seat))) for seat in state.to_move}
            words = {seat: int(rng.choice(plain.legal(twin, seat))) if state.phase == SPEAK else move for seat, move in moves.items()}
            shared = int(draws.integers(1 << 32))
            state, twin = game.step(state, moves, stream(shared)), plain.step(twin, words, stream(shared))
            news += plain.news(twin)
        assert game.names_in_news(news) == game.speech_names(state)


def test_translation_is_checked():
    plain, game = Werewolf.build("lspo7"), Werewolf.build("lspo7", speech="latent:0.1@")
    observation = plain.observe(plain.start(stream(0)), 0)
    for heard in (Heard(1, 0, 9, 0), Heard(1, 0, 0, 2), Heard(1, 0, 0, 1, 7)):
        with pytest.raises(UsageError, match="was not heard in this game"):
            game.latent_observation(observation, [heard], plain, 0)
    with pytest.raises(UsageError, match="more than 1 speeches of seat 0"):
        game.latent_observation(observation, [Heard(1, 0, 0, 0), Heard(1, 1, 0, 0)], plain, 0)
    with pytest.raises(UsageError, match="differ in speech alone"):
        game.latent_observation(observation, [], Werewolf.build("lspo4"), 0)
    with pytest.raises(NotSupported, match="no latent speech"):
        plain.latent_observation(observation, [], game, 0)


@pytest.mark.parametrize(
    "options", [{"preset": "lspo4", "speech": SPACES}, {"players": 5, "wolves": 1, "speech": "latent:0.0.1@", "max_days": 2}]
)
def test_the_contract_is_kept(options):
    check(Werewolf.build(**options)).raise_for_failures()


def test_nothing_changes_without_latent_speech():
    for preset in Werewolf.presets:
        assert set(Werewolf.build(preset).layout.shapes).isdisjoint({"signals", "before"})
