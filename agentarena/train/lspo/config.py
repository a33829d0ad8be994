"""The settings of LSPO."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from agentarena.core.display import shown
from agentarena.core.errors import BadOption
from agentarena.core.game import Game
from agentarena.core.registry import game as game_of
from agentarena.train.settings import FromTOML, check_fields, known_fields, merged, setting

from .clusters import ClusterSettings
from .pairs import RULES

__all__ = ["FREE", "SPEECH", "LSPOConfig", "PairSettings"]

SPEECH = ("turns", "moves")
FREE = ("iterations", "output_dir")
"""Settings that a run may go on with other values of."""


@dataclass(frozen=True, kw_only=True)
class PairSettings:
    """How preference pairs are drawn; see `pairs`.

    Attributes:
        rule: "odds" or "best-worst".
        power: Exponent of the odds.
        each: Pairs drawn of a prompt, by "odds".
        most: Most pairs of an iteration; a random part where there are more.
    """

    rule: str = setting("odds", choices=RULES)
    power: float = setting(1.0, low=0.01, high=100.0)
    each: int = setting(2, low=1, high=100)
    most: int = setting(20_000, low=1, high=10_000_000)

    def __post_init__(self) -> None:
        check_fields(self, "lspo: pairs")


@dataclass(frozen=True, kw_only=True)
class LSPOConfig(FromTOML):
    """Everything that decides a run.

    Attributes:
        env: The environment's id.
        preset: A preset of its options.
        options: Its options by name.
        output_dir: Folder of the run.
        seed: Of everything random.
        speech: What is spoken: "turns" (utterances of a game in which one speaks) or "moves" (every move is a sentence that names it).
        speaker: The language model before tuning: a name or folder as `load_speaker` reads it.
        iterations: Updates of the model. Iteration 0 is the model as it is, and the last one is not tuned further.
        matches: Matches of the model with itself in an iteration.
        candidates: Utterances that the model is asked for at each turn, each to differ from those before it.
        keep: Whether clusters are made of the candidates of all iterations so far, so that a move which the model no longer makes stays
            in the latent game; else of those of one iteration.
        others: Agent that makes the moves that are not speech in iteration 0; afterwards the latent policy does.
        clusters: See `ClusterSettings`.
        solve: Settings of the solver by name; see `SolveConfig`.
        pairs: See `PairSettings`.
        tune: Settings of DPO by name; see `TuneConfig`. Without `beta`, that of the rule of pairs.

    Raises:
        BadOption: A setting is out of range.
    """

    env: str
    preset: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    output_dir: str = "runs/lspo"
    seed: int = setting(0, low=0, high=2**31 - 1)
    speech: str = setting("turns", choices=SPEECH)
    speaker: str = "speaker"
    iterations: int = setting(3, low=0, high=100)
    matches: int = setting(200, low=1, high=1_000_000)
    candidates: int = setting(3, low=1, high=64)
    keep: bool = True
    others: str = "random"
    clusters: ClusterSettings = field(default_factory=ClusterSettings)
    solve: Mapping[str, Any] = field(default_factory=dict)
    pairs: PairSettings = field(default_factory=PairSettings)
    tune: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_fields(self, "")
        for name in ("env", "output_dir", "speaker", "others"):
            if not getattr(self, name):
                raise BadOption(f"lspo: {name} must not be an empty string")

    def game(self) -> Game[Any]:
        """The rules that the settings name."""
        return game_of(self.env, preset=self.preset, **self.options)

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> LSPOConfig:
        """The configuration of these settings, as JSON or TOML have them."""
        values = known_fields(cls, merged({}, data))
        if "env" not in values:
            raise BadOption('lspo: env is missing: which environment, e.g. env = "Werewolf-v0"')
        for name, kind in (("clusters", ClusterSettings), ("pairs", PairSettings)):
            if name in values and not isinstance(values[name], kind):
                if not isinstance(values[name], Mapping):
                    raise BadOption(f"lspo: {name} is {shown(values[name])}; expected settings by name, e.g. {name}.{_first(kind)}")
                values[name] = kind(**known_fields(kind, values[name], f"{name}."))
        return cls(**values)


def _first(kind: Any) -> str:
    return dataclasses.fields(kind)[0].name
