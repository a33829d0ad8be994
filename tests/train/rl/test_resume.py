"""A run that was killed anywhere goes on to the same bytes, and what is no checkpoint of it is refused with the reason."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("sb3_contrib")

from agentarena.core.errors import UsageError
from agentarena.train.rl import RLConfig, RLRun, train
from agentarena.train.rl import trainer as trainer_module

PPO: dict[str, Any] = {
    "env": "KuhnPoker-v0",
    "opponents": {"self": 2.0, "prioritized": 1.0, "last": 1.0, "random": 1.0},
    "hidden": (8,),
    "num_envs": 10,
    "n_steps": 8,
    "batch_size": 16,
    "n_epochs": 2,
    "stage_steps": 160,
    "total_steps": 560,
    "lr_schedule": "linear",
}
DQN: dict[str, Any] = {
    **PPO,
    "algorithm": "dqn",
    "env": "TicTacToe-v0",
    "learning_starts": 60,
    "buffer_size": 150,
    "target_update_interval": 30,
}


class Killed(Exception):
    """In place of the signal."""


def _run(folder: Path, settings: dict[str, Any], kill_at: int | None = None, **changes: Any) -> RLRun:
    def report(figures: dict[str, Any]) -> None:
        if figures["step"] == kill_at:
            raise Killed

    return train(RLConfig(output_dir=str(folder), **{**settings, **changes}), report)


def _bytes(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix in (".safetensors", ".json")}


@pytest.mark.parametrize("settings", [PPO, DQN], ids=["ppo", "dqn"])
@pytest.mark.parametrize("kill_at", [80, 240, 320], ids=["in the first stage", "in the second stage", "at the end of a stage"])
def test_a_killed_run_ends_with_the_same_bytes(tmp_path: Path, settings: dict[str, Any], kill_at: int) -> None:
    whole = _run(tmp_path / "whole", settings)
    with pytest.raises(Killed):
        _run(tmp_path / "broken", settings, kill_at)
    broken = _run(tmp_path / "broken", settings)
    assert broken.steps == whole.steps == 560
    one, two = _bytes(tmp_path / "whole"), _bytes(tmp_path / "broken")
    assert one.keys() == two.keys()
    config = [json.loads(files.pop("run.json")) for files in (one, two)]
    assert one == two
    assert [data["config"].pop("output_dir") for data in config] == [str(tmp_path / "whole"), str(tmp_path / "broken")]
    assert config[0] == config[1]
    steps = [json.loads(line)["step"] for line in (tmp_path / "broken" / "log.jsonl").read_text().splitlines()]
    assert steps == list(range(80, 561, 80))


@pytest.mark.parametrize("stage", ["save", "judged"])
def test_a_run_killed_while_it_saves_goes_on(tmp_path: Path, stage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the policy file and the state there is the last checkpoint still."""
    whole = _run(tmp_path / "whole", PPO)
    calls = 0

    def killed(*args: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise Killed
        return real(*args)

    place = trainer_module.checkpoint if stage == "save" else trainer_module
    real = getattr(place, stage)
    monkeypatch.setattr(place, stage, killed)
    with pytest.raises(Killed):
        _run(tmp_path / "broken", PPO)
    monkeypatch.undo()
    assert _run(tmp_path / "broken", PPO).policy.read_bytes() == whole.policy.read_bytes()


@pytest.mark.slow
def test_a_process_that_is_killed(tmp_path: Path) -> None:
    """The same with a process and a signal that it cannot catch."""
    whole = _run(tmp_path / "whole", PPO)
    code = (
        "import os, signal, sys, json\n"
        "from agentarena.train.rl import RLConfig, train\n"
        "settings = json.loads(sys.argv[1])\n"
        "train(RLConfig.of(settings), lambda f: f['step'] == 400 and os.kill(os.getpid(), signal.SIGKILL))\n"
    )
    settings = {**PPO, "hidden": [8], "output_dir": str(tmp_path / "broken")}
    done = subprocess.run([sys.executable, "-c", code, json.dumps(settings)], timeout=120, check=False)
    assert done.returncode == -9
    assert _run(tmp_path / "broken", PPO).policy.read_bytes() == whole.policy.read_bytes()


def test_a_finished_run_is_not_trained_again(tmp_path: Path) -> None:
    first = _run(tmp_path, PPO, total_steps=160)
    again = _run(tmp_path, PPO, total_steps=160)
    assert again.policy == first.policy
    assert again.figures == first.figures
    longer = _run(tmp_path, PPO, total_steps=240)
    assert longer.steps == 240


def test_stop_ends_after_a_stage(tmp_path: Path) -> None:
    config = RLConfig(output_dir=str(tmp_path), **PPO)
    assert train(config, stop=lambda: True).steps == 160
    assert train(config).steps == 560


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    _run(folder, PPO, total_steps=160)
    return folder


def _damage(folder: Path, name: str) -> None:
    data = bytearray((folder / name).read_bytes())
    data[-3] ^= 1
    (folder / name).write_bytes(data)


def _edit(folder: Path, **changes: Any) -> None:
    data = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**data, **changes}))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda folder: _damage(folder, "state-160.safetensors"), r"state-160.*missing or damaged"),
        (lambda folder: (folder / "state-160.safetensors").unlink(), r"state-160.*missing or damaged"),
        (lambda folder: _damage(folder, "policy-0.safetensors"), r"policy-0\.safetensors.*damaged"),
        (lambda folder: (folder / "policy-0.safetensors").unlink(), r"policy-0\.safetensors.*no such file"),
        (lambda folder: shutil.copy(folder / "policy-160.safetensors", folder / "policy-0.safetensors"), "other weights"),
        (lambda folder: (folder / "run.json").write_text("{"), r"run\.json is damaged"),
        (lambda folder: (folder / "run.json").write_text("[1]"), r"run\.json is damaged: .*no object"),
        (lambda folder: _edit(folder, format=99), "format 99; this version reads format 1"),
        (lambda folder: _edit(folder, steps="160"), "steps is '160'"),
        (lambda folder: _edit(folder, state={"file": "../x", "sha256": ""}), "state is"),
        (lambda folder: _edit(folder, layout={"size": 3, "digest": "x"}), "other observations"),
    ],
    ids=range(11),
)
def test_what_is_no_checkpoint_is_refused(finished: Path, tmp_path: Path, change: Any, reason: str) -> None:
    folder = tmp_path / "run"
    shutil.copytree(finished, folder)
    change(folder)
    with pytest.raises(UsageError, match=reason):
        _run(folder, PPO, total_steps=240)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"env": "LeducPoker-v0"}, "holds another run: env is 'KuhnPoker-v0' there, 'LeducPoker-v0' here"),
        ({"hidden": (16,)}, "hidden"),
        ({"seed": 1}, "seed"),
        ({"algorithm": "dqn"}, "algorithm"),
    ],
    ids=["env", "hidden", "seed", "algorithm"],
)
def test_another_run_is_refused(finished: Path, changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        _run(finished, PPO, **changes)
