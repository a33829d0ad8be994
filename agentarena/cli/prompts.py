"""`agentarena prompts`: what language models were sent, and export of chats for fine-tuning."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from agentarena.core.display import printable

from .common import console, echo_json, json_option, say, trust_option


@click.command("prompts")
@click.argument("records", nargs=-1, required=True, type=click.Path(exists=True))
@click.option("-m", "--match", type=click.IntRange(min=0), help="Only this match; without it the first is shown, and all are exported.")
@click.option("--seat", type=click.IntRange(min=0), help="Only what this seat was sent.")
@click.option("--agent", metavar="NAME", help="Only what this agent was sent, by its name in the records.")
@click.option("--spec", metavar="SPEC", help="Settings of agents whose names do not say them, e.g. 'openai:m?memory=state'.")
@click.option("--full", is_flag=True, help="Show each prompt whole, not only what is new in it.")
@click.option("--export", type=click.Path(dir_okay=False), metavar="FILE", help="Write chats for fine-tuning here, one JSON object a line.")
@click.option("--won", is_flag=True, help="With --export: only seats that won, alone or with their side.")
@click.option("--min-return", type=float, metavar="X", help="With --export: only seats whose return is at least X.")
@click.option("--rejected", is_flag=True, help="With --export: keep replies that were not accepted.")
@click.option("--thinking", is_flag=True, help="With --export: put the thinking before each reply, in think tags.")
@trust_option
@json_option
def command(
    records: tuple[str, ...],
    match: int | None,
    seat: int | None,
    agent: str | None,
    spec: str | None,
    full: bool,
    export: str | None,
    won: bool,
    min_return: float | None,
    rejected: bool,
    thinking: bool,
    trust: bool,
    as_json: bool,
) -> None:
    """Show exactly what language models were sent in recorded matches, and what they replied.

    RECORDS are record files or folders. The prompts are built again from the records: no model is loaded and no key is
    needed. Where they may differ from what was sent, it says why.

    \b
    agentarena prompts runs/kuhn.jsonl --match 3 --seat 0
    agentarena prompts runs/kuhn.jsonl --export chat.jsonl --won
    """
    from agentarena.agents.llm.prompts import conversations
    from agentarena.agents.llm.prompts import prompts as prompts_of

    if export is None:
        given = {"--won": won, "--min-return": min_return is not None, "--rejected": rejected, "--thinking": thinking}
        for option in (name for name, used in given.items() if used):
            raise click.UsageError(f"{option} goes with --export FILE")
        chosen = list(_records(records, match, trust, agent))
        exchanges = [
            one
            for record in (chosen if as_json or match is not None else chosen[:1])
            for one in prompts_of(record, seat=seat, spec=spec)
            if agent is None or one.agent == agent
        ]
        if as_json:
            echo_json({"prompts": exchanges})
        else:
            _show(exchanges, full)
        return
    chats = conversations(
        _records(records, match, trust, agent),
        seat=seat,
        agent=agent,
        won=won,
        min_return=min_return,
        rejected=rejected,
        thinking=thinking,
        spec=spec,
    )
    count, doubts = _write(Path(export), chats)
    if as_json:
        echo_json({"export": export, "chats": count, "doubts": doubts})
        return
    say(f"wrote {count} chats to {export}")
    for doubt in doubts:
        say(f"  {doubt}", style="dim")


def _records(paths: tuple[str, ...], match: int | None, trust: bool, agent: str | None) -> Iterator[Any]:
    """The records of the files, or those of one match number.

    Raises:
        UsageError: There is no such match, or no agent of that name in them.
    """
    from agentarena.core.record_files import record_files
    from agentarena.matches.results import Results

    found, names = False, dict[str, None]()
    for file in (file for path in paths for file in record_files(path)):
        for record in Results.load(file, trust=trust).records:
            if match in (None, record.match):
                found = True
                names.update((one.agent, None) for one in record.seats)
                yield record
    if not found:
        raise click.UsageError("there is no finished match" if match is None else f"there is no match {match}")
    if agent is not None and agent not in names:
        raise click.UsageError(f"there is no agent {printable(agent, 100)}; there are {printable(', '.join(names), 500)}")


def _write(path: Path, chats: Iterator[dict[str, Any]]) -> tuple[int, list[str]]:
    """Write chats, the file whole or not at all; their number, and each different doubt about them."""
    count, doubts = 0, dict[str, None]()
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    try:
        with part.open("w", encoding="utf-8", newline="\n") as file:
            for chat in chats:
                file.write(json.dumps(chat, allow_nan=False) + "\n")
                count += 1
                if chat["metadata"]["doubt"]:
                    doubts[f"{chat['metadata']['agent']}: {chat['metadata']['doubt']}"] = None
        part.replace(path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            part.unlink()
    return count, list(doubts)


def _show(exchanges: list[Any], full: bool) -> None:
    """The exchanges in order; a prompt that continues the seat's last one shows only what is new."""
    if not exchanges:
        say("no language model played here, and nobody answered in words: nobody was sent a prompt")
    shown: dict[int, list[Any]] = {}
    for one in exchanges:
        attempt = f", attempt {one.attempt + 1}" if one.attempt else ""
        times = f", sent {one.times} times" if one.times > 1 else ""
        title = f"match {one.match}, step {one.step}, seat {one.seat} ({printable(one.agent, 60)}){attempt}{times}"
        console.rule(_plain(title), align="left", style="dim")
        if one.doubt:
            say(f"not certain: {one.doubt}", style="yellow")
        messages = [dict(message) for message in one.messages]
        before = shown.get(one.seat, [])
        start = len(before) if not full and before and messages[: len(before)] == before else 0
        if start:
            say(f"({start} messages as before, then)", style="dim")
        for message in messages[start:]:
            say(f"{message['role']}:", style="bold")
            say(message["content"])
        if one.thinking:
            say("thinking:", style="bold")
            say(one.thinking, style="dim")
        say("reply:" if one.outcome == "read" else f"reply ({one.outcome}: {one.reason}):" if one.outcome else "reply:", style="bold")
        say(one.reply)
        shown[one.seat] = messages


def _plain(text: str) -> Any:
    from rich.text import Text

    return Text(text)
