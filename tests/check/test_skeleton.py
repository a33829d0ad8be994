"""The newcomer's path: write the skeleton, fill it in method by method, and see the contract turn green."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentarena.check import check, skeleton, write_golden
from agentarena.core import registry
from agentarena.core.errors import UsageError

GAME = {
    "info": 'return GameInfo(seats=2, low=-1.0, high=1.0, unit="win", sum="zero", max_steps=self.size)',
    "_action_space": "return gymnasium.spaces.Discrete(3)",
    "_observation_space": "return gymnasium.spaces.Box(0, self.size, (1,), np.int8)",
    "start": "return State(self.size, ())",
    "to_move": "return (len(state.history) % 2,) if state.left else ()",
    "legal": "return tuple(range(min(3, state.left)))",
    "step": """(action,) = actions.values()
        return State(state.left - action - 1, (*state.history, int(action)))""",
    "rewards": """if state.left:
            return (0.0, 0.0)
        return (1.0, -1.0) if len(state.history) % 2 else (-1.0, 1.0)""",
    "observe": "return np.array([state.left], np.int8)",
    "news": """if not state.history:
            return ()
        return (Event("take", {"seat": 1 - len(state.history) % 2, "count": state.history[-1] + 1}),)""",
    "information": 'return " ".join(map(str, state.history))',
}
TEXT = {
    "rules": """return (
            f"There are {self.game.size} stones. Two players take 1, 2 or 3 in turn; whoever takes the last one wins. "
            f"You are seat {seat}. Reply with <answer>MOVE</answer>; a move is like: take 2"
        )""",
    "look": 'return f"{state.left} stones are left."',
    "tell": """return f"Seat {event.data['seat']} took {event.data['count']}." """,
    "name": 'return f"take {action + 1}"',
}


FIRST = (
    "info is valid",
    "spaces are stable",
    "ends within max_steps",
    "returns match info",
    "observations fit their space",
    "information keys are strings",
    "rules text",
    "view text",
)


def fill(path: Path, bodies: dict[str, str]) -> None:
    """Put a body in place of what each method says is missing."""
    text = path.read_text()
    for method, body in bodies.items():
        pattern = re.compile(rf"(def {method}\(.*?\n)        raise NotImplementedError\(.*?\)\n(?=\n|\Z)", re.DOTALL)
        text, count = pattern.subn(lambda match, body=body: f"{match[1]}        {body}\n", text, count=1)
        assert count == 1, f"{path.name} has no gap {method}"
    path.write_text(text)


def forget(package: str) -> None:
    for name in [name for name in sys.modules if name == package or name.startswith(f"{package}.")]:
        del sys.modules[name]


@pytest.fixture
def nim(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    skeleton.write("nim", tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path / "nim"
    forget("nim")


def its_own_test(package: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(package)]
    return subprocess.run(command, capture_output=True, text=True, cwd=package.parent, check=False)


def test_the_skeleton_imports_and_says_what_is_missing(nim: Path) -> None:
    report = check("nim:Nim", golden=nim / "tests" / "golden")
    reasons = "\n".join(report.lines())
    assert not report.ok
    assert "game.py, info: return GameInfo(" in reasons
    run = its_own_test(nim)
    assert run.returncode == 1
    assert "game.py, info: return GameInfo(" in run.stdout


def test_following_the_failures_leads_to_green(nim: Path) -> None:
    """Fill in whatever the first failure names, again and again: every gap gets its turn, and nothing else is needed."""
    (nim / "game.py").write_text(with_fields(nim))
    bodies = {("game.py", name): body for name, body in GAME.items()} | {("text.py", name): body for name, body in TEXT.items()}
    while True:
        forget("nim")
        named = re.findall(r"((?:game|text)\.py), (\w+): return", "\n".join(check("nim:Nim", seeds=[0], only=FIRST).lines()))
        if not named:
            break
        file, method = named[0]
        fill(nim / file, {method: bodies.pop((file, method))})
    assert not bodies
    assert all(result.name.startswith("card") for result in check("nim:Nim").failures)


def with_fields(nim: Path) -> str:
    field = "    history: tuple[int, ...]\n"
    text = (nim / "game.py").read_text()
    assert field in text
    return text.replace(field, f"    left: int\n{field}")


def test_filled_in_it_keeps_the_contract(nim: Path) -> None:
    (nim / "game.py").write_text(with_fields(nim))
    fill(nim / "game.py", GAME)
    fill(nim / "text.py", TEXT)
    report = check("nim:Nim", golden=nim / "tests" / "golden")
    assert [result.name for result in report.failures] == ["card states the facts", "card is filled in", "golden transcript replays"]
    rows = "\n".join(f"| {label} | {value} |" for label, value in registry.game("nim:Nim").info.facts().items())
    assert rows in report.failures[0].reason
    card = nim / "card.md"
    text = card.read_text().replace("|---|---|\n\nThe contract test prints the rows that belong here.\n", f"|---|---|\n{rows}\n")
    assert "line 3: Fill in: one paragraph" in report.failures[1].reason
    card.write_text(text.replace("Fill in: ", "Nim: ").replace("Fill in.", "All of it.").replace("| fill in |", "| stones at the start |"))
    write_golden("nim:Nim", nim / "tests" / "golden")
    check("nim:Nim", golden=nim / "tests" / "golden").raise_for_failures()
    run = its_own_test(nim)
    assert run.returncode == 0, run.stdout


def test_the_advice_of_new_is_that_of_the_page(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "new-game.md").read_text()
    skeleton.write("nim", tmp_path)
    for line in skeleton.advice(Path("nim")).splitlines()[1:]:
        assert line.strip() in page
    assert f"cd {tmp_path}" in skeleton.advice(tmp_path / "nim")


def test_one_reason_for_many_failures_is_printed_once(nim: Path) -> None:
    lines = check("nim:Nim").lines(verbose=False)
    assert sum("game.py, info: return" in line for line in lines) == 1
    assert "The same: options round-trip, info is valid" in "\n".join(lines)


def test_its_bot_plays(nim: Path) -> None:
    (nim / "game.py").write_text(with_fields(nim))
    fill(nim / "game.py", GAME)
    fill(nim / "text.py", TEXT)
    from agentarena.core.agent import View

    bots, rules = registry.bots("nim"), registry.game("nim:Nim")
    assert list(bots) == ["nim/first"]
    assert bots["nim/first"]().choose(View(rules, rules.start(None), 0)) == 0


@pytest.mark.parametrize(
    ("name", "package", "cls"), [("nim", "nim", "Nim"), ("Liars Dice", "liars_dice", "LiarsDice"), ("tic-tac", "tic_tac", "TicTac")]
)
def test_names(name: str, package: str, cls: str, tmp_path: Path) -> None:
    paths = skeleton.write(name, tmp_path)
    assert [str(path.relative_to(tmp_path / package)) for path in paths] == [
        "__init__.py",
        "game.py",
        "text.py",
        "bots.py",
        "card.md",
        f"tests/test_{package}.py",
    ]
    assert f"class {cls}(Game[State]):" in (tmp_path / package / "game.py").read_text()
    assert all("$" not in path.read_text() for path in paths)


@pytest.mark.parametrize("name", ["", "1st", "class", "a/b", "spiel!"])
def test_impossible_names_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot name a package"):
        skeleton.write(name, tmp_path)


@pytest.mark.parametrize("name", ["random", "string", "numpy", "agentarena"])
def test_a_game_never_hides_a_module_that_other_programs_import(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="would hide"):
        skeleton.write(name, tmp_path)
    assert not list(tmp_path.iterdir())


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    skeleton.write("nim", tmp_path)
    with pytest.raises(UsageError, match="is there already"):
        skeleton.write("nim", tmp_path)


def test_written_files_are_formatted_and_clean(tmp_path: Path) -> None:
    skeleton.write("nim", tmp_path)
    for command in (["check", "--select", "E,F,W,I,UP,B", "--ignore", "E501"], ["format", "--check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--isolated", "--line-length", "140", str(tmp_path)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
