"""The language agent: prompts from views, a strategy that asks a back-end, replies as completions arrive.

hf:path/or/name?temperature=0.7&memory=chat      a model of transformers
openai:model?base_url=http://localhost:8000/v1   any OpenAI-compatible server
tiny                                             the small model of agentarena.models.pretrain
"""

from __future__ import annotations

import functools
import inspect
import queue
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from agentarena.agents.suitability import refusal
from agentarena.core.agent import Agent, Decision, View
from agentarena.core.display import shown
from agentarena.core.errors import BadOption
from agentarena.core.game import Game

from .budget import Meter
from .chat import Chat
from .engine import Engine, TokenEngine
from .forms import form
from .question import Question
from .settings import Limits, Prompting, Sampling, check_names, check_text, grouped, lists_parameters
from .strategies import Strategy, check_strategy, default_n, direct, strategy

__all__ = ["LanguageAgent", "hf", "openai", "tiny"]

Answer = Callable[[int, Decision | Exception], None]


class LanguageAgent(Agent):
    """A language model at any number of seats of any number of matches.

    Every question goes to the back-end at once and is answered in its own time. A failure costs the match it happened in; a
    spent budget or a service that is gone ends the run (`RunEnds`).

    Args:
        engine: The back-end.
        sampling: How replies are generated.
        prompting: What prompts show.
        limits: What it may use in all.
        strategy: How it comes to a decision: "direct", "react", "plan", "package.module:function", or a callable, such as
            those of `strategies`. `LanguageAgent.of` takes the others by name, with what they need.
        name: How records name it.
        release: Called on `close` in place of the engine's own `close`.
    """

    def __init__(
        self,
        engine: Engine,
        sampling: Sampling | None = None,
        prompting: Prompting | None = None,
        limits: Limits | None = None,
        strategy: str | Strategy = "direct",
        *,
        name: str = "",
        release: Callable[[], None] | None = None,
    ) -> None:
        self.name = name
        self.engine = engine
        self._release = release or engine.close
        own = cast("TokenEngine", engine) if engine.tokens else None
        prompting = prompting or Prompting()
        context = (own.context if own else 0) if prompting.context is None else prompting.context
        sampling = sampling or Sampling()
        self._chat = Chat(prompting, sampling, context, own.template if own else None)
        self._strategy = _strategy(strategy) if prompting.prompt == "game" else _formed(prompting, sampling, strategy)
        if getattr(self._strategy, "draws", 1) > 1 and sampling.temperature == 0:
            raise BadOption(
                f"{getattr(self._strategy, 'name', 'this strategy')} asks for several replies at once, which are all the same at "
                "temperature 0; give a temperature above 0, e.g. temperature=0.7"
            )
        limits = limits or Limits()
        if limits.budget_usd is not None and not getattr(engine, "priced", False):
            raise BadOption(
                f"budget_usd={limits.budget_usd}: the price of {engine.name} is unknown; for openai: give price_in and price_out, US dollars "
                "a million tokens; limit others by budget_tokens or budget_s"
            )
        self.meter = Meter(limits)

    @classmethod
    def of(cls, engine: Engine, *, name: str = "", release: Callable[[], None] | None = None, **parameters: Any) -> LanguageAgent:
        """An agent whose parameters have the names that spec strings use: `of(engine, temperature=0.7, strategy="vote", n=3)`.

        Args:
            engine: The back-end.
            name: How records name it.
            release: Called on `close` in place of the engine's own `close`.
            parameters: Fields of `Sampling`, `Prompting` and `Limits`; `strategy`, and its `n`, `policy`, `past` and `acts`.

        Raises:
            BadOption: A parameter is unknown or out of range.
        """
        check_names(name or engine.name, parameters)
        groups = grouped(parameters)
        chosen = groups.pop("strategy", "direct")
        decide = {"n": default_n(chosen), **{key: groups.pop(key) for key in ("n", "policy", "past", "acts") if key in groups}}
        if name:
            check_text("name", name)
        return cls(engine, **groups, strategy=strategy(chosen, **decide), name=name, release=release)

    @property
    def version(self) -> str:  # type: ignore[override]  # it changes with the engine's weights
        """Version of the engine's weights; "1" as they were loaded."""
        weights = getattr(self.engine, "version", "0")
        return "1" if weights == "0" else str(weights)

    def cannot_play(self, game: Game[Any]) -> str | None:
        """See `Agent.cannot_play`; a model plays every game, but an agent that chooses for it may not."""
        chooser = getattr(self._strategy, "chooser", None)
        reason = refusal(chooser, game) if isinstance(chooser, Agent) else None
        return f"its candidates are chosen by {shown(chooser.name)}, and {reason}" if chooser is not None and reason else None

    def submit(self, views: Sequence[View], answer: Answer) -> None:
        """See `agentarena.core.agent.AsyncAgent`."""
        self.meter.start()
        for index, view in enumerate(views):
            Question(
                view,
                functools.partial(answer, index),
                name=self.name or self.engine.name,
                engine=self.engine,
                chat=self._chat,
                strategy=self._strategy,
                meter=self.meter,
            ).begin()

    def act(self, views: Sequence[View]) -> Sequence[Decision]:
        """Ask and wait; the first fault is raised once all have answered."""
        answers: queue.SimpleQueue[tuple[int, Decision | Exception]] = queue.SimpleQueue()
        self.submit(views, lambda index, decision: answers.put((index, decision)))
        decisions = dict(answers.get() for _ in views)
        for index in range(len(views)):
            decision = decisions[index]
            if isinstance(decision, Exception):
                raise decision
        return [cast("Decision", decisions[index]) for index in range(len(views))]

    def close(self) -> None:
        """Let go of the back-end."""
        self._release()


def _formed(prompting: Prompting, sampling: Sampling, chosen: str | Strategy) -> Strategy:
    """The strategy of a prompt form, which says by itself how it asks and what it reads."""
    if chosen not in ("direct", direct):
        raise BadOption(f"prompt={prompting.prompt} has a way to ask of its own and takes no strategy, got strategy={shown(chosen)}")
    if sampling.constrain:
        raise BadOption(f"prompt={prompting.prompt} reads replies of its own form; constrain=true is for prompt=game")
    return form(prompting)


_strategy = strategy  # the argument of the agent carries the same name


# --- factories, by scheme -----------------------------------------------------------------------------------------------

OPERATIONAL = frozenset(
    {
        "api_key",
        "base_url",
        "budget_s",
        "budget_tokens",
        "budget_usd",
        "concurrency",
        "device",
        "dialect",
        "dtype",
        "first_pause_s",
        "max_batch",
        "name",
        "price_in",
        "price_out",
        "retries",
        "rpm",
        "stall_s",
        "stream",
        "timeout_s",
        "tokens_field",
        "tpm",
    }
)
"""Parameters that say how an agent is reached and paid for, not how it plays: they are no part of its name in records, so a
run can be resumed with others."""

LanguageAgent.operational = OPERATIONAL


def spec_name(head: str, parameters: Mapping[str, Any]) -> str:
    """How records name an agent: its spec string without operational parameters.

    >>> spec_name("openai:gpt-4.1", {"temperature": 0.5, "concurrency": 8})
    'openai:gpt-4.1?temperature=0.5'
    """
    query = [f"{name}={value}" for name, value in parameters.items() if name not in OPERATIONAL]
    return head + ("?" + "&".join(query) if query else "")


def build(head: str, engine: Engine, release: Callable[[], None] | None, parameters: Mapping[str, Any]) -> LanguageAgent:
    """An agent on an engine, which is released when the agent's parameters are wrong.

    Args:
        head: Scheme and model, e.g. "hf:Qwen/Qwen3-0.6B".
        engine: The back-end.
        release: See `LanguageAgent`.
        parameters: Those of `LanguageAgent.of`.
    """
    try:
        check_names(head, parameters)
        return LanguageAgent.of(engine, **{"name": spec_name(head, parameters), **parameters}, release=release)
    except BaseException:
        (release or engine.close)()
        raise


def check_values(parameters: Mapping[str, Any]) -> None:
    """Say what is wrong with the parameters of every language agent before a model is loaded."""
    groups = grouped(parameters)
    check_strategy(groups.get("strategy", "direct"), groups.get("n", 5))


def _own(factory: Callable[..., Any]) -> set[str]:
    """Names of the parameters that a factory itself takes."""
    return set(inspect.signature(factory).parameters) - {"model", "parameters"}


@lists_parameters()
def hf(
    model: str,
    *,
    dtype: str = "auto",
    device: str | None = None,
    max_batch: int = 64,
    thinking: bool | None = None,
    **parameters: Any,
) -> LanguageAgent:
    """`hf:model`: a model of transformers, by path or name on the hub. Agents of one model share it.

    Args:
        model: Path or name.
        dtype: "auto" is float32 on CPU, the checkpoint's own precision elsewhere.
        device: E.g. "cuda:1".
        max_batch: Replies under way at once.
        thinking: Whether the model thinks first, where its chat template knows `enable_thinking`.
        parameters: Those of `LanguageAgent`.
    """
    from .hf import engine as shared_engine

    check_text("model", model)
    check_names(f"hf:{model}", parameters, _own(hf))
    check_values(parameters)
    engine, release = shared_engine(model, dtype=dtype, device=device, max_batch=max_batch, thinking=thinking)
    if thinking is not None:
        parameters = {"name": spec_name(f"hf:{model}", {"thinking": thinking, **parameters}), **parameters}
    return build(f"hf:{model}", engine, release, parameters)


TINY = Path(__file__).resolve().parents[2] / "models" / "tiny"
"""Where the small model is."""


TINY_DEFAULTS: dict[str, Any] = {"memory": "state", "max_tokens": 64}
"""What `tiny` is given where its spec says nothing else."""


@lists_parameters(**TINY_DEFAULTS)
def tiny(**parameters: Any) -> LanguageAgent:
    """`tiny`: the small model in the box, trained by `agentarena.models.pretrain`. Parameters are those of `LanguageAgent`."""
    from .hf import engine as shared_engine

    check_names("tiny", parameters)
    check_values(parameters)
    engine, release = shared_engine(str(TINY), keep=True)
    name = spec_name("tiny", parameters)
    return build("tiny", engine, release, {**TINY_DEFAULTS, "name": name, **parameters})


@lists_parameters()
def openai(
    model: str,
    *,
    base_url: str | None = None,
    api_key: str | None = None,
    concurrency: int = 64,
    rpm: float | None = None,
    tpm: float | None = None,
    timeout_s: float = 120.0,
    stall_s: float = 60.0,
    retries: int = 6,
    first_pause_s: float = 0.5,
    stream: bool = False,
    dialect: str = "openai",
    tokens_field: str | None = None,
    price_in: float | None = None,
    price_out: float | None = None,
    thinking: bool | None = None,
    effort: str | None = None,
    send_seed: bool = True,
    temperature: float | None = None,
    max_tokens: int = 1024,
    **parameters: Any,
) -> LanguageAgent:
    """`openai:model`: a model behind an OpenAI-compatible server.

    Args:
        model: Name of the model, as the server calls it.
        base_url: E.g. "http://localhost:8000/v1"; by default `OPENAI_BASE_URL`, else OpenAI's own.
        api_key: By default `OPENAI_API_KEY`; servers of your own mostly take any.
        concurrency: Requests under way at once.
        rpm: Requests a minute.
        tpm: Tokens a minute.
        timeout_s: Seconds for one attempt.
        stall_s: Seconds without a token, when streaming.
        retries: Attempts after the first.
        first_pause_s: Greatest pause before the second attempt; it doubles with each attempt.
        stream: Whether replies are streamed.
        dialect: "openai" or "vllm": how decoding under the legal replies is asked for.
        tokens_field: "max_tokens" or "max_completion_tokens"; by default what the server asks for.
        price_in: US dollars for a million tokens read; without it the cost is unknown.
        price_out: US dollars for a million tokens written.
        thinking: Whether the model thinks first, where the server passes `enable_thinking` on to its chat template.
        effort: `reasoning_effort`, where the server knows it.
        send_seed: Whether the request's seed is sent.
        temperature: `None` leaves it to the server.
        max_tokens: Longest reply, thinking included.
        parameters: Those of `LanguageAgent`.
    """
    from .openai import OpenAIEngine

    check_names(f"openai:{model}", parameters, _own(openai))
    engine = OpenAIEngine(
        model,
        base_url=base_url,
        api_key=api_key,
        concurrency=concurrency,
        rpm=rpm,
        tpm=tpm,
        timeout_s=timeout_s,
        stall_s=stall_s,
        retries=retries,
        first_pause_s=first_pause_s,
        stream=stream,
        dialect=dialect,
        tokens_field=tokens_field,
        price_in=price_in,
        price_out=price_out,
        thinking=thinking,
        effort=effort,
        send_seed=send_seed,
    )
    playing = {"thinking": thinking, "effort": effort, "temperature": temperature}
    name = spec_name(f"openai:{model}", {**{key: value for key, value in playing.items() if value is not None}, **parameters})
    return build(f"openai:{model}", engine, None, {"name": name, **parameters, "temperature": temperature, "max_tokens": max_tokens})
