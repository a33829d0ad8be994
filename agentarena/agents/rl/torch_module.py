"""The scheme `torch:`: one's own torch module, built by a function, with weights from a safetensors file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from agentarena.agents.specs import factory
from agentarena.core.display import shown
from agentarena.core.errors import BadOption, MissingExtra, UsageError

from .module_agent import ModuleAgent, need_torch
from .trust import existing, file_version

__all__ = ["TorchModuleAgent", "built", "load_safetensors"]


class TorchModuleAgent(ModuleAgent):
    """Plays a torch module: `torch:package.module:function?weights=file.safetensors`, where the function builds the module.

    The module maps observations, float32 in the game's own shape with a first axis of R decisions, to logits of shape (R, A), or to the
    numbers of a continuous action. Illegal actions have probability 0.

    Args:
        reference: The function, "package.module:function" or "path/to/file.py:function". It is run, as the class of any agent is.
        weights: The module's `state_dict`, as a safetensors file. Pickled files are not read.
        greedy: Play the legal action with the greatest output; else draw from the softmax.
        temperature: Divides the outputs before the softmax.
        masks: Whether the module sees `{"action_mask", "observation"}`, as in `agentarena.make_solo`, and not the observation alone.
        flat: Whether it sees rows of numbers, and not the observation in the game's own shape.
        device: Where it computes, in torch's words, e.g. "cuda".
        arguments: Every other parameter is the function's.

    Attributes:
        version: The first 16 digits of the SHA-256 of the weights' file.
    """

    def __init__(
        self,
        reference: str,
        weights: str,
        greedy: bool = False,
        temperature: float = 1.0,
        masks: bool = False,
        flat: bool = False,
        device: str = "cpu",
        **arguments: Any,
    ) -> None:
        spec = f"torch:{reference}"
        torch = need_torch()
        file = existing(spec, str(weights))
        module = built(spec, reference, arguments)
        if not isinstance(module, torch.nn.Module):
            raise BadOption(f"agent {shown(spec, 300)}: the function made {shown(module)}; expected a torch.nn.Module")
        load_safetensors(spec, module, file)
        super().__init__(module, greedy=greedy, temperature=temperature, device=device, masks=masks, flat=flat, name=spec)
        self.version = file_version(file)


def built(spec: str, reference: str, arguments: dict[str, Any]) -> Any:
    """What the function that a reference names makes.

    Raises:
        UsageError: There is no such function, or it raises.
    """
    function = factory(reference)
    try:
        return function(**arguments)
    except Exception as error:  # of code that is not ours
        reason = f"{type(error).__name__}: {shown(str(error), 200)}"
        raise UsageError(f"agent {shown(spec, 300)}: its function cannot build the module: {reason}") from error


def load_safetensors(spec: str, module: Any, file: Path) -> None:
    """Copy the weights of a file into a module; names and shapes must be the module's.

    Raises:
        BadOption: The file is no safetensors file, is damaged, or has other tensors.
    """
    try:
        from safetensors import SafetensorError
        from safetensors.torch import load_file
    except ImportError as error:
        raise MissingExtra("safetensors", "rl") from error
    if file.suffix != ".safetensors":
        how = "safetensors.torch.save_file(module.state_dict(), 'mine.safetensors')"
        raise BadOption(
            f"agent {shown(spec, 300)}: weights are read from safetensors files alone, got {shown(str(file), 300)}; write one with {how}"
        )
    try:
        tensors = load_file(file)
    except (OSError, SafetensorError) as error:
        raise BadOption(f"agent {shown(spec, 300)}: {shown(str(file), 300)} is damaged: {shown(str(error), 200)}") from error
    try:
        module.load_state_dict(tensors)
    except RuntimeError as error:
        raise BadOption(
            f"agent {shown(spec, 300)}: {shown(str(file), 300)} holds another module's weights: {shown(str(error), 400)}"
        ) from error
