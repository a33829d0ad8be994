"""`agentarena serve`: the boards in a browser."""

from __future__ import annotations

import click

from .common import say
from .submit import home_option, store_option


@click.command("serve")
@home_option
@store_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at; 0.0.0.0 shows the boards to the whole network.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 for any that is free.")
@click.option("--submit", is_flag=True, help="Offer a form that submits agents; they are played on this machine.")
@click.option("--play/--no-play", default=True, show_default=True, help="Let people play games of one seat, e.g. Shop-v0.")
def command(home: str | None, store: str | None, host: str, port: int, submit: bool, play: bool) -> None:
    """Show the boards in a browser: standings, agents, matches and replays; and play games of one seat there.

    \b
    agentarena serve                       http://127.0.0.1:8000
    agentarena serve --submit              with a form to submit agents
    """
    from agentarena.leaderboard.web.server import serve

    serve(home, store, host=host, port=port, submit=submit, play=play, ready=lambda url: say(f"serving {url} (Ctrl-C ends it)"))
