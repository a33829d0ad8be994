"""The skeleton of a new game: a package that imports, and a contract test that fails until the game is filled in."""

from __future__ import annotations

import importlib.util
import keyword
import sys
import sysconfig
from importlib import resources
from pathlib import Path
from string import Template

from agentarena.core.errors import UsageError

__all__ = ["advice", "write"]

_FILES = {
    "init.py.txt": "__init__.py",
    "game.py.txt": "game.py",
    "text.py.txt": "text.py",
    "bots.py.txt": "bots.py",
    "card.md.txt": "card.md",
    "test.py.txt": "tests/test_{package}.py",
}
"""Template -> file of the package."""


def write(name: str, folder: str | Path = ".") -> list[Path]:
    """Write the package of a new game into `folder`.

    Args:
        name: In any of these ways: "nim", "liars_dice", "liars-dice", "Liars Dice".
        folder: Where the package goes; it gets the folder's subfolder `liars_dice`.

    Returns:
        The files written: rules, text face, bots, card and the contract test.

    Raises:
        UsageError: The name is no name for a package, is that of an installed one, or something of that name is there.
    """
    package = "_".join(name.replace("-", " ").replace("_", " ").lower().split())
    if not (package.isidentifier() and package.isascii()) or keyword.iskeyword(package):
        raise UsageError(f"{name!r} cannot name a package; expected letters, digits and underscores, e.g. 'liars_dice'")
    root = Path(folder) / package
    if root.exists():
        raise UsageError(f"{root} is there already; choose another name or another folder")
    if _is_installed(package):
        raise UsageError(
            f"{package!r} is a module of Python or of an installed package, which yours would hide; choose another name, e.g. '{package}_game'"
        )
    words = package.split("_")
    names = {
        "package": package,
        "cls": "".join(word.capitalize() for word in words),
        "prefix": "".join(words),
        "title": " ".join(words).capitalize(),
    }
    written = [_render(template, root / path.format(package=package), names) for template, path in _FILES.items()]
    (root / "tests" / "__init__.py").write_text("", encoding="utf-8")
    return written


def _is_installed(package: str) -> bool:
    """Whether `import package` works already, in any program of this Python."""
    if package in sys.stdlib_module_names or package == __name__.partition(".")[0]:
        return True
    here = Path.cwd()
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        return True  # a module that is broken, or made by hand
    places = [] if spec is None else [spec.origin, *(spec.submodule_search_locations or ())]
    parents = [Path(place).resolve().parents for place in places if place is not None]
    installed = {Path(sysconfig.get_path(name)).resolve() for name in ("purelib", "platlib")}  # also where they lie in this folder
    return any(here not in above or not installed.isdisjoint(above) for above in parents)


def advice(package: Path) -> str:
    """The commands that lead from the skeleton in this folder to a game that others can play."""
    name = package.name
    game = f"{name}.game:{''.join(word.capitalize() for word in name.split('_'))}"
    steps = (
        *([f"cd {package.parent}"] if package.parent != Path() else []),
        f"agentarena check {game}   # says what is missing: fill in game.py, then text.py, bots.py and card.md, until it is green",
        f"agentarena play {game} human random --matches 1",
        f"agentarena check {game} --write-golden {name}/tests/golden   # once it plays as it should; read it",
        f"python -m pytest {name}   # the same contract, with the transcript, as a test",
    )
    return "\n".join(("Next:", *(f"  {step}" for step in steps)))


def _render(template: str, path: Path, names: dict[str, str]) -> Path:
    source = resources.files(__package__) / "templates" / template
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(Template(source.read_text(encoding="utf-8")).substitute(names), encoding="utf-8")
    return path
