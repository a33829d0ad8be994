"""`agentarena envs`: the environments, the agents, and one environment's card and options."""

from __future__ import annotations

import dataclasses
from typing import Any

import click

from agentarena.core import registry

from .common import console, echo_json, json_option, show_table


@click.command("envs")
@click.argument("env", required=False)
@click.option("--agents", is_flag=True, help="List the agents instead, or those that can play ENV: as `agentarena agents` does.")
@click.option("--options", is_flag=True, help="With ENV: its options and presets only.")
@click.option("--markdown", is_flag=True, help="The list as a Markdown table, as in the README.")
@json_option
def command(env: str | None, agents: bool, options: bool, markdown: bool, as_json: bool) -> None:
    """List the environments; with ENV, show its card.

    \b
    agentarena envs
    agentarena envs Dhumbal-v0
    agentarena envs Dhumbal-v0 --options
    agentarena envs --agents
    """
    if agents:
        from .agents import command as list_agents

        click.get_current_context().invoke(list_agents, name=None, env=env, as_json=as_json, settings=())
    elif as_json:
        echo_json(_card(env) if env else [_card(one) for one in registry.env_ids()])
    elif markdown:
        click.echo(markdown_table())
    elif env is None:
        _list()
    elif options:
        _options(env)
    else:
        from rich.markdown import Markdown

        card = registry.card(env)
        if card:
            console.print(Markdown(card))
        _options(env)


def _card(env: str) -> dict[str, Any]:
    """An environment as JSON: what kind of game it is, its options and presets."""
    game, env_id = registry.game(env), registry.resolve(env)
    return {"id": env_id, "info": game.info, "options": _fields(env_id), "presets": type(game).presets}


def _fields(env: str) -> list[dict[str, Any]]:
    return [
        {"name": field.name, "default": field.default, **{key: field.metadata.get(key) for key in ("choices", "low", "high", "doc")}}
        for field in dataclasses.fields(registry.game_class(env))  # type: ignore[arg-type]  # every concrete game is a dataclass
    ]


_COLUMNS = ("id", "seats", "moves", "hidden information", "chance", "returns")


def _rows() -> list[tuple[str, ...]]:
    facts = {env_id: registry.game(env_id).info.facts() for env_id in registry.env_ids()}
    return [(env_id, *(fact[column] for column in _COLUMNS[1:])) for env_id, fact in facts.items()]


def _list() -> None:
    rows = []
    for env_id in registry.env_ids():
        info = registry.game(env_id).info
        facts = info.facts()
        rows.append((env_id, info.seats, facts["moves"], facts["hidden information"], facts["chance"], info.sum))
    show_table("Environments", ("id", "seats", "moves", "hidden", "chance", "sum"), rows, caption="Card and options: agentarena envs ID")


def markdown_table() -> str:
    """The environments as a Markdown table, each linked to its card."""
    lines = ["| " + " | ".join(_COLUMNS) + " |", "|" + " --- |" * len(_COLUMNS)]
    for env_id, *cells in _rows():
        folder = registry.game_class(env_id).__module__.rpartition(".")[0].replace(".", "/")
        lines.append(f"| [{env_id}]({folder}/card.md) | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _options(env: str) -> None:
    game_class = registry.game_class(env)
    rows = []
    for field in dataclasses.fields(game_class):  # type: ignore[arg-type]  # every concrete game is a dataclass
        metadata = field.metadata
        allowed = ", ".join(map(str, metadata.get("choices") or ())) or _range(metadata.get("low"), metadata.get("high"))
        rows.append((field.name, str(field.default), allowed, metadata.get("doc", "")))
    if rows:
        show_table(f"Options of {registry.resolve(env)}", ("option", "default", "allowed", "meaning"), rows)
    presets = [(name, ", ".join(f"{key}={value}" for key, value in settings.items())) for name, settings in game_class.presets.items()]
    if presets:
        show_table("Presets", ("preset", "settings"), presets)


def _range(low: object, high: object) -> str:
    if low is None and high is None:
        return ""
    return f"{'' if low is None else low} to {'' if high is None else high}".strip()
