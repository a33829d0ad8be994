"""The oracle for networks of one's own: PPO against the mixture (`agentarena.train.rl.own_network`)."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from agentarena.core.errors import NotSupported
from agentarena.core.game import Game
from agentarena.core.rng import stream

from .exact import SpecMixture
from .oracles import EVERY_SEAT

__all__ = ["OwnNetworkOracle"]

_SLOTS = 40
"""First step of the path of the stream that gives slots to opponents."""


@dataclasses.dataclass(slots=True)
class OwnNetworkOracle:
    """A network of one's own, trained by PPO against the mixture; for populations that all seats share.

    With meta-solver "nash" it makes double oracle, with "uniform" fictitious play, with "latest" play against the last self; with
    `exploit` it trains an exploiter.

    Attributes:
        name: What it is called where a run is resumed.
        begin: From the spec of the newest policy to the module that is trained, e.g. a cloned one, or a copy of the newest.
        save: Writes a module into a folder and returns its spec string.
        settings: Settings of `OwnPPO`, e.g. `{"num_envs": 32}`.
        rounds: Rounds of PPO of each answer.
    """

    name: str
    begin: Callable[[str], Any]
    save: Callable[[Path, Any], str]
    settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    rounds: int = 20

    def respond(self, game: Game[Any], seat: int, mixtures: Sequence[SpecMixture], *, seed: int, folder: Path, previous: str) -> str:
        """See `Oracle`."""
        from agentarena.train.rl.env import Group
        from agentarena.train.rl.opponents import slots_of
        from agentarena.train.rl.own_network import OwnPPO, train_network

        if seat != EVERY_SEAT:
            raise NotSupported("the oracle of own networks trains one policy for all seats; share the population (shared=True)")
        settings = OwnPPO(**{**self.settings, "seed": seed % 2**31})
        counts = slots_of(mixtures[-1], settings.num_envs, 1, stream(seed, _SLOTS))
        groups = [Group(spec, slots, spec) for spec, slots in counts.items() if slots]
        module = self.begin(previous)
        train_network(game, module, settings, rounds=self.rounds, groups=groups)
        folder.mkdir(parents=True, exist_ok=True)
        return self.save(folder, module)

    def about(self) -> dict[str, Any]:
        """See `Oracle`."""
        return {"oracle": "own network", "name": self.name, "settings": dict(self.settings), "rounds": self.rounds}
