"""The five stages of an iteration, each from the files of those before to files of its own."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from agentarena.agents.specs import agent
from agentarena.core.display import shown
from agentarena.core.errors import UsageError
from agentarena.core.game import Game
from agentarena.core.rng import stream
from agentarena.matches.api import play
from agentarena.train.settings import known_fields

from .artefacts import STAGES, Iteration, read_arrays, read_json, read_lines, write_arrays, write_json, write_lines
from .clusters import Clusters, as_json, fit_clusters, of_json
from .config import LSPOConfig
from .domain import Domain
from .pairs import BETA, Frequencies, draw_pairs
from .player import Player
from .policy import LatentPolicy, load_policy
from .speaker import SMALL, PreferencePair, Speaker, SpeechPrompt, spec_of
from .spoken_moves import SpokenMoves
from .talk import Talk
from .turns import Decision, Turn, turn_of
from .words import Normal

__all__ = [
    "RUN_STAGE",
    "UNCHANGED",
    "Context",
    "domain_of",
    "load_clusters",
    "load_turns",
    "policy_rows",
    "solve_config",
    "tune_config",
    "tuned_speaker",
]

UNCHANGED = "unchanged.json"
"""In place of a tuned model: which model goes on where there were no pairs."""

Load = Callable[[str], Speaker]
Tune = Callable[[str, Sequence[PreferencePair], Mapping[str, Any], Path], Mapping[str, Any]]
"""From a model, pairs and settings to a folder with the tuned model; figures are returned."""


def domain_of(speech: str, game: Game[Any]) -> Domain:
    """What is spoken in a game: see `LSPOConfig.speech`."""
    return SpokenMoves(game) if speech == "moves" else Talk(game)


@dataclass
class Context:
    """What the stages of one iteration work with.

    Attributes:
        config: The settings.
        number: Of the iteration.
        folder: Where its files lie.
        earlier: The iterations before, in order.
        speaker_spec: The model as it speaks in this iteration.
        load: Makes a speaker of a spec.
        tune: See `Tune`.
        progress: Called with parts done and all parts of a stage.
    """

    config: LSPOConfig
    number: int
    folder: Iteration
    earlier: tuple[Iteration, ...]
    speaker_spec: str
    load: Load
    tune: Tune
    progress: Callable[[int, int], None] | None = None

    @cached_property
    def domain(self) -> Domain:
        """The game and what is spoken in it."""
        return domain_of(self.config.speech, self.config.game())

    @property
    def before(self) -> Iteration | None:
        """The iteration before."""
        return self.earlier[-1] if self.earlier else None

    @cached_property
    def turns(self) -> list[Turn]:
        """What was generated in this iteration."""
        return load_turns(self.folder)

    @cached_property
    def corpus(self) -> list[Turn]:
        """What the clusters are made of: the turns of all iterations so far where `keep` is set, else of this one."""
        if not self.config.keep:
            return self.turns
        return [turn for folder in self.earlier for turn in load_turns(folder)] + self.turns

    @cached_property
    def clusters(self) -> Clusters:
        """The clusters of this iteration."""
        return load_clusters(self.folder)

    def seed(self, stage: str) -> int:
        """The seed of a stage."""
        return int(stream(self.config.seed, self.number, STAGES.index(stage)).integers(10**9))


def load_turns(folder: Iteration) -> list[Turn]:
    """The turns of an iteration."""
    return [turn_of(line) for line in read_lines(folder.path / "candidates.jsonl")]


def load_clusters(folder: Iteration) -> Clusters:
    """The clusters of an iteration."""
    return of_json(read_json(folder.path / "clusters.json"), read_arrays(folder.path / "clusters.npz"))


# --- generate -----------------------------------------------------------------------------------------------------------------------


def _generate(context: Context) -> dict[str, Any]:
    """Matches of the model with itself; all candidates of every turn are kept, one drawn uniformly is uttered."""
    config, before = context.config, context.before
    turns: list[Turn] = []
    clusters, policy = (None, None) if before is None else (load_clusters(before), load_policy(before.path / "policy"))
    speaker = context.load(context.speaker_spec)
    player = Player(
        lambda game: domain_of(config.speech, game),
        speaker,
        candidates=config.candidates,
        clusters=clusters,
        policy=policy,
        others=agent(config.others) if policy is None else None,
        uniform=True,
        on_turn=turns.append,
    )
    player.name = "speaker"
    try:
        results = play(
            config.game(),
            [player],
            matches=config.matches,
            seed=context.seed("generate"),
            concurrency=min(config.matches, _CONCURRENCY),
            progress=context.progress,
        )
    finally:
        player.close()
    faults = [fault for record in results.records for fault in record.faults if fault["kind"] in ("raised", "nonsense", "died")]
    if faults:
        raise UsageError(f"the speaker cannot play: {shown(faults[0]['reason'], 300)}")
    turns.sort(key=lambda turn: (turn.match, turn.turn, turn.seat))
    if not any(turn.candidates for turn in turns):
        raise UsageError(f"in {config.matches} matches nothing was said; is this a game in which one speaks, and does the model speak?")
    write_lines(context.folder.path / "candidates.jsonl", (turn.json() for turn in turns))
    wins = Counter(str(record.winner) for record in results.records if record.winner is not None)
    return {
        "matches": config.matches,
        "turns": len(turns),
        "candidates": sum(len(turn.candidates) for turn in turns),
        "distinct": len({words for turn in turns for words in turn.candidates}),
        **{f"wins {side}": count / config.matches for side, count in sorted(wins.items())},
    }


_CONCURRENCY = 512
"""Matches kept open at once, so that the model is asked in large batches."""


# --- cluster ------------------------------------------------------------------------------------------------------------------------


def _cluster(context: Context) -> dict[str, Any]:
    """All candidates of a role, those not uttered too."""
    utterances: dict[str, list[tuple[Normal, ...]]] = {}
    for turn in context.corpus:
        utterances.setdefault(turn.role, []).append(context.domain.normals(turn))
    settings = context.config.clusters
    clusters = fit_clusters(dict(sorted(utterances.items())), settings, grown=settings.grow * context.number)
    data, arrays = as_json(clusters)
    write_json(context.folder.path / "clusters.json", data)
    write_arrays(context.folder.path / "clusters.npz", arrays)
    counts = {f"clusters {role}": one.count for role, one in clusters.roles.items()}
    return {**counts, "symbols": len(clusters.symbol_centres), "sentences": sum(len(one.sentences) for one in clusters.roles.values())}


# --- solve --------------------------------------------------------------------------------------------------------------------------


def _solve(context: Context) -> dict[str, Any]:
    policy, figures = context.domain.solve(context.clusters, context.corpus, context.config.solve, context.seed("solve"))
    policy.save(context.folder.path / "policy")
    return {**figures, **context.domain.figures(context.clusters, context.corpus, context.turns, policy)}


# --- pairs --------------------------------------------------------------------------------------------------------------------------


def _pairs(context: Context) -> dict[str, Any]:
    settings, turns = context.config.pairs, context.turns
    policy = load_policy(context.folder.path / "policy")
    decisions = context.domain.decisions(context.clusters, turns)
    frequencies = Frequencies()
    for turn, decision in zip(turns, decisions, strict=True):
        if decision.actions:
            frequencies.add((turn.role, decision.situation), _kind(context, turn, decision.actions[0]))
    rng = np.random.default_rng(context.seed("pairs"))
    rows: list[dict[str, Any]] = []
    for turn, decision, row in zip(turns, decisions, policy_rows(policy, decisions), strict=True):
        rows += _pairs_of(context, turn, decision, row, frequencies, rng)
    if len(rows) > settings.most:
        rows = [rows[place] for place in np.sort(rng.permutation(len(rows))[: settings.most]).tolist()]
    write_lines(context.folder.path / "pairs.jsonl", rows)
    better = [row["chosen_probability"] > row["rejected_probability"] for row in rows]
    return {"pairs": len(rows), "chosen_is_likelier": float(np.mean(better)) if rows else None}


def _kind(context: Context, turn: Turn, action: int) -> tuple[int, ...]:
    """What frequencies are counted of: clusters, whoever is named."""
    move = context.domain.move_of(context.clusters, turn, action) if action >= 0 else None
    return () if move is None else (move[0],)


def _pairs_of(
    context: Context, turn: Turn, decision: Decision, row: np.ndarray, frequencies: Frequencies, rng: np.random.Generator
) -> Iterator[dict[str, Any]]:
    """The pairs of one turn, as lines of the file."""
    if len(decision.actions) < 2:
        return
    settings, moves = context.config.pairs, [action if action >= 0 else None for action in decision.actions]
    legal = Counter(_kind(context, turn, int(action)) for action in np.flatnonzero(decision.mask).tolist())
    kinds = [_kind(context, turn, action) for action in decision.actions]
    shares = [frequencies((turn.role, decision.situation), kind, len(legal)) / max(1, legal[kind]) for kind in kinds]
    probabilities = [float(row[action]) if action >= 0 else 0.0 for action in decision.actions]
    for chosen, rejected in draw_pairs(moves, probabilities, shares, rng, rule=settings.rule, power=settings.power, count=settings.each):
        yield {
            "role": turn.role,
            "view": turn.view,
            "chosen": turn.candidates[chosen],
            "rejected": turn.candidates[rejected],
            "chosen_cluster": kinds[chosen][0],
            "rejected_cluster": kinds[rejected][0],
            "chosen_probability": probabilities[chosen],
            "rejected_probability": probabilities[rejected],
            "chosen_frequency": shares[chosen],
            "rejected_frequency": shares[rejected],
        }


def policy_rows(policy: LatentPolicy, decisions: Sequence[Decision]) -> list[np.ndarray]:
    """The policy's probabilities at each decision, asked role by role."""
    out: list[np.ndarray] = [np.zeros(0)] * len(decisions)
    for role in sorted({decision.role for decision in decisions}):
        places = [place for place, decision in enumerate(decisions) if decision.role == role]
        for start in range(0, len(places), _ROWS):
            part = places[start : start + _ROWS]
            observations = np.stack([decisions[place].observation for place in part])
            rows = policy.probabilities(role, observations, np.stack([decisions[place].mask for place in part]))
            for place, row in zip(part, rows, strict=True):
                out[place] = row
    return out


_ROWS = 4096
"""Decisions that the policy is asked about at once."""


# --- tune ---------------------------------------------------------------------------------------------------------------------------


def _tune(context: Context) -> dict[str, Any]:
    """DPO on the pairs; where there are none, the model stays as it is."""
    lines = read_lines(context.folder.path / "pairs.jsonl")
    pairs = [PreferencePair(SpeechPrompt(one["role"], one["view"]), one["chosen"], one["rejected"]) for one in lines]
    out = context.folder.path / "speaker"
    if not pairs:
        write_json(out / UNCHANGED, {"speaker": context.speaker_spec})
        return {"pairs": 0}
    settings = {"beta": BETA[context.config.pairs.rule], "seed": context.seed("tune"), **context.config.tune}
    return {"pairs": len(pairs), **context.tune(context.speaker_spec, pairs, settings, out)}


def tuned_speaker(spec: str, before: Iteration) -> str:
    """The spec of the model that an iteration has tuned."""
    folder = before.path / "speaker"
    return str(read_json(folder / UNCHANGED)["speaker"]) if (folder / UNCHANGED).is_file() else spec_of(spec, folder)


def tune_by_dpo(spec: str, pairs: Sequence[PreferencePair], settings: Mapping[str, Any], out: Path) -> dict[str, Any]:
    """Tune the model behind a spec with `tuning.tune`; its figures."""
    from .tuning import REPORT, tune

    config = tune_config(settings)
    tune(model_behind(spec), pairs, config, out)
    report = json.loads((out / REPORT).read_text(encoding="utf-8"))
    return {name: value for name, value in report.items() if isinstance(value, int | float) and name != "seconds"}


def tune_config(settings: Mapping[str, Any]) -> Any:
    """`TuneConfig` of settings by name; those it does not have are named."""
    from .tuning import TuneConfig

    return TuneConfig(**known_fields(TuneConfig, settings, "tune."))


def solve_config(settings: Mapping[str, Any]) -> Any:
    """`SolveConfig` of settings by name; those it does not have are named."""
    from .solving import SolveConfig

    return SolveConfig(**known_fields(SolveConfig, settings, "solve."))


def model_behind(spec: str) -> str:
    """The folder or name of the model that a speaker's spec names.

    >>> model_behind("vllm:Qwen/Qwen3-8B?max_model_len=4096")
    'Qwen/Qwen3-8B'
    """
    head = spec.partition("?")[0]
    scheme, colon, rest = head.partition(":")
    return str(SMALL) if head == "speaker" else rest if colon and scheme in ("hf", "vllm") else head


RUN_STAGE: dict[str, Callable[[Context], dict[str, Any]]] = {
    "generate": _generate,
    "cluster": _cluster,
    "solve": _solve,
    "pairs": _pairs,
    "tune": _tune,
}
"""Stage -> what does it; figures are returned."""
