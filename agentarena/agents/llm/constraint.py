"""Decoding under the legal replies: an automaton over characters, and the tokens that keep a reply on its way to one.

`Choices` and `Pattern` become an automaton; a token is allowed when its characters lead on. Tokens are tried in the order
of their scores until one is allowed, so the vocabulary need not be searched at every step.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from agentarena.core.errors import NotSupported
from agentarena.core.text import Choices, Options, Pattern

from .grammar import legal_replies

__all__ = ["Automaton", "Constraint", "Vocabulary", "automaton"]

_TRIES = 8
_Test = Callable[[str], bool]


class Automaton:
    """Which characters may follow: a non-deterministic automaton, made deterministic as far as it is walked.

    States are small integers; 0 is the start.
    """

    def __init__(self) -> None:
        self._arcs: list[list[tuple[_Test | str, int]]] = []
        self._free: list[list[int]] = []
        self._accepting: set[int] = set()
        self._sets: list[frozenset[int]] = []
        self._numbers: dict[frozenset[int], int] = {}
        self._next: dict[tuple[int, str], int | None] = {}
        self._firsts: dict[int, frozenset[str] | None] = {}

    def node(self) -> int:
        """A new node of the underlying graph."""
        self._arcs.append([])
        self._free.append([])
        return len(self._arcs) - 1

    def arc(self, here: int, test: _Test | str, there: int) -> None:
        """A character that passes `test`, or is that one character, leads on."""
        self._arcs[here].append((test, there))

    def free(self, here: int, there: int) -> None:
        """Nothing is needed to go on."""
        self._free[here].append(there)

    def ready(self, start: int, end: int) -> Automaton:
        """The graph is complete."""
        self._accepting.add(end)
        self._number(self._closure([start]))
        return self

    def step(self, state: int, text: str) -> int | None:
        """The state after some more characters, or `None` where they lead nowhere."""
        here: int | None = state
        for char in text:
            assert here is not None
            key = (here, char)
            if key not in self._next:
                self._next[key] = self._after(here, char)
            here = self._next[key]
            if here is None:
                return None
        return here

    def final(self, state: int) -> bool:
        """Whether what led here is complete."""
        return not self._accepting.isdisjoint(self._sets[state])

    def firsts(self, state: int) -> frozenset[str] | None:
        """The characters that may follow; `None` where they are too many to list."""
        if state not in self._firsts:
            tests = [test for node in self._sets[state] for test, _ in self._arcs[node]]
            listed = all(isinstance(test, str) for test in tests)
            self._firsts[state] = frozenset(test for test in tests if isinstance(test, str)) if listed else None
        return self._firsts[state]

    def _after(self, state: int, char: str) -> int | None:
        there = [
            target
            for node in self._sets[state]
            for test, target in self._arcs[node]
            if (test == char if isinstance(test, str) else test(char))
        ]
        return self._number(self._closure(there)) if there else None

    def _number(self, nodes: frozenset[int]) -> int:
        if nodes not in self._numbers:
            self._numbers[nodes] = len(self._sets)
            self._sets.append(nodes)
        return self._numbers[nodes]

    def _closure(self, nodes: Iterable[int]) -> frozenset[int]:
        seen = set(nodes)
        left = list(seen)
        while left:
            for other in self._free[left.pop()]:
                if other not in seen:
                    seen.add(other)
                    left.append(other)
        return frozenset(seen)


@functools.lru_cache(maxsize=4096)
def automaton(options: Choices | Pattern) -> Automaton:
    """The automaton of the legal replies.

    Raises:
        NotSupported: The regular expression looks around or back.
    """
    made = Automaton()
    start, end = made.node(), made.node()
    if isinstance(options, Choices):
        children: dict[tuple[int, str], int] = {}
        for reply in legal_replies(options):
            here = start
            for char in reply:
                there = children.get((here, char))
                if there is None:
                    there = children[here, char] = made.node()
                    made.arc(here, char, there)
                here = there
            made.free(here, end)
        return made.ready(start, end)
    parser = importlib.import_module("re._parser")
    made.free(_build(made, parser.parse(options.regex), start), end)
    return made.ready(start, end)


def _build(made: Automaton, items: Iterable[tuple[Any, Any]], here: int) -> int:
    """Add the parsed pieces of a regular expression after node `here`; the node where they end."""
    for operation, value in items:
        name = str(operation)
        if name in ("LITERAL", "NOT_LITERAL", "ANY", "IN"):
            there = made.node()
            made.arc(here, _test(name, value), there)
            here = there
        elif name == "SUBPATTERN":
            here = _build(made, value[3], here)
        elif name == "BRANCH":
            there = made.node()
            for branch in value[1]:
                made.free(_build(made, branch, here if len(branch) else _step_aside(made, here)), there)
            here = there
        elif name in ("MAX_REPEAT", "MIN_REPEAT"):
            least, most, piece = value
            here = _repeat(made, least, most, piece, here)
        elif name != "AT":
            raise NotSupported(
                f"a regular expression with {name} cannot be decoded under here; the engines vllm: and openai: (dialect=vllm) can, "
                "or play with constrain=false"
            )
    return here


def _step_aside(made: Automaton, here: int) -> int:
    there = made.node()
    made.free(here, there)
    return there


def _repeat(made: Automaton, least: int, most: Any, piece: Any, here: int) -> int:
    for _ in range(least):
        here = _build(made, piece, here)
    end = made.node()
    made.free(here, end)
    if str(most) == "MAXREPEAT":
        loop = _step_aside(made, here)
        made.free(_build(made, piece, loop), loop)
        made.free(loop, end)
        return end
    for _ in range(int(most) - least):
        here = _build(made, piece, here)
        made.free(here, end)
    return end


_CATEGORIES: dict[str, _Test] = {
    "CATEGORY_DIGIT": str.isdigit,
    "CATEGORY_SPACE": str.isspace,
    "CATEGORY_WORD": lambda char: char.isalnum() or char == "_",
    "CATEGORY_NOT_DIGIT": lambda char: not char.isdigit(),
    "CATEGORY_NOT_SPACE": lambda char: not char.isspace(),
    "CATEGORY_NOT_WORD": lambda char: not (char.isalnum() or char == "_"),
}


def _test(name: str, value: Any) -> _Test | str:
    if name == "LITERAL":
        return chr(value)
    if name == "NOT_LITERAL":
        return lambda char: char != chr(value)
    if name == "ANY":
        return lambda char: char != "\n"
    negated = bool(value) and str(value[0][0]) == "NEGATE"
    tests = [_member(str(operation), content) for operation, content in value[negated:]]
    if negated:
        return lambda char: not any(test(char) for test in tests)
    return lambda char: any(test(char) for test in tests)


def _member(name: str, value: Any) -> _Test:
    if name == "LITERAL":
        return lambda char: ord(char) == value
    if name == "RANGE":
        return lambda char: value[0] <= ord(char) <= value[1]
    return _CATEGORIES[str(value)]


class Vocabulary:
    """What each token of a tokenizer writes.

    Args:
        tokenizer: A `transformers` tokenizer.
        ends: Tokens that end a reply.
        size: Width of the model's logits, at least the number of tokens.
    """

    def __init__(self, tokenizer: Any, ends: Iterable[int], size: int) -> None:
        self.ends = np.array(sorted(ends), np.int64)
        special = set(tokenizer.all_special_ids) | set(ends)
        anchor = tokenizer("a", add_special_tokens=False).input_ids
        before = len(tokenizer.decode(anchor))
        count = min(size, len(tokenizer))
        # some tokenizers drop the space that a text begins with, so every token is decoded after another one
        decoded = tokenizer.batch_decode([[*anchor, token] for token in range(count)], clean_up_tokenization_spaces=False)
        self.texts = ["" if token in special or "\ufffd" in text else text[before:] for token, text in enumerate(decoded)]
        by_first: dict[str, list[int]] = {}
        for token, text in enumerate(self.texts):
            if text:
                by_first.setdefault(text[0], []).append(token)
        self._by_first = {char: np.array(tokens, np.int64) for char, tokens in by_first.items()}
        self._any = np.array([token for token, text in enumerate(self.texts) if text], np.int64)

    def candidates(self, firsts: frozenset[str] | None) -> np.ndarray:
        """Tokens that begin with one of these characters. Shape (N,)."""
        if firsts is None:
            return self._any
        found = [self._by_first[char] for char in sorted(firsts) if char in self._by_first]
        return np.concatenate(found) if found else np.zeros(0, np.int64)


class Constraint:
    """One reply under way.

    Args:
        options: The legal replies.
        vocabulary: What tokens write.

    Raises:
        NotSupported: The options are a JSON schema.
    """

    def __init__(self, options: Options, vocabulary: Vocabulary) -> None:
        if not isinstance(options, Choices | Pattern):
            raise NotSupported(
                "hf: decodes under lists of moves and regular expressions, not under JSON schemas; the engines vllm: and openai: can, "
                "or play with constrain=false"
            )
        self._automaton, self._vocabulary = automaton(options), vocabulary
        self._state = 0

    def choose(self, scores: np.ndarray) -> int:
        """The allowed token with the greatest score, which is taken. Shape of `scores`: (V,), V entries of the vocabulary."""
        tokens = self._vocabulary.candidates(self._automaton.firsts(self._state))
        if self._automaton.final(self._state):
            tokens = np.concatenate([self._vocabulary.ends, tokens])
        left = scores[tokens].astype(np.float64)
        for _ in range(min(_TRIES, len(tokens))):
            best = int(left.argmax())
            if self._take(int(tokens[best])):
                return int(tokens[best])
            left[best] = -np.inf
        for place in np.argsort(-left, kind="stable"):
            if self._take(int(tokens[place])):
                return int(tokens[place])
        raise NotSupported("no token of this model's vocabulary continues a legal reply; play with constrain=false")

    def _take(self, token: int) -> bool:
        if token in self._vocabulary.ends:
            return self._automaton.final(self._state)
        after = self._automaton.step(self._state, self._vocabulary.texts[token])
        if after is None:
            return False
        self._state = after
        return True
