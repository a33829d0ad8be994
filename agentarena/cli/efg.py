"""`agentarena efg`: small games as Gambit's .efg texts, written, solved, and built from JSON documents."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from ._words import written_by, written_options
from .common import echo_json, env_options, json_option, key_values, say, show_table

_OUT = click.option("-o", "--out", type=click.Path(dir_okay=False), metavar="FILE", help="File to write; by default stdout.")


@click.group("efg")
def command() -> None:
    """Write small games as .efg texts for Gambit, solve such texts, and build them from JSON documents.

    \b
    agentarena efg export KuhnPoker-v0 -o kuhn.efg
    agentarena efg solve kuhn.efg
    agentarena efg words rules.txt --model hf:Qwen/Qwen3-4B -o game.efg
    agentarena play EFG-v0 cfr random --set source=kuhn.efg
    """


@command.command("export")
@click.argument("env")
@_OUT
@click.option("--max-nodes", default=200_000, show_default=True, type=click.IntRange(min=1), help="Largest tree that is written.")
@env_options
def export(env: str, out: str | None, max_nodes: int, settings: tuple[str, ...]) -> None:
    """Write ENV as an .efg text. It needs information keys and listed chances, as every small game here has."""
    from agentarena.core import registry
    from agentarena.evaluate.efg import to_efg

    _write(to_efg(registry.game(env, **key_values(settings)), max_nodes=max_nodes), out)


@command.command("solve")
@click.argument("file", type=click.Path(dir_okay=False, exists=True))
@click.option(
    "--iterations", default=2000, show_default=True, type=click.IntRange(min=1), help="Of CFR+, where there is no linear program."
)
@json_option
def solve(file: str, iterations: int, as_json: bool) -> None:
    """Solve the game of an .efg FILE: exactly for two players and a constant sum, else the average policy of CFR+ with its NashConv.

    For more players or a general sum CFR+ need not find an equilibrium; NashConv says how far it is from one.
    """
    from agentarena.agents.search.cfr import solve as cfr
    from agentarena.agents.search.lp import solve_lp
    from agentarena.envs.efg import EFG
    from agentarena.envs.efg.engine.form import forgetful_sets

    game = EFG(source=file if "/" in file else f"./{file}")
    exact = game.info.seats == 2 and game.info.sum in ("zero", "constant")
    solution = solve_lp(game) if exact else cfr(game, iterations, variant="plus")
    method = "linear program" if exact else f"CFR+, {iterations} iterations"
    left = list(solution.nash_conv.values())[-1]
    notes = [f"{sentence}; solved as if it remembered" for sentence in forgetful_sets(game.form)]
    if as_json:
        names = game.played.actions
        policies = [{key: {names[a]: p for a, p in row.items()} for key, row in table.items()} for table in solution.policies]
        values = {"method": method, "values": list(solution.values), "nash_conv": left, "policies": policies, "notes": notes}
        echo_json({"title": game.form.title, "nodes": len(game.form.nodes), "sets": len(game.form.sets), **values})
        return
    say(f'"{game.form.title}": {len(game.form.nodes)} nodes, {game.info.sum}-sum; {method}, NashConv {left:.3g}')
    for note in notes:
        say(f"note: {note}")
    for seat, value in enumerate(solution.values):
        say(f"player {seat} ({game.form.players[seat]}): {value:+.7f}")
    show_table("policies", ["player", "information set", "policy"], _rows(game, solution))


def _rows(game: Any, solution: Any) -> list[list[str]]:
    """The policy at each information set, by the names of the file."""
    rows = []
    for seat, table in enumerate(solution.policies):
        for key, policy in table.items():
            own, _, at = key.partition(":")[2].rpartition(" ")
            name = game.form.sets[int(at)].label or str(int(at) + 1)
            shares = ", ".join(f"{game.played.actions[action]} {p:.4f}" for action, p in policy.items())
            rows.append([str(seat), f"{name}" + (" (after own moves)" if own and not game.form.sets[int(at)].label else ""), shares])
    return rows


@command.command("build")
@click.argument("file", type=click.Path(dir_okay=False, exists=True))
@_OUT
def build(file: str, out: str | None) -> None:
    """Build an .efg text from a JSON document of players, information sets and nodes; what is wrong with it is listed.

    A language model writes such a document from rules in words: see agentarena efg words.
    """
    from agentarena.core import jsonl
    from agentarena.core.errors import UsageError
    from agentarena.envs.efg.engine.document import GameBuilder
    from agentarena.envs.efg.engine.writer import write_efg

    try:
        document = jsonl.parse(Path(file).read_bytes())
    except ValueError as error:
        raise UsageError(f"{file}: {error}") from None
    _write(write_efg(GameBuilder(document).form()), out)


@command.command("words")
@click.argument("rules", type=click.Path(dir_okay=False, exists=True))
@click.option("--model", required=True, help="A language model: tiny, hf:MODEL, vllm:MODEL, openai:MODEL?base_url=...")
@click.option("--document", type=click.Path(dir_okay=False), metavar="FILE", help="Write the model's JSON document there, too.")
@written_options
@_OUT
def words(rules: str, model: str, document: str | None, out: str | None, repairs: int, **sampling: Any) -> None:
    """Have a language model write the game of a text file RULES as a tree, in two stages; what is wrong is sent back to it.

    No code of the model is run. Exit code 1, with the stage and the reasons, where its replies cannot be used.

    \b
    agentarena efg words pennies.txt --model hf:Qwen/Qwen3-4B -o pennies.efg
    agentarena efg words pennies.txt --model "openai:gpt-4.1" --repairs 5 --document pennies.json -o pennies.efg
    """
    from agentarena.evaluate.game_words import game_from_words

    result = written_by(
        model, lambda complete: game_from_words(Path(rules).read_text(encoding="utf-8"), complete, repairs=repairs), sampling
    )
    if document:
        _write(json.dumps(result.document, indent=1) + "\n", document)
    _write(result.efg, out)


def _write(text: str, out: str | None) -> None:
    if out is None:
        sys.stdout.write(text)
        return
    Path(out).write_text(text, encoding="utf-8")
    say(f"wrote {out}")
