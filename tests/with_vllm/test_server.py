"""vLLM's own server, reached as any OpenAI-compatible one."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import agentarena as aa

pytestmark = pytest.mark.slow
STARTS_WITHIN_S = 900


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            if server.poll() is not None:
                break
            time.sleep(0.5)
    pytest.fail("the server did not start:\n" + log.read_text(encoding="utf-8", errors="replace")[-4000:])


@pytest.fixture(scope="module")
def url(model: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Base URL of a server of the model, shut down afterwards."""
    port = free_port()
    log = tmp_path_factory.mktemp("server") / "log"
    command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", model, "--served-model-name", "tiny"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--dtype", "float32", "--enforce-eager"]
    command += ["--no-enable-chunked-prefill"]  # without a GPU, seeded requests need it
    environment = {**os.environ, "VLLM_CPU_KVCACHE_SPACE": "1", "VLLM_NO_USAGE_STATS": "1", "VLLM_LOGGING_LEVEL": "WARNING"}
    environment.pop("VLLM_ENABLE_V1_MULTIPROCESSING", None)
    with log.open("wb") as sink:
        server = subprocess.Popen(command, stdout=sink, stderr=subprocess.STDOUT, env=environment)
        try:
            wait_for(f"http://127.0.0.1:{port}/health", server, log)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            server.terminate()
            try:
                server.wait(60)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def test_constrained_matches_have_no_faults(url: str) -> None:
    agent = f"openai:tiny?base_url={url}&dialect=vllm&concurrency=16&constrain=true&temperature=0.8&max_tokens=64"
    runs = aa.play("TicTacToe-v0", [agent, "random"], matches=8, seed=3)
    assert len(runs.records) == 8
    for record in runs.records:
        assert record.outcome in ("won", "drawn")
        assert record.faults == []
        assert record.replies
    used = [cost for cost in runs.costs if cost.agent == 0]
    assert all(cost.usage["prompt_tokens"] > 0 and cost.usage["completion_tokens"] > 0 for cost in used)


def test_a_free_model_is_read_strictly(url: str) -> None:
    agent = f"openai:tiny?base_url={url}&dialect=vllm&temperature=0&max_tokens=24"
    runs = aa.play("KuhnPoker-v0", [agent, "kuhnpoker/nash"], matches=8, seed=4)
    outcomes = {attempt["outcome"] for record in runs.records for reply in record.replies for attempt in reply["attempts"]}
    assert len(runs.records) == 8
    assert outcomes <= {"read", "unreadable", "illegal", "truncated", "empty"}
    assert outcomes


def test_given_replies_are_scored_by_an_echo(url: str, judge: Any) -> None:
    import torch
    from transformers import AutoTokenizer

    from agentarena.agents.llm.openai import OpenAIEngine
    from agentarena.agents.llm.scoring import Continuations, scorer

    item = Continuations(({"role": "user", "content": "What is 6 times 7?"},), (" 42", " 41"))
    client = OpenAIEngine("tiny", base_url=url)
    ((first, second),) = scorer(client).scores([item])
    client.close()
    tokenizer = AutoTokenizer.from_pretrained(judge.name_or_path)
    for reply, score in ((" 42", first), (" 41", second)):
        ids = torch.tensor([tokenizer(item.text + reply).input_ids])
        with torch.inference_mode():
            logprobs = judge(ids).logits[0].log_softmax(-1)
        expected = sum(float(logprobs[k - 1, ids[0, k]]) for k in range(ids.shape[1] - score.tokens, ids.shape[1]))
        assert score.logprob == pytest.approx(expected, abs=1e-3)


def test_the_first_token_of_a_chat_has_alternatives(url: str) -> None:
    from agentarena.agents.llm.openai import OpenAIEngine
    from agentarena.agents.llm.scoring import Continuations, scorer

    item = Continuations(({"role": "user", "content": "What is 6 times 7?"},), (" correct", " incorrect"))
    client = OpenAIEngine("tiny", base_url=url)
    (row,) = scorer(client, "first-token").scores([item])
    client.close()
    assert all(score.logprob <= 0.0 for score in row)
