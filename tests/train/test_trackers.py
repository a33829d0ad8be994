"""TensorBoard and Weights & Biases get each update once, also from a run that was killed and goes on."""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from agentarena.core.errors import BadOption, UsageError  # noqa: E402
from agentarena.train import checkpoint, logs  # noqa: E402
from agentarena.train.config import ScratchModel, SelfPlayConfig  # noqa: E402
from agentarena.train.recipe import SelfPlay, selfplay  # noqa: E402
from agentarena.train.trackers import trackers  # noqa: E402

SMALL = ScratchModel(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, vocab_size=400)


def config(folder: Path, *report_to: str, **changes) -> SelfPlayConfig:
    fields = {"games": {"KuhnPoker-v0": 1.0}, "model": SMALL, "output_dir": str(folder), "max_steps": 4, "matches": 12}
    return SelfPlayConfig(**{**fields, "learning_rate": 1e-3, "eval_steps": 0, "save_steps": 0, "report_to": report_to, **changes})


def killed(settings: SelfPlayConfig, updates: int, saved: int) -> None:
    """A run that ends after some updates, the last ones after its checkpoint."""
    run = SelfPlay(settings)
    with trackers(settings, 0, 0) as track:
        for step in range(1, updates + 1):
            figures = run.update()
            run.log(figures)
            track(figures)
            if step == saved:
                checkpoint.save(run.state, settings)


class Wandb(ModuleType):
    """As much of the module as is used; `history` is what its server would show."""

    def __init__(self, refuses: bool = False) -> None:
        super().__init__("wandb")
        self.__spec__ = ModuleSpec("wandb", None)  # transformers and accelerate look for it
        self.Error = type("Error", (Exception,), {})
        self.refuses, self.history, self.inits, self.finished = refuses, {}, [], 0

    def init(self, **options):
        if self.refuses:
            raise self.Error("no API key")
        self.inits.append(options)
        name = options.get("id", f"run{len(self.inits)}")
        history = self.history.setdefault(name, [])
        return SimpleNamespace(id=name, log=lambda figures, step: history.append((step, figures)), finish=self.finish)

    def finish(self) -> None:
        self.finished += 1


@pytest.fixture
def wandb(monkeypatch) -> Wandb:
    fake = Wandb()
    monkeypatch.setitem(sys.modules, "wandb", fake)
    return fake


def test_wandb_gets_each_update_once_across_a_resume(tmp_path: Path, wandb: Wandb):
    settings = config(tmp_path / "kuhn", "wandb")
    killed(settings, updates=3, saved=2)
    selfplay(settings)
    (history,) = wandb.history.values()
    assert [step for step, _ in history] == [1, 2, 3, 4]
    assert [figures["loss"] for _, figures in history] == [line["loss"] for line in logs.log_lines(tmp_path / "kuhn")]
    assert wandb.finished == 2
    first, second = wandb.inits
    assert (first["project"], first["name"], first["config"]["seed"]) == ("agentarena", "kuhn", 0)
    assert "id" not in first
    assert (second["id"], second["resume"]) == ("run1", "allow")


def test_wandb_is_called_for_what_is_missing_alone(tmp_path: Path, wandb: Wandb, monkeypatch):
    """A run that was not reported before begins at its checkpoint; judges have frames of their own; words stay in the log."""
    monkeypatch.setenv("WANDB_PROJECT", "mine")
    killed(config(tmp_path), updates=3, saved=2)
    selfplay(config(tmp_path, "wandb", judges=()))
    (history,) = wandb.history.values()
    assert [step for step, _ in history] == [3, 4]
    assert wandb.inits[0]["project"] == "mine"
    with trackers(config(tmp_path / "new", "wandb"), 0, 0) as track:
        track({"step": 1, "Nim-v0 won 0 against random": 0.5, "alerts": ["x"], "loss": float("nan")})
    assert wandb.history["run2"] == [(1, {"Nim-v0/won 0 against random": 0.5})]


def test_a_key_that_wandb_lacks_is_said(tmp_path: Path, monkeypatch):
    monkeypatch.setitem(sys.modules, "wandb", Wandb(refuses=True))
    with pytest.raises(UsageError, match=r"no API key.*WANDB_MODE=offline"):
        selfplay(config(tmp_path, "wandb"))


@pytest.mark.parametrize("name", ["tensorboard", "wandb"])
def test_a_package_that_is_missing_is_named_with_its_extra(tmp_path: Path, monkeypatch, name):
    for module in ("wandb", "tensorboard", "torch.utils.tensorboard"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(BadOption, match=rf'report_to has "{name}", which is not installed .*: pip install .*\[{name}\]'):
        selfplay(config(tmp_path, name))


def test_an_unknown_tracker_is_named():
    with pytest.raises(BadOption, match="report_to has 'mlflow'; allowed: tensorboard, wandb"):
        SelfPlayConfig.of({"games": {"KuhnPoker-v0": 1}, "report_to": ["mlflow"]})


@pytest.mark.filterwarnings("ignore")  # those of TensorBoard's dependencies
def test_tensorboard_shows_each_update_once_across_a_resume(tmp_path: Path):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    settings = config(tmp_path, "tensorboard")
    killed(settings, updates=3, saved=2)
    selfplay(settings)
    shown = accumulator.EventAccumulator(str(tmp_path / "tensorboard"))
    shown.Reload()
    losses = shown.Scalars("loss")
    assert [event.step for event in losses] == [1, 2, 3, 4]
    assert [event.value for event in losses] == pytest.approx([line["loss"] for line in logs.log_lines(tmp_path)], rel=1e-6, abs=1e-9)
