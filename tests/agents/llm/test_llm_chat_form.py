"""Chat templates: those without a system role get the rules in the first message, those that hide part of a chat are refused."""

from __future__ import annotations

import pytest

from agentarena.agents.llm.chat_form import ChatForm, check_form, fold_system, form_of
from agentarena.core.errors import BadOption

CHAT = [
    {"role": "system", "content": "Rules."},
    {"role": "user", "content": "Move."},
    {"role": "assistant", "content": "4"},
    {"role": "user", "content": "Again."},
]


def plain(messages):
    return "".join(f"[{message['role']}]{message['content']}" for message in messages)


def without_system(messages):
    if messages[0]["role"] == "system":
        raise ValueError("System role not supported")
    return plain(messages)


def alternating(messages):
    roles = [message["role"] for message in messages if message["role"] != "system"]
    if roles != ["user", "assistant"] * (len(roles) // 2) + ["user"] * (len(roles) % 2):
        raise ValueError("Conversation roles must alternate user/assistant/user/assistant/...")
    return plain(messages)


def without_system_alternating(messages):
    return alternating(messages) and without_system(messages)


@pytest.mark.parametrize(
    ("render", "form"),
    [
        (plain, ChatForm()),
        (without_system, ChatForm(system=False)),
        (alternating, ChatForm(repeats=False)),
        (without_system_alternating, ChatForm(system=False, repeats=False)),
    ],
)
def test_the_form_of_a_template_is_found_and_every_word_is_shown(render, form):
    assert form_of(render) == form
    check_form(lambda messages: render(form.of(messages)), "m")
    text = render(form.of(CHAT))
    assert [text.index(message["content"]) for message in CHAT] == sorted(text.index(message["content"]) for message in CHAT)
    assert render(form.of([CHAT[1], CHAT[3]])).count("[user]") == (2 if form.repeats else 1)


@pytest.mark.parametrize(
    ("render", "reason"),
    [
        (lambda messages: plain([one for one in messages if one["role"] != "system"]), "leaves out the system message"),
        (lambda messages: plain([one for one in messages if one["role"] != "assistant"]), "leaves out the model's earlier replies"),
        (lambda messages: plain([messages[0], *messages[2:]]), "leaves out earlier messages of the user"),
        (lambda messages: plain(messages[:-1]), "leaves out the last message"),
        (lambda messages: plain(messages[-1:]), "leaves out the system message"),
        (lambda messages: plain([*messages[1:], messages[0]]), "changes the order"),
        (lambda messages: plain(messages[9]["content"]), "cannot be rendered"),
    ],
)
def test_a_template_under_which_a_model_would_not_see_the_chat_is_refused(render, reason):
    with pytest.raises(BadOption, match=reason):
        check_form(render, "m")


def test_rules_are_folded_into_the_first_message_whatever_the_chat():
    assert fold_system(CHAT)[0] == {"role": "user", "content": "Rules.\n\nMove."}
    assert fold_system(CHAT[1:]) == CHAT[1:]
    assert fold_system(CHAT[:1]) == [{"role": "user", "content": "Rules."}]
    assert fold_system([{"role": "system", "content": ""}, CHAT[1]]) == [CHAT[1]]
    assert fold_system([]) == []


# --- with a tokenizer -------------------------------------------------------------------------------------------------------

NO_SYSTEM = (
    "{% for message in messages %}{% if message['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
NO_REPLIES = "{% for message in messages %}{% if message['role'] != 'assistant' %}{{ message['content'] }}{% endif %}{% endfor %}"


def test_a_model_without_a_system_role_is_shown_the_rules_and_its_chat_is_continued():
    pytest.importorskip("transformers")
    from small_model import small

    from agentarena.agents.llm.template import Template

    _, tokenizer = small()
    template = Template(tokenizer, chat_template=NO_SYSTEM)
    template.check("m")
    for _ in range(2):
        text = tokenizer.decode(template.prompt(CHAT[:2]))
        assert "user\nRules.\n\nMove." in text.replace("<|im_start|> ", "<|im_start|>")
    suffix = tokenizer.decode(template.suffix(CHAT, (5,)))
    assert "Again." in suffix
    assert "Rules." not in suffix
    assert "Rules." in tokenizer.decode(template.prefix(CHAT))
    with pytest.raises(BadOption, match="the chat template of m leaves out the model's earlier replies"):
        Template(tokenizer, chat_template=NO_REPLIES).check("m")


def test_a_model_is_refused_when_it_is_loaded(monkeypatch):
    pytest.importorskip("torch")
    import copy

    from small_model import small

    from agentarena.agents.llm.hf import HFEngine

    model, tokenizer = small()
    tokenizer = copy.deepcopy(tokenizer)
    tokenizer.chat_template = NO_REPLIES
    with pytest.raises(BadOption, match="earlier replies"):
        HFEngine(model, tokenizer=tokenizer)


def test_control_tokens_that_mark_thinking_are_no_words_of_the_reply():
    pytest.importorskip("transformers")
    import copy

    from small_model import small

    from agentarena.agents.llm.template import Template

    _, tokenizer = small()
    tokenizer = copy.deepcopy(tokenizer)
    tokenizer.add_special_tokens({"additional_special_tokens": ["[THINK]", "[/THINK]"]})
    template = Template(tokenizer)
    written = tokenizer("[THINK]secret[/THINK]4<|im_end|>", add_special_tokens=False).input_ids
    assert template.reply((), template.text(written)) == ("4", "secret")
    assert template.reply(tokenizer("[THINK]").input_ids, "secret") == ("", "secret")
