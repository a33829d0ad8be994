"""`agentarena check`: the contract suite."""

from __future__ import annotations

import click

from agentarena.core import registry
from agentarena.core.display import printable_lines

from .common import echo_json, env_options, json_option, key_values, say


@click.command("check")
@click.argument("envs", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Check every registered environment.")
@click.option(
    "--write-golden", type=click.Path(file_okay=False), metavar="DIR", help="Write the golden transcripts into DIR instead of checking."
)
@click.option("--golden", type=click.Path(file_okay=False, exists=True), metavar="DIR", help="Compare with the golden transcripts in DIR.")
@env_options
@click.option("-v", "--verbose", is_flag=True, help="List the checks that passed, too.")
@json_option
def command(
    envs: tuple[str, ...],
    everything: bool,
    write_golden: str | None,
    golden: str | None,
    settings: tuple[str, ...],
    verbose: bool,
    as_json: bool,
) -> None:
    """Run the contract suite on games. Exit code 1 when a check fails.

    \b
    agentarena check KuhnPoker-v0
    agentarena check mypkg.nim:Nim -v
    agentarena check Werewolf-v0 --set preset=lspo4 --set 'speech=latent:0.1@'
    agentarena check --all --golden tests/golden
    """
    from agentarena import check

    names = list(registry.env_ids()) if everything else list(envs)
    if not names:
        raise click.UsageError("name an environment, e.g. TicTacToe-v0 or mypkg.nim:Nim, or give --all")
    if write_golden:
        for name in names:
            say(f"wrote {check.write_golden(name, write_golden)}")
        return
    reports = []
    for name in names:
        if everything and (reason := registry.game_class(name).missing()):
            say(f"{name}: not checked: {reason}")
            continue
        game = registry.game(name, **key_values(settings)) if settings else name  # one configuration, without the card
        reports.append(check.check(game, golden=golden))
        for line in () if as_json else reports[-1].lines(verbose=verbose):
            click.echo(printable_lines(line))
    if as_json:
        echo_json({"games": [{"game": report.subject, "ok": report.ok, "results": report.results} for report in reports]})
    if not all(report.ok for report in reports):
        raise SystemExit(1)
