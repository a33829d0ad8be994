"""Oracles: what answers a mixture of opponents with one more policy, named by its spec string.

    respond(game, seat, mixtures, seed=..., folder=..., previous=...) -> spec string

`mixtures` has one mixture a seat, spec string -> share; the seat's own is ignored. An opponent is drawn once a match. An oracle keeps
its files in `folder`, which is its own for this response; called again after a kill it goes on there and ends as it would have ended.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from agentarena.agents.search.tree import MAX_HISTORIES
from agentarena.agents.specs import agent
from agentarena.agents.table import save_table
from agentarena.core import registry
from agentarena.core.display import shown
from agentarena.core.errors import BadOption, NotSupported
from agentarena.core.game import Game

from .estimates import mean_return, play_mixtures
from .exact import ExactGame, SpecMixture

__all__ = ["CandidateOracle", "CloningOracle", "ExactOracle", "LanguageModelOracle", "Oracle", "RLOracle", "oracle_of"]

EVERY_SEAT = -1
"""As a seat: one policy for all seats of the game, for populations that are shared."""


class Oracle(Protocol):
    """Anything that answers mixtures."""

    def respond(self, game: Game[Any], seat: int, mixtures: Sequence[SpecMixture], *, seed: int, folder: Path, previous: str) -> str:
        """A policy that does well in `seat` against `mixtures`, as a spec string.

        Args:
            game: The rules.
            seat: Whose policy; `EVERY_SEAT` for one that plays all seats.
            mixtures: What the seats play.
            seed: Of everything random.
            folder: For its files.
            previous: The newest policy of the seat, to begin from.
        """
        ...

    def about(self) -> dict[str, Any]:
        """What it is, JSON-ready: a run goes on only with the same oracle."""
        ...


@dataclasses.dataclass(slots=True)
class ExactOracle:
    """An exact best response to a mixture of policies that say their probabilities, in a game that can be listed.

    Attributes:
        max_histories: Largest game that is listed.
    """

    max_histories: int = MAX_HISTORIES
    _games: dict[Game[Any], ExactGame] = dataclasses.field(default_factory=dict, repr=False)

    def listed(self, game: Game[Any]) -> ExactGame:
        """The game as it is listed; once for all calls."""
        if game not in self._games:
            self._games[game] = ExactGame(game, self.max_histories)
        return self._games[game]

    def respond(self, game: Game[Any], seat: int, mixtures: Sequence[SpecMixture], *, seed: int, folder: Path, previous: str) -> str:
        """See `Oracle`."""
        if seat == EVERY_SEAT:
            raise NotSupported("the exact oracle answers in one seat; give every seat a population of its own (shared=False)")
        value, table = self.listed(game).best_response(seat, mixtures)
        path = folder / "policy.json"
        save_table(path, game, {seat: table}, {"value": value})
        return f"table:{path}"

    def about(self) -> dict[str, Any]:
        """See `Oracle`."""
        return {"oracle": "exact"}


@dataclasses.dataclass(slots=True)
class RLOracle:
    """A policy trained by PPO or DQN against the mixture (`agentarena.train.rl`).

    With more than two seats the trainer draws the others from the mean of their mixtures.

    Attributes:
        settings: Settings of `RLConfig`, e.g. `{"total_steps": 20000, "ent_coef": 0.05}`.
        warm_start: Whether training begins with the seat's newest policy, where that is a policy file.
        greedy: Whether the answer plays its likeliest actions, as a best response may, or draws them.
    """

    settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    warm_start: bool = False
    greedy: bool = True

    def respond(self, game: Game[Any], seat: int, mixtures: Sequence[SpecMixture], *, seed: int, folder: Path, previous: str) -> str:
        """See `Oracle`."""
        from agentarena.train.rl import RLConfig, train

        opponents: dict[str, float] = {}
        for other, mixture in enumerate(mixtures):
            if other != seat:
                for spec, share in mixture.items():
                    if share > 0:
                        opponents[spec] = opponents.get(spec, 0.0) + float(share)
        data = {
            **self.settings,
            "env": registry.env_id_of(game),
            "options": game.options,
            "seat": "rotate" if seat == EVERY_SEAT else seat,
            "opponents": opponents,
            "seed": seed % 2**63,
            "output_dir": str(folder),
        }
        if self.warm_start and previous.startswith("rl:"):
            data["init_from"] = previous.removeprefix("rl:").partition("?")[0]
        return f"rl:{train(RLConfig.of(data)).policy}?greedy={str(self.greedy).lower()}"

    def about(self) -> dict[str, Any]:
        """See `Oracle`."""
        return {"oracle": "rl", "settings": dict(self.settings), "warm_start": self.warm_start, "greedy": self.greedy}


@dataclasses.dataclass(slots=True)
class CandidateOracle:
    """The best of a list of agents against the mixture, by matches: search players, language models, any spec strings.

    Attributes:
        candidates: Spec strings.
        deals: Deals that each of them plays; all play the same.
        workers: Processes.
    """

    candidates: Sequence[str]
    deals: int = 100
    workers: int | None = None

    def __post_init__(self) -> None:
        if isinstance(self.candidates, str) or not self.candidates:
            raise BadOption(f"candidates are {shown(self.candidates)}; expected a list of spec strings, e.g. ['mcts?simulations=100']")

    def respond(self, game: Game[Any], seat: int, mixtures: Sequence[SpecMixture], *, seed: int, folder: Path, previous: str) -> str:
        """See `Oracle`."""
        place = max(seat, 0)
        means = []
        for candidate in self.candidates:
            seated = [{candidate: 1.0} if other == place else mixture for other, mixture in enumerate(mixtures)]
            estimate = mean_return(game, seated, place, deals=self.deals, seed=seed, rotate=seat == EVERY_SEAT, workers=self.workers)
            means.append(estimate.mean)
        return self.candidates[means.index(max(means))]

    def about(self) -> dict[str, Any]:
        """See `Oracle`."""
        return {"oracle": "candidates", "candidates": list(self.candidates), "deals": self.deals}


@dataclasses.dataclass(slots=True)
class CloningOracle:
    """A network that learns, by behaviour cloning, what an expert plays against the mixture: a searcher made fast, a model made small.

    Attributes:
        expert: Spec string of who is imitated.
        deals: Deals that it plays.
        settings: Settings of `CloningConfig`, e.g. `{"epochs": 20}`.
        workers: Processes.
    """

    expert: str
    deals: int = 200
    settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    workers: int | None = None

    def respond(self, game: Game[Any], seat: int, mixtures: Sequence[SpecMixture], *, seed: int, folder: Path, previous: str) -> str:
        """See `Oracle`."""
        from agentarena.train.cloning import CloningConfig, clone_policy, decisions

        place, everywhere = max(seat, 0), seat == EVERY_SEAT
        seated = [{self.expert: 1.0} if other == place else mixture for other, mixture in enumerate(mixtures)]
        results = play_mixtures(game, seated, deals=self.deals, seed=seed, rotate=everywhere, workers=self.workers)
        data = decisions(results.records, agents=[agent(self.expert).name], seats=() if everywhere else (seat,))
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "policy.safetensors"
        clone_policy(data, CloningConfig(**self.settings, seed=seed)).save(path)
        return f"rl:{path}"

    def about(self) -> dict[str, Any]:
        """See `Oracle`."""
        return {"oracle": "cloning", "expert": self.expert, "deals": self.deals, "settings": dict(self.settings)}


@dataclasses.dataclass(slots=True)
class LanguageModelOracle:
    """A language model trained by self-play's own trainer with the mixture as its opponents; with `use_peft` it learns LoRA adapters.

    The trainer lets the model hold each seat in turn, so it is for populations that are shared.

    Attributes:
        settings: Settings of `SelfPlayConfig`, e.g. `{"model": "tiny", "use_peft": True, "max_steps": 50}`.
    """

    settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def respond(self, game: Game[Any], seat: int, mixtures: Sequence[SpecMixture], *, seed: int, folder: Path, previous: str) -> str:
        """See `Oracle`."""
        from agentarena.train.config import SelfPlayConfig
        from agentarena.train.recipe import selfplay

        if seat != EVERY_SEAT:
            raise NotSupported("the language-model oracle trains one policy for all seats; share the population (shared=True)")
        env = registry.env_id_of(game)
        data = {
            **self.settings,
            "games": {env: 1.0},
            "options": {env: game.options},
            "opponents": {spec: float(share) for spec, share in mixtures[-1].items() if share > 0},
            "seats_of_policy": "one",
            "seed": seed % 2**63,
            "output_dir": str(folder),
        }
        config = SelfPlayConfig(**data)
        selfplay(config)
        target = folder / f"checkpoint-{config.max_steps}"
        return f"hf:{config.model}?adapter={target}" if config.use_peft and isinstance(config.model, str) else f"hf:{target}"

    def about(self) -> dict[str, Any]:
        """See `Oracle`."""
        return {"oracle": "language model", "settings": {key: str(value) for key, value in self.settings.items()}}


def oracle_of(name: str, settings: Mapping[str, Any]) -> Oracle:
    """An oracle by name, "exact", "ppo", "dqn", "candidates" or "cloning", with its settings.

    Raises:
        BadOption: There is no such oracle, or it has no such setting.
    """
    if name == "exact":
        if settings:
            raise BadOption(f"the exact oracle has no settings, got {shown(dict(settings))}")
        return ExactOracle()
    if name in ("ppo", "dqn"):
        more = dict(settings)
        flags = {key: bool(more.pop(key)) for key in ("warm_start", "greedy") if key in more}
        return RLOracle({**more, "algorithm": name}, **flags)
    if name == "candidates":
        extra = set(settings) - {"candidates", "deals"}
        if extra or "candidates" not in settings:
            raise BadOption(f"the oracle 'candidates' takes 'candidates' (a list) and 'deals', got {shown(dict(settings))}")
        return CandidateOracle(list(settings["candidates"]), int(settings.get("deals", 100)))
    if name == "cloning":
        more = dict(settings)
        if not isinstance(more.get("expert"), str):
            raise BadOption("the oracle 'cloning' needs 'expert', a spec string: -s expert=minimax")
        return CloningOracle(more.pop("expert"), int(more.pop("deals", 200)), more)
    raise BadOption(f"oracle is {shown(name)}; allowed: 'exact', 'ppo', 'dqn', 'candidates', 'cloning'")
