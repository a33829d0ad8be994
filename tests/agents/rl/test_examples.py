"""The examples for Stable-Baselines3 and TorchRL run as they stand, in small."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
import torch

ROOT = Path(__file__).resolve().parents[3]


def _example(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"example_{name}", ROOT / "examples" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_stable_baselines3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.set_num_threads(1)
    results = _example("sb3_agent").main(["--steps", "256", "--matches", "4"])
    assert not any(record.faults for record in results.records)
    assert results.records[0].seats[0].agent == "sb3:sb3_connectfour.zip"


@pytest.mark.filterwarnings("ignore")
def test_torchrl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torchrl", reason="needs the extra torchrl")
    monkeypatch.chdir(tmp_path)
    torch.set_num_threads(1)
    results = _example("torchrl_agent").main(["--batches", "2", "--hands", "4", "--matches", "4"])
    assert not any(record.faults for record in results.records)
