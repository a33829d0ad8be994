"""A first setting of attention under which a small transformer learns to copy words from its prompt sooner."""

from __future__ import annotations

from typing import Any

__all__ = ["copy_at_first"]


def copy_at_first(model: Any, strength: float) -> None:
    """Sets values and outputs of attention so that a layer adds `strength` times what it looks at, within what its heads can hold.

    With tied embeddings a token that is looked at then becomes likelier, and where to look is all that is left to learn.

    Source: the idea is that of A. Trockman and J. Z. Kolter, "Mimetic initialization of self-attention layers" (2023).
    """
    import torch

    with torch.no_grad():
        for layer in model.model.layers:
            attention = layer.self_attn
            values = torch.nn.init.orthogonal_(attention.v_proj.weight)  # (key heads x width, hidden)
            repeats = attention.o_proj.weight.shape[1] // values.shape[0]  # query heads that share a key head
            by_head = values.view(-1, attention.head_dim, values.shape[1]).repeat_interleave(repeats, dim=0)
            attention.o_proj.weight.copy_(by_head.reshape(-1, values.shape[1]).T * strength / repeats)
