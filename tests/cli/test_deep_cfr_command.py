"""`agentarena train deep-cfr`."""

import json
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("safetensors")

RECIPES = Path(__file__).parents[2] / "recipes"
SMALL = ["-s", "traversals=10", "-s", "steps=3", "-s", "average_steps=3", "-s", "hidden=[8]"]


def test_it_trains_and_says_how_to_play(run, tmp_path):
    code, out, err = run("train", "deep-cfr", "KuhnPoker-v0", "--out", "deep", "--iterations", "2", *SMALL)
    assert code == 0, err
    assert "rl:deep/policy.safetensors" in out
    assert "NashConv" in out
    assert "iteration 2/2" in err
    lines = [json.loads(line) for line in (tmp_path / "deep/log.jsonl").read_text().splitlines()]
    assert [line["iteration"] for line in lines] == [1, 2, 2]
    code, out, err = run("play", "KuhnPoker-v0", "rl:deep/policy.safetensors", "random", "--matches", "4")
    assert code == 0, err


def test_options_of_the_game_and_the_whole_configuration(run):
    code, out, err = run("train", "deep-cfr", "KuhnPoker-v0", "-s", "options.players=3", "--dry-run")
    assert code == 0, err
    config = json.loads(out)
    assert config["options"] == {"players": 3}
    assert config["output_dir"] == "runs/kuhnpoker-v0-deep-cfr"
    assert run("train", "deep-cfr")[0] != 0


@pytest.mark.parametrize("name", ["kuhn_deep_cfr", "leduc_deep_cfr"])
def test_recipes(run, name):
    code, out, err = run("train", "deep-cfr", "--config", str(RECIPES / f"{name}.toml"), "-s", "seed=3", "--dry-run")
    assert code == 0, err
    assert json.loads(out)["seed"] == 3
