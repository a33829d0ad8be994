"""The configuration: files, changes, and errors that name the setting."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest

from agentarena.core.errors import BadOption, UsageError
from agentarena.train.rl import RLConfig

RECIPES = Path(__file__).parents[3] / "recipes"


def test_a_file_and_changes(tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_text('env = "KuhnPoker-v0"\nhidden = [32, 16]\neval = ["random"]\n[opponents]\nself = 3\nrandom = 1\n')
    config = RLConfig.load(path, **{"opponents.past": 2.0, "seed": 4})
    assert config.hidden == (32, 16)
    assert config.eval == ("random",)
    assert config.opponents == {"self": 3, "random": 1, "past": 2.0}
    assert config.seed == 4
    assert RLConfig.of({"env": "x", "opponents": "past"}).opponents == {"past": 1.0}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"learning_rat": 1}, "unknown setting 'learning_rat'. Did you mean learning_rate"),
        ({"learning_rate": "x"}, "learning_rate must be a number from 1e-12 to 10, got 'x'"),
        ({"total_steps": 0}, "total_steps must be a whole number from 1"),
        ({"algorithm": "a2c"}, "algorithm must be one of ppo, dqn, got 'a2c'"),
        ({"seat": "first"}, "seat must be a seat's number, 'rotate' or 'random', got 'first'"),
        ({"seat": True}, "seat must be"),
        ({"hidden": [0]}, "hidden must be a list of at most 32 layer sizes"),
        ({"hidden": 5}, "hidden must be a list"),
        ({"opponents": {}}, "opponents must be a table"),
        ({"opponents": {"self": -1}}, "opponents"),
        ({"eval": "random"}, "eval must be a list of strings"),
        ({"report_to": ["x"]}, "report_to has 'x'; allowed: tensorboard, wandb"),
        ({"options": 3}, "options must be a table"),
        ({"init_from": 3}, "init_from must be a string"),
        ({"exploration_initial_eps": 0.0}, "exploration_final_eps=0.05 must not exceed"),
        ({"algorithm": "dqn", "buffer_size": 8}, "batch_size=512 must not exceed buffer_size=8"),
        ({"double_q": 1}, "double_q must be true or false"),
    ],
    ids=range(17),
)
def test_errors_name_the_setting(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(BadOption, match=re.escape(message)):
        RLConfig.of({"env": "KuhnPoker-v0", **settings})


def test_no_environment_and_no_toml(tmp_path: Path) -> None:
    with pytest.raises(BadOption, match="env is missing"):
        RLConfig.of({})
    (tmp_path / "x.toml").write_text("= 3")
    with pytest.raises(UsageError, match="no TOML file"):
        RLConfig.load(tmp_path / "x.toml")


def test_rounds_are_whole() -> None:
    config = RLConfig(env="x", num_envs=10, n_steps=8, stage_steps=100, total_steps=1000)
    assert (config.round_steps, config.stage_rounds, config.rounds) == (80, 2, 13)


def test_every_field_is_described() -> None:
    words = re.findall(r"^        (\w+): ", RLConfig.__doc__ or "", re.MULTILINE)
    assert words == list(dict.fromkeys(words))
    assert set(words) == {field.name for field in dataclasses.fields(RLConfig)}


@pytest.mark.parametrize("name", ["kuhn_ppo", "leduc_ppo", "connectfour_ppo", "tictactoe_dqn"])
def test_recipes_are_configurations(name: str) -> None:
    config = RLConfig.load(RECIPES / f"{name}.toml")
    assert config.algorithm == name.rpartition("_")[2]
    assert config.output_dir == f"runs/{name.replace('_', '-')}"
