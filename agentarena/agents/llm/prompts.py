"""What language models were sent in a recorded match, built again from the record; and the same as chats for fine-tuning.

    for sent in prompts(record, seat=0):
        print(sent.messages, sent.reply)

Records hold replies, not prompts. The match is played again, and a `LanguageAgent` with the settings that the record names makes
its prompts as it did then, on a back-end that answers with the recorded replies: no model is loaded, no key is needed, and no
code that a record names is run. Where this cannot be exact, `Exchange.doubt` says why.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agentarena.agents.specs import parse
from agentarena.core.agent import View
from agentarena.core.errors import BadOption, UsageError
from agentarena.core.match import FAULTS, Match
from agentarena.core.record import Record
from agentarena.core.replay import steps
from agentarena.core.reply import retry_reason

from .agent import TINY_DEFAULTS, LanguageAgent, openai
from .engine import Completion, Done, Message, Request
from .settings import Prompting

__all__ = ["Exchange", "conversations", "prompts"]


@dataclass(frozen=True, slots=True)
class Exchange:
    """A prompt as it was sent, and what came back.

    Attributes:
        match: Number of the match within its run.
        step: Steps taken before the decision.
        seat: Who was asked.
        agent: Its name in the record.
        attempt: How many replies to this very question were not accepted before.
        messages: The chat, the system message first; `()` where nothing was sent.
        reply: The recorded reply; of a plan, the plan.
        thinking: The recorded thinking.
        outcome: "read", why the reply was not accepted, the kind of the fault that came in its place, or `""` where neither
            is recorded.
        reason: The same in words; `""` for a reply that was read.
        times: How often this prompt was sent: a vote sends it several times, and the record holds the reply that won.
        doubt: Why the prompt may differ from what was sent; `""` where it is exact.
    """

    match: int
    step: int
    seat: int
    agent: str
    attempt: int
    messages: tuple[Message, ...]
    reply: str
    thinking: str
    outcome: str
    reason: str
    times: int = 1
    doubt: str = ""


def prompts(record: Record, *, seat: int | None = None, spec: str | None = None) -> list[Exchange]:
    """Every prompt of a recorded match and its reply, in the order of the match.

    Args:
        record: The match.
        seat: Only what this seat was sent; by default every seat that is held by a language model or answered in words.
        spec: The settings to build prompts by, as a spec string, e.g. "openai:m?memory=state": for agents made in code or under
            a name of their own, whose name in the record does not say their settings.

    Raises:
        UsageError: The match has no such seat.
        BadOption: `spec` is no spec string, or its settings are out of range.
        RecordMismatch: The record cannot be played again.
    """
    return [exchange for exchange, _ in _exchanges(record, seat, spec, accepted=False)]


def conversations(
    records: Iterable[Record],
    *,
    seat: int | None = None,
    agent: str | None = None,
    won: bool = False,
    min_return: float | None = None,
    rejected: bool = False,
    thinking: bool = False,
    spec: str | None = None,
) -> Iterator[dict[str, Any]]:
    """Recorded matches as chats for fine-tuning: `{"messages": [{"role", "content"}, ...], "metadata": {...}}`.

    One chat a match and seat where each prompt continues the last (`memory=chat`); where it does not (`memory=state`, `last:k`,
    plans), one chat a decision. Replies that were not accepted are left out, with the questions that followed them.

    Args:
        records: The matches.
        seat: Only this seat.
        agent: Only seats held by the agent of this name.
        won: Only seats that won, alone or with their side.
        min_return: Only seats whose return is at least this.
        rejected: Keep replies that were not accepted, and why, as they were sent.
        thinking: Put the recorded thinking before each reply, in think tags.
        spec: As in `prompts`.

    Yields:
        A chat whose metadata are env, match, seat, agent, role, return, won, outcome (of the match), steps (of the decisions
        whose replies are in the chat) and doubt (see `Exchange`).
    """
    for record in records:
        chosen = {
            number
            for number, holder in enumerate(record.seats)
            if (seat is None or number == seat)
            and (agent is None or holder.agent == agent)
            and (not won or _won(record, number))
            and (min_return is None or holder.return_ >= min_return)
        }
        chats: dict[int, _Chat] = {}
        for exchange, content in _exchanges(record, seat, spec, accepted=not rejected) if chosen else ():
            if exchange.seat not in chosen or not exchange.messages or (not rejected and exchange.outcome != "read"):
                continue
            chat = chats.get(exchange.seat)
            if chat is not None and not chat.continued_by(exchange):
                yield chat.line(record, thinking)
                chat = None
            chats[exchange.seat] = chat or _Chat()
            chats[exchange.seat].add(exchange, content)
        for number in sorted(chats):
            yield chats[number].line(record, thinking)


def _won(record: Record, seat: int) -> bool:
    return record.winner is not None and record.winner in (seat, record.seats[seat].team)


class _Chat:
    """One chat of an export, as it grows from exchange to exchange."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self._thinking: dict[int, str] = {}  # by place of the message
        self._exchanges: list[Exchange] = []

    def continued_by(self, exchange: Exchange) -> bool:
        return list(exchange.messages[: len(self.messages)]) == self.messages

    def add(self, exchange: Exchange, content: str) -> None:
        self.messages = [*exchange.messages, {"role": "assistant", "content": content}]
        if exchange.thinking and content == exchange.reply:
            self._thinking[len(exchange.messages)] = exchange.thinking
        self._exchanges.append(exchange)

    def line(self, record: Record, thinking: bool) -> dict[str, Any]:
        first = self._exchanges[0]
        holder = record.seats[first.seat]
        messages = [dict(message) for message in self.messages]
        for place, thought in self._thinking.items() if thinking else ():
            messages[place]["content"] = f"<think>\n{thought}\n</think>\n\n{messages[place]['content']}"
        metadata = {
            "env": record.env,
            "match": record.match,
            "seat": first.seat,
            "agent": holder.agent,
            "role": holder.role,
            "return": holder.return_,
            "won": _won(record, first.seat),
            "outcome": record.outcome,
            "steps": list(dict.fromkeys(exchange.step for exchange in self._exchanges)),
            "doubt": next((exchange.doubt for exchange in self._exchanges if exchange.doubt), ""),
        }
        return {"messages": messages, "metadata": metadata}


def _exchanges(record: Record, seat: int | None, spec: str | None, *, accepted: bool) -> Iterator[tuple[Exchange, str]]:
    """Every exchange in order, with its reply as later prompts show it; with `accepted`, as if all other replies had not been given."""
    if seat is not None and not 0 <= seat < len(record.seats):
        raise UsageError(f"there is no seat {seat}; the seats are 0 to {len(record.seats) - 1}")
    replies = {(entry["step"], entry["seat"]): entry["attempts"] for entry in record.replies}
    faults = {(fault["step"], fault["seat"]): fault for fault in record.faults if fault["kind"] in FAULTS}
    wordy = {number for _, number in replies}
    askers: dict[int, _Asker] = {}
    for number, holder in enumerate(record.seats):
        settings = _settings(holder.agent)
        if spec is not None and not settings.known:
            settings = dataclasses.replace(_settings(spec, trusted=True), known=False)
        if seat in (None, number) and (number in wordy or settings.known):
            askers[number] = _Asker(record, number, settings)
    for match, _ in steps(record):
        for number in match.to_move:
            if number in askers:
                place = (match.episode.steps, number)
                attempts = [one for one in replies.get(place, ()) if not accepted or one["outcome"] == "read"]
                yield from askers[number].decision(match, attempts, faults.get(place))


# --- the settings of an agent, from its name ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Settings:
    """What a name in a record says of an agent's prompts."""

    parameters: Mapping[str, Any]
    known: bool
    doubt: str


_SCHEMES = ("hf", "openai", "vllm", "tiny")
_PROMPTING = tuple(field.name for field in dataclasses.fields(Prompting))
_DOUBTS = {
    "candidates": "",  # like a vote, it sends one prompt several times
    "cicero": "the move that the policy chose, and the question of how to word it, are not shown",
    "direct": "",
    "plan": "where the model thinks by itself, the record does not keep its plan apart from its thinking",
    "react": "",
    "recon": "the two questions before the move, of one's own perspective and the others', are not shown",
    "sla": "the deductions and the candidates that were not played are not shown",
    "recall": "the decisions of earlier matches that the strategy `recall` put into the prompt are not shown",
    "vote": "",
}
"""Strategy -> why prompts rebuilt without its files and policies are not exact."""


def _settings(name: str, *, trusted: bool = False) -> _Settings:
    try:
        head, given = parse(name)
        scheme = head.partition(":")[0]
        if scheme not in _SCHEMES and not trusted:
            return _Settings({}, False, "the record does not say how this agent makes its prompts; shown with the default settings")
        parameters = {key: value for key, value in given.items() if key in _PROMPTING}
        if scheme == "tiny":
            parameters = {"memory": TINY_DEFAULTS["memory"], **parameters}
        prompting = Prompting(**parameters)
    except BadOption as error:
        if trusted:
            raise
        return _Settings({}, False, f"the settings in this agent's name cannot be read ({error}); shown with the default settings")
    strategy = str(given.get("strategy", "direct"))
    doubts = [_DOUBTS.get(strategy, f"the strategy {strategy!r} is code of its own, and may ask otherwise")]
    if strategy in ("vote", "candidates"):
        n = given.get("n", 5)
        parameters |= {"strategy": "vote", "n": n if type(n) is int and 1 <= n <= 1000 else 1, "temperature": 1.0}
    elif strategy in ("plan", "react"):
        parameters["strategy"] = strategy
    by_tokens = scheme in ("hf", "vllm", "tiny")
    if by_tokens:
        parameters.pop("context", None)
    elif prompting.context:
        most = given.get("max_tokens")
        parameters["max_tokens"] = most if type(most) is int and most > 0 else inspect.signature(openai).parameters["max_tokens"].default
    if prompting.depth != 0 and (by_tokens or prompting.context):
        doubts.append("where the whole chat did not fit the model's context, its oldest decisions were left out")
    return _Settings(parameters, scheme in _SCHEMES, "; ".join(filter(None, doubts)))


# --- asking again -------------------------------------------------------------------------------------------------------


class _Recorded:
    """A back-end that notes what it is sent and answers with what it is given; without an answer it stays silent."""

    tokens = False
    name = "recorded"

    def __init__(self) -> None:
        self.sent: list[tuple[Message, ...]] = []
        self.answers: Sequence[Completion] = ()

    def submit(self, request: Request, done: Done) -> None:
        self.sent.append(request.messages)
        if self.answers:
            done(self.answers[min(len(self.sent), len(self.answers)) - 1])

    def close(self) -> None:
        pass


class _Asker:
    """One seat of a match that is played again."""

    def __init__(self, record: Record, seat: int, settings: _Settings) -> None:
        self._record, self._seat, self._settings = record, seat, settings
        self._plans = settings.parameters.get("strategy") == "plan"
        self._engine = _Recorded()
        self._agent = LanguageAgent.of(self._engine, name=record.seats[seat].agent, **settings.parameters)

    def decision(
        self, match: Match, attempts: Sequence[Mapping[str, Any]], fault: Mapping[str, Any] | None
    ) -> Iterator[tuple[Exchange, str]]:
        """The exchanges of a decision of the seat, which is to move."""
        answers: list[tuple[str, str, Mapping[str, Any] | None]] = [(one["outcome"], one["reason"], one) for one in attempts]
        if fault is not None:
            answers.append((fault["kind"], fault["reason"], None))
        for number, (outcome, reason, attempt) in enumerate(answers or [("", "", None)]):
            view = match.view(self._seat)
            if number:
                view.retry_reason, view.attempt = retry_reason(attempts[number - 1]), number
            for messages, reply, thinking, times in self._ask(view, attempt):
                exchange = Exchange(
                    match=match.fixture.match,
                    step=match.episode.steps,
                    seat=self._seat,
                    agent=self._record.seats[self._seat].agent,
                    attempt=number,
                    messages=messages,
                    reply=reply,
                    thinking=thinking,
                    outcome=outcome,
                    reason=reason,
                    times=times,
                    doubt=self._settings.doubt if messages else "the rules and the view left no room for a reply, and nothing was sent",
                )
                yield exchange, self._content(view, reply)

    def _ask(self, view: View, attempt: Mapping[str, Any] | None) -> list[tuple[tuple[Message, ...], str, str, int]]:
        """Each different prompt of an attempt: messages, reply, thinking, and how often it was sent."""
        unsent = attempt is not None and "overflow" in attempt["extra"]
        text, thinking = ("", "") if attempt is None else (attempt["text"], attempt["thinking"])
        finish = "stop" if attempt is None else attempt.get("finish", "stop")
        last = Completion(text, "" if self._plans else thinking, finish)
        self._engine.sent = []
        self._engine.answers = () if attempt is None or unsent else (Completion(thinking), last) if self._plans else (last,)
        decided: list[Any] = []
        self._agent.submit([view], lambda _, decision: decided.append(decision))
        if decided and isinstance(decided[0], Exception):
            raise decided[0]
        sent = self._engine.sent
        if unsent or not sent:
            return [((), text, thinking, 1)]
        if self._plans and len(sent) == 2:
            return [(sent[0], thinking, "", 1), (sent[1], text, "", 1)]
        return [(sent[0], text, thinking, len(sent))]

    def _content(self, view: View, reply: str) -> str:
        """The reply as later prompts show it: with its thinking, where the agent keeps that."""
        replies = view.memory["chat"]["turns"][-1]["replies"]
        kept = replies[-1]["text"] if replies else reply
        return kept if kept.endswith(reply) else reply
