"""A league: players that learn one game by different methods, generation by generation, and are ranked together.

In every generation each player trains for some steps against opponents that its style draws from the checkpoints so far; then all
checkpoints meet. Styles, after VGC-Bench (read in its repository), and exploiters:

    sp       pure self-play: every seat is the learner's
    ls       last-self: its newest checkpoint
    fp       fictitious play: each of its checkpoints alike
    pfsp     prioritized: checkpoints of the whole league, more often those that its newest loses to
    do       double oracle: its checkpoints by their Nash mass in the payoff table
    nash     checkpoints of the whole league by their Nash mass
    exploiter  the newest checkpoint of its target

Each generation is one run of `agentarena.train.rl` that begins with the player's last weights and a fresh optimizer. Everything is in
the league's folder, and a league that was killed anywhere goes on to the same table.
"""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from agentarena.agents.specs import agent
from agentarena.agents.suitability import check_suitable
from agentarena.core import registry
from agentarena.core.display import shown
from agentarena.core.errors import BadOption, NotSupported
from agentarena.core.rng import stream
from agentarena.evaluate.alpha_rank import alpharank
from agentarena.train.settings import FromTOML, check_fields, known_fields, merged, setting

from .adaptive import fill_adaptively
from .journal import Journal, recorded_spec
from .meta_solvers import nash
from .payoffs import PayoffTable

__all__ = ["Generation", "League", "LeagueConfig", "Role", "league"]

STYLES = ("sp", "ls", "fp", "pfsp", "do", "nash", "exploiter")
TRAIN = 25
"""First step of the path of the stream that seeds a generation of a player: `stream(seed, TRAIN, generation, player)`."""
_OWN = ("env", "preset", "options", "opponents", "output_dir", "seed", "total_steps", "init_from", "seat")
"""Settings of the trainer that the league sets."""


@dataclasses.dataclass(frozen=True, slots=True)
class Role:
    """A player of the league.

    Attributes:
        style: How its opponents are drawn: "sp", "ls", "fp", "pfsp", "do", "nash" or "exploiter".
        target: Of an exploiter: the player that it trains against.
        reset: Whether every generation begins with new weights, as exploiters may want.
        rl: Settings of the trainer that differ from the league's.
    """

    style: str = setting("fp", choices=STYLES)
    target: str | None = None
    reset: bool = False
    rl: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class LeagueConfig(FromTOML):
    """Everything that shapes a league.

    Attributes:
        env: Id of the environment, which has two seats.
        preset: A named setting of its options.
        options: Its options by name.
        players: Name -> role; each is a table `[players.NAME]` of the file.
        fixed: Spec strings of members that do not learn.
        generations: Checkpoints of each player.
        steps: Decisions that a player learns from in a generation.
        rl: Settings of the trainer (`RLConfig`) for all players.
        deals: Deals of each pair of members; each is played both ways round.
        adaptive: Whether the boards' scheduler chooses the deals, as many in all.
        seed: Seed of everything.
        workers: Processes that play the table.
        output_dir: Where everything goes.
    """

    env: str
    preset: str | None = None
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    players: Mapping[str, Role] = dataclasses.field(default_factory=dict)
    fixed: tuple[str, ...] = ("random",)
    generations: int = setting(5, low=1, high=10_000)
    steps: int = setting(98_304, low=1, high=10**12)
    rl: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    deals: int = setting(100, low=1, high=10**7)
    adaptive: bool = False
    seed: int = setting(0, low=0, high=2**63)
    workers: int | None = setting(None, low=1, high=1024)
    output_dir: str = "runs/league"

    def __post_init__(self) -> None:
        check_fields(self, "")
        if not self.players:
            raise BadOption('players is empty; add a table, e.g. [players.fp] with style = "fp"')
        if "?" in self.output_dir or "&" in self.output_dir:
            raise BadOption(
                f"output_dir is {shown(self.output_dir)}; policies in it are named by spec strings, so it must have no '?' and no '&'"
            )
        for name, role in self.players.items():
            if not name.isidentifier():
                raise BadOption(f"the name of a player is {shown(name)}; expected letters, digits and underscores")
            check_fields(role, f"players.{name}")
            if (role.style == "exploiter") != (role.target is not None) or (role.target is not None and role.target not in self.players):
                raise BadOption(
                    f"players.{name}: style {role.style!r}, target {shown(role.target)}; exploiters, and no others, name another player"
                )
            for table in (self.rl, role.rl):
                reserved = [key for key in table if key in _OWN]
                if reserved:
                    raise BadOption(f"rl.{reserved[0]} is set by the league; set the league's own, e.g. steps for total_steps")

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> LeagueConfig:
        """The configuration of these settings; `players` is a table of tables, the fields of `Role`."""
        fields = known_fields(cls, merged({}, data))
        players = fields.get("players", {})
        if "env" not in fields or not isinstance(players, Mapping) or not all(isinstance(one, Mapping) for one in players.values()):
            raise BadOption('env, and a table for each player, are needed: env = "ConnectFour-v0" and [players.fp]')
        fields["players"] = {name: Role(**known_fields(Role, role, f"players.{name}.")) for name, role in players.items()}
        return cls(**fields)


@dataclasses.dataclass(frozen=True, slots=True)
class Generation:
    """What one generation came to.

    Attributes:
        number: From 1.
        members: Members of the league.
        returns: Mean return of each player's newest checkpoint against all members alike, in the game's unit.
        ranks: alpha-Rank's share of each member, in the table's order.
        seconds: Of the generation.
    """

    number: int
    members: int
    returns: dict[str, float]
    ranks: tuple[float, ...]
    seconds: float


@dataclasses.dataclass(slots=True)
class League:
    """A league as far as it came.

    Attributes:
        config: Its configuration.
        table: Payoffs of all members against each other; seats are rotated.
        members: Name of each member of the table: "fp-3" for the third checkpoint of player "fp", the spec string of a fixed one.
        generations: One entry a generation.
    """

    config: LeagueConfig
    table: PayoffTable
    members: list[str]
    generations: list[Generation] = dataclasses.field(default_factory=list)

    def rows(self) -> list[tuple[str, str, str]]:
        """Members by alpha-Rank: name, share, mean return against all members."""
        shares = self.generations[-1].ranks
        returns = self.table.tensor()[0].mean(axis=1)
        order = sorted(range(len(shares)), key=lambda i: (-shares[i], -returns[i]))
        return [(self.members[i], f"{shares[i]:.4f}", f"{returns[i]:.4f}") for i in order]


def league(config: LeagueConfig, report: Callable[[Generation], None] | None = None, stop: Callable[[], bool] | None = None) -> League:
    """Train a league; one that is there already in `output_dir` goes on.

    Args:
        config: Everything that shapes it.
        report: Called after each generation.
        stop: Asked after each generation; `True` ends the run there.

    Raises:
        NotSupported: The game has not two seats, or a fixed member cannot play it.
        RecordMismatch: The folder holds another league.
    """
    game = registry.game(config.env, preset=config.preset, options=config.options)
    if game.info.seats != 2:
        raise NotSupported(f"a league plays games of 2 seats, and {config.env} has {game.info.seats}; train with `agentarena train ppo`")
    check_suitable([agent(spec) for spec in config.fixed], game)
    training = _Training(config, PayoffTable(game, Path(config.output_dir) / "payoffs.jsonl", shared=True, seed=config.seed))
    run = League(config, training.table, training.members)
    for number in range(1, config.generations + 1):
        began = time.perf_counter()
        for player in config.players:
            training.train(number, player)
        training.fill()
        run.generations.append(training.generation(number, time.perf_counter() - began))
        training.log.append(dataclasses.asdict(run.generations[-1]))
        if report is not None:
            report(run.generations[-1])
        if stop is not None and stop():
            break
    return run


class _Training:
    """The steps of `league` over its folder."""

    def __init__(self, config: LeagueConfig, table: PayoffTable) -> None:
        self.config, self.table, self.folder = config, table, Path(config.output_dir)
        header = json.loads(json.dumps(dataclasses.asdict(config)))
        for name in ("generations", "workers", "output_dir"):  # a league may be trained on
            del header[name]
        self.journal = Journal(self.folder / "checkpoints.jsonl", {"format": 1, **header})
        (self.folder / "iterations.jsonl").unlink(missing_ok=True)  # what was done is done again from the files, in moments
        self.log = Journal(self.folder / "iterations.jsonl", {"format": 1})
        self.known = {
            (line["generation"], line["player"]): recorded_spec(line["spec"], self.folder, config.fixed) for line in self.journal.lines
        }
        self.members: list[str] = []
        self.met = 0  # members that have met each other: all but newcomers of this generation
        self.own: dict[str, list[int]] = {name: [] for name in config.players}
        for spec in config.fixed:
            self._enter(spec, spec)
        self.fill()

    def _enter(self, spec: str, name: str) -> int:
        place = self.table.add(spec)
        if place == len(self.members):
            self.members.append(name)
        return place

    def fill(self) -> None:
        """Let all members meet."""
        cells = sum(1 for cell in self.table.cells() if self.table.known(cell) is None)
        if self.config.adaptive and cells:
            fill_adaptively(self.table, self.config.deals * cells, workers=self.config.workers)
        else:
            self.table.fill(self.config.deals, workers=self.config.workers)
        self.met = len(self.members)

    def train(self, number: int, player: str) -> None:
        """One generation of one player."""
        key = (number, player)
        if key not in self.known:
            from agentarena.train.rl import RLConfig, train

            config, role = self.config, self.config.players[player]
            place = list(config.players).index(player)
            data: dict[str, Any] = {
                **config.rl,
                **role.rl,
                "env": config.env,
                "preset": config.preset,
                "options": dict(config.options),
                "opponents": self.opponents(player),
                "total_steps": config.steps,
                "seed": int(stream(config.seed, TRAIN, number, place).integers(2**62)),
                "output_dir": str(self.folder / "players" / f"{player}-{number}"),
            }
            if self.own[player] and not role.reset:
                data["init_from"] = self.table.population(0)[self.own[player][-1]].removeprefix("rl:")
            self.known[key] = f"rl:{train(RLConfig.of(data)).policy}"
            self.journal.append({"generation": number, "player": player, "spec": self.known[key]})
        self.own[player].append(self._enter(self.known[key], f"{player}-{number}"))

    def opponents(self, player: str) -> dict[str, float]:
        """Whom a player trains against in its next generation, by the payoffs so far: spec string -> share."""
        role, own, specs = self.config.players[player], self.own[player], self.table.population(0)
        if role.style == "exploiter":
            assert role.target is not None
            target = self.own[role.target]
            return {specs[target[-1]]: 1.0} if target else {"self": 1.0}
        if role.style == "sp" or not own:
            return {"self": 1.0}
        if role.style == "ls":
            return {specs[own[-1]]: 1.0}
        if role.style == "fp":
            return {specs[place]: 1 / len(own) for place in own}
        tensor, met = self.table.tensor(), list(range(self.met))
        if role.style == "pfsp":
            return self._prioritized(tensor, own[-1], met)
        members = own if role.style == "do" else met
        part = tensor[:, members][:, :, members]
        return {specs[place]: float(share) for place, share in zip(members, nash(part)[0], strict=True) if share > 1e-6}

    def _prioritized(self, tensor: np.ndarray, newest: int, members: list[int]) -> dict[str, float]:
        """Shares (1 - w)^2, w the newest checkpoint's mean return against each, brought to [0, 1] by the game's bounds."""
        info, specs = self.table.game.info, self.table.population(0)
        rates = np.array([(tensor[0, newest, place] - info.low) / (info.high - info.low) for place in members])
        shares = (1 - np.clip(rates, 0.0, 1.0)) ** 2 + 1e-6
        return {specs[place]: float(share) for place, share in zip(members, shares / shares.sum(), strict=True)}

    def generation(self, number: int, seconds: float) -> Generation:
        """The figures of a generation."""
        tensor = self.table.tensor()
        returns = {name: float(tensor[0, places[-1]].mean()) for name, places in self.own.items()}
        ranks = alpharank(tensor[0], alpha=np.inf).distribution
        return Generation(number, len(self.members), returns, tuple(ranks.tolist()), seconds)
