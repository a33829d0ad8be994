"""The README does what it says: its table is the generated one and its Python runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from agentarena.cli.envs import markdown_table

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_the_table_of_environments_is_the_generated_one() -> None:
    result = re.search(r"<!-- environments -->\n(.*?)\n<!-- /environments -->", README, re.DOTALL)
    assert result is not None
    assert result[1] == markdown_table(), "run `agentarena envs --markdown` and paste its output between the markers"


def test_the_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target


@pytest.mark.slow
def test_the_snippets_run() -> None:
    names: dict[str, object] = {}
    for snippet in SNIPPETS:
        exec(compile(snippet, "README.md", "exec"), names)


def test_every_page_is_in_the_navigation() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text().rpartition("\nnav:\n")[2]
    assert "Environments: [environments.md]" in navigation, "the hook of the pages adds the cards there"
    missing = [page.name for page in (ROOT / "docs").glob("*.md") if page.name not in navigation]
    assert not missing
