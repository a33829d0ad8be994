"""`agentarena report`: an HTML report from records."""

from __future__ import annotations

import click

from .common import echo_json, json_option, say, trust_option


@click.command("report")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True))
@click.option("-o", "--out", default="report.html", show_default=True, type=click.Path(dir_okay=False))
@click.option("--title", help="Heading of the report; by default the environment's name.")
@click.option("--replays", default=4, show_default=True, type=click.IntRange(min=0), help="Matches to include as replays.")
@trust_option
@json_option
def command(files: tuple[str, ...], out: str, title: str | None, replays: int, trust: bool, as_json: bool) -> None:
    """Write one self-contained HTML file: standings, head-to-head, per seat, replays. FILES are records or tournament folders.

    \b
    agentarena report runs/kuhn.jsonl -o kuhn.html
    """
    from agentarena.core.record_files import record_files
    from agentarena.leaderboard import report
    from agentarena.matches.arguments import output_file
    from agentarena.matches.results import Results

    from .play import results_json

    output_file("--out", out)
    report.write(list(files), out, title=title, replays=replays, trust=trust)
    if as_json:
        files_json = [results_json(Results.load(file, trust=trust), str(file)) for path in files for file in record_files(path)]
        echo_json({"report": out, "files": files_json})
    else:
        say(f"wrote {out}")
