"""PokemonVGC-v0 where Node is not installed: the golden transcript from a recording, views, replies, and clear errors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import gymnasium
import numpy as np
import pytest

import agentarena as aa
from agentarena.check.golden import transcript
from agentarena.check.subject import walk
from agentarena.core.text import Unreadable
from agentarena.envs.pokemon_vgc import PokemonVGC
from agentarena.envs.pokemon_vgc.engine import RecordedEngine, use
from agentarena.envs.pokemon_vgc.engine.errors import EngineMissing, NotRecorded
from agentarena.envs.pokemon_vgc.text import LONGEST_VIEW

HERE = Path(__file__).parent
GOLDEN = HERE.parents[1] / "golden" / "PokemonVGC-v0.txt"


@pytest.fixture
def recorded() -> Iterator[None]:
    with use(RecordedEngine(HERE / "transcript.jsonl.gz")):
        yield


@pytest.mark.usefixtures("recorded")
def test_the_golden_transcript_replays_from_the_recording() -> None:
    """If it fails and that is meant: python tests/envs/pokemon_vgc/record.py, and read the transcript."""
    assert transcript("PokemonVGC-v0") == GOLDEN.read_text(encoding="ascii")


@pytest.mark.usefixtures("recorded")
def test_the_recorded_battle_keeps_the_contract_of_words_and_numbers() -> None:
    game = PokemonVGC()
    longest = 0
    for moment in walk(game, 0):
        for seat in (0, 1):
            assert game.observation_space(seat).contains(game.observe(moment.state, seat))
            longest = max(longest, len(game.text.view(moment.state, seat, moment.unread(seat))))
        for seat in moment.to_move:
            legal = game.legal(moment.state, seat)
            for action in legal.listed[:: max(1, len(legal.listed) // 20)]:  # type: ignore[union-attr]
                assert game.text.read(moment.state, seat, game.text.write(moment.state, seat, action)) == action
    assert 1000 < longest <= LONGEST_VIEW
    assert not moment.to_move
    assert sorted(game.rewards(moment.state)) == [-1.0, 1.0]


@pytest.mark.usefixtures("recorded")
def test_a_reply_may_use_names_and_says_what_is_allowed() -> None:
    game = PokemonVGC()
    moments = walk(game, 0)
    for moment in moments:
        state = moment.state
        if moment.to_move == (0, 1) and state.update.turn == 1:
            assert game.text.read(state, 0, "<answer>A=muddy water B=energy ball left</answer>") == (7, 12)
            assert game.text.read(state, 0, "A = Muddy Water, B = switch zoroark") == (7, 1)
            assert game.text.read(state, 0, "a=7 b=scizor") == (7, 6)
            for reply, reason in (
                ("A=7", "says nothing for slot B"),
                ("A=surf B=12", "no choice of slot A; allowed: 1 (switch zoroark)"),
                ("A=7 B=12 A=8", "names a slot twice"),
                ("7 12", "no pair of choices"),
                ("A=7 B=99", "no choice of slot B"),
            ):
                got = game.text.read(state, 0, reply)
                assert isinstance(got, Unreadable)
                assert reason in got.reason.replace('"', ""), got.reason
            break
    moments.close()


@pytest.mark.usefixtures("recorded")
def test_what_was_not_recorded_is_not_made_up() -> None:
    with pytest.raises(NotRecorded, match="agentarena pokemon install"):
        PokemonVGC(sheets="closed").start(np.random.default_rng(1))


def test_without_the_simulator_the_next_step_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AGENTARENA_NODE", str(tmp_path / "none"))
    assert "AGENTARENA_NODE" in str(PokemonVGC.missing())
    game = PokemonVGC(processes=7)  # an engine that no other test has started
    assert game.info.seats == 2
    assert "doubles" in game.text.rules(0)
    with pytest.raises(EngineMissing, match="Node"):
        game.start(np.random.default_rng(0))


def test_spaces_and_options_need_no_engine() -> None:
    env = aa.make_parallel("PokemonVGC-v0")
    assert env.action_space("player_0") == gymnasium.spaces.MultiDiscrete([55, 55])
    game = PokemonVGC(format="reg-i@@@Max Team Size = 4, !Open Team Sheets")
    assert game.format_id == "gen9vgc2025regi"
    assert game.rules == ("Max Team Size = 4", "!Open Team Sheets")
    for options, says in (
        ({"format": "Not A Format"}, "allowed: champions-reg-mb"),
        ({"format": "reg-i@@@<b>"}, "cannot be one"),
        ({"team_building": 5}, "12 to 24"),
        ({"format": "random-doubles", "team_building": 12}, "draws the teams"),
        ({"mirror": True, "foe_teams": "4"}, "leave foe_teams empty"),
        ({"max_turns": 0}, "at least 1"),
    ):
        with pytest.raises(aa.errors.BadOption, match=says):
            PokemonVGC(**options)
    with pytest.raises(aa.errors.BadOption, match="no file or folder of teams"):
        PokemonVGC(teams="/no/such/place").start(np.random.default_rng(0))
