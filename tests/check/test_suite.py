"""The contract suite sees every fault it names: each check has games that fail it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from fixtures import action_games
from fixtures.array_games import Pairs
from fixtures.broken import BROKEN
from fixtures.games import GAMES, Pile

from agentarena.check import check, run, suite
from agentarena.check.clauses import CHECKS
from agentarena.core.errors import ContractError, UnknownName, UsageError
from agentarena.core.game import Game
from agentarena.core.registry import ENVS


@pytest.mark.parametrize("kind", [*GAMES, *action_games.GAMES, Pairs], ids=lambda kind: kind.__name__)
def test_sound_games_of_every_shape_pass(kind: type[Game[Any]]) -> None:
    check(kind).raise_for_failures()


@pytest.mark.parametrize(("name", "kind"), BROKEN, ids=lambda x: x if isinstance(x, str) else x.__name__)
def test_a_broken_game_fails_the_check_of_its_fault(name: str, kind: type[Game[Any]], tmp_path: Path) -> None:
    registered = name.startswith(("card", "golden"))
    subject = f"{kind.__module__}:{kind.__qualname__}" if registered else kind
    report = check(subject, only=[name], golden=tmp_path)
    assert not report.ok, f"{kind.__name__} passed {name!r}"
    assert report.failures[0].reason
    with pytest.raises(ContractError, match=kind.__name__):
        report.raise_for_failures()


def test_every_check_is_failed_by_some_broken_game() -> None:
    check(Pile())
    assert {clause.name for clause in CHECKS} == {name for name, _ in BROKEN}


def test_check_names_are_distinct_and_explained() -> None:
    check(Pile())
    assert len({clause.name for clause in CHECKS}) == len(CHECKS)
    assert all(clause.test.__doc__ for clause in CHECKS)


def test_a_report_counts_what_does_not_apply_apart_from_what_passed() -> None:
    report = check(Pile())
    statuses = [result.status for result in report]
    assert statuses.count("n/a") > 0
    assert report.lines()[-1] == f"fixtures.games:Pile: {statuses.count('pass')} passed, 0 failed, {statuses.count('n/a')} not applicable"
    assert report.lines(verbose=False) == report.lines()[-1:]


def test_presets_are_checked_of_a_class_but_not_of_a_game() -> None:
    assert {result.preset for result in check(Pile)} == {"", "short"}
    assert {result.preset for result in check(Pile())} == {""}


def test_a_class_that_cannot_be_built_is_a_finding() -> None:
    report = run("fixtures.broken:NeedsAnArgument")
    assert [result.name for result in report.failures] == ["builds"]
    assert "invalid literal" in report.failures[0].reason


def test_unknown_checks_and_games_are_named() -> None:
    with pytest.raises(UnknownName, match="legal moves"):
        check(Pile, only=["legal move"])
    with pytest.raises(UsageError, match="expected an environment id"):
        check(3)  # type: ignore[arg-type]  # the point of it


def test_the_suite_knows_no_game_by_name() -> None:
    source = "\n".join(path.read_text().lower() for path in Path(suite.__file__).parent.glob("*.py"))
    folders = {target.split(":")[0].rpartition(".")[2] for target in ENVS.values()}
    names = {env_id.partition("-v")[0].lower() for env_id in ENVS}
    assert not [name for name in sorted(folders | names) if re.search(rf"\b{name}\b", source)]
