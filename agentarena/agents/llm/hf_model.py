"""Models of transformers: loading, the tokens that end a reply, and LoRA adapters."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from typing import Any

from agentarena.core.display import printable
from agentarena.core.errors import BadOption, MissingExtra

__all__ = ["Adapters", "end_ids", "load_model", "needs_own_cache"]


def load_model(model: Any, tokenizer: Any, dtype: str, device: str | None) -> tuple[Any, Any]:
    """Model and tokenizer, ready to generate. Arguments are those of `HFEngine`."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    if not isinstance(model, str):
        return model.eval(), tokenizer
    place = device or ("cuda" if torch.cuda.is_available() else "cpu")
    precision: Any = ("float32" if place == "cpu" else "auto") if dtype == "auto" else dtype
    bars = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()  # of the weights; downloads have their own
    try:
        tokenizer = tokenizer or AutoTokenizer.from_pretrained(model)
        loaded: Any = AutoModelForCausalLM.from_pretrained(model, dtype=precision)
    except Exception as error:  # of transformers, torch and the files
        raise BadOption(f"hf:{model} cannot be loaded with dtype={dtype}: {printable(f'{type(error).__name__}: {error}', 1000)}") from error
    finally:
        if bars:
            logging.enable_progress_bar()
    try:
        return loaded.to(place).eval(), tokenizer
    except Exception as error:
        raise BadOption(f"hf:{model} cannot be put on device={place}: {printable(f'{type(error).__name__}: {error}', 300)}") from error


def end_ids(model: Any, tokenizer: Any) -> frozenset[int]:
    """The tokens that end a reply."""
    configured = model.generation_config.eos_token_id
    ends = {configured} if isinstance(configured, int) else set(configured or ())
    if tokenizer.eos_token_id is not None:
        ends.add(tokenizer.eos_token_id)
    return frozenset(ends)


def needs_own_cache(config: Any) -> bool:
    """Whether a model has layers that do not keep all keys and values."""
    kinds = getattr(config, "layer_types", None)
    if kinds is not None:
        return any(kind != "full_attention" for kind in kinds)
    return bool(getattr(config, "sliding_window", None)) or not hasattr(config, "num_attention_heads")


class Adapters:
    """LoRA adapters beside the layers of one model, of which at most one is on.

    Args:
        model: A model of transformers.
        paths: Paths or names on the hub, by name.
        owner: The engine, for messages.

    Attributes:
        current: The adapter that is on.
    """

    def __init__(self, model: Any, paths: Mapping[str, str], owner: str) -> None:
        self.current: str | None = None
        self._model, self._paths, self._owner = model, dict(paths), owner
        self._lora: Any = None  # peft's handle on the same model, once there is an adapter
        self._labels: dict[str, str] = {}  # adapter -> its name in peft

    def use(self, adapter: str | None) -> None:
        """Turn one on, or all off with `None`.

        Raises:
            MissingExtra: peft is not installed.
            BadOption: It cannot be loaded.
        """
        if adapter == self.current:
            return
        if adapter is None:
            self._lora.base_model.disable_adapter_layers()
        else:
            if adapter not in self._labels:
                self._load(adapter)
            self._lora.base_model.enable_adapter_layers()
            self._lora.set_adapter(self._labels[adapter])
        self.current = adapter

    def _load(self, adapter: str) -> None:
        if importlib.util.find_spec("peft") is None:
            raise MissingExtra("peft", "lora")
        from peft import PeftModel

        label, place = f"adapter{len(self._labels)}", self._paths.get(adapter, adapter)
        try:
            if self._lora is None:
                self._lora = PeftModel.from_pretrained(self._model, place, adapter_name=label).eval()
            else:
                self._lora.load_adapter(place, adapter_name=label)
        except Exception as error:
            raise BadOption(f"{self._owner}: no LoRA adapter can be loaded from {place!r}: {error}") from error
        self._labels[adapter] = label
