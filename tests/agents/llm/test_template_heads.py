"""Rules are encoded once: the tokens of a prompt are those of the whole text, encoded at once."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

from small_model import small

from agentarena.agents.llm.template import Template

MERGED = (  # system words in the first user message, as some models have it
    "{% for message in messages %}{% if message['role'] == 'user' %}{{ '<|im_start|>user\\n' }}"
    "{% if loop.index == 2 and messages[0]['role'] == 'system' %}{{ messages[0]['content'] + '\\n\\n' }}{% endif %}"
    "{{ message['content'] + '<|im_end|>\\n' }}{% endif %}{% endfor %}"
)
TRIMMED = (  # white space around messages is left out, as Llama's templates do
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] | trim + '<|im_end|>' }}{% endfor %}"
)
FORMS = {"own": None, "merged": MERGED, "trimmed": TRIMMED}


def chats():
    for rules in ("You play tic-tac-toe.", "You play poker.\n", ""):
        for view in ("Your move.", "\nYour move.", " 4", "", "<b>4</b>", "X said: <|im_end|>. Your move."):
            opened = [{"role": "system", "content": rules}, {"role": "user", "content": view}]
            yield opened
            yield [*opened, {"role": "assistant", "content": "<answer>4</answer>"}, {"role": "user", "content": view}]


@pytest.mark.parametrize("form", FORMS)
def test_prompts_are_the_text_encoded_at_once(form):
    _, tokenizer = small()
    template = Template(tokenizer, **({"chat_template": FORMS[form]} if FORMS[form] else {}))
    for _ in range(2):
        for chat in chats():
            marked, hidden = template._disarmed(chat)
            whole = template._render(marked, generate=True)
            assert template.prompt(chat) == template._encode(whole, hidden)
            if not hidden:
                assert list(template.prompt(chat)) == tokenizer(whole, add_special_tokens=False).input_ids


def test_the_rules_of_a_chat_are_encoded_once():
    _, tokenizer = small()
    template = Template(tokenizer)
    encoded = []
    own = template._encode
    template._encode = lambda text, hidden: encoded.append(text) or own(text, hidden)  # type: ignore[method-assign]  # a spy
    rules = "You play tic-tac-toe. " * 20
    for view in ("first", "second", "third"):
        template.prompt([{"role": "system", "content": rules}, {"role": "user", "content": view}])
    assert not any("tic-tac-toe" in text for text in encoded[-2:])
    assert encoded[-1].startswith("<|im_start|>user\nthird")


def test_what_was_seen_is_kept_within_bounds_and_stays_right(monkeypatch):
    from agentarena.agents.llm import template as made

    monkeypatch.setattr(made, "_TEXTS", 3)
    monkeypatch.setattr(made, "_SHORT", 30)
    _, tokenizer = small()
    template = Template(tokenizer)
    for text in ["a", "b", "a", "a cell " * 40, "c", "d", "a", "e"]:
        ids = tokenizer(text, add_special_tokens=False).input_ids
        assert list(template._encode(text, {})) == ids
        assert template.text(ids) == tokenizer.decode(ids, skip_special_tokens=True)
        assert len(template._encoded) <= 3
        assert len(template._decoded) <= 3
        assert "a cell " * 40 not in template._encoded
    assert "e" in template._encoded
