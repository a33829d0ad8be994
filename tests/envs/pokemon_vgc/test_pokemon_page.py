"""The Python blocks of docs/pokemon-vgc.md run, from top to bottom."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from pokemon_helpers import needs_simulator

PAGE = (Path(__file__).parents[3] / "docs" / "pokemon-vgc.md").read_text(encoding="utf-8")


@needs_simulator
def test_the_page_runs() -> None:
    names: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(compile(block, "docs/pokemon-vgc.md", "exec"), names)
