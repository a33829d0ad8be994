"""The page on scheduling: its Python runs, its pictures are there, and it names what it explains."""

from __future__ import annotations

import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "scheduling.md").read_text(encoding="utf-8")


def test_its_python_runs() -> None:
    names: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(compile(block, "docs/scheduling.md", "exec"), names)


def test_its_pictures_are_there() -> None:
    pictures = re.findall(r"\]\((figures/[^)]+)\)", PAGE)
    assert all((DOCS / picture).read_text(encoding="utf-8").startswith("<svg xmlns") for picture in pictures)


def test_it_names_the_schemes_and_questions() -> None:
    from typing import get_args

    from agentarena.evaluate.response_graph import Sampling
    from agentarena.matches.decision import Question

    for name in (*get_args(Sampling), *get_args(Question)):
        assert f'`"{name}"`' in PAGE, name
