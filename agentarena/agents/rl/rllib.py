"""The scheme `rllib:`: modules of RLlib (its new API stack) as agents."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from agentarena.core.display import shown
from agentarena.core.errors import BadOption, MissingExtra

from .module_agent import ModuleAgent, need_torch
from .trust import check_trusted, existing, file_version

__all__ = ["RLlibAgent"]


class RLlibAgent(ModuleAgent):
    """Plays a checkpoint of RLlib, `rllib:folder?trust=true`: of an algorithm (`algorithm.save_to_path`) or of one `RLModule`.

    The module was trained on `agentarena.make_solo` (a `Dict` of "action_mask" and "observation", flattened or not) or on the game's
    observation alone, and gives logits or means ("action_dist_inputs"). Illegal actions have probability 0.

    Args:
        folder: The checkpoint. It holds pickles, so that it needs `trust`.
        module: Which module of an algorithm's checkpoint.
        deterministic: Play the likeliest action; else draw one.
        masks: Whether the module sees `{"action_mask", "observation"}`, and not the observation alone.
        flat: Whether it sees them as one row of numbers, as after `FlattenObservations`.
        trust: Let RLlib unpickle the checkpoint. It can run any code.
        device: Where it computes, in torch's words, e.g. "cuda".

    Attributes:
        version: The first 16 digits of the SHA-256 of the module's files.
    """

    def __init__(
        self,
        folder: str,
        module: str = "default_policy",
        deterministic: bool = False,
        masks: bool = True,
        flat: bool = True,
        trust: bool = False,
        device: str = "cpu",
    ) -> None:
        spec = f"rllib:{folder}"
        torch = need_torch()
        try:
            from ray.rllib.core.rl_module.rl_module import RLModule
        except ImportError as error:
            raise MissingExtra("ray[rllib]", "rllib") from error
        place = _module_folder(spec, existing(spec, folder), module)
        check_trusted(spec, trust, "a checkpoint of RLlib is pickled")
        try:
            network = RLModule.from_checkpoint(str(place.resolve()))
        except Exception as error:  # whatever code of the checkpoint raises
            raise BadOption(f"agent {shown(spec, 300)} cannot be loaded: {type(error).__name__}: {shown(str(error), 200)}") from error
        super().__init__(_on_tensors(torch, network), greedy=deterministic, device=device, masks=masks, flat=flat, name=spec)
        self.version = file_version(place)


def _module_folder(spec: str, folder: Path, module: str) -> Path:
    """Where the module lies in a checkpoint of an algorithm, a learner group or one module."""
    inside = folder / "learner_group" / "learner" / "rl_module"
    places = [inside / module, folder / "rl_module" / module, folder / module, folder]
    for place in places:
        if (place / "class_and_ctor_args.pkl").is_file() and (place != folder or not inside.exists()):
            return place
    names = sorted(one.name for one in inside.iterdir() if one.is_dir()) if inside.is_dir() else []
    listed = f"; it has the modules {', '.join(names)}" if names else ""
    raise BadOption(f"agent {shown(spec, 300)}: no module {shown(module)} in this checkpoint of RLlib{listed}")


def _on_tensors(torch: Any, network: Any) -> Any:
    """The module from observations to logits or means."""

    class OnTensors(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, observations: Any) -> Any:
            return self.network.forward_inference({"obs": observations})["action_dist_inputs"]

    return OnTensors()
