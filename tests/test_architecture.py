"""The shape of the code: imports without circles and in one direction, short functions and files, and a true page on both."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import grimp
import pytest

ROOT = Path(__file__).parents[1]


def _code_shape() -> ModuleType:
    spec = importlib.util.spec_from_file_location("code_shape", ROOT / "benchmarks" / "code_shape.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["code_shape"] = module  # dataclasses and named tuples look their module up
    spec.loader.exec_module(module)
    return module


shape = _code_shape()


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    """Imports between the package's modules, those under TYPE_CHECKING and inside functions counted."""
    return grimp.build_graph("agentarena", cache_dir=None)


def _circles(successors: dict[str, set[str]]) -> list[list[str]]:
    """The sets of modules that reach each other (Tarjan's strongly connected components of more than one module)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    circles: list[list[str]] = []

    def visit(module: str) -> None:
        index[module] = low[module] = len(index)
        stack.append(module)
        for other in sorted(successors[module]):
            if other not in index:
                visit(other)
                low[module] = min(low[module], low[other])
            elif other in stack:
                low[module] = min(low[module], index[other])
        if low[module] == index[module]:
            component = stack[stack.index(module) :]
            del stack[stack.index(module) :]
            if len(component) > 1 or module in successors[module]:
                circles.append(sorted(component))

    for module in sorted(successors):
        if module not in index:
            visit(module)
    return circles


def test_circles_are_seen() -> None:
    assert _circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [["a", "b", "c"]]
    assert _circles({"a": {"b"}, "b": {"c"}, "c": set()}) == []


def test_no_import_circles(graph: grimp.ImportGraph) -> None:
    circles = _circles({module: graph.find_modules_directly_imported_by(module) for module in graph.modules})
    assert not circles, "\n".join(" <-> ".join(circle) for circle in circles)


def test_a_games_files_import_downwards(graph: grimp.ImportGraph) -> None:
    """From options to game every file imports only those above it in the vocabulary; the text never imports the game."""
    names = list(shape.VOCABULARY)
    rank = {name: position for position, name in enumerate(names[: names.index("game") + 1])}
    upward = []
    for module in sorted(graph.find_descendants("agentarena.envs")):
        game, _, path = module.removeprefix("agentarena.envs.").partition(".")
        importer = path.partition(".")[0]
        for other in sorted(graph.find_modules_directly_imported_by(module)):
            target = other.removeprefix(f"agentarena.envs.{game}.").partition(".")[0]
            if importer in rank and target in rank and rank[target] > rank[importer]:
                upward.append(f"{module} imports {other}")
    assert not upward, "\n".join(upward)


def test_nothing_is_imported_by_a_computed_name() -> None:
    """`import_module` stands where a package's own names are loaded late, in the registry, and in the command line."""
    allowed = {
        "core/registry.py",
        *(f"{place}__init__.py" for place in ("", "cli/", "evaluate/", "leaderboard/", "train/", "train/populations/")),
    }
    callers = {
        str(path.relative_to(shape.PACKAGE))
        for path in shape.PACKAGE.rglob("*.py")
        if re.search(r"import_module\((?!\"[\w.]+\"\))", path.read_text(encoding="utf-8"))
    }
    assert callers == allowed


def test_no_long_functions() -> None:
    long = [f"{name} in {path}: {lines} lines" for path, name, lines in shape.functions() if lines > shape.LONGEST_FUNCTION]
    assert not long, "\n".join(long)


def test_no_long_files() -> None:
    long = [f"{path}: {lines} lines" for path, lines in shape.file_lengths().items() if lines > shape.LONGEST_FILE]
    assert not long, "\n".join(long)


def test_functions_are_short_on_the_whole() -> None:
    """The median and nine in ten of the libraries that are pleasant to read: 13 and 50 lines."""
    lengths = [function.lines for function in shape.functions()]
    assert shape.quantile(lengths, 0.5) <= 13
    assert shape.quantile(lengths, 0.9) <= 50


def test_lengths_count_decorators_and_nested_functions(tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "a.py").write_text("@property\ndef outer():\n    def inner():\n        pass\n    return inner\n")
    result = {function.name: function.lines for function in shape.functions(tmp_path / "package")}
    assert result == {"outer": 5, "inner": 2}


def test_game_folders_use_the_vocabulary() -> None:
    odd = [
        f"{folder}/{entry}"
        for folder, entries in shape.game_folders().items()
        for entry in entries
        if shape.part(entry) not in shape.VOCABULARY
    ]
    assert not odd, "names outside the vocabulary: " + ", ".join(odd)


def test_every_file_says_what_it_is_for() -> None:
    assert not [path for path in shape.PACKAGE.rglob("*.py") if not shape.purpose(path)]


def test_the_page_lists_the_files_of_today() -> None:
    page = shape.PAGE.read_text(encoding="utf-8")
    assert page.count(shape.BEGIN) == page.count(shape.END) == 1
    assert page == shape.page_with_folders(page), "run: python -m benchmarks.code_shape --write"


def test_the_page_draws_the_house_as_it_is() -> None:
    """Every package stands in the page's map, and its line of layers is import-linter's."""
    page = shape.PAGE.read_text(encoding="utf-8")
    house = page.partition("```")[2].partition("```")[0]
    drawn = set(re.findall(r"^  (\w+)/", house, re.MULTILINE))
    assert drawn == {path.parent.name for path in shape.PACKAGE.glob("*/__init__.py")}
    import tomllib

    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    line = " ← ".join(", ".join(name.strip().removeprefix("agentarena.") for name in layer.split(":")) for layer in reversed(layers))
    assert f"`{line}`" in page
