"""Pages that are derived rather than typed: the README as the start page, one page a card, the changelog."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parent.parent


def on_files(files: Files, config: Any) -> Files:
    """Adds the derived pages to the site."""
    from agentarena.cli.envs import markdown_table
    from agentarena.core import registry

    table = markdown_table()
    folders = sorted({registry.game_class(env_id).__module__.split(".")[2] for env_id in registry.ENVS})
    for folder in folders:
        card = (ROOT / "agentarena" / "envs" / folder / "card.md").read_text(encoding="utf-8")
        files.append(File.generated(config, f"cards/{folder}.md", content=card))
    files.append(File.generated(config, "CITATION.cff", content=(ROOT / "CITATION.cff").read_text(encoding="utf-8")))
    pages = {
        "index.md": (ROOT / "README.md").read_text(encoding="utf-8"),
        "changelog.md": (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"),
        "environments.md": "# Environments\n\n" + table + "\n",
    }
    for name, text in pages.items():
        for folder in folders:
            text = text.replace(f"(agentarena/envs/{folder}/card.md)", f"(cards/{folder}.md)")
        text = (
            text.replace("(docs/", "(")
            .replace("](CHANGELOG.md)", "](changelog.md)")
            .replace("](LICENSE)", "](https://www.apache.org/licenses/LICENSE-2.0)")
        )
        files.append(File.generated(config, name, content=text))
    return files
