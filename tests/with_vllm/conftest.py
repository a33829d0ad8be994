"""Tests against vLLM itself: `make test-vllm` runs them in an environment of their own; without vLLM none is collected."""

from __future__ import annotations

import importlib.util
import json
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from reference import answers

from agentarena.agents.llm.engine import Completion, Request

collect_ignore_glob = [] if importlib.util.find_spec("vllm") else ["test_*.py"]

MODEL = Path(os.environ.get("AGENTARENA_TEST_MODEL") or Path(__file__).parents[2] / "agentarena" / "models" / "tiny")
Ask = Callable[[Sequence[Request]], list[Completion | Exception]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("ignore"))  # those of vLLM and its dependencies


@pytest.fixture(scope="session")
def model() -> str:
    return str(MODEL)


@pytest.fixture(scope="session")
def adapter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A LoRA adapter of rank 4 that changes the attention of every layer a good deal."""
    import torch
    from safetensors.torch import save_file

    config = json.loads((MODEL / "config.json").read_text())
    hidden, width = config["hidden_size"], config["head_dim"] * config["num_attention_heads"]
    generator = torch.Generator().manual_seed(0)
    weights = {}
    for layer in range(config["num_hidden_layers"]):
        name = f"base_model.model.model.layers.{layer}.self_attn.q_proj"
        weights[f"{name}.lora_A.weight"] = torch.randn(4, hidden, generator=generator)
        weights[f"{name}.lora_B.weight"] = torch.randn(width, 4, generator=generator)
    folder = tmp_path_factory.mktemp("adapter")
    save_file(weights, folder / "adapter_model.safetensors")
    peft = {"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": 4, "lora_alpha": 8, "target_modules": ["q_proj"], "bias": "none"}
    (folder / "adapter_config.json").write_text(json.dumps({**peft, "base_model_name_or_path": str(MODEL)}))
    return folder


@pytest.fixture(scope="session")
def engine(model: str, adapter: Path) -> Iterator[Any]:
    from agentarena.agents.llm.vllm import VLLMEngine

    loaded = VLLMEngine(model, dtype="float32", max_num_seqs=32, adapters={"other": str(adapter)})
    yield loaded
    loaded.close()


@pytest.fixture(scope="session")
def judge(model: str) -> Any:
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(model, dtype="float32").eval()


@pytest.fixture(scope="session")
def ask(engine: Any) -> Ask:
    """Submits requests together and returns what came of each, in the same order."""
    return lambda requests: answers(engine, requests)
