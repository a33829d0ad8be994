"""Decoding under the legal replies: which tokens may come next, worked out by llguidance from the grammars of `grammar`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from agentarena.core.errors import MissingExtra, NotSupported
from agentarena.core.text import Options

from .grammar import lark

__all__ = ["Constraint", "Vocabulary"]

_GRAMMARS = 4096
"""Compiled grammars that are kept; the moves of one position come again in other matches."""
_ADVICE = "play with constrain=false"


class Vocabulary:
    """The tokens of a tokenizer, prepared for grammars: seconds of work for 150,000 tokens, once a model.

    Args:
        tokenizer: A fast `transformers` tokenizer.
        ends: Tokens that end a reply.
        size: Width of the model's logits, at least the number of tokens.

    Raises:
        MissingExtra: llguidance is not installed.
        NotSupported: The tokenizer is not one of the `tokenizers` library.
    """

    def __init__(self, tokenizer: Any, ends: Iterable[int], size: int) -> None:
        try:
            import llguidance
            import llguidance.hf
        except ModuleNotFoundError as error:
            raise MissingExtra("llguidance", "llm") from error
        self.size = size
        try:
            self._tokens = llguidance.hf.from_tokenizer(tokenizer, n_vocab=size, eos_token=sorted(ends))
        except ValueError as error:
            raise NotSupported(f"this model's tokenizer cannot be decoded under legal replies ({error}); {_ADVICE}") from error
        self._matcher = llguidance.LLMatcher
        self._grammars: dict[str, Any] = {}

    def constraint(self, options: Options) -> Constraint:
        """A new reply under these options.

        Raises:
            NotSupported: The options cannot be compiled: a regular expression that looks around or back, an unknown keyword of a schema.
        """
        grammar = lark(options)
        compiled = self._grammars.get(grammar)
        if compiled is None:
            compiled = self._matcher(self._tokens, grammar, log_level=0)
            if compiled.is_error():
                raise NotSupported(f"these legal replies cannot be decoded under ({compiled.get_error():.300}); {_ADVICE}")
            if len(self._grammars) >= _GRAMMARS:
                self._grammars.clear()
            self._grammars[grammar] = compiled
        return Constraint(compiled.deep_copy())


class Constraint:
    """One reply under way. `Vocabulary.constraint` builds it."""

    def __init__(self, matcher: Any) -> None:
        self._matcher = matcher

    def allowed(self) -> np.ndarray:
        """The tokens that may come next, in ascending order; those that end a reply where it is complete. Shape (A,), A >= 1.

        Raises:
            NotSupported: No token of the vocabulary continues the reply, or the grammar grew too complex.
        """
        packed = np.frombuffer(self._matcher.compute_bitmask(), np.uint8)
        used = np.flatnonzero(packed)  # most bytes are 0: few tokens are allowed
        rows, bits = np.nonzero(np.unpackbits(packed[used, None], axis=1, bitorder="little"))
        if self._matcher.is_error() or not len(rows):
            reason = self._matcher.get_error() or "no token of this model's vocabulary continues a legal reply"
            raise NotSupported(f"{reason:.300}; {_ADVICE}")
        return used[rows] * 8 + bits

    def take(self, token: int) -> None:
        """The reply goes on with one of the allowed tokens."""
        if not self._matcher.consume_token(token):
            raise AssertionError(f"token {token} is not allowed: {self._matcher.get_error()}")
