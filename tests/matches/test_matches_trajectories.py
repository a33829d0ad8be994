"""Trajectories: what each seat did, what it was credited for it, and the tokens behind it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fixtures.action_games import Doubles
from fixtures.games import Duel

from agentarena.agents.random import RandomAgent
from agentarena.core.agent import Agent, Reply, TokenSample, View
from agentarena.core.errors import CorruptRecord, OutOfTurn, RecordMismatch, UsageError
from agentarena.core.match import Match, OnUnreadable, RunConfig
from agentarena.core.record import Fixture, Record
from agentarena.core.registry import ENVS, game
from agentarena.core.replay import replay, verify
from agentarena.core.samples import decode_samples, encode_samples
from agentarena.core.trajectory import Trajectory, Turn, TurnLog
from agentarena.matches.api import play
from agentarena.matches.results import Results


class Talks(Agent):
    """A stand-in for a language model with memory of the chat: each prompt continues the sequence before."""

    def choose(self, view: View) -> Reply:
        sequence = view.memory.setdefault("sequence", (1, 2, 3))
        prompt = (*sequence, 10 + view.turn, 90 + view.attempt)
        thrown_away = TokenSample(prompt, (7,), (-2.0,), (0.0,), (None,), 0.7, "talks", "3")
        sample = TokenSample(prompt, (8, 9), (-0.5, -0.25), (-0.1, 0.0), ((8, 11), None), 0.7, "talks", "3")
        view.memory["sequence"] = prompt + sample.token_ids
        words = "hm?" if view.attempt < view.turn % 2 else view.write(view.sample())
        return Reply(words, samples=(thrown_away, sample))


def test_the_rewards_of_the_turns_add_up_to_the_returns() -> None:
    for rules, agents in ((Duel(), ["random", "random"]), (Doubles(), ["random", "random"]), ("LeducPoker-v0", [Talks(), "random"])):
        runs = play(rules, agents, matches=20, on_unreadable=OnUnreadable(retries=0))
        for record, trajectory in zip(runs.records, runs.trajectories, strict=True):
            assert trajectory.returns == record.returns
            assert trajectory.outcome == record.outcome
            for seat, value in enumerate(record.returns):
                assert trajectory.initial[seat] + sum(turn.reward for turn in trajectory.of(seat)) == pytest.approx(value)


class Fails(Agent):
    """Plays at random, and fails at its second decision."""

    def __init__(self, words: bool) -> None:
        self.words = words

    def choose(self, view: View) -> Any:
        if view.turn == 0:
            return view.sample()
        if self.words:
            return Reply("rubbish")
        raise ValueError("no")


@pytest.mark.parametrize("env", ENVS)
@pytest.mark.parametrize("openings", [0, 2])
def test_no_forfeit_is_charged_twice(env: str, openings: int) -> None:
    seats = game(env).info.seats
    for words, failing, then in ((False, 1, "forfeit"), (True, seats, "forfeit"), (True, 1, "random")):
        agents = [Fails(words) if seat < failing else RandomAgent() for seat in range(seats)]
        policy = OnUnreadable(retries=1, then=then)  # type: ignore[arg-type]
        runs = play(env, agents, matches=1, openings=openings, rotate=False, duplicate=False, on_unreadable=policy)
        record, trajectory = runs.records[0], runs.trajectories[0]
        for seat, value in enumerate(record.returns):
            assert trajectory.initial[seat] + sum(turn.reward for turn in trajectory.of(seat)) == pytest.approx(value)
        assert len(record.faults) == len({(fault["step"], fault["seat"]) for fault in record.faults})


def test_a_turn_says_what_was_known_and_done() -> None:
    runs = play("KuhnPoker-v0", [Talks(), "kuhnpoker/always_bet"], matches=6, rotate=False)
    for record, trajectory in zip(runs.records, runs.trajectories, strict=True):
        turns = trajectory.turns
        assert [turn.step for turn in turns] == sorted(turn.step for turn in turns)
        assert all(turn.information is not None and turn.information.startswith(f"{turn.seat}:") for turn in turns)
        played = [(turn.seat, turn.action) for turn in turns if turn.action is not None]
        assert played == [move for moves in record.actions for move in moves]
        assert all(len(turn.samples) == 2 for turn in trajectory.of(0))
        assert all(turn.samples == () and turn.text is None for turn in trajectory.of(1))


def test_attempts_that_were_not_accepted_are_turns() -> None:
    (trajectory,) = play("LeducPoker-v0", [Talks(), "leducpoker/always_call"], matches=1, rotate=False).trajectories
    second = [turn for turn in trajectory.of(0) if turn.step == 2]
    assert [(turn.attempt, turn.fault, turn.action is None) for turn in second] == [(0, "unreadable", True), (1, None, False)]
    assert second[0].reward == 0.0
    forced = play(
        "LeducPoker-v0", [Talks(), "leducpoker/always_call"], matches=1, rotate=False, on_unreadable=OnUnreadable(0, "pass")
    ).trajectories
    turn = next(turn for turn in forced[0].of(0) if turn.fault)
    assert turn.forced
    assert turn.action is not None


def test_records_hold_samples_on_request_and_each_token_once(tmp_path) -> None:
    plain, full = tmp_path / "plain.jsonl", tmp_path / "full.jsonl"
    for out, wanted in ((plain, False), (full, True)):
        runs = play("LeducPoker-v0", [Talks(), "random"], matches=8, out=out, record_samples=wanted)
        assert verify(out).ok
    assert '"samples"' not in plain.read_text()
    loaded = Results.load(full)
    assert [trajectory.turns for trajectory in loaded.trajectories] == [trajectory.turns for trajectory in runs.trajectories]
    lines = [json.loads(line) for line in full.read_text().splitlines()]
    for data, record in zip(lines, runs.records, strict=True):
        written = [sample for entry in data["samples"] for sample in entry["samples"]]
        sampled = [sample for entry in record.samples for sample in entry["samples"]]
        assert len(written) == len(sampled) > 0
        assert sum(len(sample["prompt_ids"]) for sample in written) < sum(len(sample.prompt_ids) for sample in sampled) / 2 + 8
        assert all(old["prompt_ids"] == list(new.prompt_ids[old["shared"] :]) for old, new in zip(written, sampled, strict=True))
    with pytest.raises(RecordMismatch, match="choice of recording samples"):
        play("LeducPoker-v0", [Talks(), "random"], matches=8, out=full)


def test_samples_survive_the_round_trip() -> None:
    (record,) = play("LeducPoker-v0", [Talks(), "random"], matches=1).records
    assert decode_samples(json.loads(json.dumps(encode_samples(record.samples)))) == record.samples
    assert replay(record) == record


@pytest.mark.parametrize(
    "damage",
    [
        ('"shared":0', '"shared":-1'),
        ('"token_ids":[7]', '"token_ids":["7"]'),
        ('"logprobs":[-2.0]', '"logprobs":[null]'),
        ('"policy":"talks"', '"policy":3'),
        ('"samples":[{"step"', '"samples":[3,{"step"'),
    ],
)
def test_damaged_samples_are_named(tmp_path, damage) -> None:
    out = tmp_path / "a.jsonl"
    play("LeducPoker-v0", [Talks(), "random"], matches=1, out=out, record_samples=True)
    line = out.read_text()
    assert damage[0] in line
    with pytest.raises(CorruptRecord, match=r"damaged: '?samples"):
        Record.parse(line.replace(*damage, 1))


@pytest.mark.parametrize("broken", [{"logprobs": (float("nan"),)}, {"prompt_ids": None}, {"token_ids": ("7",)}, {"token_ids": (10**5000,)}])
def test_samples_that_cannot_be_written_are_their_agents_fault(tmp_path, broken) -> None:
    class Broken(Agent):
        def choose(self, view: View) -> Reply:
            good = {"prompt_ids": (1,), "token_ids": (7,), "logprobs": (-1.0,), "log_normalizers": (0.0,), "allowed_ids": (None,)}
            return Reply(view.write(view.sample()), samples=(TokenSample(**{**good, **broken}),))

    runs = play("KuhnPoker-v0", [Broken(), "random"], matches=2, out=tmp_path / "a.jsonl", record_samples=True)
    assert [record.faults[0]["kind"] for record in runs.records] == ["nonsense", "nonsense"]
    assert verify(tmp_path / "a.jsonl").ok


def test_answers_out_of_turn_and_turns_that_were_not_kept_are_errors_of_the_caller() -> None:
    match = Match(RunConfig(Duel()), Fixture(0, 0, ()))
    match.answer(0, 0)
    for again in (1, Reply("heads"), ValueError("late")):
        with pytest.raises(OutOfTurn, match="seat 0 answered"):
            match.answer(0, again)
    with pytest.raises(UsageError, match="trace=True"):
        match.trajectory()


def test_an_answer_that_does_not_stand_leaves_the_turns_before_it() -> None:
    """Rewards after `undo` go to the seat's turn before, each seat to its own; before any turn they are initial."""
    log = TurnLog([1.0, 2.0])
    log.credit([0.5, 0.0])
    first, second, other, taken_back = Turn(0, 0), Turn(0, 1), Turn(1, 1), Turn(0, 2)
    for turn in (first, second, other, taken_back):
        log.append(turn)
    log.undo()
    log.credit([4.0, 8.0])
    assert (first.reward, second.reward, other.reward, taken_back.reward) == (0.0, 4.0, 8.0, 0.0)
    log.append(Turn(1, 3))
    log.undo()
    log.charge(1, 16.0)
    assert other.reward == 24.0
    trajectory = log.trajectory(Fixture(3, 2), (5.5, 26.0), False, "won")
    assert trajectory.initial == [1.5, 2.0]
    assert trajectory.turns == [first, second, other]
    assert (trajectory.match, trajectory.deal, trajectory.returns, trajectory.outcome) == (3, 2, (5.5, 26.0), "won")
    alone = TurnLog([0.0])
    alone.append(Turn(0, 0))
    alone.undo()
    alone.charge(0, 3.0)
    assert alone.trajectory(Fixture(0, 0), (3.0,), True, "truncated").initial == [3.0]
    assert (Turn(0, 0).attempt, Turn(0, 0).forced, Turn(0, 0).reward, Trajectory(0, 0).truncated) == (0, False, 0.0, False)
