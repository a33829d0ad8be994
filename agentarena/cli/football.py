"""`agentarena football`: how much recorded attackers tell of their play."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from .common import echo_json, json_option, say, show_table, trust_option

if TYPE_CHECKING:
    from agentarena.envs.football.analysis.observer import Leak, Observation

__all__ = ["command"]


@click.group("football")
def command() -> None:
    """Measure recorded matches of Football-v0 and of Hexner's games.

    \b
    agentarena play Football-v0 football/caller?fake=3 football/caller --matches 100 --out runs/calls.jsonl
    agentarena football leak runs/calls.jsonl
    """


@command.command("leak")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True))
@click.option("--ask", "spec", metavar="AGENT", help="Ask this agent, which must draw nothing, what it would do as every type.")
@click.option("--posted", is_flag=True, help="Take the beliefs that the game posted.")
@trust_option
@json_option
def leak(files: tuple[str, ...], spec: str | None, posted: bool, trust: bool, as_json: bool) -> None:
    """What a Bayesian observer knows of the attackers' play after each step, in bits. FILES are records or folders of records.

    0 bits: the play cannot be told from how they move; 1 bit: of two even plays it is known. The observer learns how often attackers of
    each type make each call from all other matches of theirs. One table for each attacking agent and game.

    \b
    agentarena football leak runs/llm.jsonl
    agentarena football leak runs/calls.jsonl --ask football/caller?fake=3
    """
    if spec is not None and posted:
        raise click.UsageError("--ask and --posted are two observers; give one")
    tables = []
    for title, observations in _groups(files, trust):
        if spec is None and not posted and len(observations) < 2:
            say(f"{title}: one match is too little for an observer who learns from the others")
            continue
        tables.append((title, _observed(observations, spec, posted)))
    if as_json:
        echo_json([{"attackers": title, "matches": len(result.types), "steps": _rows(result)} for title, result in tables])
        return
    for title, result in tables:
        rows = [tuple(_cell(row[name]) for name in _COLUMNS) for row in _rows(result)]
        show_table(f"{title}, {len(result.types)} matches", _COLUMNS, rows)


_COLUMNS = ("step", "leak, bits", "standard error", "log score", "Brier score")


def _groups(files: Sequence[str], trust: bool) -> list[tuple[str, list[Observation]]]:
    """What to call each game and its attackers, and their matches, of all files."""
    from agentarena.core.record_files import record_files
    from agentarena.core.registry import env_id_of
    from agentarena.envs.football.analysis.observer import by_attackers
    from agentarena.matches.results import Results

    records = (record for path in files for file in record_files(path) for record in Results.load(file, trust=trust).records)
    groups = by_attackers(records).items()
    return [(f"{env_id_of(game)}: {', '.join(dict.fromkeys(names))}", observations) for (game, names), observations in groups]


def _observed(observations: list[Observation], spec: str | None, posted: bool) -> Leak:
    from agentarena.agents.specs import agent
    from agentarena.envs.football.analysis import observer

    if spec is None:
        return observer.posted(observations) if posted else observer.learned(observations)
    player = agent(spec)
    try:
        return observer.queried(observations, player)
    finally:
        player.close()


def _rows(result: Leak) -> list[dict[str, float]]:
    columns = (range(len(result.bits)), result.bits, result.bits_error, result.log_score, result.brier)
    return [dict(zip(_COLUMNS, (step, *map(float, rest)), strict=True)) for step, *rest in zip(*columns, strict=True)]


def _cell(value: float) -> str:
    """A number; nothing where there is none."""
    return str(value) if isinstance(value, int) else "" if value != value else f"{value + 0.0:.3f}"
