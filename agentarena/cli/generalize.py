"""`agentarena generalize`: the same agents under settings they were trained on and under others."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import click

from .common import echo_json, json_option, named_values, progress_bar, say, show_table

if TYPE_CHECKING:
    from agentarena.core.intervals import Interval


@click.command("generalize")
@click.argument("env")
@click.argument("agents", nargs=-1, required=True)
@click.option("--train", "trained", multiple=True, required=True, metavar="OPTIONS", help="A setting that was trained on; repeat it.")
@click.option("--held-out", multiple=True, required=True, metavar="OPTIONS", help="A setting that was not trained on; repeat it.")
@click.option("-m", "--matches", type=click.IntRange(min=1), default=200, show_default=True, help="Matches under each setting.")
@click.option(
    "--measure",
    type=click.Choice(["win_share", "relative_win_share", "return"]),
    default="win_share",
    show_default=True,
    help="What is averaged; relative_win_share is the win share times the number of sides.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--out", type=click.Path(file_okay=False), help="Folder for the records, which are continued where they are there.")
@click.option("-w", "--workers", type=click.IntRange(min=1), help="Processes to play in.")
@click.option("--quiet", is_flag=True, help="No progress bar.")
@json_option
def command(
    env: str,
    agents: tuple[str, ...],
    trained: tuple[str, ...],
    held_out: tuple[str, ...],
    quiet: bool,
    as_json: bool,
    **settings: Any,
) -> None:
    """Play AGENTS under settings they were trained on and under others, and print the gap with its interval.

    OPTIONS are options of the environment, as in --set, with spaces between them; "" stands for its defaults.

    \b
    agentarena generalize Dhumbal-v0 dhumbal/aggressive dhumbal/conservative random \\
        --train "" --train "threshold=7" --held-out "threshold=5 jokers=2" --held-out "preset=paper"
    """
    from agentarena.matches.generalization import generalize

    lists = [[named_values(text.split()) for text in texts] for texts in (trained, held_out)]
    with progress_bar(env, quiet or as_json) as progress:
        results = generalize(env, agents, *lists, **settings, progress=progress)
    if as_json:
        echo_json(results.rows)
        return
    rows = [
        (
            one.agent,
            _with(one.train.mean, one.train.interval),
            _with(one.held_out.mean, one.held_out.interval),
            _with(one.gap, one.gap_interval),
        )
        for one in results.rows
    ]
    show_table(f"{settings['measure']} in {env}", ("agent", "trained on [95 %]", "held out [95 %]", "gap [95 %]"), rows)
    names = [(one.setting, "held out" if one.held_out else "trained on") for one in results.rows[0].settings]
    columns = ("setting", "list", *(row.agent for row in results.rows))
    cells = zip(*([_with(one.mean, one.interval) for one in row.settings] for row in results.rows), strict=True)
    show_table("Setting by setting", columns, [(*name, *cell) for name, cell in zip(names, cells, strict=True)])
    for reason in sorted({f"{row.agent}: no interval: {row.reason}" for row in results.rows if row.reason}):
        say(reason)


def _with(value: float, interval: Interval) -> str:
    ends = "" if math.isnan(interval[0]) else f" [{interval[0]:.3f}, {interval[1]:.3f}]"
    return f"{value:.3f}{ends}"
