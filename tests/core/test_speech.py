"""Latent moves as text, and the bounds on what text may say."""

from __future__ import annotations

from typing import Any

import pytest

from agentarena.core.errors import BadOption, UntrustedRecord
from agentarena.core.game import Game
from agentarena.core.registry import game, recorded_game
from agentarena.core.speech import MOST_MOVES, LatentMove, Speech, is_latent, latent_moves, latent_text

LATENT: dict[str, dict[str, Any]] = {
    "Werewolf-v0": {"preset": "lspo4", "speech": "werewolf=latent:0.2@.1,*=latent:0.1@"},
    "Commons-v0": {"preset": "govsim_fishery", "speech": "latent:0.1@"},
}


def test_moves_survive_as_text() -> None:
    moves = tuple(LatentMove(symbol, bool(symbol % 3)) for symbol in range(MOST_MOVES))
    assert latent_moves(latent_text(moves)) == moves


@pytest.mark.parametrize(
    "text",
    [
        "latent:",
        "latent:a",
        "latent:0..1",
        "latent:@",
        "latent:0@@",
        "latent:-1",
        "latent:0 ",
        "latent:٣",
        "0.1",
        "",
        "latent:" + "0." * 64 + "0",
    ],
)
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(BadOption, match="expected 1 to 64 symbols"):
        latent_moves(text)


def test_symbols_are_bounded() -> None:
    with pytest.raises(BadOption, match="symbol 64 is not allowed: symbols are 0 to 63"):
        latent_moves("latent:0.64")
    with pytest.raises(BadOption, match="expected 1 to 64"):
        latent_moves("latent:" + "9" * 10_000)


def test_what_is_latent() -> None:
    assert is_latent("latent:0")
    assert not is_latent("mypkg.latent:Wolves")
    assert not is_latent(None)


@pytest.mark.parametrize("env", LATENT)
def test_games_keep_the_protocol(env: str) -> None:
    rules: Game[object] = game(env, **LATENT[env])
    assert isinstance(rules, Speech)
    for role in rules.speech_roles():
        moves = rules.speech_moves(role)
        for move, kind in enumerate(moves):
            for target in range(rules.info.seats) if kind.names_seat else (-1,):
                assert rules.latent_move(role, rules.latent_action(role, move, target)) == (move, target)
    other = rules.with_latent({role: (LatentMove(3), LatentMove(1, True)) for role in rules.speech_roles()})
    assert isinstance(other, Speech)
    assert all(other.speech_moves(role) == (LatentMove(3), LatentMove(1, True)) for role in other.speech_roles())


@pytest.mark.parametrize("env", LATENT)
def test_files_may_name_latent_speech(env: str) -> None:
    """It is no code, unlike other values with a colon."""
    rules: Game[object] = game(env, **LATENT[env])
    assert recorded_game(env, rules.options) == rules


def test_files_may_not_name_code_beside_latent_speech() -> None:
    for speech in ("werewolf=latent:0,*=os:system", "latent:0=os:system", "*=latent:0,seer=a=b:c"):
        with pytest.raises(UntrustedRecord, match="code that is not built in"):
            recorded_game("Werewolf-v0", {"speech": speech})
