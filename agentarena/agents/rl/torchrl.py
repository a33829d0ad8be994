"""The scheme `torchrl:`: actors of TorchRL as agents."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from agentarena.core.display import shown
from agentarena.core.errors import BadOption, MissingExtra

from .module_agent import ModuleAgent, need_torch
from .torch_module import built, load_safetensors
from .trust import check_trusted, existing, file_version

__all__ = ["TorchRLAgent"]


class TorchRLAgent(ModuleAgent):
    """Plays an actor of TorchRL: `torchrl:package.module:function?weights=file.safetensors`, or `torchrl:actor.pt?trust=true`.

    The actor reads "observation" and, if it wants to, "action_mask", as `torchrl.envs.GymWrapper(agentarena.make_solo(...))` gives them,
    and writes "logits" or "action_value"; or it is a `ProbabilisticActor` of a categorical distribution. Illegal actions have
    probability 0.

    Args:
        actor: The function that builds the actor, "package.module:function" or "path/to/file.py:function"; or a file that
            `torch.save(actor, path)` wrote, which is a pickle and needs `trust`.
        weights: The actor's `state_dict`, as a safetensors file; needed with a function.
        deterministic: Play the likeliest action, or the one of the greatest value; else draw one.
        trust: Let torch unpickle the file. It can run any code.
        device: Where it computes, in torch's words, e.g. "cuda".
        arguments: Every other parameter is the function's.

    Attributes:
        version: The first 16 digits of the SHA-256 of the file of weights, or of the pickled file.
    """

    def __init__(
        self,
        actor: str,
        weights: str | None = None,
        deterministic: bool = False,
        trust: bool = False,
        device: str = "cpu",
        **arguments: Any,
    ) -> None:
        spec = f"torchrl:{actor}"
        torch = need_torch()
        try:
            import tensordict
        except ImportError as error:
            raise MissingExtra("tensordict", "torchrl") from error
        if weights is None and not Path(actor).is_file():
            raise BadOption(f"agent {shown(spec, 300)}: there is no such file, and a function needs weights=file.safetensors")
        file = existing(spec, str(actor if weights is None else weights))
        if weights is None:
            check_trusted(spec, trust, "a file of torch.save is a pickle (or name a function and its weights)")
            module = _unpickled(torch, spec, file)
        else:
            module = built(spec, actor, arguments)
            if isinstance(module, torch.nn.Module):
                load_safetensors(spec, module, file)
        if not isinstance(module, torch.nn.Module):
            raise BadOption(f"agent {shown(spec, 300)}: got {shown(module)}; expected an actor, a module on tensordicts")
        super().__init__(_on_tensors(torch, tensordict, module), greedy=deterministic, device=device, masks=True, name=spec)
        self.version = file_version(file)


def _unpickled(torch: Any, spec: str, file: Path) -> Any:
    try:
        return torch.load(file, map_location="cpu", weights_only=False)
    except Exception as error:  # whatever code of the file raises
        raise BadOption(f"agent {shown(spec, 300)} cannot be loaded: {type(error).__name__}: {shown(str(error), 200)}") from error


def _on_tensors(torch: Any, tensordict: Any, actor: Any) -> Any:
    """The actor as a module from `{"action_mask", "observation"}` to logits or values."""

    class OnTensors(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.actor = actor

        def forward(self, inputs: Any) -> Any:
            count = inputs["action_mask"].shape[0]
            entries = {"observation": inputs["observation"], "action_mask": inputs["action_mask"] != 0}
            data = tensordict.TensorDict(entries, batch_size=[count])
            if hasattr(self.actor, "get_dist"):
                return self.actor.get_dist(data).logits
            data = self.actor(data)
            for name in ("logits", "action_value"):
                if name in data.keys():  # noqa: SIM118  # not a mapping
                    return data[name]
            raise ValueError(f"the actor writes {sorted(map(str, data.keys()))}; expected 'logits' or 'action_value'")

    return OnTensors()
