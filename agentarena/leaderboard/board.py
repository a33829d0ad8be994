"""Boards: what is played, by whom, under which protocol, and when a row is settled. Read from TOML.

    board = Board.load("tictactoe")            # one of the package's
    board = Board.load("mine/board.toml")      # or anybody's

Two rows are compared only where their boards have the same `digest` (and, unless the board says otherwise, the same version of the
package): the digest covers every field but the title.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from agentarena.agents.specs import harmless
from agentarena.agents.spelling import parse as parse_spec
from agentarena.core import registry
from agentarena.core.display import printable, shown
from agentarena.core.errors import BadOption, UnknownName, UsageError
from agentarena.core.game import Game
from agentarena.matches.scheduling import SPACING

from . import schema
from .schema import setting

__all__ = ["BOARDS", "LEVELS", "Board", "Protocol", "Settled", "board_names"]

BOARDS = Path(__file__).parent / "boards"
"""The package's own boards."""
LEVELS = ("none", "rlimits", "landlock", "unshare", "bubblewrap")
"""Isolation of a submission, weakest first."""
_NAME = r"[a-z0-9][a-z0-9._-]{0,63}"


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """How a submission is played. A round is every seating of each of its tables once, on one deal where seatings are rotations."""

    tables: Literal["meet", "self"] = setting(
        '"meet": a submission sits with the agents of the board; "self": it holds every seat, as in cooperative games.', "meet"
    )
    rounds: int = setting("Rounds played first.", 15, low=1, high=10_000)
    most_rounds: int = setting("Rounds after which a row stays as it is, settled or not.", 60, low=1, high=10_000)
    tables_limit: int = setting("Most tables of a round, a balanced choice where there are more.", 60, low=1, high=500)
    seatings_limit: int = setting("Most seatings of a table, a balanced choice where there are more.", 24, low=1, high=24)
    duplicate: bool = setting("Whether seatings that are rotations share their deal.", True)
    openings: int = setting("First moves played at random, alike in all matches of a deal.", 0, low=0, high=100)
    seeds: Literal["secret", "public"] = setting(
        '"secret": each run draws a seed of 128 bits, whose hash is published first; "public": the seed below.', "secret"
    )
    seed: int = setting("Seed of the reference agents' matches, and of submissions where seeds are public.", 0, low=0, high=2**63)
    deadline_s: float | None = setting("Seconds for each decision of a submission.", 10.0, low=0.001, high=3600.0)
    isolation: Literal["none", "rlimits", "landlock", "unshare", "bubblewrap"] = setting(
        "Weakest isolation that a submission with code of its own may be played at.", "rlimits"
    )


@dataclass(frozen=True, kw_only=True)
class Settled:
    """When a row is settled; until then it is provisional."""

    deals: int = setting("Fewest deals.", 30, low=1, high=10**7)
    width: float = setting("Greatest width of the interval of what rows are ordered by, in its unit; 0 for any.", 0.0, low=0.0, high=1e6)


@dataclass(frozen=True, kw_only=True)
class Board:
    """A board's definition; the fields are those of its TOML file.

    Attributes:
        name: Short name; what it is called on the command line.
        title: One line for people; not part of what makes rows comparable.
        env: The environment.
        options: Its options, with `preset`.
        agents: Spec strings of the reference agents.
        rating: What rows are ordered by.
        level: Coverage of the intervals.
        comparable: What two rows must have in common, beside the definition.
        protocol: How submissions are played.
        settled: When a row is settled.
    """

    name: str = setting("Lower-case letters, digits, '.', '_', '-'.", pattern=_NAME, example='"tictactoe"')
    env: str = setting("An environment's id, as `agentarena envs` lists them.", example='"TicTacToe-v0"')
    agents: tuple[str, ...] = setting("Spec strings of the reference agents, as `agentarena agents` lists them.", example='["random"]')
    title: str = setting("One line for people.", "")
    options: Mapping[str, Any] = setting("The environment's options.", {})
    rating: Literal["elo", "return"] = setting("What rows are ordered by.", "elo")
    level: float = setting("Coverage of the intervals.", 0.95, low=0.5, high=0.999)
    comparable: tuple[Literal["package"], ...] = setting(
        'What two rows must have in common beside the definition: ["package"], or nothing.', ("package",)
    )
    protocol: Protocol = dataclasses.field(default_factory=Protocol)
    settled: Settled = dataclasses.field(default_factory=Settled)

    def __post_init__(self) -> None:
        if len(set(self.agents)) != len(self.agents):
            raise BadOption(
                f"agents: {shown(next(one for one in self.agents if self.agents.count(one) > 1), 200)} is listed twice; list it once"
            )
        if self.protocol.most_rounds < self.protocol.rounds:
            raise BadOption(f"protocol.most_rounds={self.protocol.most_rounds} must be at least rounds={self.protocol.rounds}")
        if self.protocol.tables == "meet" and len(self.agents) < 1:
            raise BadOption('agents: a submission needs somebody to meet; name reference agents, or set tables = "self"')
        if self.protocol.tables == "self" and self.rating != "return":
            raise BadOption('rating: agents that never meet are compared by return; set rating = "return"')
        if self.protocol.most_rounds * self.protocol.seatings_limit > SPACING:
            raise BadOption(
                f"protocol.most_rounds={self.protocol.most_rounds} times seatings_limit is more than {SPACING:,}; use fewer rounds"
            )
        for spec in self.agents:
            parse_spec(spec)

    def game(self) -> Game[Any]:
        """The game with the board's options.

        Raises:
            UnknownName, BadOption: There is no such environment, preset or option.
        """
        options = dict(self.options)
        return registry.game(self.env, preset=options.pop("preset", None), options=options)

    @property
    def definition(self) -> dict[str, Any]:
        """Every field but the title, JSON-ready, with the environment's id and all its options spelled out."""
        fields = json.loads(json.dumps(dataclasses.asdict(self)))
        del fields["title"]
        return {**fields, "env": registry.resolve(self.env), "options": json.loads(json.dumps(self.game().options))}

    @property
    def digest(self) -> str:
        """SHA-256 of the definition, hexadecimal."""
        return hashlib.sha256(json.dumps(self.definition, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    @classmethod
    def load(cls, name: str | Path, *, trust: bool = False) -> Board:
        """A board by its name, or by the path of its file.

        Args:
            name: Name or path.
            trust: Whether its file may name code, models and addresses; else only environments and agents that come with the package.

        Raises:
            UnknownName: There is no such board.
            UsageError: The file is no TOML, or names code and is not trusted.
            BadOption: A field is missing, unknown or out of range; the message names the line.

        >>> Board.load("tictactoe").env
        'TicTacToe-v0'
        """
        text = str(name)
        if text.endswith(".toml") or "/" in text:
            return _trusted(schema.load(cls, Path(name)), text, trust)
        if text not in board_names():
            raise UnknownName("board", text, board_names(), f"Boards: {', '.join(board_names())}; or give the path of a .toml file.")
        return schema.load(cls, BOARDS / f"{text}.toml")


def board_names() -> list[str]:
    """Names of the package's own boards, sorted."""
    return sorted(path.stem for path in BOARDS.glob("*.toml"))


def _trusted(board: Board, where: str, trust: bool) -> Board:
    """The board, unless it names code and is not trusted; its environment and options exist."""
    doubtful = [name for name in (board.env if ":" in board.env else "", *(spec for spec in board.agents if not harmless(spec))) if name]
    if doubtful and not trust:
        raise UsageError(
            f"{printable(where)} names {shown(doubtful[0], 200)}: code, a model or an address. If you trust the file, say so with "
            "--trust (trust=True in Python)"
        )
    board.game()
    return board
