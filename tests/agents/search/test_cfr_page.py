"""The Python blocks of docs/cfr.md run, and its table names every variant."""

import re
from pathlib import Path

import pytest

from agentarena.agents.search.cfr import VARIANTS

pytest.importorskip("torch")

PAGE = (Path(__file__).parents[3] / "docs" / "cfr.md").read_text(encoding="utf-8")


def test_the_blocks_run():
    names: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(compile(block, "docs/cfr.md", "exec"), names)


def test_every_variant_is_in_the_table():
    for name, discount in VARIANTS.items():
        assert re.search(rf"\| `{name}` \| {' . '.join(f'{number:g}' for number in discount)} \|".replace(" . ", r" \| "), PAGE), name
