"""The Node worker at the other end of a pipe: replies in order, errors that harm nobody, the committed layout."""

import json
import random
import subprocess
from pathlib import Path

import pytest
from pokemon_helpers import needs_simulator
from worker_helpers import CHAMPIONS, FORMATS, RANDOM, REG_I, Worker, action, pair_of, play, teams_of

from agentarena.envs.pokemon_vgc.engine.install import worker_command

pytestmark = needs_simulator


@pytest.fixture(scope="module")
def worker():
    with Worker() as process:
        yield process


@pytest.mark.parametrize("line", [b"garbage", b"[]", b"{}", b'{"id":1,"commands":3}', b"\xff\xfe", b"null", b'"x"', b"[" * 5000])
def test_a_line_that_cannot_be_read_is_answered_with_an_error(worker, line):
    answer = worker.send(line)
    assert answer["id"] is None
    assert answer["error"]["kind"] == "bad_command"
    assert worker.ok("hello")["protocol"] == 1


def test_a_line_that_is_too_long_is_dropped(worker):
    answer = worker.send(b'{"id":1,"commands":["' + b"x" * (65 * 2**20) + b'"]}')
    assert answer["error"]["kind"] == "bad_command"
    assert worker.ok("hello")["protocol"] == 1


@pytest.mark.parametrize(
    "command",
    [None, 3, "hello", [], {}, {"op": "nothing"}, {"op": "__proto__"}, {"op": "constructor"}, {"op": 3}, {"op": "start"},
     {"op": "start", "battle": "x", "format": "gen9ou", "seed": "1,2,3,4"}, {"op": "start", "battle": "x", "format": RANDOM, "seed": "1"},
     {"op": "start", "battle": "x", "format": RANDOM, "seed": "1,2,3,4", "rules": ["no such rule"]},
     {"op": "start", "battle": "x", "format": RANDOM, "seed": "1,2,3,4", "teams": 3}, {"op": "start", "battle": "x", "format": RANDOM, "seed": "1,2,3,4", "want": ["x"]},
     {"op": "load", "battle": "y", "snapshot": "{}"}, {"op": "load", "battle": "y", "snapshot": '{"version":1,"showdown":"0.11.11"}'}, {"op": "choose", "battle": "z"},
     {"op": "unpack", "team": "]]]"}, {"op": "pack", "text": 5}, {"op": "validate", "format": REG_I, "team": "x" * 30000}, {"op": "legal_sets", "format": REG_I, "seed": "1,2,3,4", "calls": 0},
     {"op": "follow", "format": REG_I, "lines": ["|x"]}, {"op": "bench", "battles": -1, "format": RANDOM, "seed": "1,2,3,4"}],
)  # fmt: skip
def test_bad_commands_are_errors_and_the_others_of_the_line_go_on(worker, command):
    before, bad, after = worker.ask({"op": "hello"}, command, {"op": "hello"})
    assert before == after
    assert "ok" in before
    assert bad["error"]["kind"] in ("bad_command", "bad_format", "bad_team", "bad_snapshot", "unknown_battle")


def test_an_illegal_team_is_refused_with_reasons(worker):
    team = teams_of(REG_I, 1)[0]
    (reply,) = worker.ask({"op": "start", "battle": "bad", "format": CHAMPIONS, "seed": "1,2,3,4", "teams": [team, team]})
    assert reply["error"]["kind"] == "bad_team"
    assert len(reply["error"]["message"]) > 20
    assert worker.error("peek", battle="bad") == "unknown_battle"


def test_an_illegal_action_leaves_the_battle_as_it_was(worker):
    start = worker.ok("start", battle="acts", format=CHAMPIONS, seed="1,2,3,4", teams=pair_of(CHAMPIONS, 0), want=["features"])
    update = play(worker, "acts", start, random.Random(0), decisions=1)[-1]
    good = action(update["sides"][0], random.Random(1))
    for bad in (None, [], [0], [0, 0], [54, 54], [99, 1], ["7", 7], [7.5, 7], [*good, 7], {"a": 1}):
        for actions in ([bad, action(update["sides"][1], random.Random(1))], [good, bad], bad):
            assert worker.error("choose", battle="acts", actions=actions) == "bad_choice"
    assert worker.ok("peek", battle="acts") == update


def test_lines_are_handed_out_once_and_without_the_clock(worker):
    update = worker.ok("start", battle="lines", format=RANDOM, seed="5,6,7,8", want=["lines"])
    assert update["sides"][0]["lines"]
    assert not any(line.startswith("|t:|") for line in update["sides"][0]["lines"])
    assert worker.ok("peek", battle="lines")["sides"][0]["lines"] == []
    foe_health = [line for line in update["sides"][0]["lines"] if line.startswith("|switch|p2")]
    assert foe_health
    assert all(line.endswith("/100") for line in foe_health)


@pytest.mark.parametrize("format", FORMATS)
def test_random_battles_end_without_a_refused_choice(worker, format):
    for number in range(4):
        name = f"soak-{format}-{number}"
        start = worker.ok("start", battle=name, format=format, seed=f"{number},2,3,4", teams=pair_of(format, number), want=[])
        last = play(worker, name, start, random.Random(number))[-1]
        assert last["over"]
        assert last["winner"] in (0, 1, None)
        assert [side["kind"] for side in last["sides"]] == ["over", "over"]
        worker.ok("drop", battle=name)


def test_layout_is_the_committed_one():
    launch = worker_command()
    printed = subprocess.run(
        [*launch.argv, "--layout"], env={**launch.environment, "PATH": ""}, capture_output=True, text=True, check=True
    ).stdout
    committed = (Path(launch.argv[-1]).parent.parent / "layout.json").read_text(encoding="utf-8")
    assert printed == committed
    layout = json.loads(committed)
    ends = [piece["start"] + piece["size"] for piece in layout["features"]["slices"]]
    assert [piece["start"] for piece in layout["features"]["slices"]] == [0, *ends[:-1]]
    assert ends[-1] == layout["features"]["size"]


def test_legal_sets_are_a_function_of_format_seed_and_calls(worker):
    first, again, other = (
        worker.ok("legal_sets", format=CHAMPIONS, seed=seed, calls=6)["sets"] for seed in ("1,2,3,4", "1,2,3,4", "4,3,2,1")
    )
    assert first == again != other
    assert first == sorted(set(first))


def test_a_battle_in_which_the_simulator_throws_is_dropped_alone(worker):
    kept = worker.ok("start", battle="kept", format=RANDOM, seed="1,2,3,4", want=["features"])
    snapshot = json.loads(worker.ok("save", battle="kept")["snapshot"])
    for pokemon in snapshot["state"]["sides"][1]["pokemon"]:
        pokemon["boosts"] = None
    update = worker.ok("load", battle="broken", snapshot=json.dumps(snapshot), want=[])
    actions = [action(side, random.Random(0)) for side in update["sides"]]
    assert worker.error("choose", battle="broken", actions=actions) == "crashed"
    assert worker.error("peek", battle="broken") == "unknown_battle"
    assert worker.ok("peek", battle="kept") == kept
