"""The command line, `agentarena`: one module a command, imported when it is called.

Exit codes: 0 all went well; 1 a check, verification or comparison failed; 2 the command was misused or a file
cannot be used; 130 interrupted.
"""

from __future__ import annotations

import importlib
import io
import logging
import os
import sys
from typing import Any

import click

from agentarena.core.display import printable_lines
from agentarena.core.distribution import DISTRIBUTION
from agentarena.core.errors import ArenaError

__all__ = ["COMMANDS", "cli", "main"]

COMMANDS = {
    "envs": "List environments, or show one environment's card.",
    "agents": "List agents: what each is, what it plays, and its parameters.",
    "play": "Play matches and print the standings.",
    "watch": "Watch one match move by move.",
    "tournament": "Rank several agents against each other.",
    "generalize": "Compare agents under settings they were trained on and under others.",
    "replay": "Step through a recorded match.",
    "prompts": "Show what language models were sent, or export it for fine-tuning.",
    "verify": "Replay records and compare them byte for byte.",
    "report": "Write an HTML report from records.",
    "submit": "Enter an agent into a board.",
    "leaderboard": "Show and keep local boards.",
    "serve": "Show the boards in a browser.",
    "train": "Train a policy by self-play.",
    "lspo": "Teach a language model to speak as an equilibrium of its own words.",
    "consensus": "Rank candidate answers of a language model in equilibrium.",
    "efg": "Write small games as .efg texts, and solve such texts.",
    "skills": "Validate specifications of skill games.",
    "football": "Measure how much recorded attackers tell of their play.",
    "pokemon": "Install the simulator of Pokémon VGC; make and check teams.",
    "check": "Test a game against the contract.",
    "new": "Write the skeleton of a new game.",
    "bench": "Measure the speed of environments on this machine.",
    "doctor": "Show the installed packages and test every environment.",
    "demo": "Play the Dhumbal championship and write a report.",
}
"""Command -> one line of help; the module `agentarena.cli.<command>` has the click command `command`."""


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        return importlib.import_module(f"agentarena.cli.{cmd_name}").command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from agentarena.core.errors import suggest

            ctx.fail(f"no command {args[0]!r}.{suggest(args[0], COMMANDS)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name=DISTRIBUTION, prog_name="agentarena")
def cli() -> None:
    """Language-model, RL, search and scripted agents at the same tables, ranked with honest error bars.

    \b
    agentarena envs
    agentarena play Dhumbal-v0 dhumbal/aggressive random random random --matches 200
    agentarena tournament KuhnPoker-v0 random cfr kuhnpoker/nash --out runs/kuhn

    Exit codes: 0 fine, 1 a check or verification failed, 2 misuse, 130 interrupted.
    """


class _Printable(logging.Formatter):
    """Log messages as a terminal may show them."""

    def format(self, record: logging.LogRecord) -> str:
        return printable_lines(super().format(record))


def main(argv: list[str] | None = None) -> Any:
    """The console script: errors of ours, and files that cannot be used, become one line on stderr and exit code 2.

    Agents and games in the working folder can be named. Errors and warnings quote names, replies and files: no control character
    in them reaches the terminal.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that cannot show a character shows another
    if logging.lastResort is not None:
        logging.lastResort.setFormatter(_Printable())
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())  # last, so that nothing lying there hides an installed package
    try:
        return cli.main(args=argv, prog_name="agentarena", standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("interrupted; with --out, finished matches are recorded, and the same command goes on from there", err=True)
        sys.exit(130)
    except click.ClickException as error:
        shown = io.StringIO()
        error.show(shown)
        click.echo(printable_lines(shown.getvalue()), err=True, nl=False)
        sys.exit(2)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except BrokenPipeError:  # the reader of our output, e.g. head, has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except (ArenaError, OSError) as error:
        click.echo(printable_lines(f"agentarena: {error}"), err=True)
        sys.exit(2)
