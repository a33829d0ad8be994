"""Teams of users: a file of one team, a file of many in Showdown's backup format, or a folder of such files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from agentarena.core.display import printable
from agentarena.core.errors import UsageError
from agentarena.envs.pokemon_vgc.engine.errors import BadTeam

from .showdown import pack, read_team

__all__ = ["TeamFile", "read_teams"]

_MOST_FILES = 2_000
_LARGEST = 4 * 2**20
_SUFFIXES = (".txt", ".team", ".packed")
_TITLE = re.compile(r"\s*===\s*(?:\[([a-z0-9-]*)\])?\s*(.*?)\s*===\s*")


@dataclass(frozen=True, slots=True)
class TeamFile:
    """A team from a file.

    Attributes:
        name: The title that the file gives it, else the name of the file.
        team: Packed.
        format: The format that the title names; empty where it names none.
    """

    name: str
    team: str
    format: str = ""


def read_teams(path: str | Path) -> tuple[TeamFile, ...]:
    """The teams of a file, or of all files of a folder (`.txt`, `.team`, `.packed`) in the order of their names.

    A file holds one team, packed or in the export format, several packed ones in a line each, or several in the export format,
    each after a title `=== [format] name ===`.

    Raises:
        UsageError: There is no such file, or it is too large.
        BadTeam: A team cannot be read; the message names file and line.
    """
    path = Path(path).expanduser()
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if file.suffix in _SUFFIXES and file.is_file())
        if not files or len(files) > _MOST_FILES:
            raise UsageError(f"{path} holds {len(files)} files of teams; expected 1 to {_MOST_FILES} with a name in {', '.join(_SUFFIXES)}")
        return tuple(team for file in files for team in _of_file(file))
    return _of_file(path)


def _of_file(path: Path) -> tuple[TeamFile, ...]:
    try:
        if path.stat().st_size > _LARGEST:
            raise UsageError(f"{path} has {path.stat().st_size} bytes; a file of teams has at most {_LARGEST}")
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read as a file of teams: {error}") from None
    teams = []
    for title, format, body, line in _parts(text):
        try:
            packed = pack(read_team(body))
        except BadTeam as error:
            raise BadTeam(f"{path}, the team that begins in line {line}: {error}") from None
        teams.append(TeamFile(printable(title or path.stem, 80), packed, format))
    if not teams:
        raise BadTeam(f"{path} holds no team; it begins with a line such as 'Incineroar @ Safety Goggles'")
    return tuple(teams)


def _parts(text: str) -> list[tuple[str, str, str, int]]:
    """Title, format, text and first line of each team of a file."""
    lines = text.splitlines()
    if all("|" in line for line in lines if line.strip()):
        return [("", "", line, number) for number, line in enumerate(lines, 1) if line.strip()]
    parts: list[tuple[str, str, list[str], int]] = [("", "", [], 1)]
    for number, line in enumerate(lines, 1):
        match = _TITLE.fullmatch(line)
        if match:
            parts.append((match[2], match[1] or "", [], number))
        else:
            parts[-1][2].append(line)
    return [(title, format, "\n".join(body), line) for title, format, body, line in parts if any(one.strip() for one in body)]
