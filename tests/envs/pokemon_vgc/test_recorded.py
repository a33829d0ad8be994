"""Recordings: the same plays give the same answers without a process, and nothing else does."""

import gzip
import json

import pytest
from pokemon_helpers import FAKE, needs_simulator, play, setups

from agentarena.core.errors import CorruptRecord
from agentarena.envs.pokemon_vgc.engine import Engine, RecordedEngine, Setup
from agentarena.envs.pokemon_vgc.engine.errors import BadChoice, BadTeam, NotRecorded
from agentarena.envs.pokemon_vgc.engine.recorded import recording_engine

PREVIEW = ((1, 2, 3, 4), (4, 3, 2, 1))
MOVE = ((7, 7), (11, 7))
REFUSED = ((54, 7), (7, 7))


def session(engine: Engine):
    """Some of everything, and what came of it."""
    battle, first = engine.start(Setup("toy"))
    (second,) = engine.choose([(battle, PREVIEW)])
    (refused,) = engine.choose([(battle, REFUSED)])
    fork, _ = engine.fork(battle, seed="9,9,9,9")
    loaded, _ = engine.load(engine.save(fork))
    engine.choose([(battle, MOVE), (fork, MOVE)])
    (playout,) = engine.playout([loaded], ["1,1,1,1"])
    with pytest.raises(BadTeam, match="Spore") as caught:
        engine.start(Setup("toy", teams=("illegal", None)))
    assert isinstance(refused, BadChoice)
    digests = [engine.digest(one) for one in (battle, fork, loaded)]
    return (first, second, str(refused), playout, digests, str(caught.value), engine.validate("toy", "illegal"), engine.hello)


@pytest.mark.parametrize("name", ["play.jsonl", "play.jsonl.gz"])
def test_a_recording_answers_as_the_engine_did(tmp_path, name):
    with Engine(command=FAKE) as inner, recording_engine(inner, tmp_path / name) as engine:
        played = session(engine)
    with RecordedEngine(tmp_path / name) as engine:
        assert session(engine) == played
        assert session(engine) == played
        assert engine.restarts == 0
        with pytest.raises(NotRecorded, match=r"play\.jsonl.*'start'.*agentarena pokemon install"):
            engine.start(Setup("toy", seed="5,5,5,5"))
        battle, _ = engine.start(Setup("toy"))
        (error,) = engine.choose([(battle, MOVE)])
        assert isinstance(error, NotRecorded)


def test_the_same_plays_give_the_same_file(tmp_path):
    for name in ("a.jsonl.gz", "b.jsonl.gz"):
        with Engine(2, command=FAKE) as inner, recording_engine(inner, tmp_path / name) as engine:
            session(engine)
    assert (tmp_path / "a.jsonl.gz").read_bytes() == (tmp_path / "b.jsonl.gz").read_bytes()


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff\xfe", b"[]\n", b'{"agentarena_recording": 2}\n', b'{"agentarena_recording": 1}\n{"key": "x"}\n', b"[" * 100_000],
)
def test_damaged_recordings(tmp_path, data):
    for name, content in (("x.jsonl", data), ("x.jsonl.gz", gzip.compress(data)), ("y.jsonl.gz", data)):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(CorruptRecord, match="recording"):
            RecordedEngine(tmp_path / name)


@needs_simulator
def test_a_battle_of_the_simulator_is_recorded(tmp_path):
    path = tmp_path / "battle.jsonl.gz"
    with Engine() as inner, recording_engine(inner, path) as engine:
        battles = engine.start_many(setups("gen9championsvgc2026regmb", 1))
        (played,) = play(engine, battles)
    with RecordedEngine(path) as engine:
        (again,) = play(engine, engine.start_many(setups("gen9championsvgc2026regmb", 1)))
    assert again == played
    with gzip.open(path) as file:
        assert json.loads(file.readline())["hello"]["showdown"] == "0.11.11"
