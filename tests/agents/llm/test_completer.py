"""Language models that write games: a small transformers model from end to end, a server of OpenAI's protocol, and failures by stage."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_server import FakeServer, Say

from agentarena.agents.search.lp import solve_lp
from agentarena.cli import main
from agentarena.core.errors import BadOption, NotSupported
from agentarena.envs.efg import EFG
from agentarena.evaluate.completer import Completer, NotWritten
from agentarena.evaluate.game_words import game_from_words, sets_prompt, tree_prompt
from agentarena.evaluate.skill_words import skill_world_from_words

RULES = "Two players choose heads or tails. Even wins 1 if they are alike, else Odd wins 1."
SETS = {
    "title": "Pennies",
    "players": ["Even", "Odd"],
    "sets": [{"id": "e", "player": "Even", "actions": ["heads", "tails"]}, {"id": "o", "player": "Odd", "actions": ["heads", "tails"]}],
}
ENDS = {"heads": {"payoffs": ["{s}", "-({s})"]}, "tails": {"payoffs": ["-({s})", "{s}"]}}
WHOLE = {
    **SETS,
    "parts": {"odd": {"parameters": ["s"], "node": {"at": "o", "then": ENDS}}},
    "root": {"at": "e", "then": {side: {"use": "odd", "with": {"s": s}} for side, s in (("heads", "1"), ("tails", "-1"))}},
}
REPLIES = (json.dumps(SETS), json.dumps(WHOLE))


@pytest.fixture(scope="module")
def writer(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder of a small transformers model that has learned the two replies by heart."""
    torch = pytest.importorskip("torch")
    from transformers import Qwen3Config, Qwen3ForCausalLM

    from agentarena.models.tokenizer import train

    prompts = (sets_prompt(RULES), tree_prompt(RULES, SETS))
    texts = [message["content"] for messages in prompts for message in messages] + list(REPLIES)
    tokenizer = train(texts * 20, 700)
    torch.manual_seed(0)
    config = Qwen3Config(
        vocab_size=len(tokenizer), hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=4,
        head_dim=16, tie_word_embeddings=True, max_position_embeddings=4096, eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id, bos_token_id=None, initializer_range=0.1,
    )  # fmt: skip
    model = Qwen3ForCausalLM(config)
    examples = []
    for messages, reply in zip(prompts, REPLIES, strict=True):
        head = tokenizer(tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)).input_ids
        examples.append((head, [*tokenizer(reply, add_special_tokens=False).input_ids, tokenizer.eos_token_id]))
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    for _ in range(300):
        loss = torch.zeros(())
        for head, tail in examples:
            labels = torch.tensor([[-100] * len(head) + tail])
            loss = loss + model(input_ids=torch.tensor([head + tail]), labels=labels).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if loss.item() < 0.02:
            break
    assert loss.item() < 0.05, loss.item()
    folder = tmp_path_factory.mktemp("writer")
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


def value_of(efg: str) -> float:
    return float(solve_lp(EFG(source=efg)).values[0])


def test_a_small_transformers_model_writes_a_game(writer: str) -> None:
    with Completer(f"hf:{writer}", max_tokens=1500) as complete:
        result = game_from_words(RULES, complete)
    assert value_of(result.efg) == pytest.approx(0.0, abs=1e-9)
    assert result.document == WHOLE
    assert len(result.replies) == 2


def test_the_command_with_a_transformers_model(
    writer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules.txt").write_text(RULES)
    command = ["efg", "words", "rules.txt", "--model", f"hf:{writer}", "--document", "pennies.json", "-o", "pennies.efg"]
    main([*command, "--max-tokens", "1500"])
    assert value_of((tmp_path / "pennies.efg").read_text()) == pytest.approx(0.0, abs=1e-9)
    assert json.loads((tmp_path / "pennies.json").read_text())["players"] == ["Even", "Odd"]
    with pytest.raises(SystemExit) as ended:
        main([*command, "--max-tokens", "40", "--repairs", "0"])
    out = capsys.readouterr().out
    assert ended.value.code == 1
    assert "stage 'information sets': not written after 1 replies" in out
    assert "cut short at 40 tokens" in out


def test_a_model_that_was_never_taught_fails_with_stage_and_reason() -> None:
    pytest.importorskip("torch")
    with Completer("tiny", max_tokens=24) as complete, pytest.raises(NotWritten) as caught:
        game_from_words(RULES, complete, repairs=1)
    assert caught.value.stage == "information sets"
    assert len(caught.value.replies) == 2
    assert caught.value.problems


class Script:
    """Answers of a server, one after the other; the last stands."""

    def __init__(self, *answers: Say) -> None:
        self.answers = answers

    def __call__(self, number: int, body: dict[str, Any]) -> Say:
        return self.answers[min(number, len(self.answers) - 1)]


@pytest.fixture
def served() -> Iterator[Any]:
    """Starts servers that answer as scripted."""
    servers: list[FakeServer] = []

    def start(*answers: Say) -> FakeServer:
        server = FakeServer(Script(*answers))
        server.__enter__()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.stop()


def test_a_server_writes_a_game_after_repair(served: Any) -> None:
    server = served(Say("Certainly!"), Say(f"```json\n{REPLIES[0]}\n```"), Say(json.dumps({**WHOLE, "root": {}})), Say(REPLIES[1]))
    with Completer(server.spec()) as complete:
        result = game_from_words(RULES, complete)
    assert value_of(result.efg) == pytest.approx(0.0, abs=1e-9)
    assert [len(body["messages"]) for body in server.requests] == [2, 4, 4, 6]
    assert "holds no JSON object" in server.requests[1]["messages"][-1]["content"]


def test_a_reply_that_is_cut_short_is_a_problem_of_its_stage(served: Any) -> None:
    server = served(Say(REPLIES[0]), Say(REPLIES[1][:60], finish="length"))
    with Completer(server.spec()) as complete, pytest.raises(NotWritten, match="stage 'tree'") as caught:
        game_from_words(RULES, complete, repairs=1)
    assert "cut short" in caught.value.problems[0]
    assert caught.value.replies == (REPLIES[0], REPLIES[1][:60], REPLIES[1][:60])


def test_a_server_that_refuses_is_named_with_the_stage(served: Any) -> None:
    server = served(Say(REPLIES[0]), Say(status=401))
    with Completer(server.spec(retries=0)) as complete, pytest.raises(NotWritten, match="there is no reply") as caught:
        game_from_words(RULES, complete)
    assert caught.value.stage == "tree"


def test_a_server_writes_a_world_of_skills(served: Any) -> None:
    spec = {
        "name": "mugs",
        "rooms": ["hall", "cellar"],
        "stations": {"bench": ["hall"]},
        "states": ["dull", "bright"],
        "exclusive": [["dull", "bright"]],
        "objects": {"cup": {"names": ["cup", "mug"], "start": ["dull"], "found_in": ["cellar"]}},
        "skills": [{"verb": "polish", "object": "cup", "station": "bench", "needs": ["dull"], "adds": ["bright"], "reward": 1}],
        "goals": [{"object": "cup", "states": ["bright"], "held": True}],
    }
    server = served(Say("{}"), Say(json.dumps(spec)))
    with Completer(server.spec()) as complete:
        assert skill_world_from_words("Mugs are polished.", complete, games=5) == spec
    server = served(Say("{}"))
    with Completer(server.spec()) as complete, pytest.raises(NotWritten, match="stage 'specification'"):
        skill_world_from_words("Mugs are polished.", complete, repairs=0)


def test_what_is_no_model_is_refused() -> None:
    with pytest.raises(NotSupported, match="no language model"):
        Completer("random")
    with pytest.raises(BadOption, match="max_tokens must be at least 1"):
        Completer("tiny", max_tokens=0)
