"""Our games in verifiers: one task is one seat of one deal, one episode a match of the core, the reward the seat's return.

verifiers finds a taskset by the name of a top-level module, so a project has one that passes these classes on:

    # agentarena_games.py
    from agentarena.bridges.verifiers import GameEnv, GameHarness, GameTaskset
    __all__ = ["GameEnv", "GameHarness", "GameTaskset"]

The seat is a chat: the rules are its system message, each decision a message of its user, a reply that names no legal move is asked
for again with the reason. `GameHarness` calls the model from this process: games execute no code, so there is nothing to isolate.
verifiers 0.4 (`verifiers.v1`).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import verifiers.v1 as vf
from openai import AsyncOpenAI, OpenAIError
from verifiers.v1.dialects.chat import message_to_wire

from agentarena.agents.specs import agent as agent_of
from agentarena.agents.suitability import refusal
from agentarena.core import registry
from agentarena.core.agent import Agent, Decision, Reply, View
from agentarena.core.config import OnUnreadable, Player, RunConfig
from agentarena.core.errors import AgentRaised, AgentTimeout, BadOption, RunEnds
from agentarena.core.game import Game
from agentarena.core.match import Match
from agentarena.core.record import Fixture, Record

__all__ = ["GameEnv", "GameHarness", "GameTaskset"]

POLICY = "policy"
"""How records name the agent of the seat that a task is about."""
OTHERS = "policy, other seats"
"""How records name the agent of the other seats, where a model holds them."""


class GameTasksetConfig(vf.TasksetConfig):
    """Which tasks there are.

    Attributes:
        env: Id of the environment.
        options: Its options.
        deals: How many deals, from number 0.
        seats: Seats that a deal is a task for; all by default.
        opponents: Who holds the other seats: "self" (the role `opponent`, by default the same model; it is not trained), or the spec
            string of any agent. Deal d meets `opponents[d % len(opponents)]`.
        seed: Seed of the deals.
        retries: How often a reply that names no legal move is asked for again before the seat forfeits.
    """

    env: str = "KuhnPoker-v0"
    options: dict[str, Any] = {}
    deals: int = 64
    seats: list[int] | None = None
    opponents: list[str] = ["random"]
    seed: int = 0
    retries: int = 2


class GameData(vf.TaskData):
    """One seat of one deal; see `GameTasksetConfig`."""

    env: str
    options: dict[str, Any]
    deal: int
    seat: int
    opponent: str
    seed: int
    retries: int


class GameTask(vf.Task[GameData, vf.State, vf.TaskConfig]):
    """Plays one seat of one deal."""


class GameTaskset(vf.Taskset[GameTask, GameTasksetConfig]):
    """The seats of some deals of a game, deal by deal.

    Raises:
        BadOption: A seat is not one of the game's, there are no opponents, or one cannot play the game.
    """

    def load(self) -> Iterator[GameTask]:
        config = self.config
        env, game = registry.resolve(config.env), registry.game(config.env, **config.options)
        seats = list(range(game.info.seats)) if config.seats is None else config.seats
        _check(config, game, seats)
        shared = {"env": env, "options": config.options, "seed": config.seed, "retries": config.retries}
        for deal in range(config.deals):
            opponent = config.opponents[deal % len(config.opponents)]
            for seat in seats:
                words = {"name": f"{env}, deal {deal}, seat {seat}", "system_prompt": game.text.rules(seat)}
                yield GameTask(GameData(deal=deal, seat=seat, opponent=opponent, **shared, **words), config.task)


def _check(config: GameTasksetConfig, game: Game[Any], seats: list[int]) -> None:
    if not config.opponents:
        raise BadOption('opponents must be a list of "self" and spec strings, got an empty one')
    if any(not 0 <= seat < game.info.seats for seat in seats):
        raise BadOption(f"seats must be from 0 to {game.info.seats - 1}, got {seats}")
    for name in config.opponents:
        reason = None if name == "self" else refusal(agent_of(name), game)
        if reason is not None:
            raise BadOption(f"opponents: {name!r} cannot play {config.env}: {reason}")


class GameHarness(vf.Harness[vf.HarnessConfig]):
    """A chat that calls the model from this process, one completion a message."""

    APPENDS_SYSTEM_PROMPT = True
    SUPPORTS_RESUME = True
    EXECUTES_CODE = False
    NEEDS_CONTAINER = False

    async def launch(
        self,
        ctx: vf.ModelContext,
        trace: vf.Trace,
        runtime: vf.Runtime,
        endpoint: str,
        secret: str,
        mcp_urls: dict[str, str],
        data: vf.TaskData,
    ) -> vf.ProgramResult:
        system, prompt = self.resolve_prompt(data)
        messages = [{"role": "system", "content": system}] if system else []
        messages += [{"role": "user", "content": prompt}] if isinstance(prompt, str) else [message_to_wire(one) for one in prompt or []]
        async with AsyncOpenAI(base_url=endpoint, api_key=secret) as client:
            try:
                await client.chat.completions.create(model=ctx.model, messages=messages)  # type: ignore[arg-type]  # messages as JSON
            except OpenAIError as error:  # verifiers has the provider's own error, or the limit that was reached
                return vf.ProgramResult(1, "", str(error))
        return vf.ProgramResult(0, "", "")


class GameEnvConfig(vf.EnvConfig):
    """Who plays.

    Attributes:
        player: Holds the seat of the task.
        opponent: Holds the other seats where a task's opponent is "self".
    """

    player: vf.AgentConfig = vf.AgentConfig(runtime=vf.SubprocessConfig())
    opponent: vf.AgentConfig = vf.AgentConfig(runtime=vf.SubprocessConfig())


class GameEnv(vf.Env[GameEnvConfig]):
    """A match an episode.

    Faults: a reply that names no legal move is asked for again, then the seat forfeits at the game's own price; a seat whose
    limit of turns or tokens is reached forfeits, too. Where a provider fails, nobody is to blame: the match ends without a reward.

    The trace of each model's seat gets the reward "return", in the game's unit, the metrics "won", "forfeited", "faults" and
    "truncated", and the match in `info["record"]`, which `agentarena verify` can play again.
    """

    async def setup(self, agents: vf.Agents) -> None:
        agents.opponent.trainable = False

    async def run(self, task: GameTask, agents: vf.Agents) -> None:
        data = task.data
        game = registry.game(data.env, **data.options)
        scripted = None if data.opponent == "self" else agent_of(data.opponent)
        own = [data.seat] if scripted else range(game.info.seats)
        async with contextlib.AsyncExitStack() as stack:
            if scripted:
                stack.callback(scripted.close)
            chats = {}
            for seat in own:
                role = agents.player if seat == data.seat else agents.opponent
                chats[seat] = await stack.enter_async_context(role.interaction(task.with_system_prompt(game.text.rules(seat))))
            record = await _played(data, game, chats, scripted)
        if record is not None:
            for seat, chat in chats.items():
                _score(chat.trace, record, seat)


class _ProviderFailed(Exception):
    """No answer came, through no fault of the seat."""


async def _played(data: GameData, game: Game[Any], chats: Mapping[int, vf.Interaction], scripted: Agent | None) -> Record | None:
    """The match; `None` where a provider failed. Its number is that of the trace: repeated tasks meet other draws of their opponents."""
    others = Player(scripted.name, str(scripted.version)) if scripted else Player(OTHERS, "")
    config = RunConfig(game, (Player(POLICY, ""), others), data.seed, OnUnreadable(retries=data.retries))
    number = int(chats[data.seat].trace.id[:12], 16)
    seating = tuple(0 if seat == data.seat else 1 for seat in range(game.info.seats))
    with Match(config, Fixture(number, data.deal, seating)) as match:
        while not match.over:
            for seat in match.pending():
                view = match.view(seat)
                try:
                    match.answer(seat, await (_reply(chats[seat], view) if seat in chats else _decision(scripted, view)))
                except _ProviderFailed:
                    return None
        return match.record()


async def _reply(chat: vf.Interaction, view: View) -> Reply | Exception:
    """A model's reply to the present decision, or to the reason why its last reply was refused."""
    segment = await chat.turn(view.retry_reason if view.attempt else view.text)
    if not segment.terminated:
        return Reply(segment.last_reply)
    if chat.trace.errors:
        raise _ProviderFailed
    return AgentTimeout(f"a limit of the seat was reached: {chat.trace.stop_condition}")


async def _decision(agent: Agent | None, view: View) -> Decision | Exception:
    """A scripted agent's decision; it may think for long, so it does so in a thread."""
    assert agent is not None
    try:
        (decision,) = await asyncio.to_thread(agent.act, [view])
    except RunEnds:
        raise
    except Exception as error:
        return AgentRaised(f"{type(error).__name__}: {error}")
    return decision


def _score(trace: vf.Trace, record: Record, seat: int) -> None:
    """Reward and metrics of a seat."""
    trace.record_reward("return", record.returns[seat])
    faults = [fault for fault in record.faults if fault["seat"] == seat]
    side = record.seats[seat].team or seat
    trace.record_metrics(
        {
            "won": float(record.winner == side),
            "forfeited": float(any(fault["then"] == "forfeit" for fault in faults)),
            "faults": float(len(faults)),
            "truncated": float(record.outcome == "truncated"),
        }
    )
    trace.info["record"] = record.line()
