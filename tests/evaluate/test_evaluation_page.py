"""The page on evaluation: its Python runs, and it names every public function."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import agentarena.evaluate as evaluate

PAGE = (Path(__file__).parents[2] / "docs" / "evaluation.md").read_text(encoding="utf-8")


def test_its_python_runs() -> None:
    names: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(compile(block, "docs/evaluation.md", "exec"), names)


def test_every_function_is_mentioned() -> None:
    functions = [name for name in evaluate.__all__ if inspect.isfunction(getattr(evaluate, name))]
    missing = [name for name in functions if not re.search(rf"\b{name}\b", PAGE)]
    assert missing == ["expected_score"]  # a helper that needs no page


def test_its_numbers_of_games_are_those_of_the_code() -> None:
    elos = [float(cell) for cell in re.search(r"\| Elo difference \|(.*)\|", PAGE)[1].split("|")]  # type: ignore[index]
    for power, cells in re.findall(r"\| power (\d+) % \|(.*)\|", PAGE):
        printed = [int(cell.replace(",", "")) for cell in cells.split("|")]
        assert printed == [evaluate.games_needed(elo, power=int(power) / 100) for elo in elos]


def test_its_fewest_deals_are_those_of_the_code() -> None:
    from agentarena.evaluate import deals, standing

    assert f"| mean return, difference | {deals.FEWEST_FOR_MEANS} deals" in PAGE
    assert f"| Elo | {deals.FEWEST_DEALS} deals" in PAGE
    assert (
        f"| \u03b1-Rank's share | {deals.FEWEST_DEALS} deals a pair, each with margins that vary, at most {standing.MOST_FOR_MASSES} agents"
        in PAGE
    )
