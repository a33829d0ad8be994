"""How likely a language model finds given replies: log-probabilities from any back-end that can tell them.

Three ways: engines that work on tokens score prompt and reply together; servers of OpenAI's protocol either echo a text with
the log-probability of each token (`/completions`), or list the likeliest first tokens of a reply (`/chat/completions`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from agentarena.core.display import shown
from agentarena.core.errors import BadOption, NotSupported

from .chat_form import Message
from .openai_answers import NoCompletion

__all__ = ["FORMS", "Continuations", "EchoScorer", "FirstTokenScorer", "Score", "Scorer", "TokenScorer", "scorer"]

FORMS = ("auto", "chat", "text", "first-token")
"""How prompts reach a model: as a chat under its template, as plain text, or as a chat of which the first token's alternatives are read."""
_MOST_ALTERNATIVES = 20
"""Most alternatives of a token that OpenAI's protocol lists."""
_FLOOR = 1e-9
"""Probability of a reply that is not among the alternatives, of which only the likeliest are listed."""
_THREADS = 32


class Score(NamedTuple):
    """The log-probability of a reply in nats, summed over its tokens, and their number."""

    logprob: float
    tokens: int


@dataclass(frozen=True, slots=True)
class Continuations:
    """A prompt and the replies whose log-probabilities are wanted.

    Attributes:
        messages: The chat; its last message is a user's. As plain text: the contents, a line each.
        replies: The replies, as they follow the prompt; none is empty.
    """

    messages: tuple[Message, ...]
    replies: tuple[str, ...]

    @property
    def text(self) -> str:
        """The prompt as plain text."""
        return "\n".join(message["content"] for message in self.messages)


class Scorer(Protocol):
    """Scores replies.

    Attributes:
        name: The form, for records: one of `FORMS` but "auto".
        alone: Whether what is scored in one call is one batch, whose make-up may change the last bits.
    """

    name: str
    alone: bool

    def scores(self, items: Sequence[Continuations]) -> list[list[Score]]:
        """One list for each item, one score for each of its replies."""
        ...


def scorer(engine: Any, form: str = "auto") -> Scorer:
    """What scores replies with an engine.

    Args:
        engine: A back-end of `agentarena.agents.llm`.
        form: One of `FORMS`; "auto" is "chat" for engines that hold the model, "text" for servers.

    Raises:
        BadOption: No such form.
        NotSupported: The engine has no log-probabilities in that form.
    """
    if form not in FORMS:
        raise BadOption(f"form is {shown(form)}; allowed: {', '.join(FORMS)}")
    if getattr(engine, "tokens", False):
        if form == "first-token":
            raise NotSupported(f"{engine.name} scores whole replies; form first-token is for servers. Take chat or text")
        return TokenScorer(engine, chat=form != "text")
    if not hasattr(engine, "call"):
        raise NotSupported(f"{engine.name} gives no log-probabilities; take hf:, vllm:, tiny or an OpenAI-compatible server")
    if form == "chat":
        raise NotSupported(f"{engine.name} is a server, which scores no given reply to a chat; take form text or first-token")
    return FirstTokenScorer(engine) if form == "first-token" else EchoScorer(engine)


class TokenScorer:
    """Scores by an engine that works on tokens.

    Args:
        engine: A `TokenEngine`.
        chat: Whether prompts are chats under its template, whose replies end with the token that ends a reply; else plain text.
    """

    def __init__(self, engine: Any, *, chat: bool = True) -> None:
        self.name = "chat" if chat else "text"
        self.alone = hasattr(engine, "score_batch")
        self._engine, self._chat = engine, chat

    def scores(self, items: Sequence[Continuations]) -> list[list[Score]]:
        """See `Scorer.scores`. Items are read in one batch where the engine can."""
        rows, starts = [], []
        for item in items:
            for reply in item.replies:
                prompt, tail = self._ids(item, reply)
                rows.append((*prompt, *tail))
                starts.append(len(prompt))
        flat = self._read(rows)
        out = iter(Score(math.fsum(values[start - 1 :]), len(values) - start + 1) for values, start in zip(flat, starts, strict=True))
        return [[next(out) for _ in item.replies] for item in items]

    def _ids(self, item: Continuations, reply: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
        tokenizer = self._engine.template.tokenizer
        if self._chat:
            end = tokenizer.eos_token_id
            return tuple(self._engine.template.prompt(item.messages)), (*_encoded(tokenizer, reply), *(() if end is None else (end,)))
        prompt, whole = tuple(tokenizer(item.text).input_ids), tuple(tokenizer(item.text + reply).input_ids)
        same = next((k for k, (a, b) in enumerate(zip(prompt, whole, strict=False)) if a != b), min(len(prompt), len(whole)))
        same = max(1, min(same, len(whole) - 1))  # a tokenizer may join the last letters of the prompt with the reply
        return whole[:same], whole[same:]

    def _read(self, rows: Sequence[tuple[int, ...]]) -> Sequence[Sequence[float]]:
        batch = getattr(self._engine, "score_batch", None)
        if batch is not None:
            return list(batch(rows))
        with ThreadPoolExecutor(min(_THREADS, max(1, len(rows)))) as pool:  # the engine puts what comes at once into one batch
            return list(pool.map(self._engine.score, rows))


def _encoded(tokenizer: Any, text: str) -> tuple[int, ...]:
    return tuple(tokenizer(text, add_special_tokens=False).input_ids)


class EchoScorer:
    """Scores by a server's `/completions`, which echoes the text with the log-probability of each token.

    Args:
        engine: An `OpenAIEngine`.
    """

    name = "text"
    alone = False

    def __init__(self, engine: Any) -> None:
        self._engine = engine

    def scores(self, items: Sequence[Continuations]) -> list[list[Score]]:
        """See `Scorer.scores`."""
        futures = [[self._engine.call(self._ask(item.text, reply), len(item.text) // 4) for reply in item.replies] for item in items]
        return [[future.result() for future in row] for row in futures]

    def _ask(self, prompt: str, reply: str) -> Any:
        async def ask(client: Any) -> Score:
            answer = await client.completions.create(
                model=self._engine.model, prompt=prompt + reply, max_tokens=1, temperature=0.0, echo=True, logprobs=1
            )
            return echoed(answer.model_dump(), len(prompt), len(prompt) + len(reply))

        return ask


def echoed(answer: Mapping[str, Any], start: int, end: int) -> Score:
    """The score of the characters from `start` to `end` in the echo of a text. A token belongs to where it ends.

    Raises:
        NoCompletion: The server did not echo the text with log-probabilities.
    """
    try:
        logprobs = answer["choices"][0]["logprobs"]
        tokens, values, offsets = logprobs["tokens"], logprobs["token_logprobs"], logprobs["text_offset"]
        places = [k for k, begun in enumerate(offsets) if begun < end and begun + len(tokens[k]) > start]
        scores = [float(values[k]) for k in places if k > 0]
    except (KeyError, IndexError, TypeError, ValueError):
        raise NoCompletion("the answer echoes no text with log-probabilities; this server cannot score given texts") from None
    if not scores or not all(-1e6 < score <= 1e-3 for score in scores):  # so that NaN is refused
        raise NoCompletion("the answer's log-probabilities do not cover the reply; this server cannot score given texts")
    return Score(math.fsum(scores), len(scores))


class FirstTokenScorer:
    """Scores replies of one token, such as letters, by the alternatives that a server lists for the first token of a chat's reply.

    A reply that is not among the likeliest has the floor probability. Upper and lower case and leading space count as one.

    Args:
        engine: An `OpenAIEngine`.
    """

    name = "first-token"
    alone = False

    def __init__(self, engine: Any) -> None:
        self._engine = engine

    def scores(self, items: Sequence[Continuations]) -> list[list[Score]]:
        """See `Scorer.scores`."""
        futures = [self._engine.call(self._ask(item), len(item.text) // 4) for item in items]
        return [future.result() for future in futures]

    def _ask(self, item: Continuations) -> Any:
        async def ask(client: Any) -> list[Score]:
            answer = await client.chat.completions.create(
                model=self._engine.model,
                messages=list(item.messages),
                logprobs=True,
                top_logprobs=_MOST_ALTERNATIVES,
                temperature=0.0,
                **{self._engine.tokens_field: 1},
            )
            return first_token(answer.model_dump(), item.replies)

        return ask


def first_token(answer: Mapping[str, Any], replies: Sequence[str]) -> list[Score]:
    """The scores of replies by the alternatives of an answer's first token.

    An alternative counts for the reply that it begins; one that begins several counts for none.

    Raises:
        NoCompletion: The server lists no alternatives.
    """
    try:
        listed = [(str(one["token"]), float(one["logprob"])) for one in answer["choices"][0]["logprobs"]["content"][0]["top_logprobs"]]
    except (KeyError, IndexError, TypeError, ValueError):
        raise NoCompletion("the answer lists no alternatives of its first token; this server gives no log-probabilities") from None
    words = [reply.strip().lower() for reply in replies]
    sums = [_FLOOR] * len(words)
    for token, logprob in listed:
        start = token.strip().lower()
        begun = [place for place, word in enumerate(words) if start and word.startswith(start)]
        if len(begun) == 1 and logprob <= 1e-3:
            sums[begun[0]] += math.exp(min(0.0, logprob))
    return [Score(math.log(min(1.0, value)), 1) for value in sums]
