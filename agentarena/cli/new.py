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
        console.print(f"wrote {path}")
    console.print("\nNext: fill in game.py, then text.py, and run the test until it is green. Each failure says what is missing.")
