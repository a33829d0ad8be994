"""The Python blocks of docs/adapters.md run, from top to bottom."""

from __future__ import annotations

import re
from pathlib import Path

import gymnasium
import pettingzoo

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "adapters.md").read_text(encoding="utf-8")


def test_the_snippets_run() -> None:
    snippets = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len(snippets) == PAGE.count("```python") > 4
    names: dict[str, object] = {}
    for snippet in snippets:
        exec(compile(snippet, "docs/adapters.md", "exec"), names)


def test_every_argument_of_make_is_named() -> None:
    import inspect

    import agentarena as aa

    for make in (aa.make, aa.make_parallel, aa.make_vec):
        for name, parameter in inspect.signature(make).parameters.items():
            if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
                assert name in PAGE, f"docs/adapters.md does not mention {name}"


def test_the_versions_named_are_those_of_this_run() -> None:
    assert pettingzoo.__version__.rpartition(".")[0] in PAGE
    assert gymnasium.__version__.rpartition(".")[0] in PAGE
