"""`agentarena train belief-rl` and `agentarena football leak`."""

import json

import pytest

TINY = ["-s", "options.steps=2", "-s", "matches=16", "-s", "batch_size=16", "-s", "epochs=1", "-s", "hidden=[8]"]


def test_it_trains_and_says_how_to_play(run, tmp_path):
    pytest.importorskip("torch")
    pytest.importorskip("safetensors")
    words = ("train", "belief-rl", "Hexner-v0", "--method", "mmd", "--rounds", "2", "--out", "run", "-s", "preset=public", *TINY)
    code, out, err = run(*words, "--bounds")
    assert code == 0, err
    assert "belief-rl:run/policies.safetensors" in out
    assert "pay at most" in out
    assert "round 2/2" in err
    assert [json.loads(line)["round"] for line in (tmp_path / "run/log.jsonl").read_text().splitlines()] == [1, 2]
    play = ("play", "Hexner-v0", "belief-rl:run/policies.safetensors", "hexner/equilibrium", "--matches", "4")
    code, out, err = run(*play, "--set", "steps=2", "--set", "discretization=split")
    assert code == 0, err


def test_the_whole_configuration_and_its_settings(run):
    code, out, err = run("train", "belief-rl", "Football-v0", "-s", "options.steps=5", "--dry-run")
    assert code == 0, err
    config = json.loads(out)
    assert config["options"] == {"steps": 5}
    assert config["output_dir"] == "runs/football-v0-belief-rl"
    assert run("train", "belief-rl")[0] != 0
    assert "magnet" in run("train", "belief-rl", "--list-settings")[1]


def test_leaks_of_records(run, tmp_path):
    play = (
        "play",
        "Football-v0",
        "football/caller?fake=1",
        "football/caller?defence=zone",
        "--matches",
        "12",
        "--set",
        "steps=2",
        "--out",
        "calls.jsonl",
    )
    code, out, err = run(*play)
    assert code == 0, err
    code, out, err = run("football", "leak", "calls.jsonl", "--ask", "football/caller?fake=1", "--json")
    assert code == 0, err
    bits = {one["attackers"]: [step["leak, bits"] for step in one["steps"]] for one in json.loads(out)}
    assert bits["Football-v0: football/caller?fake=1"] == pytest.approx([0, 0, 1], abs=1e-5)
    code, out, err = run("football", "leak", "calls.jsonl")
    assert code == 0, err
    assert "football/caller?fake=1, 6 matches" in out
    assert run("football", "leak", "calls.jsonl", "--ask", "random", "--posted")[0] == 2
