"""The policy at the table: replies are drawn token by token among the legal ones, and equal situations are computed once."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from agentarena.agents.llm.chat import Chat, Prompt
from agentarena.agents.llm.engine import Completion
from agentarena.agents.llm.settings import Prompting, Sampling
from agentarena.agents.llm.template import Template
from agentarena.core.agent import Agent, Decision, TokenSample, View
from agentarena.core.display import shown
from agentarena.core.errors import BadOption, NotSupported
from agentarena.core.text import Choices

from .growing import Growing
from .policy import Policy

__all__ = ["LISTED_REPLY", "PolicyPlayer", "ReplyTree"]

LISTED_REPLY = "<answer>{move}</answer>"
"""How a listed move is written unless a model is used to something else."""

Tokens = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ReplyTree:
    """The legal replies at one decision, token by token.

    Attributes:
        children: For each beginning of a reply, the tokens that may follow, in ascending order.
    """

    children: dict[Tokens, Tokens]

    @classmethod
    def of(cls, replies: Sequence[Tokens]) -> ReplyTree:
        """The tree of some replies, each a sequence of tokens of which none continues another."""
        children: dict[Tokens, set[int]] = {}
        for reply in replies:
            for length, token in enumerate(reply):
                children.setdefault(reply[:length], set()).add(token)
        return cls({beginning: tuple(sorted(following)) for beginning, following in children.items()})

    def forced(self, beginning: Tokens) -> Tokens:
        """The beginning with all tokens appended that cannot be otherwise."""
        while len(following := self.children.get(beginning, ())) == 1:
            beginning = (*beginning, *following)
        return beginning


class PolicyPlayer(Agent):
    """A policy as an agent of matches; every reply carries its `TokenSample`.

    Args:
        policy: The model.
        name: How records name it.
        temperature: Of sampling; 0 is greedy.
        prompting: What prompts show; the present decision alone by default.
        thinking: Whether the model thinks first, where its chat template knows `enable_thinking`; `None` leaves it to the template.
        listed_reply: How a listed move is written: as the model is used to. Moves that bring answer tags with them stay as they are.
    """

    def __init__(
        self,
        policy: Policy,
        *,
        name: str = "policy",
        temperature: float = 1.0,
        prompting: Prompting | None = None,
        thinking: bool | None = None,
        listed_reply: str = LISTED_REPLY,
    ) -> None:
        if listed_reply.count("{move}") != 1:
            raise BadOption(f"listed_reply must have {{move}} in it once, e.g. {LISTED_REPLY!r}, got {shown(listed_reply, 100)}")
        self.name, self.version, self._listed_reply = name, "0", listed_reply
        self._policy, self._temperature, self._thinking = policy, temperature, thinking
        self._template = Template(policy.tokenizer, **({} if thinking is None else {"enable_thinking": thinking}))
        self._chat = Chat(prompting or Prompting(memory="state"), Sampling(temperature=temperature), 0, self._template)
        self._end = int(policy.tokenizer.eos_token_id)
        self._trees: dict[tuple[str, ...], ReplyTree] = {}
        self._known: dict[tuple[Tokens, Tokens], tuple[Tokens, np.ndarray, float]] = {}

    @classmethod
    def like(cls, other: PolicyPlayer, **changes: Any) -> Self:
        """A player of the same policy; `changes` are arguments that differ."""
        settings = {
            "name": other.name,
            "temperature": other._temperature,
            "prompting": other._chat.prompting,
            "thinking": other._thinking,
            "listed_reply": other._listed_reply,
            **changes,
        }
        return cls(other._policy, **settings)

    def renew(self, version: str) -> None:
        """The policy has other weights now."""
        self.version = version
        self._known.clear()

    def act(self, views: Sequence[View]) -> list[Decision]:
        prompts = [self._chat.prompt(view) for view in views]
        drawn = [_Draw(ids(prompt), self._tree(view), view.rng) for prompt, view in zip(prompts, views, strict=True)]
        for one in drawn:
            one.force()
        growing = Growing(self._policy)
        while open_ := [one for one in drawn if one.open]:
            self._learn([(one.prompt, one.tree, one.tokens) for one in open_], growing)
            for one in open_:
                one.take(*self._known[one.prompt, one.tokens], greedy=self._temperature == 0)
        return [self._reply(prompt, one) for prompt, one in zip(prompts, drawn, strict=True)]

    @property
    def policy(self) -> Policy:
        """The model."""
        return self._policy

    def replies(self, view: View) -> tuple[Tokens, ...]:
        """The listed legal actions of a decision as replies in tokens, in the order of `view.choices`.

        Raises:
            NotSupported: Replies are not listed.
        """
        self._tree(view)  # raises where they are not
        encoded = dict(zip(view.options.replies, self._encoded(view.options), strict=True))
        return tuple(encoded[view.write(action)] for action in view.choices)

    def distribution(self, view: View) -> dict[str, float]:
        """The probability of every legal reply at a decision: exact, for judges."""
        return self.distributions([view])[0]

    def distributions(self, views: Sequence[View]) -> list[dict[str, float]]:
        """The probability of every legal reply at some decisions, computed together."""
        trees, prompts = [self._tree(view) for view in views], [ids(self._chat.prompt(view)) for view in views]
        self._learn(
            [
                (prompt, tree, beginning)
                for prompt, tree in zip(prompts, trees, strict=True)
                for beginning, following in tree.children.items()
                if len(following) > 1
            ]
        )
        return [self._distribution(*each) for each in zip(views, prompts, trees, strict=True)]

    def _distribution(self, view: View, prompt: Tokens, tree: ReplyTree) -> dict[str, float]:
        out = {}
        for move, reply in zip(view.options.replies, self._encoded(view.options), strict=True):
            probability = 1.0
            for length, token in enumerate(reply):
                if len(tree.children[reply[:length]]) > 1:
                    following, chances, _ = self._known[prompt, reply[:length]]
                    probability *= float(chances[following.index(token)])
            out[move] = probability
        return out

    def _encoded(self, options: Choices) -> list[Tokens]:
        moves = (move if "<answer>" in move.lower() else self._listed_reply.replace("{move}", move) for move in options.replies)
        return [(*self._template._tokens(reply), self._end) for reply in moves]

    def _tree(self, view: View) -> ReplyTree:
        options = view.options
        if not isinstance(options, Choices):
            raise NotSupported(f"{type(view.game).__name__} has replies that are not listed; they are sampled by an engine")
        if options.replies not in self._trees:
            self._trees[options.replies] = ReplyTree.of(self._encoded(options))
        return self._trees[options.replies]

    def _learn(self, places: Sequence[tuple[Tokens, ReplyTree, Tokens]], growing: Growing | None = None) -> None:
        """Work out the distributions at some places that are not known yet, each once; `growing` knows the replies' beginnings."""
        new = {(prompt, beginning): tree for prompt, tree, beginning in places if (prompt, beginning) not in self._known}
        if not new:
            return
        logits = (growing or Growing(self._policy, most_bytes=0)).logits(list(new))
        scores = logits.double() / (self._temperature or 1.0)
        normalizers = scores.logsumexp(-1).tolist()
        for row, ((key, tree), whole) in enumerate(zip(new.items(), normalizers, strict=True)):
            following = tree.children[key[1]]
            own = scores[row, list(following)]
            among = float(own.logsumexp(-1))
            self._known[key] = (following, (own - among).exp().cpu().numpy(), among - whole)

    def _reply(self, prompt: Prompt, drawn: _Draw) -> Decision:
        sample = TokenSample(
            drawn.prompt,
            drawn.tokens,
            tuple(drawn.logprobs),
            tuple(drawn.log_normalizers),
            tuple(drawn.allowed),
            temperature=self._temperature,
            policy=self.name,
            version=self.version,
        )
        completion = Completion(self._template.text(drawn.tokens[:-1]), prompt_ids=drawn.prompt, token_ids=drawn.tokens)
        return dataclasses.replace(prompt.reply(completion), samples=(sample,))


def ids(prompt: Prompt) -> Tokens:
    """The tokens of a prompt."""
    request = prompt.ask()
    assert request.prompt_ids is not None
    return request.prompt_ids


class _Draw:
    """A reply under way."""

    def __init__(self, prompt: Tokens, tree: ReplyTree, rng: np.random.Generator) -> None:
        self.prompt, self.tree, self._rng = prompt, tree, rng
        self.tokens: Tokens = ()
        self.logprobs: list[float] = []
        self.log_normalizers: list[float] = []
        self.allowed: list[Tokens | None] = []

    @property
    def open(self) -> bool:
        return self.tokens in self.tree.children

    def take(self, following: Tokens, chances: np.ndarray, log_normalizer: float, *, greedy: bool) -> None:
        """Draw the next token, and append what is forced after it."""
        if greedy:
            index = int(chances.argmax())
        else:
            index = min(int(np.searchsorted(chances.cumsum(), self._rng.random(), side="right")), len(following) - 1)
        self._append(following[index], float(np.log(chances[index])), log_normalizer, following)
        self.force()

    def force(self) -> None:
        """Append tokens that cannot be otherwise."""
        while len(following := self.tree.children.get(self.tokens, ())) == 1:
            self._append(following[0], 0.0, 0.0, following)

    def _append(self, token: int, logprob: float, log_normalizer: float, allowed: Tokens) -> None:
        self.tokens = (*self.tokens, token)
        self.logprobs.append(logprob)
        self.log_normalizers.append(log_normalizer)
        self.allowed.append(allowed)
