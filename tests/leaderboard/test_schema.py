"""Definitions in TOML: what is refused, and which line the message names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pytest

from agentarena.core.errors import ArenaError, BadOption, UsageError
from agentarena.leaderboard import schema
from agentarena.leaderboard.board import Board
from agentarena.leaderboard.schema import setting
from agentarena.leaderboard.submission import Manifest


@dataclass(frozen=True)
class Inner:
    count: int = setting("How many.", 1, low=0, high=9)
    share: float | None = setting("A share.", None, low=0, high=1)


@dataclass(frozen=True)
class Outer:
    name: str = setting("Lower case.", pattern="[a-z]+", example='"a"')
    kind: Literal["one", "two"] = setting("Which.", "one")
    words: tuple[str, ...] = setting("Words.", ())
    inner: Inner = Inner()


def test_a_definition_is_read() -> None:
    read = schema.parse(Outer, 'name = "a"\nkind = "two"\nwords = ["x", "y"]\n[inner]\ncount = 3\nshare = 0.5\n', "t")
    assert read == Outer("a", "two", ("x", "y"), Inner(3, 0.5))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('name = "A"', ["line 1, name", "'A'", "Lower case.", '"a"']),
        ("", ["name: it is missing", 'Add: name = "a"']),
        ('name = "a"\nkind = "three"', ["line 2, kind", "one, two", "'three'"]),
        ('name = "a"\nwords = "x"', ["line 2, words", "a list"]),
        ('name = "a"\nwords = ["x", 1]', ["line 2, words", "a string", "got 1"]),
        ('name = "a"\n\n[inner]\ncount = 10', ["line 4, inner.count", "from 0 to 9", "got 10"]),
        ('name = "a"\n[inner]\ncount = true', ["line 3, inner.count", "a whole number", "True"]),
        ('name = "a"\ninner.share = 2', ["line 2, inner.share", "from 0 to 1"]),
        ('name = "a"\ninner = 3', ["line 2, inner", "a table"]),
        ('name = "a"\n[inner]\ncuont = 1', ["line 3, inner.cuont", "Did you mean count?"]),
        ("name = ", ["is no TOML", "Invalid value"]),
        ("x = [" + "[" * 2000, ["is no TOML"]),
        (f'name = "{"a" * 3000}"', ["line 1, name", "at most 2000 characters"]),
    ],
)
def test_errors_name_the_line_and_what_is_allowed(text: str, words: list[str]) -> None:
    with pytest.raises(ArenaError) as caught:
        schema.parse(Outer, text, "x.toml")
    for word in ["x.toml", *words]:
        assert word in str(caught.value)


def test_files_that_are_too_long_or_not_there(tmp_path) -> None:
    long = tmp_path / "a.toml"
    long.write_text("#" * (schema.LONGEST_FILE + 1))
    with pytest.raises(UsageError, match="at most"):
        schema.load(Outer, long)
    with pytest.raises(UsageError, match="is no file"):
        schema.load(Outer, tmp_path / "b.toml")
    (tmp_path / "c.toml").write_bytes(b"name = '\xff'")
    with pytest.raises(UsageError, match="not UTF-8"):
        schema.load(Outer, tmp_path / "c.toml")


def test_the_schema_follows_from_the_code() -> None:
    made = schema.json_schema(Outer)
    assert made["required"] == ["name"]
    assert made["properties"]["kind"] == {"enum": ["one", "two"], "default": "one", "description": "Which."}
    assert made["properties"]["inner"]["properties"]["count"]["maximum"] == 9
    for cls in (Board, Manifest):
        assert set(schema.json_schema(cls)["properties"]) == set(cls.__dataclass_fields__)


def test_rules_between_fields_name_the_file() -> None:
    with pytest.raises(BadOption, match=r"x.toml.*exactly one of entry, spec and command.*spec and command"):
        schema.parse(Manifest, 'name="a"\nversion="1"\nauthors=["b"]\nspec="random"\ncommand=["x"]', "x.toml")
