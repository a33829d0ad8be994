"""The gradient in parts and on several processes is that of the whole minibatch on one."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from safetensors.torch import load_file  # noqa: E402

from agentarena.train.config import ScratchModel, SelfPlayConfig  # noqa: E402
from agentarena.train.recipe import SelfPlay, selfplay  # noqa: E402
from agentarena.train.rollout import seat_trajectories  # noqa: E402

SMALL = ScratchModel(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, vocab_size=400)
GAMES = {"KuhnPoker-v0": 1.0, "TicTacToe-v0": 1.0}


def config(folder: Path, **changes) -> SelfPlayConfig:
    fields = {"games": GAMES, "model": SMALL, "output_dir": str(folder), "max_steps": 3, "matches": 8, "learning_rate": 1e-3}
    return SelfPlayConfig(**{**fields, "eval_steps": 0, "save_steps": 0, **changes})


def gradient(folder: Path, **changes) -> tuple[list[torch.Tensor], dict[str, float]]:
    """The gradient of a run's first step, before it is clipped to so great a norm that it is not."""
    run = SelfPlay(config(folder, max_grad_norm=1e9, beta=0.1, entropy_coef=0.01, **changes))
    played = [one for record in run.rollout() for one in seat_trajectories(record, "policy")]
    figures = run.learner.learn(played)
    return [parameter.grad.double() for parameter in run.state.policy.model.parameters()], figures


def distance(one: list[torch.Tensor], other: list[torch.Tensor]) -> float:
    """Norm of the difference over the norm."""
    square = sum(float((a - b).square().sum()) for a, b in zip(one, other, strict=True))
    return (square / sum(float(a.square().sum()) for a in one)) ** 0.5


@pytest.mark.parametrize("loss_type", ["token", "sequence", "sequence_sum"])
def test_the_gradient_in_parts_is_that_of_the_minibatch(tmp_path: Path, loss_type):
    whole, figures = gradient(tmp_path, loss_type=loss_type)
    for parts in ({"gradient_accumulation_steps": 5}, {"micro_batch_tokens": 400}, {"gradient_accumulation_steps": 10**6}):
        sums, others = gradient(tmp_path, loss_type=loss_type, **parts)
        assert distance(whole, sums) < 1e-6
        assert others == pytest.approx(figures, rel=1e-4, abs=1e-6)


def test_no_forward_pass_with_a_graph_is_larger_than_a_part(tmp_path: Path, monkeypatch):
    run = SelfPlay(config(tmp_path, micro_batch_tokens=700))
    played = [one for record in run.rollout() for one in seat_trajectories(record, "policy")]
    sizes, scores = [], run.state.policy.scores

    def watched(samples):
        if torch.is_grad_enabled():
            sizes.append([len(one.prompt_ids) + len(one.token_ids) for one in samples.distinct])
        return scores(samples)

    monkeypatch.setattr(run.state.policy, "scores", watched)
    run.learner.learn(played)
    assert len(sizes) > 1
    assert all(len(part) * max(part) <= 700 or len(part) == 1 for part in sizes)
    distinct = {sample.prompt_ids + sample.token_ids for one in played for turn in one.turns for sample in turn.samples}
    assert sum(map(len, sizes)) <= len(distinct)


# --- several processes ---------------------------------------------------------------------------------------------------


def launch(arguments: list[str], processes: int) -> list[subprocess.CompletedProcess[str]]:
    """Run this Python with the same arguments in some processes that a launcher would have joined."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    joined = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": str(processes), "OMP_NUM_THREADS": "1"}
    started = [
        subprocess.Popen(
            [sys.executable, *arguments],
            env={**os.environ, **joined, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for rank in range(processes)
    ]
    try:
        outputs = [one.communicate(timeout=300)[0] for one in started]
    finally:
        for one in started:
            one.kill()
    return [subprocess.CompletedProcess(one.args, one.returncode, output) for one, output in zip(started, outputs, strict=True)]


@pytest.mark.slow
@pytest.mark.parametrize("parts", [1, 3])
def test_two_processes_have_the_gradient_and_the_weights_of_one(tmp_path: Path, parts):
    script = tmp_path / "first_gradient.py"
    script.write_text(
        "import sys; from pathlib import Path; from safetensors.torch import save_file\n"
        f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "import test_parallel as t; from agentarena.train import parallel\n"
        f"parallel.join(); sums, _ = t.gradient(Path({str(tmp_path / 'none')!r}), gradient_accumulation_steps={parts})\n"
        f"save_file({{str(i): x.float() for i, x in enumerate(sums)}}, f'{tmp_path}/{{parallel.rank()}}.safetensors'); parallel.leave()\n"
    )
    for one in launch([str(script)], 2):
        assert one.returncode == 0, one.stdout
    whole, _ = gradient(tmp_path / "none")
    for rank in range(2):
        tensors = load_file(tmp_path / f"{rank}.safetensors")
        assert distance(whole, [tensors[str(i)].double() for i in range(len(whole))]) < 1e-6


@pytest.mark.slow
def test_the_command_line_trains_on_two_processes_what_it_trains_on_one(tmp_path: Path):
    toml = tmp_path / "run.toml"
    toml.write_text(
        'max_steps = 3\nmatches = 9\nlearning_rate = 1e-3\neval_steps = 0\nsave_steps = 2\ngames = { "KuhnPoker-v0" = 1.0 }\n'
        "opponents = { self = 1.0, past = 1.0 }\npast_steps = 1\n[model]\nhidden_size = 16\nnum_hidden_layers = 1\nnum_attention_heads = 2\n"
        "intermediate_size = 32\nvocab_size = 400\n"
    )
    command = ["-m", "agentarena", "train", "selfplay", "--config", str(toml), "-s"]
    for one in launch([*command, f"output_dir={tmp_path / 'two'}"], 2):
        assert one.returncode == 0, one.stdout
    selfplay(SelfPlayConfig.load(toml, output_dir=str(tmp_path / "one")))
    first, second = (load_file(tmp_path / name / "checkpoint-3" / "model.safetensors") for name in ("one", "two"))
    for name, tensor in first.items():
        torch.testing.assert_close(tensor, second[name], atol=2e-5, rtol=1e-4)
    assert len((tmp_path / "two" / "log.jsonl").read_text().splitlines()) == 3
    assert sorted(path.name for path in (tmp_path / "two").glob("checkpoint-*")) == ["checkpoint-2", "checkpoint-3"]
