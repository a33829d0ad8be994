"""`agentarena pokemon`: the simulator of Pokémon VGC, and teams."""

from __future__ import annotations

from typing import Any

import click

from .common import echo_json, json_option, say, show_table

_FORMAT = click.option("--format", "format_", default="gen9championsvgc2026regmb", show_default=True, help="Id of the format.")


@click.group("pokemon")
def command() -> None:
    """Install the simulator that Pokémon VGC is played on, and make and check teams.

    \b
    agentarena pokemon install
    agentarena pokemon status
    agentarena pokemon validate my-team.txt
    agentarena pokemon team --seed 7 > my-team.txt
    """


@command.command("install")
@click.option("--force", is_flag=True, help="Install also where it is there.")
def install(force: bool) -> None:
    """Fetch the pinned simulator with npm into the cache, once for all environments of this user.

    The folder is `$AGENTARENA_CACHE`, else the user's folder of caches. npm and its registry are those of your settings; packages are
    checked against the hashes of the lock file, and none of their scripts is run.
    """
    from agentarena.envs.pokemon_vgc.engine import install as setup

    say(f"pokemon-showdown {setup.SHOWDOWN} is in {setup.install(force=force)}")


@command.command("status")
@json_option
def status(as_json: bool) -> None:
    """Show which Node and which simulator are used, and whether they run. Exit code 1 when they do not."""
    from agentarena.envs.pokemon_vgc.engine import Engine, EngineError
    from agentarena.envs.pokemon_vgc.engine.install import find_node, find_package

    items: dict[str, str] = {}
    problem = ""
    try:
        items["node"] = str(find_node())
        items["package"] = str(find_package())
        with Engine() as engine:
            items["node_version"] = engine.hello.node
            items["showdown_version"] = engine.hello.showdown
            items["formats"] = ", ".join(sorted(engine.hello.formats))
    except EngineError as error:
        problem = str(error)
    if as_json:
        echo_json({**items, "runs": not problem, "problem": problem})
    else:
        show_table("Simulator of Pokémon VGC", ("item", "value"), [*items.items(), ("runs", "yes" if not problem else f"no: {problem}")])
    if problem:
        raise SystemExit(1)


@command.command("validate")
@click.argument("path")
@_FORMAT
@click.option("--rule", "rules", multiple=True, help="A custom rule on top of the format's; may be repeated.")
@json_option
def validate(path: str, format_: str, rules: tuple[str, ...], as_json: bool) -> None:
    """Say what keeps the teams of PATH, a file or a folder, from being played. Exit code 1 when one may not.

    Files hold teams in Showdown's export format or its packed format, one or many.
    """
    from agentarena.envs.pokemon_vgc.engine import Engine, EngineError
    from agentarena.envs.pokemon_vgc.teams import read_teams

    teams = read_teams(path)
    with Engine() as engine:
        answers = engine.validate_many(format_, [team.team for team in teams], rules)
    rows: list[dict[str, Any]] = []
    for team, problems in zip(teams, answers, strict=True):
        if isinstance(problems, EngineError):
            raise problems
        rows.append({"team": team.name, "legal": not problems, "problems": problems})
    if as_json:
        echo_json({"format": format_, "teams": rows})
    else:
        for row in rows:
            say(f"{row['team']}: {'legal' if row['legal'] else 'may not be played'} in {format_}")
            for problem in row["problems"]:
                say(f"- {problem}")
    if not all(row["legal"] for row in rows):
        raise SystemExit(1)


@command.command("team")
@_FORMAT
@click.option("--seed", default=0, show_default=True, type=click.IntRange(min=0), help="The same seed gives the same teams.")
@click.option("--teams", default=1, show_default=True, type=click.IntRange(1, 1000), help="How many.")
@click.option("--packed", is_flag=True, help="Packed, one a line, in place of the export format.")
def team(format_: str, seed: int, teams: int, packed: bool) -> None:
    """Print legal teams of a format, drawn from the simulator's own generators."""
    from agentarena.envs.pokemon_vgc.engine import Engine
    from agentarena.envs.pokemon_vgc.teams import format_export, generate_pools, spelled

    with Engine() as engine:
        drawn = generate_pools(engine, format_, seed, train=teams, held_out=1).train_teams(teams)
        if packed:
            click.echo("\n".join(drawn))
            return
        for number, one in enumerate(drawn, 1):
            click.echo(f"=== [{format_}] seed {seed}, team {number} ===\n")
            click.echo(format_export(spelled(engine, one)))
