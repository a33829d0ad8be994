"""`agentarena verify`: do records replay to the same bytes?"""

from __future__ import annotations

import click

from .common import echo_json, json_option, progress_bar, say, trust_option


@click.command("verify")
@click.argument("records", nargs=-1, required=True, type=click.Path(exists=True))
@trust_option
@json_option
@click.option("--quiet", is_flag=True, help="No progress bar.")
def command(records: tuple[str, ...], trust: bool, as_json: bool, quiet: bool) -> None:
    """Play the recorded moves again and compare the records byte for byte, one line of output for each that differs.

    RECORDS are record files or folders of them. Exit code 1 if a line differs or is damaged, or a file has no records.
    It shows that the rules were followed and the result follows from moves and replies, not who gave them.

    \b
    agentarena verify runs/kuhn.jsonl
    """
    from agentarena.core.record_files import record_files
    from agentarena.core.replay import verify

    files = [str(file) for path in records for file in record_files(path)]
    outcomes = []
    for path in files:
        with progress_bar(path, quiet or as_json) as progress:
            outcome = verify(path, trust=trust, progress=progress)
        outcomes.append(
            {"path": path, "ok": outcome.ok, "matches": outcome.matches, "different": outcome.different, "mismatches": outcome.mismatches}
        )
        if not as_json:
            say(f"{path}: {outcome.matches} matches, {outcome.different} differ")
            for mismatch in outcome.mismatches:
                say(f"  {mismatch.place}: {mismatch.reason}")
            if outcome.different > len(outcome.mismatches):
                say(f"  and {outcome.different - len(outcome.mismatches)} more")
    ok = all(outcome["ok"] for outcome in outcomes)
    if as_json:
        echo_json({"ok": ok, "files": outcomes})
    if not ok:
        raise SystemExit(1)
