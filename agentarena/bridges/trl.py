"""Our games in TRL: `GameTrainer` is TRL's `GRPOTrainer` whose completions are matches.

It plugs in by `rollout_func`. The other way in, `environment_factory`, makes each move a tool call: the model must know how to call
tools, replies are not those of our tables, and each completion has an environment of its own, so that no seat can be held by the
policy beside the trained one. A rollout function leaves the match to the core, with its prompts, retries and forfeits.

One row of the batch is one seat of one match. Its completion is everything after its first prompt: the sampled replies and, under
`env_mask` 0, what it was shown between them, token for token as it was sampled. Replies are drawn from the whole vocabulary, not
among the legal ones: TRL computes log-probabilities without such a restriction. TRL 1.16.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from trl import GRPOTrainer

from agentarena.agents.llm.agent import LanguageAgent
from agentarena.agents.llm.hf import HFEngine
from agentarena.agents.specs import agent as agent_of
from agentarena.core import registry
from agentarena.core.agent import Agent
from agentarena.core.errors import BadOption, UsageError
from agentarena.core.record import Fixture, Record
from agentarena.train import advantages
from agentarena.train.rollout import SeatTrajectory, batch_of, play, seat_trajectories

from .prime_rl import token_advantages

__all__ = ["GameRollout", "GameTrainer", "rows", "seat_return"]

POLICY = "policy"
"""How records name the trained policy."""
_OTHERS = "policy, other seats"
_ESTIMATORS = ("marshal", "team_baseline")


@dataclasses.dataclass(frozen=True, slots=True)
class GameRollout:
    """How the matches behind a batch are played.

    Attributes:
        opponents: Who holds the seats that a row does not train: "self" (the policy, whose turns there are not trained), or the
            spec string of any agent. Deal d meets `opponents[d % len(opponents)]`, so a group meets one.
        seed: Seed of the deals and of every draw.
        max_tokens: Longest reply, in tokens.
        estimator: "marshal" or "team_baseline" gives each turn its own advantage, over the whole batch of a process; `None` leaves
            TRL's: one a row, from the returns of its group.
    """

    opponents: Sequence[str] = ("self",)
    seed: int = 0
    max_tokens: int = 64
    estimator: str | None = None

    def __post_init__(self) -> None:
        if self.estimator is not None and self.estimator not in _ESTIMATORS:
            raise BadOption(f"estimator must be None or one of {', '.join(_ESTIMATORS)}, got {self.estimator!r}")
        if isinstance(self.opponents, str) or not self.opponents:
            raise BadOption(f'opponents must be a list of "self" and spec strings, not empty, got {self.opponents!r}')


def rows(env: str, deals: Iterable[int], seats: Sequence[int] | None = None) -> list[dict[str, Any]]:
    """Rows of a data set: `datasets.Dataset.from_list(rows("KuhnPoker-v0", range(64)))`.

    Args:
        env: Id of the environment.
        deals: Numbers of deals. The generations of a row share its deal.
        seats: The seats that are trained; all by default.

    Returns:
        Rows with the columns "prompt" (for logs; the model sees the game's own), "env", "deal" and "seat".
    """
    env, held = registry.resolve(env), range(registry.game(env).info.seats) if seats is None else seats
    return [{"prompt": f"{env}, deal {deal}, seat {seat}", "env": env, "deal": deal, "seat": seat} for deal in deals for seat in held]


def seat_return(completions: Sequence[Any], seat_return: Sequence[float | None], **_: Any) -> list[float | None]:
    """TRL's reward function: the return of the row's seat; `None`, which TRL leaves out, where the match decided nothing for it."""
    return list(seat_return)


class GameTrainer(GRPOTrainer):
    """TRL's `GRPOTrainer` on matches; the arguments are its own, without `rollout_func`.

    Args:
        rollout: How matches are played.
        options: Options of the environments, by id.
        settings: Of `GRPOTrainer`: `model`, `args`, `train_dataset` (see `rows`), `processing_class`. Rewards are `seat_return` unless
            `reward_funcs` says otherwise.
    """

    def __init__(
        self, *, rollout: GameRollout | None = None, options: Mapping[str, Mapping[str, Any]] | None = None, **settings: Any
    ) -> None:
        self.rollout = rollout or GameRollout()
        self._options = options or {}
        self._games: dict[str, Any] = {}
        self._agents: dict[str, Agent] = {}
        self._inputs: list[dict[str, Any]] = []
        self._trajectories: list[SeatTrajectory | None] = []
        self._lengths: list[list[int]] = []
        self._round = (0, 0)
        super().__init__(**{"reward_funcs": [seat_return], **settings, "rollout_func": _rollout})

    def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
        self._inputs = inputs  # TRL hands a rollout function the prompts alone, not the columns beside them
        output = super()._generate_and_score_completions(inputs)
        if self.rollout.estimator is not None:
            output["advantages"] = self._of_tokens(output["completion_ids"])
        return dict(output)

    def _of_tokens(self, completion_ids: torch.Tensor) -> torch.Tensor:
        """Advantages by turns, spread over the tokens. Shape (B, T), 0 where nothing was sampled."""
        out = torch.zeros(completion_ids.shape, dtype=torch.float32)
        present = [(b, one) for b, one in enumerate(self._trajectories) if one is not None]
        if present:
            batch = batch_of([one for _, one in present])
            teams = {"teams": [one.team if one.team is not None else one.seat for _, one in present]}
            estimate = getattr(advantages, self.rollout.estimator or "marshal")
            of_turns = np.asarray(estimate(batch, **(teams if self.rollout.estimator == "team_baseline" else {})))
            per_token = token_advantages(of_turns, [self._lengths[b] for b, _ in present])
            for (b, _), values in zip(present, per_token, strict=True):
                sampled = torch.tensor(self._masks[b], dtype=torch.bool).nonzero().squeeze(1)
                out[b, sampled] = torch.tensor(values)
        return out.to(completion_ids.device)

    # --- the matches --------------------------------------------------------------------------------------------------

    def play_rows(self) -> list[Record]:
        """One match for each row of the batch, in their order."""
        model = self.accelerator.unwrap_model(self.model)
        training, cache = model.training, model.config.use_cache
        engine = HFEngine(model.eval(), tokenizer=self.processing_class)  # a new one: it keeps keys and values of these weights alone
        try:
            settings: dict[str, Any] = {
                "temperature": self.temperature,
                "max_tokens": self.rollout.max_tokens,
                "memory": "chat",
                "keep_thinking": True,
            }
            own, others = (LanguageAgent.of(engine, name=name, **settings) for name in (POLICY, _OTHERS))
            return self._played(own, others)
        finally:
            engine.close()
            model.config.use_cache = cache
            model.train(training)

    def _played(self, own: Agent, others: Agent) -> list[Record]:
        first = self._first_match()
        of_env: dict[str, tuple[list[Agent], list[Fixture]]] = {}
        for number, row in enumerate(self._inputs):
            game, opponent = self._game(row["env"]), self.rollout.opponents[row["deal"] % len(self.rollout.opponents)]
            if not 0 <= row["seat"] < game.info.seats:
                raise UsageError(f"row {row['prompt']!r}: seat must be from 0 to {game.info.seats - 1}, got {row['seat']}")
            agents, fixtures = of_env.setdefault(row["env"], ([own], []))
            other = others if opponent == "self" else self._agents.setdefault(opponent, agent_of(opponent))
            if other not in agents:
                agents.append(other)
            seats = [agents.index(other)] * game.info.seats
            seats[row["seat"]] = 0
            fixtures.append(Fixture(first + number, row["deal"], tuple(seats)))
        finished = [
            one for env, (agents, fixtures) in of_env.items() for one in play(self._game(env), agents, fixtures, seed=self.rollout.seed)
        ]
        return [one.record for one in sorted(finished, key=lambda one: one.record.match)]

    def _first_match(self) -> int:
        """Number of the batch's first match: it names the draws, and no other batch of the run has it."""
        step = int(self.state.global_step)
        self._round = (step, self._round[1] + 1 if self._round[0] == step else 0)
        process = self.accelerator
        batch = (step * 1024 + self._round[1]) * process.num_processes + process.process_index
        return batch * len(self._inputs)

    def _game(self, env: str) -> Any:
        if env not in self._games:
            self._games[env] = registry.game(env, **self._options.get(env, {}))
        return self._games[env]

    def tokens_of(self, records: Sequence[Record]) -> dict[str, Any]:
        """What a rollout function returns, for the rows of the batch and their matches."""
        tokenizer: Any = self.processing_class  # in text games always a tokenizer
        end = int(tokenizer.eos_token_id)
        fields: dict[str, list[Any]] = {
            name: [] for name in ("prompt_ids", "completion_ids", "logprobs", "env_mask", "seat_return", "turns_left_out")
        }
        self._trajectories, self._lengths = [], []
        for record in records:
            held = seat_trajectories(record, POLICY)
            row = _Row.of(held[0]) if held else _Row()
            decided = bool(row.completion) and not held[0].truncated
            self._trajectories.append(dataclasses.replace(held[0], turns=held[0].turns[: len(row.lengths)]) if row.completion else None)
            self._lengths.append(row.lengths)
            blank = not row.completion
            fields["prompt_ids"].append([end] if blank else row.prompt)
            fields["completion_ids"].append([end] if blank else row.completion)
            fields["logprobs"].append([0.0] if blank else row.logprobs)
            fields["env_mask"].append([0] if blank else row.mask)
            fields["seat_return"].append(held[0].total if decided else None)
            fields["turns_left_out"].append(row.left_out)
        self._masks = fields["env_mask"]
        return fields


def _rollout(prompts: Sequence[Any], trainer: GameTrainer) -> dict[str, Any]:
    return trainer.tokens_of(trainer.play_rows())


@dataclasses.dataclass(slots=True)
class _Row:
    """A seat's match as one prompt and one completion.

    Attributes:
        prompt: The tokens before its first reply.
        completion: All that follows, T tokens.
        mask: 1 where a token was sampled, 0 where it was shown. Shape (T,).
        logprobs: Of the sampled tokens; 0 elsewhere. Shape (T,).
        lengths: Sampled tokens of each turn.
        left_out: Turns whose prompt does not continue the tokens before: a chat that had to be shortened or rendered anew.
    """

    prompt: list[int] = dataclasses.field(default_factory=list)
    completion: list[int] = dataclasses.field(default_factory=list)
    mask: list[int] = dataclasses.field(default_factory=list)
    logprobs: list[float] = dataclasses.field(default_factory=list)
    lengths: list[int] = dataclasses.field(default_factory=list)
    left_out: int = 0

    @classmethod
    def of(cls, one: SeatTrajectory) -> _Row:
        row = cls()
        for number, turn in enumerate(one.turns):
            if not all(row._append(sample) for sample in turn.samples):
                row.left_out = len(one.turns) - number
                break
            row.lengths.append(sum(len(sample.token_ids) for sample in turn.samples))
        return row

    def _append(self, sample: Any) -> bool:
        """Append what was shown since the last reply, and the reply; `False` where it does not continue."""
        if not self.prompt:
            self.prompt = list(sample.prompt_ids)
        before = [*self.prompt, *self.completion]
        if list(sample.prompt_ids[: len(before)]) != before:
            return False
        shown = sample.prompt_ids[len(before) :]
        self.completion += [*shown, *sample.token_ids]
        self.mask += [0] * len(shown) + [1] * len(sample.token_ids)
        self.logprobs += [0.0] * len(shown) + list(sample.logprobs)
        return True
