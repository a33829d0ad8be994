"""Pages that are derived rather than typed: the README as the start page, one page a card, the changelog."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parent.parent


def on_config(config: Any) -> Any:
    """Lists every card under "Environments"; a page that the navigation lacks is an error."""
    section = next(entry["Environments"] for entry in config["nav"] if "Environments" in entry)
    section += [{_title(card): f"cards/{folder}.md"} for folder, card in _cards().items()]
    return config


def _cards() -> dict[str, str]:
    """The card of each game's folder."""
    from agentarena.core import registry

    folders = sorted({registry.game_class(env_id).__module__.split(".")[2] for env_id in registry.ENVS})
    return {folder: (ROOT / "agentarena" / "envs" / folder / "card.md").read_text(encoding="utf-8") for folder in folders}


def _title(card: str) -> str:
    return card.partition("\n")[0].removeprefix("# ").partition(":")[0].strip()


def on_files(files: Files, config: Any) -> Files:
    """Adds the derived pages to the site."""
    from agentarena.cli.envs import markdown_table

    table = markdown_table()
    cards = _cards()
    for folder, card in cards.items():
        files.append(File.generated(config, f"cards/{folder}.md", content=card))
    files.append(File.generated(config, "CITATION.cff", content=(ROOT / "CITATION.cff").read_text(encoding="utf-8")))
    pages = {
        "index.md": (ROOT / "README.md").read_text(encoding="utf-8"),
        "changelog.md": (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"),
        "environments.md": "# Environments\n\n" + table + "\n",
    }
    for name, text in pages.items():
        for folder in cards:
            text = text.replace(f"(agentarena/envs/{folder}/card.md)", f"(cards/{folder}.md)")
        text = (
            text.replace("(docs/", "(")
            .replace("](CHANGELOG.md)", "](changelog.md)")
            .replace("](LICENSE)", "](https://www.apache.org/licenses/LICENSE-2.0)")
        )
        files.append(File.generated(config, name, content=text))
    return files
