"""Checkpoints of a run: its policies as files for players, and all else that it needs to go on, as tensors and JSON. No pickle.

A run's folder has `policy-<steps>.safetensors` of every stage, `run.json`, and the `state-<steps>.safetensors` that this names: weights,
optimizer, target network, replay buffer. `run.json` is replaced last and as a whole, so a run that is killed at any point leaves one
whole checkpoint.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from agentarena.agents.rl.policy_file import load_policy, observation_layout
from agentarena.core.display import shown
from agentarena.core.errors import BadOption, UsageError
from agentarena.core.game import Game

from .config import RLConfig
from .opponents import Pool
from .replay import MaskedReplay

__all__ = ["Progress", "load", "save", "settings"]

FORMAT = 1
"""Version of the files; others are refused."""
RUN = "run.json"
_MAY_CHANGE = ("total_steps", "eval", "eval_matches", "eval_every", "eval_greedy", "eval_exact", "output_dir", "report_to")
_MOST_BYTES = 64 << 20
"""Longest `run.json`."""


@dataclasses.dataclass
class Progress:
    """How far a run is.

    Attributes:
        pool: Its checkpoints.
        steps: Decisions of the learner so far.
        rounds: Rounds so far.
        stages: Stages so far.
    """

    pool: Pool
    steps: int = 0
    rounds: int = 0
    stages: int = 0


def save(model: Any, config: RLConfig, game: Game[Any], progress: Progress) -> None:
    """Write the state of a run; its newest policy file is there already."""
    from safetensors.torch import save_file

    folder = Path(config.output_dir)
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"state-{progress.steps}.safetensors"
    part = target.with_name(target.name + ".part")
    save_file({name: tensor.detach().cpu().contiguous().clone() for name, tensor in _tensors(model).items()}, part)
    digest = _digest(part)
    os.replace(part, target)
    data = {
        "format": FORMAT,
        "config": settings(config),
        "layout": observation_layout(game, _seat(config)),
        "steps": progress.steps,
        "rounds": progress.rounds,
        "stages": progress.stages,
        "updates": int(model._n_updates),
        "calls": int(getattr(model, "_n_calls", 0)),
        "policies": progress.pool.policies,
        "results": progress.pool.results,
        "state": {"file": target.name, "sha256": digest},
    }
    part = folder / f"{RUN}.part"
    part.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    os.replace(part, folder / RUN)
    for old in folder.glob("state-*.safetensors"):
        if old != target:
            old.unlink()


def load(model: Any, config: RLConfig, game: Game[Any]) -> Progress | None:
    """Put a model where the run's checkpoint was; `None` where there is none.

    Raises:
        UsageError: It is damaged, of another format, or of another run: other settings, or other observations.
    """
    folder = Path(config.output_dir)
    if not (folder / RUN).is_file():
        return None
    data = _read(folder / RUN)
    _check_same_run(data, config, game)
    source = folder / data["state"]["file"]
    if not source.is_file() or _digest(source) != data["state"]["sha256"]:
        raise UsageError(f"{source} is missing or damaged: its bytes are not those that {RUN} names. {_ADVICE}")
    _install(model, source)
    model._n_updates, model.num_timesteps = data["updates"], data["steps"]
    if hasattr(model, "_n_calls"):
        model._n_calls = data["calls"]
    pool = Pool(folder, [(int(steps), str(digest)) for steps, digest in data["policies"]], data["results"])
    _check_pool(pool, game, config)
    return Progress(pool, data["steps"], data["rounds"], data["stages"])


def settings(config: RLConfig) -> dict[str, Any]:
    """A configuration as JSON gives it back."""
    return dict(json.loads(json.dumps(dataclasses.asdict(config))))


_ADVICE = "Delete the folder, or give another output_dir"
_FIELDS: dict[str, type] = {
    "config": dict,
    "layout": dict,
    "results": dict,
    "state": dict,
    "policies": list,
    **dict.fromkeys(("steps", "rounds", "stages", "updates", "calls"), int),
}


def _read(path: Path) -> dict[str, Any]:
    """`run.json`, known to have all its fields."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ValueError("it is too long")
        data = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(data, dict):
            raise ValueError("it is no object")
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is damaged: {shown(str(error), 200)}. {_ADVICE}") from None
    if data.get("format") != FORMAT:
        raise UsageError(f"{path} is of format {shown(data.get('format'))}; this version reads format {FORMAT}. {_ADVICE}")
    for name, kind in _FIELDS.items():
        if not isinstance(data.get(name), kind):
            raise UsageError(f"{path} is damaged: {name} is {shown(data.get(name))}. {_ADVICE}")
    state = data["state"]
    if set(state) != {"file", "sha256"} or state["file"] != f"state-{data['steps']}.safetensors":
        raise UsageError(f"{path} is damaged: state is {shown(state)}. {_ADVICE}")
    return data


def _check_same_run(data: dict[str, Any], config: RLConfig, game: Game[Any]) -> None:
    for name, value in settings(config).items():
        if name not in _MAY_CHANGE and data["config"].get(name) != value:
            raise UsageError(
                f"{config.output_dir} holds another run: {name} is {shown(data['config'].get(name))} there, {shown(value)} here. "
                "Give another output_dir"
            )
    layout = observation_layout(game, _seat(config))
    if data["layout"] != layout:
        raise UsageError(
            f"{config.output_dir} was trained on other observations: {shown(data['layout'])} there, {shown(layout)} here. {_ADVICE}"
        )


def _check_pool(pool: Pool, game: Game[Any], config: RLConfig) -> None:
    """Every checkpoint that the run may still meet is the one that was written."""
    for steps, digest in pool.policies:
        path = pool.path(steps)
        try:
            policy = load_policy(path)
        except BadOption as error:
            raise UsageError(f"{error}. {_ADVICE}") from None
        reason = policy.refusal(game, _seat(config)) or (None if policy.digest == digest else "it has other weights than this run gave it")
        if reason:
            raise UsageError(f"{path} is no checkpoint of this run: {reason}. {_ADVICE}")


def _seat(config: RLConfig) -> int:
    return config.seat if isinstance(config.seat, int) else 0


def _tensors(model: Any) -> dict[str, Tensor]:
    """All that is learned, by name."""
    tensors = {f"policy.{name}": tensor for name, tensor in model.policy.state_dict().items()}
    for number, entries in model.policy.optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{number}.{name}": torch.as_tensor(value) for name, value in entries.items()}
    if isinstance(getattr(model, "replay_buffer", None), MaskedReplay):
        tensors |= {f"replay.{name}": torch.as_tensor(array) for name, array in model.replay_buffer.arrays().items()}
    return tensors


def _install(model: Any, source: Path) -> None:
    from safetensors.torch import load_file

    groups: dict[str, dict[str, Tensor]] = {"policy": {}, "optimizer": {}, "replay": {}}
    for name, tensor in load_file(source).items():
        head, _, rest = name.partition(".")
        groups[head][rest] = tensor
    model.policy.load_state_dict(groups["policy"])
    moments: dict[int, dict[str, Tensor]] = {}
    for name, tensor in groups["optimizer"].items():
        number, _, rest = name.partition(".")
        moments.setdefault(int(number), {})[rest] = tensor
    model.policy.optimizer.load_state_dict({**model.policy.optimizer.state_dict(), "state": moments})
    if groups["replay"]:
        model.replay_buffer.load({name: tensor.numpy() for name, tensor in groups["replay"].items()})


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
