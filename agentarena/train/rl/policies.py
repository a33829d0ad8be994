"""From the networks of Stable-Baselines3 to `PolicyNetwork` and back: the same layers under other names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from agentarena.agents.rl.network import NetworkSpec, PolicyNetwork
from agentarena.core.errors import BadOption

from .config import RLConfig

__all__ = ["export", "install", "network_arguments", "parts", "rate_of"]

_ACTIVATIONS: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "tanh": nn.Tanh}


def network_arguments(config: RLConfig) -> dict[str, Any]:
    """The `policy_kwargs` of Stable-Baselines3 for the network of a run."""
    hidden = list(config.hidden)
    shape: Any = {"pi": hidden, "vf": hidden} if config.algorithm == "ppo" else hidden
    return {"net_arch": shape, "activation_fn": _ACTIVATIONS[config.activation]}


def rate_of(config: RLConfig) -> float | Callable[[float], float]:
    """The learning rate as Stable-Baselines3 takes it: a number, or a function of the part of the run that is left."""
    return config.learning_rate if config.lr_schedule == "constant" else lambda left: config.learning_rate * left


def parts(model: Any) -> dict[str, nn.Sequential]:
    """The perceptrons of a model, by their names in `PolicyNetwork`: "policy", and of PPO "value"."""
    policy = model.policy
    if hasattr(policy, "mlp_extractor"):
        return {
            "policy": nn.Sequential(*policy.mlp_extractor.policy_net, policy.action_net),
            "value": nn.Sequential(*policy.mlp_extractor.value_net, policy.value_net),
        }
    return {"policy": policy.q_net.q_net}


def export(model: Any, config: RLConfig) -> PolicyNetwork:
    """A copy of the model's network."""
    perceptrons = parts(model)
    network = PolicyNetwork(
        NetworkSpec(
            int(model.observation_space.shape[0]),
            int(model.action_space.n),
            config.hidden,
            "tanh" if config.activation == "tanh" else "relu",
            value="value" in perceptrons,
        )
    )
    for name, perceptron in perceptrons.items():
        getattr(network, name).load_state_dict(_numbered(perceptron))
    return network.eval()


def install(model: Any, network: PolicyNetwork) -> None:
    """Give a model the weights of a network; a value head is taken where both have one.

    Raises:
        BadOption: It is of another shape.
    """
    with torch.no_grad():
        for name, perceptron in parts(model).items():
            other = getattr(network, name)
            if other is None:
                continue
            own, source = perceptron.state_dict(), other.state_dict()
            if {key: value.shape for key, value in own.items()} != {key: value.shape for key, value in source.items()}:
                raise BadOption(f"the {name} network has the layers {_shape(other)}; this run's has {_shape(perceptron)}: set hidden alike")
            perceptron.load_state_dict(source)


def _numbered(perceptron: nn.Sequential) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in perceptron.state_dict().items()}


def _shape(perceptron: nn.Sequential) -> str:
    return " - ".join(str(layer.out_features) for layer in perceptron if isinstance(layer, nn.Linear))
