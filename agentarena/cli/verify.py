"""`agentarena verify`: do records replay to the same bytes?"""

from __future__ import annotations

import click

from .common import console, progress_bar


@click.command("verify")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False))
@click.option("--quiet", is_flag=True, help="No progress bar.")
def command(files: tuple[str, ...], quiet: bool) -> None:
    """Play the recorded moves again and compare the records byte for byte. Exit code 1 on any difference.

    \b
    agentarena verify runs/kuhn.jsonl
    """
    from agentarena.core.replay import verify

    wrong = 0
    for path in files:
        with progress_bar(path, quiet) as progress:
            outcome = verify(path, progress=progress)
        console.print(f"{path}: {outcome.matches} matches, {len(outcome.mismatches)} differ", soft_wrap=True)
        for line in outcome.mismatches[:10]:
            console.print(f"  {line}", soft_wrap=True)
        wrong += bool(outcome.mismatches)
    if wrong:
        raise SystemExit(1)
