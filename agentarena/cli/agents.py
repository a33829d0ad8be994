"""`agentarena agents`: who can play: what each agent is, what it plays, and its parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from .common import echo_json, json_option, key_values, say, show_table
from .common import env_options as game_options

if TYPE_CHECKING:
    from agentarena.agents.catalogue import AgentCard, Parameter


@click.command("agents")
@click.argument("name", required=False)
@click.option("--env", metavar="ENV", help="Only those that can play this environment; its options are given by --set.")
@json_option
@game_options
def command(name: str | None, env: str | None, as_json: bool, settings: tuple[str, ...]) -> None:
    """List the agents: what each is, what it plays, and its parameters; with NAME, all about one; with --env, those that can play it.

    \b
    agentarena agents
    agentarena agents mcts
    agentarena agents --env KuhnPoker-v0
    """
    from agentarena.agents import catalogue
    from agentarena.core import registry

    if name is not None and env is None and name in registry.env_ids():
        name, env = None, name
    if (name is not None and env is not None) or (settings and env is None):
        raise click.UsageError("give an agent's name, or --env ENV and its options, not both")
    if name is not None:
        card = catalogue.described(name)
        echo_json(card) if as_json else _show(card)
        return
    game = None if env is None else registry.game(env, **key_values(settings))
    cards = catalogue.catalogue() if game is None else catalogue.playing(game)
    if as_json:
        echo_json(cards)
        return
    rows = [(card.name, _plays(card), card.summary, _listed(card.parameters)) for card in cards]
    caption = "All about one: agentarena agents NAME. Parameters: 'name?first=1&second=2'; every agent takes name=... Schemes are followed by a model."
    show_table(f"Agents of {env}" if env else "Agents", ("name", "plays", "what it is", "parameters"), rows, caption=caption)


def _plays(card: AgentCard) -> str:
    from agentarena.core import registry

    missing = [env for env in registry.env_ids() if env not in card.plays]
    if not missing:
        return "every environment"
    if len(missing) <= 10:
        return f"all but {', '.join(missing)}"
    return ", ".join(card.plays) or "none under its default options"


_MOST, _FIRST = 6, 3
"""Most parameters that the list shows of one agent, and how many it shows of one that has more."""


def _listed(parameters: Sequence[Parameter]) -> str:
    listed = parameters if len(parameters) <= _MOST else parameters[:_FIRST]
    more = f", and {len(parameters) - _FIRST} more" if listed is not parameters else ""
    return ", ".join(map(_short, listed)) + more


def _short(parameter: Parameter) -> str:
    kind = f": {parameter.type}" if parameter.type else ""
    return f"{parameter.name}{kind}{f' = {parameter.default}' if parameter.default else ', to be given'}"


def _show(card: AgentCard) -> None:
    say(f"{card.name}  ({card.source})", style="bold")
    say(card.summary or "It says nothing about itself.")
    say(f"Plays: {', '.join(card.plays) or 'none of the environments under their default options'}")
    rows = [(one.name, one.type, one.default or "to be given", one.doc) for one in card.parameters]
    rows.append(("name", "str", "the spec string", "How records and tables name the agent."))
    show_table("Parameters", ("parameter", "type", "default", "meaning"), rows)
