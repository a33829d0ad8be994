"""`agentarena new`: the skeleton of a game."""

from __future__ import annotations

import click

from .common import console


@click.command("new")
@click.argument("name")
@click.option("--dir", "folder", default=".", show_default=True, type=click.Path(file_okay=False), help="Where to write the package.")
def command(name: str, folder: str) -> None:
    """Write the skeleton of a game called NAME: rules, text face, bot, card and a contract test that fails until it is filled in.

    \b
    agentarena new nim
    """
    from agentarena.check import skeleton

    paths = skeleton.write(name, folder)
    for path in paths:
        console.print(f"wrote {path}", markup=False, soft_wrap=True)
    console.print(f"\n{skeleton.advice(paths[0].parent)}", markup=False, soft_wrap=True)
