"""The page on language models names every parameter, and its Python runs."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import agentarena as aa
from agentarena.agents.llm import agent as agents
from agentarena.agents.llm.agent import OPERATIONAL
from agentarena.agents.llm.settings import names
from agentarena.agents.llm.strategies import STRATEGIES

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "language-models.md").read_text(encoding="utf-8")


def test_every_parameter_is_named():
    own = set(names())
    for factory in (agents.hf, agents.openai):
        own |= set(inspect.signature(factory).parameters) - {"model", "parameters"}
    assert not [name for name in sorted(own) if f"`{name}`" not in PAGE]
    assert own >= OPERATIONAL, "only parameters that exist are left out of names"
    assert not [name for name in STRATEGIES if f"| `{name}` |" not in PAGE]


def test_the_python_runs():
    namespace: dict[str, object] = {"aa": aa}
    for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(compile(block, "language-models.md", "exec"), namespace)
    assert "Parrot" in namespace
