"""The shape of the package's code: lengths of functions and files, and the files of every game's folder with their purpose.

    python -m benchmarks.code_shape            # lengths, and the longest functions and files
    python -m benchmarks.code_shape --write    # writes the files of the games' folders into docs/architecture.md

A function's length counts its decorators, signature, docstring and body. A file's purpose is the first line of its docstring.
"""

from __future__ import annotations

import argparse
import ast
import functools
import math
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "agentarena"
PAGE = ROOT / "docs" / "architecture.md"
BEGIN, END = "<!-- game folders: python -m benchmarks.code_shape --write -->", "<!-- /game folders -->"

LONGEST_FUNCTION = 80
"""Most lines of a function."""
LONGEST_FILE = 400
"""Most lines of a file."""

VOCABULARY = {
    "options": "the options as a frozen dataclass with ranges, and presets",
    "teams": "what a side brings to a match: its formats, pools, files",
    "state": "the frozen state",
    "actions": "the actions and how they are numbered",
    "rules": "transitions",
    "observation": "what a seat sees as numbers",
    "information": "information keys and resampling",
    "events": "news with audiences",
    "text": "the rules, views, replies and events in words",
    "twin": "a faster form of the same rules, held equal to them by a test",
    "game": "the `Game`: puts these together",
    "bots": "players of this game",
    "batch": "array rules",
    "solver": "exact solutions",
    "engine": "an outside engine",
    "drawing": "the state as a picture",
    "figures": "figures for reports",
    "analysis": "metrics, published tables, simulators: for benchmarks and reports",
}
"""The names of the files and folders of a game, in the order of imports: each may use those above it."""


class Function(NamedTuple):
    """A function and its length in lines."""

    path: str
    name: str
    lines: int


def functions(package: Path = PACKAGE) -> list[Function]:
    """Every function and method of a package, nested ones included."""
    return [function for path in sorted(package.rglob("*.py")) for function in _functions(path, package.parent)]


@functools.cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _functions(path: Path, root: Path) -> Iterator[Function]:
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            yield Function(str(path.relative_to(root)), node.name, (node.end_lineno or first) - first + 1)


def file_lengths(package: Path = PACKAGE) -> dict[str, int]:
    """Lines of every file of a package."""
    return {
        str(path.relative_to(package.parent)): len(path.read_text(encoding="utf-8").splitlines()) for path in sorted(package.rglob("*.py"))
    }


def quantile(lengths: list[int], share: float) -> int:
    """The length that this share of functions does not exceed.

    >>> quantile([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.9)
    9
    """
    return sorted(lengths)[math.ceil(share * len(lengths)) - 1]


def game_folders(package: Path = PACKAGE) -> dict[str, dict[str, str]]:
    """The files of every game's folder in the order of the vocabulary, with the first line of their docstrings.

    A subfolder counts as one entry, e.g. `rules/`, with its files as entries `rules/night.py` below it.
    """
    folders = {}
    for folder in sorted(path for path in (package / "envs").iterdir() if (path / "__init__.py").is_file()):
        files = sorted(path for path in folder.rglob("*.py") if path.name != "__init__.py" or path.parent != folder)
        entries = {str(path.relative_to(folder)).removesuffix("__init__.py"): purpose(path) for path in files}
        folders[folder.name] = dict(sorted(entries.items(), key=lambda entry: (_rank(entry[0]), entry[0])))
    return folders


def part(entry: str) -> str:
    """The vocabulary's name that an entry goes by.

    >>> part("rules/night.py"), part("game.py")
    ('rules', 'game')
    """
    return entry.partition("/")[0].removesuffix(".py")


def _rank(entry: str) -> int:
    names = list(VOCABULARY)
    return names.index(part(entry)) if part(entry) in names else len(names)


def purpose(path: Path) -> str:
    """The first line of a module's docstring."""
    text = ast.get_docstring(_tree(path)) or ""
    return text.partition("\n")[0]


def folders_as_markdown() -> str:
    """The vocabulary and the files of every game's folder as Markdown tables."""
    lines = ["| name | what it holds |", "| --- | --- |"]
    lines += [f"| `{name}` | {meaning} |" for name, meaning in VOCABULARY.items()]
    for folder, entries in game_folders().items():
        lines += ["", f"**{folder}**", "", "| file | purpose |", "| --- | --- |"]
        lines += [f"| `{entry}` | {_escaped(text)} |" for entry, text in entries.items()]
    return "\n".join(lines)


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")


def page_with_folders(page: str) -> str:
    """The page with its generated block written anew."""
    head, _, rest = page.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n\n{folders_as_markdown()}\n\n{END}{tail}"


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--write", action="store_true", help="write the files of the games' folders into docs/architecture.md")
    arguments = parser.parse_args()
    if arguments.write:
        PAGE.write_text(page_with_folders(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    every = functions()
    lengths = [function.lines for function in every]
    print(f"{len(every)} functions: median {statistics.median(lengths):g} lines, nine in ten at most {quantile(lengths, 0.9)}")
    for function in sorted(every, key=lambda function: -function.lines)[:10]:
        print(f"  {function.lines:4d}  {function.path}: {function.name}")
    files = file_lengths()
    print(
        f"{len(files)} files: median {statistics.median(files.values()):g} lines, nine in ten at most {quantile(list(files.values()), 0.9)}"
    )
    for name, lines in sorted(files.items(), key=lambda item: -item[1])[:10]:
        print(f"  {lines:4d}  {name}")


if __name__ == "__main__":
    main()
