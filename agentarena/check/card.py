"""Checks of what is written about a game: its card and its golden transcript."""

from __future__ import annotations

import dataclasses
import difflib
import re
from pathlib import Path

from agentarena.core.registry import ENVS, card, entry_point_names, env_id_of

from .clauses import NotApplicable, contract, expect
from .golden import golden_path, transcript
from .subject import Subject

_GAP = re.compile(r"\bFill in[:.]|\| fill in \||^The contract test prints the rows that belong here", re.MULTILINE)
_HEADING = re.compile(r"^(#+)\s+(.*)$", re.MULTILINE)


def _card(subject: Subject) -> str:
    if not subject.registered:
        raise NotApplicable("a game object has no card; check it by id or as 'package.module:Class'")
    text = card(subject.name)
    expect(bool(text.strip()), "there is no card.md beside the game's module")
    return text


@contract("card states the facts")
def card_states_the_facts(subject: Subject) -> None:
    """The card holds every row of the fact table of the default configuration.

    The card of a folder that serves several ids gives each its own heading that contains the id, with the table below it.
    """
    text = _card(subject)
    name = env_id_of(subject.game)
    part = section(text, name)
    if _siblings(subject) > 1:
        expect(part is not None, f"the card serves several environments and has no heading that contains {name!r}")
    rows = {_row(line) for line in (part or text).splitlines() if line.lstrip().startswith("|")}
    missing = [f"| {label} | {value} |" for label, value in subject.game.info.facts().items() if (label, value) not in rows]
    expect(not missing, f"the card{f' under the heading of {name}' if part else ''} lacks these rows:\n" + "\n".join(missing))


def _siblings(subject: Subject) -> int:
    """How many registered environments live in the package of this one and so share its card."""
    package = type(subject.game).__module__.rpartition(".")[0]
    targets = {**entry_point_names("agentarena.envs"), **ENVS}.values()
    return sum(target.partition(":")[0] in (package, type(subject.game).__module__) for target in targets)


def section(text: str, name: str) -> str | None:
    """What stands under the heading that contains `name`, up to the next heading of its level or above; None without one."""
    headings = [(match.start(), match.end(), len(match[1]), match[2]) for match in _HEADING.finditer(text)]
    for i, (_, end, level, title) in enumerate(headings):
        if name in re.findall(r"[\w.:-]+", title):
            return text[end : next((start for start, _, other, _ in headings[i + 1 :] if other <= level), len(text))]
    return None


def _row(line: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in line.strip().strip("|").split("|"))


@contract("card names options and presets")
def card_names_options_and_presets(subject: Subject) -> None:
    """The card names every option and every preset, in backquotes."""
    text = _card(subject)
    names = [field.name for field in dataclasses.fields(subject.game)] + list(subject.game.presets)  # type: ignore[arg-type]
    missing = [name for name in names if f"`{name}`" not in text]
    expect(not missing, f"the card does not name `{'`, `'.join(missing)}`")
    expect("orfeit" in text or "nreadable" in text, "the card does not say what an unreadable reply costs")


@contract("card is filled in")
def card_is_filled_in(subject: Subject) -> None:
    """Nothing is left of the skeleton that `agentarena new` wrote."""
    gaps = [f"line {number}: {line.strip()}" for number, line in enumerate(_card(subject).splitlines(), 1) if _GAP.search(line)]
    expect(not gaps, "card.md still says what is to be filled in:\n" + "\n".join(gaps))


@contract("golden transcript replays")
def golden_transcript_replays(subject: Subject) -> None:
    """The committed transcript exists and is what the rules give today, byte for byte."""
    if not subject.registered or subject.golden is None:
        raise NotApplicable("no folder of golden transcripts was given")
    path = golden_path(subject.name, Path(subject.golden))
    advice = f"write it with: agentarena check {subject.name} --write-golden {subject.golden}"
    expect(path.is_file(), f"{path} is missing; {advice}")
    committed, today = path.read_bytes().decode(), transcript(subject.game)
    if committed != today:
        changes = list(difflib.unified_diff(committed.splitlines(), today.splitlines(), "committed", "today", lineterm="", n=1))
        expect(False, f"{path} differs from today's play (if that is meant, raise the version and {advice}):\n" + "\n".join(changes[:20]))
